//! What nobody should send: no panic, nothing endless, nothing that steers a screen, and one bad alert harms no other.

use super::{payload, read};
use crate::alert::{Alert, SOURCES, deploy};
use crate::config::limits::alerts::{ALERT_ANNOTATION_CHARS, ALERT_LABEL_CHARS, ALERT_LABELS, ALERT_TITLE_CHARS};
use proptest::prelude::*;
use serde_json::{Value, json};

const PAYLOADS: [(&str, &[u8]); 13] = [
    ("alertmanager", payload!("alertmanager/firing.json")),
    ("grafana", payload!("grafana/firing.json")),
    ("pagerduty", payload!("pagerduty/triggered.json")),
    ("pagerduty", payload!("pagerduty/resolved.json")),
    ("sentry", payload!("sentry/event_alert.json")),
    ("sentry", payload!("sentry/metric_alert.json")),
    ("sentry", payload!("sentry/issue_resolved.json")),
    ("uptimerobot", payload!("uptimerobot/down.form")),
    ("uptimerobot", payload!("uptimerobot/up.json")),
    ("cloudwatch-sns", payload!("cloudwatch-sns/alarm.json")),
    ("cloudwatch-sns", payload!("cloudwatch-sns/confirmation.json")),
    ("generic", payload!("generic/one.json")),
    ("generic", payload!("generic/mapped.json")),
];

/// What holds of every alert that is taken, whatever was sent.
fn fit(alert: &Alert) {
    let steers = |text: &str, lines: bool| {
        text.chars().any(|c| (c.is_control() && !(lines && c == '\n')) || ('\u{202a}'..='\u{202e}').contains(&c))
    };
    assert!(!alert.title.is_empty() && alert.title.chars().count() <= ALERT_TITLE_CHARS + 1);
    assert!(!steers(&alert.title, false));
    assert!((1..=64).contains(&alert.fingerprint.len()) && alert.fingerprint.is_ascii());
    assert!(alert.url.is_empty() || alert.url.starts_with("http://") || alert.url.starts_with("https://"));
    assert!(alert.labels.len() <= ALERT_LABELS && alert.annotations.len() <= ALERT_LABELS);
    for (name, value) in &alert.labels {
        assert!(!steers(name, false) && !steers(value, false) && value.chars().count() <= ALERT_LABEL_CHARS + 1);
    }
    for (name, value) in &alert.annotations {
        assert!(!name.starts_with("drillbell."), "nobody outside speaks for the host");
        assert!(!steers(name, false) && !steers(value, true) && value.chars().count() <= ALERT_ANNOTATION_CHARS + 1);
    }
}

/// Every parser on the same bytes.
fn all(bytes: &[u8]) {
    for (kind, _) in SOURCES {
        match read(kind, bytes) {
            Ok(parsed) => parsed.alerts.iter().for_each(fit),
            Err(reject) => assert!(!reject.reason.is_empty() && !reject.field.is_empty(), "{kind}: {reject:?}"),
        }
    }
    let _ = deploy::parse("shop", bytes, 0);
}

/// A batch of Alertmanager's with so many alerts.
fn batch(alerts: Vec<Value>) -> Vec<u8> {
    json!({"version": "4", "status": "firing", "alerts": alerts}).to_string().into_bytes()
}

fn good(n: usize) -> Value {
    json!({"status": "firing", "labels": {"alertname": "A", "n": n.to_string()}, "startsAt": "2026-01-01T00:00:00Z"})
}

#[test]
fn of_fifty_alerts_with_a_bad_one_forty_nine_are_taken_and_one_is_named() {
    let bad = [
        (json!("text"), "alerts.17", "an object was expected"),
        (json!({"labels": {"a": "b"}}), "alerts.17.status", "it is missing"),
        (json!({"status": 7, "labels": {"a": "b"}}), "alerts.17.status", "a text was expected"),
        (json!({"status": "maybe", "labels": {"a": "b"}}), "alerts.17.status", "`firing` or `resolved` was expected"),
        (json!({"status": "firing", "labels": []}), "alerts.17.labels", "an object of texts was expected"),
        (json!({"status": "firing", "labels": {"a": {"b": "c"}}}), "alerts.17.labels.a", "a text was expected"),
        (
            json!({"status": "firing", "labels": {"alertname": "A"}, "startsAt": "yesterday"}),
            "alerts.17.startsAt",
            "a time such as 2026-03-01T10:00:00Z was expected",
        ),
        (
            json!({"status": "firing", "labels": {"a": "b"}}),
            "alerts.17.title",
            "nothing in it says in words what it is about",
        ),
    ];
    for (bad, field, reason) in bad {
        let alerts = (0..50).map(|n| if n == 17 { bad.clone() } else { good(n) }).collect();
        let parsed = read("alertmanager", &batch(alerts)).expect("it can be read");
        assert_eq!(parsed.alerts.len(), 49);
        let [reject] = parsed.rejects.as_slice() else { panic!("{:?}", parsed.rejects) };
        assert_eq!((reject.at, reject.field.as_str(), reject.reason.as_str()), (17, field, reason));
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused_by_name() {
    for open in ["[", "{\"a\":", "{\"alerts\":["] {
        let bytes = open.repeat(1_000_000).into_bytes();
        for (kind, _) in SOURCES.iter().filter(|(kind, _)| *kind != "uptimerobot") {
            let reject = read(kind, &bytes).expect_err("too deep");
            assert!(reject.reason.starts_with("it is nested too deeply"), "{kind}: {reject:?}");
        }
        all(&bytes);
    }
}

#[test]
fn ten_million_bytes_in_one_label_become_a_short_one() {
    let long = "x".repeat(10_000_000);
    let alert =
        json!({"status": "firing", "labels": {"alertname": long}, "annotations": {"summary": "<!channel> @everyone"}});
    let parsed = read("alertmanager", &batch(vec![alert])).expect("it can be read");
    fit(&parsed.alerts[0]);
    // What pings is rendered by each platform as the text that it is; here it stays as it was said.
    assert_eq!(parsed.alerts[0].title, "<!channel> @everyone");
}

#[test]
fn nobody_outside_decides_where_an_alert_goes() {
    let forged = json!({"status": "firing", "labels": {"alertname": "A"}, "annotations": {"drillbell.group": "x", "drillbell.declare": "true"}});
    let parsed = read("alertmanager", &batch(vec![forged])).expect("it can be read");
    assert!(parsed.alerts[0].annotations.is_empty());
}

#[test]
fn two_alerts_that_differ_beyond_the_cut_are_two() {
    let long = |end: &str| json!({"status": "firing", "labels": {"alertname": "A", "x": "y".repeat(2_000) + end}});
    let parsed = read("alertmanager", &batch(vec![long("1"), long("2")])).expect("it can be read");
    assert_ne!(parsed.alerts[0].fingerprint, parsed.alerts[1].fingerprint);
}

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("firing")),
        Just(json!("resolved")),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let key = prop_oneof![
            any::<String>(),
            prop::sample::select(vec![
                "alerts",
                "labels",
                "annotations",
                "status",
                "startsAt",
                "event",
                "data",
                "Message",
                "title"
            ])
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Every place in a JSON, as pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| places(item, &format!("{at}/{n}"), found)),
        Value::Object(map) => map.iter().for_each(|(key, item)| {
            places(item, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        _ => {}
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_by_name(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        all(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused_by_name(value in any_json()) {
        all(value.to_string().as_bytes());
        all(&batch(vec![value, good(1)]));
    }

    /// A real payload with anything at all in one place of it.
    #[test]
    fn a_payload_that_went_wrong_somewhere_is_read_or_refused_by_name(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let (kind, bytes) = PAYLOADS[which.index(PAYLOADS.len())];
        if let Ok(mut whole) = serde_json::from_slice::<Value>(bytes) {
            let mut found = Vec::new();
            places(&whole, "", &mut found);
            let at = &found[place.index(found.len())];
            if let Some(there) = whole.pointer_mut(at) {
                *there = value;
            }
            let bytes = whole.to_string().into_bytes();
            match read(kind, &bytes) {
                Ok(parsed) => parsed.alerts.iter().for_each(fit),
                Err(reject) => prop_assert!(!reject.reason.is_empty()),
            }
        }
    }

    /// A real payload with bytes changed, left out, doubled or put in, as what fuzzers do to seeds.
    #[test]
    fn a_payload_whose_bytes_went_wrong_is_read_or_refused_by_name(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>(), 1_usize..40), 1..6),
    ) {
        let mut bytes = PAYLOADS[which.index(PAYLOADS.len())].1.to_vec();
        for (at, what, byte, many) in edits {
            let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            let end = (at + many).min(bytes.len());
            match what {
                0 => bytes.splice(at..end, []).count(),
                1 => bytes.splice(at..at, vec![byte; many]).count(),
                2 => bytes.splice(at..at, bytes[at..end].to_vec()).count(),
                _ => bytes.splice(at..(at + 1).min(end), [byte]).count(),
            };
        }
        all(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        all(text.as_bytes());
    }

    /// The same alerts in another order, or beside others, have the same fingerprints.
    #[test]
    fn a_fingerprint_is_of_the_alert_alone(labels in prop::collection::btree_map("[a-z]{1,5}", "[a-z]{0,5}", 1..6), n in 0..20_usize) {
        let alert = json!({"status": "firing", "labels": labels, "annotations": {"summary": "s"}});
        let alone = read("alertmanager", &batch(vec![alert.clone()])).unwrap().alerts.remove(0);
        let mut many: Vec<_> = (0..20).map(good).collect();
        many.insert(n, alert);
        prop_assert_eq!(&read("alertmanager", &batch(many)).unwrap().alerts[n].fingerprint, &alone.fingerprint);
    }
}
