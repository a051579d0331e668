//! One typed block: its keys, its places, and the step of a job that it becomes.

use super::expect;
use super::finding::{Notes, shown};
use super::front::{duration, risk};
use super::node::{Entry, Keys, Node, Value, parse};
use super::{Place, Risk, Type};
use crate::config::limits::COMMAND_TIME_MAX;
use crate::config::parse_duration;
use crate::config::runbooks::Filling;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a step takes that does not say.
const TAKES: Duration = Duration::from_secs(60);

/// A block that was read.
#[derive(Debug)]
pub(super) struct Block {
    pub does: Json,
    pub risk: Risk,
    pub takes: Duration,
    pub go_on: Option<bool>,
    pub previous: Option<String>,
    pub captures: Option<String>,
    /// Places that are filled when it runs.
    pub places: BTreeSet<String>,
    /// Values that nothing fills.
    pub missing: BTreeSet<String>,
}

/// Where places come from, as far as the file has been read.
pub(super) struct Scope<'a> {
    pub values: &'a BTreeMap<String, Place>,
    pub inputs: &'a BTreeMap<String, Place>,
    pub captured: &'a BTreeSet<String>,
    pub filled: &'a BTreeMap<String, Filling>,
}

/// A block while it is read.
pub(super) struct Reading<'a> {
    pub notes: &'a Notes,
    pub scope: &'a Scope<'a>,
}

/// Reads the block of a step; `line` is that of its first line of code.
pub(super) fn read(kind: Type, code: &str, line: usize, scope: &Scope<'_>, notes: &Notes) -> Option<Block> {
    let raw = parse(code, line, notes)?;
    // What a statement is asked with is bound, never text within it.
    let bound = |entry: &Entry| kind == Type::Sql && entry.key == "query";
    let entries: Vec<Entry> =
        raw.iter().map(|entry| if bound(entry) { entry.clone() } else { entry.filled(scope.filled) }).collect();
    let of = Reading { notes, scope };
    let mut keys = Keys::new(&entries, "this block", line.saturating_sub(1).max(1), notes);
    let takes = keys.take("takes").and_then(|node| duration("takes", node, notes));
    let said = keys.take("risk").and_then(|node| Some((risk(node, notes)?, node.line)));
    let go_on = keys.take("on_fail").and_then(|node| {
        let words = [("go-on", true), ("stop", false)];
        let found = words.into_iter().find(|(word, _)| node.text() == Some(word)).map(|(_, answer)| answer);
        if found.is_none() {
            notes.problem(node.line, "`on_fail` is \"go-on\" or \"stop\"");
        }
        found
    });
    let (mut does, least, own_time, live) = match kind {
        Type::Http => of.http(&mut keys),
        Type::Sql => of.sql(&mut keys),
        Type::Command => of.command(&mut keys),
        Type::Promql => of.promql(&mut keys),
        Type::Backup => of.backup(&mut keys),
        Type::Chat => of.chat(&mut keys),
        Type::Wait => of.wait(&mut keys),
    };
    let each = keys.entries_have("each");
    let captures = of.around(kind, &mut keys, &mut does);
    let previous = does.remove("previous").and_then(|text| text.as_str().map(str::to_owned));
    keys.finish();
    let risk = match said {
        Some((said, line)) if said < least && kind != Type::Command => {
            notes.problem(line, format!("this step writes: its risk is at least \"{}\"", least.as_str()));
            least
        }
        // They are done at once, and nobody is asked before. What people are asked to do has the risk of what they do.
        Some((said, line)) if said > Risk::ReadOnly && (kind == Type::Wait || does.contains_key("say")) => {
            notes.problem(line, "this step changes nothing by itself: its risk is \"read-only\"");
            least
        }
        Some((said, line)) if said == Risk::Dangerous && kind == Type::Backup && least == Risk::ReadOnly => {
            notes.problem(line, "a backup is only looked at here: that is not \"dangerous\"");
            least
        }
        Some((said, _)) => said,
        None => least,
    };
    let (places, missing) = of.places(&entries, live, each);
    let takes = takes.or(own_time).unwrap_or(TAKES);
    Some(Block { does: Json::Object(does), risk, takes, go_on, previous, captures, places, missing })
}

/// What a step does, its risk if it does not say, how long it takes by itself, and the keys in which places of the run may stand.
pub(super) type Read = (Map<String, Json>, Risk, Option<Duration>, &'static [&'static str]);

impl Reading<'_> {
    /// A value that is as it must be, or that a configuration has still to fill.
    pub fn typed(&self, node: Option<&Node>, is: impl Fn(&Node) -> bool, expected: &str) -> Option<Json> {
        let node = node?;
        if !self.is_open(node) && !is(node) {
            self.notes.problem(node.line, expected);
        }
        Some(node.json())
    }

    /// A value of the configuration is still missing in it.
    fn is_open(&self, node: &Node) -> bool {
        let mut names = BTreeSet::new();
        node.places(&mut names);
        names.iter().any(|name| self.scope.values.contains_key(name) && !self.scope.filled.contains_key(name))
    }

    /// The keys that blocks of steps share: `capture`, `each`, `time_limit`. The name of what is captured.
    fn around(&self, kind: Type, keys: &mut Keys<'_>, does: &mut Map<String, Json>) -> Option<String> {
        if !matches!(kind, Type::Http | Type::Sql | Type::Command | Type::Promql) {
            return None;
        }
        let limit = |node: &Node| {
            node.text().and_then(parse_duration).is_some_and(|time| !time.is_zero() && time <= COMMAND_TIME_MAX)
        };
        let limit =
            self.typed(keys.take("time_limit"), limit, "`time_limit` is a duration up to a day, such as \"30s\"");
        does.extend(limit.map(|limit| ("time_limit".to_owned(), limit)));
        // It answers with many series: there is nothing to go through, and nothing to keep.
        if kind == Type::Promql {
            return None;
        }
        let items = |node: &Node| match &node.value {
            Value::List(items) => !items.is_empty() && items.iter().all(|item| item.text().is_some()),
            Value::Text(text) => kind == Type::Command && text == "hosts",
            _ => false,
        };
        let each =
            self.typed(keys.take("each"), items, "`each` is a list of texts, or \"hosts\" for a command's hosts");
        does.extend(each.map(|each| ("each".to_owned(), each)));
        let node = keys.take("capture")?;
        let (name, json) = expect::capture(node, kind, self)?;
        if self.scope.values.contains_key(&name) || self.scope.inputs.contains_key(&name) {
            self.notes.problem(node.line, format!("`{}` is a value or an input already", shown(&name)));
        }
        does.insert("capture".to_owned(), json);
        Some(name)
    }

    /// The places that a run fills, and the values that nothing fills. What comes from nowhere, or stands where it cannot, is noted.
    fn places(&self, entries: &[Entry], live: &[&str], each: bool) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut of_run, mut missing) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            let mut names = BTreeSet::new();
            entry.node.places(&mut names);
            for name in names {
                let line = entry.node.line;
                let run = self.scope.inputs.contains_key(&name) || self.scope.captured.contains(&name);
                if self.scope.values.contains_key(&name) {
                    match self.scope.filled.get(&name) {
                        None => drop(missing.insert(name)),
                        Some(Filling::List(_)) => {
                            self.notes.problem(line, format!("`{name}` is a list: it stands alone, in `each`"));
                        }
                        // A parameter of a statement.
                        Some(_) => {}
                    }
                } else if name == "item" && each && live.contains(&entry.key.as_str()) {
                } else if name == "item" {
                    self.notes.problem(
                        line,
                        "{item} stands where `each` goes through something, and in what is filled when the step runs",
                    );
                } else if run && !live.contains(&entry.key.as_str()) {
                    let why =
                        format!("{{{name}}} is known when the step runs only, and cannot stand in `{}`", entry.key);
                    self.notes.problem(line, why);
                } else if run {
                    of_run.insert(name);
                } else {
                    let why = format!(
                        "{{{name}}} comes from nowhere: it is neither in [values] nor in [inputs], and no earlier step captures it"
                    );
                    self.notes.problem(line, why);
                }
            }
        }
        (of_run, missing)
    }
}
