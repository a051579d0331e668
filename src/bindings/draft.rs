//! What the host keeps behind a guest's `view` resource: plain data that grows only up to a limit.

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
