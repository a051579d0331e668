//! What may come next on a line that is still being typed, the cursor at its end. What only the database or a plugin
//! knows is not guessed: the answer says whom to ask.

use super::args::INCIDENT;
use super::catalog::{Catalog, Command, Owner, nameless, subcommand};
use super::line::{MAX_LINE_BYTES, Word, next_word, option_body, quote, skip_space};
use super::tail::find_option;
use super::world::{Named, World};
use crate::model::ids::ConversationId;
use crate::model::manifest::{ArgKind, ArgSpec, SubcommandSpec};

/// The most candidates offered; nobody reads more.
const MOST_CANDIDATES: usize = 100;

/// What may come next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Byte offset in the line from which on a candidate replaces what stands there.
    pub start: usize,
    /// What is known here.
    pub candidates: Vec<Candidate>,
    /// Who knows more.
    pub wants: Option<Source>,
}

/// A word that may come next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// As it is to be inserted, quoted where needed.
    pub value: String,
    /// What it is; may be empty.
    pub label: String,
}

/// Whom to ask for the values of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who knows.
    pub kind: SourceKind,
    /// Without the slash.
    pub command: String,
    /// Empty when the command has none.
    pub subcommand: String,
    /// The argument being typed.
    pub argument: String,
    /// What of its value is typed so far, without an opening quote.
    pub prefix: String,
}

/// Who knows the values of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// The incidents, open ones first.
    Incidents,
    /// The conversations that the bot knows.
    Channels,
    /// The owner's `suggest` handler, if it has one.
    Owner(Owner),
}

impl Catalog {
    /// What may follow `line`, with or without its slash. Quick for any line; too long a one has no completions.
    pub fn complete(&self, line: &str, world: &World) -> Completion {
        if line.len() > MAX_LINE_BYTES {
            return Completion { start: line.len(), ..Completion::default() };
        }
        let begin = skip_space(line, 0);
        let slash = usize::from(line[begin..].starts_with('/'));
        let typed = Typed::read(line, begin + slash);
        let Some((name, words)) = typed.words.split_first() else {
            // With no slash typed, offer the names with theirs: that is how they are written.
            let names =
                self.commands().map(|command| (format!("/{}", command.spec.name), command.spec.summary.as_str()));
            let prefix = format!("/{}", typed.prefix);
            return typed.offer_from(begin, &prefix, names);
        };
        let Some(command) = self.command(&name.text) else { return typed.nothing() };
        if command.reaches_others() {
            if let Some((next, words)) = words.split_first()
                && subcommand(&command.spec, &next.text).is_none()
                && let Some(other) = self.command(next.text.strip_prefix('/').unwrap_or(&next.text))
                && !other.reaches_others()
            {
                return complete_command(other, words, &typed, world, &[]);
            }
            let others: Vec<(&str, &str)> = (self.commands())
                .filter(|other| !other.reaches_others())
                .map(|other| (other.spec.name.as_str(), other.spec.summary.as_str()))
                .collect();
            return complete_command(command, words, &typed, world, &others);
        }
        complete_command(command, words, &typed, world, &[])
    }
}

/// The line as far as it is typed: the words that are finished and the one that is not.
struct Typed {
    words: Vec<Word>,
    start: usize,
    prefix: String,
}

impl Typed {
    fn read(line: &str, from: usize) -> Self {
        let (mut words, mut at) = (Vec::new(), from);
        loop {
            match next_word(line, at) {
                Ok(Some(word)) if word.end < line.len() => {
                    at = word.end;
                    words.push(word);
                }
                Ok(Some(word)) => return Self { words, start: word.start, prefix: word.text },
                Ok(None) => return Self { words, start: line.len(), prefix: String::new() },
                // A quote that is still open: what follows it is being typed.
                Err(unclosed) => {
                    let start = skip_space(line, at);
                    let quote = line[unclosed.at..].chars().next().map_or(0, char::len_utf8);
                    let prefix = format!("{}{}", &line[start..unclosed.at], &line[unclosed.at + quote..]);
                    return Self { words, start, prefix };
                }
            }
        }
    }

    fn nothing(&self) -> Completion {
        Completion { start: self.start, ..Completion::default() }
    }

    fn offer<'a>(&self, known: impl IntoIterator<Item = (String, &'a str)>) -> Completion {
        self.offer_from(self.start, &self.prefix, known)
    }

    fn offer_from<'a>(
        &self,
        start: usize,
        prefix: &str,
        known: impl IntoIterator<Item = (String, &'a str)>,
    ) -> Completion {
        let prefix = prefix.to_lowercase();
        let fitting = known.into_iter().filter(|(value, _)| value.to_lowercase().starts_with(&prefix));
        let candidates = fitting.take(MOST_CANDIDATES).map(|(value, label)| {
            let value = if value.contains(char::is_whitespace) { quote(&value) } else { value };
            Candidate { value, label: label.to_owned() }
        });
        Completion { start, candidates: candidates.collect(), wants: None }
    }
}

fn complete_command(
    command: &Command,
    words: &[Word],
    typed: &Typed,
    world: &World,
    others: &[(&str, &str)],
) -> Completion {
    if let Some(sub) = nameless(&command.spec) {
        return complete_arguments(command, sub, words, typed, world);
    }
    let Some((name, words)) = words.split_first() else {
        let own = command.spec.subcommands.iter().map(|sub| (sub.name.as_str(), sub.summary.as_str()));
        return typed.offer(own.chain(others.iter().copied()).map(|(name, label)| (name.to_owned(), label)));
    };
    match subcommand(&command.spec, &name.text) {
        Some(sub) => complete_arguments(command, sub, words, typed, world),
        None => typed.nothing(),
    }
}

fn complete_arguments(
    command: &Command,
    sub: &SubcommandSpec,
    words: &[Word],
    typed: &Typed,
    world: &World,
) -> Completion {
    let takes_incident = command.owner != Owner::Host;
    let (mut used, mut positionals, mut awaited, mut literal) = (Vec::new(), 0, None, false);
    let incident = incident_option();
    let option = |name: &str| match find_option(&sub.args, name) {
        Some(index) => Some(&sub.args[index]),
        None => (takes_incident && name.eq_ignore_ascii_case(INCIDENT)).then_some(&incident),
    };
    for word in words {
        let body = option_body(&word.text).filter(|_| !word.quoted && !literal);
        match (awaited.take(), body) {
            (Some(_), None) => {}
            (_, Some("")) => literal = true,
            (_, Some(body)) => {
                let (name, inline) = body.split_once('=').map_or((body, false), |(name, _)| (name, true));
                if let Some(spec) = option(name) {
                    used.push(spec.name.as_str());
                    awaited = (!inline && spec.kind != ArgKind::Flag).then_some(spec);
                }
            }
            (None, None) => positionals += 1,
        }
    }
    let value_of =
        |spec: &ArgSpec, start: usize, prefix: &str| complete_value(command, sub, spec, start, prefix, typed, world);
    if let Some(spec) = awaited {
        return value_of(spec, typed.start, &typed.prefix);
    }
    if !literal && let Some(body) = option_body(&typed.prefix) {
        if let Some((name, value)) = body.split_once('=') {
            let before = typed.prefix.len() - value.len();
            return option(name).map_or_else(|| typed.nothing(), |spec| value_of(spec, typed.start + before, value));
        }
        let prefix = format!("--{body}");
        return typed.offer_from(typed.start, &prefix, options(sub, &used, takes_incident));
    }
    let mut places = sub.args.iter().filter(|arg| !arg.option);
    let place = places.nth(positionals).or_else(|| sub.args.iter().find(|arg| arg.rest));
    match place {
        Some(spec) => value_of(spec, typed.start, &typed.prefix),
        None if typed.prefix.is_empty() => typed.offer(options(sub, &used, takes_incident)),
        None => typed.nothing(),
    }
}

fn options<'a>(sub: &'a SubcommandSpec, used: &[&str], takes_incident: bool) -> Vec<(String, &'a str)> {
    let declared = sub.args.iter().filter(|arg| arg.option).map(|arg| (arg.name.as_str(), arg.summary.as_str()));
    let incident = takes_incident.then_some((INCIDENT, "The incident meant"));
    let reserved = incident.into_iter().chain([("help", "How this command is typed")]);
    let unused = declared.chain(reserved).filter(|(name, _)| !used.contains(name));
    unused.map(|(name, label)| (format!("--{name}"), label)).collect()
}

fn complete_value(
    command: &Command,
    sub: &SubcommandSpec,
    spec: &ArgSpec,
    start: usize,
    prefix: &str,
    typed: &Typed,
    world: &World,
) -> Completion {
    let names = |list: &[Named]| -> Vec<(String, String)> {
        list.iter().map(|named| (named.name.clone(), named.title.clone())).collect()
    };
    let plain = |words: Vec<String>| words.into_iter().map(|word| (word, String::new())).collect::<Vec<_>>();
    let (known, asks) = match spec.kind {
        ArgKind::Choice => (plain(spec.choices.clone()), None),
        ArgKind::Severity => (names(world.severities), None),
        ArgKind::Service => (names(world.services), None),
        ArgKind::Target => (names(world.targets), None),
        ArgKind::User => {
            (names(world.people).into_iter().map(|(name, title)| (format!("@{name}"), title)).collect(), None)
        }
        ArgKind::Channel => (channels(world), Some(SourceKind::Channels)),
        ArgKind::Incident => (Vec::new(), Some(SourceKind::Incidents)),
        ArgKind::Text if !spec.rest => (Vec::new(), Some(SourceKind::Owner(command.owner.clone()))),
        _ => (Vec::new(), None),
    };
    // People and channels are offered with the sign they are written with, typed or not.
    let sign = match spec.kind {
        ArgKind::User => "@",
        ArgKind::Channel if !prefix.contains(':') => "#",
        _ => "",
    };
    let signed = if prefix.starts_with(sign) { prefix.to_owned() } else { format!("{sign}{prefix}") };
    let known = known.iter().map(|(value, label)| (value.clone(), label.as_str()));
    let mut completion = typed.offer_from(start, &signed, known);
    completion.wants = asks.map(|kind| Source {
        kind,
        command: command.spec.name.clone(),
        subcommand: sub.name.clone(),
        argument: spec.name.clone(),
        prefix: prefix.to_owned(),
    });
    completion
}

/// The configured channels as they are typed here: `#ops`, or `slack:#ops` from another platform.
fn channels(world: &World) -> Vec<(String, String)> {
    let written = |conversation: &ConversationId| {
        let here = conversation.platform() == world.platform() && conversation.local().starts_with('#');
        if here { conversation.local() } else { conversation.as_str() }.to_owned()
    };
    world.channels.iter().map(|(name, conversation)| (written(conversation), name.clone())).collect()
}

/// `--incident` as if it were declared.
fn incident_option() -> ArgSpec {
    ArgSpec {
        name: INCIDENT.to_owned(),
        kind: ArgKind::Incident,
        summary: String::new(),
        option: true,
        required: false,
        rest: false,
        choices: Vec::new(),
        default: None,
    }
}
