//! The contents of an archive without its rows, as far as they concern roles: those are the server's, and need not be where a copy is
//! restored to.

use super::bytes::Reading;
use super::head::{Entry, Head};

/// The header of the first file in a tar archive.
const TAR_HEADER: usize = 512;

/// What an archive has, and whom it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The numbers of its entries, in their order.
    pub entries: Vec<i64>,
    /// Entries that cannot be made without some roles, by their numbers, and the roles.
    pub named: Vec<(i64, Vec<String>)>,
}

impl Outline {
    /// Reads it from the beginning of an archive in the custom or the tar format; `None` if more of it is needed.
    ///
    /// # Errors
    /// It is none that is understood.
    pub fn read(begin: &[u8]) -> Result<Option<Self>, String> {
        let begin = match begin.starts_with(super::MAGIC) {
            true => begin,
            false => begin.get(TAR_HEADER..).unwrap_or_default(),
        };
        let mut from = Reading::new(begin, 4);
        let Some(head) = Head::read(&mut from, true)? else { return Ok(None) };
        let mut outline = Self::default();
        for _ in 0..head.entries {
            let Some(entry) = Entry::read(&mut from, &head)? else { return Ok(None) };
            if !entry.roles.is_empty() {
                outline.named.push((entry.id, entry.roles));
            }
            outline.entries.push(entry.id);
        }
        Ok(Some(outline))
    }
}
