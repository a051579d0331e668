//! `[escalation.NAME]`: ladders. Who is told at once, who next when nobody acknowledges, and for which incidents. How a ladder
//! is climbed is `crate::escalation` and the plugin that handles incidents.

use super::limits::{
    LADDER_AFTER_MAX, LADDER_EVERY, LADDER_EVERY_MAX, LADDER_EVERY_MIN, LADDER_LEVELS_MAX, LADDER_REPEATS_MAX,
    LADDER_TARGETS_MAX,
};
use super::notify::Notify;
use super::people::People;
use super::problem::{Refusal, did_you_mean};
use super::rotations::Rotations;
use super::section::Section;
use super::severities::Severities;
use super::tree::{Entry, Node, Place};
use super::values;
use std::collections::BTreeMap;
use std::time::Duration;

/// `[escalation]`: every ladder, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Escalation(pub BTreeMap<String, Ladder>);

/// `[escalation.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// From the first to the last, each later than the one before.
    pub levels: Vec<Level>,
    /// Incidents about these services climb this ladder; lower case. Default: none.
    pub services: Vec<String>,
    /// Incidents of these severities climb it; with `services`, those that are both. Default: see `docs/escalation.md`.
    pub severities: Vec<String>,
}

/// A level of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// How long after the ladder began. Default for the first level: at once.
    pub after: Duration,
    /// Whom.
    pub notify: Vec<Target>,
    /// How many more times it is paged while nobody acknowledges. Default 0.
    pub repeat: u32,
    /// How long between those. Default 5 minutes.
    pub every: Duration,
}

/// Who a level pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A person of `[people]`.
    Person(String),
    /// Whoever's turn it is in a rotation of `[rotations]`.
    Rotation(String),
    /// A notifier of `[notify]`: a room, a mailing list, a vendor.
    Notifier(String),
}

impl Target {
    /// The name, as in the file.
    pub fn name(&self) -> &str {
        match self {
            Self::Person(name) | Self::Rotation(name) | Self::Notifier(name) => name,
        }
    }
}

/// What a ladder's names are looked up in.
pub(super) struct Known<'a> {
    pub people: &'a People,
    pub rotations: &'a Rotations,
    pub notify: &'a Notify,
    pub severities: &'a Severities,
}

impl Escalation {
    pub(super) fn read(section: &Section<'_>, known: &Known<'_>) -> Self {
        let mut all = BTreeMap::new();
        let mut claimed: BTreeMap<(String, String), &str> = BTreeMap::new();
        for (entry, mut ladder) in section.named() {
            if !values::is_name(&entry.key, "-_") {
                let expected = "a name of lower-case letters, digits, - _, such as default";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            let levels = levels(section, entry, &mut ladder, known);
            let of_what = "a list such as [\"checkout\"]";
            let services = ladder.read_list("services", of_what, |node| Ok(values::text(node)?.trim().to_lowercase()));
            let of_what = "a list such as [\"sev1\", \"sev2\"]";
            let severities = ladder.read_list("severities", of_what, |node| severity(node, known.severities));
            let (services, severities) = (services.unwrap_or_default(), severities.unwrap_or_default());
            for (service, severity) in pairs(&services, &severities) {
                match claimed.insert((service.clone(), severity.clone()), &entry.key) {
                    Some(other) if other != entry.key => {
                        let which = [("the service", &service), ("the severity", &severity)];
                        let which: Vec<_> = which
                            .iter()
                            .filter(|(_, name)| !name.is_empty())
                            .map(|(w, n)| format!("{w} {n}"))
                            .collect();
                        let refusal =
                            Refusal::expected(format!("one ladder for each; [escalation.{other}] has it too"));
                        section.refuse_name(entry, refusal.found(which.join(" with ")));
                    }
                    _ => {}
                }
            }
            ladder.finish();
            all.insert(entry.key.clone(), Ladder { levels, services, severities });
        }
        Self(all)
    }
}

/// Every service with every severity that a ladder claims; empty for any.
fn pairs(services: &[String], severities: &[String]) -> Vec<(String, String)> {
    let or_any = |names: &[String]| if names.is_empty() { vec![String::new()] } else { names.to_vec() };
    if services.is_empty() && severities.is_empty() {
        return Vec::new();
    }
    let severities = or_any(severities);
    or_any(services).into_iter().flat_map(|s| severities.iter().map(move |v| (s.clone(), v.clone()))).collect()
}

fn levels(section: &Section<'_>, entry: &Entry, ladder: &mut Section<'_>, known: &Known<'_>) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    let tables = ladder.tables("levels");
    if tables.is_empty() && !ladder.has("levels") {
        let expected = "levels = [{ after = \"0s\", notify = [\"ana\"] }, …]";
        section.cx.note(&entry.place, &section.path(&entry.key), "no `levels`".to_owned(), Refusal::expected(expected));
    } else if tables.is_empty() || tables.len() > LADDER_LEVELS_MAX {
        ladder.refuse("levels", Refusal::expected(format!("1 to {LADDER_LEVELS_MAX} levels")));
    }
    for (number, (place, table)) in (1_usize..).zip(tables) {
        let before = levels.last().map(|level| level.after);
        levels.extend(level(place, table, number, before, known));
    }
    levels
}

fn level(
    place: &Place,
    mut section: Section<'_>,
    number: usize,
    before: Option<Duration>,
    known: &Known<'_>,
) -> Option<Level> {
    let after = section.read("after", |node| values::duration(node, Duration::ZERO..=LADDER_AFTER_MAX));
    if number > 1 && !section.has("after") {
        let refusal = Refusal::expected("`after`: how long after the beginning, such as \"10m\"");
        section.refuse_whole(place, refusal.found("no `after`"));
    }
    if let (Some(after), Some(before)) = (after, before)
        && after <= before
    {
        section.refuse("after", Refusal::expected("a time after that of the level before"));
    }
    let of_what = "a list of people, rotations and notifiers such as [\"primary\", \"ana\"]";
    let notify = section.read_list("notify", of_what, |node| target(node, known));
    if notify.as_ref().is_some_and(|notify| notify.is_empty() || notify.len() > LADDER_TARGETS_MAX) {
        section.refuse("notify", Refusal::expected(format!("1 to {LADDER_TARGETS_MAX} names")));
    } else if !section.has("notify") {
        section.refuse_whole(place, Refusal::expected(of_what).found("no `notify`"));
    }
    let repeat = section.read("repeat", |node| values::integer(node, 0..=LADDER_REPEATS_MAX));
    let every = section.read("every", |node| values::duration(node, LADDER_EVERY_MIN..=LADDER_EVERY_MAX));
    if repeat.unwrap_or(0) == 0 && !section.has("repeat") {
        section.refuse("every", Refusal::expected("`repeat` beside it, or it has no effect").fix("write repeat = 3"));
    }
    section.finish();
    Some(Level {
        after: after.unwrap_or_default(),
        notify: notify?,
        repeat: repeat.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        every: every.unwrap_or(LADDER_EVERY),
    })
}

fn target(node: &Node, known: &Known<'_>) -> Result<Target, Refusal> {
    let text = values::text(node)?;
    let own = || text.to_owned();
    let mut found = Vec::new();
    if known.people.0.contains_key(text) {
        found.push(("a person", Target::Person(own())));
    }
    if known.rotations.0.contains_key(text) {
        found.push(("a rotation", Target::Rotation(own())));
    }
    if known.notify.0.contains_key(text) {
        found.push(("a notifier", Target::Notifier(own())));
    }
    if found.len() > 1 {
        let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
        let found = format!("{text:?}, which is {} at once", kinds.join(" and "));
        return Err(Refusal::expected("a name that means one of them").found(found).fix("give one another name"));
    }
    found.pop().map(|(_, target)| target).ok_or_else(|| {
        let names = known.people.0.keys().chain(known.rotations.0.keys()).chain(known.notify.0.keys());
        let expected = "a person of [people], a rotation of [rotations] or a notifier of [notify]";
        Refusal::expected(expected).maybe_fix(did_you_mean(text, names.map(String::as_str)))
    })
}

/// The name of a configured severity, by any of its words.
fn severity(node: &Node, severities: &Severities) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let names = || severities.0.iter().map(|severity| severity.name.as_str());
    severities.find(text).map(|severity| severity.name.clone()).ok_or_else(|| {
        let known = names().collect::<Vec<_>>().join(", ");
        Refusal::expected(format!("a severity: {known}")).maybe_fix(did_you_mean(text, names()))
    })
}

/// The name of a ladder, read where only the names are known yet.
pub(super) fn ladder_name(node: &Node, ladders: &[&str]) -> Result<String, Refusal> {
    let text = values::text(node)?;
    if ladders.contains(&text) {
        return Ok(text.to_owned());
    }
    let fix = did_you_mean(text, ladders.iter().copied()).unwrap_or_else(|| format!("add [escalation.{text}]"));
    Err(Refusal::expected("a ladder of [escalation]").fix(fix))
}
