//! Deny by default, two keys: a real guest asks for what it may and may not have.

use crate::support::sandbox::{ALL, Bench, said, source};
use drillbell::model::event::{AlertFired, TimerElapsed};
use drillbell::plugin::HandlerEvent;
use insta::assert_snapshot;

#[tokio::test]
async fn denies_everything_to_a_plugin_that_was_granted_nothing() {
    let bench = Bench::with(vec![source("misbehaving", &[])]).await;
    let kv = bench.answer("misbehaving", "ask-kv").await;
    assert_eq!(kv.matches("denied").count(), 4, "{kv}");
    assert_snapshot!(kv.lines().next().unwrap(), @"get denied: kv is not granted to `misbehaving`: it needs the grant `kv` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)");
    let incidents = bench.answer("misbehaving", "ask-incidents").await;
    assert_eq!(incidents.matches("denied").count(), 2, "{incidents}");
    assert_eq!(bench.answer("misbehaving", "ask-timers").await.matches("denied").count(), 2);
    assert_eq!(bench.answer("misbehaving", "ask-backups").await.matches("denied").count(), 11);
    assert_eq!(bench.answer("misbehaving", "ask-services").await.matches("denied").count(), 6);
    let post = bench.misbehave("misbehaving", "ask-post", &[("to", "console:#ops")]).await;
    assert!(said(&post.outcome.unwrap()).starts_with("post denied: "));
}

#[tokio::test]
async fn allows_what_both_keys_cover() {
    let bench = Bench::misbehaving().await;
    let backups = bench.answer("misbehaving", "ask-backups").await;
    assert_eq!((backups.matches("allowed").count(), backups.matches("not-found").count()), (7, 4), "{backups}");
    let services = bench.answer("misbehaving", "ask-services").await;
    assert_eq!((services.matches("allowed").count(), services.matches("not-found").count()), (4, 2), "{services}");
    for (subcommand, times) in [("ask-kv", 4), ("ask-incidents", 2), ("ask-timers", 2), ("ask-post", 1)] {
        let report = bench.misbehave("misbehaving", subcommand, &[("to", "console:#ops")]).await;
        let answer = said(&report.outcome.unwrap());
        assert_eq!((answer.matches("allowed").count(), answer.contains("denied")), (times, false), "{answer}");
    }
}

#[tokio::test]
async fn denies_what_the_operator_grants_but_the_manifest_does_not_request() {
    let bench = Bench::with(vec![source("misbehaving", &["post:*", "post:console:#secrets"])]).await;
    let report = bench.misbehave("misbehaving", "ask-post", &[("to", "console:#secrets")]).await;
    let answer = said(&report.outcome.unwrap());
    assert_snapshot!(answer, @"post denied: post:console:#secrets is not granted to `misbehaving`: it needs the grant `post:console:#secrets` requested in its plugin.toml (it is not) and listed under [plugins.misbehaving] grants (it is)");
    assert!(report.receipt.requests.iter().any(|request| {
        request.denied && request.function == "effects.post" && request.destination == "console:#secrets"
    }));
}

#[tokio::test]
async fn a_reader_of_incidents_may_not_declare_one() {
    let bench = Bench::with(vec![source("misbehaving", &["incidents:read"])]).await;
    let answer = bench.answer("misbehaving", "ask-incidents").await;
    assert!(answer.starts_with("read allowed\nwrite denied: "), "{answer}");
}

#[tokio::test]
async fn denies_files_network_and_environment_to_everybody() {
    let bench = Bench::misbehaving().await;
    let answer = bench.answer("misbehaving", "ask-outside").await;
    assert_eq!((answer.matches(" denied: ").count(), answer.contains("allowed")), (8, false), "{answer}");
    assert!(answer.ends_with("\nenv []\nargs []"), "{answer}");
}

#[tokio::test]
async fn denies_touching_a_message_it_never_posted() {
    let bench = Bench::with(vec![source("one", ALL), source("two", ALL)]).await;
    let answer = bench.answer("one", "forge-ref").await;
    assert_eq!((answer.matches("not-found").count(), answer.contains("allowed")), (2, false), "{answer}");
}

#[tokio::test]
async fn a_plugin_sees_its_own_memory_and_no_other_plugins() {
    let bench = Bench::with(vec![source("one", ALL), source("two", ALL)]).await;
    for (plugin, expected) in [("one", "1"), ("one", "2"), ("two", "1")] {
        let changes = bench.misbehave(plugin, "kv-counter", &[]).await.outcome.unwrap();
        assert_eq!(said(&changes), format!("the counter is {expected}"));
        bench.memory.commit(&plugin.into(), changes);
    }
}

#[tokio::test]
async fn events_that_concern_everybody_take_a_grant_to_hear() {
    let bench = Bench::with(vec![source("deaf", &["kv"]), source("keen", ALL)]).await;
    for kind in ["alert", "deploy", "reaction"] {
        assert!(bench.plugin("deaf").hears(kind).is_err(), "{kind}");
        assert_eq!(bench.plugin("keen").hears(kind), Ok(true), "{kind}");
    }
    for kind in ["command", "action", "timer", "job", "approval"] {
        assert_eq!(bench.plugin("deaf").hears(kind), Ok(true), "{kind}");
    }
    assert_eq!(bench.plugin("deaf").hears("eclipse"), Ok(false));
}

#[tokio::test]
async fn each_kind_of_event_arrives_at_its_handler() {
    let bench = Bench::misbehaving().await;
    let alert = AlertFired {
        source: "prom".into(),
        fingerprint: "f1".into(),
        status: "firing".into(),
        title: "High latency".into(),
        labels: Vec::new(),
        annotations: Vec::new(),
        started_ms: 1,
        ended_ms: None,
        url: String::new(),
    };
    let changes = bench.tell("misbehaving", HandlerEvent::Alerts(vec![alert])).await.outcome.unwrap();
    assert_eq!(said(&changes), "alert f1");
    let timer = TimerElapsed { plugin: "misbehaving".into(), name: "tick".into(), payload: "p".into(), due_ms: 5 };
    let changes = bench.tell("misbehaving", HandlerEvent::Timer(timer)).await.outcome.unwrap();
    assert_eq!(changes.kv.keys().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["seen:timer:tick"]);
}

#[tokio::test]
async fn nobody_can_be_answered_when_a_timer_fired() {
    let bench = Bench::misbehaving().await;
    let timer =
        TimerElapsed { plugin: "misbehaving".into(), name: "replies".into(), payload: String::new(), due_ms: 5 };
    let mut input = bench.input(HandlerEvent::Timer(timer));
    input.by = None;
    let refused = bench.plugin("misbehaving").call(input).await.outcome.unwrap_err().to_string();
    assert!(refused.contains("nobody asked"), "{refused}");
}
