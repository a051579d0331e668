//! The past by day: the worst that was known of a component on each of the last days, in UTC.

use super::notice::Snapshot;
use crate::model::public::ComponentState;

/// One day, milliseconds.
pub(super) const DAY_MS: i64 = 86_400_000;

/// A day of one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// When the day began, milliseconds since the epoch, UTC midnight.
    pub begins_ms: i64,
    /// The worst of it; `Unknown` where nothing was said.
    pub worst: ComponentState,
}

/// The last `count` days of a component, oldest first, today last.
pub fn days_of(component: &str, snapshot: &Snapshot, now_ms: i64, count: usize) -> Vec<Day> {
    let said: Vec<_> = snapshot.said.iter().filter(|said| said.component == component).collect();
    let works: Vec<_> = snapshot
        .maintenances
        .iter()
        .filter(|maintenance| maintenance.components.contains(component))
        .filter_map(|maintenance| maintenance.lasted(now_ms))
        .collect();
    let today = now_ms.div_euclid(DAY_MS);
    let first = today - i64::try_from(count).unwrap_or(0) + 1;
    let day = |number: i64| {
        let (begins_ms, ends_ms) = (number * DAY_MS, (number + 1) * DAY_MS);
        let before = said.iter().rev().find(|said| said.at_ms < begins_ms).map(|said| said.state);
        let during = said.iter().filter(|said| (begins_ms..ends_ms).contains(&said.at_ms)).map(|said| said.state);
        let known = before.into_iter().chain(during).max();
        let at_work = works.iter().any(|(from, to)| *from < ends_ms && *to > begins_ms);
        let work = at_work.then_some(ComponentState::UnderMaintenance);
        let worst = match (known, work) {
            (Some(known), Some(work)) if known != ComponentState::Unknown => known.max(work),
            (None | Some(ComponentState::Unknown), Some(work)) => work,
            (known, _) => known.unwrap_or(ComponentState::Unknown),
        };
        Day { begins_ms, worst }
    };
    (first..=today).map(day).collect()
}
