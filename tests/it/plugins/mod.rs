//! One file for each plugin: what it does in the sandbox, with the whole bot around it.

mod alerts;
mod backup;
mod backup_damaged;
mod gameday;
mod misbehaving;
mod postmortem;
mod restore_drill;
mod rollback;
mod runbook;
mod sev_declare;
