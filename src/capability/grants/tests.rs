//! What each grant opens, what it does not, and what a denial says.

use super::*;
use insta::assert_snapshot;

fn grants(requested: &[&str], granted: &[&str]) -> Grants {
    let parse = |list: &[&str]| list.iter().map(|text| Grant::parse(text).unwrap()).collect();
    Grants::new("probe".into(), parse(requested), parse(granted))
}

#[test]
fn denies_what_only_one_key_covers() {
    for (requested, granted) in
        [(vec!["kv"], vec![]), (vec![], vec!["kv"]), (vec![], vec![]), (vec!["timers"], vec!["kv"])]
    {
        assert!(grants(&requested, &granted).check(Need::Kv).is_err(), "{requested:?} {granted:?}");
    }
    assert_eq!(grants(&["kv"], &["kv"]).check(Need::Kv), Ok(()));
}

#[test]
fn a_denial_names_the_grant_and_both_places() {
    let denial = grants(&["kv"], &[]).check(Need::Kv).unwrap_err();
    assert_snapshot!(denial, @"kv is not granted to `probe`: it needs the grant `kv` requested in its plugin.toml (it is) and listed under [plugins.probe] grants (it is not)");
    let denial = grants(&[], &["post:*"]).check(Need::Post(&"console:#ops".into())).unwrap_err();
    assert_snapshot!(denial, @"post:console:#ops is not granted to `probe`: it needs the grant `post:console:#ops` requested in its plugin.toml (it is not) and listed under [plugins.probe] grants (it is)");
}

#[test]
fn writing_incidents_includes_reading_them_and_not_the_other_way() {
    let reader = grants(&["incidents:write"], &["incidents:read"]);
    assert!(reader.check(Need::IncidentsRead).is_ok());
    assert!(reader.check(Need::IncidentsWrite).is_err());
    assert!(grants(&["incidents:write"], &["incidents:write"]).check(Need::IncidentsWrite).is_ok());
}

#[test]
fn a_star_at_the_end_opens_every_conversation_that_begins_so() {
    let ops = ConversationId::from("console:#ops");
    let other = ConversationId::from("slack:#ops");
    let narrow = grants(&["post:*"], &["post:console:*"]);
    assert!(narrow.check(Need::Post(&ops)).is_ok());
    assert!(narrow.check(Need::Post(&other)).is_err());
    assert!(grants(&["post:console:#op"], &["post:console:#op"]).check(Need::Post(&ops)).is_err());
}

#[test]
fn denies_paging_through_a_notifier_that_is_not_granted() {
    let grants = grants(&["page:*"], &["page:db-*"]);
    assert!(grants.check(Need::Page("db-oncall")).is_ok());
    let denial = grants.check(Need::Page("oncall")).unwrap_err();
    assert_snapshot!(denial, @"page:oncall is not granted to `probe`: it needs the grant `page:oncall` requested in its plugin.toml (it is) and listed under [plugins.probe] grants (it is not)");
    assert!(grants.check(Need::Post(&"db-:x".into())).is_err(), "one grant is not the other");
}

#[test]
fn denies_a_kind_of_job_that_is_not_granted() {
    let narrow = grants(&["jobs:*"], &["jobs:backup-*", "jobs:http"]);
    for kind in ["backup-run", "http"] {
        assert!(narrow.check(Need::Job(kind)).is_ok(), "{kind}");
    }
    for kind in ["steps", "https", "backup", ""] {
        assert!(narrow.check(Need::Job(kind)).is_err(), "{kind}");
    }
    assert!(narrow.check(Need::AnyJob).is_ok() && grants(&["kv"], &["kv"]).check(Need::AnyJob).is_err());
}

#[test]
fn lists_what_is_requested_and_not_wholly_granted() {
    let grants = grants(&["kv", "post:*", "incidents:read", "post:console:#a"], &["incidents:write", "post:console:*"]);
    assert_eq!(grants.missing().map(Grant::to_string).collect::<Vec<_>>(), ["kv", "post:*"]);
    assert_eq!(grants.effective().map(Grant::to_string).collect::<Vec<_>>(), ["incidents:write", "post:console:*"]);
}

#[test]
fn refuses_text_that_is_no_grant() {
    for text in [
        "",
        "KV",
        "kv ",
        "jobs",
        "jobs:",
        "jobs:a*b",
        "jobs:A",
        "incidents",
        "post",
        "post:",
        "post:#ops",
        "post:a*b",
        "post:**",
        "page:",
        "page:On Call",
        "page:a*b",
        "http:example.com",
    ] {
        assert!(Grant::parse(text).is_err(), "{text}");
    }
    for text in [
        "kv",
        "timers",
        "alerts",
        "jobs:*",
        "jobs:steps",
        "jobs:backup-*",
        "page:*",
        "page:oncall",
        "post:*",
        "post:console:*",
        "post:console:#ops",
    ] {
        assert_eq!(Grant::parse(text).unwrap().to_string(), text);
    }
}
