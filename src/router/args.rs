//! The arguments of one subcommand: positional ones in order, options and flags wherever they stand, and a last one that
//! may take the rest of the line as it was typed.

use super::line::{Unclosed, Word, next_word, option_body, plain_word, skip_space};
use super::shown::{did_you_mean, nearest, shown};
use super::tail::{find_option, options_start};
use super::value::canonical;
use super::world::World;
use crate::model::event::Argument;
use crate::model::ids::IncidentId;
use crate::model::manifest::{ArgKind, ArgSpec};

/// The name of the option that every plugin's command understands.
pub(super) const INCIDENT: &str = "incident";

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// In the order of their declaration; only what was given or has a default.
    pub args: Vec<Argument>,
    /// The value of `--incident`.
    pub incident: Option<IncidentId>,
}

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// `--help` stood there.
    Help,
    /// A sentence.
    Wrong(String),
}

/// Reads the arguments that stand in `line` from `at` on. `incident`: `--incident` is understood.
pub(super) fn read_args(
    line: &str,
    at: usize,
    specs: &[ArgSpec],
    incident: bool,
    world: &World,
) -> Result<Given, Stop> {
    let mut reader =
        Reader { line, specs, takes_incident: incident, world, values: vec![None; specs.len()], incident: None };
    reader.read(at)?;
    reader.finish()
}

/// How a person refers to an argument: `TITLE`, `--service`.
pub(super) fn label(spec: &ArgSpec) -> String {
    if spec.option { format!("--{}", spec.name) } else { spec.name.to_uppercase() }
}

/// The sentence about a quote that was never closed.
pub(super) fn unclosed_sentence(line: &str, unclosed: &Unclosed) -> String {
    let before = line.get(..unclosed.at).unwrap_or_default().chars().count();
    format!("The quote at character {} is never closed; close it at the end of a word.", before + 1)
}

struct Reader<'a> {
    line: &'a str,
    specs: &'a [ArgSpec],
    takes_incident: bool,
    world: &'a World<'a>,
    values: Vec<Option<String>>,
    incident: Option<IncidentId>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, mut at: usize) -> Result<(), Stop> {
        let specs = self.specs;
        let mut positionals = (0..specs.len()).filter(|index| !specs[*index].option);
        // After a lone `--` nothing is an option any more.
        let mut literal = false;
        loop {
            at = skip_space(self.line, at);
            if at >= self.line.len() {
                return Ok(());
            }
            if !literal && let Some(word) = self.option_at(at)? {
                match option_body(&word.text) {
                    Some(body) if !body.is_empty() => at = self.read_option(body, &word)?,
                    _ => (literal, at) = (true, word.end),
                }
                continue;
            }
            let Some(index) = positionals.next() else { return Err(self.left_over(at)) };
            if specs[index].rest {
                at = self.read_rest(index, at, literal)?;
                continue;
            }
            let Some(word) = self.closed(next_word(self.line, at))? else { return Ok(()) };
            self.set(index, &word.text)?;
            at = word.end;
        }
    }

    /// The option, or the lone dashes, that stand at `at`.
    fn option_at(&self, at: usize) -> Result<Option<Word>, Stop> {
        match option_body(&self.line[at..]) {
            Some(_) => self.closed(next_word(self.line, at)),
            None => Ok(None),
        }
    }

    fn finish(self) -> Result<Given, Stop> {
        let missing: Vec<String> = (self.specs.iter().zip(&self.values))
            .filter(|(spec, value)| spec.required && value.is_none())
            .map(|(spec, _)| label(spec))
            .collect();
        if let Some((last, others)) = missing.split_last() {
            let sentence = if others.is_empty() {
                format!("{last} is missing.")
            } else {
                format!("{} and {last} are missing.", others.join(", "))
            };
            return Err(Stop::Wrong(sentence));
        }
        let values = self.specs.iter().zip(self.values);
        let args = values.filter_map(|(spec, value)| {
            let value = value.or_else(|| spec.default.clone())?;
            Some(Argument { name: spec.name.clone(), value })
        });
        Ok(Given { args: args.collect(), incident: self.incident })
    }

    /// An option, whose value may be the next word; gives the offset after it.
    fn read_option(&mut self, body: &str, word: &Word) -> Result<usize, Stop> {
        let (name, inline) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (body, None),
        };
        if name.eq_ignore_ascii_case("help") {
            return Err(Stop::Help);
        }
        let is_incident = self.takes_incident && name.eq_ignore_ascii_case(INCIDENT);
        let index = find_option(self.specs, name);
        if let Some(index) = index
            && self.specs[index].kind == ArgKind::Flag
        {
            if inline.is_some() {
                return Err(Stop::Wrong(format!("{} takes no value.", label(&self.specs[index]))));
            }
            self.values[index] = Some("true".to_owned());
            return Ok(word.end);
        }
        if !is_incident && index.is_none() {
            return Err(self.unknown_option(name));
        }
        let (value, end) = match inline {
            Some(value) => (value, word.end),
            None => self.option_value(&name.to_lowercase(), word.end)?,
        };
        match index {
            Some(index) if !is_incident => self.set(index, &value)?,
            _ => self.set_incident(&value)?,
        }
        Ok(end)
    }

    fn option_value(&self, name: &str, from: usize) -> Result<(String, usize), Stop> {
        match self.closed(next_word(self.line, from))? {
            None => Err(Stop::Wrong(format!("--{name} needs a value."))),
            Some(next) if !next.quoted && option_body(&next.text).is_some() => Err(Stop::Wrong(format!(
                "--{name} needs a value, but {} follows it; if that is the value, put it in quotes.",
                shown(&next.text)
            ))),
            Some(next) => Ok((next.text, next.end)),
        }
    }

    /// The rest of the line but for the options at its very end; gives the offset of those.
    fn read_rest(&mut self, index: usize, at: usize, literal: bool) -> Result<usize, Stop> {
        let end = if literal { self.line.len() } else { options_start(self.line, at, self.specs, self.takes_incident) };
        let raw = self.line[at..end].trim_end();
        let text = match next_word(raw, 0) {
            Ok(Some(word)) if word.quoted && word.end == raw.len() => word.text,
            _ => raw.to_owned(),
        };
        self.set(index, &text)?;
        Ok(end)
    }

    fn set(&mut self, index: usize, typed: &str) -> Result<(), Stop> {
        let spec = &self.specs[index];
        let value = canonical(spec, typed, self.world).map_err(|reason| wrong(&label(spec), typed, &reason))?;
        match &self.values[index] {
            Some(earlier) if *earlier != value => Err(Stop::Wrong(format!("{} is given twice.", label(spec)))),
            _ => {
                self.values[index] = Some(value);
                Ok(())
            }
        }
    }

    fn set_incident(&mut self, typed: &str) -> Result<(), Stop> {
        let Some(id) = IncidentId::parse(typed.trim()) else {
            return Err(wrong("--incident", typed, "is not an incident; write one like INC-7."));
        };
        if self.incident.as_ref().is_some_and(|earlier| *earlier != id) {
            return Err(Stop::Wrong("--incident is given twice.".to_owned()));
        }
        self.incident = Some(id);
        Ok(())
    }

    fn unknown_option(&self, name: &str) -> Stop {
        let named = self.specs.iter().find(|spec| !spec.option && spec.name.eq_ignore_ascii_case(name));
        if let Some(spec) = named {
            return Stop::Wrong(format!("{} is given without --{}.", label(spec), spec.name));
        }
        let options = self.specs.iter().filter(|spec| spec.option).map(|spec| spec.name.as_str());
        let options = options.chain(self.takes_incident.then_some(INCIDENT));
        let near = nearest(name, options).map(|near| format!("--{near}"));
        let literally =
            if self.specs.iter().any(|spec| spec.rest) { " To say it as text, put -- before the text." } else { "" };
        let hint = did_you_mean(near);
        Stop::Wrong(format!("There is no option {}{hint}{literally}", shown(&format!("--{name}"))))
    }

    fn left_over(&self, at: usize) -> Stop {
        let word = plain_word(self.line, at);
        let quotes = if self.specs.iter().any(|spec| !spec.option && spec.kind == ArgKind::Text) {
            "; put several words that belong together in quotes."
        } else {
            "."
        };
        Stop::Wrong(format!("Nothing more is expected at {}{quotes}", shown(&word.text)))
    }

    fn closed(&self, word: Result<Option<Word>, Unclosed>) -> Result<Option<Word>, Stop> {
        word.map_err(|unclosed| Stop::Wrong(unclosed_sentence(self.line, &unclosed)))
    }
}

fn wrong(label: &str, typed: &str, reason: &str) -> Stop {
    if typed.trim().is_empty() {
        return Stop::Wrong(format!("{label} is empty."));
    }
    Stop::Wrong(format!("{label} {} {reason}", shown(typed)))
}
