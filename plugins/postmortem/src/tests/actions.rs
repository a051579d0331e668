//! Action items: with owner and date, across incidents.

use super::*;

fn in_days(bot: &FakeBot, days: u64) -> String {
    drillbell_sdk::time::rfc3339(bot.now_ms + days * DAY_MS)
}

fn add(bot: &FakeBot, text: &str, owner: &str, days: u64) -> CommandBuilder {
    command("postmortem action")
        .arg("action", "add")
        .arg("text", text)
        .arg("owner", owner)
        .arg("due", &in_days(bot, days))
}

#[test]
fn an_item_has_an_owner_and_a_date_or_is_refused() {
    let mut bot = drafted();
    bot.said.clear();
    let why = refused(&mut bot, command("postmortem action").arg("action", "add").arg("text", "x"));
    assert!(why.starts_with("What is to be done, by whom, until when?"), "{why}");
    let late = command("postmortem action").arg("action", "add").arg("text", "x").arg("owner", "ben");
    let why = refused(&mut bot, late.arg("due", "2026-01-01T00:00:00Z"));
    assert!(why.starts_with("The date is over already"), "{why}");
    let order = add(&bot, "alert on the queue", "ben", 7);
    run(&mut bot, order);
    run(&mut bot, command("postmortem action").arg("action", "done").arg("text", "3"));
    let why = refused(&mut bot, command("postmortem action").arg("action", "done").arg("text", "#3"));
    assert_eq!(why, "Action item 3 of INC-1 is done already.");
    run(&mut bot, command("postmortem action").arg("action", "list"));
    let told: Vec<_> =
        bot.said.iter().filter(|said| !said.to_string().starts_with("edit")).map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n\n"), @r"
    reply m2
    Action item 3 alert on the queue (ben, due 2026-03-08 10:54 UTC)
    ~ Of INC-1. When it is done: /postmortem action done 3 --incident INC-1

    reply m3
    Action item 3 of INC-1 is done: alert on the queue
    ~ Done by Ana. 2 are left.

    reply m4
    Action items of INC-1 (neutral)
    1 What the runbook R-1 db-down taught: mend what was wrong or missing in it (ana, due 2026-03-15 10:54 UTC)
    2 Review: broke the glass on A-00000001 for Restore shop: no time (ana, due 2026-03-15 10:54 UTC)
    3 alert on the queue (ben, done by ana on 2026-03-01 10:54 UTC)
    ");
}

#[test]
fn what_was_left_open_in_the_incident_is_an_item_and_gets_its_owner_later() {
    let mut bot = over();
    let one = id("INC-1");
    by(&mut bot, "ana", |bot| {
        bot.reopen(&one, "").expect("opened");
        bot.add_task(&one, "restart it", Some("ana"), None).expect("added");
        bot.finish_task(&one, 1).expect("done");
        bot.add_task(&one, "find the leak", None, None).expect("added");
    });
    later(&mut bot, MINUTE_MS);
    by(&mut bot, "ana", |bot| drop(bot.set_status(&one, Status::Resolved, "").expect("resolved")));
    run(&mut bot, command("postmortem draft").arg("id", "INC-1"));
    let found = data(&bot)["findings"].to_string();
    assert!(found.contains("2 has no owner and no date."), "{found}");
    let order = add(&bot, "#2", "cleo", 3);
    run(&mut bot, order);
    assert_eq!(data(&bot)["replaces"], 2);
    run(&mut bot, command("postmortem action").arg("action", "list"));
    let items: Vec<_> = data(&bot)["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| (item["text"].clone(), item["owner"].clone()))
        .collect();
    assert!(items.contains(&(Value::from("find the leak"), Value::from("cleo"))), "{items:?}");
    assert!(!items.iter().any(|(text, owner)| text == "restart it" || owner.is_null()), "{items:?}");
}

#[test]
fn what_is_overdue_is_listed_across_incidents() {
    let mut bot = drafted();
    by(&mut bot, "ana", |bot| {
        let other = bot.declare("search is slow", "sev3", &"console:#incidents".into(), None).expect("declared");
        bot.set_status(&other.id, Status::Resolved, "").expect("resolved");
    });
    run(&mut bot, command("postmortem draft").arg("id", "INC-2"));
    let order = add(&bot, "index the names", "ben", 1).incident("INC-2");
    run(&mut bot, order);
    run(&mut bot, command("postmortem action").arg("action", "overdue"));
    assert_eq!(data(&bot)["overdue"], serde_json::json!([]));
    later(&mut bot, 15 * DAY_MS);
    bot.said.clear();
    run(&mut bot, command("postmortem action").arg("action", "overdue"));
    run(&mut bot, command("postmortem list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m5
    Overdue action items (neutral)
    INC-2 (draft) 1 index the names (ben, overdue by 14 d)
    INC-1 (draft) 1 What the runbook R-1 db-down taught: mend what was wrong or missing in it (ana, overdue by 1 d)
    INC-1 (draft) 2 Review: broke the glass on A-00000001 for Restore shop: no time (ana, overdue by 1 d)

    reply m6
    Postmortems (neutral)
    INC-1 checkout is down: draft, begun by Ana on 2026-03-01 10:54 UTC; 2 of 2 items open, 2 overdue
    INC-2 search is slow: draft, begun by Ana on 2026-03-01 10:54 UTC; 1 of 1 items open, 1 overdue
    ");
}

#[test]
fn what_is_open_is_listed_across_incidents_and_a_draft_is_marked_as_one() {
    let mut bot = FakeBot::new();
    run(&mut bot, command("postmortem action").arg("action", "open"));
    assert_eq!(bot.transcript().trim(), "reply m1\nNo action item is open.");
    let mut bot = written();
    by(&mut bot, "ana", |bot| {
        let other = bot.declare("search is slow", "sev3", &"console:#incidents".into(), None).expect("declared");
        bot.add_task(&other.id, "find out why", None, None).expect("added");
        bot.set_status(&other.id, Status::Resolved, "").expect("resolved");
    });
    run(&mut bot, command("postmortem draft").arg("id", "INC-2"));
    let order = add(&bot, "index the names", "ben", 1).incident("INC-2");
    run(&mut bot, order);
    run(&mut bot, command("postmortem publish").arg("id", "INC-1"));
    run(&mut bot, command("postmortem action").arg("action", "done").arg("text", "2").incident("INC-1"));
    bot.said.clear();
    run(&mut bot, command("postmortem action").arg("action", "open"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m12
    Open action items (neutral)
    INC-2 (draft) 2 index the names (ben, due 2026-03-02 10:54 UTC)
    INC-1 1 What the runbook R-1 db-down taught: mend what was wrong or missing in it (ana, due 2026-03-15 10:54 UTC)
    INC-2 (draft) 1 find out why (nobody, no date)
    ");
    let told: Vec<_> = data(&bot)["open"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["incident"].clone(), one["draft"].clone(), one["item"]["number"].clone()))
        .collect();
    let one = |incident: &str, draft: bool, item: u32| (Value::from(incident), Value::from(draft), Value::from(item));
    assert_eq!(told, [one("INC-2", true, 2), one("INC-1", false, 1), one("INC-2", true, 1)]);
}

#[test]
fn a_list_without_items_says_how_one_is_added() {
    let mut bot = FakeBot::new();
    by(&mut bot, "ana", |bot| {
        bot.declare("a typo", "sev4", &"console:#incidents".into(), None).expect("declared");
    });
    by(&mut bot, "ana", |bot| drop(bot.set_status(&id("INC-1"), Status::Resolved, "").expect("resolved")));
    run(&mut bot, command("postmortem draft").arg("id", "INC-1"));
    bot.transcript();
    run(&mut bot, command("postmortem action").arg("action", "list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m2
    INC-1 has no action items.
    ~ To add one: /postmortem action add TEXT --owner @SOMEBODY --due +7d
    ");
}
