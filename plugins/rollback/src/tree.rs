//! The decision tree of S3-04: is it that bad, and is it mended in ten minutes? Pure; the clock is the incident's severity's (S3-01).

use drillbell_sdk::words;
use serde::{Deserialize, Serialize};

/// What was answered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tree {
    /// Whether it is P0 or P1.
    pub severe: Option<bool>,
    /// Whether it is mended in under ten minutes.
    pub quick: Option<bool>,
}

/// Where the tree leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leads {
    /// Mend it and deploy that.
    FixForward,
    /// Roll back.
    RollBack,
    /// It waits for the next release.
    NextRelease,
}

impl Leads {
    /// What is decided, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::FixForward => "fix it forward, no rollback",
            Self::RollBack => "roll back",
            Self::NextRelease => "mend it with the next release, no rollback",
        }
    }
}

impl Tree {
    /// The question that is open.
    pub fn question(self) -> Option<&'static str> {
        match (self.severe, self.quick) {
            (None, _) => Some("Is it P0 or P1?"),
            (Some(true), None) => Some("Can it be fixed in under 10 minutes?"),
            _ => None,
        }
    }

    /// Takes an answer to the open question; an answer to another one is none.
    pub fn answer(&mut self, word: &str) -> bool {
        match (self.severe, self.quick, word) {
            (None, _, "severe" | "lesser") => self.severe = Some(word == "severe"),
            (Some(true), None, "quick" | "slow") => self.quick = Some(word == "quick"),
            (Some(_), _, "anew") => *self = Self::default(),
            _ => return false,
        }
        true
    }

    /// Where it leads, once it does.
    pub fn leads(self) -> Option<Leads> {
        match (self.severe, self.quick) {
            (Some(false), _) => Some(Leads::NextRelease),
            (Some(true), Some(true)) => Some(Leads::FixForward),
            (Some(true), Some(false)) => Some(Leads::RollBack),
            _ => None,
        }
    }
}

/// The clock of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The severity whose it is.
    pub severity: String,
    /// When it began, milliseconds since the epoch.
    pub since_ms: u64,
    /// How long there is.
    pub within_ms: u64,
    /// That it ran out was told.
    #[serde(default)]
    pub told: bool,
}

impl Clock {
    /// When it runs out.
    pub fn until_ms(&self) -> u64 {
        self.since_ms.saturating_add(self.within_ms)
    }

    /// How it stands: `6 min of the 15 min of sev1 are left`.
    pub fn stands(&self, now_ms: u64) -> String {
        let (within, severity) = (words::span(self.within_ms), &self.severity);
        match self.until_ms().checked_sub(now_ms) {
            Some(left_ms) if left_ms > 0 => format!("{} of the {within} of {severity} are left", words::span(left_ms)),
            _ => {
                let over = words::span(now_ms.saturating_sub(self.until_ms()));
                format!("the {within} of {severity} are over since {over}")
            }
        }
    }
}
