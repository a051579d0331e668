//! The rows of one table as `COPY` writes them: a line each, then `\.`. Their number, and a sum over their hashes that does not
//! depend on the order in which they lie on the disk.

use crate::config::limits::MIGRATION_ROW_BYTES;
use sha2::{Digest, Sha256};
use std::fmt;

/// What ends the rows.
const END: &[u8] = b"\\.";

/// The sum, modulo 2^128, of the first 16 bytes (big-endian) of the SHA-256 of each row: the bytes of its `COPY` line without
/// the line break. Equal tables have equal sums, in whatever order their rows come; a changed, lost or doubled row changes it.
/// It finds accidents and edits; whoever may choose rows freely might, with great effort, make others of the same sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u128);

impl Sum {
    /// Adds one row's hash.
    pub fn add(&mut self, hash: &[u8; 32]) {
        let (first, _) = hash.split_at(16);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(first);
        self.0 = self.0.wrapping_add(u128::from_be_bytes(bytes));
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Counts as rows pass.
pub(super) struct Rows {
    count: u64,
    sum: Option<Sum>,
    /// The beginning of a row whose end has not come.
    part: Option<Part>,
    /// `\.` has come.
    ended: bool,
    /// The row with the greatest first column, where it matters.
    latest: Option<Vec<u8>>,
    keeps_latest: bool,
}

#[derive(Default)]
struct Part {
    hash: Sha256,
    length: u64,
    /// Its first bytes, as many as are of use.
    begin: Vec<u8>,
}

impl Rows {
    /// None yet.
    pub(super) fn new(hashing: bool, keeps_latest: bool) -> Self {
        let sum = hashing.then(Sum::default);
        Self { count: 0, sum, part: None, ended: false, latest: None, keeps_latest }
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The sum of their hashes, if they were hashed.
    pub(super) fn sum(&self) -> Option<Sum> {
        self.sum
    }

    /// Their end has come.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The row with the greatest first column.
    pub(super) fn latest(&self) -> Option<&[u8]> {
        self.latest.as_deref()
    }

    /// Takes the next bytes of a table's rows.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !self.ended
            && let Some(at) = memchr::memchr(b'\n', bytes)
        {
            let row = &bytes[..at];
            bytes = &bytes[at + 1..];
            match self.part.is_some() {
                true => {
                    self.part(row);
                    self.line();
                }
                false if row == END => self.ended = true,
                false => self.row(row),
            }
        }
        if !self.ended && !bytes.is_empty() {
            self.part(bytes);
        }
    }

    /// Takes a part of one row, or of one large object.
    pub(super) fn part(&mut self, bytes: &[u8]) {
        let part = self.part.get_or_insert_default();
        part.length += bytes.len() as u64;
        let room = MIGRATION_ROW_BYTES.saturating_sub(part.begin.len());
        let room = if self.keeps_latest { room } else { room.min((END.len() + 1).saturating_sub(part.begin.len())) };
        part.begin.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.sum.is_some() {
            part.hash.update(bytes);
        }
    }

    /// A large object has ended.
    pub(super) fn whole(&mut self) {
        let part = self.part.take().unwrap_or_default();
        self.count += 1;
        if let Some(sum) = &mut self.sum {
            sum.add(&part.hash.finalize().into());
        }
    }

    /// A row that came in parts has ended.
    fn line(&mut self) {
        let is_end = self.part.as_ref().is_some_and(|part| part.length == END.len() as u64 && part.begin == END);
        if is_end {
            (self.part, self.ended) = (None, true);
            return;
        }
        let begin = self.part.as_mut().map(|part| std::mem::take(&mut part.begin)).unwrap_or_default();
        self.look(&begin);
        self.whole();
    }

    fn row(&mut self, row: &[u8]) {
        self.count += 1;
        if let Some(sum) = &mut self.sum {
            sum.add(&Sha256::digest(row).into());
        }
        self.look(row);
    }

    fn look(&mut self, row: &[u8]) {
        if !self.keeps_latest {
            return;
        }
        let key = |row: &[u8]| {
            let column = row.split(|byte| *byte == b'\t').next().unwrap_or_default();
            // Numbers by their value, which for numbers is their length first.
            let number = !column.is_empty() && column.iter().all(u8::is_ascii_digit);
            (if number { column.len() } else { 0 }, column.to_vec())
        };
        if self.latest.as_ref().is_none_or(|latest| key(latest) <= key(row)) {
            self.latest = Some(row[..row.len().min(MIGRATION_ROW_BYTES)].to_vec());
        }
    }
}
