//! `[targets.NAME.drill]`: when a copy is restored to see whether it can be, where to, and what must hold there.

use super::backup::schedule;
use super::parameters::told;
use super::{TargetUrl, read};
use crate::config::commands::Commands;
use crate::config::limits::{BACKUP_RUN_MAX, BACKUP_SPAN_MAX, DRILL_CHECK_CHARS, DRILL_CHECKS_MAX, DRILL_REMINDS_MAX};
use crate::config::problem::Refusal;
use crate::config::section::Section;
use crate::config::services::{address, command};
use crate::config::tree::Node;
use crate::config::values;
use std::path::PathBuf;
use std::time::Duration;

/// `[targets.NAME.drill]`.
#[derive(Clone, Debug, Default)]
pub struct DrillPolicy {
    /// When, as a five-field expression. Default: only when somebody asks.
    pub schedule: Option<String>,
    /// The time zone of that. Default UTC.
    pub zone: String,
    /// Where copies are restored to. Default: a server of the drill's own, or a folder in `data_dir`.
    pub into: Option<DrillPlace>,
    /// Queries, each of which must answer with one row and one column that is true.
    pub checks: Vec<String>,
    /// Commands that are run against the restored copy, in order, once it was found to be as it was: what brings its schema up to date,
    /// what asks the application (S0-06, S0-23).
    pub run: Vec<String>,
    /// Addresses that must answer with success while the application runs on the restored copy.
    pub smoke: Vec<String>,
    /// How long one may take. Default 2 h.
    pub run_limit: Duration,
    /// How long before a drill people are told of it. Default 24 h and 1 h.
    pub remind: Vec<Duration>,
}

/// Default of `run_limit` (S4-03).
const RUN_LIMIT: Duration = Duration::from_secs(2 * 3600);
/// Default of `remind`.
const REMIND: [Duration; 2] = [Duration::from_secs(24 * 3600), Duration::from_secs(3600)];

/// Where copies are restored to.
#[derive(Clone, Debug)]
pub enum DrillPlace {
    /// A server on which a database may be made and dropped.
    Server(TargetUrl),
    /// A folder, resolved, in which one may be made and removed.
    Folder(PathBuf),
}

impl DrillPolicy {
    pub(super) fn read(mut section: Section<'_>, on_server: bool, commands: &Commands) -> Self {
        let cx = section.cx;
        let name = section.path("into");
        let (schedule, zone) = schedule(&mut section);
        let into = section.read("into", |node| match on_server {
            true => read::url(cx, &name, node).and_then(told).map(DrillPlace::Server),
            false => values::text(node).map(|text| DrillPlace::Folder(cx.resolve(text))),
        });
        let checks = section.read_list("checks", "a list of queries, each in quotes", check);
        let run = section.read_list("run", "a list of names of [commands]", |node| harmless(node, commands));
        if on_server && into.is_none() && run.as_ref().is_some_and(|run| !run.is_empty()) {
            let expected = "`into` as well: a server of the drill's own is reached by nobody else";
            section.refuse("run", Refusal::expected(expected));
        }
        let smoke = section.read_list("smoke", "a list of addresses", address);
        let span = |node| values::duration(node, Duration::from_secs(60)..=BACKUP_SPAN_MAX);
        let remind = section.read_list("remind", "a list of durations, such as [\"24h\", \"1h\"]", span);
        let run_limit =
            section.read("run_limit", |node| values::duration(node, Duration::from_secs(60)..=BACKUP_RUN_MAX));
        let run_limit = run_limit.unwrap_or(RUN_LIMIT);
        let lengths = [
            ("checks", checks.as_ref().map(Vec::len), DRILL_CHECKS_MAX),
            ("run", run.as_ref().map(Vec::len), DRILL_CHECKS_MAX),
            ("smoke", smoke.as_ref().map(Vec::len), DRILL_CHECKS_MAX),
            ("remind", remind.as_ref().map(Vec::len), DRILL_REMINDS_MAX),
        ];
        for (key, count, most) in lengths {
            if let Some(count) = count.filter(|count| *count > most) {
                let expected = format!("at most {most}");
                section.refuse(key, Refusal::expected(expected).found(format!("{count} of them")));
            }
        }
        section.finish();
        let schedule = schedule.map(|schedule| schedule.expression().to_owned());
        let (checks, run, smoke) = (checks.unwrap_or_default(), run.unwrap_or_default(), smoke.unwrap_or_default());
        Self { schedule, zone, into, checks, run, smoke, run_limit, remind: remind.unwrap_or(REMIND.to_vec()) }
    }

    /// The server copies are restored to, if it is one.
    pub(super) fn url_of_into(&self) -> Option<&TargetUrl> {
        match &self.into {
            Some(DrillPlace::Server(url)) => Some(url),
            Some(DrillPlace::Folder(_)) | None => None,
        }
    }
}

/// A command that may be run on a copy: its one value without a default is `scratch`, and it says of itself that it changes nothing that
/// people use, so that nobody names the production's by mistake.
fn harmless(node: &Node, commands: &Commands) -> Result<String, Refusal> {
    let name = command(node, commands, &["scratch"])?;
    match commands.get(&name).is_some_and(|command| command.changes) {
        true => Err(Refusal::expected("a command with `changes = false`").fix(format!(
            "write a command that changes nothing but what `{{scratch}}` names, with changes = false in [commands.{name}]"
        ))),
        false => Ok(name),
    }
}

fn check(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.chars().count() {
        0..=DRILL_CHECK_CHARS => Ok(text.trim().to_owned()),
        n => Err(Refusal::expected(format!("a query of at most {DRILL_CHECK_CHARS} characters"))
            .found(format!("{n} characters"))),
    }
}
