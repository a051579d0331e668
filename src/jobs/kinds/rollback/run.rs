//! A rollback as far as it is: every stage is written down before it begins and after it has ended, so that a later run goes on behind
//! the last finished one, and asks about one that nobody knows of.

use super::plan::{Act, Stage, Turns};
use super::programs::Programs;
use super::refuse::Found;
use super::spec::Asked;
use crate::config::commands::OnLost as Lost;
use crate::config::services::{Does, Strategy};
use crate::jobs::kinds::backup::{Restoring, Unwell};
use crate::jobs::kinds::words::{self, sentence};
use crate::jobs::{JobContext, JobError, Verified};
use crate::model::deploy::Migration;
use crate::model::job::{OnLost, Progress, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

/// What is kept between runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The names of all stages, to notice that the configuration has changed.
    plan: Vec<String>,
    done: Vec<Done>,
    running: bool,
    asked: bool,
    safety: Vec<String>,
    writers: String,
    maintenance: bool,
    taken_ms: Option<i64>,
    /// The digest of the image that ran before anything was changed; empty where there is none, or nobody can tell.
    #[serde(default)]
    image: String,
    /// The copy is in its target's place.
    #[serde(default)]
    restored: bool,
    /// The migrations that stay in the schema because code alone goes back.
    #[serde(default)]
    stays: Vec<Migration>,
    began_ms: i64,
}

/// A stage that has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Done {
    name: String,
    status: String,
    sentence: String,
    took_ms: u64,
}

impl Kept {
    /// What an earlier run of the job kept.
    pub(super) async fn of(job: &JobContext) -> Result<Self, JobError> {
        Ok(job.kept().await?.unwrap_or_default())
    }

    /// Nothing has been done.
    pub(super) fn is_new(&self) -> bool {
        self.done.is_empty()
    }
}

/// A run of a rollback.
pub(super) struct Run<'a> {
    of: &'a Restoring,
    job: &'a JobContext,
    asked: &'a Asked<'a>,
    stages: Vec<Stage<'a>>,
    kept: Kept,
    /// What is not known and yet no reason to refuse: the check says so.
    note: Option<String>,
}

/// How a stage went, if that is known.
type Said = Result<(&'static str, String), Unwell>;

impl<'a> Run<'a> {
    pub(super) fn new(
        of: &'a Restoring,
        job: &'a JobContext,
        asked: &'a Asked<'a>,
        mut kept: Kept,
    ) -> Result<Self, JobError> {
        let stages = asked.stages();
        let names: Vec<String> = stages.iter().map(|stage| stage.name.clone()).collect();
        let has_changed = !kept.plan.is_empty() && kept.plan != names;
        if kept.plan.is_empty() {
            kept.plan = names;
            kept.began_ms = job.clock().now_ms();
            kept.writers = if asked.service.stop.is_some() { "running" } else { "none" }.to_owned();
        }
        let run = Self { of, job, asked, stages, kept, note: None };
        if has_changed {
            return Err(run.failed(format!(
                "The configuration of {} has changed since this rollback began: it ended after {} of its stages. Look at the service.",
                asked.service.name,
                run.kept.done.len()
            )));
        }
        Ok(run)
    }

    /// The same, with what was found out before its first stage.
    pub(super) fn knowing(mut self, found: Option<Found>) -> Self {
        if let Some(Found { note, stays }) = found {
            (self.note, self.kept.stays) = (note, stays);
        }
        self
    }

    fn is_repeatable(&self, act: &Act<'_>) -> bool {
        match act {
            Act::Command(name, _) => {
                self.of.runner.commands.get(name).is_some_and(|command| command.on_lost == Lost::Repeat)
            }
            act => act.is_repeatable(),
        }
    }

    /// The stage that was running when the bot died, and may not simply be done again.
    fn in_doubt(&self) -> Option<&str> {
        let stage = self.stages.get(self.kept.done.len())?;
        (self.kept.running && !self.is_repeatable(&stage.act)).then_some(stage.name.as_str())
    }

    async fn save(&self) -> Result<(), JobError> {
        let text = serde_json::to_string(&self.kept).map_err(|error| JobError::failed(error.to_string()))?;
        match self.job.keep(text).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(JobError::failed("the job is in other hands")),
            Err(error) => Err(JobError::retry(format!("How far it is cannot be written down: {error}"))),
        }
    }

    /// For a job whose process died.
    pub(super) async fn looked_at(&mut self) -> Verified {
        let Some(name) = self.in_doubt().map(str::to_owned) else { return Verified::Repeat };
        self.kept.asked = true;
        if self.save().await.is_err() {
            return Verified::Unknown("It is in other hands.".to_owned());
        }
        Verified::Unknown(in_doubt(&name))
    }

    /// Does what is left to do.
    pub(super) async fn until_its_end(mut self) -> Result<Value, JobError> {
        // Whoever was asked wants the stage in doubt to be done again.
        if self.kept.asked || self.job.on_lost() == OnLost::Ask {
            (self.kept.running, self.kept.asked) = (false, false);
        }
        while let Some(stage) = self.stages.get(self.kept.done.len()).cloned() {
            if self.kept.done.last().is_some_and(|done| done.status == "fail") {
                break;
            }
            if let Some(name) = self.in_doubt().map(str::to_owned) {
                return Err(self.asks(in_doubt(&name)).await);
            }
            if self.job.cancel().is_cancelled() {
                let sentence = format!("It was cancelled before the stage {}.", stage.name);
                return Err(self.failed(sentence));
            }
            self.kept.running = true;
            self.save().await?;
            self.tell(&stage.name);
            let began = Instant::now();
            let said = self.does(&stage).await;
            if self.job.is_stopping() && said.is_err() {
                // Cut off by the bot's end: what was kept before it says that it was running.
                return Err(JobError::failed("The bot ended."));
            }
            let (status, text) = match said {
                Err(unwell) if unwell.unknown => {
                    let text = format!("{}: {} {}", stage.name, sentence(&unwell.sentence), in_doubt(&stage.name));
                    return Err(self.asks(text).await);
                }
                Ok((status, text)) => (status, sentence(&text)),
                Err(unwell) => ("fail", sentence(&unwell.sentence)),
            };
            self.job.say(&format!("{}: {text}", stage.name));
            let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let name = stage.name.clone();
            self.kept.done.push(Done { name, status: status.to_owned(), sentence: text, took_ms });
            self.kept.running = false;
            if let Err(error) = self.save().await {
                // A retry would find the stage still running, and may do it twice without anybody being asked.
                if error.retry && !self.is_repeatable(&stage.act) {
                    return Err(self.unknown(format!("{} {}", error.sentence, in_doubt(&stage.name))));
                }
                return Err(error);
            }
        }
        match self.kept.done.last().filter(|done| done.status == "fail") {
            Some(done) => {
                let why = format!("The stage {} failed. {}", done.name, done.sentence);
                Err(self.failed(why))
            }
            None => Ok(self.result("pass", &self.passed())),
        }
    }

    fn tell(&self, stage: &str) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (done, total) = (number(self.kept.done.len()), number(self.stages.len()));
        let note = String::new();
        self.job.progress(Progress { stage: stage.to_owned(), done, total, unit: Unit::default(), note });
    }

    async fn asks(&mut self, why: String) -> JobError {
        self.kept.asked = true;
        match self.save().await {
            // What was kept before says that the stage was running, too: a retry would not be better.
            Err(error) if !error.retry => error,
            _ => self.unknown(why),
        }
    }

    fn unknown(&self, why: String) -> JobError {
        let said = format!("{why}{}", self.standing());
        JobError::unknown(said.clone()).with(self.result("unknown", &said))
    }

    fn failed(&self, why: String) -> JobError {
        let (service, from, to) = (&self.asked.service.name, &self.asked.spec.from, &self.asked.spec.to);
        let said = format!("{service} was not rolled back from {from} to {to}. {why}{}", self.standing());
        JobError::failed(said.clone()).with(self.result("fail", &said))
    }

    fn passed(&self) -> String {
        let (service, from, to) = (&self.asked.service.name, &self.asked.spec.from, &self.asked.spec.to);
        let lost = self.minutes_lost().map(words::lost).unwrap_or_default();
        format!(
            "{service} was rolled back from {from} to {to} by the strategy {}.{lost}{}",
            self.asked.strategy.name,
            self.standing()
        )
    }

    /// How things are left; what is stopped is not started by itself.
    fn standing(&self) -> String {
        let mut said = String::new();
        let name = &self.asked.service.name;
        if self.kept.writers == "stopped" {
            let start = self.asked.service.start.as_deref().unwrap_or_default();
            said.push_str(&words::still_stopped(name, start));
        }
        if let (true, Some(pair)) = (self.kept.maintenance, &self.asked.service.maintenance) {
            said.push_str(&format!(" {name} is still in maintenance: end it with {}.", pair.off));
        }
        if !self.kept.safety.is_empty() {
            said.push_str(&words::saved(&self.kept.safety.join(", ")));
        }
        said
    }

    fn minutes_lost(&self) -> Option<i64> {
        let taken_ms = self.kept.taken_ms.filter(|_| self.kept.restored)?;
        Some(self.kept.began_ms.saturating_sub(taken_ms).max(0) / 60_000)
    }

    fn result(&self, status: &str, said: &str) -> Value {
        let Kept { done, safety, writers, maintenance, image, stays, began_ms, .. } = &self.kept;
        let spec = &self.asked.spec;
        json!({
            "service": spec.service,
            "strategy": spec.strategy,
            "from": spec.from,
            "to": spec.to,
            "status": status,
            "sentence": said,
            "summary": said,
            "stages": done,
            "safety": safety,
            "writers": writers,
            "maintenance": maintenance,
            "image": image,
            "stays": stays,
            "minutes_lost": self.minutes_lost(),
            "seconds": (self.job.clock().now_ms() - began_ms).max(0) / 1000,
        })
    }

    fn programs(&self, strategy: &'a Strategy, act: &Act<'_>) -> Programs<'a> {
        Programs { of: self.of, job: self.job, strategy, doubts: !self.is_repeatable(act) }
    }

    async fn does(&mut self, stage: &Stage<'a>) -> Said {
        let asked = self.asked;
        let spec = &asked.spec;
        let passed = |text: String| ("pass", text);
        match &stage.act {
            Act::Check => self.check().await.map(passed),
            Act::Command(name, turns) => {
                // Even one that failed may have done it.
                match turns {
                    Turns::Writers(false) => "stopped".clone_into(&mut self.kept.writers),
                    Turns::Maintenance(true) => self.kept.maintenance = true,
                    Turns::Nothing | Turns::Writers(true) | Turns::Maintenance(false) => {}
                }
                self.save().await.map_err(|error| Unwell::failed(error.sentence))?;
                self.command(name).await?;
                match turns {
                    Turns::Writers(true) => "running".clone_into(&mut self.kept.writers),
                    Turns::Maintenance(false) => self.kept.maintenance = false,
                    Turns::Nothing | Turns::Writers(false) | Turns::Maintenance(true) => {}
                }
                Ok(("pass", format!("the command {name} passed")))
            }
            Act::Safety => self.safety().await.map(passed),
            Act::Put(target) => {
                let put = self.of.put_whole(self.job, target, &spec.object).await.map_err(Unwell::failed)?;
                self.kept.restored = true;
                Ok(("pass", put.1))
            }
            Act::Revert(code) => self.programs(code, &stage.act).revert(spec).await.map(passed),
            Act::Push(code) => self.programs(code, &stage.act).push().await.map(passed),
            Act::Switch(code) => self.programs(code, &stage.act).switch(spec).map(passed),
            Act::Pull(code) => self.programs(code, &stage.act).pull(spec).await.map(passed),
            Act::Variable(code) => self.programs(code, &stage.act).variable(spec).map(passed),
            Act::Up(code) => self.programs(code, &stage.act).up(spec).await.map(passed),
            Act::SetImage(code) => self.programs(code, &stage.act).set_image(spec).await.map(passed),
            Act::Rollout(code) => self.programs(code, &stage.act).rollout().await.map(passed),
            Act::Health(url) => {
                let status = self.of.healthy(self.job, url).await.map_err(Unwell::failed)?;
                Ok(("pass", format!("the address {url} was answered with {status}")))
            }
            Act::Skip(why) => Ok(("skipped", why.clone())),
        }
    }

    async fn command(&self, name: &str) -> Result<(), Unwell> {
        let declared = self.of.runner.commands.get(name).map(|command| &command.args);
        let values = self.asked.values().into_iter();
        let ours = values.filter(|(place, _)| declared.is_some_and(|args| args.contains_key(*place)));
        let args: BTreeMap<String, String> = ours.map(|(place, value)| (place.to_owned(), value.to_owned())).collect();
        self.of.command_with(self.job, name, &args).await
    }

    async fn check(&mut self) -> Result<String, Unwell> {
        let mut said = Vec::new();
        let again = !self.asked.strategy.does.is_code();
        if let Some(code) = self.asked.code {
            said.push(self.programs(code, &Act::Check).check(&self.asked.spec, again).await?);
            if matches!(code.does, Does::Container(_)) {
                said.push(match self.programs(code, &Act::Check).image().await {
                    Ok(digest) => {
                        self.kept.image.clone_from(&digest);
                        format!("what runs is {digest}")
                    }
                    Err(unwell) => format!("which image runs is not known: {}", unwell.sentence),
                });
            }
        }
        if let Does::Restore { target, .. } = &self.asked.strategy.does {
            let looked = self.of.can_put(self.job, target, &self.asked.spec.object).await;
            self.kept.taken_ms = looked.map_err(Unwell::failed)?.0;
            said.push(format!("the copy {} can be restored", self.asked.spec.object));
        }
        said.extend(self.note.clone());
        Ok(said.join("; "))
    }

    async fn safety(&mut self) -> Result<String, Unwell> {
        let targets: Vec<_> = self.of.targets_of(&self.asked.service.name).collect();
        for target in targets {
            match self.of.safety_copy(self.job, target, "rollback").await {
                Ok(object) => self.kept.safety.push(object),
                Err((object, why)) => {
                    self.kept.safety.extend(object);
                    return Err(Unwell::failed(format!("{} could not be copied: {why}", target.name)));
                }
            }
        }
        Ok(format!("what was there is in {}, pinned", self.kept.safety.join(", ")))
    }
}

fn in_doubt(name: &str) -> String {
    format!(
        "The stage {name} was running, and whether it was done is not known. Run again does it again and goes on from there."
    )
}
