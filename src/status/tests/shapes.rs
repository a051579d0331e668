//! The feeds have the shape that Statuspage's clients read: the same keys everywhere, the same words.

use super::*;
use serde_json::Value;

const PAGE: &[&str] = &["id", "name", "time_zone", "updated_at", "url"];
const COMPONENT: &[&str] = &[
    "created_at",
    "description",
    "group",
    "group_id",
    "id",
    "name",
    "only_show_if_degraded",
    "page_id",
    "position",
    "showcase",
    "start_date",
    "status",
    "updated_at",
];
const INCIDENT: &[&str] = &[
    "components",
    "created_at",
    "id",
    "impact",
    "incident_updates",
    "monitoring_at",
    "name",
    "page_id",
    "reminder_intervals",
    "resolved_at",
    "shortlink",
    "started_at",
    "status",
    "updated_at",
];
const UPDATE: &[&str] = &[
    "affected_components",
    "body",
    "created_at",
    "custom_tweet",
    "deliver_notifications",
    "display_at",
    "id",
    "incident_id",
    "status",
    "tweet_id",
    "updated_at",
];

/// A page with something of everything.
pub(super) fn busy() -> Snapshot {
    published(&[
        (NOON - 2 * DAY, all(Operational)),
        (
            NOON - HOUR,
            Publication::Incident(about(Status::Investigating, "It is slow.", &[("checkout", PartialOutage)])),
        ),
        (NOON - HOUR, Publication::Maintenance(window(NOON + DAY, NOON + DAY + HOUR))),
        (NOON, Publication::Incident(about(Status::Identified, "A disk is full.", &[]))),
    ])
}

pub(super) fn json(snapshot: &Snapshot, path: &str, now_ms: i64) -> Value {
    let site = render(&frame(), snapshot, &BTreeMap::new(), now_ms, Kind::Live);
    serde_json::from_slice(&site.files[path].body).expect("JSON")
}

fn has(value: &Value, keys: &[&str], also: &[&str]) {
    let found: BTreeSet<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(found, keys.iter().chain(also).copied().collect::<BTreeSet<_>>());
}

fn has_times(value: &Value, keys: &[&str]) {
    for key in keys {
        let text = value[key].as_str().unwrap_or_else(|| panic!("{key}: {value}"));
        chrono::DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{key}: {text}: {error}"));
    }
}

fn is_component(value: &Value) {
    // `state` is ours: the word that Statuspage lacks.
    has(value, COMPONENT, if value["group"] == true { &["state", "components"] } else { &["state"] });
    has_times(value, &["created_at", "updated_at"]);
    let words = ["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"];
    assert!(words.contains(&value["status"].as_str().expect("a word")), "{value}");
}

fn is_story(value: &Value, also: &[&str]) {
    has(value, INCIDENT, also);
    has_times(value, &["created_at", "updated_at", "started_at"]);
    has_times(value, also);
    for update in value["incident_updates"].as_array().expect("updates") {
        has(update, UPDATE, &[]);
        has_times(update, &["created_at", "updated_at", "display_at"]);
        assert_eq!(update["incident_id"], value["id"]);
        for affected in update["affected_components"].as_array().expect("a list") {
            has(affected, &["code", "name", "old_status", "new_status"], &[]);
        }
    }
    value["components"].as_array().expect("components").iter().for_each(is_component);
}

#[test]
fn every_feed_has_the_keys_and_words_of_statuspage() {
    let snapshot = busy();
    let parts: [(&str, &[&str]); 8] = [
        ("summary", &["status", "components", "incidents", "scheduled_maintenances"]),
        ("status", &["status"]),
        ("components", &["components"]),
        ("incidents", &["incidents"]),
        ("incidents/unresolved", &["incidents"]),
        ("scheduled-maintenances", &["scheduled_maintenances"]),
        ("scheduled-maintenances/upcoming", &["scheduled_maintenances"]),
        ("scheduled-maintenances/active", &["scheduled_maintenances"]),
    ];
    for (name, keys) in parts {
        let feed = json(&snapshot, &format!("api/v2/{name}.json"), NOON);
        has(&feed, keys, &["page"]);
        has(&feed["page"], PAGE, &[]);
        has_times(&feed["page"], &["updated_at"]);
        if keys.contains(&"status") {
            has(&feed["status"], &["indicator", "description"], &[]);
        }
        feed["components"].as_array().into_iter().flatten().for_each(is_component);
        feed["incidents"].as_array().into_iter().flatten().for_each(|it| is_story(it, &[]));
        let maintenances = feed["scheduled_maintenances"].as_array().into_iter().flatten();
        maintenances.for_each(|it| is_story(it, &["scheduled_for", "scheduled_until"]));
    }
}

#[test]
fn ids_are_stable_and_refer_to_each_other() {
    let (first, second) =
        (json(&busy(), "api/v2/summary.json", NOON), json(&busy(), "api/v2/summary.json", NOON + HOUR));
    assert_eq!(first, second, "time alone changes nothing here");
    let components = first["components"].as_array().unwrap();
    let group = components.iter().find(|it| it["group"] == true).expect("the group");
    let members: Vec<_> = components.iter().filter(|it| it["group_id"] == group["id"]).map(|it| &it["id"]).collect();
    assert_eq!(group["components"].as_array().unwrap().iter().collect::<Vec<_>>(), members);
    assert_eq!(members.len(), 2);
    assert_eq!(group["status"], "partial_outage", "a group is as bad as its worst");
    assert!(components.iter().all(|it| it["page_id"] == first["page"]["id"]));
    let link = first["incidents"][0]["shortlink"].as_str().unwrap();
    assert_eq!(link, format!("https://bot.example.org/status#{}", first["incidents"][0]["id"].as_str().unwrap()));
}

#[test]
fn each_list_holds_what_its_name_says() {
    let count = |snapshot: &Snapshot, path: &str, now_ms: i64| {
        let feed = json(snapshot, &format!("api/v2/{path}.json"), now_ms);
        feed["incidents"].as_array().or(feed["scheduled_maintenances"].as_array()).expect("a list").len()
    };
    let open = busy();
    let over = published(&[(NOON, Publication::Incident(about(Status::Resolved, "Over.", &[])))]);
    assert_eq!((count(&open, "incidents/unresolved", NOON), count(&over, "incidents/unresolved", NOON)), (1, 0));
    assert_eq!((count(&over, "incidents", NOON), count(&over, "summary", NOON)), (1, 0));
    for (at, upcoming, active) in [(NOON, 1, 0), (NOON + DAY, 0, 1)] {
        assert_eq!(count(&open, "scheduled-maintenances/upcoming", at), upcoming);
        assert_eq!(count(&open, "scheduled-maintenances/active", at), active);
        assert_eq!(count(&open, "scheduled-maintenances", at), 1);
    }
}

#[test]
fn a_client_that_lacks_our_word_is_told_why_it_reads_degraded() {
    let component = json(&Snapshot::default(), "api/v2/components.json", NOON)["components"][0].clone();
    assert_eq!((&component["status"], &component["state"]), (&"degraded_performance".into(), &"unknown".into()));
    let unknown = json(&Snapshot::default(), "api/v2/components.json", NOON)["components"][1].clone();
    assert_eq!(unknown["description"], "Its state is not known at present.");
}
