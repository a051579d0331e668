//! The clocks of an open incident that nobody has stopped yet, and when they run out (S3-01).

use super::Clocks;
use crate::model::incident::{Incident, Status};

/// A clock that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// What is expected: `acknowledge`, `decide`, `roll back` or `next update`.
    pub what: &'static str,
    /// By when, milliseconds since the epoch.
    pub due_ms: i64,
}

/// Those of an incident, whatever runs out first before the others. A resolved one has none.
pub fn running(incident: &Incident, clocks: Clocks) -> Vec<Running> {
    if incident.status == Status::Resolved {
        return Vec::new();
    }
    let span = incident.facts.spans.last();
    let opened_ms = span.map_or(incident.declared_ms, |span| span.opened_ms);
    let stopped = |is: fn(&crate::model::facts::Span) -> bool| span.is_some_and(is);
    let expected = [
        ("acknowledge", clocks.acknowledge_ms, stopped(|span| span.acknowledged.is_some())),
        ("decide", clocks.decide_ms, stopped(|span| span.decided_ms.is_some())),
        ("roll back", clocks.rollback_ms, stopped(|span| span.restored_ms.is_some())),
    ];
    let expected = expected.into_iter().filter(|(_, _, stopped)| !stopped);
    let mut all: Vec<Running> = expected
        .filter_map(|(what, within_ms, _)| Some(Running { what, due_ms: opened_ms.saturating_add(within_ms?) }))
        .chain(incident.facts.next_update_ms.map(|due_ms| Running { what: "next update", due_ms }))
        .collect();
    all.sort_by_key(|running| running.due_ms);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::{Deed, Facts, Span};

    fn incident(status: Status, span: Span, next_update_ms: Option<i64>) -> Incident {
        Incident {
            id: "INC-1".into(),
            title: "down".to_owned(),
            severity: "sev1".to_owned(),
            status,
            conversation: "console:#incidents".into(),
            service: None,
            declared_by: "ana".into(),
            declared_ms: 0,
            resolved_ms: None,
            card: None,
            latest: String::new(),
            facts: Facts { spans: vec![span], next_update_ms, ..Facts::default() },
            revision: 1,
        }
    }

    fn told(incident: &Incident) -> Vec<(&'static str, i64)> {
        let clocks =
            Clocks { acknowledge_ms: Some(5), decide_ms: Some(10), rollback_ms: Some(15), update_every_ms: Some(30) };
        running(incident, clocks).into_iter().map(|one| (one.what, one.due_ms)).collect()
    }

    #[test]
    fn what_nobody_has_done_yet_is_due_and_the_soonest_comes_first() {
        let opened = Span { opened_ms: 100, ..Span::default() };
        let all = told(&incident(Status::Investigating, opened.clone(), Some(107)));
        assert_eq!(all, [("acknowledge", 105), ("next update", 107), ("decide", 110), ("roll back", 115)]);
        let taken = Span { acknowledged: Some(Deed { by: "ana".into(), at_ms: 103 }), ..opened.clone() };
        let taken = Span { decided_ms: Some(104), ..taken };
        assert_eq!(told(&incident(Status::Identified, taken.clone(), None)), [("roll back", 115)]);
        let restored = Span { restored_ms: Some(112), ..taken };
        assert!(told(&incident(Status::Monitoring, restored, None)).is_empty());
        assert!(told(&incident(Status::Resolved, opened, Some(107))).is_empty());
    }

    #[test]
    fn a_severity_without_clocks_expects_nothing_but_the_update_that_was_promised() {
        let opened = Span { opened_ms: 100, ..Span::default() };
        let incident = incident(Status::Investigating, opened, Some(130));
        assert_eq!(running(&incident, Clocks::default()), [Running { what: "next update", due_ms: 130 }]);
    }
}
