//! What jobs say of what they looked at, a line each, as people read it.

use crate::words;
use serde::{Deserialize, de::DeserializeOwned};

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

/// A stage of what a job did, or a check of what came of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// `pass`, `fail`, `unknown` or `skipped`; empty where a job says only how long it took.
    pub status: String,
    /// What says most.
    pub sentence: String,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

impl Stage {
    /// How it went, its name in so many columns: `ok   switch            3 ms  current points at v1`.
    pub fn line(&self, width: usize) -> String {
        let took = words::took_ms(self.took_ms);
        let line = format!("{} {:<width$}  {took:>7}  {}", mark(&self.status), self.name, self.sentence);
        line.trim_end().to_owned()
    }
}

/// Name and milliseconds of each stage that was not skipped: what was done takes as long the next time.
pub fn measured(stages: &[Stage]) -> Vec<(String, u64)> {
    let done = stages.iter().filter(|stage| stage.status != "skipped");
    done.map(|stage| (stage.name.clone(), stage.took_ms)).collect()
}

/// What a job says that broke off: why, and how far it got.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "T: Default + DeserializeOwned"))]
pub struct BrokeOff<T> {
    /// Why, a sentence.
    pub error: String,
    /// What it would have said at its end, as far as it knew.
    pub detail: T,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_stand_below_each_other_and_those_that_were_skipped_are_not_measured() {
        let stages: Vec<Stage> = serde_json::from_str(
            r#"[{"name": "switch", "status": "pass", "sentence": "current points at v1", "took_ms": 3},
                {"name": "health", "status": "skipped"}, {"name": "drop", "took_ms": 4200}]"#,
        )
        .expect("it reads");
        let lines: Vec<_> = stages.iter().map(|stage| stage.line(13)).collect();
        assert_eq!(
            lines,
            [
                "ok   switch            3 ms  current points at v1",
                "-    health            0 ms",
                "?    drop             4.2 s"
            ]
        );
        assert_eq!(measured(&stages), [("switch".to_owned(), 3), ("drop".to_owned(), 4_200)]);
    }
}
