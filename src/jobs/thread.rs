//! Where a job's output goes: into a thread under its card, a message at a time; right below the card where there are no
//! threads, or where the card is in one. The thread is opened with the first line, in the commit that says it.

use super::context::{Live, Said};
use super::output::Output;
use super::worker::Shared;
use crate::config::limits::JOB_THREAD_CHARS;
use crate::model::conversation::{Opened, PlaceAct, Shape};
use crate::model::effect::Effect;
use crate::model::ids::{self, ConversationId, MessageRef};
use crate::model::job::Job;
use crate::store::StoreError;
use std::time::Duration;

/// The platform where nothing can be said under a message.
const CONSOLE: &str = "console";
/// How long to wait for a database that does not answer.
const AGAIN: Duration = Duration::from_millis(200);

/// Where output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Right below the card: one message, which keeps the last lines.
    Below,
    /// In a thread.
    Thread {
        id: ConversationId,
        /// It is to be opened first.
        opens: bool,
        /// The platform would not open it, so that all goes where the card is: one message there is enough.
        refused: bool,
    },
}

impl Shared {
    /// Shows what was said and is in no message yet: as much as one commit may bring, or all of it because the run is over. The
    /// message that is being written from now on, if it is another.
    pub(super) async fn show_output(
        &self,
        job: &Job,
        live: &Live,
        all: bool,
        effects: &mut Vec<Effect>,
    ) -> Option<MessageRef> {
        if job.card.is_none() || !live.with_said(|said| said.output.waits()) {
            return None;
        }
        let place = self.place_of(job, live).await?;
        let name = match place {
            Place::Thread { opens: true, .. } => thread_name(&(self.scrub)(&job.title)),
            _ => String::new(),
        };
        live.with_said(|said| show(said, job, &place, name, all, effects))
    }

    /// `None`: the store is closing.
    async fn place_of(&self, job: &Job, live: &Live) -> Option<Place> {
        loop {
            match self.look_for_place(job, live).await {
                Ok(place) => return Some(place),
                Err(StoreError::Closing) => return None,
                Err(error) => {
                    tracing::warn!(job = %job.id, error = %error, "cannot look where a job's output goes; trying again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn look_for_place(&self, job: &Job, live: &Live) -> Result<Place, StoreError> {
        let (thread, page) = live.with_said(|said| (said.kept.shown.thread.clone(), said.page.clone()));
        let refused = |opened: &Option<Opened>| opened.as_ref().is_some_and(|opened| opened.problem.is_some());
        if let Some(id) = thread {
            let refused = refused(&self.store.conversation(&id).await?);
            return Ok(Place::Thread { id, opens: false, refused });
        }
        let card = &job.conversation;
        // A message below the card, once begun, is gone on with.
        if page.is_some() || card.platform() == CONSOLE || is_thread(card) {
            return Ok(Place::Below);
        }
        if card.is_opened()
            && let Some(opened) = self.store.conversation(card).await?
            && (opened.shape == Shape::Thread || opened.lives_in.as_ref().is_some_and(is_thread))
        {
            return Ok(Place::Below);
        }
        let id = ConversationId::new(format!("{}:+job-{}", card.platform(), job.id));
        // An earlier run may have opened it with its last words.
        let opened = self.store.conversation(&id).await?;
        Ok(Place::Thread { opens: opened.is_none(), refused: refused(&opened), id })
    }
}

/// Whether a platform's own name for a conversation is a thread's: `slack:C1/1700000000.000100`.
fn is_thread(id: &ConversationId) -> bool {
    id.local().contains('/')
}

/// What a thread is called where threads have names.
fn thread_name(title: &str) -> String {
    format!("output of {title}").chars().take(JOB_THREAD_CHARS).collect()
}

fn show(
    said: &mut Said,
    job: &Job,
    place: &Place,
    name: String,
    all: bool,
    effects: &mut Vec<Effect>,
) -> Option<MessageRef> {
    let before = said.page.clone();
    let to = match place {
        Place::Below => job.conversation.clone(),
        Place::Thread { id, .. } => id.clone(),
    };
    if let (Place::Thread { opens: true, .. }, Some(card)) = (place, job.card.clone()) {
        let act = PlaceAct::Open { shape: Shape::Thread, name, near: job.conversation.clone() };
        effects.push(Effect::Place { message: card, to: to.clone(), act });
    }
    if let Place::Thread { id, .. } = place {
        said.kept.shown.thread = Some(id.clone());
    }
    let one = !matches!(place, Place::Thread { refused: false, .. });
    let mut turned = false;
    loop {
        let is_last = one || (said.page.is_some() && said.kept.shown.is_full());
        if said.output.fill(is_last) {
            write(said, job, place, &to, effects);
        }
        if !said.output.waits() {
            break;
        }
        if said.kept.shown.is_full() {
            // From now on it is rewritten.
            continue;
        }
        // One message more with each commit is what platforms and people can take.
        if turned && !all {
            break;
        }
        said.output.turn();
        said.page = None;
        turned = true;
    }
    said.page.clone().filter(|page| before.as_ref() != Some(page))
}

/// Posts the message that is being written, or edits it.
fn write(said: &mut Said, job: &Job, place: &Place, to: &ConversationId, effects: &mut Vec<Effect>) {
    let (to, view) = (to.clone(), said.output.view(heading(&said.output, job, place)));
    if let Some(message) = said.page.clone() {
        effects.push(Effect::EditMessage { message, to, view, private_to: None });
        return;
    }
    let message = MessageRef::new(ids::fresh());
    effects.push(Effect::PostMessage { message: message.clone(), to, view, private_to: None, reply: false });
    said.page = Some(message);
    said.kept.shown.pages += 1;
}

/// A message below the card says whose output it is; one in the card's thread only which run's, if there was another.
fn heading(output: &Output, job: &Job, place: &Place) -> String {
    match place {
        Place::Thread { refused: false, .. } if job.attempts > 1 && output.is_first() => {
            format!("Run {}", job.attempts)
        }
        Place::Thread { refused: false, .. } => String::new(),
        _ => format!("Output of {}", job.title),
    }
}
