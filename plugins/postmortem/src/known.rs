//! What is known of an incident: its record, and the lines of its timeline, numbered so that every fact can name those it comes from.

use drillbell_sdk::{Bot, Clocks, Entry, Facts, Incident, IncidentId, Result, Task};

/// Lines that are read; the host gives no more.
const LINES: u32 = 500;
/// What only says that somebody typed or pressed something, and what is about the postmortem itself.
const NO_NEWS: [&str; 3] = ["command", "click", KIND];
/// The kind of this plugin's own lines.
pub const KIND: &str = "postmortem";
/// Who starts this plugin's jobs, in their lines.
const AUTHOR: &str = "plugin:postmortem";

/// A fact, and the numbers of the lines that say it; counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A sentence as Markdown: whatever is quoted in it is escaped already.
    pub text: String,
    /// The lines.
    pub from: Vec<usize>,
}

impl Fact {
    /// A fact.
    pub fn new(text: impl Into<String>, from: impl IntoIterator<Item = usize>) -> Self {
        let mut from: Vec<usize> = from.into_iter().collect();
        from.sort_unstable();
        from.dedup();
        Self { text: text.into(), from }
    }
}

/// What is known.
#[derive(Clone, Debug)]
pub struct Known {
    /// The incident.
    pub incident: Incident,
    /// Its roles, tasks and times.
    pub facts: Facts,
    /// What is expected of its severity.
    pub clocks: Clocks,
    /// The severities' names, the worst first.
    pub severities: Vec<String>,
    /// The lines, oldest first; the first is line 1.
    pub lines: Vec<Entry>,
    /// There are more and older lines than were read.
    pub cut: bool,
    /// What time it is.
    pub now_ms: u64,
}

impl Known {
    /// Reads it.
    pub fn of(bot: &mut impl Bot, id: &IncidentId) -> Result<Self> {
        let (incident, facts) = (bot.incident(id)?, bot.facts(id)?);
        let mut lines = bot.timeline(id, LINES)?;
        let cut = lines.len() >= LINES as usize && lines.first().is_some_and(|line| line.kind != "declared");
        lines.retain(|line| !NO_NEWS.contains(&line.kind.as_str()) && line.author != AUTHOR);
        let severities = bot.severities().into_iter().map(|severity| severity.name).collect();
        Ok(Self { clocks: bot.clocks(&incident.severity), severities, incident, facts, lines, cut, now_ms: bot.now() })
    }

    /// The lines with their numbers.
    pub fn numbered(&self) -> impl DoubleEndedIterator<Item = (usize, &Entry)> {
        (1..).zip(&self.lines).collect::<Vec<_>>().into_iter()
    }

    /// The numbers of the lines of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = (usize, &'a Entry)> {
        self.numbered().filter(move |(_, line)| line.kind == kind)
    }

    /// The line of a kind from that moment, else the last one before it that is like it.
    pub fn at(&self, kind: &str, at_ms: u64) -> Option<usize> {
        self.of_kind(kind).find(|(_, line)| line.at_ms == at_ms).map(|(number, _)| number)
    }

    /// The status line that led to one of these statuses at that moment.
    pub fn moved(&self, at_ms: u64, to: &[&str]) -> Option<usize> {
        let leads = |line: &Entry| to.iter().any(|to| status_of(line).is_some_and(|(_, now)| now == *to));
        self.of_kind("status").find(|(_, line)| line.at_ms == at_ms && leads(line)).map(|(number, _)| number)
    }

    /// What is to be done so that it does not happen again: tasks that were open when the incident ended or were added since; while it
    /// goes on, those that are open.
    pub fn items<'a>(&'a self, replaced: &'a [u32]) -> impl Iterator<Item = &'a Task> {
        items(&self.facts, replaced)
    }

    /// The line that says that a task was added.
    pub fn task_line(&self, task: &Task) -> Option<usize> {
        let begins = format!("{} added", task.number);
        self.of_kind("task").find(|(_, line)| line.text.starts_with(&begins)).map(|(number, _)| number)
    }

    /// The ids of people that the record or the timeline names.
    pub fn people(&self) -> Vec<String> {
        let roles = self.facts.roles.iter().map(|holder| &holder.person);
        let owners = self.facts.tasks.iter().filter_map(|task| task.owner.as_ref());
        let authors = self.lines.iter().map(|line| &line.author).chain([&self.incident.declared_by]);
        let mut all: Vec<String> = roles.chain(owners).chain(authors).filter(|id| is_person(id)).cloned().collect();
        all.sort();
        all.dedup();
        all
    }
}

/// See [`Known::items`].
pub fn items<'a>(facts: &'a Facts, replaced: &'a [u32]) -> impl Iterator<Item = &'a Task> {
    let ended_ms = facts.span().and_then(|span| span.resolved_ms);
    facts.tasks.iter().filter(move |task| {
        let was_open = match (&task.done, ended_ms) {
            (None, _) => true,
            (Some(done), Some(ended_ms)) => done.at_ms > ended_ms,
            (Some(_), None) => false,
        };
        was_open && !replaced.contains(&task.number)
    })
}

/// From which status to which a line leads.
pub fn status_of(line: &Entry) -> Option<(&str, &str)> {
    arrow(line.text.strip_prefix("reopened: ").unwrap_or(&line.text))
}

/// From which severity to which a line leads.
pub fn severity_of(line: &Entry) -> Option<(&str, &str)> {
    arrow(&line.text)
}

fn arrow(text: &str) -> Option<(&str, &str)> {
    let (from, rest) = text.split_once(" → ")?;
    Some((from, rest.split_once(": ").map_or(rest, |(to, _)| to)))
}

fn is_person(id: &str) -> bool {
    !id.is_empty() && !id.starts_with("plugin:") && id != "drillbell"
}
