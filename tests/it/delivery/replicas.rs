//! Two bots on one PostgreSQL: the work is split, and nothing is done twice.

use super::{OPS, shown};
use crate::support::bot::{HERE, MISBEHAVING, SEV, Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::platform::Scripted;
use drillbell::clock::Clock;
use drillbell::model::ids::IncidentId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Two bots with a clock between them, each with its own line to the platform.
struct Pair {
    left: TestBot,
    right: TestBot,
    slacks: [Arc<Scripted>; 2],
    clock: Clock,
}

fn with_two(test: impl AsyncFn(&Pair)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let slacks = [Scripted::new("slack"), Scripted::new("slack")];
        // Cards are not pinned here, which would be one thing more to deliver.
        let sev = SEV.replace(", \"conversations\"", "");
        let setup = |slack: &Arc<Scripted>| Setup::of(&format!("{sev}\n{MISBEHAVING}")).on(slack.clone());
        let first = setup(&slacks[0]);
        let clock = first.clock.clone();
        let left = TestBot::start(&database, first).await;
        let right = TestBot::start(&database, Setup { clock: clock.clone(), ..setup(&slacks[1]) }).await;
        let pair = Pair { left, right, slacks, clock };
        test(&pair).await;
        let Pair { left, right, .. } = pair;
        // Each signs for itself, so each must find the whole trail in order.
        left.finish().await;
        right.finish().await;
    });
}

impl Pair {
    fn delivered(&self, conversation: &str) -> Vec<String> {
        self.slacks.iter().flat_map(|slack| slack.delivered(conversation)).collect()
    }

    fn of(&self, n: usize) -> &TestBot {
        if n.is_multiple_of(2) { &self.left } else { &self.right }
    }
}

#[test]
fn the_work_is_split_and_nothing_is_posted_twice() {
    with_two(async |pair| {
        let all = (0..40).map(|n| {
            let (word, room) = (format!("w{n}"), format!("slack:#r{}", n % 5));
            async move {
                let answer = pair.of(n).types("ana", &room, &format!("/misbehave echo {word} {room}")).await;
                assert_eq!(answer.messages.len(), 1, "{answer:?}");
                shown(&room, &[&word]).remove(0)
            }
        });
        let mut expected = futures::future::join_all(all).await;
        let mut delivered: Vec<String> = (0..5).flat_map(|n| pair.delivered(&format!("slack:#r{n}"))).collect();
        expected.sort();
        delivered.sort();
        assert_eq!(delivered, expected);
        assert!(pair.slacks.iter().all(|slack| slack.attempts().len() == 20), "each delivers what it handled");
    });
}

#[test]
fn one_delivery_offered_to_both_is_handled_by_one_and_answered_by_both() {
    with_two(async |pair| {
        let offers = (0..6).map(|n| pair.of(n).delivers("same", "ana", HERE, "/sev declare sev1 checkout is down"));
        let answers = futures::future::join_all(offers).await;
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
        assert_eq!(pair.left.app.store().next_incident_number().await.unwrap(), 2);
        pair.right.record("same").await;
    });
}

#[test]
fn both_declare_at_once_and_the_numbers_have_neither_gaps_nor_twins() {
    with_two(async |pair| {
        let declares = (0..24).map(|n| {
            let room = format!("console:#room-{n}");
            async move { pair.of(n).types("ana", &room, "/sev declare sev3 trouble").await.incident }
        });
        let mut numbers: Vec<i64> =
            futures::future::join_all(declares).await.into_iter().map(|id| id.unwrap().number()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
    });
}

#[test]
fn a_due_timer_fires_on_one_of_them() {
    with_two(async |pair| {
        for n in 0..10 {
            let room = format!("console:#room-{n}");
            pair.of(n).types("ana", &room, &format!("/misbehave set-timer t{n} 1h")).await;
        }
        pair.clock.advance(7_200_000);
        let store = pair.left.app.store();
        eventually("all have fired", async || {
            let seen = store.kv_list(&"misbehaving".into(), "seen:timer:", 20).await.unwrap();
            (seen.len() == 10 && store.open_events().await.unwrap() == 0).then_some(())
        })
        .await;
        let mut fired: BTreeMap<String, u32> = BTreeMap::new();
        for record in pair.left.trail().await.iter().filter(|record| record["kind"] == "timer") {
            *fired.entry(record["detail"]["timer"].to_string()).or_default() += 1;
        }
        assert!(fired.len() == 10 && fired.values().all(|times| *times == 1), "{fired:?}");
    });
}

#[test]
fn a_card_that_one_is_still_posting_is_not_posted_again_by_the_others_edit() {
    with_two(async |pair| {
        let [left, right] = &pair.slacks;
        left.hold(OPS);
        let declared = pair.left.sends("ana", OPS, "/sev declare sev1 checkout is down").await;
        left.has_tried(OPS, 1).await;
        pair.left.handled(&declared).await;
        let updated = pair.right.sends("ana", OPS, "/sev update it is the database --incident INC-1").await;
        pair.right.handled(&updated).await;
        // The edit is next in the right one's line; it must find the card on its way and wait for it, but alone.
        let noted = pair.right.sends("ana", OPS, "/sev note meanwhile --incident INC-1").await;
        pair.right.handled(&noted).await;
        let delivered = right.has_delivered(OPS, 2).await;
        assert!(delivered[1].starts_with("post INC-1: meanwhile"), "{delivered:?}");
        left.release(OPS);
        let delivered = right.has_delivered(OPS, 3).await;
        assert!(delivered[2].starts_with("edit native-0: INC-1"), "{delivered:?}");
        assert_eq!(left.delivered(OPS).len(), 1);
        let incident = pair.left.app.store().incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
        assert_eq!(
            pair.left.app.store().native_id(&incident.card.unwrap()).await.unwrap().as_deref(),
            Some("native-0")
        );
    });
}
