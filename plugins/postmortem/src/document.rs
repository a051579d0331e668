//! The document: eight sections as Markdown. In each, what the timeline says stands apart from what people wrote.

use crate::facts;
use crate::known::{Fact, Known};
use crate::md::{line, moment, short, text};
use crate::paper::{Paper, Words};
use crate::section::Section;
use drillbell_sdk::{Chart, Task, Unit};

/// Bytes of a document as JSON has it: a job carries it, and the host takes 64 KiB.
const BYTES: usize = 60 * 1024;
/// Characters of a line of the timeline; the whole of it is where its number leads.
const LINE: usize = 400;
/// Action items that are written out.
const ITEMS: usize = 50;

/// What is written.
pub struct Written<'a> {
    /// What is known.
    pub known: &'a Known,
    /// The postmortem.
    pub paper: &'a Paper,
    /// What people wrote.
    pub words: &'a [(Section, Words)],
    /// Why warnings may stand, if they may.
    pub passed: Option<&'a str>,
}

impl Written<'_> {
    /// The document.
    pub fn markdown(&self) -> String {
        let mut parts: Vec<String> = Section::ALL.into_iter().map(|section| self.section(section)).collect();
        let others: usize = parts.iter().map(|part| weight(part)).sum::<usize>() + weight(&self.head());
        // The timeline takes what the others leave.
        parts[2].push_str(&self.timeline(BYTES.saturating_sub(others + 500)));
        format!("{}{}", self.head(), parts.concat())
    }

    fn head(&self) -> String {
        let incident = &self.known.incident;
        let id = line(incident.id.as_str());
        let mut head = format!("# Postmortem of {id}: {}\n\n", line(&incident.title));
        head.push_str(&format!(
            "Begun by {} at {}. What is marked with the numbers of lines, as in T1, was read from the timeline of {id}; everything \
             else was written by the people it names.\n\n",
            line(&self.paper.by),
            moment(self.paper.at_ms)
        ));
        if let Some(why) = self.passed {
            head.push_str(&format!("Published although the check had warnings: {}\n\n", line(why)));
        }
        head
    }

    fn section(&self, section: Section) -> String {
        let number = Section::ALL.iter().position(|one| *one == section).unwrap_or_default() + 1;
        let mut out = format!("## {number}. {}\n\n", section.title());
        let (known, unknown) = facts::of(self.known, section);
        for fact in &known {
            out.push_str(&format!("- {}\n", self.cited(fact)));
        }
        for sentence in &unknown {
            out.push_str(&format!("- *Not known:* {sentence}\n"));
        }
        if section == Section::ActionItems {
            out.push_str(&self.items());
        }
        if !(known.is_empty() && unknown.is_empty()) || section == Section::ActionItems {
            out.push('\n');
        }
        if section != Section::Timeline {
            out.push_str(&self.people(section));
        }
        out
    }

    fn people(&self, section: Section) -> String {
        let Some((_, words)) = self.words.iter().find(|(one, words)| *one == section && words.is_said()) else {
            return match section {
                Section::ActionItems => String::new(),
                _ => String::from("Nobody has written anything here yet.\n\n"),
            };
        };
        let by = format!("*{}, {}, revision {}*", line(&words.name), moment(words.at_ms), words.revision);
        match words.unknown {
            true if words.text.is_empty() => format!("**Unknown.**\n\n{by}\n\n"),
            true => format!("**Unknown.**\n\n{}\n{by}\n\n", text(&words.text)),
            false => format!("{}\n{by}\n\n", text(&words.text)),
        }
    }

    fn items(&self) -> String {
        let items: Vec<&Task> = self.known.items(&self.paper.replaced).collect();
        let mut out: String = items.iter().take(ITEMS).map(|task| format!("- {}\n", self.item(task))).collect();
        if items.len() > ITEMS {
            out.push_str(&format!("- And {} more.\n", items.len() - ITEMS));
        }
        out
    }

    fn item(&self, task: &Task) -> String {
        let owner = task.owner.as_ref().map_or_else(|| "nobody".to_owned(), |owner| line(owner));
        let due = task.due_ms.map_or_else(|| "no date".to_owned(), moment);
        let state = match &task.done {
            Some(done) => format!("done by {} at {}", line(&done.by), moment(done.at_ms)),
            None => String::from("open"),
        };
        let said =
            format!("**{}** {}. Owner: {owner}. Due: {due}. State: {state}.", task.number, short(&task.text, 200));
        self.cited(&Fact::new(said, self.known.task_line(task)))
    }

    fn timeline(&self, bytes: usize) -> String {
        let mut held = 0;
        let mut kept: Vec<String> = Vec::new();
        for (number, entry) in self.known.numbered() {
            let said = format!(
                "- **{}** {}, {}, {}: {}\n",
                self.number(number),
                moment(entry.at_ms),
                line(&entry.author),
                line(&entry.kind),
                short(&entry.text, LINE)
            );
            held += weight(&said);
            if held > bytes {
                break;
            }
            kept.push(said);
        }
        let mut out = String::new();
        if self.known.cut {
            out.push_str("Earlier lines were not read: the timeline of the incident has them.\n\n");
        }
        let left_out = self.known.lines.len() - kept.len();
        out.push_str(&kept.concat());
        if left_out > 0 {
            out.push_str(&format!(
                "\n{left_out} later lines have no room here: the timeline of the incident has them.\n"
            ));
        }
        out.push('\n');
        out
    }

    /// A fact with its lines.
    fn cited(&self, fact: &Fact) -> String {
        let numbers: Vec<_> = fact.from.iter().map(|number| self.number(*number)).collect();
        match numbers.is_empty() {
            true => format!("{} (from the incident's record)", fact.text),
            false => format!("{} ({})", fact.text, numbers.join(", ")),
        }
    }

    /// A line's number, which leads to it.
    fn number(&self, number: usize) -> String {
        let Some(entry) = self.known.lines.get(number - 1) else { return format!("T{number}") };
        let plain = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>();
        format!(
            "[T{number}](/incidents/{}?cursor={id}0#line-{id})",
            plain(self.known.incident.id.as_str()),
            id = plain(&entry.id)
        )
    }

    /// A picture of it: how bad it was when, and what happened.
    pub fn picture(&self) -> Chart {
        let incident = &self.known.incident;
        let ranks = &self.known.severities;
        let rank = |name: &str| ranks.iter().position(|one| one == name).map(|at| (ranks.len() - at) as f64);
        let changes: Vec<_> = self
            .known
            .of_kind("severity")
            .filter_map(|(_, entry)| Some((entry.at_ms, crate::known::severity_of(entry)?)))
            .collect();
        let first = changes.first().map_or(incident.severity.as_str(), |(_, (from, _))| from);
        let mut points = vec![(incident.declared_ms, rank(first))];
        let mut last = rank(first);
        for (at_ms, (_, to)) in &changes {
            // Two points, so that the line is a step.
            points.extend([(*at_ms, last), (*at_ms + 1, rank(to))]);
            last = rank(to);
        }
        let until_ms = incident.resolved_ms.unwrap_or(self.known.now_ms).max(incident.declared_ms + 1);
        points.push((until_ms, last));
        let worst = ranks.first().map_or("", String::as_str);
        let title = format!("{}: how bad it was ({} is {worst})", incident.id, ranks.len());
        let chart = Chart::new(title, Unit::Count).series("severity", points).between(incident.declared_ms, until_ms);
        facts::marks(self.known)
            .into_iter()
            .filter(|(at_ms, _)| *at_ms <= until_ms)
            .fold(chart, |chart, (at_ms, label)| chart.mark(at_ms, label))
    }
}

/// Bytes of a text within JSON.
pub fn weight(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX / 16, |json| json.len())
}
