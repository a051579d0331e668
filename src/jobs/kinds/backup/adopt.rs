//! The kind `backup-adopt`: enters copies into the catalogue that something else has put into the store, `{"target": NAME}`. Where they lie
//! and what opens them is the configuration's: nobody else says what is a copy of what. Each is looked at by its beginning alone.

use super::{Copies, failure, names, no_catalogue};
use crate::artifacts::{Key, Listed};
use crate::config::limits::{ADOPTED_AT_ONCE, ADOPTED_NAMED, PEEK_BYTES};
use crate::config::targets::{Adopt, Target};
use crate::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use crate::model::copy::BackupCopy;
use crate::model::job::Progress;
use crate::ops::backup::format::Format;
use crate::ops::backup::peek::{Peeked, peek};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// Adopts copies.
pub(super) struct AdoptKind(pub(super) Arc<Copies>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    target: String,
}

/// What a look through the store found.
#[derive(Default)]
struct Found {
    entered: u64,
    known: u64,
    /// How many were no copies; the first of them.
    refused: u64,
    why: Vec<Value>,
    copies: Vec<Value>,
    /// There were more than are adopted at a time.
    more: bool,
}

impl AdoptKind {
    fn read(&self, spec: &Value) -> Result<(&Target, &Adopt), String> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| format!("the spec is {{\"target\": NAME}}: {error}"))?;
        let target = self.0.target(&spec.target)?;
        let section = format!("[targets.{}.adopt]", target.name);
        let adopt = target.adopt.as_ref();
        Ok((
            target,
            adopt.ok_or(format!("nothing says where copies of {} lie: write {section} with `prefix`", target.name))?,
        ))
    }

    async fn adopt(&self, job: &JobContext) -> Result<Value, JobError> {
        let (target, adopt) = self.read(job.spec()).map_err(JobError::failed)?;
        let mut found = Found::default();
        let mut list = self.0.artifacts.list(&adopt.prefix);
        while let Some(listed) = list.next().await {
            let listed = listed.map_err(|error| failure(&error))?;
            if job.cancel().is_cancelled() {
                let sentence = "It was cancelled before all were looked at; what was found is in the catalogue.";
                return Err(JobError::failed(sentence));
            }
            let done = found.entered + found.known + found.refused;
            job.progress(Progress { stage: "looking".to_owned(), done, ..Progress::default() });
            // What is no copy is not remembered: counted here, it would stand before the copies for ever.
            if found.entered >= ADOPTED_AT_ONCE {
                found.more = true;
                break;
            }
            if adopt.covers(listed.key.as_str()) {
                self.one(target, listed, &mut found).await?;
            }
        }
        let Found { entered, known, refused, why, copies, more } = found;
        let named = why.len() as u64;
        Ok(json!({
            "target": target.name,
            "prefix": adopt.prefix,
            "entered": entered,
            "known": known,
            "refused": why,
            "refused_more": refused.saturating_sub(named),
            "copies": copies,
            "more": more,
        }))
    }

    /// One object below the prefix.
    async fn one(&self, target: &Target, listed: Listed, found: &mut Found) -> Result<(), JobError> {
        let object = listed.key.as_str().to_owned();
        let known = self.0.store.copy(&object).await.map_err(|error| no_catalogue(&error))?;
        if known.is_some_and(|copy| copy.gone_ms.is_none() && copy.target == target.name) {
            found.known += 1;
            return Ok(());
        }
        let kind = target.place.kind();
        let peeked = self.peek(&listed.key).await?.and_then(|peeked| match peeked.format.suits(kind) {
            true => Ok(peeked),
            false => {
                let of = format!("it is {}, from which nothing of the kind {kind} is restored", peeked.format.words());
                Err(of + unsalted(target, &peeked, listed.size))
            }
        });
        let peeked = match peeked {
            Ok(peeked) => peeked,
            Err(why) => {
                found.refused += 1;
                if found.why.len() < ADOPTED_NAMED {
                    found.why.push(json!({"object": object, "why": why}));
                }
                return Ok(());
            }
        };
        let Peeked { format, compression, encrypted } = peeked;
        // What is in an object cannot be younger than the object; such a name is of another zone, or of something else.
        let named_ms = names::moment_in(&object).filter(|at_ms| *at_ms <= listed.modified_ms);
        let taken_ms = named_ms.unwrap_or(listed.modified_ms);
        let seen = json!({
            "object": object, "format": format.as_str(), "compression": compression, "encrypted": encrypted, "taken_ms": taken_ms,
            "by_name": named_ms.is_some(),
        });
        let copy = BackupCopy {
            stored_bytes: i64::try_from(listed.size).unwrap_or(i64::MAX),
            manifest: json!({"adopted": true, "format": format.as_str(), "compression": compression}).to_string(),
            ..BackupCopy::taken(object, target.name.clone(), kind.to_owned(), taken_ms)
        };
        self.0.store.copy_taken(copy).await.map_err(|error| no_catalogue(&error))?;
        found.entered += 1;
        if found.copies.len() < ADOPTED_NAMED {
            found.copies.push(seen);
        }
        Ok(())
    }

    /// What an object seems to be; why it cannot be told.
    async fn peek(&self, key: &Key) -> Result<Result<Peeked, String>, JobError> {
        let (_, reader) = match self.0.artifacts.get(key).await {
            Ok(found) => found,
            Err(error) if error.kind == crate::artifacts::Kind::NotFound => {
                return Ok(Err("it went while it was looked at".to_owned()));
            }
            Err(error) => return Err(failure(&error)),
        };
        let mut begin = Vec::new();
        if let Err(error) = reader.take(PEEK_BYTES).read_to_end(&mut begin).await {
            return Err(JobError::retry(format!("{key} cannot be read: {error}")));
        }
        let keys = self.0.keys(key.as_str());
        // Making a key of a passphrase takes its time.
        let peeked = tokio::task::spawn_blocking(move || peek(&begin, &keys)).await;
        peeked.map_err(|_| JobError::retry("a thread that looks at copies was lost; see the log"))
    }
}

/// What may be done about something unknown: whole blocks are all that shows of what was encrypted without salt.
fn unsalted(target: &Target, peeked: &Peeked, bytes: u64) -> &'static str {
    let blocks = bytes > 0 && bytes.is_multiple_of(16);
    let unknown = peeked.format == Format::Unknown && peeked.compression == "none" && !peeked.encrypted;
    let asked = target.adopt.as_ref().is_some_and(|adopt| adopt.passphrase.is_some() && adopt.salt);
    match blocks && unknown && asked {
        true => "; if `openssl enc -nosalt` made it, say `salt = false` where its passphrase is",
        false => "",
    }
}

impl Kind for AdoptKind {
    fn name(&self) -> &str {
        "backup-adopt"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        self.read(spec).map(drop)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.adopt(&job).await }.boxed()
    }

    fn verify(&self, _: JobContext) -> BoxFuture<'_, Verified> {
        async { Verified::Repeat }.boxed()
    }
}
