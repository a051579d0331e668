//! A group of alerts: what is remembered of it, and how it stands. Pure.

use crate::picture::Drawn;
use drillbell_sdk::{Alert, Conversation, IncidentId, MessageRef, Person, time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many turns within so long, and it flaps.
const FLAPS: usize = 4;
/// Turns further back than this do not count.
pub const FLAP_MS: u64 = 10 * 60_000;
/// What fires again sooner than this after its end is the same trouble, on the same card.
pub const SAME_MS: u64 = 60 * 60_000;
/// Turns that are remembered.
const TURNS: usize = 8;

/// Somebody did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    pub by: String,
    pub at_ms: u64,
}

/// Nobody is told for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Silence {
    /// Which of the group's silences it is: jobs name it, and one that was ended meanwhile is told from one that stands.
    pub nonce: String,
    pub by: String,
    pub reason: String,
    pub until_ms: u64,
    /// What the sender's own system calls it, once it knows.
    pub remote: Option<String>,
    /// What became of telling it; empty while it is on its way or nobody is told.
    pub remark: String,
}

/// What is remembered of a group. What one that was kept before did not have is as if it had never been.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    pub id: String,
    pub source: String,
    pub title: String,
    pub conversation: String,
    /// `alertname=X, service=y`: what its alerts have in common.
    pub by: String,
    /// The same, for matchers; a label that they do not have is empty.
    pub labels: BTreeMap<String, String>,
    pub service: Option<String>,
    pub severity: Option<String>,
    pub runbook: Option<String>,
    pub description: String,
    pub url: String,
    /// Each step of the host's decision.
    pub why: String,
    /// What can be drawn of its newest alert.
    pub drawn: Option<Drawn>,
    /// There is a picture of this episode.
    pub pictured: bool,
    /// Its source has an API that takes silences.
    pub pushes: bool,
    /// A route of one of the alerts that fire wants an incident.
    pub wanted: bool,
    /// It is one alert that people took out of another group.
    pub apart: Option<Apart>,
    /// Alerts that said that it fires, in this episode.
    pub count: u64,
    /// Different alerts in it, and how many of them fire.
    pub members: u64,
    pub firing: u64,
    pub since_ms: u64,
    pub last_ms: u64,
    pub ended_ms: Option<u64>,
    /// When it last began or ended.
    pub turns: Vec<u64>,
    pub acked: Option<Deed>,
    pub resolved_by: Option<String>,
    pub silence: Option<Silence>,
    /// How many silences it had.
    pub silences: u64,
    /// A silence that could not be ended where it comes from: a sentence for the card. Empty: there is none.
    pub left: String,
    /// When somebody resolved it: whatever fired until then does not any more.
    pub cleared_ms: u64,
    pub muted_until: Option<u64>,
    pub incident: Option<IncidentId>,
    pub card: Option<MessageRef>,
    /// It has no card of its own, because too many came at once: when that storm began.
    pub storm: Option<u64>,
    /// The card is older than what is known; a timer will draw it.
    pub stale: bool,
}

/// Why an alert has a group to itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// The group that it was taken out of.
    pub from: String,
    pub fingerprint: String,
    pub by: String,
    pub at_ms: u64,
}

/// What is remembered of one alert of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub firing: bool,
    pub count: u64,
    pub since_ms: u64,
    /// Its own title, as it last fired.
    pub title: String,
}

/// How a group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Firing,
    Acked,
    Silenced,
    Flapping,
    Resolved,
}

/// What an alert did to its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It fires, and did not before: a new trouble.
    Began,
    /// It fires again so soon that it is the same trouble.
    Again,
    /// None of it fires any more.
    Ended,
    /// Another of its alerts fires, or one of them ended.
    Grew,
    /// Nothing but the count.
    Counted,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acked => "acknowledged",
            Self::Silenced => "silenced",
            Self::Flapping => "flapping",
            Self::Resolved => "resolved",
        }
    }
}

impl Deed {
    pub fn of(by: &Person, at_ms: u64) -> Self {
        Self { by: by.name.clone(), at_ms }
    }
}

impl Group {
    /// How it stands at a moment.
    pub fn state(&self, now_ms: u64) -> State {
        if self.is_silenced(now_ms) && self.firing > 0 {
            return State::Silenced;
        }
        if self.flaps(now_ms) {
            return State::Flapping;
        }
        match (self.firing, &self.acked) {
            (0, _) => State::Resolved,
            (_, Some(_)) => State::Acked,
            _ => State::Firing,
        }
    }

    pub fn is_silenced(&self, now_ms: u64) -> bool {
        self.silence.as_ref().is_some_and(|silence| silence.until_ms > now_ms)
    }

    /// Kept, but not shown: a maintenance window.
    pub fn is_muted(&self, now_ms: u64) -> bool {
        self.muted_until.is_some_and(|until| until > now_ms)
    }

    pub fn flaps(&self, now_ms: u64) -> bool {
        self.turns.iter().filter(|at| **at + FLAP_MS > now_ms).count() >= FLAPS
    }

    pub fn place(&self) -> Conversation {
        Conversation::from(self.conversation.as_str())
    }

    /// Whether one of its alerts fires: it does not if somebody resolved the group since it began.
    pub fn has_firing(&self, member: &Member) -> bool {
        member.firing && member.since_ms > self.cleared_ms
    }

    /// Somebody resolved it, with whatever fires in it, however many that are.
    pub fn clear(&mut self, by: &str, now_ms: u64) {
        self.cleared_ms = now_ms.max(self.cleared_ms + 1);
        self.end(Some(by), now_ms);
    }

    /// Takes an alert in. `member` is what is known of it.
    pub fn take(&mut self, alert: &Alert, member: &mut Member, is_new: bool, now_ms: u64) -> Turn {
        let fires = alert.status == "firing";
        let before = self.firing;
        self.last_ms = now_ms;
        if is_new {
            self.members += 1;
        }
        if fires {
            self.count += 1;
            member.count += 1;
            member.title.clone_from(&alert.title);
        }
        if fires == self.has_firing(member) {
            return Turn::Counted;
        }
        (member.firing, member.since_ms) = (fires, now_ms.max(self.cleared_ms + 1));
        self.firing = if fires { before + 1 } else { before.saturating_sub(1) };
        match (before, self.firing) {
            (0, 1..) => {
                self.turned(now_ms);
                self.begin(alert, now_ms)
            }
            (_, 0) => {
                self.turned(now_ms);
                self.end(None, now_ms);
                Turn::Ended
            }
            _ => Turn::Grew,
        }
    }

    /// An alert was taken out of it.
    pub fn lose(&mut self, member: &Member, now_ms: u64) -> Turn {
        self.members = self.members.saturating_sub(1);
        self.count = self.count.saturating_sub(member.count).max(1);
        if !self.has_firing(member) {
            return Turn::Counted;
        }
        self.firing = self.firing.saturating_sub(1);
        if self.firing > 0 {
            return Turn::Grew;
        }
        self.turned(now_ms);
        self.end(None, now_ms);
        Turn::Ended
    }

    /// It is one alert that people took out of another group: its rule is theirs, besides the host's.
    pub fn set_apart(&mut self, apart: Apart) {
        let at = time::day_hour_minute(apart.at_ms);
        let Apart { from, fingerprint, by, .. } = &apart;
        self.by = format!("fingerprint {fingerprint}, split off {from}");
        self.why.push_str(&format!(
            "\n{by} split it off {from} at {at} UTC: alerts with the fingerprint {fingerprint} have this card"
        ));
        self.apart = Some(apart);
    }

    fn begin(&mut self, alert: &Alert, now_ms: u64) -> Turn {
        let again = self.ended_ms.take().is_some_and(|ended| now_ms < ended.saturating_add(SAME_MS));
        self.resolved_by = None;
        self.acked = None;
        // Who hears of it again is not silenced where it comes from.
        self.left.clear();
        if again {
            return Turn::Again;
        }
        self.since_ms = alert.started_ms.min(now_ms);
        self.count = 1;
        self.turns = vec![now_ms];
        // The old card is far up by now.
        self.card = None;
        self.storm = None;
        self.pictured = false;
        Turn::Began
    }

    /// None of it fires any more: by its sender's word, or by somebody's.
    fn end(&mut self, by: Option<&str>, now_ms: u64) {
        self.firing = 0;
        self.ended_ms = Some(now_ms);
        self.resolved_by = by.map(str::to_owned);
    }

    fn turned(&mut self, now_ms: u64) {
        self.turns.push(now_ms);
        let beyond = self.turns.len().saturating_sub(TURNS);
        self.turns.drain(..beyond);
    }
}
