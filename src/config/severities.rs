//! `[severities.NAME]`: how bad things can be, and the one table that maps everybody's words for it.

use super::escalation::ladder_name;
use super::limits::ARCHIVE_AFTER;
use super::problem::{Refusal, did_you_mean};
use super::roles::Roles;
use super::section::Section;
use super::tree::{Node, Value};
use super::values;
use crate::model::conversation::Place;
use crate::model::public::OnPage;
use std::collections::BTreeMap;
use std::time::Duration;

/// The highest rank.
const RANK_MAX: i64 = 1000;

/// Title, meaning and other names of the four levels that apply when there is no `[severities]`.
const USUAL: [(&str, &str, &str, &[&str]); 4] = [
    ("sev1", "SEV-1", "Service down, major data leak, or payments broken", &["p0", "critical"]),
    ("sev2", "SEV-2", "A major feature is degraded", &["p1", "major"]),
    ("sev3", "SEV-3", "A partial outage or a minor feature", &["p2", "warning", "minor"]),
    ("sev4", "SEV-4", "Small, with no impact on users", &["p3", "info"]),
];

/// What is expected within which time, where nothing is said: to acknowledge, to decide, to have rolled back, and from one
/// update to the next; minutes. How soon to roll back is S3-01, how long to think about a quick repair S3-04.
const USUAL_CLOCKS: [(&str, [u64; 4]); 3] =
    [("sev1", [5, 10, 15, 30]), ("sev2", [15, 10, 30, 60]), ("sev3", [60, 0, 120, 240])];
/// No clock runs longer.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// `[severities]`, worst first. Absent: `sev1` to `sev4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severities(pub Vec<Severity>);

/// `[severities.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severity {
    /// The section's name: what is stored and shown in machine output.
    pub name: String,
    /// How people read it. Default: the name in capitals.
    pub title: String,
    /// When to use it, one line. Default: empty.
    pub description: String,
    /// The lower the worse; unique. Default: the number at the end of the name, else its place in the file.
    pub rank: u32,
    /// Other words for it (`p0`, `critical`). Default: none.
    pub aliases: Vec<String>,
    /// Where its incidents live. Default: where they are declared.
    pub place: Place,
    /// Roles whose members are invited there. Default: none.
    pub invite: Vec<String>,
    /// How long after the end a channel or thread is archived. Default: a day.
    pub archive_after: Duration,
    /// The ladder of `[escalation]` that such incidents climb. Default: none of its own.
    pub escalation: Option<String>,
    /// How soon somebody shall take it up. This and the next three: `None` (in the file `"0s"`) is never; default: that of the
    /// level of this name which applies without any `[severities]`, else none.
    pub acknowledge_within: Option<Duration>,
    /// How soon it shall be decided whether to roll back or to repair.
    pub decide_within: Option<Duration>,
    /// How soon the service shall be restored.
    pub rollback_within: Option<Duration>,
    /// How often people are asked for an update.
    pub update_every: Option<Duration>,
    /// Whether its incidents go onto the public status page. Default: when somebody asks for it.
    pub status_page: OnPage,
}

impl Default for Severities {
    fn default() -> Self {
        let usual = USUAL.iter().zip(1..).map(|((name, title, description, aliases), rank)| Severity {
            acknowledge_within: usual_clock(name, 0),
            decide_within: usual_clock(name, 1),
            rollback_within: usual_clock(name, 2),
            update_every: usual_clock(name, 3),
            name: (*name).to_owned(),
            title: (*title).to_owned(),
            description: (*description).to_owned(),
            rank,
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            place: Place::Here,
            invite: Vec::new(),
            archive_after: ARCHIVE_AFTER,
            escalation: None,
            status_page: OnPage::default(),
        });
        Self(usual.collect())
    }
}

impl Severities {
    /// `ladders` are the names under `[escalation]`, which is read later.
    pub(super) fn read(section: Section<'_>, roles: &Roles, ladders: &[&str]) -> Self {
        if section.is_empty() {
            return Self::default();
        }
        let mut all = Vec::new();
        let mut words: BTreeMap<String, &str> = BTreeMap::new();
        let mut ranks: BTreeMap<u32, &str> = BTreeMap::new();
        for (entry, mut severity) in section.named() {
            let name = entry.key.clone();
            if !values::is_name(&name, "-_") {
                let expected = "a name of lower-case letters, digits, - _, such as sev1";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            let title = severity.read("title", |node| Ok(values::text(node)?.to_owned()));
            let description = severity.read("description", |node| Ok(values::text(node)?.to_owned()));
            let given = severity.read("rank", |node| values::integer(node, 0..=RANK_MAX));
            let aliases = severity.read_list("aliases", "a list such as [\"p0\", \"critical\"]", alias);
            let place = severity.read("place", place).unwrap_or_default();
            let status_page = severity.read("status_page", on_page).unwrap_or_default();
            let known = |node: &Node| roles.known(node);
            let invite = severity.read_list("invite", "a list of roles such as [\"responder\"]", known);
            let longest = Duration::from_secs(365 * 86_400);
            let archive_after = severity.read("archive_after", |node| values::duration(node, Duration::ZERO..=longest));
            let escalation = severity.read("escalation", |node| ladder_name(node, ladders));
            let mut clock = |key, which| {
                let given = severity.read(key, |node| values::duration(node, Duration::ZERO..=LONGEST));
                given.map_or_else(|| usual_clock(&name, which), |span| Some(span).filter(|span| !span.is_zero()))
            };
            let acknowledge_within = clock("acknowledge_within", 0);
            let decide_within = clock("decide_within", 1);
            let rollback_within = clock("rollback_within", 2);
            let update_every = clock("update_every", 3);
            let rank = given.and_then(|n| u32::try_from(n).ok()).unwrap_or_else(|| usual_rank(&name, all.len()));
            if let Some(other) = ranks.insert(rank, &entry.key) {
                let expected = format!("a rank of its own; {rank} is also that of [severities.{other}]");
                let refusal = Refusal::expected(expected).fix("write `rank = N` for both, the lower the worse");
                if given.is_some() { severity.refuse("rank", refusal) } else { section.refuse_name(entry, refusal) }
            }
            for word in aliases.iter().flatten().chain([&name]) {
                match words.insert(plain(word), &entry.key) {
                    Some(other) if other != entry.key => {
                        let refusal = Refusal::expected(format!("words of its own; [severities.{other}] has it too"));
                        section.refuse_name(entry, refusal.found(format!("the word \"{word}\"")));
                    }
                    _ => {}
                }
            }
            severity.finish();
            all.push(Severity {
                title: title.unwrap_or_else(|| name.to_uppercase()),
                description: description.unwrap_or_default(),
                rank,
                aliases: aliases.unwrap_or_default(),
                place,
                invite: invite.unwrap_or_default(),
                archive_after: archive_after.unwrap_or(ARCHIVE_AFTER),
                escalation,
                acknowledge_within,
                decide_within,
                rollback_within,
                update_every,
                status_page,
                name,
            });
        }
        all.sort_by_key(|severity| severity.rank);
        Self(all)
    }

    /// The severity that a word means: its name or one of its aliases, without regard to case, `-` and `_`.
    pub fn find(&self, word: &str) -> Option<&Severity> {
        let wanted = plain(word);
        self.0.iter().find(|severity| {
            plain(&severity.name) == wanted || severity.aliases.iter().any(|alias| plain(alias) == wanted)
        })
    }
}

fn usual_clock(name: &str, which: usize) -> Option<Duration> {
    let (_, minutes) = USUAL_CLOCKS.iter().find(|(usual, _)| *usual == name)?;
    Some(minutes[which]).filter(|minutes| *minutes > 0).map(|minutes| Duration::from_secs(minutes * 60))
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace(['-', '_'], "")
}

fn usual_rank(name: &str, before: usize) -> u32 {
    let digits = name.len() - name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let number = name.get(digits..).and_then(|n| n.parse().ok()).filter(|n| i64::from(*n) <= RANK_MAX);
    number.unwrap_or_else(|| u32::try_from(before + 1).unwrap_or(u32::MAX))
}

fn place(node: &Node) -> Result<Place, Refusal> {
    let expected = || Refusal::expected("\"here\", \"channel\" or \"thread\"");
    let Value::Text(text) = &node.value else { return Err(expected()) };
    let all = [Place::Here, Place::Channel, Place::Thread];
    let words = all.map(Place::as_str);
    let found = all.into_iter().find(|place| place.as_str() == text.as_str());
    found.ok_or_else(|| expected().maybe_fix(did_you_mean(text, words)))
}

fn on_page(node: &Node) -> Result<OnPage, Refusal> {
    let expected = || Refusal::expected("\"never\", \"ask\" or \"propose\"");
    let Value::Text(text) = &node.value else { return Err(expected()) };
    let found = OnPage::ALL.into_iter().find(|word| word.as_str() == text.as_str());
    found.ok_or_else(|| expected().maybe_fix(did_you_mean(text, OnPage::ALL.map(OnPage::as_str))))
}

fn alias(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?.to_lowercase();
    let good = values::is_name(&text, "-_");
    if good { Ok(text) } else { Err(Refusal::expected("one word of letters, digits, - _, such as \"p0\"")) }
}
