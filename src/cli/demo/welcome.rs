//! The demo's first message: what to type. Posted once, into an empty console, like any other message: by a commit.

use crate::audit::AuditRecord;
use crate::cli::failure::Failure;
use crate::dispatch::HOST;
use crate::model::effect::Effect;
use crate::model::event::{CommandReceived, Delivery, Event, Person};
use crate::model::ids::{self, DeliveryId, MessageRef, PersonId};
use crate::model::view::{Block, Tone, View};
use crate::store::{Accepted, Commit, EventResult, OutcomeStatus, Store};

/// Its delivery id: a second one is recognised.
const ID: &str = "demo/welcome";
const CHANNEL: &str = "#incidents";

/// Posts it, unless anything has been said before.
///
/// # Errors
/// The database does not answer.
pub(super) async fn post(store: &Store) -> Result<(), Failure> {
    if store.stream_seq().await? > 0 {
        return Ok(());
    }
    let conversation = crate::cli::place::conversation(CHANNEL);
    let id = DeliveryId::from(ID);
    let by = Person { id: PersonId::from(HOST), name: HOST.to_owned() };
    // Should we die before the commit below, the next start handles it as the command that it is.
    let delivery = Delivery {
        id: id.clone(),
        root: id.clone(),
        conversation: conversation.clone(),
        received_ms: store.now_ms(),
        plugin: None,
        approval: None,
        event: Event::CommandReceived(CommandReceived {
            text: "/drillbell help".to_owned(),
            by: by.clone(),
            asserted_by: None,
        }),
    };
    if store.accept(delivery).await? != Accepted::New {
        return Ok(());
    }
    let now_ms = store.now_ms();
    let mut audit = AuditRecord::new(now_ms, "command");
    audit.actor = Some(by.id);
    audit.plugin = Some(HOST.into());
    audit.conversation = Some(conversation.clone());
    audit.delivery = Some(id.clone());
    audit.outcome = OutcomeStatus::Ok.as_str().to_owned();
    let view = view();
    let said = EventResult::said(OutcomeStatus::Ok, view.to_plain());
    let commit = Commit {
        effects: vec![Effect::PostMessage {
            message: MessageRef::new(ids::fresh()),
            to: conversation.clone(),
            view,
            private_to: None,
            reply: true,
        }],
        ..Commit::plain(id.clone(), id, conversation, HOST.into(), now_ms, said, audit)
    };
    store.commit(commit).await?;
    Ok(())
}

fn view() -> View {
    View {
        title: "Welcome to Drillbell".to_owned(),
        tone: Tone::Info,
        blocks: vec![
            Block::Text {
                text: "This is #incidents. Commands begin with a slash; each is handled by a plugin in a sandbox, and \
                       what it did is committed and audited in one piece."
                    .to_owned(),
            },
            Block::Code {
                text: "/demo break\n/sev declare sev1 checkout is down\n/sev note the payment provider answers slowly\n/sev \
                       list\n/sev resolve\n/backup run shop\n/backup status\n/drillbell plugins"
                    .to_owned(),
            },
            Block::Text {
                text: "A little shop runs beside the bot, in a process of its own. `/demo break` deploys a release of it that is no \
                       good: half a minute later a card in #alerts says so (in the terminal, `/channel #alerts` shows it). Its button \
                       declares an incident, `/demo heal` takes the release back, and the card says that it is over."
                    .to_owned(),
            },
            Block::Context {
                text:
                    "Pull the plug at any moment: nothing is lost, nothing happens twice. `/drillbell audit --verify` \
                       checks the trail."
                        .to_owned(),
            },
        ],
    }
}
