//! `drillbell:schedules`: what a plugin wants to happen again and again. Understood and recorded here, set by the commit, made
//! into events by the schedule.

use super::caller::{Caller, quoted};
use super::grants::Need;
use super::reads::ScheduleSeen;
use crate::bindings::latest::drillbell::schedules::schedules as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{KV_KEY_BYTES, SCHEDULE_MS, SCHEDULES_PER_PLUGIN, TIMER_PAYLOAD_BYTES};
use crate::model::changes::{Changes, ScheduleChange, ScheduleSet};
use crate::recurrence::Recurrence;
use std::collections::BTreeMap;
use wasmtime::component::HasData;

/// What one call wants set or cancelled, by name; the last word on a name counts.
#[derive(Debug, Default)]
pub struct SchedulesCall {
    changes: BTreeMap<String, Option<ScheduleSet>>,
    /// As they stood, once they were asked for.
    seen: Option<Vec<ScheduleSeen>>,
}

/// The capability with its caller.
pub struct SchedulesHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it asked for so far.
    pub schedules: &'a mut SchedulesCall,
}

/// Names `SchedulesHost` to the linker.
pub struct HasSchedules;

impl HasData for HasSchedules {
    type Data<'a> = SchedulesHost<'a>;
}

impl SchedulesCall {
    /// Adds the schedules to the call's changes.
    pub fn into_changes(self, caller: &Caller, changes: &mut Changes) {
        let plugin = caller.plugin();
        changes.schedules.extend(self.changes.into_iter().map(|(name, set)| ScheduleChange {
            plugin: plugin.clone(),
            name,
            set,
        }));
    }
}

/// What `set` is asked.
struct Asked {
    expression: String,
    zone: String,
    payload: String,
    start_by_ms: Option<u64>,
    run_limit_ms: Option<u64>,
}

impl SchedulesHost<'_> {
    fn enter(&mut self, name: &str) -> Result<(), HostError> {
        self.caller.need(Need::Schedules)?;
        if name.is_empty() || name.len() > KV_KEY_BYTES || name.contains('\0') {
            let text = format!("{} is no schedule name: expected 1 to {KV_KEY_BYTES} bytes without NUL", quoted(name));
            return Err(HostError::Invalid(text));
        }
        Ok(())
    }

    async fn seen(&mut self) -> Result<&[ScheduleSeen], HostError> {
        if self.schedules.seen.is_none() {
            let answer = self.caller.reads.schedules(self.caller.plugin()).await;
            self.schedules.seen = Some(self.caller.settle(answer)?);
        }
        Ok(self.schedules.seen.as_deref().unwrap_or_default())
    }

    /// How many there would be with one of this name.
    async fn count_with(&mut self, name: &str) -> Result<usize, HostError> {
        let mut names: Vec<String> = self.seen().await?.iter().map(|seen| seen.name.clone()).collect();
        names.retain(|name| self.schedules.changes.get(name).is_none_or(Option::is_some));
        names.extend(self.schedules.changes.iter().filter(|(_, set)| set.is_some()).map(|(name, _)| name.clone()));
        names.push(name.to_owned());
        names.sort();
        names.dedup();
        Ok(names.len())
    }

    async fn put(&mut self, name: String, asked: Asked) -> Result<Option<u64>, HostError> {
        self.enter(&name)?;
        let Asked { expression, zone, payload, start_by_ms, run_limit_ms } = asked;
        let recurrence = Recurrence::parse(&expression, &zone).map_err(|error| {
            HostError::Invalid(format!("the schedule {} is not understood: {error}", quoted(&name)))
        })?;
        if payload.len() > TIMER_PAYLOAD_BYTES {
            let text = format!("a schedule's payload may have {TIMER_PAYLOAD_BYTES} bytes; this has {}", payload.len());
            return Err(HostError::TooLarge(text));
        }
        if payload.contains('\0') {
            let text = format!("the payload of the schedule {} contains a NUL character", quoted(&name));
            return Err(HostError::Invalid(text));
        }
        let (start_by_ms, run_limit_ms) = (span("start-by-ms", start_by_ms)?, span("run-limit-ms", run_limit_ms)?);
        if self.count_with(&name).await? > SCHEDULES_PER_PLUGIN {
            return Err(HostError::TooLarge(format!("a plugin may have {SCHEDULES_PER_PLUGIN} schedules")));
        }
        self.caller.meter.hold(name.len() + expression.len() + payload.len())?;
        let next_ms = recurrence.next(self.caller.now_ms);
        let set = ScheduleSet {
            expression: recurrence.expression().to_owned(),
            zone: recurrence.zone().to_owned(),
            payload,
            start_by_ms,
            run_limit_ms,
            next_ms,
        };
        self.schedules.changes.insert(name, Some(set));
        Ok(next_ms.and_then(|next| u64::try_from(next).ok()))
    }

    async fn entries(&mut self) -> Result<Vec<wit::Entry>, HostError> {
        self.caller.need(Need::Schedules)?;
        let moment = |ms: Option<i64>| ms.and_then(|ms| u64::try_from(ms).ok());
        let mut all: BTreeMap<String, wit::Entry> = self
            .seen()
            .await?
            .iter()
            .map(|seen| {
                let entry = wit::Entry {
                    name: seen.name.clone(),
                    expression: seen.expression.clone(),
                    zone: seen.zone.clone(),
                    next: moment(seen.next_ms),
                    last_due: moment(seen.last_due_ms),
                    last_outcome: seen.last_outcome.clone(),
                };
                (seen.name.clone(), entry)
            })
            .collect();
        for (name, set) in &self.schedules.changes {
            match set {
                None => _ = all.remove(name),
                Some(set) => {
                    let before = all.remove(name);
                    // Set again as it is, it keeps its place.
                    let same =
                        |before: &&wit::Entry| (&before.expression, &before.zone) == (&set.expression, &set.zone);
                    let next = before.as_ref().filter(same).map_or(moment(set.next_ms), |before| before.next);
                    let entry = wit::Entry {
                        name: name.clone(),
                        expression: set.expression.clone(),
                        zone: set.zone.clone(),
                        next,
                        last_due: before.as_ref().and_then(|before| before.last_due),
                        last_outcome: before.map(|before| before.last_outcome).unwrap_or_default(),
                    };
                    all.insert(name.clone(), entry);
                }
            }
        }
        Ok(all.into_values().collect())
    }
}

/// A span of time within bounds, in milliseconds.
fn span(what: &str, ms: Option<u64>) -> Result<Option<i64>, HostError> {
    match ms.map(i64::try_from) {
        None => Ok(None),
        Some(Ok(ms)) if (1..=SCHEDULE_MS).contains(&ms) => Ok(Some(ms)),
        Some(_) => Err(HostError::Invalid(format!("{what} may be 1 to {SCHEDULE_MS} milliseconds, which is 31 days"))),
    }
}

impl wit::Host for SchedulesHost<'_> {
    async fn set(
        &mut self,
        name: String,
        expression: String,
        zone: String,
        payload: String,
        start_by_ms: Option<u64>,
        run_limit_ms: Option<u64>,
    ) -> wasmtime::Result<Result<Option<u64>, HostError>> {
        self.caller.meter.begin("schedules.set", "", name.len() + expression.len() + zone.len() + payload.len())?;
        let answer = self.put(name, Asked { expression, zone, payload, start_by_ms, run_limit_ms }).await;
        self.caller.meter.end(answer, |_| 0)
    }

    async fn cancel(&mut self, name: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("schedules.cancel", "", name.len())?;
        let answer = self.enter(&name).map(|()| _ = self.schedules.changes.insert(name, None));
        self.caller.meter.end(answer, |()| 0)
    }

    async fn list(&mut self) -> wasmtime::Result<Result<Vec<wit::Entry>, HostError>> {
        self.caller.meter.begin("schedules.list", "", 0)?;
        let answer = self.entries().await;
        self.caller.meter.end(answer, |entries| entries.iter().map(|entry| entry.name.len()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{FakeReads, caller, caller_on};
    use super::wit::Host;
    use super::*;

    type Answered = Result<Option<u64>, HostError>;

    async fn set(host: &mut SchedulesHost<'_>, name: &str, expression: &str) -> Answered {
        host.set(name.into(), expression.into(), "".into(), "p".into(), None, Some(60_000)).await.unwrap()
    }

    #[tokio::test]
    async fn denies_schedules_without_the_grant() {
        let (mut caller, mut schedules) = (caller(&["timers"]), SchedulesCall::default());
        let mut host = SchedulesHost { caller: &mut caller, schedules: &mut schedules };
        let denied = set(&mut host, "nightly", "@daily").await;
        assert!(matches!(denied, Err(HostError::Denied(text)) if text.contains("`schedules`")));
        assert!(matches!(host.cancel("a".into()).await.unwrap(), Err(HostError::Denied(_))));
        assert!(matches!(host.list().await.unwrap(), Err(HostError::Denied(_))));
        assert!(schedules.changes.is_empty());
    }

    #[tokio::test]
    async fn the_last_word_counts_and_a_list_shows_it() {
        let seen = |name: &str| ScheduleSeen {
            name: name.into(),
            expression: "0 0 * * *".into(),
            zone: "UTC".into(),
            next_ms: Some(7),
            last_due_ms: Some(5),
            last_outcome: "ok".into(),
        };
        let reads = FakeReads { schedules: vec![seen("kept"), seen("gone")], ..FakeReads::default() };
        let (mut caller, mut schedules) = (caller_on(&["schedules"], reads), SchedulesCall::default());
        let mut host = SchedulesHost { caller: &mut caller, schedules: &mut schedules };
        assert_eq!(set(&mut host, "hourly", "@hourly").await.unwrap(), Some(3_600_000));
        assert_eq!(set(&mut host, "hourly", "0 2 * * *").await.unwrap(), Some(7_200_000));
        assert_eq!(set(&mut host, "kept", "@daily").await.unwrap(), Some(86_400_000));
        host.cancel("gone".into()).await.unwrap().unwrap();
        let listed = host.list().await.unwrap().unwrap();
        let told: Vec<_> = listed.iter().map(|entry| (entry.name.as_str(), entry.next, entry.last_due)).collect();
        assert_eq!(told, [("hourly", Some(7_200_000), None), ("kept", Some(7), Some(5))]);
        let mut changes = Changes::default();
        schedules.into_changes(&caller, &mut changes);
        let names: Vec<_> =
            changes.schedules.iter().map(|change| (change.name.as_str(), change.set.is_some())).collect();
        assert_eq!(names, [("gone", false), ("hourly", true), ("kept", true)]);
    }

    #[tokio::test]
    async fn refuses_what_is_not_understood_or_out_of_bounds() {
        let (mut caller, mut schedules) = (caller(&["schedules"]), SchedulesCall::default());
        let mut host = SchedulesHost { caller: &mut caller, schedules: &mut schedules };
        let Err(HostError::Invalid(said)) = set(&mut host, "nightly", "0 25 * * *").await else { panic!() };
        insta::assert_snapshot!(said, @r#"the schedule `nightly` is not understood: hour: "25" is not one; expected 0 to 23, `*`, a-b, */n, or a list"#);
        assert!(matches!(set(&mut host, "", "@daily").await, Err(HostError::Invalid(_))));
        let odd = |start: Option<u64>, limit| {
            ("n".to_owned(), "@daily".to_owned(), "".to_owned(), "".to_owned(), start, limit)
        };
        for (name, expression, zone, payload, start, limit) in [odd(Some(0), None), odd(None, Some(u64::MAX))] {
            let answer = host.set(name, expression, zone, payload, start, limit).await.unwrap();
            assert!(matches!(answer, Err(HostError::Invalid(_))));
        }
        let payload = "p".repeat(TIMER_PAYLOAD_BYTES + 1);
        let large = host.set("n".into(), "@daily".into(), "".into(), payload, None, None).await.unwrap();
        assert!(matches!(large, Err(HostError::TooLarge(_))));
        let mut refused = None;
        for n in 0..=SCHEDULES_PER_PLUGIN {
            refused = refused.or(set(&mut host, &format!("s{n}"), "@daily").await.err());
        }
        assert!(matches!(refused, Some(HostError::TooLarge(_))));
    }
}
