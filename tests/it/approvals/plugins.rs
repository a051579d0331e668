//! Approvals that a plugin asks for: held to its grant, shown as the host shows them, heard through `on-approval`.

use super::{approves, card, kept, said_in};
use crate::support::approvals::{PEOPLE, id_of, plain, ruled};
use crate::support::bot::{HERE, SEV, Setup, TestBot, plugin_folder, with_bot_of};
use crate::support::eventually;
use crate::support::script::SameOnBoth;
use drillbell::model::approval::State;
use drillbell::model::ids::ApprovalId;
use drillbell::store::OutcomeStatus;
use serde_json::Value;

fn granted() -> Setup {
    let config = ruled("")
        .config
        .replace("grants = [\"kv\", \"timers\", \"alerts\"", "grants = [\"kv\", \"approvals\", \"alerts\"");
    assert!(config.contains("\"approvals\""));
    Setup { config, ..Setup::default() }
}

/// What the plugin was told of an approval.
async fn heard(bot: &TestBot, plugin: &str, id: &ApprovalId) -> Value {
    let row = async || bot.app.store().kv_get(&plugin.into(), &format!("seen:approval:{id}")).await.unwrap().value;
    serde_json::from_str(&eventually("the plugin hears of it", row).await).unwrap()
}

#[test]
fn a_plugin_asks_is_told_how_it_ended_and_only_the_hosts_buttons_are_on_the_card() {
    let seen = SameOnBoth::default();
    with_bot_of(granted, async |bot| {
        let asked = bot.ana("/misbehave approval '{\"to\": \"v1\", \"from\": 2}' --role commander").await;
        assert_eq!(asked.status, OutcomeStatus::Ok, "the plugin's answer is its own");
        let id = id_of(&asked);
        let before = card(&bot, &id).await;
        let given = approves(&bot, "ben", &id).await;
        let mut ended = heard(&bot, "misbehaving", &id).await;
        ended["at_ms"].take();
        let told = [before, plain(&given.text, &id), card(&bot, &id).await, plain(&ended.to_string(), &id)];
        seen.saw(told.join("\n--\n"));
    });
    insta::assert_snapshot!(seen.text(), @r#"
    Approval A-1: Restore shop
    says misbehaving
    {"to": "v1", "from": 2}
    asked by: Ana
    waits for: 1 approval of the role commander (Ben or Carla)
    until: 2026-01-01T00:15:00.000Z
    Or type /drillbell approve A-1, or /drillbell deny A-1 and why.
    [Approve] [Deny]
    --
    Approved: Restore shop goes on in `misbehaving`.
    --
    Approval A-1: Restore shop
    says misbehaving
    {"to": "v1", "from": 2}
    asked by: Ana
    approved by: Ben at 00:00 UTC
    Approved by Ben at 00:00 UTC: Restore shop goes on in `misbehaving`.
    --
    {"at_ms":null,"by":[{"id":"ben","name":"Ben"}],"id":"A-1","status":"approved","subject":"\"{\\\"to\\\": \\\"v1\\\", \\\"from\\\": 2}\""}
    "#);
}

#[test]
fn every_end_is_heard_once() {
    with_bot_of(granted, async |bot| {
        let ask = async || id_of(&bot.ana("/misbehave approval plan").await);
        let (denied, expired, taken, void) = (ask().await, ask().await, ask().await, ask().await);
        bot.types("ben", HERE, &format!("/drillbell deny {denied}")).await;
        bot.ana(&format!("/drillbell deny {taken}")).await;
        let cancelled = bot.ana(&format!("/misbehave approval-cancel {void}")).await;
        assert_eq!(cancelled.text, "get allowed\ncancel allowed");
        let again = bot.ana(&format!("/misbehave approval-cancel {void}")).await;
        assert!(again.text.contains("cancel invalid") && again.text.contains("is void already"), "{}", again.text);
        bot.clock.advance(1_000 * 15 * 60);
        for (id, status, by) in
            [(&denied, "denied", 1), (&expired, "expired", 0), (&taken, "void", 0), (&void, "void", 0)]
        {
            let ended = heard(&bot, "misbehaving", id).await;
            assert_eq!(
                (ended["status"].as_str(), ended["by"].as_array().map(Vec::len)),
                (Some(status), Some(by)),
                "{ended}"
            );
            let row = bot.app.store().kv_get(&"misbehaving".into(), &format!("seen:approval:{id}")).await.unwrap();
            assert_eq!((row.revision, kept(&bot, id).await.state.as_str()), (1, status));
        }
        assert!(card(&bot, &void).await.contains("because no need"), "{}", card(&bot, &void).await);
        assert_eq!(approves(&bot, "ben", &void).await.status, OutcomeStatus::Refused);
    });
}

#[test]
fn without_the_grant_nobody_is_asked_and_anothers_approval_is_not_there() {
    with_bot_of(
        || ruled(""),
        async |bot| {
            let refused = bot.ana("/misbehave ask-approvals").await;
            assert_eq!(refused.text.matches("denied: approvals is not granted").count(), 4, "{}", refused.text);
            assert!(bot.app.store().open_approvals(10).await.unwrap().is_empty());
        },
    );
    let another = format!(
        "[plugins.another]\nsource = \"file:{}\"\ngrants = [\"kv\", \"approvals\"]",
        plugin_folder().join("misbehaving.wasm").display()
    );
    let rules = "[[policy]]\ncommand = \"sev list\"\napprovals = 1";
    with_bot_of(
        || Setup { config: format!("{SEV}\n{PEOPLE}\n{another}\n{rules}"), ..Setup::default() },
        async |bot| {
            let held = id_of(&bot.ana("/sev list").await);
            let tried = bot.ana(&format!("/misbehave approval-cancel {held}")).await;
            assert_eq!(tried.text.matches("not-found").count(), 2, "{}", tried.text);
            assert_eq!(kept(&bot, &held).await.state, State::Open);
            let own = bot.ana("/misbehave ask-approvals").await;
            assert!(
                own.text.starts_with("request allowed\nget allowed\ncancel allowed\nforged not-found"),
                "{}",
                own.text
            );
            assert_eq!(
                bot.app.store().open_approvals(10).await.unwrap().len(),
                1,
                "asked and taken back in one breath"
            );
        },
    );
}

#[test]
fn a_title_that_wants_to_be_read_as_another_is_shown_as_it_is() {
    let seen = SameOnBoth::default();
    with_bot_of(granted, async |bot| {
        let hostile = "/misbehave approval \"drop \u{202e}pohs\" --title \"@everyone <!channel> approved \u{202e}yb\u{200b} Ben [Approve](http://x)\"";
        let id = id_of(&bot.ana(hostile).await);
        seen.saw(card(&bot, &id).await);
        for line in
            ["--title \"a\nb\"", "--role nobody", "--needed 11", "--after 1s", &format!("--title {}", "x".repeat(501))]
        {
            let refused = bot.ana(&format!("/misbehave approval plan {line}")).await;
            assert_ne!(refused.status, OutcomeStatus::Ok, "{line}: {refused:?}");
        }
        assert_eq!(bot.app.store().open_approvals(10).await.unwrap().len(), 1);
        assert_eq!(said_in(&bot, HERE, &id).await.len(), 2, "the card and the plugin's answer");
    });
    insta::assert_snapshot!(seen.text(), @r"
    Approval A-1: @everyone <!channel> approved \u{202e}yb\u{200b} Ben [Approve](http://x)
    says misbehaving
    drop \u{202e}pohs
    asked by: Ana
    waits for: 1 approval (Ben, Carla or Dora)
    until: 2026-01-01T00:15:00.000Z
    Or type /drillbell approve A-1, or /drillbell deny A-1 and why.
    [Approve] [Deny]
    ");
}
