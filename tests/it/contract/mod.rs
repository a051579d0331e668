//! What every store must do, on SQLite and on PostgreSQL alike.

mod commits;
mod inbox;
mod outbox;
mod pages;
mod read_only;
mod tokens;
