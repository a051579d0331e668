//! When a service is rolled back, and what must hold afterwards: a probe that is looked at anew, and a bound in the probe's unit.

use crate::config::probes::{Look, Probe, Probes};
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::section::Section;
use crate::config::values;
use crate::model::bound::Bound;

/// `[services.NAME.criteria.NAME]` or `[services.NAME.verify.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// The section's name.
    pub name: String,
    /// The probe that is looked at.
    pub probe: String,
    /// The bound that its number is held against. None where the look itself says whether it is well.
    pub limit: Option<Limit>,
}

/// A bound with how it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The bound, in the probe's unit.
    pub bound: Bound,
    /// As it is written in the file.
    pub(super) written: String,
}

/// Reads all of a section; `key` is how the bound is called there.
pub(super) fn read(all: &Section<'_>, key: &'static str, probes: &Probes) -> Vec<Criterion> {
    let one = |(entry, mut section): (&crate::config::tree::Entry, Section<'_>)| {
        if !values::is_name(&entry.key, "-_") {
            all.refuse_name(entry, Refusal::expected("a name of lower-case letters, digits, - _"));
        }
        if section.is_empty() {
            section.refuse_whole(&entry.place, Refusal::expected("`probe` in it: the name of a section of [probes]"));
        }
        let what = "the probe that is looked at: probe = \"NAME\"";
        let found = section.required("probe", what, |node| {
            let name = values::text(node)?;
            let known = probes.0.keys().map(String::as_str);
            let fix = || did_you_mean(name, known).unwrap_or_else(|| format!("write [probes.{name}]"));
            probes.get(name).ok_or_else(|| Refusal::expected("the name of a section of [probes]").fix(fix()))
        });
        let Some(probe) = found else {
            // Not to be called unknown because of a probe that is.
            section.node(key);
            section.finish();
            return None;
        };
        let measured = probe.look.is_measured() || matches!(probe.look, Look::Tls(_));
        let limit = section.read(key, |node| limit(values::text(node)?, probe));
        if measured && !section.has(key) {
            let (kind, example) = (probe.look.kind(), probe.unit.example());
            let expected = format!("`{key}` beside it: a {kind} probe gives a number, so {key} = \"> {example}\"");
            section.refuse("probe", Refusal::expected(expected));
        }
        if !measured && section.has(key) {
            let kind = probe.look.kind();
            let expected = format!("no `{key}`: a {kind} probe says itself whether it is well");
            section.refuse(key, Refusal::expected(expected));
        }
        section.finish();
        Some(Criterion { name: entry.key.clone(), probe: probe.name.clone(), limit })
    };
    all.named().filter_map(one).collect()
}

fn limit(text: &str, probe: &Probe) -> Result<Limit, Refusal> {
    let unit = &probe.unit;
    let bound = Bound::read(text, |amount| unit.amount(amount)).ok_or_else(|| {
        let (example, word) = (unit.example(), unit.as_str());
        let fix = match (text.contains('%'), word) {
            // A rate per second that is read as a percentage is the oldest of mistakes.
            (true, word) if word != "ratio" => Some(format!(
                "the number of [probes.{}] is in {word}: only one with unit = \"ratio\" is a part of a whole",
                probe.name
            )),
            _ => None,
        };
        Refusal::expected(format!("a sign and a number in {word}, such as \"> {example}\"")).maybe_fix(fix)
    })?;
    Ok(Limit { bound, written: text.trim().to_owned() })
}
