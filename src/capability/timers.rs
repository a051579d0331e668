//! `drillbell:timers`: durable alarms of a plugin. Recorded here, set by the commit, fired by the schedule.

use super::caller::{Caller, quoted};
use super::grants::Need;
use crate::bindings::latest::drillbell::timers::timers as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{KV_KEY_BYTES, TIMER_PAYLOAD_BYTES, TIMERS_PER_CALL};
use crate::model::changes::{Changes, TimerChange};
use std::collections::BTreeMap;
use wasmtime::component::HasData;

/// What one call wants set or cancelled, by name; the last word on a name counts.
#[derive(Debug, Default)]
pub struct TimersCall {
    changes: BTreeMap<String, Option<(i64, String)>>,
}

/// The capability with its caller.
pub struct TimersHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it asked for so far.
    pub timers: &'a mut TimersCall,
}

/// Names `TimersHost` to the linker.
pub struct HasTimers;

impl HasData for HasTimers {
    type Data<'a> = TimersHost<'a>;
}

impl TimersCall {
    /// Adds the timers to the call's changes.
    pub fn into_changes(self, caller: &Caller, changes: &mut Changes) {
        let plugin = caller.plugin();
        changes.timers.extend(self.changes.into_iter().map(|(name, set)| TimerChange {
            plugin: plugin.clone(),
            name,
            set,
        }));
    }
}

impl TimersHost<'_> {
    fn change(&mut self, name: String, set: Option<(i64, String)>) -> Result<(), HostError> {
        self.caller.need(Need::Timers)?;
        if name.is_empty() || name.len() > KV_KEY_BYTES || name.contains('\0') {
            let text = format!("{} is no timer name: expected 1 to {KV_KEY_BYTES} bytes without NUL", quoted(&name));
            return Err(HostError::Invalid(text));
        }
        let size = set.as_ref().map_or(0, |(_, payload)| payload.len());
        if size > TIMER_PAYLOAD_BYTES {
            let text = format!("a timer's payload may have {TIMER_PAYLOAD_BYTES} bytes; this one has {size}");
            return Err(HostError::TooLarge(text));
        }
        if set.as_ref().is_some_and(|(_, payload)| payload.contains('\0')) {
            return Err(HostError::Invalid(format!(
                "the payload of the timer {} contains a NUL character",
                quoted(&name)
            )));
        }
        if self.timers.changes.len() >= TIMERS_PER_CALL && !self.timers.changes.contains_key(&name) {
            return Err(HostError::TooLarge(format!("one call may set or cancel {TIMERS_PER_CALL} timers")));
        }
        self.caller.meter.hold(name.len() + size)?;
        self.timers.changes.insert(name, set);
        Ok(())
    }
}

impl wit::Host for TimersHost<'_> {
    fn set(&mut self, name: String, at: u64, payload: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("timers.set", "", name.len() + payload.len())?;
        // A moment beyond the range of `bigint` is as good as never.
        let at_ms = i64::try_from(at).unwrap_or(i64::MAX);
        let answer = self.change(name, Some((at_ms, payload)));
        self.caller.meter.end(answer, |()| 0)
    }

    fn cancel(&mut self, name: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("timers.cancel", "", name.len())?;
        let answer = self.change(name, None);
        self.caller.meter.end(answer, |()| 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::caller;
    use super::wit::Host;
    use super::*;

    #[test]
    fn denies_timers_without_the_grant() {
        let (mut caller, mut timers) = (caller(&["kv"]), TimersCall::default());
        let mut host = TimersHost { caller: &mut caller, timers: &mut timers };
        assert!(
            matches!(host.set("a".into(), 1, "".into()).unwrap(), Err(HostError::Denied(text)) if text.contains("`timers`"))
        );
        assert!(matches!(host.cancel("a".into()).unwrap(), Err(HostError::Denied(_))));
        assert!(timers.changes.is_empty());
    }

    #[test]
    fn the_last_word_on_a_timer_counts() {
        let (mut caller, mut timers) = (caller(&["timers"]), TimersCall::default());
        let mut host = TimersHost { caller: &mut caller, timers: &mut timers };
        host.set("remind".into(), 5, "a".into()).unwrap().unwrap();
        host.set("remind".into(), u64::MAX, "b".into()).unwrap().unwrap();
        host.set("gone".into(), 5, "c".into()).unwrap().unwrap();
        host.cancel("gone".into()).unwrap().unwrap();
        let mut changes = Changes::default();
        timers.into_changes(&caller, &mut changes);
        let change = |name: &str, set| TimerChange { plugin: "probe".into(), name: name.into(), set };
        assert_eq!(changes.timers, [change("gone", None), change("remind", Some((i64::MAX, "b".into())))]);
    }

    #[test]
    fn refuses_names_payloads_and_numbers_out_of_bounds() {
        let (mut caller, mut timers) = (caller(&["timers"]), TimersCall::default());
        let mut host = TimersHost { caller: &mut caller, timers: &mut timers };
        assert!(matches!(host.set("".into(), 1, "".into()).unwrap(), Err(HostError::Invalid(_))));
        let payload = "p".repeat(TIMER_PAYLOAD_BYTES + 1);
        assert!(matches!(host.set("a".into(), 1, payload).unwrap(), Err(HostError::TooLarge(_))));
        let refused = (0..=TIMERS_PER_CALL).find_map(|n| host.set(format!("t{n}"), 1, "".into()).unwrap().err());
        assert!(matches!(refused, Some(HostError::TooLarge(_))));
    }
}
