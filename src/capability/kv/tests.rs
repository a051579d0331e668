//! The host functions called directly, without a guest.

use super::super::fake::{FakeReads, caller, caller_on};
use super::wit::Host;
use super::*;

/// A key read through a fresh request.
async fn get(caller: &mut Caller, kv: &mut KvCall, key: &str) -> Result<Option<String>, HostError> {
    KvHost { caller, kv }.get(key.into()).await.unwrap()
}

fn set(caller: &mut Caller, kv: &mut KvCall, key: &str, value: &str) -> Result<(), HostError> {
    KvHost { caller, kv }.set(key.into(), value.into()).unwrap()
}

async fn list(caller: &mut Caller, kv: &mut KvCall, prefix: &str, limit: u32) -> Vec<(String, String)> {
    let entries = KvHost { caller, kv }.list(prefix.into(), limit).await.unwrap().unwrap();
    entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

#[tokio::test]
async fn denies_every_function_without_the_grant() {
    let (mut caller, mut kv) = (caller(&["timers"]), KvCall::default());
    assert!(matches!(get(&mut caller, &mut kv, "a").await, Err(HostError::Denied(text)) if text.contains("`kv`")));
    assert!(matches!(set(&mut caller, &mut kv, "a", "1"), Err(HostError::Denied(_))));
    let mut host = KvHost { caller: &mut caller, kv: &mut kv };
    assert!(matches!(host.delete("a".into()).unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(host.list("".into(), 1).await.unwrap(), Err(HostError::Denied(_))));
    assert!(caller.meter.into_receipt().requests.iter().all(|request| request.denied));
}

#[tokio::test]
async fn reads_see_this_calls_own_writes_and_nothing_of_other_plugins() {
    let reads = FakeReads::default().with_kv("probe", "a", "old", 4).with_kv("other", "b", "theirs", 1);
    let (mut caller, mut kv) = (caller_on(&["kv"], reads), KvCall::default());
    assert_eq!(get(&mut caller, &mut kv, "a").await.unwrap().as_deref(), Some("old"));
    assert_eq!(get(&mut caller, &mut kv, "b").await.unwrap(), None);
    set(&mut caller, &mut kv, "a", "new").unwrap();
    assert_eq!(get(&mut caller, &mut kv, "a").await.unwrap().as_deref(), Some("new"));
    KvHost { caller: &mut caller, kv: &mut kv }.delete("a".into()).unwrap().unwrap();
    assert_eq!(get(&mut caller, &mut kv, "a").await.unwrap(), None);
}

#[tokio::test]
async fn records_what_was_read_with_the_revision_seen_and_blind_writes_without_one() {
    let reads = FakeReads::default().with_kv("probe", "a", "1", 4);
    let (mut caller, mut kv) = (caller_on(&["kv"], reads), KvCall::default());
    get(&mut caller, &mut kv, "a").await.unwrap();
    get(&mut caller, &mut kv, "nothing").await.unwrap();
    set(&mut caller, &mut kv, "blind", "x").unwrap();
    let mut changes = Changes::default();
    kv.into_changes(&caller, &mut changes);
    let key = |key: &str| KvKey { plugin: "probe".into(), key: key.into() };
    assert_eq!(changes.reads.cells, [(Cell::Kv(key("a")), 4), (Cell::Kv(key("nothing")), 0)].into());
    assert_eq!(changes.kv, [(key("blind"), Some("x".to_owned()))].into());
}

#[tokio::test]
async fn a_list_merges_own_writes_and_records_the_rows_as_the_store_has_them() {
    let reads = FakeReads::default().with_kv("probe", "t/a", "1", 1).with_kv("probe", "t/b", "2", 2);
    let reads = reads.with_kv("probe", "t/c", "3", 3).with_kv("probe", "u", "9", 9);
    let (mut caller, mut kv) = (caller_on(&["kv"], reads), KvCall::default());
    set(&mut caller, &mut kv, "t/aa", "new").unwrap();
    set(&mut caller, &mut kv, "t/b", "changed").unwrap();
    KvHost { caller: &mut caller, kv: &mut kv }.delete("t/a".into()).unwrap().unwrap();
    let seen = list(&mut caller, &mut kv, "t/", 2).await;
    assert_eq!(seen, pairs(&[("t/aa", "new"), ("t/b", "changed")]));
    assert_eq!(list(&mut caller, &mut kv, "t/", 10).await.len(), 3);
    let first = &kv.lists[0];
    assert_eq!(first.query, ListQuery::Kv { plugin: "probe".into(), prefix: "t/".into(), limit: 3 });
    assert_eq!(first.seen, [("t/a".to_owned(), 1), ("t/b".to_owned(), 2), ("t/c".to_owned(), 3)]);
}

#[tokio::test]
async fn the_hosts_own_cap_is_on_every_list() {
    let (mut caller, mut kv) = (caller(&["kv"]), KvCall::default());
    list(&mut caller, &mut kv, "", u32::MAX).await;
    assert!(matches!(&kv.lists[0].query, ListQuery::Kv { limit, .. } if *limit == i64::from(LIST_ROWS)));
}

#[tokio::test]
async fn refuses_keys_and_values_out_of_bounds() {
    let (mut caller, mut kv) = (caller(&["kv"]), KvCall::default());
    assert!(matches!(set(&mut caller, &mut kv, "", "v"), Err(HostError::Invalid(_))));
    assert!(matches!(set(&mut caller, &mut kv, "a\0", "v"), Err(HostError::Invalid(_))));
    assert!(matches!(set(&mut caller, &mut kv, "a", "\0"), Err(HostError::Invalid(_))));
    assert!(matches!(set(&mut caller, &mut kv, &"k".repeat(KV_KEY_BYTES + 1), "v"), Err(HostError::TooLarge(_))));
    assert!(matches!(set(&mut caller, &mut kv, "a", &"v".repeat(KV_VALUE_BYTES + 1)), Err(HostError::TooLarge(_))));
    assert!(kv.writes.is_empty());
}

#[tokio::test]
async fn a_call_cannot_pile_up_writes_without_end() {
    let (mut caller, mut kv) = (caller(&["kv"]), KvCall::default());
    let value = "v".repeat(KV_VALUE_BYTES);
    for _ in 0..100 {
        set(&mut caller, &mut kv, "same", &value).unwrap();
    }
    let refused = (0..100).find_map(|n| set(&mut caller, &mut kv, &format!("k{n}"), &value).err());
    assert!(matches!(refused, Some(HostError::TooLarge(_))));
}

#[tokio::test]
async fn a_failed_read_is_unavailable_to_the_guest_and_remembered_for_the_host() {
    let (mut caller, mut kv) =
        (caller_on(&["kv"], FakeReads { broken: true, ..FakeReads::default() }), KvCall::default());
    let refused = get(&mut caller, &mut kv, "a").await.unwrap_err();
    assert!(matches!(&refused, HostError::Unavailable(text) if !text.contains("fire")), "{refused:?}");
    assert_eq!(caller.failure.unwrap().to_string(), "disk on fire");
}
