//! What the host or the plugin has forgotten, and what it must not keep.

use super::{Alerts, alert, ends, fires, hear, later, run};
use drillbell_sdk::testing::{FakeBot, command};

/// As if the host had forgotten the messages that are written down.
fn lose(bot: &mut FakeBot, key: &str, card: &str) {
    let value = bot.kv.get_mut(key).expect("it is kept");
    assert!(value.contains(&format!("\"{card}\"")), "{value}");
    *value = value.replace(&format!("\"{card}\""), "\"forgotten\"");
}

#[test]
fn a_card_that_the_host_has_forgotten_is_posted_anew_if_its_group_fires() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    lose(&mut bot, "g/aaaa1111", "m1");
    bot.transcript();
    run(&mut bot, command("alert ack").arg("id", "aaaa1111"));
    let told = bot.transcript();
    assert!(told.starts_with("post ") && told.contains("acknowledged by Ana"), "{told}");
    lose(&mut bot, "g/aaaa1111", "m2");
    ends(&mut bot, "aaaa1111", "web-1");
    assert_eq!(bot.transcript(), "", "what is over needs none");
    fires(&mut bot, "aaaa1111", "web-1");
    assert!(bot.transcript().starts_with("post "));
}

#[test]
fn a_summary_that_the_host_has_forgotten_stops_nothing_and_the_next_group_posts_another() {
    let mut bot = FakeBot::new();
    for n in 0..10 {
        fires(&mut bot, &format!("group{n:03}"), &format!("web-{n}"));
    }
    lose(&mut bot, "c/console:#ops", "m9");
    bot.transcript();
    bot.fire_timer::<Alerts>("storm/console:#ops").expect("it is handled");
    assert_eq!(bot.transcript(), "");
    fires(&mut bot, "group010", "web-10");
    assert!(bot.transcript().starts_with("post "));
    lose(&mut bot, "c/console:#ops", "m10");
    later(&mut bot, 601);
    bot.fire_timer::<Alerts>("storm/console:#ops").expect("it is handled");
    fires(&mut bot, "newgroup", "web-99");
    assert!(bot.transcript().contains("newgroup · prom"), "the storm is over");
}

#[test]
fn resolving_a_group_of_many_alerts_lets_none_of_them_go_on() {
    let mut bot = FakeBot::new();
    for n in 0..210 {
        fires(&mut bot, "aaaa1111", &format!("web-{n:03}"));
    }
    run(&mut bot, command("alert resolve").arg("id", "aaaa1111"));
    assert_eq!(bot.data.as_ref().expect("data")["group"]["firing"], 0);
    later(&mut bot, 60);
    // The last of them is one that fires anew, and so is one that comes in the same moment.
    fires(&mut bot, "aaaa1111", "web-209");
    fires(&mut bot, "aaaa1111", "web-209");
    fires(&mut bot, "aaaa1111", "web-000");
    run(&mut bot, command("alert list"));
    let group = bot.data.as_ref().expect("data")["groups"][0].clone();
    assert_eq!((&group["firing"], &group["state"]), (&2.into(), &"firing".into()));
    ends(&mut bot, "aaaa1111", "web-209");
    ends(&mut bot, "aaaa1111", "web-000");
    run(&mut bot, command("alert list").flag("all"));
    assert_eq!(bot.data.as_ref().expect("data")["groups"][0]["state"], "resolved");
}

#[test]
fn the_daily_sweep_is_not_put_off_by_new_groups() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web-1");
    let (due, _) = bot.timers["sweep"];
    later(&mut bot, 3_600);
    fires(&mut bot, "bbbb2222", "web-2");
    assert_eq!(bot.timers["sweep"].0, due);
}

#[test]
fn more_groups_than_one_look_holds_are_forgotten_all_the_same() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "z0000000", "web-z");
    ends(&mut bot, "z0000000", "web-z");
    fires(&mut bot, "a0000000", "web-a");
    let firing = bot.kv["g/a0000000"].clone();
    for n in 0..1_100 {
        let id = format!("b{n:07}");
        bot.kv.insert(format!("g/{id}"), firing.replace("a0000000", &id));
    }
    later(&mut bot, 8 * 24 * 3_600);
    bot.fire_timer::<Alerts>("sweep").expect("it is handled");
    assert!(!bot.kv.contains_key("g/z0000000") && !bot.kv.contains_key("f/prom/web-z"));
}

#[test]
fn what_is_too_much_for_one_go_is_forgotten_in_several() {
    let mut bot = FakeBot::new();
    fires(&mut bot, "aaaa1111", "web");
    ends(&mut bot, "aaaa1111", "web");
    let member = bot.kv["m/aaaa1111/web"].clone();
    for n in 1..700 {
        bot.kv.insert(format!("m/aaaa1111/web-{n:03}"), member.clone());
        bot.kv.insert(format!("f/prom/web-{n:03}"), "aaaa1111".to_owned());
    }
    later(&mut bot, 8 * 24 * 3_600);
    for round in 0..3 {
        assert!(bot.kv.contains_key("g/aaaa1111"), "{round}");
        bot.fire_timer::<Alerts>("sweep").expect("it is handled");
    }
    let left: Vec<_> = bot.kv.keys().filter(|key| !key.starts_with("c/")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(bot.timers["sweep"].0 % (24 * 3_600_000), 0, "the next is the next day's");
}

#[test]
fn of_a_large_group_that_goes_on_alerts_that_are_long_over_are_forgotten() {
    let mut bot = FakeBot::new();
    for n in 0..60 {
        fires(&mut bot, "aaaa1111", &format!("pod-{n:03}"));
    }
    for n in 0..50 {
        ends(&mut bot, "aaaa1111", &format!("pod-{n:03}"));
    }
    // One of them fires elsewhere by now.
    fires(&mut bot, "bbbb2222", "pod-000");
    later(&mut bot, 8 * 24 * 3_600);
    fires(&mut bot, "aaaa1111", "pod-059");
    bot.fire_timer::<Alerts>("sweep").expect("it is handled");
    assert_eq!(bot.kv.keys().filter(|key| key.starts_with("m/aaaa1111/")).count(), 10);
    assert_eq!(bot.kv["f/prom/pod-000"], "bbbb2222");
    assert!(!bot.kv.contains_key("f/prom/pod-001"));
    run(&mut bot, command("alert list"));
    let groups = bot.data.as_ref().expect("data")["groups"].clone();
    assert_eq!((&groups[0]["alerts"], &groups[0]["firing"]), (&10.into(), &10.into()));
}

#[test]
fn a_long_description_is_cut_before_it_is_kept() {
    let mut bot = FakeBot::new();
    let mut first = alert(&bot, "aaaa1111", "web-1", "firing");
    first.annotations = [("drillbell.group", "aaaa1111"), ("description", &"word ".repeat(400))].into_iter().collect();
    hear(&mut bot, first);
    assert!(bot.kv["g/aaaa1111"].len() < 1_500, "{}", bot.kv["g/aaaa1111"].len());
}
