//! Two bots on one PostgreSQL: jobs are shared, each is run once, and one that was frozen past its lease writes nothing more.

use super::{doomed::Doomed, is_in, job, row, setup, told, trail_of};
use crate::support::bot::{HERE, Setup};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::kinds::ScriptedKind;
use drillbell::model::job::JobState;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Two bots that share a kind and a clock.
fn pair(database: &TestDatabase, kind: &Arc<ScriptedKind>, limits: &str) -> [Doomed; 2] {
    let of = |setup: Setup| Setup { config: format!("{}\n{limits}", setup.config), ..setup };
    let first = of(setup(kind));
    let second = Setup { clock: first.clock.clone(), ..of(setup(kind)) };
    [Doomed::start(database, first), Doomed::start(database, second)]
}

#[test]
fn two_hundred_jobs_are_each_run_once_by_one_of_two_bots() {
    let database = TestDatabase::postgres();
    let kind = ScriptedKind::new();
    let [left, right] = pair(&database, &kind, "[limits]\njobs = 16");
    left.run(async |bot| {
        let all = (0..200).map(|n| async move {
            let room = format!("console:#room-{}", n % 40);
            bot.sends("ana", &room, &job(&format!("job {n}"), "{}", "")).await
        });
        futures::future::join_all(all).await;
        let store = bot.app.store();
        eventually("all have ended and their ends are handled", async || {
            let jobs = store.jobs_of(&"misbehaving".into(), false, 1000).await.unwrap();
            let ended = jobs.iter().filter(|job| job.state == JobState::Done).count();
            (ended == 200 && store.open_events().await.unwrap() == 0).then_some(())
        })
        .await;
        let heard = store.kv_list(&"misbehaving".into(), "seen:job:", 1000).await.unwrap();
        assert!(heard.len() == 200 && heard.iter().all(|row| row.revision == 1), "each end is told once");
        let places: BTreeSet<_> =
            store.jobs_of(&"misbehaving".into(), false, 1000).await.unwrap().into_iter().map(|job| job.owner).collect();
        assert_eq!(places.len(), 2, "both had a share");
    });
    let mut runs: BTreeMap<String, u32> = BTreeMap::new();
    kind.runs().into_iter().for_each(|run| *runs.entry(run.id).or_default() += 1);
    assert!(runs.len() == 200 && runs.values().all(|times| *times == 1), "{runs:?}");
    left.finish();
    right.finish();
}

#[test]
fn a_bot_that_was_frozen_past_its_lease_writes_nothing_more_about_its_job() {
    let database = TestDatabase::postgres();
    let kind = ScriptedKind::new();
    kind.hold("copy");
    let [left, right] = pair(&database, &kind, "");
    // Only the left one looks while the other is frozen.
    let asleep = right.freeze();
    let id = left.run(async |bot| {
        bot.sends("ana", HERE, &job("copy", "{}", "--lost repeat")).await;
        kind.has_begun("copy", 1).await;
        row(bot, "copy").await.id
    });
    let frozen = left.freeze();
    drop(asleep);
    right.run(async |bot| {
        let again = kind.has_begun("copy", 2).await;
        assert_eq!((again.id.as_str(), again.attempt), (id.as_str(), 2));
        kind.release("copy");
        assert_eq!(told(bot, &id).await["status"], "done");
    });
    let before = right.run(async |bot| trail_of(bot, &id).await);
    drop(frozen);
    left.run(async |bot| {
        // It wakes up in the middle of a run that has ended elsewhere, and says nothing about it.
        eventually("the old run has ended too", async || kind.runs()[0].ended).await;
        is_in(bot, "copy", JobState::Done).await;
    });
    assert_eq!(before, ["started", "started", "ok"]);
    left.finish();
    right.run(async |bot| assert_eq!(trail_of(bot, &id).await, before, "nothing was added"));
    right.finish();
}

#[test]
fn a_job_that_changes_production_is_not_begun_while_a_frozen_bot_may_still_be_at_it() {
    let database = TestDatabase::postgres();
    let kind = ScriptedKind::named("scripted", true);
    kind.hold("restore");
    let [left, right] = pair(&database, &kind, "");
    let asleep = right.freeze();
    let id = left.run(async |bot| {
        bot.sends("ana", HERE, &job("restore", "{}", "--lost repeat")).await;
        kind.has_begun("restore", 1).await;
        row(bot, "restore").await.id
    });
    let frozen = left.freeze();
    drop(asleep);
    right.run(async |bot| {
        eventually("the other one has claimed it", async || (row(bot, "restore").await.epoch == 2).then_some(())).await;
        // It asks for the lock again and again; the database tells by its sessions that it has been refused.
        eventually("it has been refused the lock", async || {
            let mine = bot.app.store().job_is_mine(&id, 2).await.unwrap();
            (mine && bot.app.store().lock_job(&id).await.unwrap().is_none()).then_some(())
        })
        .await;
        assert_eq!(kind.runs().len(), 1, "and waits");
    });
    drop(frozen);
    right.run(async |bot| {
        kind.has_begun("restore", 2).await;
        assert_eq!(kind.runs()[0].ended, Some("cancelled"), "the first run had ended before the second began");
        kind.release("restore");
        assert_eq!(told(bot, &id).await["status"], "done");
    });
    left.finish();
    right.finish();
}
