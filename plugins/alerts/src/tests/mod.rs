//! Every message of the plugin, as people read it.

mod apart;
mod declares;
mod forgetting;
mod pictures;
mod silences;
mod storms;

use crate::Alerts;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, click, command};
use drillbell_sdk::{Alert, Args, Bot, Error, OnAlert};
use std::time::Duration;

/// An alert of a group as the host hands it over; `status` is `firing` or `resolved`.
fn alert(bot: &FakeBot, group: &str, fingerprint: &str, status: &str) -> Alert {
    let own = [("group", group), ("group_by", "alertname=HighErrorRate, service=shop"), ("channel", "console:#ops")];
    let own = own.map(|(name, value)| (format!("drillbell.{name}"), value.to_owned()));
    let more = [
        ("summary", "Error rate above 5%"),
        ("description", "7.2% of requests fail"),
        ("drillbell.severity", "sev1"),
        ("drillbell.group_labels", r#"{"alertname":"HighErrorRate","service":"shop"}"#),
        ("drillbell.why", "source prom (alertmanager)\nroute 1 takes everything"),
    ];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Alert {
        source: "prom".to_owned(),
        fingerprint: fingerprint.to_owned(),
        status: status.to_owned(),
        title: "Error rate above 5%".to_owned(),
        labels: [("alertname", "HighErrorRate"), ("service", "shop"), ("instance", fingerprint)].into_iter().collect(),
        annotations: own.into_iter().chain(more).collect::<Args>(),
        started_ms: bot.now_ms,
        ended_ms: None,
        url: "https://prometheus.example.org/graph".to_owned(),
    }
}

/// The same with another annotation of the host's.
fn with(mut alert: Alert, name: &str, value: &str) -> Alert {
    let own = format!("drillbell.{name}");
    let others = alert.annotations.iter().filter(|(known, _)| *known != own);
    let all: Vec<_> = others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    alert.annotations = all.into_iter().chain([(own, value.to_owned())]).collect();
    alert
}

fn hear(bot: &mut FakeBot, alert: Alert) {
    bot.run(|bot| Alerts::on_alert(bot, alert)).expect("it is handled");
}

fn fires(bot: &mut FakeBot, group: &str, fingerprint: &str) {
    let it = alert(bot, group, fingerprint, "firing");
    hear(bot, it);
}

fn ends(bot: &mut FakeBot, group: &str, fingerprint: &str) {
    let it = alert(bot, group, fingerprint, "resolved");
    hear(bot, it);
}

fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<Alerts>(command).expect("the command succeeds");
}

fn later(bot: &mut FakeBot, seconds: u64) {
    bot.advance(Duration::from_secs(seconds));
}

#[test]
fn the_first_alert_posts_a_card_and_what_follows_edits_it() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#ops
    Error rate above 5% (critical)
    Firing.
    7.2% of requests fail
    Severity: sev1
    Same: alertname=HighErrorRate, service=shop
    Alerts: once
    Since: 2026-03-01T10:02:00.000Z
    In prom <https://prometheus.example.org/graph>
    ~ aaaa1111 · prom
    [Acknowledge] ack aaaa1111, primary
    [Silence] silence aaaa1111 opens (Silence: for!, reason!)
    [Declare sev1] declare aaaa1111, danger
    [Resolve] resolve aaaa1111
    ");
    later(&mut bot, 60);
    fires(&mut bot, "aaaa1111", "web-1");
    fires(&mut bot, "aaaa1111", "web-2");
    assert_eq!(bot.transcript(), "", "counts wait for the timer");
    bot.fire_timer::<Alerts>("draw/aaaa1111").expect("it is handled");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Alerts: once
    + Alerts: 2 firing of 2, 3 times
    + [Why one card?] why aaaa1111
    ");
    ends(&mut bot, "aaaa1111", "web-1");
    ends(&mut bot, "aaaa1111", "web-2");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Error rate above 5% (critical)
    - Firing.
    + Error rate above 5% (good)
    + Resolved after 1 min.
    - Alerts: 2 firing of 2, 3 times
    + Alerts: 0 firing of 2, 3 times
    - [Acknowledge] ack aaaa1111, primary
    - [Silence] silence aaaa1111 opens (Silence: for!, reason!)
    - [Declare sev1] declare aaaa1111, danger
    - [Resolve] resolve aaaa1111
    - [Why one card?] why aaaa1111
    ");
    ends(&mut bot, "bbbb2222", "never-seen");
    assert_eq!(bot.transcript(), "", "the end of what nobody saw begin is nobody's news");
}

#[test]
fn what_fires_again_soon_is_the_same_card_and_later_a_new_one() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    ends(&mut bot, "aaaa1111", "web-1");
    later(&mut bot, 1_800);
    bot.transcript();
    fires(&mut bot, "aaaa1111", "web-1");
    assert!(bot.transcript().starts_with("edit "), "soon");
    ends(&mut bot, "aaaa1111", "web-1");
    later(&mut bot, 7_200);
    bot.transcript();
    fires(&mut bot, "aaaa1111", "web-1");
    assert!(bot.transcript().starts_with("post "), "later");
}

#[test]
fn four_turns_within_ten_minutes_are_flapping_until_it_calms_down() {
    let mut bot = FakeBot::new();
    for _ in 0..2 {
        fires(&mut bot, "aaaa1111", "web-1");
        later(&mut bot, 30);
        ends(&mut bot, "aaaa1111", "web-1");
        later(&mut bot, 30);
    }
    let told = bot.transcript();
    assert!(told.contains("Flapping: it comes and goes; at this moment it does not fire."), "{told}");
    later(&mut bot, 600);
    bot.fire_timer::<Alerts>("calm/aaaa1111").expect("it is handled");
    let told = bot.transcript();
    assert!(told.contains("Resolved after"), "{told}");
}

#[test]
fn an_end_with_other_labels_ends_what_its_alert_began() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "issue-7");
    bot.transcript();
    ends(&mut bot, "other999", "issue-7");
    let told = bot.transcript();
    assert!(told.contains("Resolved after"), "{told}");
}

#[test]
fn buttons_do_what_they_say_once() {
    let mut bot = FakeBot::new();
    let first = with(alert(&bot, "aaaa1111", "web-1", "firing"), "silences", "true");
    hear(&mut bot, first);
    bot.transcript();
    bot.action::<Alerts>(click("ack", "aaaa1111").by("ana", "Ana")).expect("it is handled");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Firing.
    + Firing; acknowledged by Ana at 10:02 UTC.
    - [Acknowledge] ack aaaa1111, primary

    reply m2
    Error rate above 5%: acknowledged by Ana.
    ");
    bot.action::<Alerts>(click("ack", "aaaa1111").by("ben", "Ben")).expect("it is handled");
    insta::assert_snapshot!(bot.changes(), @r"
    reply m3
    aaaa1111 was acknowledged by Ana at 10:02 UTC.
    ");
    run(
        &mut bot,
        command("alert silence").arg("id", "aaaa").arg("reason", "known, being mended").arg("for", "3600000"),
    );
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Error rate above 5% (critical)
    - Firing; acknowledged by Ana at 10:02 UTC.
    + Error rate above 5% (neutral)
    + Firing; silenced by Ana until 1 Mar 11:02 UTC: known, being mended.
    - [Silence] silence aaaa1111 opens (Silence: for!, reason!)
    + [End silence] unsilence aaaa1111

    reply m4
    Error rate above 5%: silenced by Ana until 1 Mar 11:02 UTC: known, being mended.
    ");
    let (_, job) = bot.jobs.last().cloned().expect("a job");
    let detail = r#"{"group":"aaaa1111","silence":"5f0e9a5c-0d1e-4b8e-9c0a-1d2e3f4a5b6c"}"#;
    bot.end_job::<Alerts>(&job.id, "done", detail).expect("it is handled");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Firing; silenced by Ana until 1 Mar 11:02 UTC: known, being mended.
    + Firing; silenced by Ana until 1 Mar 11:02 UTC: known, being mended. prom knows it as 5f0e9a5c-0d1e-4b8e-9c0a-1d2e3f4a5b6c.
    ");
    later(&mut bot, 3_600);
    bot.fire_timer::<Alerts>("unsilence/aaaa1111").expect("it is handled");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Error rate above 5% (neutral)
    - Firing; silenced by Ana until 1 Mar 11:02 UTC: known, being mended. prom knows it as 5f0e9a5c-0d1e-4b8e-9c0a-1d2e3f4a5b6c.
    + Error rate above 5% (critical)
    + Firing; acknowledged by Ana at 10:02 UTC.
    - [End silence] unsilence aaaa1111
    + [Silence] silence aaaa1111 opens (Silence: for!, reason!)

    post m5 to console:#ops
    The silence of aaaa1111 by Ana is over, and it still fires: Error rate above 5%
    ");
    bot.action::<Alerts>(click("resolve", "aaaa1111").by("ana", "Ana")).expect("it is handled");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Error rate above 5% (critical)
    - Firing; acknowledged by Ana at 10:02 UTC.
    + Error rate above 5% (good)
    + Resolved by Ana after 1 h.
    - [Silence] silence aaaa1111 opens (Silence: for!, reason!)
    - [Declare sev1] declare aaaa1111, danger
    - [Resolve] resolve aaaa1111

    reply m6
    (good)
    Error rate above 5%: resolved by Ana.
    ");
}

#[test]
fn a_silence_that_cannot_be_told_says_so_on_the_card() {
    let mut bot = FakeBot::new();
    let first = with(alert(&bot, "aaaa1111", "web-1", "firing"), "silences", "true");
    hear(&mut bot, first);
    run(&mut bot, command("alert silence").arg("id", "aaaa1111").arg("reason", "x").arg("for", "3600000"));
    bot.transcript();
    let (_, job) = bot.jobs.last().cloned().expect("a job");
    let detail = r#"{"error":"The Alertmanager does not answer.","detail":{"group":"aaaa1111"}}"#;
    bot.end_job::<Alerts>(&job.id, "failed", detail).expect("it is handled");
    let told = bot.transcript();
    assert!(told.contains("prom could not be told: The Alertmanager does not answer."), "{told}");
}

#[test]
fn a_declared_incident_tells_of_its_alert_and_is_never_joined_once_it_is_over() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    bot.action::<Alerts>(click("declare", "aaaa1111").by("ana", "Ana")).expect("it is handled");
    ends(&mut bot, "aaaa1111", "web-1");
    fires(&mut bot, "aaaa1111", "web-1");
    let lines: Vec<_> = bot.timeline(&"INC-1".into(), 20).expect("known").into_iter().map(|line| line.text).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    sev1: Error rate above 5% (shop)
    declared for the alert aaaa1111 of prom: https://prometheus.example.org/graph
    the alert Error rate above 5% (aaaa1111) is over
    the alert Error rate above 5% (aaaa1111) fires again
    ");
    bot.set_status(&"INC-1".into(), drillbell_sdk::Status::Resolved, "").expect("known");
    later(&mut bot, 60);
    ends(&mut bot, "aaaa1111", "web-1");
    later(&mut bot, 7_200);
    let again = with(alert(&bot, "aaaa1111", "web-1", "firing"), "declare", "true");
    hear(&mut bot, again);
    assert_eq!(bot.incidents.len(), 2, "the one that is over is not joined");
    // Another alert of the same service joins the one that is open.
    let other = with(alert(&bot, "cccc3333", "web-9", "firing"), "declare", "true");
    hear(&mut bot, other);
    assert_eq!(bot.incidents.len(), 2);
    assert!(bot.timeline(&"INC-2".into(), 20).expect("known").iter().any(|line| line.text.contains("cccc3333")));
}

#[test]
fn within_a_maintenance_window_nothing_is_shown_and_what_still_fires_is_shown_after_it() {
    let mut bot = FakeBot::new();
    let until = drillbell_sdk::time::rfc3339(bot.now_ms + 600_000);
    let muted = with(with(alert(&bot, "aaaa1111", "web-1", "firing"), "muted_until", &until), "declare", "true");
    hear(&mut bot, muted);
    assert_eq!((bot.transcript().as_str(), bot.incidents.len()), ("", 0));
    later(&mut bot, 600);
    bot.fire_timer::<Alerts>("unmute/aaaa1111").expect("it is handled");
    assert!(bot.transcript().starts_with("post "));
}

#[test]
fn lists_and_cards_are_found_by_the_beginning_of_a_name() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    fires(&mut bot, "aaab2222", "web-2");
    bot.transcript();
    run(&mut bot, command("alert list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m3
    2 groups of alerts (neutral)
    aaaa1111 · sev1 · firing · once · Error rate above 5%
    aaab2222 · sev1 · firing · once · Error rate above 5%
    ");
    run(&mut bot, command("alert show").arg("id", "aaab"));
    let told = bot.transcript();
    assert!(told.contains("Why aaab2222 is one group") && told.contains("route 1 takes everything"), "{told}");
    for (id, sentence) in [
        ("aaa", "Several groups begin so: name one by more of its letters."),
        ("zzz", "No such group of alerts. `/alert list --all` names them."),
    ] {
        match bot.command::<Alerts>(command("alert ack").arg("id", id)) {
            Err(Error::User(text)) => assert_eq!(text, sentence),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_over_is_forgotten_after_a_week() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    ends(&mut bot, "aaaa1111", "web-1");
    fires(&mut bot, "bbbb2222", "web-2");
    later(&mut bot, 8 * 24 * 3_600);
    bot.fire_timer::<Alerts>("sweep").expect("it is handled");
    let left: Vec<_> = bot.kv.keys().filter(|key| !key.starts_with("c/")).cloned().collect();
    assert_eq!(left, ["f/prom/web-2", "g/bbbb2222", "m/bbbb2222/web-2"]);
}
