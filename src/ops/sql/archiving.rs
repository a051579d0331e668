//! Whether a PostgreSQL server archives its log, and how old the last archived piece is: what a restore to a moment between two copies
//! stands on.

use super::{Asked, number};
use crate::config::limits::ARCHIVING_TIME;
use crate::config::show_duration;
use crate::config::targets::{Target, TargetPlace};
use crate::model::verdict::Verdict;
use secrecy::ExposeSecret;
use std::time::Duration;

/// One text: `off`, `never`, or how many seconds ago a piece was archived, with `failing ` before it if the last attempt failed.
const QUERY: &str = "select case when current_setting('archive_mode') = 'off' then 'off' else \
     case when last_failed_time > coalesce(last_archived_time, '-infinity') then 'failing ' else '' end || \
     coalesce(greatest(extract(epoch from now() - last_archived_time), 0)::bigint::text, 'never') end from pg_catalog.pg_stat_archiver";

/// Whether the server of a target archived something within the time that is expected of it, and a sentence; `None` where nothing
/// is expected.
pub async fn archiving(target: &Target) -> Option<(Verdict, String)> {
    let (TargetPlace::Postgres { url, .. }, Some(within)) = (&target.place, target.wal_archiving) else { return None };
    let asked = number(Asked::Postgres(url.url.expose_secret()), QUERY, ARCHIVING_TIME);
    Some(match tokio::time::timeout(ARCHIVING_TIME, asked).await {
        Ok(Ok(answer)) => judged(answer.as_deref().unwrap_or_default(), within),
        Ok(Err(why)) => (Verdict::Unknown, format!("whether it archives its log could not be asked: {why}")),
        Err(_) => {
            let limit = show_duration(ARCHIVING_TIME);
            (Verdict::Unknown, format!("whether it archives its log could not be asked: no answer within {limit}"))
        }
    })
}

fn judged(answer: &str, within: Duration) -> (Verdict, String) {
    let (failing, rest) = answer.strip_prefix("failing ").map_or((false, answer), |rest| (true, rest));
    let most = show_duration(within);
    let last = if failing { "; its last attempt to archive a piece failed: see the server's log" } else { "" };
    match (rest, rest.parse().map(Duration::from_secs)) {
        ("off", _) => (Verdict::Fail, "its log is not archived: archive_mode is off".to_owned()),
        ("never", _) => (Verdict::Fail, format!("no piece of its log was archived yet{last}")),
        (_, Ok(age)) if age <= within => {
            let sentence = format!(
                "the last piece of its log was archived {} ago, and {most} are allowed{last}",
                show_duration(age)
            );
            (if failing { Verdict::Fail } else { Verdict::Pass }, sentence)
        }
        (_, Ok(age)) => (
            Verdict::Fail,
            format!("the last piece of its log was archived {} ago, and {most} are allowed{last}", show_duration(age)),
        ),
        (_, Err(_)) => (Verdict::Unknown, "it did not say when a piece of its log was archived".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_judged_by_what_is_allowed() {
        let said = ["off", "never", "failing never", "900", "901", "failing 10", "", "soon"].map(|answer| {
            let (verdict, sentence) = judged(answer, Duration::from_secs(900));
            format!("{} {sentence}", verdict.as_str())
        });
        insta::assert_snapshot!(said.join("\n"), @"
        fail its log is not archived: archive_mode is off
        fail no piece of its log was archived yet
        fail no piece of its log was archived yet; its last attempt to archive a piece failed: see the server's log
        pass the last piece of its log was archived 15m ago, and 15m are allowed
        fail the last piece of its log was archived 15m1s ago, and 15m are allowed
        fail the last piece of its log was archived 10s ago, and 15m are allowed; its last attempt to archive a piece failed: see the server's log
        unknown it did not say when a piece of its log was archived
        unknown it did not say when a piece of its log was archived
        ");
    }
}
