//! The tamper-evident trail: how a record is written and chained, how a chain is verified, and the signed checkpoints that
//! anchor it outside the database. No SQL: the store keeps the rows and hands them over.

mod chain;
mod checkpoint;
mod log;
mod posted;
mod verify;

pub use chain::{AuditRecord, GENESIS, SealedRecord, link};
pub use checkpoint::{Checkpoint, Checkpoints};
pub use log::{CHECKPOINT_FILE, CheckpointError, CheckpointLog, KEY_FILE, PUBLIC_KEY_FILE, read_checkpoints};
pub use posted::{Posted, timeline_begins, timeline_link};
pub use verify::{Finding, Head, Unanchored, Verifier, VerifyReport};
