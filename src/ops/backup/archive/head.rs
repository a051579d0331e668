//! The head of an archive and the entries of its contents.

use super::MAGIC;
use super::bytes::Reading;

/// Versions of the format that are understood: PostgreSQL 10 to 18.
const VERSIONS: std::ops::RangeInclusive<(u8, u8)> = (1, 12)..=(1, 16);
/// The number of the custom format.
const CUSTOM: u8 = 1;
/// That of the tar format, whose contents are written alike.
const TAR: u8 = 3;
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
    /// It is the file of contents in a tar archive.
    pub(super) tar: bool,
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
    /// The roles without which it cannot be made, whoever it may belong to.
    pub(super) roles: Vec<String>,
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
    /// Reads it, of a tar archive's contents too if that is asked for; `None` if it is not whole yet.
    pub(super) fn read(from: &mut Reading<'_>, tar_too: bool) -> Result<Option<Self>, String> {
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
        let tar = tar_too && format == TAR;
        if format != CUSTOM && !tar {
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
        Ok(Some(Self { version, database, server, tool, packed, tar, int_size, offset_size, entries }))
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
        let made = part!(from.text()?).unwrap_or_default();
        // How it is dropped.
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
        // Where its data is: not known in a stream, or in a file of this name.
        match head.tar {
            true => drop(part!(from.text()?)),
            false => drop(part!(from.take(1 + head.offset_size))),
        }
        let holds_rows = has_data && what == "TABLE DATA";
        let columns = if holds_rows { columns(&copy) } else { Vec::new() };
        // Of a constraint its tag has the table's name too.
        let constraint = CONSTRAINTS.contains(&what.as_str()).then(|| format!("{schema}.{tag}"));
        let roles = roles(&what, &made);
        Ok(Some(Self { id, schema, name: tag, columns, holds_rows, constraint, roles }))
    }
}

/// The columns of `COPY public.t (a, "b c") FROM stdin;`.
fn columns(copy: &str) -> Vec<String> {
    let list = copy.split_once(" (").and_then(|(_, rest)| rest.split_once(") FROM")).map_or("", |(list, _)| list);
    list.split(", ").filter(|name| !name.is_empty()).map(|name| name.trim_matches('"').to_owned()).collect()
}

/// The roles that a policy is for, or a user mapping: `CREATE POLICY a ON public.t FOR SELECT TO staff, "The boss" USING (…);`,
/// `CREATE USER MAPPING FOR staff SERVER there;`. What may be left out of a restore (owners, privileges) is not among them.
fn roles(what: &str, made: &str) -> Vec<String> {
    let before = match what {
        "POLICY" => "TO",
        "USER MAPPING" => "FOR",
        _ => return Vec::new(),
    };
    let mut words = words(made).skip_while(|(word, quoted)| *quoted || word != before).skip(1);
    let ends = ["USING", "WITH", "SERVER", ";"];
    let named = words.by_ref().take_while(|(word, quoted)| *quoted || !ends.contains(&word.as_str()));
    named.filter(|(word, quoted)| *quoted || !["public", ","].contains(&word.as_str())).map(|(word, _)| word).collect()
}

/// The words of SQL, and whether each is a name in quotes; `,` and `;` are words too.
fn words(sql: &str) -> impl Iterator<Item = (String, bool)> + '_ {
    let mut chars = sql.chars().peekable();
    std::iter::from_fn(move || {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let first = chars.next()?;
        let mut word = String::new();
        if first == '"' {
            while let Some(c) = chars.next() {
                if c == '"' && chars.next_if_eq(&'"').is_none() {
                    break;
                }
                word.push(c);
            }
            return Some((word, true));
        }
        word.push(first);
        if !matches!(first, ',' | ';') {
            while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, ',' | ';' | '"')) {
                word.push(c);
            }
        }
        Some((word, false))
    })
}

#[cfg(test)]
mod tests {
    use super::roles;

    #[test]
    fn the_roles_of_policies_and_user_mappings_are_read_as_pg_dump_writes_them() {
        for (what, made, expected) in [
            (
                "POLICY",
                "CREATE POLICY a ON public.t FOR SELECT TO staff, \"The \"\"boss\"\"\" USING ((n > 1));\n",
                vec!["staff", "The \"boss\""],
            ),
            ("POLICY", "CREATE POLICY \" TO x\" ON public.\"TO\" AS RESTRICTIVE TO a WITH CHECK (true);\n", vec!["a"]),
            ("POLICY", "CREATE POLICY a ON public.t USING ((who = 'TO b'::text));\n", vec![]),
            ("POLICY", "CREATE POLICY a ON public.t TO last;\n", vec!["last"]),
            ("USER MAPPING", "CREATE USER MAPPING FOR app SERVER there OPTIONS (\n    \"user\" 'x'\n);\n", vec!["app"]),
            ("USER MAPPING", "CREATE USER MAPPING FOR public SERVER there;\n", vec![]),
            ("TABLE", "CREATE TABLE t (TO text);\n", vec![]),
        ] {
            assert_eq!(roles(what, made), expected, "{made}");
        }
    }
}
