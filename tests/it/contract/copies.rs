//! The catalogue of copies: entered, looked at, pinned, gone. A pin and a deletion never both succeed.

use crate::support::commits::{commit, delivery};
use crate::support::database::{NEW_YEAR_MS, on_both};
use drillbell::model::changes::{ListQuery, ListRead};
use drillbell::model::copy::{BackupCopy, CopyVerdict, Pin};
use drillbell::store::{CommitOutcome, Forgotten, Store};

const HOUR: i64 = 3_600_000;

fn taken(target: &str, hour: i64) -> BackupCopy {
    let object = format!("backups/{target}/20260101T{hour:02}0000Z-{:08x}.dump.zst", 0xbad_0000 + hour);
    let copy = BackupCopy::taken(object, target.to_owned(), "postgres".to_owned(), NEW_YEAR_MS + hour * HOUR);
    BackupCopy { stored_bytes: 100, plain_bytes: 900, manifest: "{\"a\":\"b\0\"}".to_owned(), ..copy }
}

fn pin(reason: &str) -> Pin {
    Pin { by: "ana".into(), at_ms: NEW_YEAR_MS, reason: reason.to_owned() }
}

/// Commits a call that saw the copy as `seen` and wants its pin so.
async fn pins(store: &Store, id: &str, object: &str, seen: Option<i64>, pin: Option<Pin>) -> CommitOutcome {
    store.accept(delivery(id)).await.unwrap();
    let mut commit = commit(id);
    let seen = seen.map(|pinned| (object.to_owned(), pinned)).into_iter().collect();
    commit.reads.lists = vec![ListRead { query: ListQuery::Copy { object: object.to_owned() }, seen }];
    commit.pins = [(object.to_owned(), pin)].into();
    store.commit(commit).await.unwrap()
}

async fn only(store: &Store, object: &str) -> BackupCopy {
    store.copy(object).await.unwrap().expect("the copy")
}

#[test]
fn a_copy_entered_again_keeps_its_verdict_and_its_pin() {
    on_both(async |store, _| {
        let copy = taken("shop", 1);
        store.copy_taken(copy.clone()).await.unwrap();
        let clean = BackupCopy { manifest: copy.manifest.replace('\0', "\u{fffd}"), ..copy.clone() };
        assert_eq!(only(&store, &copy.object).await, clean);
        assert!(
            store
                .copy_checked(copy.object.clone(), CopyVerdict::Proven, NEW_YEAR_MS + 5, "restored".into())
                .await
                .unwrap()
        );
        assert!(matches!(
            pins(&store, "p1", &copy.object, Some(0), Some(pin("keep"))).await,
            CommitOutcome::Committed(_)
        ));
        store.copy_taken(BackupCopy { stored_bytes: 101, ..copy.clone() }).await.unwrap();
        let known = BackupCopy {
            stored_bytes: 101,
            verdict: CopyVerdict::Proven,
            verdict_ms: Some(NEW_YEAR_MS + 5),
            verdict_detail: "restored".to_owned(),
            verified_ms: Some(NEW_YEAR_MS + 5),
            proven_ms: Some(NEW_YEAR_MS + 5),
            pinned: Some(pin("keep")),
            ..clean
        };
        assert_eq!(only(&store, &copy.object).await, known);
        assert!(matches!(pins(&store, "p2", &copy.object, Some(1), None).await, CommitOutcome::Committed(_)));
        assert_eq!(only(&store, &copy.object).await.pinned, None);
    });
}

#[test]
fn a_look_says_what_is_known_now_and_an_older_or_doubtful_one_takes_nothing_back() {
    on_both(async |store, _| {
        let copy = taken("shop", 1);
        let check = async |verdict, at: i64, detail: &str| {
            store.copy_checked(copy.object.clone(), verdict, NEW_YEAR_MS + at, detail.to_owned()).await.unwrap()
        };
        assert!(!check(CopyVerdict::Verified, 1, "").await, "there is none");
        store.copy_taken(copy.clone()).await.unwrap();
        let mut seen = Vec::new();
        for (verdict, at, detail) in [
            (CopyVerdict::Unknown, 1, "no answer"),
            (CopyVerdict::Verified, 10, "whole"),
            (CopyVerdict::Unknown, 11, "no answer"),
            (CopyVerdict::Broken, 9, "old news"),
            (CopyVerdict::Proven, 12, "restored"),
            (CopyVerdict::Verified, 13, "whole"),
            (CopyVerdict::Unverified, 14, "nothing"),
            (CopyVerdict::Broken, 15, "a bit is flipped"),
            (CopyVerdict::Verified, 16, "whole after all"),
        ] {
            assert!(check(verdict, at, detail).await);
            let now = only(&store, &copy.object).await;
            let since = |ms: Option<i64>| ms.map_or(-1, |ms| ms - NEW_YEAR_MS);
            seen.push(format!(
                "{} {at}: {} since {}, {:?}, whole {}, proven {}",
                verdict.as_str(),
                now.verdict.as_str(),
                since(now.verdict_ms),
                now.verdict_detail,
                since(now.verified_ms),
                since(now.proven_ms)
            ));
        }
        insta::allow_duplicates! {
            insta::assert_snapshot!(seen.join("\n"), @r#"
            unknown 1: unknown since 1, "no answer", whole -1, proven -1
            verified 10: verified since 10, "whole", whole 10, proven -1
            unknown 11: verified since 10, "whole", whole 10, proven -1
            broken 9: verified since 10, "whole", whole 10, proven -1
            proven 12: proven since 12, "restored", whole 12, proven 12
            verified 13: proven since 12, "restored", whole 13, proven 12
            unverified 14: proven since 12, "restored", whole 13, proven 12
            broken 15: broken since 15, "a bit is flipped", whole 13, proven 12
            verified 16: verified since 16, "whole after all", whole 16, proven 12
            "#);
        }
    });
}

#[test]
fn copies_are_listed_newest_first_by_target_and_found_by_what_people_type() {
    on_both(async |store, _| {
        for (target, hour) in [("shop", 1), ("shop", 3), ("blog", 2)] {
            store.copy_taken(taken(target, hour)).await.unwrap();
        }
        let hours = async |target: Option<&str>, limit, before: Option<i64>| {
            let list = store.copies(target, limit, before).await.unwrap();
            assert!(list.iter().all(|copy| copy.manifest.is_empty()), "lists are short");
            list.iter().map(|copy| (copy.taken_ms - NEW_YEAR_MS) / HOUR).collect::<Vec<_>>()
        };
        assert_eq!(hours(None, 10, None).await, [3, 2, 1]);
        assert_eq!(hours(None, 2, None).await, [3, 2]);
        assert_eq!(hours(Some("shop"), 10, None).await, [3, 1]);
        assert_eq!(hours(None, 10, Some(NEW_YEAR_MS + 3 * HOUR)).await, [2, 1]);
        assert_eq!(hours(Some("nothing"), 10, None).await, [] as [i64; 0]);
        let named = async |name: &str| store.copies_named(name).await.unwrap().len();
        let full = taken("shop", 1).object;
        for (name, count) in [("0bad0001", 1), (full.as_str(), 1), ("0bad0009", 0), ("%", 0), ("", 0), ("________", 0)]
        {
            assert_eq!(named(name).await, count, "{name}");
        }
        assert!(store.copy_gone(full.clone(), NEW_YEAR_MS).await.unwrap());
        assert_eq!(hours(Some("shop"), 10, None).await, [3]);
        assert_eq!(named(&full).await, 0);
        assert_eq!(only(&store, &full).await.gone_ms, Some(NEW_YEAR_MS), "what went is still known");
        store.copy_taken(taken("shop", 1)).await.unwrap();
        assert_eq!(hours(Some("shop"), 10, None).await, [3, 1], "it could not be deleted");
    });
}

#[test]
fn a_pinned_copy_does_not_go_and_a_copy_that_went_is_not_pinned() {
    on_both(async |store, _| {
        for hour in [1, 2] {
            store.copy_taken(taken("shop", hour)).await.unwrap();
        }
        let (kept, gone) = (taken("shop", 1).object, taken("shop", 2).object);
        assert!(matches!(pins(&store, "p1", &kept, Some(0), Some(pin("keep"))).await, CommitOutcome::Committed(_)));
        assert!(!store.copy_gone(kept.clone(), NEW_YEAR_MS).await.unwrap());
        assert!(store.copy_gone(gone.clone(), NEW_YEAR_MS).await.unwrap());
        assert!(!store.copy_gone(gone.clone(), NEW_YEAR_MS + 1).await.unwrap(), "once");
        let late = pins(&store, "p2", &gone, Some(0), Some(pin("too late"))).await;
        assert!(matches!(late, CommitOutcome::Conflict(_)), "{late:?}");
        assert_eq!(only(&store, &gone).await.pinned, None);
        let stale = pins(&store, "p3", &kept, Some(0), None).await;
        assert!(matches!(stale, CommitOutcome::Conflict(_)), "somebody pinned it since it was read: {stale:?}");

        assert_eq!(
            store.find_forgotten(Forgotten::Copies, NEW_YEAR_MS + 1).await.unwrap(),
            std::slice::from_ref(&gone)
        );
        store.forget(Forgotten::Copies, vec![gone.clone(), kept.clone()]).await.unwrap();
        assert_eq!((store.copy(&gone).await.unwrap(), store.copy(&kept).await.unwrap().is_some()), (None, true));
    });
}

#[test]
fn of_a_pin_and_a_deletion_at_once_exactly_one_succeeds() {
    on_both(async |store, _| {
        for round in 0..20 {
            let copy = taken("shop", round % 24);
            store.copy_taken(copy.clone()).await.unwrap();
            let id = format!("p{round}");
            let (pinned, gone) = tokio::join!(
                pins(&store, &id, &copy.object, Some(0), Some(pin("keep"))),
                store.copy_gone(copy.object.clone(), NEW_YEAR_MS)
            );
            let pinned = matches!(pinned, CommitOutcome::Committed(_));
            assert!(pinned != gone.unwrap(), "round {round}");
            assert_eq!(only(&store, &copy.object).await.pinned.is_some(), pinned);
        }
    });
}
