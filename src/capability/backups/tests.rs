//! Knowing takes the grant, and a pin holds only what is there.

use super::super::fake::{FakeReads, caller, caller_on};
use super::wit::Host;
use super::*;
use crate::model::copy::{CopyVerdict, Drilled, LastDrill};
use serde_json::json;
use std::sync::Arc;

const OBJECT: &str = "backups/shop/20261122T100000Z-0badcafe.dump.zst";

fn copy(object: &str) -> BackupCopy {
    let taken = BackupCopy::taken(object.to_owned(), "shop".to_owned(), "postgres".to_owned(), 5);
    BackupCopy { verdict: CopyVerdict::Verified, verdict_ms: Some(7), manifest: "{\"a\":1}".to_owned(), ..taken }
}

fn setup() -> BackupsSetup {
    let target = TargetSeen {
        name: "shop".to_owned(),
        kind: "postgres".to_owned(),
        service: "shop".to_owned(),
        owner: String::new(),
        rpo_ms: Some(3_600_000),
        rto_ms: None,
        policy: json!({"encrypted": true}),
    };
    BackupsSetup { targets: vec![target], channel: Some("console:#backups".into()) }
}

/// A call by a plugin with these grants, over these copies.
struct Call {
    caller: Caller,
    backups: BackupsCall,
    setup: BackupsSetup,
}

impl Call {
    fn of(grants: &[&str], copies: Vec<BackupCopy>) -> Self {
        let reads = FakeReads { copies, ..FakeReads::default() };
        Self { caller: caller_on(grants, reads), backups: BackupsCall::default(), setup: setup() }
    }

    fn host(&mut self) -> BackupsHost<'_> {
        BackupsHost { caller: &mut self.caller, backups: &mut self.backups, setup: &self.setup }
    }

    async fn pin(&mut self, object: &str, reason: &str) -> Result<(), HostError> {
        self.host().pin(object.to_owned(), reason.to_owned()).await.unwrap()
    }

    async fn unpin(&mut self, object: &str) -> Result<(), HostError> {
        self.host().unpin(object.to_owned()).await.unwrap()
    }

    fn changes(self) -> Changes {
        let mut changes = Changes::default();
        self.backups.into_changes(&mut changes);
        changes
    }
}

#[tokio::test]
async fn denies_backups_without_the_grant() {
    let mut call = Call::of(&["kv"], vec![copy(OBJECT)]);
    let denied = call.host().targets().await.unwrap();
    assert!(matches!(denied, Err(HostError::Denied(text)) if text.contains("`backups`")));
    assert!(matches!(call.host().channel().await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(call.host().copies(String::new(), 5, None).await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(call.host().find(OBJECT.into()).await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(call.host().manifest(OBJECT.into()).await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(call.pin(OBJECT, "why").await, Err(HostError::Denied(_))));
    assert!(matches!(call.unpin(OBJECT).await, Err(HostError::Denied(_))));
    assert_eq!(call.changes(), Changes::default());
}

#[tokio::test]
async fn targets_and_copies_are_told_as_they_are() {
    let gone = BackupCopy { gone_ms: Some(9), ..copy("backups/shop/20261122T090000Z-0badbeef.dump.zst") };
    let mut call = Call::of(&["backups"], vec![copy(OBJECT), gone.clone()]);
    let targets = call.host().targets().await.unwrap().unwrap();
    assert_eq!((targets[0].policy.as_str(), targets[0].rpo_ms), ("{\"encrypted\":true}", Some(3_600_000)));
    assert_eq!(call.host().channel().await.unwrap().unwrap().as_deref(), Some("console:#backups"));
    let copies = call.host().copies("shop".into(), 5, None).await.unwrap().unwrap();
    assert_eq!(copies.len(), 1);
    let (one, found) = (&copies[0], call.host().find("0badcafe".into()).await.unwrap().unwrap());
    assert_eq!((one.short.as_str(), one.verdict.as_str(), one.checked_at), ("0badcafe", "verified", Some(7)));
    assert_eq!((found.len(), &found[0].object), (1, &one.object));
    assert!(call.host().find("x".repeat(5_000)).await.unwrap().unwrap().is_empty());
    assert_eq!(call.host().manifest(gone.object).await.unwrap().unwrap(), "{\"a\":1}");
    assert!(matches!(call.host().manifest("x".into()).await.unwrap(), Err(HostError::NotFound(_))));
}

#[tokio::test]
async fn a_pin_is_recorded_with_what_was_seen_and_the_last_word_counts() {
    let held = Pin { by: "ben".into(), at_ms: 1, reason: "before the sale".to_owned() };
    let other = BackupCopy { pinned: Some(held), ..copy("backups/shop/20261122T110000Z-0badf00d.dump.zst") };
    let mut call = Call::of(&["backups"], vec![copy(OBJECT), other.clone()]);
    assert!(matches!(call.pin(&other.object, "mine").await, Err(HostError::Invalid(text)) if text.contains("by ben")));
    call.pin(OBJECT, " before the migration ").await.unwrap();
    assert!(matches!(call.pin(OBJECT, "again").await, Err(HostError::Invalid(_))));
    call.unpin(&other.object).await.unwrap();
    assert!(matches!(call.unpin(&other.object).await, Err(HostError::Invalid(_))));
    let changes = call.changes();
    let pin = Pin { by: "ana".into(), at_ms: 1_000, reason: "before the migration".to_owned() };
    assert_eq!(changes.pins, [(OBJECT.to_owned(), Some(pin)), (other.object.clone(), None)].into());
    let seen: Vec<_> = changes.reads.lists.iter().flat_map(|list| list.seen.clone()).collect();
    assert_eq!(seen, [(OBJECT.to_owned(), 0), (other.object, 1)]);
}

#[tokio::test]
async fn refuses_to_pin_what_is_gone_what_is_nothing_and_without_a_reason() {
    let gone = BackupCopy { gone_ms: Some(9), ..copy("backups/shop/20261122T090000Z-0badbeef.dump.zst") };
    let mut call = Call::of(&["backups"], vec![copy(OBJECT), gone.clone()]);
    for object in [gone.object.as_str(), "", "nothing"] {
        assert!(matches!(call.pin(object, "why").await, Err(HostError::NotFound(_))), "{object}");
    }
    for reason in ["", "  ", "two\nlines", &"x".repeat(PIN_REASON_CHARS + 1)] {
        assert!(matches!(call.pin(OBJECT, reason).await, Err(HostError::Invalid(_))), "{reason:?}");
    }
    let many = (0..=PINS_PER_CALL).map(|n| copy(&format!("backups/shop/{n}"))).collect();
    let mut call = Call::of(&["backups"], many);
    for n in 0..PINS_PER_CALL {
        call.pin(&format!("backups/shop/{n}"), "why").await.unwrap();
    }
    let full = call.pin(&format!("backups/shop/{PINS_PER_CALL}"), "why").await;
    assert!(matches!(full, Err(HostError::TooLarge(_))), "{full:?}");
}

#[tokio::test]
async fn a_database_that_does_not_answer_dooms_the_call() {
    let mut broken = caller(&["backups"]);
    broken.reads = Arc::new(FakeReads { broken: true, ..FakeReads::default() });
    let (mut backups, setup) = (BackupsCall::default(), setup());
    let mut host = BackupsHost { caller: &mut broken, backups: &mut backups, setup: &setup };
    assert!(matches!(host.copies(String::new(), 1, None).await.unwrap(), Err(HostError::Unavailable(_))));
    assert!(broken.failure.is_some());
}

#[tokio::test]
async fn a_target_is_told_with_what_its_last_drill_measured() {
    let mut call = Call::of(&["backups"], Vec::new());
    assert_eq!(call.host().targets().await.unwrap().unwrap()[0].policy, "{\"encrypted\":true}");
    let of = |target: &str| Drilled { target: target.to_owned(), at_ms: 7, rto_ms: 42_000 };
    let reads = FakeReads { drilled: vec![of("other"), of("shop")], ..FakeReads::default() };
    call.caller = caller_on(&["backups"], reads);
    let policy: serde_json::Value =
        serde_json::from_str(&call.host().targets().await.unwrap().unwrap()[0].policy).unwrap();
    assert_eq!(policy, json!({"encrypted": true, "measured": {"at_ms": 7, "rto_ms": 42_000}}));
}

#[tokio::test]
async fn a_target_is_told_with_its_last_drill_however_it_went_and_with_the_next() {
    let of = |target: &str, status: &str| LastDrill {
        target: target.to_owned(),
        at_ms: 7,
        status: status.to_owned(),
        sentence: "2 rows are missing.".to_owned(),
    };
    let reads = FakeReads { last_drills: vec![of("other", "pass"), of("shop", "fail")], ..FakeReads::default() };
    let mut call = Call::of(&["backups"], Vec::new());
    call.caller = caller_on(&["backups"], reads);
    call.setup.targets[0].policy = json!({"drill": {"schedule": "0 5 1 * *", "zone": "UTC"}});
    let now_ms = call.caller.now_ms;
    let policy: serde_json::Value =
        serde_json::from_str(&call.host().targets().await.unwrap().unwrap()[0].policy).unwrap();
    let last = json!({"at_ms": 7, "status": "fail", "sentence": "2 rows are missing."});
    assert_eq!(policy["drill"]["last"], last);
    let next_ms = policy["drill"]["next_ms"].as_i64().unwrap();
    assert!(next_ms > now_ms && crate::clock::rfc3339(next_ms).ends_with("-01T05:00:00.000Z"), "{next_ms}");
}
