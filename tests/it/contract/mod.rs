//! What every store must do, on SQLite and on PostgreSQL alike, and every artifact store, in a folder and in buckets.

mod approvals;
mod artifacts;
mod asked;
mod commits;
mod contacts;
mod conversations;
mod copies;
mod deploys;
mod documents;
mod drills;
mod inbox;
mod jobs;
mod lines;
mod lists;
mod mirrors;
mod outbox;
mod pages;
mod probes;
mod read_only;
mod routes;
mod schedules;
mod seals;
mod status;
mod tails;
mod tokens;
mod trips;
