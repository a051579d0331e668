//! Slack and Discord on this machine, for tests of whatever talks to them: their protocols on real sockets, strict about what comes
//! in, with a journal, people who can use only what was shown to them, and faults on demand.
//!
//! A test in Rust uses [`slack::Slack`] and [`discord::FakeDiscord`]; anything else starts the program `drillbell-fakes` and speaks
//! to [`control`]. `README.md` beside this crate tells what it takes and where each rule is from.

pub mod control;
pub mod discord;
pub mod journal;
pub mod slack;
mod waiting;

pub use waiting::{PATIENCE, eventually, within};

/// Whose client it is that talks to a fake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The bot of this house. It keeps to rules of its own besides, such as few kinds of blocks, plain text and pings of nobody, so
    /// that outside text has no effect; the fakes hold it to them.
    #[default]
    Ours,
    /// Some other client: only what the platform itself refuses is refused.
    Anyones,
}
