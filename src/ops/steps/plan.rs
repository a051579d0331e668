//! A run made ready: everything that can be looked at beforehand has been.

use super::arguments;
use super::spec::{Each, OnFailure, Spec, Step, Undo};
use super::state::{State, Status};
use crate::config::commands::{Command, Commands, OnLost};
use crate::config::limits::{
    COMMAND_TIME_MAX, HTTP_STEP_TIME, PROMQL_TIME, SQL_ROWS_MAX, SQL_TIME, STEPS, STEPS_BYTES,
};
use crate::config::{parse_duration, secrets::Secrets};
use crate::ops::http::{Call, Judge};
use crate::ops::sql::{self, Question};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A word that stands for what `each` goes through.
const ITEM: &str = "item";

/// A run made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What was asked.
    pub spec: Spec,
    /// One after another, `each` taken apart.
    pub units: Vec<Unit>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Which step it is of.
    pub step: usize,
    /// What `{item}` is, if the step is done for each of something.
    pub item: Option<String>,
    /// What people read.
    pub name: String,
    /// How long it may take.
    pub time_limit: Duration,
    /// How it is taken back.
    pub undo: Option<Undo>,
    /// It may be done again when nobody knows whether it was done.
    pub repeatable: bool,
}

impl Plan {
    /// Reads and checks a run against the configuration. Nothing is resolved, opened or run.
    ///
    /// # Errors
    /// What is wrong, in a sentence that begins with the step.
    pub fn read(text: &str, commands: &Commands, secrets: &Secrets) -> Result<Self, String> {
        if text.len() > STEPS_BYTES {
            return Err(format!("the steps are longer than {STEPS_BYTES} bytes"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let spec: Spec = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| format!("the steps cannot be read: {}: {}", error.path(), error.inner()))?;
        if spec.steps.is_empty() {
            return Err("there are no steps".to_owned());
        }
        let (mut units, mut captured) = (Vec::new(), BTreeSet::new());
        for (at, step) in spec.steps.iter().enumerate() {
            let checked = Checking { commands, secrets, step, captured: &captured }.units(at);
            units.extend(checked.map_err(|why| format!("step {}: {why}", at + 1))?);
            if units.len() > STEPS {
                return Err(format!("there are more than {STEPS} steps, each of `each` counted"));
            }
            captured.extend(step.capture.as_ref().map(|capture| capture.name.clone()));
        }
        let plan = Self { spec, units };
        let changes = plan.changes_production(commands) || plan.units.iter().any(|unit| unit.undo.is_some());
        if changes && plan.spec.on_failure.goes_on() {
            return Err("`on_failure` is \"go-on\" only where no step changes anything".to_owned());
        }
        Ok(plan)
    }

    /// The names of all commands that may run, those that take back included.
    pub fn commands(&self) -> BTreeSet<&str> {
        let undo = self.units.iter().filter_map(|unit| unit.undo.as_ref()).map(|undo| undo.command.as_str());
        self.spec.steps.iter().filter_map(|step| step.command.as_deref()).chain(undo).collect()
    }

    /// All requests.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.spec.steps.iter().filter_map(|step| step.http.as_ref())
    }

    /// The names of all databases that are asked.
    pub fn databases(&self) -> BTreeSet<&str> {
        self.spec.steps.iter().filter_map(|step| Some(step.sql.as_ref()?.database.as_str())).collect()
    }

    /// Whether Prometheus is asked.
    pub fn asks_prometheus(&self) -> bool {
        self.spec.steps.iter().any(|step| step.promql.is_some())
    }

    /// The handles of the secrets that requests name. A command's are the operator's own choice.
    pub fn handles(&self) -> BTreeSet<&str> {
        self.calls().flat_map(Call::handles).collect()
    }

    /// Whether every request goes where it may, as far as can be said before names are resolved.
    ///
    /// # Errors
    /// A sentence that names the step and the grant.
    pub fn check_origins(&self, origins: &dyn Judge) -> Result<(), String> {
        for (at, call) in self.spec.steps.iter().enumerate().filter_map(|(at, step)| Some((at, step.http.as_ref()?))) {
            let judged = call.sample_url().and_then(|url| origins.judge(&url));
            judged.map_err(|why| format!("step {}: {why}", at + 1))?;
        }
        Ok(())
    }

    /// The step that is in doubt: it was running when the bot died, and may not simply be done again.
    pub fn in_doubt(&self, state: &State, commands: &Commands) -> Option<String> {
        if !state.running {
            return None;
        }
        if !state.undoing {
            return self.units.get(state.done.len()).filter(|unit| !unit.repeatable).map(|unit| unit.name.clone());
        }
        let passed = state.done.iter().filter(|done| done.status == Status::Pass).count();
        let (_, unit, undo) = self.ways_back(passed).into_iter().nth(state.undone.len())?;
        let repeatable = commands.get(&undo.command).is_some_and(|command| command.on_lost == OnLost::Repeat);
        (!repeatable).then(|| format!("undo {}", unit.name))
    }

    /// How the first so many units are taken back, last first, as far as they can be.
    pub(super) fn ways_back(&self, passed: usize) -> Vec<(usize, &Unit, &Undo)> {
        let units = self.units[..passed.min(self.units.len())].iter().enumerate().rev();
        units.filter_map(|(at, unit)| Some((at, unit, unit.undo.as_ref()?))).collect()
    }

    /// Whether it changes production: by a command that does, or by a request that writes.
    pub fn changes_production(&self, commands: &Commands) -> bool {
        let changes = |name: &str| commands.get(name).is_none_or(|command| command.changes);
        self.commands().into_iter().any(changes) || self.calls().any(|call| call.method.writes())
    }
}

/// One step while it is looked at.
struct Checking<'a> {
    commands: &'a Commands,
    secrets: &'a Secrets,
    step: &'a Step,
    captured: &'a BTreeSet<String>,
}

impl<'a> Checking<'a> {
    fn units(&self, at: usize) -> Result<Vec<Unit>, String> {
        let Step { name, command, args, http, sql, promql, expect, wait, capture, time_limit, undo, .. } = self.step;
        if let Some(capture) = capture {
            check_name(&capture.name)?;
        }
        let (what, limit, repeatable, command) = match (command, http, sql, promql, wait) {
            (Some(command), None, None, None, None) => {
                let command = self.command(command)?;
                (command.name.clone(), command.timeout, command.on_lost == OnLost::Repeat, Some(command))
            }
            (None, Some(call), None, None, None) => {
                self.check_call(call)?;
                // A repeated write carries the same Idempotency-Key, but not every server heeds it.
                let what = format!("{:?} {}", call.method, call.sample_url()?.origin().ascii_serialization());
                (what, HTTP_STEP_TIME, !call.method.writes(), None)
            }
            (None, None, Some(question), None, None) => {
                self.check_question(question)?;
                (format!("ask {}", question.database), SQL_TIME, true, None)
            }
            (None, None, None, Some(query), None) => {
                query.check()?;
                if self.step.each.is_some() {
                    return Err(
                        "an expression is not asked for each of something: it answers with many series".to_owned()
                    );
                }
                ("ask Prometheus".to_owned(), PROMQL_TIME, true, None)
            }
            (None, None, None, None, Some(wait)) => (format!("wait {wait}"), duration("wait", wait)?, true, None),
            _ => return Err("a step is exactly one of `command`, `http`, `sql`, `promql` and `wait`".to_owned()),
        };
        if !args.is_empty() && command.is_none() {
            return Err(
                "`args` are a command's; a request has its own within `http`, a question within `sql`".to_owned()
            );
        }
        match expect {
            Some(_) if command.is_none() => return Err("`expect` stands within `http`, `sql` or `promql`".to_owned()),
            Some(expect) => expect.check()?,
            None => {}
        }
        if capture.is_some() && (wait.is_some() || promql.is_some()) {
            return Err("a wait, and an expression, have nothing to capture".to_owned());
        }
        let limit = match time_limit.as_deref().map(|text| duration("time_limit", text)).transpose()? {
            // The operator's bound is the upper one for a command.
            Some(own) if command.is_some() => own.min(limit),
            Some(own) if wait.is_none() => own,
            Some(_) => return Err("a wait is as long as it says".to_owned()),
            None => limit,
        };
        let undo = undo.clone().or_else(|| command.and_then(|command| undo_of(command, self.commands, args)));
        let name = name.clone().unwrap_or(what);
        if name.chars().count() > 100 || name.contains(char::is_control) {
            return Err("a name has at most 100 characters, on one line".to_owned());
        }
        let items = self.items(command)?;
        for item in &items {
            if let Some(command) = command {
                self.check_args(command, args, item.as_deref())?;
            }
            if let Some(undo) = &undo {
                self.check_args(self.command(&undo.command)?, &undo.args, item.as_deref())?;
            }
        }
        let unit = |item: Option<String>| {
            let name = item.as_ref().map_or_else(|| name.clone(), |item| format!("{name} ({item})"));
            Unit { step: at, item, name, time_limit: limit, undo: undo.clone(), repeatable }
        };
        Ok(items.into_iter().map(unit).collect())
    }

    fn command(&self, name: &str) -> Result<&'a Command, String> {
        self.commands.get(name).ok_or_else(|| {
            let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
            format!("there is no command `{shown}`: the operator configures it as [commands.{shown}]")
        })
    }

    fn items(&self, command: Option<&Command>) -> Result<Vec<Option<String>>, String> {
        let items = match (&self.step.each, command) {
            (None, _) => return Ok(vec![None]),
            (Some(Each::Word(word)), Some(command)) if word == "hosts" => command.hosts.clone(),
            (Some(Each::Word(_)), _) => return Err("`each` is a list, or \"hosts\" for a command's hosts".to_owned()),
            (Some(Each::Items(items)), _) => items.clone(),
        };
        if items.is_empty() {
            return Err("`each` has nothing to go through".to_owned());
        }
        if items.iter().any(|item| item.len() > 255 || item.contains(char::is_control)) {
            return Err("an item of `each` has at most 255 bytes, on one line".to_owned());
        }
        Ok(items.into_iter().map(Some).collect())
    }

    /// Values that hold nothing captured are checked to the letter; the others when they are there.
    fn check_args(&self, command: &Command, args: &BTreeMap<String, String>, item: Option<&str>) -> Result<(), String> {
        let mut filled = BTreeMap::new();
        let mut known = true;
        for (place, text) in args {
            let mut values: BTreeMap<String, String> = BTreeMap::new();
            for name in crate::ops::http::places(text) {
                match item.filter(|_| name == ITEM) {
                    Some(item) => drop(values.insert(name, item.to_owned())),
                    None if self.captured.contains(&name) => known = false,
                    None => return Err(format!("nothing is captured as `{name}` before this step")),
                }
            }
            if known {
                filled.insert(place.clone(), crate::ops::http::fill(text, &values)?);
            }
        }
        if known { arguments::argv(command, &filled).map(drop) } else { Ok(()) }
    }

    fn check_question(&self, question: &Question) -> Result<(), String> {
        sql::check(&question.query)?;
        question.expect.check()?;
        if question.rows.is_some_and(|rows| !(1..=SQL_ROWS_MAX).contains(&rows)) {
            return Err(format!("`rows` is a number from 1 to {SQL_ROWS_MAX}"));
        }
        let each = self.step.each.is_some();
        let known = |place: &String| {
            question.args.contains_key(place) || self.captured.contains(place) || each && place == ITEM
        };
        let unknown = question.places().into_iter().find(|place| !known(place));
        unknown.map_or(Ok(()), |place| Err(format!("nothing is captured as `{place}` before this step")))
    }

    fn check_call(&self, call: &Call) -> Result<(), String> {
        call.sample_url()?;
        call.expect.check()?;
        if call.body.is_some() && !call.method.writes() {
            return Err("a GET or HEAD request has no body".to_owned());
        }
        if let Some(handle) = call.handles().into_iter().find(|handle| self.secrets.get(handle).is_none()) {
            return Err(format!("there is no secret `{handle}` under [secrets]"));
        }
        let each = self.step.each.is_some();
        let unknown = call.places().into_iter().find(|place| !(self.captured.contains(place) || each && place == ITEM));
        unknown.map_or(Ok(()), |place| Err(format!("nothing is captured as `{place}` before this step")))
    }
}

/// The command's own way back, with the values that it shares.
fn undo_of(command: &Command, commands: &Commands, args: &BTreeMap<String, String>) -> Option<Undo> {
    let undo = commands.get(command.undo.as_deref()?)?;
    let args = args.iter().filter(|(place, _)| undo.args.contains_key(*place));
    let args = args.map(|(place, text)| (place.clone(), text.clone())).collect();
    Some(Undo { command: undo.name.clone(), args })
}

fn check_name(name: &str) -> Result<(), String> {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && name.len() <= 40 && name != ITEM {
        return Ok(());
    }
    Err("what is captured is called in lower-case letters, digits and _, and not `item`".to_owned())
}

fn duration(key: &str, text: &str) -> Result<Duration, String> {
    let good = parse_duration(text).filter(|time| *time > Duration::ZERO && *time <= COMMAND_TIME_MAX);
    good.ok_or_else(|| format!("`{key}` is a duration up to a day, such as \"30s\""))
}

impl OnFailure {
    /// Whether what was done is taken back.
    pub(super) fn undoes(self) -> bool {
        self == Self::Undo
    }

    /// Whether the steps after it are done all the same.
    pub(super) fn goes_on(self) -> bool {
        self == Self::GoOn
    }
}
