//! What a command must know of where it was typed, in one look: how we call the place, and which incident may be meant there. The
//! database is asked once for each place until something moves. What another replica moved is noticed by the head row, which every
//! such move moves too: a commit that rests on memory says so, and does not go through if there was one.

use super::commit::Commit;
use super::conversations::{called, one_place, open_here};
use super::error::StoreError;
use super::{Engine, Store};
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, IncidentId};
use sqlx::Row;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Places remembered at most; beyond it all are forgotten, which costs a read each.
const REMEMBERED: usize = 4096;

/// What is known of a conversation. Of incidents at most two each, newest first: one may be meant, two are in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Our own name for it, if the bot opened it.
    pub called: Option<ConversationId>,
    /// Open incidents that live there.
    pub here: Vec<IncidentId>,
    /// Open incidents of other platforms that are shown there.
    pub shown: Vec<IncidentId>,
    /// Open incidents anywhere.
    pub open: Vec<IncidentId>,
}

/// How often strangers had been found to write when something was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf(u64);

/// Answers that were given, each good until anything moved: an incident, a conversation, or what shows either elsewhere.
#[derive(Debug, Default)]
pub(super) struct Answers {
    moves: AtomicU64,
    /// How often the head row was not as we had left it.
    strangers: AtomicU64,
    /// The writer goes by what it knows of the head row: of late nobody else has written.
    is_trusted: AtomicBool,
    given: Mutex<HashMap<ConversationId, (u64, Whereabouts)>>,
}

impl Answers {
    /// Something moved, and is durable.
    pub(super) fn moved(&self) {
        self.moves.fetch_add(1, Ordering::AcqRel);
    }

    /// Somebody else may have written; what was remembered before is good for nothing.
    pub(super) fn met_stranger(&self) {
        // In this order: whoever reads in the other one takes nothing old for new.
        self.moved();
        self.strangers.fetch_add(1, Ordering::AcqRel);
    }

    /// Says whether to go by memory.
    pub(super) fn trust(&self, is_trusted: bool) {
        self.is_trusted.store(is_trusted, Ordering::Release);
    }

    /// Whether nobody else has been found to write since.
    pub(super) fn holds(&self, at: AsOf) -> bool {
        self.strangers.load(Ordering::Acquire) == at.0
    }

    /// The same if any of these commits moves something.
    pub(super) fn moved_by(&self, commits: &[&Commit]) {
        if commits.iter().any(|commit| moves(commit)) {
            self.moved();
        }
    }

    /// How much has moved so far: to be asked before the database is.
    fn now(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }

    fn get(&self, conversation: &ConversationId) -> Option<Whereabouts> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.get(conversation).filter(|(at, _)| *at == self.now()).map(|(_, known)| known.clone())
    }

    fn give(&self, conversation: &ConversationId, at: u64, known: &Whereabouts) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if given.len() >= REMEMBERED {
            given.clear();
        }
        given.insert(conversation.clone(), (at, known.clone()));
    }
}

fn moves(commit: &Commit) -> bool {
    let places = |effect: &Effect| matches!(effect, Effect::Place { .. });
    !commit.incidents.is_empty()
        || !commit.mirrors.is_empty()
        || commit.effects.iter().chain(&commit.notices).any(places)
}

const LOOK: &str = concat!(
    "select cast('called' as text), id from (",
    called!(),
    ") as called union all select 'here', id from (select id",
    open_here!(),
    "2) as here union all select 'shown', id from (select id from incidents where is_open = 1 and id in \
     (select incident from mirrors where conversation in (",
    one_place!(),
    ")) order by number + 0 desc limit 2) as shown \
     union all select 'open', id from (select id from incidents where is_open = 1 order by number desc limit 2) as anywhere"
);

impl Store {
    /// What is remembered of a conversation. Unless the database is this process's alone, a commit that rests on it has to say so
    /// ([`Commit::as_of`]); there is none while other replicas write too.
    pub fn remembered(&self, conversation: &ConversationId) -> Option<(Whereabouts, Option<AsOf>)> {
        let answers = &self.inner.answers;
        if self.inner.engine == Engine::Sqlite {
            return Some((answers.get(conversation)?, None));
        }
        let as_of = AsOf(answers.strangers.load(Ordering::Acquire));
        let known = answers.get(conversation).filter(|_| answers.is_trusted.load(Ordering::Acquire))?;
        Some((known, Some(as_of)))
    }

    /// What is known of a conversation, by our name for it or the platform's, as the database has it now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn whereabouts(&self, conversation: &ConversationId) -> Result<Whereabouts, StoreError> {
        let at = self.inner.answers.now();
        let rows = sqlx::query(LOOK)
            .bind(conversation.as_str())
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("looking up what a conversation is about"))?;
        let mut known = Whereabouts::default();
        for row in rows {
            let (what, id): (String, String) = (row.get(0), row.get(1));
            match what.as_str() {
                "called" => known.called = Some(ConversationId::new(id)),
                "here" => known.here.push(IncidentId::new(id)),
                "shown" => known.shown.push(IncidentId::new(id)),
                _ => known.open.push(IncidentId::new(id)),
            }
        }
        self.inner.answers.give(conversation, at, &known);
        Ok(known)
    }
}
