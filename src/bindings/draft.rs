//! What the host keeps behind a guest's resources: plain data that grows only up to a limit.

use crate::model::job::OnLost;
use crate::model::view::View;

/// A message under construction in one call.
#[derive(Debug, Default)]
pub struct ViewDraft {
    /// What has been built so far.
    pub view: View,
    /// Bytes of all texts in it, and a little for each block.
    pub bytes: usize,
    /// More was added than a view may hold. What came over the limit was dropped, and the draft can no longer be sent.
    pub overfull: bool,
}

/// A job under construction in one call, as the guest said; nothing of it has been judged.
#[derive(Debug, Default)]
pub struct JobDraft {
    /// Its kind; empty once the request has been used.
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// JSON text.
    pub spec: String,
    /// What if its process dies.
    pub on_lost: OnLost,
    /// Its key.
    pub key: Option<String>,
    /// Runs at most.
    pub attempts: Option<u32>,
    /// How long one run may take, milliseconds.
    pub run_limit_ms: Option<u64>,
    /// Where its card stands.
    pub conversation: Option<String>,
    /// The approval it waits for.
    pub approval: Option<String>,
}
