//! What every store must do, on SQLite and on PostgreSQL alike.

mod approvals;
mod commits;
mod inbox;
mod outbox;
mod read_only;
