//! Tampering of every kind, and the record it must be pinned to.

use super::*;
use crate::audit::{AuditRecord, SealedRecord};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use serde_json::json;

type Rows = Vec<(i64, Vec<u8>, Vec<u8>)>;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn trail(length: i64) -> Vec<SealedRecord> {
    let mut prev = GENESIS.to_owned();
    (1..=length)
        .map(|seq| {
            let mut record = AuditRecord::new(1_700_000_000_000 + seq, "command");
            record.actor = Some("ana".into());
            record.detail = json!({"text": format!("/sev note {seq} ünïcode"), "n": seq});
            let sealed = record.seal(seq, &prev);
            prev.clone_from(&sealed.hash);
            sealed
        })
        .collect()
}

fn head(trail: &[SealedRecord]) -> Head {
    trail
        .last()
        .map_or(Head { seq: 0, hash: GENESIS.to_owned() }, |last| Head { seq: last.seq, hash: last.hash.clone() })
}

fn checkpoints(trail: &[SealedRecord], at: &[i64]) -> Checkpoints {
    let valid = at.iter().map(|&seq| Checkpoint::sign(&key(), seq, &trail[seq as usize - 1].hash, 5_000)).collect();
    Checkpoints { valid, bad: None, torn: false }
}

fn rows(trail: &[SealedRecord]) -> Rows {
    trail.iter().map(|r| (r.seq, r.record.clone().into_bytes(), r.hash.clone().into_bytes())).collect()
}

fn verify(rows: &Rows, head: &Head, checkpoints: Checkpoints) -> VerifyReport {
    let mut verifier = Verifier::new(checkpoints);
    for (seq, record, hash) in rows {
        verifier.row(*seq, &String::from_utf8_lossy(record), &String::from_utf8_lossy(hash));
    }
    verifier.finish(Some(head))
}

fn found(report: VerifyReport) -> String {
    assert!(!report.ok);
    let bad = report.first_bad.expect("a trail that is not ok has a first bad record");
    format!("{}: {}", bad.seq, bad.sentence)
}

#[test]
fn a_whole_trail_is_ok_and_says_from_where_it_is_unanchored() {
    let trail = trail(10);
    let report = verify(&rows(&trail), &head(&trail), checkpoints(&trail, &[4, 7]));
    assert_eq!((report.ok, report.checked), (true, 10));
    assert_eq!(report.last_checkpoint.map(|c| c.seq), Some(7));
    assert_eq!(report.unanchored_since, Some(Unanchored { seq: 8, at: "2023-11-14T22:13:20.008Z".to_owned() }));

    let report = verify(&rows(&trail), &head(&trail), checkpoints(&trail, &[10]));
    assert_eq!((report.ok, report.unanchored_since), (true, None));
    let report = verify(&rows(&trail), &head(&trail), Checkpoints::default());
    assert_eq!((report.ok, report.unanchored_since.map(|u| u.seq)), (true, Some(1)));
}

#[test]
fn an_empty_trail_is_ok_unless_something_says_otherwise() {
    let nothing = head(&[]);
    assert!(verify(&vec![], &nothing, Checkpoints::default()).ok);
    insta::assert_snapshot!(found(Verifier::new(Checkpoints::default()).finish(None)), @"1: the head row, which says where the trail ends, is missing or no longer one");
    let three = trail(3);
    insta::assert_snapshot!(found(verify(&vec![], &head(&three), Checkpoints::default())), @"1: record 1 is missing, the end was cut off: the head row says there are 3 records, none is present");
    insta::assert_snapshot!(found(verify(&vec![], &nothing, checkpoints(&three, &[3]))), @"1: record 1 is missing, the end was cut off: the checkpoint signed at 1970-01-01T00:00:05.000Z says there are 3 records, none is present");
}

#[test]
fn an_edited_record_is_named() {
    let trail = trail(10);
    let mut edited = rows(&trail);
    edited[5].1[20] ^= 1;
    insta::assert_snapshot!(found(verify(&edited, &head(&trail), Checkpoints::default())), @"6: record 6 was changed: its text and its hash no longer belong together");
}

#[test]
fn a_removed_record_is_named() {
    let trail = trail(10);
    let mut gap = rows(&trail);
    gap.remove(5);
    insta::assert_snapshot!(found(verify(&gap, &head(&trail), Checkpoints::default())), @"6: record 6 is missing: the next one found is 7");
}

#[test]
fn a_cut_tail_is_named_by_the_head_and_if_that_was_edited_too_by_the_checkpoint() {
    let trail = trail(120);
    let cut = rows(&trail[..118]);
    insta::assert_snapshot!(found(verify(&cut, &head(&trail), Checkpoints::default())), @"119: record 119 is missing, the end was cut off: the head row says there are 120 records, the last one present is 118");
    insta::assert_snapshot!(found(verify(&cut, &head(&trail[..118]), checkpoints(&trail, &[60, 120]))), @"119: record 119 is missing, the end was cut off: the checkpoint signed at 1970-01-01T00:00:05.000Z says there are 120 records, the last one present is 118");
}

#[test]
fn a_chain_computed_anew_is_named_by_the_checkpoint_after_it() {
    let real = trail(10);
    let mut forged = real[..5].to_vec();
    for seq in 6..=10 {
        let prev = forged.last().unwrap().hash.clone();
        forged.push(AuditRecord::new(0, "forged").seal(seq, &prev));
    }
    let report = verify(&rows(&forged), &head(&forged), checkpoints(&real, &[3, 8]));
    insta::assert_snapshot!(found(report), @"8: record 8 is not the one that was signed at 1970-01-01T00:00:05.000Z: the chain was rewritten somewhere between records 4 and 8");
}

#[test]
fn a_head_that_does_not_fit_is_named() {
    let trail = trail(10);
    let all = rows(&trail);
    insta::assert_snapshot!(found(verify(&all, &head(&trail[..7]), Checkpoints::default())), @"8: record 8 stands beyond the end: the head row says the trail ends at 7");
    let other = Head { seq: 10, hash: GENESIS.to_owned() };
    insta::assert_snapshot!(found(verify(&all, &other, Checkpoints::default())), @"10: record 10 is not the one the head row names: their hashes differ");
    let mut headless = Verifier::new(Checkpoints::default());
    headless.row(1, &trail[0].record, &trail[0].hash);
    insta::assert_snapshot!(found(headless.finish(None)), @"2: the head row, which says where the trail ends, is missing or no longer one");
}

#[test]
fn a_record_with_a_good_hash_but_not_ours_is_named() {
    let cases = [
        (r#"{"seq":2}"#, "says of itself that it is record 2"),
        (r#"{"at":"x"}"#, "does not say which number"),
        (r#"{"seq": 1}"#, "not in the form"),
        (r#"{"seq":1,"at":"x"}"#, "not in the form"),
        (r#"{"seq":1,"seq":1}"#, "not in the form"),
        ("nonsense", "not in the form"),
    ];
    for (record, expected) in cases {
        let hash = link(GENESIS, record);
        let mut verifier = Verifier::new(Checkpoints::default());
        assert!(!verifier.row(1, record, &hash), "{record}");
        let sentence = found(verifier.finish(Some(&Head { seq: 1, hash })));
        assert!(sentence.starts_with("1: ") && sentence.contains(expected), "{record}: {sentence}");
    }
}

#[test]
fn an_edited_checkpoint_line_is_a_finding_even_when_the_trail_is_whole() {
    let trail = trail(5);
    let text: String = [2, 4].iter().map(|&n| checkpoints(&trail, &[n]).valid[0].line() + "\n").collect();
    let edited = Checkpoints::parse(&text.replace("\"seq\":4", "\"seq\":5"), &key().verifying_key());
    insta::assert_snapshot!(found(verify(&rows(&trail), &head(&trail), edited)), @"5: line 2 of the checkpoint file was edited: its signature does not hold");
    let stranger = Checkpoints::parse(&text, &SigningKey::from_bytes(&[8; 32]).verifying_key());
    insta::assert_snapshot!(found(verify(&rows(&trail), &head(&trail), stranger)), @"2: line 1 of the checkpoint file is signed by another key than the one in audit-key.pub");
}

proptest! {
    #[test]
    fn any_edited_byte_of_a_record_or_hash_is_pinned_to_its_record(
        length in 1i64..12, pick in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(),
        byte in any::<u8>(), in_hash in any::<bool>(),
    ) {
        let trail = trail(length);
        let mut edited = rows(&trail);
        let row = pick.index(edited.len());
        let field = if in_hash { &mut edited[row].2 } else { &mut edited[row].1 };
        let place = place.index(field.len());
        prop_assume!(field[place] != byte);
        field[place] = byte;
        let bad = verify(&edited, &head(&trail), Checkpoints::default()).first_bad;
        prop_assert_eq!(bad.map(|bad| bad.seq), Some(row as i64 + 1));
    }

    #[test]
    fn any_removed_record_is_named(length in 1i64..12, pick in any::<prop::sample::Index>()) {
        let trail = trail(length);
        let mut gap = rows(&trail);
        let row = pick.index(gap.len());
        gap.remove(row);
        let bad = verify(&gap, &head(&trail), Checkpoints::default()).first_bad;
        prop_assert_eq!(bad.map(|bad| bad.seq), Some(row as i64 + 1));
    }

    #[test]
    fn any_two_swapped_records_are_pinned_to_the_first(
        length in 2i64..12, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(),
    ) {
        let trail = trail(length);
        let mut swapped = rows(&trail);
        let (a, b) = (a.index(swapped.len()), b.index(swapped.len()));
        prop_assume!(a != b);
        let (first, second) = (a.min(b), a.max(b));
        let (one, other) = (swapped[first].clone(), swapped[second].clone());
        (swapped[first].1, swapped[first].2) = (other.1, other.2);
        (swapped[second].1, swapped[second].2) = (one.1, one.2);
        let bad = verify(&swapped, &head(&trail), Checkpoints::default()).first_bad;
        prop_assert_eq!(bad.map(|bad| bad.seq), Some(first as i64 + 1));
    }

    #[test]
    fn any_cut_tail_is_named_even_if_the_head_was_cut_with_it(
        length in 1i64..12, keep in any::<prop::sample::Index>(), head_too in any::<bool>(),
    ) {
        let trail = trail(length);
        let keep = keep.index(trail.len());
        let end = if head_too { head(&trail[..keep]) } else { head(&trail) };
        let bad = verify(&rows(&trail[..keep]), &end, checkpoints(&trail, &[length])).first_bad;
        prop_assert_eq!(bad.map(|bad| bad.seq), Some(keep as i64 + 1));
    }

    #[test]
    fn any_edited_byte_of_a_checkpoint_line_is_found(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let trail = trail(3);
        let text: String = (1..=3).map(|n| checkpoints(&trail, &[n]).valid[0].line() + "\n").collect();
        let mut bytes = text.into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        let parsed = Checkpoints::parse(&String::from_utf8_lossy(&bytes), &key().verifying_key());
        // A NUL in place of the last line feed is what a crash can leave; the checkpoint itself is untouched.
        let untouched = place + 1 == bytes.len() && byte == 0;
        prop_assert_eq!(verify(&rows(&trail), &head(&trail), parsed).ok, untouched);
    }
}
