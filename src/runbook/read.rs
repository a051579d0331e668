//! A whole file: front matter, the five sections in their order, and in each step one typed block.

use super::block::{self, Block, Scope};
use super::finding::{Finding, Notes, shown};
use super::front::{self, Front};
use super::outline::{Part, What, outline};
use super::{Risk, Runbook, Section, Step, Type, node};
use crate::config::did_you_mean;
use crate::config::limits::{RUNBOOK_BYTES, RUNBOOK_STEPS};
use crate::config::runbooks::{Filling, is_runbook};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The headings of the sections, in their order, with what their steps may do: `None` where there are no steps.
const SECTIONS: [(&str, Option<Risk>); 5] = [
    ("Symptoms", Some(Risk::ReadOnly)),
    ("Diagnosis", Some(Risk::ReadOnly)),
    ("Mitigation", Some(Risk::Dangerous)),
    ("Escalation contacts", None),
    ("Post-incident actions", Some(Risk::Dangerous)),
];
/// Those in which a failure is an answer, and people are led on.
const LOOKING: [&str; 2] = ["Symptoms", "Diagnosis"];
/// Characters of a step's name: a line of a card.
const STEP_NAME: usize = 100;

/// Reads a runbook, its places filled with `values` as far as they go. With a problem among the findings it is not to be used.
pub fn read(name: &str, text: &str, values: &BTreeMap<String, Filling>) -> (Runbook, Vec<Finding>) {
    let notes = Notes::default();
    if !is_runbook(name) {
        notes
            .problem(1, format!("the file is called \"{}\": a name has lower-case letters, digits and -", shown(name)));
    }
    if text.len() > RUNBOOK_BYTES {
        notes.problem(1, format!("the file is longer than {RUNBOOK_BYTES} bytes"));
        return (Runbook::default(), notes.into_all());
    }
    let file = outline(text, &notes);
    let entries = file.front.and_then(|(front, line)| node::parse(front, line, &notes));
    let front = entries.map(|entries| front::read(&entries, name, &notes)).unwrap_or_default();
    let mut filled = BTreeMap::new();
    for (place, about) in &front.values {
        if let Some(value) = values.get(place).or(about.default.as_ref()) {
            filled.insert(place.clone(), value.clone());
        }
    }
    let mut body = Body::of(&notes, &front, &filled);
    body.read(&file.parts);
    let Body { about, sections, steps, missing, used, .. } = body;
    for (place, about) in front.values.iter().chain(&front.inputs).filter(|(place, _)| !used.contains(*place)) {
        if file.front.is_some() {
            notes.note(about.line, format!("{{{place}}} stands in no block"));
        }
    }
    check_symptoms(&front, &steps, &notes);
    let takes = front.takes.unwrap_or_else(|| steps.iter().map(|step| Duration::from_millis(step.takes_ms)).sum());
    let Front { title, owner, review, risk, matches, requirements, schedule, symptoms, values, inputs, .. } = front;
    let runbook = Runbook {
        name: name.to_owned(),
        title,
        owner,
        review: review.map(|date| date.to_string()).unwrap_or_default(),
        risk: risk.unwrap_or_default(),
        about,
        matches,
        requirements,
        symptoms: symptoms.0,
        takes_ms: millis(takes),
        zone: schedule.as_ref().map(|schedule| schedule.zone().to_owned()),
        schedule: schedule.map(|schedule| schedule.expression().to_owned()),
        values,
        inputs,
        sections,
        steps,
        missing: missing.into_iter().collect(),
    };
    (runbook, notes.into_all())
}

/// Symptoms are steps that the host looks at by itself: read-only ones, with nothing in them that only a run knows.
fn check_symptoms(front: &Front, steps: &[Step], notes: &Notes) {
    let (names, line) = &front.symptoms;
    for name in names {
        let Some(step) = steps.iter().find(|step| step.name == *name) else {
            let meant = did_you_mean(name, steps.iter().map(|step| step.name.as_str()));
            let meant = meant.map(|meant| format!("; {meant}")).unwrap_or_default();
            notes.problem(*line, format!("there is no step \"{}\"{meant}", shown(name)));
            continue;
        };
        let looks = matches!(step.kind, Type::Http | Type::Sql | Type::Promql | Type::Command);
        let plain = step.places.is_empty() && step.does.get("each").is_none();
        if !looks || step.risk != Risk::ReadOnly || !plain {
            let why = "a symptom is a read-only `http`, `sql`, `promql` or `command` step without `each` and places that a run fills";
            notes.problem(*line, format!("\"{}\": {why}", shown(name)));
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What stands after the front matter, while it is read.
struct Body<'a> {
    notes: &'a Notes,
    front: &'a Front,
    filled: &'a BTreeMap<String, Filling>,
    about: String,
    sections: Vec<Section>,
    /// The place of the present section in [`SECTIONS`].
    at: Option<usize>,
    /// The present step, until the next heading.
    step: Option<Open>,
    steps: Vec<Step>,
    captured: BTreeSet<String>,
    missing: BTreeSet<String>,
    used: BTreeSet<String>,
}

/// A step whose end has not been read.
struct Open {
    name: String,
    line: usize,
    text: String,
    block: Option<(Type, usize, Option<Block>)>,
}

impl<'a> Body<'a> {
    fn of(notes: &'a Notes, front: &'a Front, filled: &'a BTreeMap<String, Filling>) -> Self {
        Self {
            notes,
            front,
            filled,
            about: String::new(),
            sections: Vec::new(),
            at: None,
            step: None,
            steps: Vec::new(),
            captured: BTreeSet::new(),
            missing: BTreeSet::new(),
            used: BTreeSet::new(),
        }
    }

    fn read(&mut self, parts: &[Part]) {
        let last = parts.last().map_or(1, |part| part.line);
        for Part { line, what } in parts {
            match what {
                What::Heading(1, _) if self.sections.is_empty() => {}
                What::Heading(1, _) => {
                    self.notes.problem(*line, "a heading of the first level stands before the sections")
                }
                What::Heading(2, text) => self.section(*line, text),
                What::Heading(3, text) => self.begin(*line, text),
                What::Heading(_, text) => self.prose(&format!("**{text}**")),
                What::Prose(text) => self.prose(text),
                What::Code(language, code) => self.code(*line, language, code),
            }
        }
        self.end();
        let missing: Vec<_> = SECTIONS.iter().skip(self.at.map_or(0, |at| at + 1)).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            let names = missing.iter().map(|name| format!("`## {name}`")).collect::<Vec<_>>().join(", ");
            self.notes.problem(last, format!("there is no {names}"));
        }
        for section in &self.sections {
            let steps = self.steps.iter().any(|step| step.section == section.heading);
            if section.text.trim().is_empty() && !steps {
                self.notes.problem(last, format!("there is nothing below `## {}`", section.heading));
            }
        }
        if self.about.trim().is_empty() {
            self.notes.problem(1, "a paragraph before the first section says what it is for");
        }
        if self.steps.is_empty() {
            self.notes.problem(last, "there is no step: `### Name`, and a typed block below it");
        }
        if self.steps.len() > RUNBOOK_STEPS {
            self.notes.problem(last, format!("there are more than {RUNBOOK_STEPS} steps"));
        }
    }

    fn section(&mut self, line: usize, text: &str) {
        self.end();
        let names = SECTIONS.map(|(name, _)| name);
        let expected = self.at.map_or(0, |at| at + 1);
        let found = names.iter().position(|name| *name == text);
        match found {
            Some(at) if at == expected => {}
            Some(at) if at < expected => {
                let why = format!("`## {text}` stands here again, or out of its order: {}", names.join(", "));
                self.notes.problem(line, why);
                return;
            }
            Some(at) => {
                let left_out: Vec<_> = names[expected..at].iter().map(|name| format!("`## {name}`")).collect();
                self.notes.problem(line, format!("{} should stand before `## {text}`", left_out.join(", ")));
            }
            None => {
                let meant = did_you_mean(text, names).unwrap_or_else(|| format!("there is {}", names.join(", ")));
                self.notes.problem(line, format!("`## {}` is no section; {meant}", shown(text)));
                return;
            }
        }
        self.at = found;
        self.sections.push(Section { heading: text.to_owned(), text: String::new() });
    }

    fn begin(&mut self, line: usize, text: &str) {
        self.end();
        match self.at.map(|at| SECTIONS[at]) {
            None => return self.notes.problem(line, "a step stands below a section"),
            Some((name, None)) => return self.notes.problem(line, format!("there are no steps below `## {name}`")),
            Some(_) => {}
        }
        if text.is_empty() || text.chars().count() > STEP_NAME || text.contains(char::is_control) {
            self.notes.problem(line, format!("a step's name has 1 to {STEP_NAME} characters"));
        }
        if self.steps.iter().any(|step| step.name == text) {
            self.notes.problem(line, format!("there is a step \"{}\" already", shown(text)));
        }
        self.step = Some(Open { name: text.to_owned(), line, text: String::new(), block: None });
    }

    fn prose(&mut self, text: &str) {
        let into = match (&mut self.step, self.sections.last_mut()) {
            (Some(step), _) => &mut step.text,
            (None, Some(section)) => &mut section.text,
            (None, None) => &mut self.about,
        };
        if !into.is_empty() {
            into.push_str("\n\n");
        }
        into.push_str(text);
    }

    fn code(&mut self, line: usize, language: &str, code: &str) {
        let Some(kind) = Type::parse(language) else {
            if ["sh", "bash", "shell", "console", "zsh"].contains(&language) {
                self.notes.note(line, format!("a `{language}` block is never run: it is prose"));
            } else if let Some(meant) = Type::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(language)) {
                self.notes.problem(line, format!("write `{}` after the fence", meant.0));
            }
            return self.prose(&format!("```\n{}\n```", code.trim_end()));
        };
        let scope = Scope {
            values: &self.front.values,
            inputs: &self.front.inputs,
            captured: &self.captured,
            filled: self.filled,
        };
        let block = block::read(kind, code, line, &scope, self.notes);
        match &mut self.step {
            None => self.notes.problem(line, format!("a `{language}` block belongs to a step: `### Name` above it")),
            Some(step) if step.block.is_some() => {
                self.notes
                    .problem(line, format!("the step \"{}\" has a block already; a step has one", shown(&step.name)));
            }
            Some(step) => step.block = Some((kind, line, block)),
        }
        for name in crate::model::places::names(code) {
            self.used.insert(name);
        }
    }

    /// The present step has ended.
    fn end(&mut self) {
        let Some(Open { name, line, text, block }) = self.step.take() else { return };
        let Some((kind, block_line, block)) = block else {
            let types = Type::ALL.map(|(name, _)| name).join(", ");
            return self.notes.problem(line, format!("the step \"{}\" has no typed block: {types}", shown(&name)));
        };
        let Some(block) = block else { return };
        let (section, most) = self.at.map_or(("", None), |at| SECTIONS[at]);
        if most.is_some_and(|most| block.risk > most) {
            let why = format!("steps below `## {section}` only look, and this one is \"{}\"", block.risk.as_str());
            self.notes.problem(block_line, why);
        }
        if let Some(whole) = self.front.risk.filter(|whole| block.risk > *whole) {
            let (step, whole) = (block.risk.as_str(), whole.as_str());
            self.notes
                .problem(block_line, format!("this step is \"{step}\", and the runbook says that it is \"{whole}\""));
        }
        self.missing.extend(block.missing);
        self.captured.extend(block.captures);
        self.steps.push(Step {
            name,
            section: section.to_owned(),
            line: block_line,
            text,
            kind,
            risk: block.risk,
            takes_ms: millis(block.takes),
            go_on: block.go_on.unwrap_or(LOOKING.contains(&section)),
            previous: block.previous,
            does: block.does,
            places: block.places.into_iter().collect(),
        });
    }
}
