//! What every store must do, on SQLite and on PostgreSQL alike.

mod commits;
mod inbox;
mod jobs;
mod outbox;
mod read_only;
