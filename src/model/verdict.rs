//! The three answers of every check: unknown is not healthy.

use serde::{Deserialize, Serialize};

/// The answer of a check or criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Looked, and it is well.
    Pass,
    /// Looked, and it is not.
    Fail,
    /// Could not look; holds whatever depends on it.
    Unknown,
}

impl Verdict {
    /// Whether it is well; unknown is not.
    pub fn is_pass(self) -> bool {
        self == Self::Pass
    }

    /// `pass`, `fail` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}
