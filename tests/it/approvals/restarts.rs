//! The bot goes away between any two steps, and comes back as it was or changed: nothing is forgotten, nothing happens that
//! was not approved.

use super::{COUNTER, TWICE, approves, asks, card, count, kept, said_in};
use crate::support::approvals::{PEOPLE, ruled};
use crate::support::bot::{HERE, MISBEHAVING, SEV, Setup, TestBot, plugin_folder, with_database};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::script::SameOnBoth;
use drillbell::model::approval::State;
use drillbell::store::OutcomeStatus;

/// Starts the bot again with these rules, on the same data and clock.
async fn again(database: &TestDatabase, first: &Setup, config: String) -> TestBot {
    let setup = Setup {
        folder: first.folder.clone(),
        clock: first.clock.clone(),
        config,
        platforms: Vec::new(),
        chats: Vec::new(),
        kinds: Vec::new(),
        path: None,
    };
    TestBot::start(database, setup).await
}

/// The data of a bot that is started several times.
fn keeping(rules: &str) -> (Setup, String) {
    let setup = ruled(rules);
    let config = setup.config.clone();
    (setup, config)
}

#[test]
fn a_restart_between_any_two_steps_changes_nothing() {
    with_database(async |database| {
        let (first, config) = keeping(TWICE);
        let bot = again(database, &first, config.clone()).await;
        let id = asks(&bot).await;
        bot.app.stop().await;

        let bot = again(database, &first, config.clone()).await;
        assert_eq!(approves(&bot, "ben", &id).await.status, OutcomeStatus::Ok);
        bot.app.stop().await;

        let bot = again(database, &first, config.clone()).await;
        assert_eq!(approves(&bot, "ben", &id).await.status, OutcomeStatus::Refused, "his vote was kept");
        assert_eq!(approves(&bot, "carla", &id).await.status, OutcomeStatus::Ok);
        bot.app.stop().await;

        let bot = again(database, &first, config).await;
        eventually("it ran", async || (count(&bot).await == 1).then_some(())).await;
        assert_eq!(
            (kept(&bot, &id).await.state, approves(&bot, "ben", &id).await.status),
            (State::Approved, OutcomeStatus::Refused)
        );
        assert_eq!(count(&bot).await, 1, "and once");
        bot.finish().await;
    });
}

#[test]
fn what_runs_out_while_the_bot_is_away_has_run_out_when_it_is_back() {
    with_database(async |database| {
        let (first, config) = keeping(COUNTER);
        let bot = again(database, &first, config.clone()).await;
        let id = asks(&bot).await;
        bot.app.stop().await;
        first.clock.advance(1_000 * 3 * 86_400);
        let bot = again(database, &first, config).await;
        eventually("it ran out", async || (kept(&bot, &id).await.state == State::Expired).then_some(())).await;
        assert_eq!((approves(&bot, "ben", &id).await.status, count(&bot).await), (OutcomeStatus::Refused, 0));
        bot.finish().await;
    });
}

#[test]
fn what_would_run_now_must_be_what_was_approved_and_still_be_allowed() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let usurper = format!(
            "[plugins.another]\nsource = \"file:{}\"\ngrants = [\"kv\"]\n{SEV}\n{PEOPLE}\n{COUNTER}",
            plugin_folder().join("misbehaving.wasm").display()
        );
        let stricter = format!("{SEV}\n{MISBEHAVING}\n{PEOPLE}\n{TWICE}");
        let revoked = COUNTER.replace("approvals", "role = \"commander\"\napprovals");
        let revoked = format!("{SEV}\n{MISBEHAVING}\n{PEOPLE}\n{revoked}");
        let mut told = Vec::new();
        for changed in [usurper, stricter, revoked] {
            let (first, config) = keeping(COUNTER);
            let bot = again(database, &first, config).await;
            let id = asks(&bot).await;
            bot.app.stop().await;
            let bot = again(database, &first, changed).await;
            assert_eq!(approves(&bot, "ben", &id).await.status, OutcomeStatus::Ok);
            eventually("it is void", async || (kept(&bot, &id).await.state == State::Void).then_some(())).await;
            told.push(format!("{}\n{}", said_in(&bot, HERE, &id).await.pop().unwrap(), card(&bot, &id).await));
            let root = kept(&bot, &id).await.root;
            let answer = bot.app.commands().answer(&root).await.unwrap().unwrap();
            assert_eq!((answer.status, count(&bot).await), (OutcomeStatus::Refused, 0), "{answer:?}");
            bot.finish().await;
        }
        seen.saw(told.join("\n--\n"));
    });
    insta::assert_snapshot!(seen.text(), @r"
    /misbehave kv-counter was not carried out: what would run now is not what was approved. Ask anew if it is still needed.
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    approved by: Ben at 00:00 UTC
    Void since 00:00 UTC, because what would run now is not what was approved: /misbehave kv-counter was not done.
    --
    /misbehave kv-counter was not carried out: the policy asks for other approvals by now. Ask anew if it is still needed.
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    approved by: Ben at 00:00 UTC
    Void since 00:00 UTC, because the policy asks for other approvals by now: /misbehave kv-counter was not done.
    --
    /misbehave kv-counter was not carried out: /misbehave kv-counter is for the role commander: ask Ben or Carla. Ask anew if it is still needed.
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    approved by: Ben at 00:00 UTC
    Void since 00:00 UTC, because /misbehave kv-counter is for the role commander: ask Ben or Carla: /misbehave kv-counter was not done.
    ");
}
