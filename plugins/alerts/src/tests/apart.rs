//! Why alerts are one card, and taking one out of it.

use super::{Alerts, alert, ends, fires, hear, later, run};
use drillbell_sdk::testing::{FakeBot, click, command};
use serde_json::Value;

/// Two alerts in one group, with a card.
fn two() -> FakeBot {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    fires(&mut bot, "aaaa1111", "web-2");
    later(&mut bot, 5);
    bot.transcript();
    bot
}

fn groups(bot: &mut FakeBot) -> Vec<Value> {
    run(bot, command("alert list").flag("all"));
    bot.transcript();
    bot.data.as_ref().expect("data")["groups"].as_array().expect("a list").clone()
}

fn split(bot: &mut FakeBot) -> String {
    run(bot, command("alert split").arg("id", "aaaa1111").arg("alert", "web-2"));
    split_name(bot)
}

#[test]
fn the_card_says_by_which_labels_and_which_rule_alerts_share_it_and_offers_to_take_one_out() {
    let mut bot = two();
    bot.action::<Alerts>(click("why", "aaaa1111")).expect("it is handled");
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    Why aaaa1111 is one group (neutral)
    source prom (alertmanager)
    route 1 takes everything
    Alerts of its source with these labels, told in the same conversation, share its card:
    ```
    alertname=HighErrorRate
    service=shop
    ```
    web-1 · firing since 1 Mar 10:02 UTC · once
    web-2 · firing since 1 Mar 10:02 UTC · once
    [Give one a card of its own… v] split aaaa1111 web-1=web-1 aaaa1111 web-2=web-2
    ");
}

#[test]
fn what_is_taken_out_has_a_card_of_its_own_and_so_has_what_comes_of_it_later() {
    let mut bot = two();
    bot.action::<Alerts>(click("split", "aaaa1111 web-2")).expect("it is handled");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#ops
    Error rate above 5% (critical)
    Firing.
    Severity: sev1
    Same: fingerprint web-2, split off aaaa1111
    Alerts: once
    Since: 2026-03-01T10:02:00.000Z
    ~ agm1cdd8 · prom
    [Acknowledge] ack agm1cdd8, primary
    [Silence] silence agm1cdd8 opens (Silence: for!, reason!)
    [Declare sev1] declare agm1cdd8, danger
    [Resolve] resolve agm1cdd8

    edit m1
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

    reply m3
    Error rate above 5%: web-2 has a card of its own, agm1cdd8.
    ");
    let id = split_name(&mut bot);

    // It repeats, ends and fires again on its own card; the other's is as it was.
    fires(&mut bot, "aaaa1111", "web-2");
    later(&mut bot, 5);
    bot.fire_timer::<Alerts>(&format!("draw/{id}")).expect("it is handled");
    let told = bot.transcript();
    assert!(told.starts_with("edit m2") && !told.contains("edit m1"), "{told}");
    ends(&mut bot, "aaaa1111", "web-2");
    let over = bot.transcript();
    assert!(over.contains("Resolved after") && !over.contains("edit m1"), "{over}");
    let states: Vec<_> = groups(&mut bot).iter().map(|group| (group["id"].clone(), group["state"].clone())).collect();
    assert_eq!(states, [("aaaa1111".into(), "firing".into()), (id.as_str().into(), "resolved".into())]);
    fires(&mut bot, "aaaa1111", "web-2");
    assert!(bot.transcript().contains("Firing."));
    fires(&mut bot, "aaaa1111", "web-1");
    ends(&mut bot, "aaaa1111", "web-1");
    let firing: Vec<_> = groups(&mut bot).iter().map(|group| group["firing"].clone()).collect();
    assert_eq!(firing, [1, 0], "each ends for itself");
}

fn split_name(bot: &mut FakeBot) -> String {
    let all = groups(bot);
    let own = all.iter().find(|group| group["split_from"] == "aaaa1111").expect("a group of its own");
    own["id"].as_str().expect("text").to_owned()
}

#[test]
fn the_last_one_cannot_be_taken_out_and_a_name_must_mean_one() {
    let mut bot = two();
    for (named, says) in
        [("web", "Several alerts begin so"), ("db", "No alert of aaaa1111 is called so"), (" ", "No alert")]
    {
        let refused = bot.command::<Alerts>(command("alert split").arg("id", "aaaa1111").arg("alert", named));
        assert!(refused.unwrap_err().to_string().contains(says), "{named}");
    }
    let id = split(&mut bot);
    for group in ["aaaa1111", &id] {
        let named = if group == id { "web-2" } else { "web-1" };
        let refused = bot.command::<Alerts>(command("alert split").arg("id", group).arg("alert", named));
        assert!(refused.unwrap_err().to_string().contains("the only alert"), "{group}");
    }
}

#[test]
fn a_silence_of_it_names_its_own_labels_and_not_those_that_it_shared() {
    let mut bot = two();
    let id = split(&mut bot);
    let silence = |bot: &mut FakeBot| {
        run(bot, command("alert silence").arg("id", &id).arg("reason", "x").arg("for", "3600000"));
        bot.transcript()
    };
    let mut again = alert(&bot, "aaaa1111", "web-2", "firing");
    again = super::with(again, "silences", "true");
    hear(&mut bot, again);
    bot.transcript();
    silence(&mut bot);
    let spec: Value = serde_json::from_str(&bot.jobs[0].0.spec).expect("JSON");
    assert_eq!(spec["labels"]["instance"], "web-2", "{spec}");
}

#[test]
fn it_is_forgotten_with_its_group_and_belongs_where_it_belonged_again() {
    let mut bot = two();
    split(&mut bot);
    ends(&mut bot, "aaaa1111", "web-1");
    ends(&mut bot, "aaaa1111", "web-2");
    later(&mut bot, 8 * 24 * 3_600);
    bot.fire_timer::<Alerts>("sweep").expect("it is handled");
    assert_eq!(bot.kv.keys().filter(|key| !key.starts_with("c/")).count(), 0, "{:?}", bot.kv);
    fires(&mut bot, "aaaa1111", "web-2");
    let all = groups(&mut bot);
    assert_eq!((all.len(), &all[0]["id"]), (1, &"aaaa1111".into()));
}
