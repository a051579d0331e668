//! The head of an archive and the entries of its contents.

use super::MAGIC;
use super::bytes::Reading;

/// Versions of the format that are understood: PostgreSQL 10 to 18.
const VERSIONS: std::ops::RangeInclusive<(u8, u8)> = (1, 12)..=(1, 16);
/// The number of the custom format.
const CUSTOM: u8 = 1;
/// Most entries; a database with a million objects has a few million.
const ENTRIES_MAX: i64 = 50_000_000;

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The format's version, such as (1, 16).
    pub version: (u8, u8),
    /// The database's name.
    pub database: String,
    /// The server's version, such as `17.2 (Debian 17.2-1)`.
    pub server: String,
    /// The version of `pg_dump`.
    pub tool: String,
    /// Its rows are compressed within, so that they cannot be counted as they pass.
    pub packed: bool,
    pub(super) int_size: usize,
    pub(super) offset_size: usize,
    /// Entries of its contents.
    pub(super) entries: u64,
}

/// An entry of the contents.
pub(super) struct Entry {
    pub(super) id: i64,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) holds_rows: bool,
    /// What holds rows together, as it is listed; none of anything else.
    pub(super) constraint: Option<String>,
}

/// Entries that hold rows together, by what they are called in the contents.
const CONSTRAINTS: [&str; 4] = ["CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "INDEX"];

/// Takes a part of something that may not be whole yet.
macro_rules! part {
    ($part:expr) => {
        match $part {
            Some(part) => part,
            None => return Ok(None),
        }
    };
}

impl Head {
    /// Reads it; `None` if it is not whole yet.
    pub(super) fn read(from: &mut Reading<'_>) -> Result<Option<Self>, String> {
        if !MAGIC.starts_with(&from.rest()[..from.rest().len().min(MAGIC.len())]) {
            return Err("it is no archive of pg_dump in the custom format".to_owned());
        }
        part!(from.take(MAGIC.len()));
        let version = (part!(from.byte()), part!(from.byte()));
        part!(from.byte());
        if !VERSIONS.contains(&version) {
            let ((major, minor), (least, most)) = (version, (VERSIONS.start(), VERSIONS.end()));
            return Err(format!(
                "it is of the format version {major}.{minor}; {}.{} to {}.{} are understood",
                least.0, least.1, most.0, most.1
            ));
        }
        let (int_size, offset_size) = (usize::from(part!(from.byte())), usize::from(part!(from.byte())));
        if !(1..=8).contains(&int_size) || !(1..=16).contains(&offset_size) {
            return Err("its numbers are of an unknown size".to_owned());
        }
        from.set_int_size(int_size);
        let format = part!(from.byte());
        if format != CUSTOM {
            return Err(format!("it is an archive in another format ({format}) than the custom one"));
        }
        let compression = if version >= (1, 15) { i64::from(part!(from.byte())) } else { part!(from.int()?) };
        // When it was made, in the local time of whoever made it.
        for _ in 0..7 {
            part!(from.int()?);
        }
        let (database, server, tool) = (part!(from.text()?), part!(from.text()?), part!(from.text()?));
        let entries = part!(from.int()?);
        if !(0..=ENTRIES_MAX).contains(&entries) {
            return Err(format!("it says that it has {entries} entries"));
        }
        let [database, server, tool] = [database, server, tool].map(Option::unwrap_or_default);
        let (packed, entries) = (compression != 0, entries.unsigned_abs());
        Ok(Some(Self { version, database, server, tool, packed, int_size, offset_size, entries }))
    }
}

impl Entry {
    /// Reads one; `None` if it is not whole yet.
    pub(super) fn read(from: &mut Reading<'_>, head: &Head) -> Result<Option<Self>, String> {
        let id = part!(from.int()?);
        let has_data = part!(from.int()?) != 0;
        // Of its catalogue row: table and row.
        part!(from.text()?);
        part!(from.text()?);
        let tag = part!(from.text()?).unwrap_or_default();
        let what = part!(from.text()?).unwrap_or_default();
        // The section.
        part!(from.int()?);
        // How it is made, and how it is dropped.
        part!(from.text()?);
        part!(from.text()?);
        let copy = part!(from.text()?).unwrap_or_default();
        let schema = part!(from.text()?).unwrap_or_default();
        // The table space.
        part!(from.text()?);
        if head.version >= (1, 14) {
            // The access method.
            part!(from.text()?);
        }
        if head.version >= (1, 16) {
            // The kind of relation.
            part!(from.int()?);
        }
        // The owner, and whether its rows once had numbers.
        part!(from.text()?);
        part!(from.text()?);
        // What it depends on.
        while part!(from.text()?).is_some() {}
        // Where its data is: not known in a stream.
        part!(from.take(1 + head.offset_size));
        let holds_rows = has_data && what == "TABLE DATA";
        let columns = if holds_rows { columns(&copy) } else { Vec::new() };
        // Of a constraint its tag has the table's name too.
        let constraint = CONSTRAINTS.contains(&what.as_str()).then(|| format!("{schema}.{tag}"));
        Ok(Some(Self { id, schema, name: tag, columns, holds_rows, constraint }))
    }
}

/// The columns of `COPY public.t (a, "b c") FROM stdin;`.
fn columns(copy: &str) -> Vec<String> {
    let list = copy.split_once(" (").and_then(|(_, rest)| rest.split_once(") FROM")).map_or("", |(list, _)| list);
    list.split(", ").filter(|name| !name.is_empty()).map(|name| name.trim_matches('"').to_owned()).collect()
}
