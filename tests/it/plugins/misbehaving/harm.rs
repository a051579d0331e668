//! Whatever it does to itself ends in one sentence for the user and one record in the trail.

use super::misbehaving;
use crate::support::bot::{HERE, SEV, Setup, TestBot, with_bot_of};
use crate::support::script::{SameOnBoth, told};
use drillbell::store::OutcomeStatus;
use serde_json::Value;

const GRANTS: &[&str] = &["kv", "timers"];

/// Does one bad thing; returns what the user sees and what the operators read.
async fn does(bot: &TestBot, bad: &str) -> String {
    let line = format!("/misbehave {bad}");
    let answer = bot.delivers(bad, "ana", HERE, &line).await;
    assert_eq!(answer.status, OutcomeStatus::Failed, "{bad}: {answer:?}");
    assert_eq!(answer.messages.len(), 1, "{bad}: one answer and nothing of its own");
    assert!(answer.messages[0].private && answer.text.lines().count() <= 2, "{bad}: {answer:?}");
    let record = bot.record(bad).await;
    assert_eq!((&record["outcome"], &record["plugin"]), (&Value::from("failed"), &Value::from("misbehaving")));
    // What it printed, with places in its source, is for the operators, and changes with them.
    let reason = record["detail"]["reason"].as_str().unwrap_or_default();
    let reason = reason.split(": thread").next().unwrap_or_default().to_owned();
    assert!(!reason.is_empty(), "{bad}: {record}");
    assert!(record["detail"]["receipt"].is_string(), "{bad}: what it asked before it failed is kept: {record}");

    let next = bot.ana("/misbehave ok").await;
    assert_eq!((next.status, next.text.as_str()), (OutcomeStatus::Ok, "ok"), "the next command after {bad}");
    let other = bot.ana("/sev list").await;
    assert_eq!(other.status, OutcomeStatus::Ok, "the other plugin after {bad}: {other:?}");
    format!("{}\n# {reason}", told(&line, &answer))
}

fn all_of(limits: &str, bad: &[&str]) -> String {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(&format!("{SEV}\n{}", misbehaving("misbehaving", GRANTS, limits))),
        async |bot| {
            let mut all = Vec::new();
            for bad in bad {
                all.push(does(&bot, bad).await);
            }
            let kept = bot.app.store().kv_list(&"misbehaving".into(), "", 10).await.unwrap();
            assert!(kept.is_empty(), "nothing of a call that failed remains: {kept:?}");
            assert_eq!(bot.app.store().next_timer_ms().await.unwrap(), None);
            assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 1);
            seen.saw(all.join("\n\n"));
        },
    );
    seen.text()
}

#[test]
fn harm_to_itself_is_answered_with_one_sentence() {
    let bad = ["loop", "memory", "stack", "panic", "exit", "internal-error"];
    insta::assert_snapshot!(all_of("time = \"60s\"", &bad), @r"
    > /misbehave loop
    [failed]
    (console:#incidents, only for you)
    `misbehaving` was stopped: it computed for more than 2000 ms. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it was stopped: it computed for more than 2000 ms

    > /misbehave memory
    [failed]
    (console:#incidents, only for you)
    `misbehaving` was stopped: it needed more than 64 MiB of memory. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it was stopped: it needed more than 64 MiB of memory

    > /misbehave stack
    [failed]
    (console:#incidents, only for you)
    `misbehaving` crashed. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it crashed: it touched memory that is not its own, as a stack overflow does

    > /misbehave panic
    [failed]
    (console:#incidents, only for you)
    `misbehaving` crashed. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it crashed: it panicked or aborted

    > /misbehave exit
    [failed]
    (console:#incidents, only for you)
    `misbehaving` crashed. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it crashed: it called exit with status 1

    > /misbehave internal-error
    [failed]
    (console:#incidents, only for you)
    `misbehaving` failed. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it failed: that was my trouble, on purpose
    ");
}

#[test]
fn too_much_of_what_is_allowed_is_answered_with_one_sentence() {
    let bad = ["huge-output", "many-views", "many-blocks", "call-flood"];
    insta::assert_snapshot!(all_of("time = \"60s\"", &bad), @r"
    > /misbehave huge-output
    [failed]
    (console:#incidents, only for you)
    `misbehaving` was stopped: it passed more than 4 MiB at once. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it was stopped: it passed more than 4 MiB at once

    > /misbehave many-views
    [failed]
    (console:#incidents, only for you)
    `misbehaving` was stopped: it held more than 256 handles, such as messages under construction. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it was stopped: it held more than 256 handles, such as messages under construction

    > /misbehave many-blocks
    [failed]
    (console:#incidents, only for you)
    `misbehaving` was stopped: it made more than 1000 requests of the host. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it was stopped: it made more than 1000 requests of the host

    > /misbehave call-flood
    [failed]
    (console:#incidents, only for you)
    `misbehaving` was stopped: it made more than 1000 requests of the host. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it was stopped: it made more than 1000 requests of the host
    ");
}

#[test]
fn sleeping_in_a_host_call_ends_at_the_deadline() {
    insta::assert_snapshot!(all_of("time = \"300ms\"", &["sleep"]), @r"
    > /misbehave sleep
    [failed]
    (console:#incidents, only for you)
    `misbehaving` was stopped: it took longer than 300 ms. Nothing was changed. The operators can see why; try again, or ask them.
    event ID
    # it was stopped: it took longer than 300 ms
    ");
}

#[test]
fn noise_is_dropped_and_not_punished() {
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", GRANTS, "time = \"60s\"")),
        async |bot| {
            let heard = bot.ana("/misbehave log-flood").await;
            assert_eq!((heard.status, heard.text.as_str()), (OutcomeStatus::Ok, "logged 500 lines"));
            // 64 MB is a lot of noise, which on a busy machine may cost all the time there is.
            let heard = bot.ana("/misbehave stderr-flood").await;
            assert!(heard.text == "wrote 67108864 bytes" || heard.text.contains("computed for more than"), "{heard:?}");
            assert_eq!(bot.ana("/misbehave ok").await.status, OutcomeStatus::Ok);
        },
    );
}

#[test]
fn a_users_mistake_is_told_in_the_plugins_words_and_is_not_held_against_it() {
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", GRANTS, "")),
        async |bot| {
            let answer = bot.delivers("mistake", "ana", HERE, "/misbehave user-error").await;
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (OutcomeStatus::Refused, "that was your mistake, on purpose")
            );
            assert_eq!(bot.record("mistake").await["outcome"], "refused");
            assert_eq!(answer.messages.len(), 1, "not what it said before: {answer:?}");
            assert!(bot.app.store().kv_list(&"misbehaving".into(), "", 10).await.unwrap().is_empty());
        },
    );
}

#[test]
fn too_many_effects_are_refused_and_none_remains() {
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", GRANTS, "time = \"60s\"")),
        async |bot| {
            let answer = bot.delivers("flood", "ana", HERE, "/misbehave effect-flood").await;
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (OutcomeStatus::Refused, "one call may have 100 effects")
            );
            assert_eq!(answer.messages.len(), 1, "{answer:?}");
            assert_eq!(bot.record("flood").await["outcome"], "refused");
        },
    );
}

#[test]
fn a_loop_keeps_nobody_waiting_who_is_not_in_its_conversation() {
    with_bot_of(
        || Setup::of(&format!("{SEV}\n{}", misbehaving("misbehaving", GRANTS, "time = \"60s\""))),
        async |bot| {
            let loops = bot.sends("ana", "console:#slow", "/misbehave loop").await;
            for n in 0..5 {
                let answer = bot.types("ben", HERE, &format!("/misbehave echo {n}")).await;
                assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
            }
            bot.types("ben", HERE, "/sev list").await;
            assert_eq!(bot.app.store().result(&loops).await.unwrap(), None, "it still runs");
            assert_eq!(bot.handled(&loops).await.status, OutcomeStatus::Failed);
        },
    );
}
