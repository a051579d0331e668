//! What a drill saw, check by check, and what all of it says; pure.

use crate::ops::backup::contents::{Contents, TableCount};
use crate::ops::restore::{Cause, Counted, RestoreError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Tables that one sentence names.
const NAMED: usize = 5;

/// How something went. Unknown is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum Status {
    Pass,
    Fail,
    Unknown,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// Its name: `restore`, `counts`, `query 1`.
    pub(super) name: String,
    pub(super) status: Status,
    /// Whose fault it is that it failed: `backup`, `environment`, `check`.
    pub(super) cause: Option<&'static str>,
    /// For people.
    pub(super) sentence: String,
    pub(super) took_ms: u64,
}

/// A check that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Passed(String),
    /// There is nothing to compare with.
    Unknown(String),
}

/// A table, as it is and as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in super::super) struct TableSeen {
    pub(in super::super) name: String,
    pub(in super::super) rows: Option<u64>,
    pub(in super::super) expected: u64,
    pub(in super::super) status: Status,
}

/// The checks without which nobody can say that a copy is good.
const NEEDED: [&str; 2] = ["restore", "counts"];

/// What all checks say: how it went, whose fault that is, and the sentence that says most. A broken copy weighs more than
/// what kept a check from being made, and that more than a check that does not hold.
/// Of a copy that something else made it is enough that what it was asked holds, since nothing else can be known of it.
pub(super) fn verdict(checks: &[Check], adopted: bool) -> (Status, Option<&'static str>, String) {
    for cause in [Cause::Backup, Cause::Environment, Cause::Check].map(Cause::as_str) {
        if let Some(check) = checks.iter().find(|check| check.status == Status::Fail && check.cause == Some(cause)) {
            return (Status::Fail, Some(cause), check.sentence.clone());
        }
    }
    let passed = checks.iter().filter(|check| check.status == Status::Pass).count();
    let needed = checks.iter().filter(|check| NEEDED.contains(&check.name.as_str()));
    let asked = |check: &&Check| ["command ", "query ", "smoke "].iter().any(|asks| check.name.starts_with(asks));
    let holds = checks.iter().filter(asked).filter(|check| check.status == Status::Pass).count();
    match needed.filter(|check| check.status == Status::Unknown).map(|check| check.sentence.as_str()).next() {
        Some(why) if adopted && holds > 0 => {
            (Status::Pass, None, format!("It was restored, and what it was asked holds: {passed} checks passed. {why}"))
        }
        Some(why) => {
            (Status::Unknown, None, format!("It was restored, but there is nothing to compare it with. {why}"))
        }
        None => (Status::Pass, None, format!("It was restored and is what was copied: {passed} checks passed.")),
    }
}

fn listed(all: Vec<String>) -> String {
    let more = if all.len() > NAMED { ", …" } else { "" };
    all.into_iter().take(NAMED).collect::<Vec<_>>().join(", ") + more
}

/// Rows as the restored database counts them and as the manifest has them. `dumped` is asked where only a dump can tell.
pub(in super::super) fn counts(expected: &[TableCount], found: &[Counted], dumped: &Contents) -> Vec<TableSeen> {
    let dumped = by_name(dumped);
    let seen = |(expected, found): (&TableCount, &Counted)| {
        let name = expected.name();
        let rows = match found {
            Counted::Rows(rows) => Some(*rows),
            Counted::Dumped => dumped.get(&name).map(|table| table.rows),
            Counted::Missing => None,
        };
        let status = if rows == Some(expected.rows) { Status::Pass } else { Status::Fail };
        TableSeen { name, rows, expected: expected.rows, status }
    };
    expected.iter().zip(found).map(seen).collect()
}

/// Tables that a check has found wrong. The ones after it leave them out: rows that are missing change a sum too, and that is said once.
#[derive(Default)]
pub(super) struct Blamed(BTreeSet<String>);

impl Blamed {
    /// What those that are left are called.
    fn rest(&self, tables: usize) -> String {
        if self.0.is_empty() { format!("All {tables} tables") } else { "All other tables".to_owned() }
    }
}

/// What counting them says.
pub(super) fn counted(tables: &[TableSeen], blamed: &mut Blamed) -> Result<Seen, RestoreError> {
    let left: Vec<&TableSeen> = tables.iter().filter(|table| !blamed.0.contains(&table.name)).collect();
    let good = format!("{} have the rows that were counted when it was made.", blamed.rest(left.len()));
    let mut wrong = Vec::new();
    for table in left.into_iter().filter(|table| table.status != Status::Pass) {
        blamed.0.insert(table.name.clone());
        wrong.push(match table.rows {
            Some(rows) => format!("{} has {rows} rows instead of {}", table.name, table.expected),
            None => format!("{} is missing", table.name),
        });
    }
    match wrong.is_empty() {
        true => Ok(Seen::Passed(good)),
        false => Err(RestoreError::backup(format!("Tables have other rows than when it was made: {}.", listed(wrong)))),
    }
}

fn by_name(contents: &Contents) -> BTreeMap<String, &TableCount> {
    contents.tables.iter().flatten().map(|table| (table.name(), table)).collect()
}

/// The contents of each table, by their checksums.
pub(super) fn checksums(expected: &Contents, found: &Contents, blamed: &Blamed) -> Result<Seen, RestoreError> {
    let now = by_name(found);
    let (mut compared, mut wrong) = (0_usize, Vec::new());
    let mut summed = expected.tables.iter().flatten().filter(|table| table.checksum.is_some()).peekable();
    if summed.peek().is_none() {
        return Ok(Seen::Unknown("No checksums were taken when it was made.".to_owned()));
    }
    for table in summed {
        let name = table.name();
        if blamed.0.contains(&name) {
            continue;
        }
        compared += 1;
        if now.get(&name).is_none_or(|now| now.checksum != table.checksum) {
            wrong.push(format!("{name} has other contents"));
        }
    }
    if let Some(why) = found.not_counted.as_ref().filter(|_| compared > 0) {
        return Ok(Seen::Unknown(format!("The contents were not compared: {why}.")));
    }
    match (compared, wrong.is_empty()) {
        (0, _) => Ok(Seen::Unknown("No table is left whose contents could be compared.".to_owned())),
        (n, true) => Ok(Seen::Passed(format!("{} have the contents they had.", blamed.rest(n)))),
        (_, false) => {
            Err(RestoreError::backup(format!("Tables have other contents than when it was made: {}.", listed(wrong))))
        }
    }
}

/// Where the migrations stand.
pub(super) fn migrations(
    expected: &Contents,
    found: &Contents,
    blamed: &mut Blamed,
) -> Option<Result<Seen, RestoreError>> {
    let first = expected.migrations.first()?;
    let wrong = expected.migrations.iter().find(|migration| !found.migrations.contains(migration));
    Some(match wrong {
        None => Ok(Seen::Passed(format!("{} of {} migrations are applied, as they were.", first.applied, first.table))),
        Some(wrong) => {
            let now = found.migrations.iter().find(|migration| migration.table == wrong.table);
            let now = now.map_or_else(|| "none".to_owned(), |now| now.applied.to_string());
            let (table, then) = (&wrong.table, wrong.applied);
            blamed.0.insert(table.clone());
            Err(RestoreError::backup(format!(
                "The migrations stand elsewhere: {table} has {now} instead of {then}, or ends with another one."
            )))
        }
    })
}

/// The constraints and indexes that were there when it was made and are not now; none if nobody knows.
pub(super) fn missing(expected: &Contents, found: &Contents) -> Result<(), RestoreError> {
    let (Some(then), Some(now)) = (&expected.constraints, &found.constraints) else { return Ok(()) };
    let now: BTreeSet<&String> = now.iter().collect();
    let missing: Vec<String> = then.iter().filter(|name| !now.contains(name)).cloned().collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(RestoreError::backup(format!(
            "Constraints or indexes that were there when it was made are missing: {}.",
            listed(missing)
        ))),
    }
}

/// Files and folders.
pub(super) fn files(expected: &Contents, found: &Contents) -> (Result<Seen, RestoreError>, Result<Seen, RestoreError>) {
    let (Some(then), Some(now)) = (&expected.files, &found.files) else {
        let why = "The files were not counted when it was made.".to_owned();
        return (Ok(Seen::Unknown(why.clone())), Ok(Seen::Unknown(why)));
    };
    let numbers =
        |count: &crate::ops::backup::contents::FileCount| (count.files, count.folders, count.links, count.bytes);
    let same = numbers(now) == numbers(then);
    let counts = match same {
        true => Ok(Seen::Passed(format!("All {} files with {} bytes are there.", then.files, then.bytes))),
        false => Err(RestoreError::backup(format!(
            "There are {} files with {} bytes instead of {} with {}.",
            now.files, now.bytes, then.files, then.bytes
        ))),
    };
    let sums = match &then.checksum {
        None => Ok(Seen::Unknown("No checksums were taken when it was made.".to_owned())),
        Some(_) if !same => {
            Ok(Seen::Unknown("The contents were not compared, since there are other files.".to_owned()))
        }
        Some(_) if now.checksum == then.checksum => {
            Ok(Seen::Passed("All files have the contents they had.".to_owned()))
        }
        Some(_) => Err(RestoreError::backup("Files have other names or contents than when it was made.")),
    };
    (counts, sums)
}

/// Whether what a query answered is one value that is true.
pub(super) fn is_true(rows: &[Vec<String>]) -> Result<Seen, RestoreError> {
    let check = |sentence: String| Err(RestoreError::check(sentence));
    match rows {
        [row] if row.len() == 1 => match row[0].trim() {
            "t" | "true" | "1" => Ok(Seen::Passed("It holds.".to_owned())),
            "" => check("It answered with nothing (NULL) instead of true.".to_owned()),
            other => check(format!("It answered with {} instead of true.", other.chars().take(60).collect::<String>())),
        },
        [] => check("It answered with no row; one with one value that is true is expected.".to_owned()),
        _ => check("It answered with more than one value; one that is true is expected.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(all: &[(&str, u64, &str)]) -> Contents {
        let table = |(name, rows, sum): &(&str, u64, &str)| TableCount {
            schema: "public".to_owned(),
            table: (*name).to_owned(),
            rows: *rows,
            checksum: Some((*sum).to_owned()),
        };
        Contents { tables: Some(all.iter().map(table).collect()), ..Contents::default() }
    }

    #[test]
    fn what_differs_is_named_and_what_an_extension_fills_is_asked_of_the_dump() {
        let then = tables(&[("orders", 10, "aa"), ("spatial", 3, "bb"), ("gone", 1, "cc")]);
        let now = tables(&[("orders", 10, "ab"), ("spatial", 3, "bb"), ("gone", 1, "cc")]);
        let found = [Counted::Rows(9), Counted::Dumped, Counted::Missing];
        let seen = counts(then.tables.as_deref().unwrap(), &found, &now);
        let (mut blamed, none) = (Blamed::default(), Blamed::default());
        insta::assert_snapshot!(counted(&seen, &mut blamed).unwrap_err().sentence, @"Tables have other rows than when it was made: public.orders has 9 rows instead of 10, public.gone is missing.");
        insta::assert_snapshot!(checksums(&then, &now, &none).unwrap_err().sentence, @"Tables have other contents than when it was made: public.orders has other contents.");
        assert!(matches!(checksums(&then, &then, &none), Ok(Seen::Passed(_))));
        let rest = Ok(Seen::Passed("All other tables have the contents they had.".to_owned()));
        assert_eq!(checksums(&then, &now, &blamed), rest, "what is wrong with orders was said");
        let uncounted = Contents { not_counted: Some("too new".to_owned()), ..Contents::default() };
        let seen = checksums(&then, &uncounted, &none);
        assert!(matches!(seen, Ok(Seen::Unknown(_))), "what was not counted now is not wrong");
    }

    #[test]
    fn a_broken_copy_weighs_more_than_whatever_else_went_wrong() {
        let check = |name: &str, status, cause: Option<Cause>| Check {
            name: name.to_owned(),
            status,
            cause: cause.map(Cause::as_str),
            sentence: name.to_owned(),
            took_ms: 0,
        };
        let good = check("restore", Status::Pass, None);
        let query = check("query 1", Status::Fail, Some(Cause::Check));
        let server = check("smoke 1", Status::Fail, Some(Cause::Environment));
        let sums = check("checksums", Status::Fail, Some(Cause::Backup));
        let said = |checks: &[&Check]| {
            let (status, cause, _) = verdict(&checks.iter().map(|check| (*check).clone()).collect::<Vec<_>>(), false);
            (status, cause)
        };
        assert_eq!(said(&[&good, &query, &server, &sums]), (Status::Fail, Some("backup")));
        assert_eq!(said(&[&good, &query, &server]), (Status::Fail, Some("environment")));
        assert_eq!(said(&[&good, &query]), (Status::Fail, Some("check")));
        assert_eq!(said(&[&good, &check("counts", Status::Unknown, None)]), (Status::Unknown, None));
        assert_eq!(said(&[&good, &check("checksums", Status::Unknown, None)]), (Status::Pass, None));
        let counts = check("counts", Status::Unknown, None);
        let adopted = |query: &Check| verdict(&[good.clone(), counts.clone(), query.clone()], true).0;
        assert_eq!(adopted(&check("query 1", Status::Pass, None)), Status::Pass, "what it was asked is all there is");
        assert_eq!(adopted(&check("constraints", Status::Pass, None)), Status::Unknown);
    }

    #[test]
    fn a_query_holds_only_with_one_value_that_is_true() {
        let rows = |rows: &[&[&str]]| {
            let rows: Vec<Vec<String>> =
                rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect();
            is_true(&rows).is_ok()
        };
        assert!(rows(&[&["t"]]) && rows(&[&["1"]]));
        assert!(!rows(&[]) && !rows(&[&["f"]]) && !rows(&[&[""]]) && !rows(&[&["t", "t"]]) && !rows(&[&["t"], &["t"]]));
    }
}
