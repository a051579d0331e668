//! One commit as the rows that its batch writes.

use super::apply::CONSOLE;
use super::audit::Head;
use super::commit::Commit;
use super::contacts;
use super::conversations::AskedFor;
use super::error::StoreError;
use super::messages::{MessageRow, NewMessage};
use super::outbox::OutboxRow;
use super::pages::{self, PageEnd, Told};
use super::receipts::{self, NewReceipt};
use super::statement::Statement;
use super::stream::{self, StreamItem};
use super::validate::Revisions;
use crate::audit::{AuditRecord, SealedRecord};
use crate::model::effect::Effect;
use crate::model::ids::{self, MessageRef};
use crate::model::incident::TimelineEntry;
use crate::model::page::NOTIFY;
use serde_json::json;

/// Whose the host's own messages are.
const HOST: &str = "drillbell";
/// Pages go first.
const URGENT: i64 = 0;
/// Everything else.
const ORDINARY: i64 = 5;

/// Everything a batch of commits writes, gathered before the first statement.
#[derive(Default)]
pub(super) struct Writes<'a> {
    pub(super) kv: Vec<(&'a crate::model::changes::KvKey, Option<&'a str>, i64)>,
    pub(super) timers: Vec<(&'a crate::model::changes::TimerChange, &'a str)>,
    pub(super) schedules: Vec<(&'a crate::model::changes::ScheduleChange, &'a str)>,
    pub(super) messages: Vec<NewMessage<'a>>,
    pub(super) edits: Vec<(&'a MessageRef, &'a crate::model::view::View)>,
    pub(super) stream: Vec<StreamItem>,
    pub(super) lines: Vec<(TimelineEntry, &'a str)>,
    pub(super) places: Vec<AskedFor<'a>>,
    pub(super) outbox: Vec<OutboxRow>,
    pub(super) receipts: Vec<NewReceipt>,
    pub(super) audit: Vec<SealedRecord>,
    pub(super) contacts: Vec<Statement>,
}

pub(super) fn seal(record: &AuditRecord, head: &mut Head, audit: &mut Vec<SealedRecord>) {
    let sealed = record.seal(head.audit_seq + 1, &head.audit_hash);
    head.audit_seq = sealed.seq;
    head.audit_hash.clone_from(&sealed.hash);
    audit.push(sealed);
}

/// Turns one commit into rows.
pub(super) fn gather<'a>(
    commit: &'a Commit,
    revisions: &Revisions,
    head: &mut Head,
    writes: &mut Writes<'a>,
) -> Result<(), StoreError> {
    head.reserved.retain(|reservation| reservation.holder != commit.inbox);
    writes.kv.extend(commit.kv.iter().map(|(key, value)| (key, value.as_deref(), revisions.next_of_key(key))));
    writes.timers.extend(commit.timers.iter().map(|change| (change, commit.inbox.as_str())));
    writes.schedules.extend(commit.schedules.iter().map(|change| (change, commit.inbox.as_str())));

    if let Some(echo) = &commit.echo {
        let item = StreamItem {
            seq: 0,
            conversation: commit.conversation.clone(),
            kind: "typed".to_owned(),
            message: MessageRef::new(""),
            root: commit.root.clone(),
            author: echo.author.to_string(),
            private_to: echo.private_to.clone(),
            payload: json!({"text": echo.text}),
            at_ms: commit.now_ms,
        };
        push(head, &mut writes.stream, item);
    }
    let notices = commit.notices.iter().map(|effect| (effect, HOST));
    for (effect, author) in notices.chain(commit.effects.iter().map(|effect| (effect, commit.plugin.as_str()))) {
        match effect {
            // A notifier's pages can be neither edited nor clicked.
            Effect::Page { to, .. } if to.platform() == NOTIFY => {}
            Effect::PostMessage { message, to, view, private_to, .. }
            | Effect::Page { message, to, view, private_to, .. } => writes.messages.push(NewMessage {
                row: MessageRow {
                    id: message.clone(),
                    plugin: author.into(),
                    conversation: to.clone(),
                    incident: commit.incident.clone(),
                    private_to: private_to.clone(),
                    view: view.clone(),
                },
                inbox: &commit.inbox,
                root: &commit.root,
                created_ms: commit.now_ms,
            }),
            Effect::EditMessage { message, view, .. } => writes.edits.push((message, view)),
            Effect::AddReaction { .. } => {}
            Effect::Place { message, to, act } => {
                let (incident, now_ms) = (commit.incident.as_ref(), commit.now_ms);
                writes.places.push(AskedFor { to, message, act, plugin: author, incident, now_ms });
            }
        }
        if effect.conversation().platform() == CONSOLE {
            push(head, &mut writes.stream, shown(commit, effect, author));
            for told in stream::invitations(&commit.effects, effect) {
                push(head, &mut writes.stream, StreamItem { root: commit.root.clone(), at_ms: commit.now_ms, ..told });
            }
            // The commit is the one attempt that a page to the console needs.
            let sent = PageEnd::Sent { native: None };
            if let Some(Told { record, line }) = pages::told(effect, "", commit.now_ms, 1, &sent) {
                seal(&record, head, &mut writes.audit);
                writes.lines.extend(line.map(|line| (line, commit.source.as_str())));
                writes.contacts.extend(contacts::tested(effect, commit.now_ms, &sent));
            }
        }
    }

    if commit.job.as_ref().is_some_and(|step| !step.change.is_audited()) {
        return Ok(());
    }
    let mut record = commit.audit.clone();
    if let Some(receipt) = &commit.receipt {
        let (body, digest) = receipts::seal(receipt)?;
        record.detail["receipt"] = json!(digest);
        writes.receipts.push(NewReceipt {
            id: ids::fresh(),
            inbox: commit.inbox.clone(),
            plugin: commit.plugin.clone(),
            at_ms: commit.now_ms,
            body,
        });
    }
    seal(&record, head, &mut writes.audit);
    Ok(())
}

fn push(head: &mut Head, stream: &mut Vec<StreamItem>, item: StreamItem) {
    head.stream_seq += 1;
    stream.push(StreamItem { seq: head.stream_seq, ..item });
}

/// An effect as a line of the console stream.
fn shown(commit: &Commit, effect: &Effect, author: &str) -> StreamItem {
    let (kind, payload) = match effect {
        Effect::PostMessage { view, .. } | Effect::Page { view, .. } => ("post", json!(view)),
        Effect::EditMessage { view, .. } => ("edit", json!(view)),
        Effect::AddReaction { emoji, .. } => ("reaction", json!({"emoji": emoji})),
        Effect::Place { act, .. } => stream::of_place(act),
    };
    StreamItem {
        seq: 0,
        conversation: effect.conversation().clone(),
        kind: kind.to_owned(),
        message: effect.message().clone(),
        root: commit.root.clone(),
        author: author.to_owned(),
        private_to: effect.private_to().cloned(),
        payload,
        at_ms: commit.now_ms,
    }
}

/// The effects that leave the house.
pub(super) fn deliveries(commit: &Commit) -> impl Iterator<Item = OutboxRow> {
    let effects = commit.notices.iter().chain(&commit.effects);
    effects.filter(|effect| effect.conversation().platform() != CONSOLE).map(|effect| OutboxRow {
        id: ids::fresh(),
        inbox: commit.inbox.clone(),
        root: commit.root.clone(),
        effect: effect.clone(),
        priority: if effect.is_page() { URGENT } else { ORDINARY },
        created_ms: commit.now_ms,
        attempts: 0,
        taken_over: false,
    })
}
