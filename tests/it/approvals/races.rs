//! Everybody at the same instant: the right number of votes counts, and one of them ends it.

use super::{COUNTER, TWICE, approves, asks, count, kept};
use crate::support::approvals::ruled;
use crate::support::bot::{HERE, Setup, TestBot, with_bot_of, with_database};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use drillbell::model::approval::State;
use drillbell::model::ids::ApprovalId;
use drillbell::store::OutcomeStatus;
use futures::future::join_all;

/// How often the trail says that an approval ended.
async fn ends(bot: &TestBot, id: &ApprovalId) -> usize {
    let of_it = |record: &serde_json::Value| record["detail"]["decided"]["id"] == serde_json::json!(id);
    let ended = |record: &serde_json::Value| record["detail"]["decided"]["state"] != "open";
    bot.trail().await.iter().filter(|record| of_it(record) && ended(record)).count()
}

#[test]
fn of_many_who_approve_at_once_as_many_count_as_are_needed() {
    for (rules, needed) in [(COUNTER, 1), (TWICE, 2)] {
        with_bot_of(
            || ruled(rules),
            async |bot| {
                for round in 1..=5 {
                    let id = asks(&bot).await;
                    let on = kept(&bot, &id).await.card;
                    let clicks = ["ben", "carla", "ben", "carla", "ana", "dora"]
                        .map(|who| bot.clicks(who, &on, "approval.approve"));
                    let answers = join_all(clicks).await;
                    let counted = answers.iter().filter(|answer| answer.status == OutcomeStatus::Ok).count();
                    assert_eq!((counted, kept(&bot, &id).await.votes.len()), (needed, needed), "{answers:?}");
                    assert_eq!(kept(&bot, &id).await.state, State::Approved);
                    assert_eq!((ends(&bot, &id).await, count(&bot).await), (1, round));
                }
            },
        );
    }
}

#[test]
fn yes_and_no_at_once_end_it_one_way() {
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let mut done = 0;
            for _ in 0..8 {
                let id = asks(&bot).await;
                let deny = format!("/drillbell deny {id} no");
                let (yes, no) = tokio::join!(approves(&bot, "ben", &id), bot.types("carla", HERE, &deny));
                let state = kept(&bot, &id).await.state;
                let won = if state == State::Approved { &yes } else { &no };
                let lost = if state == State::Approved { &no } else { &yes };
                assert_eq!((won.status, lost.status), (OutcomeStatus::Ok, OutcomeStatus::Refused), "{state:?}");
                done += i64::from(state == State::Approved);
                assert_eq!((ends(&bot, &id).await, count(&bot).await), (1, done));
            }
        },
    );
}

#[test]
fn a_yes_at_the_moment_at_which_it_runs_out_is_one_or_the_other() {
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let id = asks(&bot).await;
            bot.clock.advance(1_000 * 15 * 60);
            let answers = join_all(["ben", "carla"].map(|who| approves(&bot, who, &id))).await;
            assert!(answers.iter().all(|answer| answer.status == OutcomeStatus::Refused), "{answers:?}");
            let idle = async || (bot.app.store().open_events().await.unwrap() == 0).then_some(());
            eventually("the timer is handled", idle).await;
            assert_eq!((kept(&bot, &id).await.state, ends(&bot, &id).await, count(&bot).await), (State::Expired, 1, 0));
        },
    );
}

#[test]
fn two_bots_on_one_database_count_together() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let first = ruled(TWICE);
        let clock = first.clock.clone();
        let left = TestBot::start(&database, first).await;
        let right = TestBot::start(&database, Setup { clock, ..ruled(TWICE) }).await;
        for round in 1..=4 {
            let id = asks(&left).await;
            let on = kept(&left, &id).await.card;
            let votes = [(&left, "ben"), (&right, "carla"), (&right, "ben"), (&left, "carla")];
            join_all(votes.map(|(bot, who)| bot.clicks(who, &on, "approval.approve"))).await;
            assert_eq!((kept(&right, &id).await.votes.len(), ends(&left, &id).await), (2, 1));
            eventually("it ran once", async || (count(&left).await == round).then_some(())).await;
        }
        left.finish().await;
        right.finish().await;
    });
}

#[test]
fn a_vote_that_comes_five_times_is_one_vote() {
    with_database(async |database| {
        let bot = TestBot::start(database, ruled(TWICE)).await;
        let id = asks(&bot).await;
        let line = format!("/drillbell approve {id}");
        let same = join_all((0..5).map(|_| bot.delivers("vote", "ben", HERE, &line))).await;
        assert!(same.windows(2).all(|pair| pair[0] == pair[1]), "{same:?}");
        assert_eq!(kept(&bot, &id).await.votes.len(), 1);
        bot.finish().await;
    });
}
