//! The rules of incidents: what may follow what, and which line each change leaves in the timeline.
//! Pure: ids, authors and the time are handed in; nothing is read or written here.

pub mod clocks;
pub mod export;
mod facts;
mod rules;
pub mod severity;

pub use facts::{
    MAX_ROLES, MAX_TASKS, acknowledge, add_task, finish_task, give_role, merge, put_off_update, release_role, take_role,
};
pub use rules::{
    Changed, Declaration, MAX_KIND_CHARS, MAX_SERVICE_CHARS, MAX_TEXT_CHARS, MAX_TITLE_CHARS, Refusal, Stamp, declare,
    note, reopen, set_severity, set_status, set_title, update,
};
pub use severity::{Clocks, Severity, SeverityTable};
