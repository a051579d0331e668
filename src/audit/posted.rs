//! Checkpoints as they are posted where people read, one word each: `INC-7/12/HASH` of a timeline's first twelve sealed lines,
//! `345/HASH` of the trail's record 345. And how the lines of a timeline are chained. No signature: whoever posted it, a
//! platform holds it.

use super::{GENESIS, link};
use crate::model::canonical;
use crate::model::ids::IncidentId;
use crate::model::incident::TimelineLine;
use serde_json::json;
use std::fmt;

/// A checkpoint that stands in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// Of an incident's timeline.
    Timeline {
        /// Whose.
        incident: IncidentId,
        /// How many of its sealed lines it covers.
        lines: i64,
        /// The last of their hashes, lower-case hex.
        hash: String,
    },
    /// Of the audit trail.
    Trail {
        /// Up to which record.
        seq: i64,
        /// That record's hash, lower-case hex.
        hash: String,
    },
}

impl Posted {
    /// Reads it as people copy it out of a message: blanks and back-quotes around it do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches('`');
        let (about, hash) = text.rsplit_once('/')?;
        let hash = hash.to_ascii_lowercase();
        if hash.len() != GENESIS.len() || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let counted = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<i64>().ok()).flatten().filter(|number| *number > 0)
        };
        match about.split_once('/') {
            Some((incident, lines)) => {
                Some(Self::Timeline { incident: IncidentId::parse(incident)?, lines: counted(lines)?, hash })
            }
            None => Some(Self::Trail { seq: counted(about)?, hash }),
        }
    }
}

impl fmt::Display for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeline { incident, lines, hash } => write!(f, "{incident}/{lines}/{hash}"),
            Self::Trail { seq, hash } => write!(f, "{seq}/{hash}"),
        }
    }
}

/// What a timeline's chain begins with: no line of another incident fits into it.
pub fn timeline_begins(incident: &IncidentId) -> String {
    link(GENESIS, &format!("timeline of {incident}"))
}

/// The hash of a line behind the one before it.
pub fn timeline_link(prev: &str, line: &TimelineLine) -> String {
    let entry = &line.entry;
    let whole = json!([entry.id, entry.at_ms, entry.kind, entry.author, entry.text, line.source, line.via]);
    link(prev, &canonical::text(&whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_posted_reads_as_itself(number in 1_i64..1_000_000, count in 1_i64..i64::MAX, hash in "[0-9a-f]{64}") {
            let timeline = Posted::Timeline { incident: IncidentId::numbered(number), lines: count, hash: hash.clone() };
            prop_assert_eq!(Posted::parse(&format!(" `{timeline}` ")), Some(timeline));
            let trail = Posted::Trail { seq: count, hash };
            prop_assert_eq!(Posted::parse(&trail.to_string()), Some(trail));
        }

        #[test]
        fn anything_else_is_none_and_never_a_panic(text in "\\PC{0,80}") {
            if let Some(posted) = Posted::parse(&text) {
                prop_assert_eq!(Posted::parse(&posted.to_string()), Some(posted));
            }
        }
    }

    #[test]
    fn half_a_checkpoint_is_none() {
        for text in [
            "",
            "INC-1/2",
            "INC-1/0/x",
            &format!("INC-0/1/{GENESIS}"),
            &format!("0/{GENESIS}"),
            &format!("-1/{GENESIS}"),
        ] {
            assert_eq!(Posted::parse(text), None, "{text}");
        }
        assert!(Posted::parse(&format!("inc-1/2/{GENESIS}")).is_some());
    }
}
