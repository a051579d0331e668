//! An incident that is over is offered a draft, once.

use super::*;
use drillbell_sdk::testing::{click, person};
use drillbell_sdk::{Action, Declared, OnIncident};
use serde_json::json;

/// An incident that another plugin declares, as this one hears of it.
fn declared(level: &str) -> FakeBot {
    let mut bot = FakeBot::new();
    let here = "console:#incidents".into();
    by(&mut bot, "ana", |bot| drop(bot.declare("checkout is down", level, &here, None).expect("declared")));
    let event = Declared { incident: id("INC-1"), by: "sev-declare".into(), conversation: here, at_ms: bot.now_ms };
    bot.run(|bot| Postmortem::on_incident(bot, event)).expect("heard");
    bot
}

fn resolve(bot: &mut FakeBot) {
    by(bot, "ana", |bot| drop(bot.set_status(&id("INC-1"), Status::Resolved, "").expect("resolved")));
}

#[test]
fn it_is_offered_where_the_incident_lives_once_and_a_click_drafts_it() {
    let mut bot = declared("sev1");
    bot.pass::<Postmortem>(42 * MINUTE_MS);
    assert!(bot.said.is_empty(), "it goes on");
    resolve(&mut bot);
    bot.pass::<Postmortem>(10 * MINUTE_MS);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#incidents
    INC-1 is over: write down what it taught (info)
    checkout is down (sev1) ended after 42 min. A draft is made from its timeline at once.
    ~ Or later: /postmortem draft INC-1
    [Draft the postmortem] draft INC-1, primary, once
    ");
    bot.pass::<Postmortem>(DAY_MS);
    assert!(bot.said.is_empty(), "once");
    let mut action: Action = click("draft", "INC-1").into();
    action.by = person("ben", "Ben");
    bot.action::<Postmortem>(action).expect("drafted");
    assert!(bot.kv["paper/INC-1"].contains("\"by\":\"Ben\""));
}

#[test]
fn only_what_is_grave_enough_is_offered_as_the_operator_wants_it() {
    let mut bot = declared("sev3");
    resolve(&mut bot);
    bot.pass::<Postmortem>(DAY_MS);
    assert!(bot.said.is_empty());
    let mut bot = declared("sev3");
    bot.settings.insert("severities".into(), json!(["sev3"]));
    resolve(&mut bot);
    bot.pass::<Postmortem>(DAY_MS);
    assert_eq!(bot.said.len(), 1);
    let mut bot = declared("sev1");
    run(&mut bot, command("postmortem draft").arg("id", "INC-1"));
    bot.said.clear();
    resolve(&mut bot);
    bot.pass::<Postmortem>(DAY_MS);
    assert!(bot.said.is_empty(), "there is one already");
}
