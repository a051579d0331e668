//! When an incident is declared at once, and what its timeline reads.

use super::{Alerts, alert, ends, hear, later, run, with};
use drillbell_sdk::testing::{FakeBot, Said, click, command};
use drillbell_sdk::{Alert, Bot};

/// An alert whose route wants an incident.
fn wanted(bot: &FakeBot, group: &str, fingerprint: &str) -> Alert {
    with(alert(bot, group, fingerprint, "firing"), "declare", "true")
}

fn lines(bot: &mut FakeBot, incident: &str) -> Vec<String> {
    bot.timeline(&incident.into(), 100).expect("known").into_iter().map(|line| line.text).collect()
}

#[test]
fn in_a_storm_of_many_services_auto_declare_declares_one_and_the_rest_join_it() {
    let mut bot = FakeBot::new();
    for n in 0..50 {
        let mut one = wanted(&bot, &format!("group{n:03}"), &format!("web-{n}"));
        let service = format!("service-{n}");
        one.labels = [("alertname", "Down"), ("service", service.as_str())].into_iter().collect();
        hear(&mut bot, one);
    }
    assert_eq!(bot.incidents.len(), 9, "eight with cards of their own, and one for the storm");
    let joined = lines(&mut bot, "INC-9").iter().filter(|line| line.ends_with("fires")).count();
    assert_eq!(joined, 41);
}

#[test]
fn a_group_that_fires_already_declares_when_a_worse_alert_of_it_wants_that_and_no_lesser_one_talks_it_down() {
    let mut bot = FakeBot::new();
    let warning = |bot: &FakeBot, fingerprint: &str| {
        let mut it = alert(bot, "aaaa1111", fingerprint, "firing");
        it = with(it, "severity", "sev3");
        it
    };
    let first = warning(&bot, "web-1");
    hear(&mut bot, first);
    assert!(bot.incidents.is_empty());
    let worse = wanted(&bot, "aaaa1111", "web-2");
    hear(&mut bot, worse);
    assert_eq!(bot.incidents.len(), 1);
    assert_eq!(bot.incidents[0].severity, "sev1");
    let lesser = warning(&bot, "web-3");
    hear(&mut bot, lesser);
    run(&mut bot, command("alert list"));
    let group = bot.data.as_ref().expect("data")["groups"][0].clone();
    assert_eq!((group["severity"].as_str(), group["incident"].as_str()), (Some("sev1"), Some("INC-1")));
    // When none of it fires any more, the next trouble has a severity of its own.
    for fingerprint in ["web-1", "web-2", "web-3"] {
        ends(&mut bot, "aaaa1111", fingerprint);
    }
    later(&mut bot, 7_200);
    let next = warning(&bot, "web-1");
    hear(&mut bot, next);
    run(&mut bot, command("alert list"));
    assert_eq!(bot.data.as_ref().expect("data")["groups"][0]["severity"], "sev3");
}

#[test]
fn what_outlasts_its_maintenance_window_is_declared_when_that_is_over() {
    let mut bot = FakeBot::new();
    let until = drillbell_sdk::time::rfc3339(bot.now_ms + 600_000);
    let muted = with(wanted(&bot, "aaaa1111", "web-1"), "muted_until", &until);
    hear(&mut bot, muted);
    assert!(bot.incidents.is_empty());
    later(&mut bot, 600);
    bot.fire_timer::<Alerts>("unmute/aaaa1111").expect("it is handled");
    assert_eq!(bot.incidents.len(), 1);
    assert!(bot.transcript().contains("Incident: INC-1"), "its card says so");
}

#[test]
fn what_outlasts_a_silence_is_declared_when_that_is_over_however_it_ends() {
    for by_hand in [false, true] {
        let mut bot = FakeBot::new();
        let first = alert(&bot, "aaaa1111", "web-1", "firing");
        hear(&mut bot, first);
        run(&mut bot, command("alert silence").arg("id", "aaaa1111").arg("reason", "x").arg("for", "3600000"));
        let worse = wanted(&bot, "aaaa1111", "web-2");
        hear(&mut bot, worse);
        assert!(bot.incidents.is_empty(), "nobody is told of it for a while");
        if by_hand {
            run(&mut bot, command("alert unsilence").arg("id", "aaaa1111"));
        } else {
            later(&mut bot, 3_600);
            bot.fire_timer::<Alerts>("unsilence/aaaa1111").expect("it is handled");
        }
        assert_eq!(bot.incidents.len(), 1, "by hand: {by_hand}");
    }
}

#[test]
fn what_still_fires_when_it_has_flapped_is_declared_and_flapping_writes_nothing_into_timelines() {
    let mut bot = FakeBot::new();
    let first = wanted(&bot, "aaaa1111", "web-1");
    hear(&mut bot, first);
    assert_eq!(bot.incidents.len(), 1);
    for _ in 0..10 {
        ends(&mut bot, "aaaa1111", "web-1");
        later(&mut bot, 10);
        let again = wanted(&bot, "aaaa1111", "web-1");
        hear(&mut bot, again);
        later(&mut bot, 10);
    }
    assert_eq!(lines(&mut bot, "INC-1").len(), 4, "declared, why, over, again; then it flaps");
    bot.set_status(&"INC-1".into(), drillbell_sdk::Status::Resolved, "").expect("known");
    later(&mut bot, 600);
    bot.fire_timer::<Alerts>("calm/aaaa1111").expect("it is handled");
    assert_eq!(bot.incidents.len(), 2);
}

#[test]
fn a_count_declares_no_second_incident_for_trouble_whose_incident_people_ended() {
    let mut bot = FakeBot::new();
    let first = wanted(&bot, "aaaa1111", "web-1");
    hear(&mut bot, first);
    bot.set_status(&"INC-1".into(), drillbell_sdk::Status::Resolved, "").expect("known");
    for fingerprint in ["web-1", "web-2"] {
        later(&mut bot, 60);
        let more = wanted(&bot, "aaaa1111", fingerprint);
        hear(&mut bot, more);
    }
    assert_eq!(bot.incidents.len(), 1);
}

#[test]
fn what_belongs_to_an_incident_is_not_declared_once_more_and_a_quiet_list_says_so() {
    let mut bot = FakeBot::new();
    run(&mut bot, command("alert list"));
    let it = wanted(&bot, "aaaa1111", "web-1");
    hear(&mut bot, it);
    assert_eq!(bot.incidents.len(), 1);
    bot.said.retain(|said| matches!(said, Said::Reply { .. }));
    bot.action::<Alerts>(click("declare", "aaaa1111")).expect("it is handled");
    assert_eq!(bot.incidents.len(), 1);
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    (good)
    No alert fires.

    reply m3
    aaaa1111 belongs to INC-1 already.
    ");
}
