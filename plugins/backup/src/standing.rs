//! How a target stands: what there is of it, and what would be lost if it were lost now. Pure.

use crate::policy::Policy;
use crate::words;
use drillbell_sdk::{BackupCopy, Target, Tone};
use serde::Serialize;

/// How a target stands at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The target's name.
    pub target: String,
    /// `ok`, `late` (the newest good copy is older than it may be), `broken` (the newest copy is), `none` (there is no good copy).
    pub state: &'static str,
    /// The newest copy that is not known to be broken.
    pub newest: Option<BackupCopy>,
    /// What would be lost if the target were lost now, as time in milliseconds: the age of that copy.
    pub at_risk_ms: Option<u64>,
    /// How much may be lost, milliseconds.
    pub rpo_ms: Option<u64>,
    /// The newest copy that was read back and found whole.
    pub verified: Option<BackupCopy>,
    /// The newest copy that was restored.
    pub proven: Option<BackupCopy>,
    /// How many copies there are.
    pub copies: usize,
    /// How many of them are broken.
    pub broken: usize,
    /// Bytes that they take in the artifact store.
    pub stored_bytes: u64,
}

/// How a target stands, by its copies in any order. Safety copies count among those there are, and say nothing else: what they hold is
/// what somebody wanted to be rid of.
pub fn of(target: &Target, policy: &Policy, copies: &[BackupCopy], now_ms: u64) -> Standing {
    let newest_of = |fits: &dyn Fn(&&BackupCopy) -> bool| {
        copies.iter().filter(|copy| !copy.is_safety()).filter(fits).max_by_key(|copy| copy.taken_ms)
    };
    let good = newest_of(&|copy| copy.verdict != "broken");
    let latest = newest_of(&|_| true);
    let verified = newest_of(&|copy| matches!(copy.verdict.as_str(), "verified" | "proven"));
    let proven = newest_of(&|copy| copy.verdict == "proven");
    let age = good.map(|copy| now_ms.saturating_sub(copy.taken_ms));
    let limit = [target.rpo_ms, policy.backup.max_age_ms].into_iter().flatten().min();
    let state = match (age, limit) {
        (None, _) => "none",
        (Some(_), _) if latest.is_some_and(|copy| copy.verdict == "broken") => "broken",
        (Some(age), Some(limit)) if age > limit => "late",
        _ => "ok",
    };
    Standing {
        target: target.name.clone(),
        state,
        newest: good.cloned(),
        at_risk_ms: age,
        rpo_ms: target.rpo_ms,
        verified: verified.cloned(),
        proven: proven.cloned(),
        copies: copies.len(),
        broken: copies.iter().filter(|copy| copy.verdict == "broken").count(),
        stored_bytes: copies.iter().map(|copy| copy.stored_bytes).sum(),
    }
}

/// The newest copy that was read back or restored and found whole: what to fall back on.
pub fn whole(newest_first: &[BackupCopy]) -> Option<&BackupCopy> {
    let mut real = newest_first.iter().filter(|copy| !copy.is_safety());
    real.find(|copy| matches!(copy.verdict.as_str(), "verified" | "proven"))
}

/// The newest copy that is not known to be broken; if all are, the newest. Never a safety copy.
pub fn newest_usable(newest_first: &[BackupCopy]) -> Option<&BackupCopy> {
    let real = || newest_first.iter().filter(|copy| !copy.is_safety());
    real().find(|copy| copy.verdict != "broken").or(real().next())
}

impl Standing {
    /// The colour it is shown in.
    pub fn tone(&self) -> Tone {
        match (self.state, &self.verified) {
            ("ok", Some(_)) => Tone::Good,
            ("ok", None) => Tone::Warning,
            ("late", _) => Tone::Warning,
            _ => Tone::Critical,
        }
    }

    /// What would be lost now, against what may be.
    pub fn risk(&self) -> String {
        let Some(at_risk) = self.at_risk_ms else { return "everything: there is no good copy".to_owned() };
        let lost = words::span(at_risk);
        match self.rpo_ms {
            Some(rpo) if at_risk > rpo => {
                format!("{lost}: {} more than the {} allowed", words::span(at_risk - rpo), words::span(rpo))
            }
            Some(rpo) => format!("{lost} of the {} allowed", words::span(rpo)),
            None => lost,
        }
    }
}
