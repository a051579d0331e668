//! Whether a store is set up to do what the operator relies on besides copies: to keep what is overwritten, to clear away what is old, to
//! be somewhere else too. Keys that may not ask make it unknown, which is neither.

use super::{Artifacts, Place};
use crate::config::artifacts::Expected;
use crate::model::verdict::Verdict;

/// What a look showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// What was expected.
    pub what: Expected,
    /// Whether it is so.
    pub verdict: Verdict,
    /// For people.
    pub sentence: String,
}

impl Artifacts {
    /// Looks for each of these.
    pub async fn presence(&self, expected: &[Expected]) -> Vec<Presence> {
        let mut all = Vec::with_capacity(expected.len());
        for what in expected.iter().copied() {
            let (verdict, sentence) = match &*self.0 {
                Place::Bucket(bucket) => bucket.has(what).await,
                Place::Folder(_) => (Verdict::Unknown, format!("{} is a folder, and no bucket", self.shown())),
            };
            all.push(Presence { what, verdict, sentence });
        }
        all
    }
}
