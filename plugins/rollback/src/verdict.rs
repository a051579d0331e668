//! What an `assess` job found, in words, and what follows from it. Pure. What nobody could see is unknown, and unknown is never well.

use crate::service::Criterion;
use drillbell_sdk::{View, time, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an `assess` job says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assessed {
    /// `pass`, `fail` or `unknown`.
    pub status: String,
    /// What says most.
    pub sentence: String,
    /// Each thing that was looked at.
    pub results: Vec<Verdict>,
    /// Why the job failed, if it did.
    pub error: String,
}

/// What came of looking at one thing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// `met`, `not_met` or `unknown` of a criterion; `pass`, `fail` or `unknown` of what must hold.
    pub status: String,
    /// The number.
    pub value: Option<f64>,
    /// The number with its unit, as people read it.
    pub shown: String,
    /// What decides.
    pub bound: String,
    /// Over how long it was measured, milliseconds.
    pub window_ms: Option<u64>,
    /// The unit.
    pub unit: String,
    /// Who was asked.
    pub source: String,
    /// When, RFC 3339.
    pub at: String,
    /// What there is to say besides, such as why nobody knows.
    pub detail: String,
}

impl Verdict {
    /// Whether anybody could tell.
    pub fn is_known(&self) -> bool {
        matches!(self.status.as_str(), "met" | "not_met" | "pass" | "fail")
    }

    fn mark(&self) -> &'static str {
        match self.status.as_str() {
            "met" => "MET ",
            "not_met" => "no  ",
            "pass" => "ok  ",
            "fail" => "BAD ",
            _ => "?   ",
        }
    }

    /// One line: what it is, how much against which bound, over which window, by whom and when.
    pub fn line(&self) -> String {
        let mut said = Vec::new();
        if !self.shown.is_empty() {
            said.push(self.shown.clone());
        }
        if !self.bound.is_empty() {
            said.push(format!("({})", self.bound));
        }
        if let Some(window_ms) = self.window_ms.filter(|ms| *ms > 0) {
            said.push(format!("over {}", words::span(window_ms)));
        }
        if !self.source.is_empty() {
            said.push(format!("by {}", self.source));
        }
        if let Some(at_ms) = time::parse_rfc3339(&self.at) {
            said.push(format!("at {}", time::hour_minute(at_ms)));
        }
        if !self.detail.is_empty() && (!self.is_known() || self.shown.is_empty()) {
            said.push(format!("– {}", self.detail.trim_end_matches('.')));
        }
        format!("{}{:<12}  {}", self.mark(), self.name, said.join(" ")).trim_end().to_owned()
    }
}

/// A card with what says most and a line for each thing that was looked at, what passed last.
pub fn lines(mut view: View, why: &str, results: &[Verdict]) -> View {
    if !why.is_empty() {
        view = view.text(why);
    }
    let mut sorted: Vec<_> = results.iter().collect();
    sorted.sort_by_key(|one| one.status == "pass");
    match sorted.is_empty() {
        true => view,
        false => view.code(sorted.into_iter().map(Verdict::line).collect::<Vec<_>>().join("\n")),
    }
}

/// What was found, with what is wanted and was not told of, which nobody knows.
pub fn complete(mut found: Vec<Verdict>, wanted: &[Criterion]) -> Vec<Verdict> {
    for criterion in wanted {
        if !found.iter().any(|verdict| verdict.name == criterion.name) {
            found.push(Verdict {
                name: criterion.name.clone(),
                status: "unknown".to_owned(),
                bound: criterion.bound.clone().unwrap_or_default(),
                window_ms: criterion.window_ms,
                source: format!("probe {}", criterion.probe),
                detail: "nobody looked".to_owned(),
                ..Verdict::default()
            });
        }
    }
    found
}

/// Whether all of it holds. Nothing at all proves nothing.
pub fn holds(results: &[Verdict]) -> &'static str {
    if results.iter().any(|one| one.status == "fail") {
        "fail"
    } else if results.is_empty() || results.iter().any(|one| one.status != "pass") {
        "unknown"
    } else {
        "pass"
    }
}

/// Somebody said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// Who.
    pub by: String,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
}

/// What people attested: which of the configured texts, by number.
pub type Attestations = BTreeMap<usize, Attested>;

/// What is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The criteria say so and nothing speaks against it.
    RollBack,
    /// The criteria say so, and people say what speaks against it.
    Weigh,
    /// Nobody can tell.
    Hold,
    /// Everything was seen, and nothing speaks for it.
    Keep,
}

/// What follows from what was seen and attested.
pub fn advice(results: &[Verdict], asks: &Attestations, against: &Attestations) -> Advice {
    let speaks_for = !asks.is_empty() || results.iter().any(|one| one.status == "met");
    match (speaks_for, against.is_empty()) {
        (true, true) => Advice::RollBack,
        (true, false) => Advice::Weigh,
        (false, _) if results.is_empty() || results.iter().any(|one| one.status != "not_met") => Advice::Hold,
        (false, _) => Advice::Keep,
    }
}

/// Why that is recommended, a sentence.
pub fn because(service: &str, results: &[Verdict], asks: usize, against: usize) -> String {
    let of = |status: &str| results.iter().filter(|one| one.status == status).count();
    let (met, all) = (of("met"), results.len());
    let unknown = all - met - of("not_met");
    let mut said = match all {
        0 => vec![format!("No criterion is configured: [services.{service}.criteria.NAME] names one")],
        1 => vec![format!("The one criterion is {}", if met == 1 { "met" } else { "not met" })],
        _ => vec![format!("{met} of {all} criteria {} met", if met == 1 { "is" } else { "are" })],
    };
    if unknown == all && all > 0 {
        said = vec!["Nobody can tell of any criterion, and unknown never counts as healthy".to_owned()];
    } else if unknown > 0 {
        said.push(format!("of {unknown} nobody can tell, and unknown never counts as healthy"));
    }
    if asks > 0 {
        said.push(format!("{asks} attested for a rollback"));
    }
    if against > 0 {
        said.push(format!("{against} attested against one"));
    }
    format!("{}.", said.join("; "))
}
