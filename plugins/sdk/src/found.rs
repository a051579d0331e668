//! What jobs say of what they looked at, a line each, as people read it.

use crate::words;
use serde::Deserialize;

/// The mark of a `pass`, a `fail`, what was `skipped`, and anything else: four columns wide.
pub fn mark(status: &str) -> &'static str {
    match status {
        "pass" => "ok  ",
        "fail" => "BAD ",
        "skipped" => "-   ",
        _ => "?   ",
    }
}

/// A line for each of the first `most`, and how many more there are.
pub fn some<T>(all: &[T], most: usize, line: impl Fn(&T) -> String) -> String {
    let mut lines: Vec<_> = all.iter().take(most).map(line).collect();
    if all.len() > most {
        lines.push(format!("… and {} more", all.len() - most));
    }
    lines.join("\n")
}

/// A table as it was restored, against its copy's manifest; as the jobs `restore` and `drill` say it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TableRows {
    /// Its name, with the schema.
    pub name: String,
    /// Rows that are there, if they could be counted.
    pub rows: Option<u64>,
    /// Rows that the manifest counts.
    pub expected: Option<u64>,
    /// `pass`, `fail` or `unknown`.
    pub status: String,
}

impl TableRows {
    /// How it stands: `BAD             2 of            3  public.orders`.
    pub fn line(&self) -> String {
        let count = |rows: Option<u64>| rows.map_or_else(|| "?".to_owned(), words::number);
        format!("{} {:>12} of {:>12}  {}", mark(&self.status), count(self.rows), count(self.expected), self.name)
    }
}
