//! Interactions that wait for their first answer: the way back to each, whether Discord has been told that it was heard, and which
//! message of ours took the place that was kept for the answer.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Interactions remembered; beyond it the settled ones are forgotten, which costs a request each.
const REMEMBERED: usize = 2048;
/// How long an answer waits for Discord to be told that its question was heard, which takes no longer than 3 s.
const TELLING: Duration = Duration::from_secs(3);

/// The way back to an interaction, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Way {
    /// The interaction.
    pub(super) id: String,
    pub(super) token: String,
    pub(super) kept: Kept,
}

/// What was promised when the interaction was answered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kept {
    /// A message that everybody sees.
    Public,
    /// A message that only the asker sees.
    Private,
    /// Nothing: a click is answered by further messages, if by any.
    Nothing,
}

impl Way {
    pub(super) fn read(value: &str) -> Option<Self> {
        serde_json::from_str(value).ok()
    }

    pub(super) fn write(&self) -> String {
        serde_json::json!({"id": self.id, "token": self.token, "kept": self.kept}).to_string()
    }
}

/// Who has the place of the first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is this outbox row's.
    Ours,
    /// Another row's.
    Taken,
    /// This process does not know.
    Unknown,
}

#[derive(Default)]
pub(super) struct Answers {
    known: Mutex<HashMap<String, Known>>,
    told: Notify,
}

struct Known {
    told: bool,
    /// The row that has the place; none while it is free.
    row: Option<String>,
    /// Another process may have given the place away.
    unsure: bool,
    /// Discord did not take the first answer: there is no way back.
    dead: bool,
}

impl Answers {
    /// An interaction has come in; its place is free. `false` if this process had heard it before.
    pub(super) fn heard(&self, id: &str) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, one| !one.told);
        }
        if known.contains_key(id) {
            return false;
        }
        known.insert(id.to_owned(), Known { told: false, row: None, unsure: false, dead: false });
        true
    }

    /// Another process heard it first: whose the place is can only be looked at.
    pub(super) fn was_heard(&self, id: &str) {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get_mut(id) {
            known.unsure = true;
        }
    }

    /// Discord did not take the first answer, and will not.
    pub(super) fn dead(&self, id: &str) {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get_mut(id) {
            known.dead = true;
        }
    }

    /// Whether it is known that there is no way back.
    pub(super) fn is_dead(&self, id: &str) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).is_some_and(|one| one.dead)
    }

    /// Discord was told, or could not be.
    pub(super) fn told(&self, id: &str) {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get_mut(id) {
            known.told = true;
        }
        self.told.notify_waiters();
    }

    /// Waits until Discord was told, for an answer before that finds no place. What this process did not hear was told long ago.
    pub(super) async fn is_told(&self, id: &str) {
        let told = async {
            loop {
                let news = self.told.notified();
                tokio::pin!(news);
                // From here on no news is missed.
                news.as_mut().enable();
                let is_told =
                    self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).is_none_or(|one| one.told);
                if is_told {
                    return;
                }
                news.await;
            }
        };
        // Without an answer in time it is tried all the same.
        let _ = tokio::time::timeout(TELLING, told).await;
    }

    /// Takes the place for a row if it is free.
    pub(super) fn take(&self, id: &str, row: &str) -> Place {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(one) = known.get_mut(id).filter(|one| !one.unsure) else { return Place::Unknown };
        match one.row.get_or_insert_with(|| row.to_owned()) == row {
            true => Place::Ours,
            false => Place::Taken,
        }
    }

    /// Notes who has a place that this process did not know.
    pub(super) fn learn(&self, id: &str, row: &str) {
        self.heard(id);
        self.told(id);
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get_mut(id) {
            known.unsure = false;
        }
        self.take(id, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_waits_until_discord_was_told() {
        let answers = std::sync::Arc::new(Answers::default());
        answers.is_told("unknown").await;
        answers.heard("1");
        let waiting = tokio::spawn({
            let answers = answers.clone();
            async move { answers.is_told("1").await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        answers.told("1");
        waiting.await.unwrap();
    }

    #[test]
    fn a_place_is_one_rows_for_good() {
        let answers = Answers::default();
        assert_eq!(answers.take("1", "row"), Place::Unknown);
        assert!(answers.heard("1"));
        assert_eq!(answers.take("1", "row"), Place::Ours);
        assert_eq!(answers.take("1", "other"), Place::Taken);
        assert!(!answers.heard("1"));
        assert_eq!(answers.take("1", "row"), Place::Ours, "a repeat changes nothing");
        answers.learn("2", "row");
        assert_eq!(answers.take("2", "other"), Place::Taken);
        answers.heard("3");
        answers.was_heard("3");
        assert_eq!(answers.take("3", "row"), Place::Unknown, "another process heard it first");
        answers.learn("3", "another");
        assert_eq!(answers.take("3", "row"), Place::Taken, "it was looked at");
        answers.dead("1");
        assert!(answers.is_dead("1") && !answers.is_dead("2") && !answers.is_dead("unknown"));
    }

    #[test]
    fn a_way_is_read_back_as_it_was_stored() {
        let way = Way { id: "1".to_owned(), token: "a\"b".to_owned(), kept: Kept::Private };
        let read = Way::read(&way.write()).unwrap();
        assert_eq!((read.id, read.token, read.kept), (way.id, way.token, way.kept));
        assert!(Way::read("https://hooks.example").is_none());
    }
}
