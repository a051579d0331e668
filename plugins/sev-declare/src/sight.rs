//! Everything a card shows of one incident, read together: the incident, its facts, what is expected of it, its last lines.

use crate::public::{self, Offer};
use crate::readiness::{self, Readiness};
use crate::settings;
use drillbell_sdk::{Bot, Clocks, Entry, Facts, Incident, IncidentId, Result, Severity};

/// How many of the last lines a card shows.
const LAST_LINES: usize = 3;
/// How many are looked through for them.
const LOOK_BACK: u32 = 20;
/// What only says that somebody typed or pressed something which changed nothing.
const NO_NEWS: [&str; 2] = ["command", "click"];

/// An incident as it stands now.
pub struct Sight {
    /// The incident.
    pub incident: Incident,
    /// Its roles, tasks and times.
    pub facts: Facts,
    /// What is expected of it.
    pub clocks: Clocks,
    /// All severities, most severe first.
    pub severities: Vec<Severity>,
    /// Other words for its own.
    pub words: Vec<String>,
    /// The last lines of its timeline, oldest first.
    pub last: Vec<Entry>,
    /// The roles that people can take.
    pub roles: Vec<String>,
    /// Whether its data could be brought back; empty where nothing is known or nobody may ask.
    pub readiness: Readiness,
    /// Whether its updates are for the public page, so that forms ask.
    pub offer: Option<Offer>,
    /// What time it is.
    pub now_ms: u64,
}

impl Sight {
    /// Reads it.
    pub fn of(bot: &mut impl Bot, id: &IncidentId) -> Result<Self> {
        let incident = bot.incident(id)?;
        let mut last = bot.timeline(id, LOOK_BACK)?;
        last.retain(|entry| !NO_NEWS.contains(&entry.kind.as_str()));
        last.drain(..last.len().saturating_sub(LAST_LINES));
        Self::with(bot, incident, last)
    }

    /// One that has just begun: nothing has happened yet but its declaration, which the card says anyway.
    pub fn fresh(bot: &mut impl Bot, incident: Incident) -> Result<Self> {
        Self::with(bot, incident, Vec::new())
    }

    fn with(bot: &mut impl Bot, incident: Incident, last: Vec<Entry>) -> Result<Self> {
        Ok(Self {
            facts: bot.facts(&incident.id)?,
            clocks: bot.clocks(&incident.severity),
            words: bot.severity_words(&incident.severity),
            severities: bot.severities(),
            roles: settings::roles(bot),
            readiness: readiness::of(bot, &incident)?,
            offer: public::offer(bot, &incident.severity),
            now_ms: bot.now(),
            incident,
            last,
        })
    }
}
