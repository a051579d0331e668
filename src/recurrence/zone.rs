//! Time zones by name.

use chrono_tz::{TZ_VARIANTS, Tz};

/// No such zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no time zone{}; expected a name such as UTC or Europe/Lisbon", .found, .meant.map(|name| format!(", did you mean {name}?")).unwrap_or_default())]
pub struct ZoneError {
    found: String,
    meant: Option<&'static str>,
}

/// Longest name that is looked at; the longest there is has 32 characters.
const LONGEST: usize = 64;

/// A zone by its name, in any case; empty is UTC.
pub(super) fn parse(name: &str) -> Result<Tz, ZoneError> {
    let name = name.trim();
    if name.is_empty() {
        return Ok(Tz::UTC);
    }
    let exact = name.parse().ok();
    let found = exact.or_else(|| TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name)).copied());
    found.ok_or_else(|| {
        let short: String = name.chars().take(LONGEST).collect();
        let lower = short.to_lowercase();
        let distance = |zone: &Tz| strsim::damerau_levenshtein(&zone.name().to_lowercase(), &lower);
        let nearest = TZ_VARIANTS.iter().map(|zone| (distance(zone), zone.name())).min();
        let meant = nearest.filter(|(distance, name)| *distance <= name.len() / 4).map(|(_, name)| name);
        ZoneError { found: format!("{short:?}"), meant }
    })
}
