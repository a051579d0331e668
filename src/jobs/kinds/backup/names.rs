//! What copies are called: `backups/TARGET/20261122T100000Z-0badcafe.dump.zst.age`. The moment is that of the snapshot, the digits
//! are the last of the job's id. A safety copy has `.safety` behind them.

use crate::model::copy::SAFETY;
use crate::model::job::short;
use crate::ops::backup::format::Format;
use crate::ops::backup::manifest::SUFFIX;
use chrono::{DateTime, NaiveDate};

/// What all copies' names begin with.
pub(super) const ROOT: &str = "backups/";

/// What the names of a target's copies begin with.
pub(super) fn prefix(target: &str) -> String {
    format!("{ROOT}{target}/")
}

/// A new copy's name.
pub(super) fn object(target: &str, taken_ms: i64, job: &str, format: Format, encrypted: bool) -> String {
    let age = if encrypted { ".age" } else { "" };
    format!("{}{}.{}.zst{age}", prefix(target), stem(taken_ms, job), format.extension())
}

/// The same name, as that of a safety copy.
pub(super) fn safety(object: &str) -> String {
    let (folder, name) = object.rsplit_once('/').unwrap_or(("", object));
    let (stem, rest) = name.split_once('.').unwrap_or((name, ""));
    format!("{folder}/{stem}.{SAFETY}.{rest}")
}

/// A moment and a job, as they stand in a name: `20261122T100000Z-0badcafe`.
pub(super) fn stem(at_ms: i64, job: &str) -> String {
    let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default().format("%Y%m%dT%H%M%SZ");
    format!("{at}-{}", short(job))
}

/// The digits of the job in a name of ours.
pub(super) fn digits(name: &str) -> Option<&str> {
    let (stem, _) = name.rsplit('/').next()?.split_once('.')?;
    stem.rsplit_once('-').map(|(_, digits)| digits)
}

/// Whether an object or manifest is of this job, by its name.
pub(super) fn is_of(name: &str, job: &str) -> bool {
    digits(name) == Some(short(job))
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

/// The moment in a name that somebody else has made, such as `shop_2026-03-01_10-00.sql.gz`: the last date in it, with the time of day
/// that follows, if one does. Taken for UTC.
pub(super) fn moment_in(name: &str) -> Option<i64> {
    let name = name.rsplit('/').next()?.as_bytes();
    (0..name.len()).rev().find_map(|at| {
        let begins = at == 0 || !name[at - 1].is_ascii_digit();
        begins.then(|| moment_at(&name[at..])).flatten()
    })
}

fn moment_at(mut text: &[u8]) -> Option<i64> {
    let year = number(&mut text, 4)?;
    let month = part(&mut text)?;
    let day = part(&mut text)?;
    let date =
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).filter(|_| (1990..2200).contains(&year))?;
    let mut after = text;
    let time = part(&mut after).and_then(|hour| {
        let minute = part(&mut after)?;
        date.and_hms_opt(hour, minute, part(&mut after).unwrap_or(0))
    });
    // Digits that are no time belong to something else, and so does the date.
    let time = time.filter(|_| !after.first().is_some_and(u8::is_ascii_digit));
    let midnight = || date.and_hms_opt(0, 0, 0).filter(|_| !text.first().is_some_and(u8::is_ascii_digit));
    time.or_else(midnight).map(|at| at.and_utc().timestamp_millis())
}

/// Two digits, after one character between parts if there is one.
fn part(text: &mut &[u8]) -> Option<u32> {
    if text.first().is_some_and(|byte| b"-_.:Tt".contains(byte)) {
        *text = &text[1..];
    }
    number(text, 2)
}

fn number(text: &mut &[u8], digits: usize) -> Option<u32> {
    let (number, rest) = text.split_at_checked(digits)?;
    let number = number.iter().all(u8::is_ascii_digit).then_some(number)?;
    *text = rest;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_moment_is_read_from_a_name_as_people_write_them() {
        let at = |name: &str| moment_in(name).map(crate::clock::rfc3339);
        for (name, moment) in [
            ("old/backup_20260301_100000.sql.gz", "2026-03-01T10:00:00.000Z"),
            ("old/shop-2026-03-01T10:05:06Z.dump", "2026-03-01T10:05:06.000Z"),
            ("2026-03-01_10-05.sql", "2026-03-01T10:05:00.000Z"),
            ("20200101/shop.2026.03.01.tar", "2026-03-01T00:00:00.000Z"),
            ("shop20260301.sql.gz.enc", "2026-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(at(name).as_deref(), Some(moment), "{name}");
        }
        for name in ["shop.sql", "12345678.sql", "shop-20261301.sql", "2026030110000012345.dump", "2026-03.sql"] {
            assert_eq!(at(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in ".{0,40}") {
            let _ = moment_in(&name);
        }
    }

    #[test]
    fn a_name_says_target_moment_job_and_how_it_is_read() {
        let job = "0190c0de-0000-7000-8000-00000badcafe";
        let name = object("shop", 1_795_341_600_000, job, Format::PgCustom, true);
        assert_eq!(name, "backups/shop/20261122T100000Z-0badcafe.dump.zst.age");
        assert!(
            is_of(&name, job) && is_of(&format!("{name}{SUFFIX}"), job) && !is_of("backups/shop/x-00000000.tar", job)
        );
        assert_eq!(target_of(&name), Some("shop"));
        let safety = safety(&name);
        assert_eq!(safety, "backups/shop/20261122T100000Z-0badcafe.safety.dump.zst.age");
        assert!(is_of(&safety, job) && is_copy_of(&safety, "shop") && crate::model::copy::is_safety(&safety));
        for other in ["backups/shop/", "backups/x", "elsewhere/shop/x", "backups/shop/a/b"] {
            assert_eq!(target_of(other), None, "{other}");
        }
        assert!(!is_copy_of(&format!("{name}{SUFFIX}"), "shop") && !is_copy_of(&name, "sho"));
    }
}
