//! Who is to be told when something is wrong: which ladder an incident climbs, who of a level can be reached at a moment and
//! who is on call. Pure: nothing is sent here (that is the outbox), and nothing waits (that is the plugin with its timers).

mod calendar;
mod ladder;
mod rotation;

pub use calendar::calendar;
pub use ladder::Step;
pub use rotation::Shift;

use crate::config::Config;
use crate::config::availability::Availability;
use crate::config::escalation::{Ladder, Target};
use crate::config::notify::{Notifier, chat_route};
use crate::config::rotations::Rotation;
use crate::model::page::{Route, Routes};
use std::collections::{BTreeMap, BTreeSet};

/// Everything about escalation that is configured, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    ladders: BTreeMap<String, Ladder>,
    /// Each severity, worst first, with the ladder that its section names.
    severities: Vec<(String, Option<String>)>,
    rotations: BTreeMap<String, Rotation>,
    people: BTreeMap<String, Reach>,
    notifiers: BTreeMap<String, Availability>,
    /// Those that keep an alert open until somebody resolves it.
    keepers: BTreeSet<String>,
    routes: Routes,
}

/// How a person can be reached.
#[derive(Clone, Debug)]
struct Reach {
    name: String,
    /// Notifiers, or the person's own chat under `@NAME`.
    ways: Vec<String>,
    availability: Availability,
}

/// Somebody, or a notifier, that a name meant at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The name in the configuration: a person's or a notifier's.
    pub who: String,
    /// How people read it: `Ana`, `Ana (on call: primary)`, `duty`.
    pub title: String,
    /// The notifiers to page by; empty when nobody can be reached.
    pub ways: Vec<String>,
    /// Why it would be left out now; none when it would be paged.
    pub left_out: Option<String>,
}

/// A way by which somebody is paged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The notifier, or `@NAME` for a person's chat.
    pub notifier: String,
    /// Who is reached by it: `Ana`, or empty for a notifier of no person.
    pub people: Vec<String>,
    /// Where its pages go.
    pub route: Route,
    /// It keeps alerts open until somebody resolves them.
    pub keeps_alerts: bool,
}

impl Roster {
    /// What the configuration says.
    pub fn of(config: &Config) -> Self {
        let mut routes = config.notify.routes();
        let mut people = BTreeMap::new();
        let chats = config.chats();
        for (id, person) in &config.people.0 {
            let mut ways = person.notify.clone();
            if let (true, Some(route)) = (ways.is_empty(), chat_route(&chats, &config.people, id)) {
                let way = format!("@{id}");
                routes.0.insert(way.clone(), route);
                ways.push(way);
            }
            let name = person.name.clone().unwrap_or_else(|| id.clone());
            people.insert(id.clone(), Reach { name, ways, availability: person.availability.clone() });
        }
        let severity =
            |severity: &crate::config::severities::Severity| (severity.name.clone(), severity.escalation.clone());
        let keepers = config.notify.0.iter().filter(|(_, way)| matches!(way, Notifier::PagerDuty { .. }));
        Self {
            ladders: config.escalation.0.clone(),
            severities: config.severities.0.iter().map(severity).collect(),
            rotations: config.rotations.0.clone(),
            people,
            notifiers: config.notify.1.clone(),
            keepers: keepers.map(|(name, _)| name.clone()).collect(),
            routes,
        }
    }

    /// The ladder that an incident climbs. One for its service and severity goes first, then one for its service if the severity
    /// climbs any, then the severity's own.
    pub fn ladder_for(&self, severity: &str, service: Option<&str>) -> Option<&str> {
        let service = service.map(|service| service.trim().to_lowercase());
        let serves = |ladder: &Ladder| service.as_ref().is_some_and(|service| ladder.services.contains(service));
        let severe = |ladder: &Ladder| ladder.severities.iter().any(|name| name == severity);
        let find = |fits: &dyn Fn(&Ladder) -> bool| {
            self.ladders.iter().find(|(_, ladder)| fits(ladder)).map(|(name, _)| name.as_str())
        };
        let named = self.severities.iter().find(|(name, _)| name == severity).and_then(|(_, named)| named.as_deref());
        let own = named.or_else(|| find(&|ladder| severe(ladder) && ladder.services.is_empty()));
        find(&|ladder| serves(ladder) && severe(ladder))
            .or_else(|| own.and(find(&|ladder| serves(ladder) && ladder.severities.is_empty())))
            .or(own)
    }

    /// When each level of a ladder is paged, in order; `None` when there is no such ladder.
    pub fn steps(&self, ladder: &str) -> Option<Vec<Step>> {
        self.ladders.get(ladder).map(ladder::steps)
    }

    /// The ladders that no incident climbs, whatever its severity and service.
    pub fn idle(&self) -> Vec<&str> {
        let services =
            || self.ladders.values().flat_map(|ladder| &ladder.services).map(|service| Some(service.as_str()));
        let climbed: BTreeSet<&str> = self
            .severities
            .iter()
            .flat_map(|(severity, _)| services().chain([None]).map(|service| self.ladder_for(severity, service)))
            .flatten()
            .collect();
        self.ladders.keys().map(String::as_str).filter(|name| !climbed.contains(name)).collect()
    }

    /// Whether any ladder is configured.
    pub fn has_ladders(&self) -> bool {
        !self.ladders.is_empty()
    }

    /// Who a level (from 1) would page at a moment, each once; `None` when there is no such level.
    pub fn level(&self, ladder: &str, level: u32, severity: &str, at_ms: i64) -> Option<Vec<Contact>> {
        let index = usize::try_from(level).ok()?.checked_sub(1)?;
        let level = self.ladders.get(ladder)?.levels.get(index)?;
        let mut contacts: Vec<Contact> = Vec::new();
        for target in &level.notify {
            let contact = self.contact(target, severity, at_ms)?;
            if contacts.iter().all(|known| known.who != contact.who) {
                contacts.push(contact);
            }
        }
        Some(contacts)
    }

    /// Who a name means at a moment: a person, whoever is on call in a rotation, or a notifier that a ladder names.
    pub fn find(&self, name: &str, severity: &str, at_ms: i64) -> Option<Contact> {
        let name = name.strip_prefix('@').unwrap_or(name);
        let own = || name.to_owned();
        if self.people.contains_key(name) {
            self.contact(&Target::Person(own()), severity, at_ms)
        } else if self.rotations.contains_key(name) {
            self.contact(&Target::Rotation(own()), severity, at_ms)
        } else if self.named().any(|known| known == name) {
            self.contact(&Target::Notifier(own()), severity, at_ms)
        } else {
            None
        }
    }

    /// Every way of somebody or of a notifier, whatever the hour; `None` for a name that is neither's.
    pub fn ways(&self, who: &str) -> Option<Vec<String>> {
        let own = || self.routes.0.contains_key(who).then(|| vec![who.to_owned()]);
        self.people.get(who).map(|reach| reach.ways.clone()).or_else(own)
    }

    /// Every name that [`Roster::find`] knows, for "did you mean".
    pub fn names(&self) -> Vec<&str> {
        let people = self.people.keys().chain(self.rotations.keys()).map(String::as_str);
        let mut names: Vec<&str> = people.chain(self.named()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Where a notifier's pages go, a person's chat included.
    pub fn route(&self, way: &str) -> Option<&Route> {
        self.routes.0.get(way)
    }

    /// The rotations by name.
    pub fn rotations(&self) -> impl Iterator<Item = (&str, &Rotation)> {
        self.rotations.iter().map(|(name, rotation)| (name.as_str(), rotation))
    }

    /// Whose turn it is in a rotation at a moment, and from when to when; `None` when there is no such rotation.
    pub fn on_call(&self, rotation: &str, at_ms: i64) -> Option<Shift> {
        self.rotations.get(rotation).map(|rotation| rotation::shift(rotation, at_ms))
    }

    /// How a person is called.
    pub fn title<'a>(&'a self, person: &'a str) -> &'a str {
        self.people.get(person).map_or(person, |reach| reach.name.as_str())
    }

    /// Every way by which somebody can be paged, and who has none: those that ladders and rotations need, and all notifiers.
    pub fn paths(&self) -> (Vec<Path>, Vec<&str>) {
        let members = self.rotations.values().flat_map(|rotation| {
            rotation.members.iter().chain(rotation.overrides.iter().map(|entry| &entry.who)).map(String::as_str)
        });
        let named = self.targets().filter_map(|target| match target {
            Target::Person(person) => Some(person.as_str()),
            Target::Rotation(_) | Target::Notifier(_) => None,
        });
        let needed: BTreeSet<&str> = members.chain(named).collect();
        let path = |name: &String, route: &Route| Path {
            notifier: name.clone(),
            people: Vec::new(),
            route: route.clone(),
            keeps_alerts: self.keepers.contains(name),
        };
        let own = self.routes.0.iter().filter(|(name, _)| !name.starts_with('@'));
        let mut paths: BTreeMap<&str, Path> = own.map(|(name, route)| (name.as_str(), path(name, route))).collect();
        let mut unreachable = Vec::new();
        for person in needed {
            let Some(reach) = self.people.get(person) else { continue };
            if reach.ways.is_empty() {
                unreachable.push(reach.name.as_str());
            }
            for way in &reach.ways {
                let Some(route) = self.routes.0.get(way) else { continue };
                paths.entry(way).or_insert_with(|| path(way, route)).people.push(reach.name.clone());
            }
        }
        (paths.into_values().collect(), unreachable)
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        self.ladders.values().flat_map(|ladder| &ladder.levels).flat_map(|level| &level.notify)
    }

    /// The notifiers that ladders name.
    fn named(&self) -> impl Iterator<Item = &str> {
        self.targets().filter_map(|target| match target {
            Target::Notifier(name) => Some(name.as_str()),
            Target::Person(_) | Target::Rotation(_) => None,
        })
    }

    fn contact(&self, target: &Target, severity: &str, at_ms: i64) -> Option<Contact> {
        match target {
            Target::Notifier(name) => {
                let left_out = self.closed(self.notifiers.get(name), severity, at_ms);
                Some(Contact { who: name.clone(), title: name.clone(), ways: vec![name.clone()], left_out })
            }
            Target::Person(name) => self.person(name, None, severity, at_ms),
            Target::Rotation(name) => {
                let who = self.on_call(name, at_ms)?.who;
                self.person(&who, Some(name), severity, at_ms)
            }
        }
    }

    fn person(&self, name: &str, rotation: Option<&str>, severity: &str, at_ms: i64) -> Option<Contact> {
        let reach = self.people.get(name)?;
        let title = match rotation {
            Some(rotation) => format!("{} (on call: {rotation})", reach.name),
            None => reach.name.clone(),
        };
        let open = |way: &&String| self.closed(self.notifiers.get(*way), severity, at_ms).is_none();
        let ways: Vec<String> = reach.ways.iter().filter(open).cloned().collect();
        let left_out = match self.closed(Some(&reach.availability), severity, at_ms) {
            Some(why) => Some(why),
            None if reach.ways.is_empty() => {
                Some(format!("cannot be reached: [people.{name}] has no `notify` and no chat"))
            }
            None if ways.is_empty() => Some("none of their notifiers is in use now".to_owned()),
            None => None,
        };
        // Whoever insists may still use what is closed now.
        let ways = if ways.is_empty() { reach.ways.clone() } else { ways };
        Some(Contact { who: name.to_owned(), title, ways, left_out })
    }

    /// Why somebody is not to be paged at a moment; `None` when they are.
    fn closed(&self, availability: Option<&Availability>, severity: &str, at_ms: i64) -> Option<String> {
        match availability? {
            Availability::Always => None,
            Availability::Business(hours) if hours.has(at_ms) => None,
            Availability::Business(hours) => Some(format!("only in business hours, {hours}")),
            Availability::WorstOnly => {
                let worst = self.severities.first().map_or("sev1", |(name, _)| name.as_str());
                (severity != worst).then(|| format!("only for {worst}"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
