//! An approval as words: what waits for whose yes, who said what, how it ended. The rules are in `crate::policy`.

use super::canonical;
use super::event::{Delivery, Person};
use super::ids::{ApprovalId, ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId, fresh};
use super::public::Publication;
use super::view::View;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where an approval stands. All but `Open` are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for votes.
    Open,
    /// Enough people said yes, or somebody broke the glass.
    Approved,
    /// Somebody who may said no.
    Denied,
    /// Nobody decided in time.
    Expired,
    /// What was to be approved is no longer what would happen, or it was taken back.
    Void,
}

impl State {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Void => "void",
        }
    }
}

/// What somebody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Deny,
    /// It must happen now, and I answer for it.
    BreakGlass,
}

impl Verdict {
    /// The word in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::BreakGlass => "break_glass",
        }
    }
}

/// One person's vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub by: Person,
    /// What they said.
    pub verdict: Verdict,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Where: the conversation.
    pub via: ConversationId,
    /// Why, in their words; empty if they did not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who vouched for them, if they did not sign in themselves; counts in the demo only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_by: Option<String>,
}

/// What happens when an approval is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Holds {
    /// A command or click is carried out, as its author's.
    Event {
        /// As it came in.
        delivery: Box<Delivery>,
    },
    /// A job that was enqueued with it becomes ready.
    Job {
        /// The job.
        job: String,
        /// It changes production, and is announced when it begins.
        production: bool,
    },
    /// What becomes public, word for word.
    Publication {
        /// All of it.
        publication: Box<Publication>,
    },
    /// Nothing by itself: the plugin that asked hears of it.
    Question,
}

impl Holds {
    /// `event`, `job`, `publication` or `question`: the column.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Event { .. } => "event",
            Self::Job { .. } => "job",
            Self::Publication { .. } => "publication",
            Self::Question => "question",
        }
    }
}

/// Something that waits for people's yes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// `A-7K2M9XQD`.
    pub id: ApprovalId,
    /// The plugin whose command, job or question it is.
    pub plugin: PluginId,
    /// What it is about, in one line: `/rollback run shop`.
    pub title: String,
    /// What exactly is to be approved, as canonical JSON.
    pub subject: String,
    /// SHA-256 of `subject`, lower-case hex: compared when the approval is used.
    pub digest: String,
    /// Who asked; never counts as one of those who approve.
    pub requester: Person,
    /// Who vouched for the requester, if they did not sign in themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_by: Option<String>,
    /// How many must say yes.
    pub needed: u32,
    /// The role they must have; none: anybody in `[people]`.
    pub role: Option<String>,
    /// The role that may go without; none: nobody.
    pub break_glass: Option<String>,
    /// Where it was asked, and where its card is.
    pub conversation: ConversationId,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// What it began with.
    pub root: DeliveryId,
    /// Its card.
    pub card: MessageRef,
    /// What the card shows above the votes.
    pub plea: View,
    /// When it was asked, milliseconds since the epoch.
    pub created_ms: i64,
    /// From when on nobody can give it any more.
    pub until_ms: i64,
    /// Where it stands.
    pub state: State,
    /// When it ended, once it has.
    pub ended_ms: Option<i64>,
    /// Why it ended, where a vote does not say it: why it was taken back, what changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who said what, in order.
    pub votes: Vec<Vote>,
    /// What it holds back.
    pub holds: Holds,
    /// When it was used up, for what can be used once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_ms: Option<i64>,
    /// Counts its changes, from 1; checked at every commit.
    pub revision: i64,
}

impl Approval {
    /// A new one, open until `until_ms`, of which anybody in `[people]` may give the one yes that it needs. `subject` is what
    /// [`subject`] makes of it. It has no title yet.
    pub fn open(
        plugin: PluginId,
        requester: Person,
        conversation: ConversationId,
        (subject, digest): (String, String),
        holds: Holds,
        [now_ms, until_ms]: [i64; 2],
    ) -> Self {
        Self {
            id: ApprovalId::mint(),
            plugin,
            title: String::new(),
            subject,
            digest,
            requester,
            asserted_by: None,
            needed: 1,
            role: None,
            break_glass: None,
            conversation,
            incident: None,
            // The event's, which who commits it knows.
            root: DeliveryId::new(""),
            card: MessageRef::new(fresh()),
            plea: View::default(),
            created_ms: now_ms,
            until_ms,
            state: State::Open,
            ended_ms: None,
            reason: String::new(),
            votes: Vec::new(),
            holds,
            used_ms: None,
            revision: 0,
        }
    }
}

impl Approval {
    /// Those whose vote made it what it is: the ones who said yes, or the one who said no.
    pub fn decided_by(&self) -> Vec<Person> {
        let counts = |vote: &&Vote| match self.state {
            State::Approved => vote.verdict != Verdict::Deny,
            State::Denied => vote.verdict == Verdict::Deny,
            State::Open | State::Expired | State::Void => false,
        };
        self.votes.iter().filter(counts).map(|vote| vote.by.clone()).collect()
    }

    /// The delivery as which something that it held back comes again, under the root of the first.
    pub fn released(&self) -> DeliveryId {
        DeliveryId::new(format!("approved/{}", self.id))
    }

    /// How many have said yes.
    pub fn given(&self) -> u32 {
        let yes = self.votes.iter().filter(|vote| vote.verdict == Verdict::Approve).count();
        u32::try_from(yes).unwrap_or(u32::MAX)
    }

    /// The last vote of a person.
    pub fn vote_of(&self, person: &PersonId) -> Option<&Vote> {
        self.votes.iter().rev().find(|vote| vote.by.id == *person)
    }
}

/// A subject in the form in which it is compared, and its digest. What is no JSON is a JSON text.
pub fn subject(value: &serde_json::Value) -> (String, String) {
    let text = canonical::text(value);
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    (text, digest)
}
