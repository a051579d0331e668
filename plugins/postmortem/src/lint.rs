//! What is wrong with a postmortem: what is missing in it, and sentences that blame somebody. It is the gate before it is published.

use crate::known::Known;
use crate::paper::{Paper, Words};
use crate::section::Section;
use drillbell_sdk::{Task, words};
use serde::Serialize;

/// Characters of a sentence that is named.
const SENTENCE: usize = 160;
/// Names shorter than this are too much like other words.
const NAME: usize = 3;

/// Where nobody is to be blamed.
const BLAMELESS: [Section; 3] = [Section::RootCause, Section::Contributing, Section::WentPoorly];

/// What blames somebody whoever it is.
const BLAME: [&str; 16] = [
    "human error",
    "operator error",
    "user error",
    "careless",
    "carelessness",
    "negligent",
    "negligence",
    "incompetent",
    "incompetence",
    "sloppy",
    "lazy",
    "fault of",
    "to blame",
    "is guilty",
    "didn't bother",
    "did not bother",
];

/// Who somebody is when no name is said.
const SOMEBODY: [&str; 20] = [
    "he",
    "she",
    "they",
    "you",
    "we",
    "somebody",
    "someone",
    "nobody",
    "anyone",
    "everybody",
    "operator",
    "engineer",
    "developer",
    "admin",
    "administrator",
    "on-call",
    "team",
    "person",
    "people",
    "commander",
];

/// What somebody is told to have left undone.
const OUGHT: [&str; 6] =
    ["should have", "should not have", "shouldn't have", "could have", "ought to have", "failed to"];

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// It must be mended before anything is published; else a reason is enough.
    pub error: bool,
    /// Where.
    pub section: &'static str,
    /// The sentence that is meant; empty when something is missing.
    pub sentence: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

impl Finding {
    fn new(section: Section, what: impl Into<String>, advice: impl Into<String>) -> Self {
        let (what, advice) = (what.into(), advice.into());
        Self { error: true, section: section.word(), sentence: String::new(), what, advice }
    }

    /// A line for people.
    pub fn told(&self) -> String {
        let mark = if self.error { "Error" } else { "Warning" };
        let title = Section::parse(self.section).map_or(self.section, Section::title);
        let sentence = if self.sentence.is_empty() { String::new() } else { format!(" \"{}\"", self.sentence) };
        format!("{mark}, {title}: {}{sentence} {}", self.what, self.advice)
    }
}

/// Everything that is wrong, errors first.
pub fn check(known: &Known, paper: &Paper, words: &[(Section, Words)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (section, said) in words.iter().filter(|(section, _)| *section != Section::ActionItems) {
        if !said.is_said() {
            let word = section.word();
            let advice =
                format!("/postmortem edit {word} TEXT, or, if nobody knows, /postmortem edit {word} --unknown");
            found.push(Finding::new(*section, "nobody has written it.", advice));
        }
    }
    items(known, paper, words, &mut found);
    let names = names(known, words);
    for (section, said) in words.iter().filter(|(section, _)| BLAMELESS.contains(section)) {
        for sentence in sentences(&said.text) {
            found.extend(blame(*section, sentence, &names));
        }
    }
    found.sort_by_key(|finding| !finding.error);
    found
}

fn items(known: &Known, paper: &Paper, words: &[(Section, Words)], found: &mut Vec<Finding>) {
    let items: Vec<&Task> = known.items(&paper.replaced).collect();
    let reason = words.iter().any(|(section, said)| *section == Section::ActionItems && !said.text.is_empty());
    if items.is_empty() && !reason {
        found.push(Finding::new(
            Section::ActionItems,
            "there is none, and no reason why.",
            "/postmortem action add TEXT --owner @SOMEBODY --due +7d, or /postmortem edit action-items WHY",
        ));
    }
    for task in items.into_iter().filter(|task| task.done.is_none()) {
        let missing = match (&task.owner, task.due_ms) {
            (None, None) => "no owner and no date",
            (None, _) => "no owner",
            (_, None) => "no date",
            _ => continue,
        };
        let number = task.number;
        found.push(Finding::new(
            Section::ActionItems,
            format!("{number} has {missing}."),
            format!(
                "/postmortem action add #{number} --owner @SOMEBODY --due +7d, or /postmortem action done {number}"
            ),
        ));
    }
}

/// What a sentence says of somebody.
fn blame(section: Section, sentence: &str, names: &[String]) -> Vec<Finding> {
    let plain = sentence.to_lowercase().replace('’', "'");
    let said = words::clip(sentence, SENTENCE);
    if let Some(phrase) = BLAME.iter().find(|phrase| has(&plain, phrase)) {
        let what = format!("\"{phrase}\" says whose fault it was, not what let it happen:");
        let advice = "Say what in the system made it easy to do, or hard to see.";
        return vec![Finding { sentence: said, ..Finding::new(section, what, advice) }];
    }
    let named = names.iter().map(String::as_str).find(|name| has(&plain, name) || plain.contains(&format!("@{name}")));
    let who = named.or_else(|| SOMEBODY.into_iter().find(|who| ought(&plain, who).is_some()));
    if let Some((who, phrase)) = who.and_then(|who| Some((who, ought(&plain, who)?))) {
        let what = format!("\"{who} {phrase}\" judges somebody with what is known only now:");
        let advice = "Say what they saw at that time, and what would have shown them more.";
        return vec![Finding { sentence: said, ..Finding::new(section, what, advice) }];
    }
    match named {
        Some(name) => {
            let what = format!("it names {name}:");
            let advice = "Name the role or what was done, as in \"the deploy was started\", unless the name is needed.";
            vec![Finding { error: false, sentence: said, ..Finding::new(section, what, advice) }]
        }
        None => Vec::new(),
    }
}

/// The phrase that says what somebody should have done.
fn ought(plain: &str, who: &str) -> Option<&'static str> {
    OUGHT.into_iter().find(|phrase| has(plain, &format!("{who} {phrase}")))
}

/// Whether a text has these words, whole.
fn has(text: &str, words: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(words)
        .any(|(at, _)| edge(text[..at].chars().next_back()) && edge(text[at + words.len()..].chars().next()))
}

/// The names of people that are known here, in small letters: ids, without the platform, and how those who wrote are called.
fn names(known: &Known, words: &[(Section, Words)]) -> Vec<String> {
    let people = known.people();
    let ids = people.iter().map(String::as_str);
    let writers = words.iter().flat_map(|(_, said)| [said.by.as_str(), said.name.as_str()]);
    let plain = |name: &str| name.rsplit(':').next().unwrap_or(name).trim().to_lowercase();
    let mut names: Vec<String> = ids.chain(writers).map(plain).filter(|name| name.chars().count() >= NAME).collect();
    names.sort();
    names.dedup();
    names
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| matches!(c, '.' | '!' | '?' | '\n');
    text.split_inclusive(ends).map(str::trim).filter(|sentence| sentence.chars().any(char::is_alphanumeric))
}
