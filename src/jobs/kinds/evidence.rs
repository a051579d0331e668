//! The kind `evidence`: writes what a plugin has frozen, `{"key": "evidence/…"}` of its own store, as files into the artifact store: the
//! record as it is, as JSON, and the same to be read, as Markdown. Done twice it is the same two files.

use crate::artifacts::{ArtifactError, Artifacts, Key, Kind as Failure, PutOptions};
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::store::Store;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// What every key of frozen evidence begins with, and every file of it.
const ROOT: &str = "evidence/";
/// Characters of a key.
const KEY: usize = 200;

/// Writes evidence as files.
pub struct EvidenceKind {
    store: Store,
    artifacts: Artifacts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    key: String,
}

impl EvidenceKind {
    /// From this database into this artifact store.
    pub fn new(store: Store, artifacts: Artifacts) -> Self {
        Self { store, artifacts }
    }

    fn read(spec: &Value) -> Result<String, String> {
        let wrong = |why: String| format!("the spec is {{\"key\": \"{ROOT}NAME\"}}: {why}");
        let Spec { key } = serde_json::from_value(spec.clone()).map_err(|error| wrong(error.to_string()))?;
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_. ".contains(c))
        };
        match key.strip_prefix(ROOT).is_some_and(|rest| rest.split('/').all(plain)) && key.len() <= KEY {
            true => Ok(key),
            false => Err(wrong("its parts are letters, digits, - _ . and blanks".to_owned())),
        }
    }

    async fn write(&self, job: &JobContext) -> Result<Value, JobError> {
        let key = Self::read(job.spec()).map_err(JobError::failed)?;
        let kept = self.store.kv_get(job.plugin(), &key).await;
        let kept = kept.map_err(|error| JobError::retry(format!("the evidence cannot be read: {error}")))?;
        let Some(text) = kept.value else {
            return Err(JobError::failed(format!("{key} is not kept any more: nothing was written")));
        };
        let record: Value =
            serde_json::from_str(&text).map_err(|error| JobError::failed(format!("{key} is no document: {error}")))?;
        let whole = serde_json::to_string_pretty(&record).unwrap_or(text);
        // A service's name may have blanks, which no object's has.
        let name = key.replace(' ', "_");
        let (document, page) = (format!("{name}.json"), format!("{name}.md"));
        self.put(&document, "application/json", &whole).await?;
        self.put(&page, "text/markdown; charset=utf-8", &markdown(&record, &whole)).await?;
        let summary = format!("Written to {document} and {page}.");
        Ok(json!({ "status": "pass", "sentence": summary, "summary": summary, "objects": [document, page] }))
    }

    async fn put(&self, name: &str, media: &'static str, text: &str) -> Result<(), JobError> {
        let failed = |error: ArtifactError| match error.kind {
            Failure::Unavailable { .. } => JobError::retry(error.to_string()),
            _ => JobError::failed(error.to_string()),
        };
        let key = Key::new(name).map_err(failed)?;
        let options = PutOptions { media: Some(media), ..PutOptions::default() };
        self.artifacts.put(&key, &mut text.as_bytes(), &options).await.map(drop).map_err(failed)
    }
}

/// The record to be read: who decided what and when, each verdict that was known, the attempts, and all of it as it is.
fn markdown(record: &Value, whole: &str) -> String {
    let word = |of: &Value, key: &str| match &of[key] {
        Value::String(text) => plain(text),
        Value::Null => "–".to_owned(),
        other => plain(&other.to_string()),
    };
    let mut text = format!("# {}: evidence {}\n\n", word(record, "service"), word(record, "number"));
    for (title, key) in [("Decided", "decision"), ("By", "by"), ("At", "at"), ("Incident", "incident")] {
        let _ = writeln!(text, "- **{title}:** {}", word(record, key));
    }
    let results = record["check"]["results"].as_array().filter(|results| !results.is_empty());
    if let Some(results) = results {
        text.push_str(
            "\n## What was seen\n\n| what | status | value | bound | source | at |\n|---|---|---|---|---|---|\n",
        );
        for one in results {
            let cells = ["name", "status", "shown", "bound", "source", "at"].map(|key| word(one, key));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    let attempts = record["attempts"].as_array().filter(|attempts| !attempts.is_empty());
    if let Some(attempts) = attempts {
        text.push_str(
            "\n## Attempts\n\n| number | strategy | from | to | by | state | said |\n|---|---|---|---|---|---|---|\n",
        );
        for one in attempts {
            let cells = ["number", "strategy", "from", "to", "by", "state", "said"].map(|key| word(one, key));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    // Longer than any fence within.
    let _ = write!(text, "\n## All of it\n\n~~~~~~json\n{whole}\n~~~~~~\n");
    text
}

/// One line that breaks no table and no page.
fn plain(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars() {
        match c {
            c if c.is_control() => line.push(' '),
            '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' => line.extend(['\\', c]),
            c => line.push(c),
        }
    }
    line
}

impl Kind for EvidenceKind {
    fn name(&self) -> &str {
        "evidence"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        Self::read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.write(&job).await }.boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        async { Verified::Repeat }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn what_was_seen_is_a_table_and_all_of_it_follows() {
        let record = json!({
            "service": "shop", "number": 3, "decision": "roll back | now", "by": "Ana", "at": "2026-01-01T00:00:00Z", "incident": null,
            "check": {"results": [{"name": "errors", "status": "met", "shown": "7 %", "bound": "> 5 %", "source": "probe", "at": "now"}]},
            "attempts": [],
        });
        let text = markdown(&record, "{}");
        assert!(text.starts_with("# shop: evidence 3\n\n- **Decided:** roll back \\| now\n- **By:** Ana\n"), "{text}");
        assert!(text.contains("| errors | met | 7 % | \\> 5 % | probe | now |\n"), "{text}");
        assert!(!text.contains("## Attempts") && text.ends_with("~~~~~~json\n{}\n~~~~~~\n"), "{text}");
    }

    proptest! {
        #[test]
        fn no_key_leaves_the_folder_of_evidence(key in "\\PC{0,40}", rest in "[a-z./ ]{0,20}") {
            for key in [key, format!("{ROOT}{rest}")] {
                if EvidenceKind::read(&json!({"key": key})).is_ok() {
                    prop_assert!(key.starts_with(ROOT), "{}", key);
                    prop_assert!(key.split('/').all(|part| !part.is_empty() && !part.starts_with('.')), "{}", key);
                }
            }
        }

        #[test]
        fn a_cell_is_one_line(text in "\\PC*|[\\x00-\\x20|]*") {
            let line = plain(&text);
            prop_assert!(!line.contains('\n') && !line.replace("\\|", "").contains('|'));
        }
    }
}
