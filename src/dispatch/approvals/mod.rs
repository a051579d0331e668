//! Approvals in front of people: what is held back and its card (`hold`), votes (`ballot`), what an end leads to (`ends`), and
//! the words for all of it (`card`). Who counts is decided by `policy`; that a vote counts once, by the commit.

mod ballot;
mod card;
mod ends;
mod hold;
mod jobs;
mod list;

pub(super) use ballot::Cast;
pub(super) use hold::Wanted;
pub(super) use jobs::{Announced, nowhere};
pub(super) use list::decision;

use crate::model::ids::ApprovalId;

/// What the buttons of an approval's card are called.
pub(super) const APPROVE: &str = "approval.approve";
/// The other one.
pub(super) const DENY: &str = "approval.deny";
/// What the names of their timers begin with.
const TIMER: &str = "approval/";
/// Tries of one vote: each is lost only to another vote on the same approval.
const ROUNDS: u32 = 100;

/// The approval that a timer of the host's is about.
pub(super) fn of_timer(name: &str) -> Option<ApprovalId> {
    name.strip_prefix(TIMER).and_then(ApprovalId::parse)
}

fn timer_of(id: &ApprovalId) -> String {
    format!("{TIMER}{id}")
}
