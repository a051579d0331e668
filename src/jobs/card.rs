//! The card of a job: what it is, who asked, how far it is, how it ended and what to do next. Pure: a job and a moment in,
//! a message out. Its buttons are the host's own.

use super::context::Kept;
use super::{eta, output};
use crate::model::job::{Job, JobState, Unit};
use crate::model::verdict::Verdict;
use crate::model::view::{Block, Button, ButtonStyle, Once, Tone, View};

/// The actions of a card's buttons; a click is the host's to handle.
pub const CANCEL: &str = "job-cancel";
/// Runs a lost job again.
pub const AGAIN: &str = "job-again";
/// Says that a lost job had done its work.
pub const DONE: &str = "job-done";
/// Says that a lost job had not done its work.
pub const FAILED: &str = "job-failed";

/// How a card shows a job.
pub(super) enum Face<'a> {
    /// It runs.
    Running {
        /// Somebody wishes it to end, and it has not yet.
        ending: bool,
    },
    /// It waits for its next run.
    Again { reason: &'a str, wait_ms: i64 },
    /// Its process died; what is known.
    Lost { known: &'a str },
    /// It has ended; what it found, if it did its work.
    Ended { state: JobState, found: Verdict, outcome: &'a str },
}

/// The card of a job that has said so much.
pub(super) fn view(job: &Job, face: &Face<'_>, kept: &Kept, now_ms: i64) -> View {
    let (tone, state) = match face {
        Face::Running { ending: false } => (Tone::Info, "running".to_owned()),
        Face::Running { ending: true } => (Tone::Warning, "being cancelled".to_owned()),
        Face::Again { .. } => (Tone::Warning, "waits for another try".to_owned()),
        Face::Lost { .. } => (Tone::Critical, "nobody knows how far it got".to_owned()),
        Face::Ended { state: JobState::Done, found: Verdict::Fail, .. } => {
            (Tone::Critical, "done; what it looked at is not well".to_owned())
        }
        Face::Ended { state: JobState::Done, found: Verdict::Unknown, .. } => {
            (Tone::Warning, "done, and it could not tell".to_owned())
        }
        Face::Ended { state, .. } => (tone(*state), word(*state).to_owned()),
    };
    let mut view = View { title: job.title.clone(), tone, blocks: Vec::new() };
    view.blocks.push(field("State", state));
    view.blocks.push(field("Asked by", job.asked_by.to_string()));
    if job.attempts > 1 {
        view.blocks.push(field("Run", format!("{} of {}", job.attempts, job.max_attempts.max(job.attempts))));
    }
    let since_ms = job.started_ms.unwrap_or(job.created_ms);
    let took = eta::span(u64::try_from(now_ms.saturating_sub(since_ms) / 1000).unwrap_or(0));
    match face {
        Face::Running { ending } => {
            running(&mut view, kept, now_ms);
            view.blocks.push(field("For", took));
            view.blocks.extend(last_lines(kept));
            if !ending {
                view.blocks.push(button(job, CANCEL, "Cancel", ButtonStyle::Danger));
            }
        }
        Face::Again { reason, wait_ms } => {
            view.blocks.push(Block::Text { text: (*reason).to_owned() });
            let wait = eta::span(u64::try_from(wait_ms / 1000).unwrap_or(0));
            view.blocks.push(field("Again in", wait));
            view.blocks.extend(last_lines(kept));
            view.blocks.push(button(job, CANCEL, "Cancel", ButtonStyle::Danger));
        }
        Face::Lost { known } => {
            view.blocks.push(Block::Text { text: (*known).to_owned() });
            view.blocks.extend(last_lines(kept));
            view.blocks.push(Block::Text {
                text: "Look at what it was working on before you decide. Whichever you choose is on record.".to_owned(),
            });
            view.blocks.push(button(job, AGAIN, "Run again", ButtonStyle::Primary));
            view.blocks.push(button(job, DONE, "Mark done", ButtonStyle::Normal));
            view.blocks.push(button(job, FAILED, "Mark failed", ButtonStyle::Danger));
        }
        Face::Ended { state, outcome, .. } => {
            view.blocks.push(Block::Text { text: (*outcome).to_owned() });
            if job.started_ms.is_some() {
                view.blocks.push(field("Took", took));
            }
            view.blocks.extend(last_lines(kept));
            if let Some(next) = next(*state, job.started_ms.is_some()) {
                view.blocks.push(Block::Context { text: next.to_owned() });
            }
        }
    }
    view.blocks.push(Block::Context { text: format!("job {} · {}", job.short(), job.kind) });
    view
}

fn running(view: &mut View, kept: &Kept, now_ms: i64) {
    let progress = &kept.progress;
    if !progress.stage.is_empty() {
        view.blocks.push(field("Stage", progress.stage.clone()));
    }
    if progress.total > 0 {
        let (done, total) = bar(progress.done, progress.total, progress.unit);
        view.blocks.push(Block::Progress { label: String::new(), done, total });
    }
    let line = eta::line(kept, now_ms);
    let line = [line.as_str(), progress.note.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    if !line.is_empty() {
        view.blocks.push(Block::Context { text: line.join(" · ") });
    }
}

/// The last that it said; all of it is in the thread under the card, or right below.
fn last_lines(kept: &Kept) -> Option<Block> {
    let last = &kept.shown.last;
    (!last.is_empty()).then(|| output::code(last.iter()))
}

/// A bar counts what people can read: bytes become percents, the words beside it say how many.
fn bar(done: u64, total: u64, unit: Unit) -> (u64, u64) {
    match (unit, total) {
        (_, 0) | (Unit::Count | Unit::Rows | Unit::Steps, _) => (done, total),
        (Unit::Bytes, total) => {
            let percent = u128::from(done.min(total)) * 100 / u128::from(total);
            (u64::try_from(percent).unwrap_or(100), 100)
        }
    }
}

/// How far a job is and for how long it has been at it, in a few words each: what its row tells everybody.
pub fn how_far(job: &Job, now_ms: i64) -> Vec<String> {
    let kept: Kept = job.progress.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let since_ms = job.started_ms.unwrap_or(job.created_ms);
    let for_ = eta::span(u64::try_from(now_ms.saturating_sub(since_ms) / 1000).unwrap_or(0));
    let parts = match job.state {
        JobState::Running => vec![kept.progress.stage.clone(), eta::line(&kept, kept.at_ms), for_],
        _ => vec![for_],
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

fn tone(state: JobState) -> Tone {
    match state {
        JobState::Done => Tone::Good,
        JobState::Failed => Tone::Critical,
        JobState::Held | JobState::Ready | JobState::Running => Tone::Info,
        JobState::Cancelled | JobState::Denied | JobState::Expired | JobState::Lost => Tone::Warning,
    }
}

/// An end in one word.
fn word(state: JobState) -> &'static str {
    match state {
        JobState::Expired => "not approved in time",
        other => other.as_str(),
    }
}

/// What to do after an end that nobody wanted.
fn next(state: JobState, began: bool) -> Option<&'static str> {
    match (state, began) {
        (JobState::Failed, _) => {
            Some("What it had done by then is not undone. Mend the cause, then run the command again.")
        }
        (JobState::Cancelled, true) => Some("What it had done by then is not undone."),
        (JobState::Cancelled | JobState::Denied | JobState::Expired, _) => Some("It never began; nothing was changed."),
        _ => None,
    }
}

fn field(name: &str, value: String) -> Block {
    Block::Field { name: name.to_owned(), value }
}

fn button(job: &Job, action: &str, label: &str, style: ButtonStyle) -> Block {
    // The row itself lets only the first answer count, and a lost job may be lost again.
    Block::Button(Button {
        action: action.to_owned(),
        label: label.to_owned(),
        value: job.id.clone(),
        style,
        once: Once::Never,
    })
}
