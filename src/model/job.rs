//! Jobs as words: what is asked for, where one stands, how far it is. How they run is in `crate::jobs`.

use super::ids::{ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use super::verdict::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is to happen with a job whose process died while it ran: nobody knows then how far it got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLost {
    /// It is run again: for work that may be done twice.
    Repeat,
    /// Its kind looks how far it got.
    Verify,
    /// People are asked.
    #[default]
    Ask,
}

impl OnLost {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::Verify => "verify",
            Self::Ask => "ask",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Repeat, Self::Verify, Self::Ask].into_iter().find(|one| one.as_str() == text)
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for an approval.
    Held,
    /// It waits for its turn.
    Ready,
    /// Somebody runs it.
    Running,
    /// Its process died and people are asked what became of it.
    Lost,
    /// Ended well.
    Done,
    /// Ended badly.
    Failed,
    /// Ended because somebody wished so.
    Cancelled,
    /// Never began: the approval was denied.
    Denied,
    /// Never began: nobody approved in time.
    Expired,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Held,
        Self::Ready,
        Self::Running,
        Self::Lost,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Denied,
        Self::Expired,
    ];

    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Lost => "lost",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing more will happen to it.
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Held | Self::Ready | Self::Running | Self::Lost)
    }
}

/// What somebody wants to become of a job. The first wish counts until it is fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// End it, wherever it stands.
    Cancel,
    /// Run a lost one again.
    Again,
    /// A lost one had done its work.
    Done,
    /// A lost one had not done its work.
    Failed,
    /// A held one may not begin.
    Denied,
    /// A held one was not approved in time.
    Expired,
}

impl Wish {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Cancel, Self::Again, Self::Done, Self::Failed, Self::Denied, Self::Expired];

    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Again => "again",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wish| wish.as_str() == text)
    }
}

/// A job to enqueue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// UUIDv7, minted in the call.
    pub id: String,
    /// Whose.
    pub plugin: PluginId,
    /// A kind that the host knows.
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// What the kind needs to know, JSON text that the kind has checked.
    pub spec: String,
    /// What if its process dies.
    pub on_lost: OnLost,
    /// While a job of the plugin with this key has not ended, there can be no second one.
    pub key: Option<String>,
    /// It waits for this approval.
    pub approval: Option<String>,
    /// Runs at most, those that were cut off included.
    pub max_attempts: i64,
    /// How long one run may take, milliseconds.
    pub run_limit_ms: i64,
    /// Where its card stands; `None` is where the event came from.
    pub conversation: Option<ConversationId>,
    /// Who caused it: a person's id or `plugin:NAME`.
    pub asked_by: PersonId,
}

/// What a commit changes about jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobChange {
    /// Enqueues one.
    Start(Box<NewJob>),
    /// Wishes something of one. A wish that comes too late, or that does not fit where the job stands, is dropped.
    Wish {
        /// Which job.
        id: String,
        /// What is wished.
        wish: Wish,
        /// Who wishes it: a person's id or `plugin:NAME`.
        by: PersonId,
    },
    /// Lets begin what waited for an approval.
    Release {
        /// The approval's id.
        approval: String,
    },
    /// Ends what waited for an approval without it ever having begun.
    Refuse {
        /// The approval's id.
        approval: String,
        /// `Denied` or `Expired`.
        wish: Wish,
        /// Who decided: a person's id or the host's name.
        by: PersonId,
    },
}

/// What `done` and `total` count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Just numbers.
    #[default]
    Count,
    /// Bytes.
    Bytes,
    /// Rows of a table.
    Rows,
    /// Steps of a plan.
    Steps,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What it does now, a few words.
    pub stage: String,
    /// How much of it is done.
    pub done: u64,
    /// Out of; 0 is unknown.
    pub total: u64,
    /// What these count.
    #[serde(default)]
    pub unit: Unit,
    /// Anything else worth a line.
    #[serde(default)]
    pub note: String,
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// UUIDv7.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Whose.
    pub plugin: PluginId,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// The delivery that everything under it began with.
    pub root: DeliveryId,
    /// The event that asked for it.
    pub inbox: DeliveryId,
    /// Where its card stands.
    pub conversation: ConversationId,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// Who asked.
    pub asked_by: PersonId,
    /// One line for people.
    pub title: String,
    /// JSON text.
    pub spec: String,
    /// What if its process dies.
    pub on_lost: OnLost,
    /// Where it stands.
    pub state: JobState,
    /// The approval it waited for.
    pub approval: Option<String>,
    /// Whose claim it is, in the words of `Store::owner`.
    pub owner: Option<String>,
    /// Which host and process runs or ran it: `db1/4242`.
    pub place: Option<String>,
    /// Grows with each claim.
    pub epoch: i64,
    /// Runs begun so far.
    pub attempts: i64,
    /// Runs at most.
    pub max_attempts: i64,
    /// Not before this moment, by the host's clock.
    pub due_ms: i64,
    /// How long one run may take, milliseconds.
    pub run_limit_ms: i64,
    /// When it was asked for.
    pub created_ms: i64,
    /// When its first run began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How far it is, JSON as its runner keeps it.
    pub progress: Option<String>,
    /// What somebody wishes of it.
    pub wish: Option<Wish>,
    /// Who wishes it.
    pub wish_by: Option<PersonId>,
    /// How it ended, JSON: `{"outcome": SENTENCE, "result": …}`.
    pub result: Option<String>,
    /// The process it started, JSON as its runner keeps it.
    pub child: Option<String>,
    /// Its card, once posted.
    pub card: Option<MessageRef>,
    /// The message with its output, once posted.
    pub output: Option<MessageRef>,
}

impl Job {
    /// How people may call it: the end of its id.
    pub fn short(&self) -> &str {
        short(&self.id)
    }
}

/// The end of a job's id, by which people may call it; its beginning is the time and alike for many.
pub fn short(id: &str) -> &str {
    id.len().checked_sub(8).and_then(|from| id.get(from..)).unwrap_or(id)
}

/// What a job that did its work found, as the `status` of its result says; a result without one has nothing to object to.
pub fn found(result: &Value) -> Verdict {
    match result["status"].as_str() {
        Some("fail") => Verdict::Fail,
        Some("unknown") => Verdict::Unknown,
        _ => Verdict::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        assert!(JobState::ALL.into_iter().all(|state| JobState::parse(state.as_str()) == Some(state)));
        assert!(Wish::ALL.into_iter().all(|wish| Wish::parse(wish.as_str()) == Some(wish)));
        for word in ["repeat", "verify", "ask"] {
            assert_eq!(OnLost::parse(word).map(OnLost::as_str), Some(word));
        }
        assert_eq!((JobState::parse("gone"), Wish::parse(""), OnLost::parse("Ask")), (None, None, None));
    }

    #[test]
    fn a_job_is_called_by_the_end_of_its_id() {
        assert_eq!(short("0190c0de-0000-7000-8000-00000000abcd"), "0000abcd");
        assert_eq!((short("ab"), short("")), ("ab", ""));
        assert_eq!(short("xx🙂🙂"), "🙂🙂");
        assert_eq!(short("🙂🙂x"), "🙂🙂x", "never cut inside a character");
    }
}
