//! What is asked of a database before and after a restore: what is in it, how many rows, whether its constraints hold.

use super::postgres::Database;
use super::table::TableName;
use super::{RestoreError, script};
use crate::config::limits::COUNTED_AT_ONCE;

/// What the server counted of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It is not there.
    Missing,
    /// An extension made it, and only some of its rows are in a dump.
    Extension,
    /// So many rows.
    Rows(u64),
}

impl Database {
    /// How many tables, views and sequences people have in it.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn objects(&self) -> Result<u64, RestoreError> {
        let answer = self.sql(script::OBJECTS.to_owned(), true).await?;
        let count = answer.lines.first().and_then(|line| line.trim().parse().ok());
        count.ok_or_else(|| RestoreError::environment(format!("{} did not say what is in it", self.shown())))
    }

    /// The rows of each table, counted by the server: `None` for one that is not there, or that an extension fills.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn counts(&self, tables: &[TableName]) -> Result<Vec<Counted>, RestoreError> {
        let mut all = Vec::with_capacity(tables.len());
        for some in tables.chunks(COUNTED_AT_ONCE) {
            let answer = self.sql(script::counts(some), false).await?;
            let mut counted = vec![Counted::Missing; some.len()];
            for line in &answer.lines {
                let parts: Vec<&str> = line.split('|').collect();
                if let [nth, rows, extension] = parts[..]
                    && let (Ok(nth), Ok(rows)) = (nth.parse::<usize>(), rows.parse())
                    && let Some(counted) = counted.get_mut(nth)
                {
                    *counted = if extension == "t" { Counted::Extension } else { Counted::Rows(rows) };
                }
            }
            all.extend(counted);
        }
        Ok(all)
    }

    /// How many constraints and indexes there are, how many indexes are not valid, and constraints that were never validated.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn constraints(&self) -> Result<(u64, u64, u64, String), RestoreError> {
        let answer = self.sql(script::CONSTRAINTS.to_owned(), true).await?;
        let line = answer.lines.first().map_or("", String::as_str);
        let mut parts = line.splitn(4, '|');
        let mut number = || parts.next().and_then(|part| part.parse().ok());
        match (number(), number(), number()) {
            (Some(constraints), Some(indexes), Some(invalid)) => {
                Ok((constraints, indexes, invalid, parts.next().unwrap_or_default().to_owned()))
            }
            _ => Err(RestoreError::environment(format!("{} did not say what constraints it has", self.shown()))),
        }
    }

    /// What is run around the rows of tables that are replaced: references from and to them are made anew afterwards, and checked
    /// then, so that the order of the tables does not matter; with `emptied` the rows there are go first.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn around(&self, tables: &[TableName], emptied: bool) -> Result<(String, String), RestoreError> {
        let (mut before, mut after) = (String::new(), String::new());
        for line in self.sql(script::references(tables), true).await?.lines {
            match line.split_at_checked(1) {
                Some(("-", drop)) => before.push_str(&format!("{drop}\n")),
                Some(("+", add)) => after.push_str(&format!("{add}\n")),
                _ => {}
            }
        }
        before.push_str(&if emptied { script::truncate(tables) } else { String::new() });
        Ok((before, after))
    }
}
