//! Silences here and where the alerts come from, whatever ends first.

use super::{Alerts, alert, hear, later, run, with};
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::{Value, json};

/// A group of a source that takes silences, which fires and is silenced.
fn silenced() -> FakeBot {
    let mut bot = FakeBot::new();
    let first = with(alert(&bot, "aaaa1111", "web-1", "firing"), "silences", "true");
    hear(&mut bot, first);
    silence(&mut bot);
    bot
}

fn silence(bot: &mut FakeBot) {
    run(bot, command("alert silence").arg("id", "aaaa1111").arg("reason", "x").arg("for", "3600000"));
    bot.transcript();
}

fn unsilence(bot: &mut FakeBot) {
    run(bot, command("alert unsilence").arg("id", "aaaa1111"));
    bot.transcript();
}

/// What each job was asked to do.
fn jobs(bot: &FakeBot) -> Vec<Value> {
    bot.jobs.iter().map(|(job, _)| serde_json::from_str(&job.spec).expect("JSON")).collect()
}

/// A job that made a silence has ended.
fn made(bot: &mut FakeBot, job: usize, silence: &str) {
    let nonce = jobs(bot)[job]["nonce"].clone();
    let detail = json!({"source": "prom", "group": "aaaa1111", "nonce": nonce, "silence": silence});
    bot.end_job::<Alerts>(&format!("job-{}", job + 1), "done", &detail.to_string()).expect("it is handled");
}

#[test]
fn a_silence_that_people_end_while_it_is_being_made_is_ended_there_once_it_is() {
    let mut bot = silenced();
    unsilence(&mut bot);
    assert_eq!(jobs(&bot).len(), 1, "nobody knows yet what it is called there");
    made(&mut bot, 0, "s-1");
    let all = jobs(&bot);
    assert_eq!((all.len(), &all[1]["action"], &all[1]["silence"]), (2, &json!("expire"), &json!("s-1")));
    assert!(!bot.transcript().contains("knows it as"));
}

#[test]
fn of_two_silences_one_after_the_other_each_job_is_told_from_the_other() {
    let mut bot = silenced();
    unsilence(&mut bot);
    silence(&mut bot);
    assert_eq!(jobs(&bot).len(), 2, "the second does not wait for the first");
    made(&mut bot, 0, "s-1");
    assert_eq!((jobs(&bot).len(), &jobs(&bot)[2]["silence"]), (3, &json!("s-1")), "the first is ended");
    made(&mut bot, 1, "s-2");
    let told = bot.transcript();
    assert!(told.contains("prom knows it as s-2.") && !told.contains("s-1"), "{told}");
    let detail = json!({"group": "aaaa1111", "expired": "s-1"}).to_string();
    bot.end_job::<Alerts>("job-3", "done", &detail).expect("it is handled");
    assert_eq!(bot.transcript(), "", "that the first is gone is no news of the second");
}

#[test]
fn a_silence_that_cannot_be_ended_there_is_said_on_the_card_and_in_the_log_until_it_fires_again() {
    let mut bot = silenced();
    made(&mut bot, 0, "s-1");
    unsilence(&mut bot);
    let detail =
        json!({"error": "The Alertmanager does not answer.", "detail": {"group": "aaaa1111", "expire": "s-1"}});
    bot.end_job::<Alerts>("job-2", "failed", &detail.to_string()).expect("it is handled");
    let says = "The silence s-1 could not be ended in prom, end it there: The Alertmanager does not answer.";
    let told = bot.transcript();
    assert!(told.contains(says), "{told}");
    assert!(bot.log.iter().any(|(_, line)| line.contains(says)), "{:?}", bot.log);
    run(&mut bot, command("alert resolve").arg("id", "aaaa1111"));
    let again = alert(&bot, "aaaa1111", "web-1", "firing");
    hear(&mut bot, again);
    assert!(!bot.transcript().lines().last().unwrap_or_default().contains("s-1"));
}

#[test]
fn a_silence_that_no_job_can_end_is_said_too() {
    let mut bot = silenced();
    made(&mut bot, 0, "s-1");
    bot.deny("jobs:silence");
    bot.transcript();
    run(&mut bot, command("alert unsilence").arg("id", "aaaa1111"));
    let told = bot.transcript();
    assert!(told.contains("The silence s-1 could not be ended in prom, end it there: "), "{told}");
}

#[test]
fn what_was_made_for_a_group_that_is_forgotten_is_ended() {
    let mut bot = silenced();
    bot.kv.clear();
    made(&mut bot, 0, "s-1");
    assert_eq!(jobs(&bot)[1]["silence"], "s-1");
}

#[test]
fn a_new_trouble_of_a_silenced_group_has_no_card_until_the_silence_is_over() {
    for by_hand in [false, true] {
        let mut bot = silenced();
        let silenced_for = |bot: &mut FakeBot| {
            run(bot, command("alert unsilence").arg("id", "aaaa1111"));
            run(bot, command("alert silence").arg("id", "aaaa1111").arg("reason", "x").arg("for", "86400000"));
            run(bot, command("alert resolve").arg("id", "aaaa1111"));
        };
        silenced_for(&mut bot);
        bot.transcript();
        later(&mut bot, 7_200);
        let next = alert(&bot, "aaaa1111", "web-1", "firing");
        hear(&mut bot, next);
        assert_eq!(bot.transcript(), "", "nobody is told of it");
        if by_hand {
            run(&mut bot, command("alert unsilence").arg("id", "aaaa1111"));
        } else {
            later(&mut bot, 79_200);
            bot.fire_timer::<Alerts>("unsilence/aaaa1111").expect("it is handled");
        }
        let told = bot.transcript();
        assert!(told.starts_with("post ") && told.contains("Firing."), "{told}");
    }
}
