//! The bot's own eyes: what it looks at, how that stands, and the alerts that come of it. Each turn is durable before it is told, and
//! told by a name, so that neither a restart nor a second replica tells it twice.

mod beats;
mod judge;
mod looks;
mod measure;
mod tell;
mod watch;

pub use beats::Beats;
pub use judge::{LevelStanding, Rules, Run, Standing, Verdict, component, next};
pub use looks::{Finding, Looker, Said};
pub use watch::Watch;

use crate::config::probes::{Probe, Probes};
use crate::config::show_duration;
use crate::model::public::ComponentState;
use crate::store::{ProbeRow, Store, StoreError};
use std::collections::BTreeMap;
use std::time::Duration;

/// After so many looks that did not take place a probe is not known any more.
const STALE_LOOKS: u32 = 3;

/// What was found of a probe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The number, in the probe's unit.
    pub value: Option<f64>,
    /// What there is to say of it.
    pub detail: String,
}

/// How a probe stands, for whoever shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// The worst that is known of it: `Fail` while an alert of it fires.
    pub state: Verdict,
    /// Since when it fires, if it does.
    pub since_ms: Option<i64>,
    /// When it was last looked at.
    pub looked_ms: Option<i64>,
    /// What was found.
    pub found: Measured,
    /// The number as people read it.
    pub number: Option<String>,
    /// What the public page says of it.
    pub component: ComponentState,
}

impl Shown {
    /// One line: `failing for 5m: 1.4 s; …`, or why nothing is known.
    pub fn in_words(&self, now_ms: i64) -> String {
        let span = |since_ms: i64| {
            let seconds = u64::try_from((now_ms - since_ms) / 1000).unwrap_or(0);
            show_duration(Duration::from_secs(seconds))
        };
        let state = match (self.state, self.since_ms, self.looked_ms) {
            (Verdict::Fail, Some(since_ms), _) => format!("failing for {}", span(since_ms)),
            (Verdict::Fail, None, _) => "failing".to_owned(),
            (Verdict::Pass, ..) => "well".to_owned(),
            (Verdict::Unknown, _, None) => "unknown: not looked at yet".to_owned(),
            (Verdict::Unknown, _, Some(at_ms)) => format!("unknown, last looked at {} ago", span(at_ms)),
        };
        let more = [self.number.as_deref().unwrap_or_default(), &self.found.detail];
        let more: Vec<_> = more.into_iter().filter(|text| !text.is_empty()).collect();
        if more.is_empty() { state } else { format!("{state}: {}", more.join("; ")) }
    }
}

/// How every configured probe stands, by name. One that has not been looked at when it should have been is not known.
///
/// # Errors
/// The database does not answer.
pub async fn shown(store: &Store, probes: &Probes, now_ms: i64) -> Result<Vec<Shown>, StoreError> {
    if probes.0.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = probes.0.keys().map(String::as_str).collect();
    let rows: BTreeMap<String, ProbeRow> =
        store.last_looks(&names).await?.into_iter().map(|row| (row.probe.clone(), row)).collect();
    Ok(probes.0.values().map(|probe| one(probe, rows.get(&probe.name), now_ms)).collect())
}

/// What the public page takes from them: by `probe:NAME`, and by `service:NAME` the worst of those that look at a service. A
/// service of which one probe is not known is not known to be well.
///
/// # Errors
/// The database does not answer.
pub async fn measured(
    store: &Store,
    probes: &Probes,
    now_ms: i64,
) -> Result<BTreeMap<String, ComponentState>, StoreError> {
    let shown = shown(store, probes, now_ms).await?;
    let mut all = BTreeMap::new();
    for (probe, one) in probes.0.values().zip(shown) {
        if let Some(service) = &probe.service {
            let worst = all.entry(format!("service:{service}")).or_insert(one.component);
            *worst = one.component.max(*worst);
        }
        all.insert(format!("probe:{}", one.name), one.component);
    }
    Ok(all)
}

fn one(probe: &Probe, row: Option<&ProbeRow>, now_ms: i64) -> Shown {
    let Some(row) = row else {
        return Shown {
            name: probe.name.clone(),
            state: Verdict::Unknown,
            since_ms: None,
            looked_ms: None,
            found: Measured::default(),
            number: None,
            component: ComponentState::Unknown,
        };
    };
    let mut standing = Standing::read(&row.standing);
    standing.levels.truncate(probe.levels().count());
    let stale_ms = millis(probe.looks_every() * STALE_LOOKS + probe.timeout);
    // One from far ahead is of a clock that has been set back: how old it is nobody knows.
    if now_ms.abs_diff(row.at_ms) > stale_ms.unsigned_abs() {
        standing.levels.iter_mut().for_each(|level| level.state = Verdict::Unknown);
    }
    let states = || standing.levels.iter().map(|level| level.state);
    let state = match states().any(|state| state == Verdict::Fail) {
        true => Verdict::Fail,
        false => states().next().unwrap_or(Verdict::Unknown),
    };
    let firing = standing.levels.iter().filter(|level| level.firing).map(|level| level.since_ms);
    Shown {
        name: probe.name.clone(),
        state,
        since_ms: firing.min(),
        looked_ms: Some(row.at_ms),
        found: Measured { value: row.value, detail: row.detail.clone() },
        number: row.value.map(|value| probe.unit.show(value)),
        component: component(&standing, probe.look.is_about_reach()),
    }
}

/// Milliseconds of a span.
fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
