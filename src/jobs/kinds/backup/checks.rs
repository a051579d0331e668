//! The checks of a copy, pure: what was found is compared with its manifest and with what the operator expects. Each says what it
//! saw; together they make a verdict. A check that could not be made is neither good nor bad.

use crate::config::targets::BackupPolicy;
use crate::config::{show_bytes, show_duration};
use crate::model::copy::CopyVerdict;
use crate::ops::backup::contents::{Contents, TableCount};
use crate::ops::backup::inspect::{Inspected, Stopped, Unpacked};
use crate::ops::backup::manifest::{Manifest, fingerprint};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) mod foreign;

/// Tables that one sentence names.
const NAMED: usize = 5;
/// Below this part of what copies usually have, a copy has shrunk.
const SHRUNK_PERCENT: u64 = 50;

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// Its name, which never changes.
    pub(super) name: &'static str,
    /// Whether it passed; `None`: it could not be made, or there is nothing to compare with.
    pub(super) ok: Option<bool>,
    /// What was found.
    pub(super) value: Option<String>,
    /// What was expected.
    pub(super) expected: Option<String>,
    /// For people.
    pub(super) sentence: String,
    /// What it says about the copy.
    #[serde(skip)]
    weight: Weight,
}

/// What a check that failed says about the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// It is broken.
    Broken,
    /// Nobody can tell.
    Doubt,
    /// Nothing: it is about other copies, or a warning.
    Nothing,
    /// Nothing, but whoever relies on the copy should read it.
    Said,
}

impl Check {
    fn of(name: &'static str, ok: Option<bool>, weight: Weight, sentence: impl Into<String>) -> Self {
        Self { name, ok, value: None, expected: None, sentence: sentence.into(), weight }
    }

    fn passed(name: &'static str, sentence: impl Into<String>) -> Self {
        Self::of(name, Some(true), Weight::Nothing, sentence)
    }

    fn unknown(name: &'static str, sentence: impl Into<String>) -> Self {
        Self::of(name, None, Weight::Nothing, sentence)
    }

    fn broken(name: &'static str, sentence: impl Into<String>) -> Self {
        Self::of(name, Some(false), Weight::Broken, sentence)
    }

    /// Whether the copy can be told good or bad hangs on it, and it could not be made.
    pub(super) fn doubtful(name: &'static str, sentence: impl Into<String>) -> Self {
        Self::of(name, None, Weight::Doubt, sentence)
    }

    fn with(self, value: impl ToString, expected: impl ToString) -> Self {
        Self { value: Some(value.to_string()), expected: Some(expected.to_string()), ..self }
    }

    /// Equal or not, with the sentence for each.
    fn equal<T: PartialEq + ToString>(name: &'static str, value: &T, expected: &T, good: &str, bad: String) -> Self {
        let check = if value == expected { Self::passed(name, good) } else { Self::broken(name, bad) };
        check.with(value.to_string(), expected.to_string())
    }
}

/// What all checks together say, and the sentence that says most.
pub(super) fn verdict(checks: &[Check]) -> (CopyVerdict, String) {
    let failed = |weight| checks.iter().find(|check| check.ok != Some(true) && check.weight == weight);
    if let Some(check) = failed(Weight::Broken).filter(|check| check.ok == Some(false)) {
        return (CopyVerdict::Broken, check.sentence.clone());
    }
    if let Some(check) = failed(Weight::Doubt) {
        return (CopyVerdict::Unknown, check.sentence.clone());
    }
    let unknown: Vec<&str> = checks.iter().filter(|check| check.ok.is_none()).map(|check| check.name).collect();
    let made = checks.iter().filter(|check| check.ok == Some(true)).count();
    let rest = if unknown.is_empty() { String::new() } else { format!("; not checked: {}", unknown.join(", ")) };
    let said: String = checks
        .iter()
        .filter(|check| check.weight == Weight::Said)
        .map(|check| format!(" {}", check.sentence))
        .collect();
    // Of what something else made nobody knows how it was stored.
    let foreign = checks.iter().any(|check| check.name == "manifest" && check.ok.is_none());
    let seen = if foreign { "It was read to its end" } else { "It was read back and is as it was stored" };
    (CopyVerdict::Verified, format!("{seen}: {made} checks passed{rest}.{said}"))
}

/// The object is not there.
pub(super) fn deleted() -> Check {
    Check::broken("exists", "It is not in the store: somebody or something has deleted it.")
}

/// The object is there.
pub(super) fn exists() -> Check {
    Check::passed("exists", "It is in the store.")
}

/// The manifest, as it was found or not.
pub(super) fn manifest(found: Option<&Result<Manifest, String>>) -> Check {
    match found {
        Some(Ok(_)) => Check::passed("manifest", "Its manifest can be read."),
        Some(Err(why)) => Check::doubtful("manifest", format!("Its manifest cannot be used: {why}.")),
        None => Check::doubtful(
            "manifest",
            "There is no manifest beside it: it was not finished, or the manifest was deleted. What it should be is not known.",
        ),
    }
}

/// The number of stored bytes.
pub(super) fn size(found: u64, manifest: &Manifest) -> Check {
    let expected = manifest.stored_bytes;
    let bad = match found < expected {
        true => format!("It is cut off: {found} of {expected} bytes are there."),
        false => format!("It has grown from {expected} to {found} bytes: something else lies there."),
    };
    Check::equal("size", &found, &expected, "It has the bytes that were stored.", bad)
}

/// What reading it showed. `of`: the kind of the target, if something else made it.
pub(super) fn read(
    found: &Inspected,
    manifest: Option<&Manifest>,
    own: &[String],
    of: Option<&'static str>,
) -> Vec<Check> {
    if let Some(why) = &found.unread {
        let sentence = format!("It could not be read to its end: {why}.");
        return vec![Check::doubtful("stored_sha256", sentence)];
    }
    let mut checks = Vec::new();
    let mut as_stored = true;
    if let Some(manifest) = manifest {
        as_stored = found.stored_sha256 == manifest.stored_sha256;
        let bad = "Its bytes are not those that were stored: some were changed.".to_owned();
        let (value, expected) = (&found.stored_sha256, &manifest.stored_sha256);
        checks.push(Check::equal("stored_sha256", value, expected, "Its bytes are those that were stored.", bad));
    }
    checks.extend(opened(found, manifest, own, as_stored));
    checks.extend(found.plain.iter().flat_map(|plain| match of {
        Some(kind) => foreign::unpacked(plain, kind),
        None => unpacked(plain, manifest),
    }));
    checks
}

fn opened(found: &Inspected, manifest: Option<&Manifest>, own: &[String], as_stored: bool) -> Vec<Check> {
    let to = manifest.map(|manifest| manifest.recipients.join(", ")).unwrap_or_default();
    let ours = own.iter().map(|key| fingerprint(key)).collect::<Vec<_>>().join(", ");
    let decrypted = || match found.encrypted {
        true => Check::passed("decrypt", "A key of this machine opens it."),
        false => Check::unknown("decrypt", "It is not encrypted."),
    };
    // A manifest says what should be: an open copy of what was to be encrypted is no copy of ours.
    let expected = manifest.is_some_and(|manifest| !manifest.recipients.is_empty());
    if expected && !found.encrypted {
        return vec![Check::broken("decrypt", "It should be encrypted, and is not: something else lies there.")];
    }
    match &found.stopped {
        None => vec![decrypted(), Check::passed("unpack", "It can be unpacked to its end.")],
        Some(Stopped::NoKey) => vec![Check::unknown(
            "decrypt",
            "It is encrypted, and this machine has no key (artifacts.identity): what is inside was not looked at.",
        )],
        Some(Stopped::WrongKey) => {
            let sentence = "It is encrypted, and none of this machine's keys (artifacts.identity) opens it: take the key it was made for.";
            let check = Check { ok: Some(false), ..Check::doubtful("decrypt", sentence) };
            vec![check.with(ours, to)]
        }
        Some(stopped @ (Stopped::NoPassphrase | Stopped::WrongPassphrase)) => vec![foreign::closed(stopped)],
        Some(Stopped::Seal(why)) => vec![Check::broken("decrypt", format!("It cannot be opened: {why}."))],
        Some(Stopped::Packing(why)) => {
            let hint = if as_stored {
                " although its bytes are those that were stored: it was broken from the start"
            } else {
                ""
            };
            vec![decrypted(), Check::broken("unpack", format!("It cannot be unpacked to its end{hint}: {why}."))]
        }
    }
}

fn unpacked(plain: &Unpacked, manifest: Option<&Manifest>) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(manifest) = manifest {
        let bad = format!("The dump within has {} bytes instead of {}.", plain.bytes, manifest.plain_bytes);
        checks.push(Check::equal(
            "plain_size",
            &plain.bytes,
            &manifest.plain_bytes,
            "The dump within is as long as it was.",
            bad,
        ));
        let bad = "The dump within is not the one that was made.".to_owned();
        let (value, expected) = (&plain.sha256, &manifest.plain_sha256);
        checks.push(Check::equal("plain_sha256", value, expected, "The dump within is the one that was made.", bad));
        let words = [plain.format.words(), manifest.format.words()].map(str::to_owned);
        let bad = format!("It holds {} instead of {}.", words[0], words[1]);
        checks.push(Check::equal("format", &words[0], &words[1], "It holds what it should, by its content.", bad));
    }
    // If it is the same to the byte, what this version cannot count says nothing against it.
    let same = manifest.filter(|manifest| manifest.plain_sha256 == plain.sha256).map(|manifest| &manifest.contents);
    match (&plain.contents, same) {
        (Err(_), Some(Contents { not_counted: Some(why), .. })) => checks.push(not_counted(why)),
        (Err(why), Some(Contents { tables: Some(_), .. })) => {
            let sentence = format!("Its rows were counted when it was made, and this version cannot do so: {why}.");
            checks.push(Check::of("contents", None, Weight::Said, sentence));
        }
        (Err(why), _) => checks.push(Check::broken("contents", format!("What it holds cannot be read: {why}."))),
        (Ok(contents), _) => checks.extend(manifest.map(|manifest| compared(contents, &manifest.contents))),
    }
    checks
}

fn not_counted(why: &str) -> Check {
    let why = why.strip_prefix("counts not taken: ").unwrap_or(why);
    let sentence = format!("Its rows were not counted when it was made: {why}.");
    Check::of("contents", None, Weight::Said, sentence)
}

/// Rows and checksums as counted now and as counted then.
fn compared(now: &Contents, then: &Contents) -> Check {
    if let (Some(now), Some(then)) = (&now.files, &then.files) {
        let same =
            now == &crate::ops::backup::contents::FileCount {
                // What was not summed up then is not compared now.
                checksum: then.checksum.as_ref().and(now.checksum.clone()),
                ..then.clone()
            } && (then.checksum.is_none() || now.checksum == then.checksum);
        let check = match same {
            true => Check::passed("contents", "It holds the files that were copied."),
            false => Check::broken("contents", "It holds other files than were copied."),
        };
        return check.with(format!("{} files", now.files), format!("{} files", then.files));
    }
    let (Some(now), Some(then)) = (&now.tables, &then.tables) else {
        let later =
            "Its rows are counted when it is restored; its checksum is that of the dump in which they were counted.";
        let check = then.not_counted.as_deref().map(not_counted);
        return check.unwrap_or_else(|| Check::unknown("contents", later));
    };
    let different = differences(now, then);
    let rows = |tables: &[TableCount]| tables.iter().map(|table| table.rows).sum::<u64>();
    let check = match different.len() {
        0 => Check::passed(
            "contents",
            format!("All {} tables hold the rows that were counted when it was made.", then.len()),
        ),
        n => {
            let more = if n > NAMED { ", …" } else { "" };
            let named = different.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
            Check::broken("contents", format!("Tables hold other rows than when it was made: {named}{more}."))
        }
    };
    check.with(format!("{} rows", rows(now)), format!("{} rows", rows(then)))
}

/// The tables that differ, each with what is different.
fn differences(now: &[TableCount], then: &[TableCount]) -> Vec<String> {
    let by_name = |tables: &[TableCount]| -> BTreeMap<String, TableCount> {
        tables.iter().map(|table| (table.name(), table.clone())).collect()
    };
    let (now, then) = (by_name(now), by_name(then));
    let mut different = Vec::new();
    for (name, then) in &then {
        match now.get(name) {
            None => different.push(format!("{name} is missing")),
            Some(now) if now.rows != then.rows => {
                different.push(format!("{name} has {} rows instead of {}", now.rows, then.rows))
            }
            Some(now) if then.checksum.is_some() && now.checksum != then.checksum => {
                different.push(format!("{name} has other contents"));
            }
            Some(_) => {}
        }
    }
    different.extend(now.keys().filter(|name| !then.contains_key(*name)).map(|name| format!("{name} is new")));
    different
}

/// What the operator expects of a copy, and of the newest one. `newest` says whether it is; `others` are the stored bytes of the
/// copies before it.
pub(super) fn policy(
    policy: &BackupPolicy,
    stored_bytes: u64,
    age: Duration,
    newest: bool,
    others: &[u64],
) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(least) = policy.min_size {
        let (has, least_shown) = (show_bytes(stored_bytes), show_bytes(least));
        let check = match stored_bytes >= least {
            true => Check::passed("min_size", "It is not too small."),
            false => {
                Check::broken("min_size", format!("It is too small: {has}, and at least {least_shown} are expected."))
            }
        };
        checks.push(check.with(stored_bytes, least));
    }
    if let Some(most) = policy.max_age.filter(|_| newest) {
        let (has, most_shown) = (show_duration(whole_seconds(age)), show_duration(most));
        let check = match age <= most {
            true => Check::passed("max_age", "The newest copy is not too old."),
            // It says nothing against this copy.
            false => Check::of(
                "max_age",
                Some(false),
                Weight::Nothing,
                format!("The newest copy is too old: {has}, and at most {most_shown} is expected."),
            ),
        };
        checks.push(check.with(has, most_shown));
    }
    checks.extend(shrunk(stored_bytes, others));
    checks
}

fn shrunk(stored_bytes: u64, others: &[u64]) -> Option<Check> {
    let mut others = others.to_vec();
    others.sort_unstable();
    let usual = *others.get(others.len() / 2)?;
    let check = match stored_bytes.saturating_mul(100) >= usual.saturating_mul(SHRUNK_PERCENT) {
        true => Check::passed("shrunk", "It is about as large as those before it."),
        // A warning: whoever deletes half of their data may mean it.
        false => Check::of(
            "shrunk",
            Some(false),
            Weight::Nothing,
            format!(
                "It is less than half as large as those before it: {stored_bytes} bytes, and {usual} are usual. Look whether something was deleted."
            ),
        ),
    };
    Some(check.with(stored_bytes, usual))
}

fn whole_seconds(age: Duration) -> Duration {
    Duration::from_secs(age.as_secs())
}

#[cfg(test)]
mod tests;
