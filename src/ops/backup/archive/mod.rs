//! Counts and hashes the rows of a PostgreSQL custom-format archive as it passes, a piece at a time, in bounded memory. It judges
//! nothing else about the archive: what it does not understand ends the counting with a reason, never with a wrong number.
//! The format is that of `pg_backup_archiver.c` and `pg_backup_custom.c`, versions 1.12 (PostgreSQL 10) to 1.16 (17 and 18).

mod bytes;
mod head;
pub mod migrations;
mod outline;
mod rows;

pub use head::Head;
pub use migrations::Migration;
pub use outline::Outline;
pub use rows::Sum;

use crate::config::limits::{ARCHIVE_ITEM_BYTES, BACKUP_CONSTRAINTS_MAX, BACKUP_TABLES_MAX};
use bytes::Reading;
use head::Entry;
use rows::Rows;
use std::collections::BTreeMap;

/// The beginning of every archive.
pub const MAGIC: &[u8] = b"PGDMP";
/// A block of a table's rows.
const BLOCK_DATA: u8 = 1;
/// A block of large objects.
const BLOCK_LARGE: u8 = 3;

/// What a table held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its schema; empty where there is none.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// Of their contents, if that was asked for.
    pub sum: Option<Sum>,
}

/// Reads an archive as it passes.
pub struct Archive {
    hashing: bool,
    state: State,
    /// The beginning of something that was not whole yet.
    pending: Vec<u8>,
    head: Option<Head>,
    /// Tables by the number of their entry.
    tables: BTreeMap<i64, Table>,
    /// Constraints and indexes; none once there are too many.
    constraints: Option<Vec<String>>,
    large: Option<Rows>,
}

struct Table {
    schema: String,
    name: String,
    columns: Vec<String>,
    rows: Option<Rows>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Head,
    /// So many entries of the table of contents are left.
    Contents(u64),
    /// Between blocks.
    Block,
    /// Between pieces of a block.
    Piece(Of),
    /// Inside a piece with so many bytes left.
    Inside(Of, u64),
    /// Between large objects of a block.
    LargeObject,
    /// It cannot be read; why.
    Lost(String),
}

/// Whose bytes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Table(i64),
    Large,
    /// An entry that is not known to hold rows.
    Other,
}

impl Archive {
    /// Reads one from its beginning. Without `hashing` rows are only counted.
    pub fn new(hashing: bool) -> Self {
        let (pending, tables, constraints) = (Vec::new(), BTreeMap::new(), Some(Vec::new()));
        Self { hashing, state: State::Head, pending, head: None, tables, constraints, large: None }
    }

    /// Takes the next piece, however long.
    pub fn push(&mut self, piece: &[u8]) {
        if self.pending.is_empty() {
            return self.read(piece);
        }
        let mut whole = std::mem::take(&mut self.pending);
        whole.extend_from_slice(piece);
        self.read(&whole);
    }

    /// What its first lines say, once they have passed.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Its constraints and indexes in order of their names, once its contents have passed; none if they are too many to list.
    pub fn constraints(&self) -> Option<Vec<String>> {
        let mut listed = self.constraints.clone()?;
        listed.sort_unstable();
        Some(listed)
    }

    /// Where it breaks off, should it end here; nothing of one that is not understood.
    pub fn cut_off(&self) -> Option<String> {
        match &self.state {
            State::Lost(_) => None,
            State::Block if self.pending.is_empty() => None,
            State::Head => Some("it ends within its head".to_owned()),
            State::Contents(left) => Some(format!("it ends {left} entries before the end of its contents")),
            State::Block | State::Piece(_) | State::Inside(..) | State::LargeObject => {
                Some("it ends in the middle of a block of data".to_owned())
            }
        }
    }

    /// The archive has ended: its tables in order of their names, and the migrations it was at.
    ///
    /// # Errors
    /// Why it could not be read, or where it broke off.
    pub fn finish(self) -> Result<(Vec<Counted>, Vec<Migration>), String> {
        if let State::Lost(why) = &self.state {
            return Err(why.clone());
        }
        if let Some(why) = self.cut_off() {
            return Err(why);
        }
        if self.head.as_ref().is_some_and(|head| head.packed) {
            return Err("its data is compressed within".to_owned());
        }
        let mut migrations = Vec::new();
        let mut counted = Vec::new();
        for table in self.tables.into_values() {
            let Some(rows) = table.rows else {
                return Err(format!("the rows of {}.{} are announced and are not there", table.schema, table.name));
            };
            let name = format!("{}.{}", table.schema, table.name);
            if !rows.has_ended() {
                return Err(format!("the rows of {name} have no end"));
            }
            migrations.extend(rows.latest().map(|row| Migration::of(&name, rows.count(), &table.columns, row)));
            let (count, sum) = (rows.count(), rows.sum());
            counted.push(Counted { schema: table.schema, table: table.name, rows: count, sum });
        }
        if let Some(large) = self.large {
            let (schema, table) = ("pg_catalog".to_owned(), "pg_largeobject".to_owned());
            counted.push(Counted { schema, table, rows: large.count(), sum: large.sum() });
        }
        counted.sort_by(|a, b| (&a.schema, &a.table).cmp(&(&b.schema, &b.table)));
        Ok((counted, migrations))
    }

    fn read(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            if let State::Inside(of, left) = self.state {
                let length = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                let (now, later) = input.split_at(length);
                self.data(of, now);
                let left = left - length as u64;
                self.state = if left == 0 { State::Piece(of) } else { State::Inside(of, left) };
                input = later;
                continue;
            }
            if let State::Lost(_) = self.state {
                return;
            }
            let mut reading = Reading::new(input, self.head.as_ref().map_or(4, |head| head.int_size));
            match self.item(&mut reading) {
                Ok(Some(next)) => {
                    self.state = next;
                    input = reading.rest();
                }
                Ok(None) if input.len() > ARCHIVE_ITEM_BYTES => {
                    let most = crate::config::show_bytes(ARCHIVE_ITEM_BYTES as u64);
                    self.state = State::Lost(format!("one entry of its contents is larger than {most}"));
                    return;
                }
                Ok(None) => {
                    self.pending = input.to_vec();
                    return;
                }
                Err(why) => {
                    self.state = State::Lost(why);
                    return;
                }
            }
        }
    }

    /// Reads the next thing that is no data; `None` if it is not whole yet.
    fn item(&mut self, from: &mut Reading<'_>) -> Result<Option<State>, String> {
        match &self.state {
            State::Head => {
                let Some(head) = Head::read(from, false)? else { return Ok(None) };
                let entries = head.entries;
                self.head = Some(head);
                Ok(Some(if entries == 0 { State::Block } else { State::Contents(entries) }))
            }
            State::Contents(left) => {
                let left = *left - 1;
                let Some(head) = &self.head else { return Err("its contents come before its head".to_owned()) };
                let Some(entry) = Entry::read(from, head)? else { return Ok(None) };
                self.note(entry)?;
                Ok(Some(if left == 0 { State::Block } else { State::Contents(left) }))
            }
            State::Block => {
                let (Some(kind), Some(id)) = (from.byte(), from.int()?) else { return Ok(None) };
                match kind {
                    BLOCK_DATA => self.begin(id).map(Some),
                    BLOCK_LARGE => {
                        self.large.get_or_insert_with(|| Rows::new(self.hashing, false));
                        Ok(Some(State::LargeObject))
                    }
                    other => Err(format!("a block of the unknown kind {other} is in it")),
                }
            }
            State::LargeObject => match from.int()? {
                None => Ok(None),
                Some(0) => Ok(Some(State::Block)),
                Some(_) => Ok(Some(State::Piece(Of::Large))),
            },
            State::Piece(of) => {
                let of = *of;
                match from.int()?.map(u64::try_from) {
                    None => Ok(None),
                    Some(Ok(0)) => Ok(Some(self.ended(of))),
                    Some(Ok(length)) => Ok(Some(State::Inside(of, length))),
                    Some(Err(_)) => Err("a piece of data has a negative length".to_owned()),
                }
            }
            State::Inside(..) | State::Lost(_) => Ok(None),
        }
    }

    fn note(&mut self, entry: Entry) -> Result<(), String> {
        if let (Some(constraint), Some(listed)) = (entry.constraint, &mut self.constraints) {
            listed.push(constraint);
            if listed.len() > BACKUP_CONSTRAINTS_MAX {
                self.constraints = None;
            }
        }
        if !entry.holds_rows {
            return Ok(());
        }
        if self.tables.len() >= BACKUP_TABLES_MAX {
            return Err(format!("it has more than {BACKUP_TABLES_MAX} tables"));
        }
        let table = Table { schema: entry.schema, name: entry.name, columns: entry.columns, rows: None };
        match self.tables.insert(entry.id, table) {
            None => Ok(()),
            Some(_) => Err(format!("two of its entries have the number {}", entry.id)),
        }
    }

    fn begin(&mut self, id: i64) -> Result<State, String> {
        let Some(table) = self.tables.get_mut(&id) else { return Ok(State::Piece(Of::Other)) };
        if table.rows.is_some() {
            return Err(format!("the rows of {}.{} come twice", table.schema, table.name));
        }
        table.rows = Some(Rows::new(self.hashing, migrations::is_one(&table.name)));
        Ok(State::Piece(Of::Table(id)))
    }

    fn data(&mut self, of: Of, bytes: &[u8]) {
        match of {
            // What is compressed has no rows to see.
            _ if self.head.as_ref().is_some_and(|head| head.packed) => {}
            Of::Table(id) => {
                if let Some(rows) = self.tables.get_mut(&id).and_then(|table| table.rows.as_mut()) {
                    rows.push(bytes);
                }
            }
            Of::Large => self.large.iter_mut().for_each(|rows| rows.part(bytes)),
            Of::Other => {}
        }
    }

    /// A block, or one large object of it, has ended.
    fn ended(&mut self, of: Of) -> State {
        match of {
            Of::Table(_) | Of::Other => State::Block,
            Of::Large => {
                self.large.iter_mut().for_each(Rows::whole);
                State::LargeObject
            }
        }
    }
}

#[cfg(test)]
mod tests;
