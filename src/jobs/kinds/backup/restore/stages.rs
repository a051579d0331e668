//! The stages of one restore, each with how it went; what is told in the end.

use super::aside::Aside;
use super::destination::Destination;
use super::{Kept, Spec, Status, TableSeen, keep};
use crate::config::services::Service;
use crate::config::targets::Target;
use crate::jobs::JobContext;
use crate::jobs::kinds::backup::source::{Chosen, Restoring};
use crate::jobs::kinds::backup::verify::VerifyKind;
use crate::jobs::kinds::backup::{checks, telling};
use crate::jobs::kinds::words::{self, sentence};
use crate::model::copy::CopyVerdict;
use crate::model::job::Progress;
use crate::ops::backup::Meter;
use crate::ops::restore::RestoreError;
use serde_json::{Value, json};
use std::time::Instant;

/// What a stage said: how it went and a sentence.
type Said = (&'static str, String);

/// A sentence without its end, for one that goes on.
fn plain(text: &str) -> &str {
    text.trim_end_matches('.')
}

/// A restore as far as it is.
pub(super) struct Run<'a> {
    of: &'a Restoring,
    job: &'a JobContext,
    target: &'a Target,
    spec: &'a Spec,
    service: Option<&'a Service>,
    began: Instant,
    stages: Vec<Value>,
    /// Of the last one that failed.
    failed: Option<String>,
    writers: &'static str,
    safety: Option<String>,
    aside: Option<Aside>,
    there: bool,
    replaces: bool,
    tables: Vec<TableSeen>,
    files: Option<u64>,
    taken_ms: Option<i64>,
    note: String,
    restored: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        of: &'a Restoring,
        job: &'a JobContext,
        target: &'a Target,
        spec: &'a Spec,
        service: Option<&'a Service>,
    ) -> Self {
        let stoppable = service.is_some_and(|service| service.stop.is_some());
        Self {
            of,
            job,
            target,
            spec,
            service,
            began: Instant::now(),
            stages: Vec::new(),
            failed: None,
            writers: if stoppable { "running" } else { "none" },
            safety: None,
            aside: None,
            there: true,
            replaces: false,
            tables: Vec::new(),
            files: None,
            taken_ms: None,
            note: String::new(),
            restored: false,
        }
    }

    fn say(&self, stage: &str) -> Instant {
        self.job.progress(Progress { stage: stage.to_owned(), ..Progress::default() });
        Instant::now()
    }

    /// Notes how a stage went; whether to go on.
    fn ended(&mut self, name: &str, began: Instant, said: Result<Said, String>) -> bool {
        let (status, text) = match said {
            Ok((status, text)) => (status, sentence(&text)),
            Err(why) => ("fail", sentence(&why)),
        };
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.job.say(&format!("{name}: {text}"));
        if status == "fail" {
            self.failed = Some(text.clone());
        }
        self.stages.push(json!({"name": name, "status": status, "sentence": text, "took_ms": took_ms}));
        if status != "fail" && self.job.cancel().is_cancelled() {
            self.failed = Some(format!("It was cancelled after the stage {name}."));
        }
        self.failed.is_none()
    }

    /// Finds the copy and looks at the destination.
    pub(super) async fn fetch(&mut self) -> Option<(Chosen, Destination)> {
        let began = self.say("looking");
        let found = self.found().await;
        let said = match &found {
            Ok((chosen, _)) => Ok(("pass", format!("the copy {} is there, and so is the destination", chosen.key))),
            Err(why) => Err(why.clone()),
        };
        self.ended("fetch", began, said).then_some(found.ok()).flatten()
    }

    async fn found(&mut self) -> Result<(Chosen, Destination), String> {
        let chosen =
            self.of.choose(&self.target.name, Some(&self.spec.object)).await.map_err(|error| error.sentence)?;
        self.taken_ms = chosen.taken_ms;
        let Some(contents) = chosen.contents() else {
            return Err(format!(
                "the copy {} has no manifest beside it: it was not finished, or the manifest was deleted",
                chosen.key
            ));
        };
        let target = self.target.place.kind();
        let copy = chosen.manifest.as_ref().map_or(target, |manifest| manifest.kind.as_str());
        if copy != target {
            return Err(format!("it is a copy of {copy}, and {} is {target}", self.target.name));
        }
        let destination = Destination::look(self.of, self.job, self.target, self.spec, &contents).await;
        let destination = destination.map_err(|error| error.sentence)?;
        (self.there, self.replaces) = (destination.is_there(), destination.replaces());
        Ok((chosen, destination))
    }

    /// Reads the copy to its end and compares it with its manifest, before anybody is stopped for it.
    pub(super) async fn check(&mut self, verify: &VerifyKind, chosen: &Chosen, destination: &Destination) -> bool {
        let began = self.say("reading");
        let said = match verify.checks(self.job, &chosen.key).await {
            Err(error) => Err(error.sentence),
            Ok((_, all)) => match checks::verdict(&all) {
                // Without a key only the stored bytes are compared.
                (CopyVerdict::Verified, _) if !all.iter().any(|check| check.name == "unpack") => {
                    Err("it is encrypted, and this machine has no key (artifacts.identity)".to_owned())
                }
                (CopyVerdict::Verified, _) if self.replaces && checks::foreign::is_text(&all) => {
                    Err("it is SQL as text, which is restored as a whole and into an empty database only".to_owned())
                }
                (CopyVerdict::Verified, said) if checks::foreign::is_text(&all) => {
                    destination.takes_scripts().await.map(|()| ("pass", said)).map_err(|error| error.sentence)
                }
                (CopyVerdict::Verified, said) => Ok(("pass", said)),
                (_, why) => Err(why),
            },
        };
        self.ended("check", began, said)
    }

    /// From here on a run that dies is not repeated unasked.
    pub(super) async fn begin(&mut self) -> bool {
        if let Err(error) = keep(self.job, &Kept { began: true, asked: false }).await {
            self.failed = Some(sentence(&error.sentence));
            return false;
        }
        true
    }

    async fn command(&mut self, name: &str, command: Option<String>, missing: String) -> bool {
        let began = self.say(name);
        let said = match command {
            None => Ok(("skipped", missing)),
            Some(command) => {
                self.of.command(self.job, &command).await.map(|()| ("pass", format!("the command {command} passed")))
            }
        };
        self.ended(name, began, said)
    }

    fn key(&self, key: &str) -> String {
        match &self.target.service {
            Some(service) => format!("[services.{service}] has no `{key}`"),
            None => format!("the target {} names no service", self.target.name),
        }
    }

    pub(super) async fn stop(&mut self) -> bool {
        let command = self.service.and_then(|service| service.stop.clone());
        let stops = command.is_some();
        let missing =
            format!("nobody was stopped: {}. Whoever writes meanwhile loses what they write", self.key("stop"));
        if stops {
            // Even one that failed may have stopped somebody.
            self.writers = "stopped";
        }
        self.command("stop-writers", command, missing).await
    }

    /// Looks at the destination once more, now that nobody writes to it: what is in the way may be new.
    async fn looked(&mut self, chosen: &Chosen) -> Result<Destination, String> {
        let Some(contents) = chosen.contents() else { return Err("the copy has no manifest".to_owned()) };
        let looking = Destination::look(self.of, self.job, self.target, self.spec, &contents).await;
        let destination = looking.map_err(|error| error.sentence)?;
        self.there = destination.is_there();
        Ok(destination)
    }

    /// A copy of what is there now, which stays until somebody unpins it; how the destination is by now.
    pub(super) async fn save(&mut self, chosen: &Chosen) -> Option<Destination> {
        let began = self.say("safety copy");
        let destination = self.looked(chosen).await;
        let said = if let Err(why) = &destination {
            Err(why.clone())
        } else if !self.spec.safety {
            Ok(("skipped", "no safety copy was asked for".to_owned()))
        } else if !self.there {
            Ok(("skipped", "there is nothing to copy".to_owned()))
        } else {
            match self.of.safety_copy(self.job, self.target, "restore").await {
                Ok(object) => {
                    let object = self.safety.insert(object);
                    Ok(("pass", format!("what was there is in {object}, which is pinned")))
                }
                Err((None, why)) => self.kept_aside(&destination, why).await,
                Err((object, why)) => {
                    self.safety = object;
                    Err(why)
                }
            }
        };
        self.ended("safety", began, said).then_some(destination.ok()).flatten()
    }

    /// What cannot be copied since it is damaged is kept as it is (S4-11); anything else is a reason not to go on, unless people say that
    /// nothing there is needed.
    async fn kept_aside(&mut self, destination: &Result<Destination, String>, why: String) -> Result<Said, String> {
        const OR: &str = "If nothing that is there is needed, restore with `--no-safety`: it is gone then";
        let Ok(destination) = destination else { return Err(why) };
        let Some(damage) = destination.damage(self.job).await else {
            return Err(format!("what is there could not be copied first: {}. {OR}", plain(&why)));
        };
        match destination.keep_aside(self.job, self.of.copies.clock.now_ms()).await {
            Ok(aside) => {
                let kept = format!("it is kept as it is in {}", aside.path.display());
                self.aside = Some(aside);
                Ok(("pass", format!("what is there is too damaged to be copied ({damage}): {kept}")))
            }
            Err(error) => Err(format!(
                "what is there is too damaged to be copied ({damage}), and cannot be kept as it is: {}. {OR}",
                plain(&error.sentence)
            )),
        }
    }

    /// Puts the copy in place.
    pub(super) async fn put(&mut self, chosen: &Chosen, destination: &Destination) -> bool {
        let began = self.say("restoring");
        let meter = Meter::default();
        let putting = async {
            if !self.job.is_mine().await {
                return Err(RestoreError::environment("the job is in other hands"));
            }
            let (total, opened) = self.of.open(self.job, chosen, meter.clone()).await?;
            let aside = self.aside.as_ref().filter(|aside| aside.is_moved).map(|aside| aside.path.clone());
            let put = destination.put(self.job, self.spec, opened, aside);
            telling(self.job, "restoring", &meter, total, put).await
        };
        let put = putting.await;
        let said = put.map(|(said, files)| {
            self.files = files;
            self.note.clone_from(&said);
            ("pass", said)
        });
        let said = said.map_err(|error| match error.half_done {
            true => error.sentence,
            false => format!("{}; the destination is as it was before this stage", error.sentence),
        });
        self.restored = self.ended("restore", began, said);
        self.restored
    }

    /// Counts what is there now, before anybody writes again.
    pub(super) async fn counts(&mut self, chosen: &Chosen, destination: &Destination) -> bool {
        let began = self.say("counting");
        let Some(contents) = chosen.contents() else { return false };
        let said = match destination.counted(self.job, self.spec, &contents).await {
            Err(error) => Err(error.sentence),
            Ok(tables) => {
                let wrong: Vec<String> = tables
                    .iter()
                    .filter(|table| table.status != Status::Pass)
                    .map(|table| table.name.clone())
                    .collect();
                self.tables = tables;
                match (wrong.is_empty(), self.tables.is_empty()) {
                    (false, _) => Err(format!("tables have other rows than the copy: {}", wrong.join(", "))),
                    (true, true) if chosen.adopted => Ok((
                        "skipped",
                        "there is nothing to count: something else made the copy, without a manifest".to_owned(),
                    )),
                    (true, true) => Ok(("pass", "what was restored is there".to_owned())),
                    (true, false) => Ok(("pass", format!("{} tables have the rows of the copy", self.tables.len()))),
                }
            }
        };
        self.ended("counts", began, said)
    }

    pub(super) async fn migrate(&mut self) -> bool {
        let command = self.service.and_then(|service| service.migrate.clone());
        let missing = self.key("migrate");
        self.command("migrate", command, missing).await
    }

    pub(super) async fn start(&mut self) -> bool {
        let command = self.service.and_then(|service| service.start.clone());
        let missing = self.key("start");
        let started = self.command("start-writers", command, missing).await;
        if started && self.writers == "stopped" {
            self.writers = "running";
        }
        started
    }

    /// Asks the service whether it is well, until it is or has had time enough.
    pub(super) async fn health(&mut self) -> bool {
        let began = self.say("health");
        let Some(url) = self.service.and_then(|service| service.health.clone()) else {
            let missing = self.key("health");
            return self.ended("health", began, Ok(("skipped", missing)));
        };
        let asked = self.of.healthy(self.job, &url).await;
        let said = asked.map(|status| ("pass", format!("the address {url} was answered with {status}")));
        self.ended("health", began, said)
    }

    /// When the copy was taken, and what there is to say of how it was put in place.
    pub(super) fn put_said(self) -> Result<(Option<i64>, String), String> {
        match self.failed {
            Some(why) if self.restored => Err(format!("the copy is in place, but {why}")),
            Some(why) => Err(why),
            None => Ok((self.taken_ms, self.note)),
        }
    }

    /// What is told in the end.
    pub(super) fn result(self, passed: bool) -> Value {
        let now_ms = self.of.copies.clock.now_ms();
        let lost = self.taken_ms.map(|taken| now_ms.saturating_sub(taken).max(0) / 60_000);
        let name = &self.target.name;
        let mut said = match &self.failed {
            Some(why) if self.restored => format!("{name} was restored, but what came after it failed. {why}"),
            Some(why) => format!("{name} was not restored. {why}"),
            None => {
                format!("{name} was restored. {}{}", self.note, lost.map(words::lost).unwrap_or_default())
            }
        };
        if !passed && self.writers == "stopped" {
            let start = self.service.and_then(|service| service.start.as_deref()).unwrap_or_default();
            let service = self.target.service.as_deref().unwrap_or_default();
            said.push_str(&words::still_stopped(service, start));
        }
        if let Some(object) = &self.safety {
            said.push_str(&words::saved(object));
        }
        // What was to be moved there is still where it was if the copy did not take its place.
        let aside = self.aside.as_ref().filter(|aside| self.restored || !aside.is_moved);
        let aside = aside.map(|aside| aside.path.display().to_string());
        if let Some(aside) = &aside {
            said.push_str(&words::kept(aside));
        }
        json!({
            "object": self.spec.object,
            "target": name,
            "kind": self.target.place.kind(),
            "status": if passed { "pass" } else { "fail" },
            "sentence": said,
            "summary": said,
            "writers": self.writers,
            "safety": self.safety,
            "aside": aside,
            "stages": self.stages,
            "tables": self.tables,
            "files": self.files,
            "minutes_lost": lost,
            "seconds": self.began.elapsed().as_secs(),
        })
    }
}
