//! Hostile guests: each limit holds, what remains of the call is its report, and afterwards the same plugin and any other
//! answer as if nothing had happened.

use crate::support::memory::{Memory, Mood};
use crate::support::sandbox::{ALL, Bench, command, options, said, source};
use drillbell::capability::exceeded::Exceeded;
use drillbell::model::blame::Blame;
use drillbell::plugin::{CallError, CallReport, SandboxOptions};
use futures::future::join_all;
use std::time::Duration;

/// Lets `misbehaving` do something bad next to an innocent plugin, and checks that both answer afterwards.
async fn after(bad: &str, time: Duration) -> CallReport {
    let hostile = drillbell::plugin::PluginSource { time, ..source("hostile", ALL) };
    let bench = Bench::with(vec![hostile, source("innocent", ALL)]).await;
    let report = bench.misbehave("hostile", bad, &[]).await;
    assert_eq!(bench.answer("hostile", "ok").await, "ok", "the next command");
    assert_eq!(bench.answer("innocent", "ok").await, "ok", "the other plugin");
    report
}

const MINUTE: Duration = Duration::from_secs(60);

fn limit(report: &CallReport) -> Exceeded {
    match &report.outcome {
        Err(error @ CallError::Limit(exceeded)) => {
            assert_eq!(error.blame(), Blame::Plugin);
            *exceeded
        }
        other => panic!("{other:?}, stderr: {}", report.stderr),
    }
}

fn crash(report: &CallReport) -> String {
    match &report.outcome {
        Err(error @ CallError::Trap { .. }) => error.to_string(),
        other => panic!("{other:?}, stderr: {}", report.stderr),
    }
}

#[tokio::test]
async fn a_loop_ends_when_its_cpu_time_is_used_up() {
    assert_eq!(limit(&after("loop", MINUTE).await), Exceeded::Cpu);
}

#[tokio::test]
async fn a_loop_ends_at_the_deadline_if_that_comes_first() {
    let time = Duration::from_millis(200);
    assert_eq!(limit(&after("loop", time).await), Exceeded::Time { limit: time });
}

#[tokio::test]
async fn a_guest_asleep_in_the_host_ends_at_the_deadline() {
    let time = Duration::from_millis(200);
    assert_eq!(limit(&after("sleep", time).await), Exceeded::Time { limit: time });
}

#[tokio::test]
async fn a_guest_waiting_for_a_database_that_never_answers_ends_at_the_deadline() {
    let time = Duration::from_millis(200);
    let hostile = drillbell::plugin::PluginSource { time, ..source("hostile", ALL) };
    let bench = Bench::new(&options(), Memory::in_mood(Mood::Stuck), vec![hostile]).await;
    let report = bench.misbehave("hostile", "ask-kv", &[]).await;
    assert_eq!(limit(&report), Exceeded::Time { limit: time });
    assert_eq!(report.receipt.requests[0].function, "kv.get", "the request that was cut off is on the receipt");
    assert_eq!(bench.answer("hostile", "ok").await, "ok");
}

#[tokio::test]
async fn a_memory_bomb_is_stopped_at_the_limit() {
    assert_eq!(limit(&after("memory", MINUTE).await), Exceeded::Memory { limit_bytes: 64 << 20 });
}

#[tokio::test]
async fn endless_recursion_is_a_crash() {
    let text = crash(&after("stack", MINUTE).await);
    assert!(text.contains("stack overflow") || text.contains("recursed"), "{text}");
}

#[tokio::test]
async fn a_panic_is_a_crash_with_its_message_for_the_operator() {
    let report = after("panic", MINUTE).await;
    assert!(crash(&report).contains("it panicked or aborted") && crash(&report).contains("misbehaving on purpose"));
    assert!(report.stderr.contains("misbehaving on purpose"));
}

#[tokio::test]
async fn exit_ends_the_guest_and_nothing_else() {
    assert!(crash(&after("exit", MINUTE).await).starts_with("it crashed: it called exit"));
}

#[tokio::test]
async fn more_bytes_than_one_crossing_may_copy_end_the_call() {
    assert_eq!(limit(&after("huge-output", MINUTE).await), Exceeded::Copied);
}

#[tokio::test]
async fn more_requests_than_a_call_may_make_end_it() {
    let report = after("call-flood", MINUTE).await;
    assert_eq!(limit(&report), Exceeded::Requests);
    assert_eq!((report.receipt.requests.len(), report.receipt.requests[0].count), (1, 1000));
    assert_eq!(limit(&after("many-blocks", MINUTE).await), Exceeded::Requests);
}

#[tokio::test]
async fn more_messages_under_construction_than_a_call_may_hold_end_it() {
    assert_eq!(limit(&after("many-views", MINUTE).await), Exceeded::Handles);
}

#[tokio::test]
async fn more_effects_than_a_call_may_have_are_refused_and_nothing_of_it_remains() {
    let report = after("effect-flood", MINUTE).await;
    let refused = report.outcome.unwrap_err().to_string();
    assert!(refused.contains("one call may have 100 effects"), "{refused}");
}

#[tokio::test]
async fn a_flood_of_log_lines_is_dropped_not_punished() {
    let report = after("log-flood", MINUTE).await;
    assert!(said(&report.outcome.unwrap()).starts_with("logged "));
}

#[tokio::test]
async fn a_flood_of_stderr_is_kept_short() {
    let report = after("stderr-flood", MINUTE).await;
    // On a slow machine its CPU time is used up before it has written everything.
    assert!(matches!(report.outcome, Ok(_) | Err(CallError::Limit(Exceeded::Cpu))), "{:?}", report.outcome);
    assert!(report.stderr.len() < 70_000 && report.stderr.ends_with("more bytes"));
}

#[tokio::test]
async fn honest_work_that_takes_a_while_is_let_alone() {
    let report = after("slow-but-fine", MINUTE).await;
    assert!(said(&report.outcome.unwrap()).starts_with("done"));
}

#[tokio::test]
async fn other_plugins_are_served_while_some_spin_and_some_sleep() {
    let time = Duration::from_secs(2);
    let hostile = drillbell::plugin::PluginSource { time, ..source("hostile", ALL) };
    let bench = Bench::with(vec![hostile, source("innocent", ALL)]).await;
    let bad = join_all(["loop", "sleep", "loop", "memory", "loop"].map(|bad| bench.misbehave("hostile", bad, &[])));
    let good = async {
        for _ in 0..20 {
            assert_eq!(bench.answer("innocent", "ok").await, "ok");
        }
    };
    let (bad, ()) = tokio::join!(bad, good);
    assert!(bad.iter().all(|report| matches!(report.outcome, Err(CallError::Limit(_)))), "{bad:?}");
}

#[tokio::test]
async fn more_calls_than_slots_wait_for_their_turn() {
    for pooling in [true, false] {
        let one_slot = SandboxOptions { calls: 1, pooling, ..options() };
        let bench = Bench::new(&one_slot, Memory::default(), vec![source("misbehaving", ALL)]).await;
        let all = join_all((0..20).map(|_| bench.answer("misbehaving", "ok"))).await;
        assert_eq!(all, vec!["ok"; 20]);
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_gives_its_slot_back() {
    let one_slot = SandboxOptions { calls: 1, ..options() };
    let bench = Bench::new(&one_slot, Memory::default(), vec![source("misbehaving", ALL)]).await;
    for bad in ["loop", "sleep"] {
        let plugin = bench.plugin("misbehaving");
        let mut abandoned = Box::pin(plugin.call(bench.input(command(bad, &[]))));
        assert!(futures::poll!(&mut abandoned).is_pending());
        drop(abandoned);
        assert_eq!(bench.answer("misbehaving", "ok").await, "ok");
    }
}

#[tokio::test]
async fn waiting_for_a_number_is_not_charged_to_the_deadline() {
    let time = Duration::from_millis(150);
    let quick = drillbell::plugin::PluginSource { time, ..source("quick", ALL) };
    let bench = Bench::with(vec![source("first", ALL), quick]).await;
    let first = bench.misbehave("first", "ask-incidents", &[]).await;
    let (guard, changes) = (first.number_guard.unwrap(), first.outcome.unwrap());
    let second = bench.misbehave("quick", "ask-incidents", &[]);
    let meanwhile = async {
        // Each of these ends only when a deadline of the same length has passed.
        for _ in 0..3 {
            assert!(matches!(limit(&bench.misbehave("quick", "loop", &[]).await), Exceeded::Time { .. }));
        }
        bench.memory.commit(&"first".into(), changes);
        drop(guard);
    };
    let (second, ()) = tokio::join!(second, meanwhile);
    let changes = second.outcome.unwrap();
    assert_eq!(changes.incidents.keys().map(|id| id.as_str()).collect::<Vec<_>>(), ["INC-2"]);
}

#[tokio::test]
async fn a_call_whose_reads_fail_is_ours_to_repeat_whatever_the_guest_made_of_it() {
    let bench = Bench::new(&options(), Memory::in_mood(Mood::Broken), vec![source("misbehaving", ALL)]).await;
    let report = bench.misbehave("misbehaving", "ask-kv", &[]).await;
    let error = report.outcome.unwrap_err();
    assert_eq!((error.blame(), error), (Blame::Us, CallError::Unavailable("the disk is on fire".into())));
}

#[tokio::test]
async fn a_failed_handler_leaves_nothing_but_its_report() {
    let bench = Bench::misbehaving().await;
    let report = bench.misbehave("misbehaving", "user-error", &[]).await;
    assert_eq!(report.outcome, Err(CallError::User("that was your mistake, on purpose".into())));
    assert!(report.receipt.requests.iter().any(|request| request.function == "effects.reply"));
    let report = bench.misbehave("misbehaving", "internal-error", &[]).await;
    assert_eq!(report.outcome, Err(CallError::Internal("that was my trouble, on purpose".into())));
}
