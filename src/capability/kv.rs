//! `drillbell:kv`: a plugin's own memory. Reads are recorded for the commit to check and see this call's own writes;
//! writes are kept until the commit.

use super::caller::{Caller, quoted};
use super::grants::Need;
use super::reads::KvRow;
use crate::bindings::latest::drillbell::kv::kv as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{HOST_CALL_BYTES, KV_KEY_BYTES, KV_VALUE_BYTES, LIST_ROWS};
use crate::model::changes::{Cell, Changes, KvKey, ListQuery, ListRead};
use std::collections::BTreeMap;
use wasmtime::component::HasData;

/// What the host remembers of each row of a list that was read, besides its key.
const ROW_BYTES: usize = 32;

/// What one call read and wrote.
#[derive(Debug, Default)]
pub struct KvCall {
    /// Keys as first read: a key read twice is the same both times.
    seen: BTreeMap<String, Seen>,
    writes: BTreeMap<String, Option<String>>,
    lists: Vec<ListRead>,
}

#[derive(Debug)]
struct Seen {
    value: Option<String>,
    revision: i64,
}

/// The capability with its caller, for the length of one request.
pub struct KvHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it read and wrote so far.
    pub kv: &'a mut KvCall,
}

/// Names `KvHost` to the linker.
pub struct HasKv;

impl HasData for HasKv {
    type Data<'a> = KvHost<'a>;
}

impl KvCall {
    /// Adds what was read and written to the call's changes.
    pub fn into_changes(self, caller: &Caller, changes: &mut Changes) {
        let key = |key: String| KvKey { plugin: caller.plugin().clone(), key };
        changes.reads.cells.extend(self.seen.into_iter().map(|(name, seen)| (Cell::Kv(key(name)), seen.revision)));
        changes.reads.lists.extend(self.lists);
        changes.kv.extend(self.writes.into_iter().map(|(name, value)| (key(name), value)));
    }
}

impl KvHost<'_> {
    /// The one place where the grant is asked; a key that is none is refused too.
    fn enter(&mut self, key: &str) -> Result<(), HostError> {
        self.caller.need(Need::Kv)?;
        if key.len() > KV_KEY_BYTES {
            return Err(HostError::TooLarge(format!(
                "a key may have {KV_KEY_BYTES} bytes; this one has {}",
                key.len()
            )));
        }
        if key.contains('\0') {
            return Err(HostError::Invalid(format!("the key {} contains a NUL character", quoted(key))));
        }
        Ok(())
    }

    /// A key that is to be one thing: not empty.
    fn enter_one(&mut self, key: &str) -> Result<(), HostError> {
        self.enter(key)?;
        if key.is_empty() { Err(HostError::Invalid("a key must not be empty".into())) } else { Ok(()) }
    }

    async fn read(&mut self, key: String) -> Result<Option<String>, HostError> {
        self.enter_one(&key)?;
        if let Some(own) = self.kv.writes.get(&key) {
            return Ok(own.clone());
        }
        if let Some(seen) = self.kv.seen.get(&key) {
            return Ok(seen.value.clone());
        }
        let answer = self.caller.reads.kv_get(self.caller.plugin(), &key).await;
        let cell = self.caller.settle(answer)?;
        self.caller.meter.hold(key.len() + cell.value.as_ref().map_or(0, String::len))?;
        self.kv.seen.insert(key, Seen { value: cell.value.clone(), revision: cell.revision });
        Ok(cell.value)
    }

    fn write(&mut self, key: String, value: Option<String>) -> Result<(), HostError> {
        self.enter_one(&key)?;
        let size = value.as_ref().map_or(0, String::len);
        if size > KV_VALUE_BYTES {
            return Err(HostError::TooLarge(format!("a value may have {KV_VALUE_BYTES} bytes; this one has {size}")));
        }
        if value.as_ref().is_some_and(|value| value.contains('\0')) {
            return Err(HostError::Invalid(format!("the value of {} contains a NUL character", quoted(&key))));
        }
        self.caller.meter.hold(key.len() + size)?;
        let bytes = key.len();
        if let Some(before) = self.kv.writes.insert(key, value) {
            self.caller.meter.release(bytes + before.map_or(0, |value| value.len()));
        }
        Ok(())
    }

    async fn entries(&mut self, prefix: String, limit: u32) -> Result<Vec<wit::Entry>, HostError> {
        self.enter(&prefix)?;
        // The guest's number is clamped: a list is for a screen, not for a dump.
        let limit = limit.min(LIST_ROWS);
        // Own deletions hide rows, so as many more are read.
        let hidden = self.kv.own(&prefix).filter(|(_, value)| value.is_none()).count();
        let asked = i64::from(limit) + hidden as i64;
        let answer = self.caller.reads.kv_list(self.caller.plugin(), &prefix, asked).await;
        let rows = self.caller.settle(answer)?;
        self.caller.meter.hold(rows.iter().map(|row| row.key.len() + ROW_BYTES).sum())?;
        self.kv.lists.push(ListRead {
            query: ListQuery::Kv { plugin: self.caller.plugin().clone(), prefix: prefix.clone(), limit: asked },
            seen: rows.iter().map(|row| (row.key.clone(), row.revision)).collect(),
        });
        let entries = self.kv.merged(&prefix, rows, limit as usize);
        if weight(&entries) > HOST_CALL_BYTES {
            let text =
                format!("the entries under {} are more than {HOST_CALL_BYTES} bytes: ask for fewer", quoted(&prefix));
            return Err(HostError::TooLarge(text));
        }
        Ok(entries)
    }
}

impl KvCall {
    /// This call's own writes under a prefix.
    fn own<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a Option<String>)> {
        self.writes.range(prefix.to_owned()..).take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// Rows with this call's own writes laid over them, in key order.
    fn merged(&self, prefix: &str, rows: Vec<KvRow>, limit: usize) -> Vec<wit::Entry> {
        let mut all: BTreeMap<String, String> = rows.into_iter().map(|row| (row.key, row.value)).collect();
        for (key, value) in self.own(prefix) {
            match value {
                Some(value) => all.insert(key.clone(), value.clone()),
                None => all.remove(key),
            };
        }
        all.into_iter().take(limit).map(|(key, value)| wit::Entry { key, value }).collect()
    }
}

fn weight(entries: &[wit::Entry]) -> usize {
    entries.iter().map(|entry| entry.key.len() + entry.value.len()).sum()
}

/// What a receipt says of a key: its first segment, so that keys with names in them do not fill it.
fn segment(key: &str) -> &str {
    key.split(['/', ':', '.']).next().unwrap_or(key)
}

impl wit::Host for KvHost<'_> {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.caller.meter.begin("kv.get", segment(&key), key.len())?;
        let answer = self.read(key).await;
        self.caller.meter.end(answer, |value| value.as_ref().map_or(0, String::len))
    }

    fn set(&mut self, key: String, value: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("kv.set", segment(&key), key.len() + value.len())?;
        let answer = self.write(key, Some(value));
        self.caller.meter.end(answer, |()| 0)
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("kv.delete", segment(&key), key.len())?;
        let answer = self.write(key, None);
        self.caller.meter.end(answer, |()| 0)
    }

    async fn list(&mut self, prefix: String, limit: u32) -> wasmtime::Result<Result<Vec<wit::Entry>, HostError>> {
        self.caller.meter.begin("kv.list", segment(&prefix), prefix.len())?;
        let answer = self.entries(prefix, limit).await;
        self.caller.meter.end(answer, |entries| weight(entries))
    }
}

#[cfg(test)]
mod tests;
