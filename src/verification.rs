//! Walks the audit trail in the store against its head and the checkpoints outside it.

use crate::audit::{Head, Verifier, VerifyReport, read_checkpoints};
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
    let (seq, hash) = store.audit_head().await?;
    let (checkpoints, unreadable) = match checkpoints {
        Ok(checkpoints) => (checkpoints, None),
        Err(error) => (Default::default(), Some(error)),
    };
    let mut verifier = Verifier::new(checkpoints);
    let mut last = i64::MIN;
    'walk: loop {
        let page = store.audit_page(last, PAGE).await?;
        let Some(end) = page.last().map(|record| record.seq) else { break };
        for record in page {
            // Beyond the head lies either what was appended since, or what somebody added without moving the head; the
            // next verification tells them apart.
            if record.seq > seq && store.audit_head().await?.0 > seq {
                break 'walk;
            }
            if !verifier.row(record.seq, &record.record, &record.hash) {
                break 'walk;
            }
        }
        last = end;
    }
    let mut report = verifier.finish(Some(&Head { seq, hash }));
    if let Some(error) = unreadable.filter(|_| report.ok) {
        report.ok = false;
        report.first_bad = Some(crate::audit::Finding { seq: 0, sentence: error.to_string() });
    }
    Ok(report)
}
