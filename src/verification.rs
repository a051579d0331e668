//! Walks the audit trail in the store against its head and the checkpoints outside it.

use crate::audit::{Finding, Head, Posted, Verifier, VerifyReport, read_checkpoints, timeline_begins, timeline_link};
use crate::store::{Store, StoreError};
use std::path::Path;

/// Records read at a time, so that no read transaction stays open.
const PAGE: i64 = 2_000;

/// Verifies the whole trail. Records written while it walks are left for the next time.
///
/// # Errors
/// The database does not answer. Checkpoints that cannot be read are a finding, not an error.
pub async fn verify(store: &Store, data_dir: &Path) -> Result<VerifyReport, StoreError> {
    // The head first: whatever is appended afterwards lies beyond it. The checkpoints before it, for the same reason.
    let checkpoints = read_checkpoints(data_dir);
    let head = store.audit_end().await?;
    let (checkpoints, unreadable) = match checkpoints {
        Ok(checkpoints) => (checkpoints, None),
        Err(error) => (Default::default(), Some(error)),
    };
    let mut verifier = Verifier::new(checkpoints);
    walk(store, head.as_ref(), &mut verifier).await?;
    let mut report = verifier.finish(head.as_ref());
    if report.ok
        && let Some(damage) = store.audit_damage().await?
    {
        let sentence = format!("the table of the audit trail is damaged: {damage}");
        report.ok = false;
        report.first_bad = Some(Finding { seq: 0, sentence });
    }
    if let Some(error) = unreadable.filter(|_| report.ok) {
        report.ok = false;
        report.first_bad = Some(Finding { seq: 0, sentence: error.to_string() });
    }
    Ok(report)
}

/// Shows the verifier every row up to the head, or to the first that is bad.
async fn walk(store: &Store, head: Option<&Head>, verifier: &mut Verifier) -> Result<(), StoreError> {
    let end = head.map_or(i64::MAX, |head| head.seq);
    let (mut last, mut limit) = (i64::MIN, PAGE);
    loop {
        let page = match store.audit_evidence(last, limit).await {
            Ok(page) => page,
            // That nobody answers says nothing about a row.
            Err(error) if error.is_away() => return Err(error),
            // One row of it cannot be read: fewer are looked at, and again more, until that one is alone.
            Err(_) if limit > 1 => {
                limit = 1;
                continue;
            }
            Err(error) => {
                verifier.mangled(None, &format!("cannot be read ({error})"));
                return Ok(());
            }
        };
        let Some(at) = page.last().map(|row| row.at) else { return Ok(()) };
        for row in page {
            // Beyond the head lies either what was appended since, or what somebody added without moving the head; the
            // next verification tells them apart.
            if row.seq.is_some_and(|seq| seq > end) && store.audit_end().await?.is_some_and(|now| now.seq > end) {
                return Ok(());
            }
            let goes_on = match (row.seq, &row.record, &row.hash) {
                (Some(seq), Some(record), Some(hash)) => verifier.row(seq, record, hash),
                (None, ..) => verifier.mangled(None, "has no number any more"),
                (seq, None, _) => verifier.mangled(seq, "was changed: its text is none any more"),
                (seq, _, None) => verifier.mangled(seq, "was changed: its hash is no text any more"),
            };
            if !goes_on {
                return Ok(());
            }
        }
        (last, limit) = (at, (limit * 2).min(PAGE));
    }
}

/// Compares a checkpoint that was posted in a chat with what is stored: `None` if it holds, else what is wrong, a sentence.
///
/// # Errors
/// The database does not answer.
pub async fn posted(store: &Store, posted: &Posted) -> Result<Option<String>, StoreError> {
    let (incident, lines, hash) = match posted {
        Posted::Timeline { incident, lines, hash } => (incident, *lines, hash),
        Posted::Trail { seq, hash } => {
            let found = store.audit_page(seq - 1, 1).await?.into_iter().find(|record| record.seq == *seq);
            return Ok(match found {
                Some(record) if record.hash == *hash => None,
                Some(_) => Some(format!("record {seq} of the audit trail is not the one that was posted")),
                None => Some(format!("the audit trail has no record {seq}")),
            });
        }
    };
    let mut last = timeline_begins(incident);
    let sealed = store.sealed_lines(incident, lines).await?;
    for (expected, sealed) in (1..).zip(&sealed) {
        let Some(line) = sealed.line.as_ref().filter(|_| sealed.position == expected) else {
            return Ok(Some(format!("line {expected} of the timeline of {incident} is gone")));
        };
        last = timeline_link(&last, line);
        if last != sealed.hash {
            let when = crate::clock::rfc3339(line.entry.at_ms);
            return Ok(Some(format!("line {expected} of the timeline of {incident}, of {when}, was changed")));
        }
    }
    let found = i64::try_from(sealed.len()).unwrap_or(i64::MAX);
    Ok(match found < lines {
        true => Some(format!("of the timeline of {incident}, {lines} lines were sealed; {found} of them are there")),
        // Every line fits the next, and yet another chain was posted.
        false if last != *hash => Some(format!("the timeline of {incident} was written anew after this was posted")),
        false => None,
    })
}
