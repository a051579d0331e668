//! Reminders: once each, quiet when it is done, louder when it is late.

use super::*;
use drillbell_sdk::{Contact, testing::Said};
use serde_json::json;

/// What was posted since the last look: where, and the heading.
fn posts(bot: &mut FakeBot) -> Vec<String> {
    let told = |said: Said| match said {
        Said::Post { to, view, .. } => Some(format!("{to}: {}", view.title)),
        Said::Page { notifier, .. } => Some(format!("page {notifier}")),
        _ => None,
    };
    std::mem::take(&mut bot.said).into_iter().filter_map(told).collect()
}

/// One item of Ben's, due in two days, and nothing else that reminds.
fn with_item() -> FakeBot {
    let mut bot = written();
    for item in ["1", "2"] {
        run(&mut bot, command("postmortem action").arg("action", "done").arg("text", item));
    }
    let due = drillbell_sdk::time::rfc3339(bot.now_ms + 2 * DAY_MS);
    let order = command("postmortem action").arg("action", "add").arg("text", "alert on the queue").arg("owner", "ben");
    run(&mut bot, order.arg("due", &due));
    bot.timers.retain(|name, _| name == "item INC-1 3");
    bot.said.clear();
    bot
}

#[test]
fn an_item_is_reminded_of_before_it_is_due_then_escalates_until_it_is_done() {
    let mut bot = with_item();
    bot.settings.insert("leads".into(), json!({ "ben": "cleo" }));
    bot.pass::<Postmortem>(DAY_MS + MINUTE_MS);
    assert_eq!(posts(&mut bot), ["console:#incidents: INC-1: an action item is due soon"]);
    bot.pass::<Postmortem>(DAY_MS);
    let late = "INC-1: an action item is overdue by 1 s";
    assert_eq!(posts(&mut bot), [format!("console:#incidents: {late}"), format!("console:#ops: {late}")]);
    bot.pass::<Postmortem>(3 * DAY_MS);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m14 to console:#incidents
    INC-1: an action item is overdue by 3 d (warning)
    3 alert on the queue (ben, overdue by 3 d)
    Told to: cleo, who leads ben
    ~ It is of a draft: its postmortem is not published yet. When it is done: /postmortem action done 3 --incident INC-1

    post m15 to console:#ops
    INC-1: an action item is overdue by 3 d (warning)
    3 alert on the queue (ben, overdue by 3 d)
    Told to: cleo, who leads ben
    ~ It is of a draft: its postmortem is not published yet. When it is done: /postmortem action done 3 --incident INC-1
    ");
    bot.pass::<Postmortem>(7 * DAY_MS);
    assert_eq!(posts(&mut bot).len(), 2, "every week");
    run(&mut bot, command("postmortem action").arg("action", "done").arg("text", "3"));
    bot.said.clear();
    bot.pass::<Postmortem>(30 * DAY_MS);
    assert_eq!(posts(&mut bot), [] as [String; 0]);
    assert!(bot.timers.is_empty(), "{:?}", bot.timers);
}

#[test]
fn what_a_draft_says_is_to_be_done_is_reminded_of_as_what_is_published_is() {
    let said = |bot: &mut FakeBot| {
        bot.pass::<Postmortem>(2 * DAY_MS + MINUTE_MS);
        let told = posts(&mut bot.clone());
        (told, std::mem::take(bot).transcript())
    };
    let (told, draft) = said(&mut with_item());
    let mut published = with_item();
    published.deny("jobs:document");
    run(&mut published, command("postmortem publish"));
    published.timers.retain(|name, _| name == "item INC-1 3");
    published.said.clear();
    let (also, out) = said(&mut published);
    assert_eq!((told.len(), &told), (3, &also), "a day before it is due, and when it is: here and to the operators");
    assert_eq!(draft.matches("It is of a draft").count(), 3, "{draft}");
    assert!(!out.contains("It is of a draft"), "{out}");
}

#[test]
fn a_lead_is_paged_once_where_that_is_wanted() {
    let mut bot = with_item();
    let cleo = Contact::new("cleo", "Cleo");
    bot.with_ladder("sev1", "default", &[(0, std::slice::from_ref(&cleo))]);
    bot.settings.insert("leads".into(), json!({ "*": "cleo" }));
    bot.settings.insert("page_leads".into(), json!(true));
    bot.pass::<Postmortem>(20 * DAY_MS);
    let pages = posts(&mut bot).into_iter().filter(|told| told == "page cleo").count();
    assert_eq!(pages, 1);
}

#[test]
fn a_bot_that_was_down_tells_what_is_so_then_and_once() {
    let mut bot = with_item();
    later(&mut bot, 4 * DAY_MS);
    bot.pass::<Postmortem>(0);
    let told = posts(&mut bot);
    assert_eq!(told[0], "console:#incidents: INC-1: an action item is overdue by 2 d");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn what_is_not_published_is_reminded_of_a_few_times() {
    let mut bot = drafted();
    bot.timers.retain(|name, _| name == "publish INC-1");
    bot.said.clear();
    bot.pass::<Postmortem>(100 * DAY_MS);
    let told = posts(&mut bot);
    assert_eq!(told[0], "console:#incidents: INC-1: no postmortem is published");
    assert_eq!(told.iter().filter(|told| told.starts_with("console:#incidents")).count(), 4);
    assert_eq!(told.iter().filter(|told| told.starts_with("console:#ops")).count(), 3);
    let mut bot = drafted();
    bot.settings.insert("publish_days".into(), json!(0));
    run(&mut bot, command("postmortem draft"));
    bot.deny("escalation");
    bot.timers.retain(|name, _| name == "publish INC-1");
    bot.pass::<Postmortem>(6 * DAY_MS);
    assert!(
        bot.log.iter().any(|(_, line)| line.contains("Unsaid: INC-1: no postmortem is published")),
        "{:?}",
        bot.log
    );
}

#[test]
fn a_reminder_that_could_not_be_set_is_set_later() {
    let mut bot = drafted();
    bot.timers.clear();
    bot.deny("timers");
    let due = drillbell_sdk::time::rfc3339(bot.now_ms + 2 * DAY_MS);
    let order = command("postmortem action").arg("action", "add").arg("text", "alert on the queue").arg("owner", "ben");
    run(&mut bot, order.arg("due", &due));
    assert!(bot.timers.is_empty());
    bot.denied.remove("timers");
    run(&mut bot, command("postmortem draft"));
    assert!(bot.timers.keys().any(|name| name.starts_with("item INC-1 ")), "{:?}", bot.timers);
}

#[test]
fn what_is_not_said_while_an_incident_is_open_does_not_count_as_said() {
    let mut bot = drafted();
    bot.timers.retain(|name, _| name == "publish INC-1");
    let ended = bot.incidents[0].resolved_ms.take();
    bot.said.clear();
    bot.pass::<Postmortem>(50 * DAY_MS);
    assert!(posts(&mut bot).is_empty(), "it goes on");
    bot.incidents[0].resolved_ms = ended;
    bot.pass::<Postmortem>(100 * DAY_MS);
    assert_eq!(posts(&mut bot).iter().filter(|told| told.starts_with("console:#incidents")).count(), 4);
}
