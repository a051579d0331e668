//! What is asked of a database before and after a restore: what is in it, how many rows, whether its constraints hold.

use super::postgres::Database;
use super::table::TableName;
use super::{RestoreError, script};
use crate::config::limits::COUNTED_AT_ONCE;

/// How many lines of what is run around rows are read at once, so that none is cut off.
const AROUND_AT_ONCE: usize = 100;

/// What the server counted of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It is not there.
    Missing,
    /// Only a dump can tell: an extension made it, and only some of its rows are in one; or its name was not in UTF-8, so that it cannot
    /// be asked for.
    Dumped,
    /// So many rows.
    Rows(u64),
}

impl Database {
    /// How many tables, views and sequences people have in it.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn objects(&self) -> Result<u64, RestoreError> {
        let answer = self.sql(script::OBJECTS.to_owned()).await?;
        let count = answer.lines.first().and_then(|line| line.trim().parse().ok());
        count.ok_or_else(|| RestoreError::environment(format!("{} did not say what is in it", self.shown())))
    }

    /// A few tables of people that are none of these.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn others(&self, tables: &[TableName]) -> Result<Vec<String>, RestoreError> {
        Ok(self.sql(script::others(tables)).await?.lines)
    }

    /// The partitions with rows of a partitioned table that people call so; none of any other.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn partitions(&self, word: &str) -> Result<Vec<String>, RestoreError> {
        Ok(self.sql(script::partitions(word)).await?.lines)
    }

    /// The rows of each table, counted by the server, where it is there.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn counts(&self, tables: &[TableName]) -> Result<Vec<Counted>, RestoreError> {
        let mut all = Vec::with_capacity(tables.len());
        for some in tables.chunks(COUNTED_AT_ONCE) {
            let unnamed = |table: &TableName| table.quoted().contains(char::REPLACEMENT_CHARACTER);
            let asked: Vec<_> = some.iter().enumerate().filter(|(_, table)| !unnamed(table)).collect();
            let there = self.sql(script::there(&asked)).await?.lines;
            let there = there.iter().filter_map(|nth| nth.parse::<usize>().ok());
            let there: Vec<_> = there.filter_map(|nth| Some((nth, some.get(nth)?))).collect();
            let before = |table| if unnamed(table) { Counted::Dumped } else { Counted::Missing };
            let mut counted: Vec<Counted> = some.iter().map(before).collect();
            for line in self.sql(script::counts(&there)).await?.lines {
                let parts: Vec<&str> = line.split('|').collect();
                if let [nth, rows, extension] = parts[..]
                    && let (Ok(nth), Ok(rows)) = (nth.parse::<usize>(), rows.parse())
                    && let Some(counted) = counted.get_mut(nth)
                {
                    *counted = if extension == "t" { Counted::Dumped } else { Counted::Rows(rows) };
                }
            }
            all.extend(counted);
        }
        Ok(all)
    }

    /// Whether a bot, this or another one, runs with it as its own database: it has its tables, and somebody is connected as a bot is.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn is_a_bots(&self) -> Result<bool, RestoreError> {
        let answer = self.sql(script::A_BOTS.to_owned()).await?;
        Ok(answer.lines.first().is_some_and(|line| line.trim() == "t"))
    }

    /// How many constraints and indexes there are, how many indexes are not valid, and constraints that were never validated.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn constraints(&self) -> Result<(u64, u64, u64, String), RestoreError> {
        let answer = self.sql(script::CONSTRAINTS.to_owned()).await?;
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
    /// then, so that the order of the tables does not matter; triggers do not fire; sequences go on after the rows; with `emptied` the
    /// rows there are go first.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn around(&self, tables: &[TableName], emptied: bool) -> Result<(String, String), RestoreError> {
        // What waits for the commit is done first: a table is not altered under it.
        let (mut before, mut after) = (String::new(), "set constraints all immediate;\n".to_owned());
        for texts in [script::references(tables), script::triggers(tables), script::sequences(tables)] {
            for from in (0..).step_by(AROUND_AT_ONCE) {
                let lines = self.sql(script::some_of(&texts, from, AROUND_AT_ONCE)).await?.lines;
                for line in &lines {
                    match line.split_at_checked(1) {
                        Some(("-", drop)) => before.push_str(&format!("{drop}\n")),
                        Some(("+", add)) => after.push_str(&format!("{add}\n")),
                        _ => {}
                    }
                }
                if lines.len() < AROUND_AT_ONCE {
                    break;
                }
            }
        }
        before.push_str(&if emptied { script::truncate(tables) } else { String::new() });
        Ok((before, after))
    }
}
