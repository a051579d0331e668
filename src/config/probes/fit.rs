//! Whether a probe that is made of kept looks fits those: what they are looks at, how many its window holds.

use super::Probe;
use super::look::{Look, Measure, RedisRead};
use crate::config::limits::{PROBE_LEAST, PROBE_RESULTS_DUE};
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::quantity;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is wrong with a probe of results, its own or another one's: what was found, and what is expected instead.
pub(super) fn misfit(probe: &Probe, all: &BTreeMap<String, Probe>) -> Option<(&'static str, Refusal)> {
    let refusal = match &probe.look {
        Look::Results { of, measure } => of_another(probe, of, *measure, all),
        Look::Redis { read: RedisRead::HitRatio, .. } => return Some(("`window`", too_many(probe.window?, probe)?)),
        _ => None,
    };
    refusal.map(|refusal| ("`of` another probe", refusal))
}

fn of_another(probe: &Probe, of: &str, measure: Measure, all: &BTreeMap<String, Probe>) -> Option<Refusal> {
    let Some(other) = all.get(of) else {
        let names = all.keys().map(String::as_str).filter(|name| *name != probe.name);
        return Some(Refusal::expected("the name of another probe").maybe_fix(did_you_mean(of, names)));
    };
    let asks = matches!(other.look, Look::Http { .. } | Look::Tcp(_) | Look::Sql { .. } | Look::Redis { .. });
    if !asks {
        return Some(Refusal::expected("a probe that asks something and waits: http, tcp, sql or redis"));
    }
    let judged = matches!(other.look, Look::Http { .. } | Look::Tcp(_));
    if measure == Measure::ErrorRate && !judged {
        return Some(Refusal::expected("an http or tcp probe: only those have errors to count"));
    }
    let window = probe.window?;
    let least = other.every * u32::try_from(PROBE_LEAST).unwrap_or(u32::MAX);
    if window < least {
        let least = quantity::show_duration(least);
        return Some(Refusal::expected(format!("a window of at least {least}: {PROBE_LEAST} looks of `{of}`")));
    }
    too_many(window, other)
}

/// A window of more looks than are read would silently be a shorter one.
fn too_many(window: Duration, looks: &Probe) -> Option<Refusal> {
    let most = looks.every.saturating_mul(u32::try_from(PROBE_RESULTS_DUE).unwrap_or(u32::MAX));
    (window > most).then(|| {
        let (most, name) = (quantity::show_duration(most), &looks.name);
        let expected = format!("a window of at most {most}: {PROBE_RESULTS_DUE} looks of `{name}`");
        Refusal::expected(expected).fix(format!("make the window shorter, or the `every` of `{name}` longer"))
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Env};
    use std::path::Path;

    #[test]
    fn a_window_of_more_looks_than_are_read_is_refused() {
        let said = |every: &str, window: &str, hits: bool| {
            let text = match hits {
                true => format!(
                    "[probes.a]\nurl = \"redis://a\"\nmeasure = \"hit-ratio\"\nbelow = \"50%\"\nevery = \"{every}\"\n\
                     window = \"{window}\"\n"
                ),
                false => format!(
                    "[probes.a]\nurl = \"http://a\"\nevery = \"{every}\"\n[probes.b]\nof = \"a\"\nmeasure = \"p95\"\n\
                     above = \"1s\"\nwindow = \"{window}\"\n"
                ),
            };
            let text = format!("[channels]\nalerts = \"console:#ops\"\n{text}");
            Config::parse(&text, Path::new("drillbell.toml"), &Env::none()).err().map(|errors| errors.to_string())
        };
        for hits in [true, false] {
            assert_eq!(said("10s", "24h", hits), None);
            assert_eq!(said("1s", "2h30m", hits), None);
            let refused = said("2s", "6h", hits).expect("too many looks");
            assert!(refused.contains("a window of at most 5h: 9000 looks of `a`"), "{refused}");
            assert!(refused.contains("make the window shorter, or the `every` of `a` longer"), "{refused}");
        }
    }
}
