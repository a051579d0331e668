//! What copies are called: `backups/TARGET/20261122T100000Z-0badcafe.dump.zst.age`. The moment is that of the snapshot, the digits
//! are the last of the job's id.

use crate::model::job::short;
use crate::ops::backup::format::Format;
use crate::ops::backup::manifest::SUFFIX;
use chrono::DateTime;

/// What all copies' names begin with.
pub(super) const ROOT: &str = "backups/";

/// What the names of a target's copies begin with.
pub(super) fn prefix(target: &str) -> String {
    format!("{ROOT}{target}/")
}

/// A new copy's name.
pub(super) fn object(target: &str, taken_ms: i64, job: &str, format: Format, encrypted: bool) -> String {
    let at = DateTime::from_timestamp_millis(taken_ms).unwrap_or_default().format("%Y%m%dT%H%M%SZ");
    let age = if encrypted { ".age" } else { "" };
    format!("{}{at}-{}.{}.zst{age}", prefix(target), short(job), format.extension())
}

/// Whether an object or manifest is of this job, by its name.
pub(super) fn is_of(name: &str, job: &str) -> bool {
    let stem = name.rsplit('/').next().and_then(|name| name.split_once('.')).map_or("", |(stem, _)| stem);
    stem.rsplit_once('-').is_some_and(|(_, id)| id == short(job))
}

/// Whether a name may be one of a target's copies: below its prefix, and no manifest.
pub(super) fn is_copy_of(name: &str, target: &str) -> bool {
    name.strip_prefix(&prefix(target))
        .is_some_and(|rest| !rest.is_empty() && !rest.contains('/') && !rest.ends_with(SUFFIX))
}

/// The target in a copy's name.
pub(super) fn target_of(object: &str) -> Option<&str> {
    let (target, rest) = object.strip_prefix(ROOT)?.split_once('/')?;
    is_copy_of(object, target).then_some(target).filter(|_| !rest.is_empty())
}

/// A moment in RFC 3339 as milliseconds since the epoch.
pub(super) fn moment(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_target_moment_job_and_how_it_is_read() {
        let job = "0190c0de-0000-7000-8000-00000badcafe";
        let name = object("shop", 1_795_341_600_000, job, Format::PgCustom, true);
        assert_eq!(name, "backups/shop/20261122T100000Z-0badcafe.dump.zst.age");
        assert!(
            is_of(&name, job) && is_of(&format!("{name}{SUFFIX}"), job) && !is_of("backups/shop/x-00000000.tar", job)
        );
        assert_eq!(target_of(&name), Some("shop"));
        for other in ["backups/shop/", "backups/x", "elsewhere/shop/x", "backups/shop/a/b"] {
            assert_eq!(target_of(other), None, "{other}");
        }
        assert!(!is_copy_of(&format!("{name}{SUFFIX}"), "shop") && !is_copy_of(&name, "sho"));
    }
}
