//! A release of the shop: a folder with a file that says how it behaves.

use serde::Deserialize;
use std::time::Duration;

/// The release that a new demo runs.
pub const GOOD: &str = "v2";
/// The one that `/demo break` deploys.
pub const BAD: &str = "v3";
/// The file in a release's folder.
pub(super) const FILE: &str = "release.toml";
/// Longest that a page may be held back, in milliseconds.
const LONGEST_MS: u64 = 10_000;

/// What is laid in a new demo.
pub(super) const FIRST: [(&str, &str); 2] = [("v1", V1), (GOOD, V2)];

const V1: &str = "\
# A release of the demo's shop; the link shop/current says which one runs.
version = \"v1\"
errors = 0       # of a hundred pages so many fail
delay_ms = 20    # how long a page takes
ready = true     # what /readyz says
";

const V2: &str = "\
# A release of the demo's shop; the link shop/current says which one runs.
version = \"v2\"
errors = 0       # of a hundred pages so many fail
delay_ms = 5     # how long a page takes
ready = true     # what /readyz says
";

/// The bad one.
pub(super) const V3: &str = "\
# A release of the demo's shop that is no good: it does not find its prices.
version = \"v3\"
errors = 100     # of a hundred pages so many fail
delay_ms = 5     # how long a page takes
ready = false    # what /readyz says
";

/// How a release behaves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// What it is called.
    pub version: String,
    /// Of a hundred pages so many fail.
    pub errors: u64,
    /// How long a page takes, in milliseconds.
    pub delay_ms: u64,
    /// What `/readyz` says.
    pub ready: bool,
}

impl Release {
    /// Reads a release's file. The error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    /// Whether it is no good by itself.
    pub fn is_bad(&self) -> bool {
        self.errors > 0 || !self.ready
    }

    /// How long a page takes.
    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.min(LONGEST_MS))
    }

    /// Whether the page of this number fails: evenly spread, so that of a half it is every second one.
    pub(super) fn fails(&self, number: u64) -> bool {
        let share = u128::from(self.errors.min(100));
        let so_far = |count: u128| count * share / 100;
        so_far(u128::from(number) + 1) > so_far(u128::from(number))
    }
}
