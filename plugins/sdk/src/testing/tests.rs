//! The fake bot against the promises it makes.

use super::{FakeBot, click, command};
use crate::found::BrokeOff;
use crate::{
    Action, Bot, Button, Command, Conversation, Error, HostError, Job, Level, NewJob, OnAction, OnCommand, OnJob,
    OnLost, OnTimer, PageAction, PublicUpdate, Result, Status, Timer, View, user,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Greets, counts, reminds and fails.
struct Greeter;

impl OnCommand for Greeter {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        let name = cmd.text("name").ok_or_else(|| user("Whom? Try /greet hello Ana"))?;
        let times: u32 = bot.get_json(name)?.unwrap_or(0) + 1;
        bot.set_json(name, &times)?;
        let card = View::titled(format!("Hello {name}")).button(Button::new("again", "Again").value(name));
        let message = bot.reply(card)?;
        bot.react(&message, "wave")?;
        bot.set_data(&times)?;
        let at_ms = bot.now() + 60_000;
        bot.set_timer("remind", at_ms, name)?;
        bot.log(Level::Info, "greeted");
        if name == "Mallory" { Err(user("Not Mallory.")) } else { Ok(()) }
    }
}

impl OnAction for Greeter {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        bot.edit(&action.card, format!("{} again", action.value))?;
        Ok(())
    }
}

impl OnTimer for Greeter {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        let place: String = bot.setting("place")?.unwrap_or_default();
        bot.post(&Conversation::from(place), format!("Remember {}, {} ms late", timer.payload, timer.late_ms))?;
        Ok(())
    }
}

crate::export!(Greeter: on_command, on_action, on_timer; manifest "Cargo.toml");

#[test]
fn everything_a_handler_asked_for_is_there_to_look_at() {
    let mut bot = FakeBot::new();
    bot.command::<Greeter>(command("greet hello").arg("name", "Bo")).expect("it greets");
    assert_eq!(bot.kv["Bo"], "1");
    assert_eq!(bot.data, Some(1.into()));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Hello Bo (neutral)
    [Again] again Bo, once

    react m1 wave
    ");
    bot.action::<Greeter>(click("again", "Bo")).expect("it edits");
    insta::assert_snapshot!(bot.message(&"m1".into()).expect("posted"), @"Bo again");
}

#[test]
fn a_handler_that_fails_did_nothing_but_log() {
    let mut bot = FakeBot::new();
    let refused = bot.command::<Greeter>(command("greet hello").arg("name", "Mallory"));
    assert_eq!(refused, Err(user("Not Mallory.")));
    assert!(bot.said.is_empty() && bot.kv.is_empty() && bot.timers.is_empty() && bot.data.is_none());
    assert_eq!(bot.log, [(Level::Info, String::from("greeted"))]);
}

#[test]
fn a_timer_fires_once_and_knows_how_late_it_is() {
    let mut bot = FakeBot::new();
    bot.settings.insert(String::from("place"), "console:#ops".into());
    bot.command::<Greeter>(command("greet hello").arg("name", "Bo")).expect("it greets");
    bot.said.clear();
    bot.advance(Duration::from_secs(90));
    bot.fire_timer::<Greeter>("remind").expect("it reminds");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m2 to console:#ops
    Remember Bo, 30000 ms late
    ");
    assert!(bot.timers.is_empty());
}

/// Rings every ten milliseconds, and notes when each ring was due.
struct Ringer;

impl OnTimer for Ringer {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        let now_ms = bot.now();
        bot.log(Level::Info, &format!("{} at {now_ms}, {} late", timer.name, timer.late_ms));
        if timer.name == "broken" {
            return Err(user("It rings no more."));
        }
        Ok(bot.set_timer(&timer.name, now_ms + 10, "")?)
    }
}

#[test]
fn time_passes_with_every_timer_that_comes_due_meanwhile() {
    let mut bot = FakeBot { now_ms: 100, ..FakeBot::new() };
    bot.timers = [("b", 95), ("a", 103), ("far", 200)].map(|(name, at)| (name.into(), (at, String::new()))).into();
    bot.pass::<Ringer>(13);
    let rang: Vec<_> = bot.log.drain(..).map(|(_, line)| line).collect();
    assert_eq!(rang, ["b at 100, 5 late", "a at 103, 0 late", "b at 110, 0 late", "a at 113, 0 late"]);
    assert_eq!((bot.now_ms, bot.timers["b"].0, bot.timers["far"].0), (113, 120, 200));
    bot.when_due::<Ringer>("far").expect("it rings");
    assert_eq!((bot.now_ms, bot.timers["far"].0), (200, 210));
    bot.when_due::<Ringer>("b").expect("it rings");
    assert_eq!((bot.now_ms, bot.log[1].1.as_str()), (200, "b at 200, 80 late"), "the clock never goes back");
    bot.timers.insert("broken".into(), (205, String::new()));
    assert!(bot.when_due::<Ringer>("broken").is_err());
    assert!(bot.timers.contains_key("broken"), "it is as if it had not fired");
}

#[test]
fn what_is_not_granted_is_denied_and_the_operator_hears_of_it() {
    let mut bot = FakeBot::new();
    bot.deny("kv");
    let denied = bot.command::<Greeter>(command("greet hello").arg("name", "Bo"));
    assert!(matches!(denied, Err(Error::Internal(text)) if text.contains("`kv` is not granted")));
    bot.deny("post:console:#ops");
    assert!(matches!(bot.post(&"console:#ops".into(), "hi"), Err(HostError::Denied(_))));
    bot.deny("incidents:write");
    assert!(bot.incidents(false, 1).is_ok(), "reading is a grant of its own");
    bot.deny("incidents:read");
    assert!(matches!(bot.incidents(false, 1), Err(HostError::Denied(_))));
}

#[test]
fn incidents_are_numbered_without_gaps_and_obey_the_rules() {
    let mut bot = FakeBot::new();
    let place = Conversation::from("console:#incidents");
    assert!(bot.declare("x", "sev9", &place, None).is_err());
    let first = bot.declare("one", "sev1", &place, None).expect("declared");
    let second = bot.declare("two", "sev2", &place, Some("shop")).expect("declared");
    assert_eq!((first.id.as_str(), second.id.as_str()), ("INC-1", "INC-2"));
    assert!(bot.set_severity(&first.id, "sev1", "").is_err(), "it is that already");
    bot.set_status(&first.id, Status::Resolved, "").expect("resolved");
    assert!(bot.update(&first.id, "x").is_err() && bot.set_status(&first.id, Status::Monitoring, "").is_err());
    bot.note(&first.id, "note", "still").expect("notes are always possible");
    assert!(bot.note(&first.id, "status", "forged").is_err());
    bot.reopen(&first.id, "").expect("reopened");
    assert!(bot.reopen(&first.id, "").is_err());
    bot.set_title(&first.id, "better words").expect("renamed");
    let told: Vec<String> = bot.timeline(&first.id, 3).expect("read").into_iter().map(|e| e.text).collect();
    assert_eq!(told, ["still", "reopened: resolved → investigating", "one → better words"]);
    let open: Vec<_> = bot.incidents(true, 1).expect("read").into_iter().map(|incident| incident.id).collect();
    assert_eq!(open, ["INC-2"], "newest first, no more than asked for");
}

#[test]
fn nobody_can_be_answered_when_nobody_asked() {
    let mut bot = FakeBot::new();
    let refused = bot.run(|bot| Ok(bot.reply("hello?")?));
    assert!(matches!(refused, Err(Error::User(_))));
    assert!(matches!(bot.edit(&"m9".into(), "x"), Err(HostError::NotFound(_))));
}

#[test]
fn a_wrong_setting_is_named() {
    let mut bot = FakeBot::new();
    bot.settings.insert(String::from("every"), "soon".into());
    let wrong = bot.setting::<u32>("every").expect_err("no number");
    assert!(matches!(&wrong, Error::Internal(text) if text.starts_with("setting `every` is \"soon\":")), "{wrong}");
    assert_eq!(bot.setting::<u32>("none"), Ok(None));
    assert_eq!((bot.setting_or_log::<u32>("every"), bot.setting_or_log::<u32>("none")), (None, None));
    let (level, line) = &bot.log[0];
    assert!(*level == Level::Error && line.starts_with("setting `every` is \"soon\":"), "{line}");
    assert!(line.ends_with(": the default is used") && bot.log.len() == 1, "{line}");
    assert_eq!(bot.setting_or_log::<String>("every").as_deref(), Some("soon"));
}

#[test]
fn keys_are_listed_in_order_by_their_beginning() {
    let mut bot = FakeBot::new();
    for key in ["b:2", "a:1", "b:1", "c"] {
        bot.set(key, key).expect("set");
    }
    bot.delete("c").expect("deleted");
    let keys = |list: Vec<(String, String)>| list.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(bot.list("b:", 10).expect("read")), ["b:1", "b:2"]);
    assert_eq!(keys(bot.list("", 2).expect("read")), ["a:1", "b:1"]);
    assert!(bot.set("", "x").is_err());
}

/// Starts one copy at a time and says how it went.
struct Copier;

impl OnCommand for Copier {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        let job = NewJob::new("steps", "copy the shop", &["cp"])?.key("shop").on_lost(OnLost::Repeat).attempts(2);
        let id = bot.start_job(job)?;
        if cmd.flag("stop") {
            bot.cancel_job(&id)?;
        }
        Ok(())
    }
}

impl OnJob for Copier {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        bot.post(&Conversation::from("console:#ops"), format!("{} {} {}", job.kind, job.status, job.detail))?;
        Ok(())
    }
}

#[test]
fn jobs_are_started_one_at_a_time_of_a_key_and_end_as_the_test_says() {
    let mut bot = FakeBot::new();
    bot.command::<Copier>(command("copy now")).expect("it starts");
    let (asked, job) = bot.jobs[0].clone();
    assert_eq!((asked.spec.as_str(), asked.attempts, job.state.as_str()), ("[\"cp\"]", Some(2), "ready"));
    let refused = bot.command::<Copier>(command("copy now")).expect_err("the key is taken");
    assert_eq!(refused, user("the job job-1 has the key `shop` and has not ended"));
    assert_eq!(bot.job_with_key("shop").expect("granted").map(|job| job.id).as_deref(), Some("job-1"));
    bot.end_job::<Copier>("job-1", "done", "{}").expect("it tells");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#ops
    steps done {}
    ");
    bot.command::<Copier>(command("copy now").flag("stop")).expect("the key is free again");
    let states: Vec<_> = Bot::jobs(&mut bot, false, 9).expect("granted").into_iter().map(|job| job.state).collect();
    assert_eq!(states, ["cancelled", "done"]);
    bot.deny("jobs:steps");
    assert!(bot.command::<Copier>(command("copy now")).is_err());
    assert!(Bot::jobs(&mut bot, false, 9).expect("an empty list").is_empty());
}

#[test]
fn what_a_job_says_that_is_not_understood_is_logged_and_counts_as_nothing() {
    let mut bot = FakeBot::new();
    let (id, kind, status) = ("job-7".to_owned(), "steps".to_owned(), "failed".to_owned());
    let detail = r#"{"error": "no", "detail": {"stages": null}}"#.to_owned();
    let job = Job { id, kind, status, detail, incident: None, at_ms: 0 };
    let said: BrokeOff<BTreeMap<String, u64>> = bot.said_by(&job);
    assert_eq!((said.error.as_str(), said.detail.len(), bot.log.len()), ("no", 0, 0), "what is null is not said");
    let said: BrokeOff<BTreeMap<String, u64>> = bot.said_by(&Job { detail: "what?".to_owned(), ..job });
    assert_eq!((said.error.as_str(), said.detail.len()), ("", 0));
    let (level, line) = &bot.log[0];
    assert_eq!(*level, Level::Warn);
    assert!(line.starts_with("the job job-7 says what this plugin does not understand: "), "{line}");
}

#[test]
fn a_page_needs_its_grant_its_notifier_and_a_key() {
    let mut bot = FakeBot::new();
    bot.page("oncall", "INC-1", PageAction::Trigger, "checkout is down").expect("it pages");
    insta::assert_snapshot!(bot.transcript(), @r"
    page oncall trigger INC-1
    checkout is down
    ");
    assert!(matches!(bot.page("nobody", "INC-1", PageAction::Resolve, "over"), Err(HostError::NotFound(_))));
    assert!(matches!(bot.page("oncall", "", PageAction::Resolve, "over"), Err(HostError::Invalid(_))));
    bot.deny("page:oncall");
    assert!(matches!(bot.page("oncall", "INC-1", PageAction::Resolve, "over"), Err(HostError::Denied(_))));
    assert!(bot.said.is_empty());
}

#[test]
fn of_an_edited_message_the_changes_are_told_and_what_it_says_now_is_known() {
    let mut bot = FakeBot::new();
    let to = Conversation::from("console:#ops");
    let card = bot.post(&to, View::titled("INC-1").text("looking").context("next: find it")).expect("granted");
    assert_eq!(
        bot.changes(),
        "post m1 to console:#ops\nINC-1 (neutral)\nlooking\n~ next: find it",
        "what is new is told whole"
    );
    let found = View::titled("INC-1").text("found").context("next: find it").context("by ana");
    bot.edit(&card, found.clone()).expect("it is ours");
    bot.react(&card, "eyes").expect("it is ours");
    assert_eq!(bot.message(&card), Some(&found), "whatever came after it");
    assert_eq!(bot.changes(), "edit m1\n- looking\n+ found\n+ ~ by ana\n\nreact m1 eyes");
    assert_eq!(bot.message(&card), Some(&found), "looked at or not");
    bot.edit(&card, found).expect("it is ours");
    assert_eq!(bot.changes(), "edit m1\nas it was");
}

#[test]
fn the_operators_read_an_alarm_without_its_buttons_and_only_once() {
    let mut bot = FakeBot::new();
    let declare = |bot: &mut FakeBot, place: &str| bot.declare("x", "sev1", &place.into(), None).expect("declared").id;
    let (here, ops) = (declare(&mut bot, "console:#incidents"), declare(&mut bot, "console:#ops"));
    let alarm = View::from("nobody answers").button(Button::new("ack", "Acknowledge"));
    bot.tell(&here, true, alarm.clone()).expect("told");
    insta::assert_snapshot!(bot.transcript(), @"
    post m1 to console:#incidents
    nobody answers
    [Acknowledge] ack , once

    post m2 to console:#ops
    nobody answers
    ");
    bot.tell(&ops, true, alarm.clone()).expect("told");
    bot.tell(&here, false, alarm).expect("told");
    let places: Vec<_> = bot.transcript().lines().filter(|line| line.starts_with("post")).map(String::from).collect();
    assert_eq!(places, ["post m3 to console:#ops", "post m4 to console:#incidents"]);
}

#[test]
fn a_ladders_repeats_come_in_the_order_of_their_time() {
    let mut bot = FakeBot::new();
    bot.with_ladder("sev1", "default", &[(0, &[]), (600, &[])]);
    bot.with_repeat("default", 1, 2, 500);
    let steps = bot.ladder_steps("default").expect("granted");
    let steps: Vec<_> = steps.iter().map(|step| (step.after_ms, step.level, step.round)).collect();
    assert_eq!(steps, [(0, 1, 0), (500, 1, 1), (600, 2, 0), (1000, 1, 2)]);
}

#[test]
fn what_the_public_is_to_read_is_as_strictly_read_as_by_the_host() {
    let mut bot = FakeBot::new();
    let id = bot.declare("x", "sev1", &"console:#incidents".into(), None).expect("declared").id;
    let propose = |bot: &mut FakeBot, text: &str| {
        let (title, text) = (String::new(), String::from(text));
        let update = PublicUpdate { incident: id.clone(), title, status: Status::Resolved, text, components: vec![] };
        bot.propose_public(update).map_err(|error| error.to_string())
    };
    assert_eq!(
        propose(&mut bot, "Over."),
        Err("there is no public status page: the configuration has no [status]".into())
    );
    bot.components.insert("api".into());
    assert_eq!(propose(&mut bot, &"x".repeat(2001)), Err("The public text has 1 to 2000 characters.".into()));
    assert_eq!(
        propose(&mut bot, "Ov\u{202e}er."),
        Err("The public text holds U+202E, which cannot be seen; take it out.".into())
    );
    assert!(propose(&mut bot, &"x".repeat(2000)).is_ok());
    assert_eq!(bot.public_updates.len(), 1);
}
