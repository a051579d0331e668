//! One transaction for a whole batch: a fixed number of statements, however many commands are in it.

use super::audit::{self, Head};
use super::commit::{Commit, CommitOutcome, Committed};
use super::error::StoreError;
use super::messages::{self, MessageRow, NewMessage};
use super::outbox::{self, Mark, OutboxRow};
use super::receipts::{self, NewReceipt};
use super::sql::Engine;
use super::stream::{self, StreamItem};
use super::timers::{self, Timer};
use super::validate::{Decision, Revisions};
use super::{approvals, inbox, incidents, kv, timeline};
use crate::audit::{AuditRecord, SealedRecord};
use crate::model::effect::Effect;
use crate::model::event::Delivery;
use crate::model::ids::{self, MessageRef};
use serde_json::json;
use sqlx::AnyConnection;
use std::collections::HashSet;

/// The platform whose messages live in this database, and are therefore delivered by the commit itself.
pub const CONSOLE: &str = "console";
/// Whose the host's own messages are.
const HOST: &str = "drillbell";
/// What ordinary messages wait behind; 0 is for pages.
const ORDINARY: i64 = 5;

/// A delivery to store; for a timer's, the timer that it consumes.
pub(super) struct Accept {
    pub(super) delivery: Delivery,
    pub(super) timer: Option<Timer>,
}

/// Stores deliveries and removes the timers that they consume. A timer that is no longer there as it was read, because it
/// was set anew, cancelled, or fired by another replica, fires not.
pub(super) async fn accepts(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    accepts: &[&Accept],
) -> Result<Vec<inbox::Accepted>, StoreError> {
    let mut stands = Vec::with_capacity(accepts.len());
    for accept in accepts {
        stands.push(match &accept.timer {
            Some(timer) => timers::remove(connection, &timer.plugin, &timer.name, &timer.set_by).await?,
            None => true,
        });
    }
    let deliveries: Vec<_> =
        accepts.iter().zip(&stands).filter(|(_, stands)| **stands).map(|(accept, _)| &accept.delivery).collect();
    let accepted = match deliveries.is_empty() {
        true => Vec::new(),
        false => inbox::accept(connection, engine, owner, &deliveries).await?,
    };
    let mut accepted = accepted.into_iter();
    let answers = stands.into_iter().map(|stands| match stands {
        true => accepted.next().unwrap_or(inbox::Accepted::Duplicate(None)),
        false => inbox::Accepted::Duplicate(None),
    });
    Ok(answers.collect())
}

/// Writes down how deliveries on platforms went.
pub(super) async fn marks(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    now_ms: i64,
    marks: &[(String, Mark)],
) -> Result<(), StoreError> {
    let marks: Vec<_> = marks.iter().map(|(id, mark)| (id.as_str(), mark)).collect();
    outbox::mark(connection, engine, owner, now_ms, &marks).await
}

/// Everything a batch of commits writes, gathered before the first statement.
#[derive(Default)]
struct Writes<'a> {
    kv: Vec<(&'a crate::model::changes::KvKey, Option<&'a str>, i64)>,
    timers: Vec<(&'a crate::model::changes::TimerChange, &'a str)>,
    messages: Vec<NewMessage<'a>>,
    edits: Vec<(&'a MessageRef, &'a crate::model::view::View)>,
    stream: Vec<StreamItem>,
    outbox: Vec<OutboxRow>,
    receipts: Vec<NewReceipt>,
    audit: Vec<SealedRecord>,
}

/// Validates and writes commits and bare audit records. Those in `fenced` are known to have lost their event.
///
/// Returns what became of each commit, or the ids newly found to be fenced: then nothing may be committed, and the caller
/// rolls back and asks again without them.
pub(super) async fn commits(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    now_ms: i64,
    batch: &[&Commit],
    records: &[&AuditRecord],
    fenced: &HashSet<String>,
) -> Result<Result<Vec<CommitOutcome>, HashSet<String>>, StoreError> {
    let mut head = audit::lock_head(connection, now_ms).await?;
    let mut revisions = Revisions::load(connection, engine, batch).await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut winners = Vec::new();
    let mut won = HashSet::new();
    let mut writes = Writes::default();
    for commit in batch {
        // A second commit of the same event in one batch has lost it to the first.
        if fenced.contains(commit.inbox.as_str()) || won.contains(commit.inbox.as_str()) {
            outcomes.push(CommitOutcome::Fenced);
            continue;
        }
        match revisions.decide(connection, commit, &head.reserved).await? {
            Decision::Reserved => outcomes.push(CommitOutcome::Reserved),
            Decision::Lost(to) => outcomes.push(CommitOutcome::Conflict(to)),
            Decision::Holds => {
                gather(commit, &revisions, &mut head, &mut writes)?;
                revisions.count(commit);
                let from = writes.outbox.len();
                writes.outbox.extend(deliveries(commit));
                outcomes.push(CommitOutcome::Committed(Committed {
                    rows: writes.outbox[from..].to_vec(),
                    children: commit.children.clone(),
                }));
                winners.push(*commit);
                won.insert(commit.inbox.as_str());
            }
        }
    }
    for record in records {
        seal(record, &mut head, &mut writes.audit);
    }
    if !winners.is_empty() {
        let finished: Vec<_> = winners.iter().map(|commit| (&commit.inbox, &commit.result)).collect();
        let open = inbox::finish(connection, engine, owner, now_ms, &finished).await?;
        let lost: HashSet<String> =
            winners.iter().map(|c| c.inbox.as_str().to_owned()).filter(|id| !open.contains(id)).collect();
        if !lost.is_empty() {
            return Ok(Err(lost));
        }
    }
    if winners.is_empty() && records.is_empty() {
        return Ok(Ok(outcomes));
    }
    write(connection, engine, owner, now_ms, &winners, &writes).await?;
    let children: Vec<_> = winners.iter().flat_map(|commit| &commit.children).collect();
    if !children.is_empty() {
        inbox::accept(connection, engine, owner, &children).await?;
    }
    audit::write_head(connection, &head).await?;
    Ok(Ok(outcomes))
}

fn seal(record: &AuditRecord, head: &mut Head, audit: &mut Vec<SealedRecord>) {
    let sealed = record.seal(head.audit_seq + 1, &head.audit_hash);
    head.audit_seq = sealed.seq;
    head.audit_hash.clone_from(&sealed.hash);
    audit.push(sealed);
}

/// Turns one commit into rows.
fn gather<'a>(
    commit: &'a Commit,
    revisions: &Revisions,
    head: &mut Head,
    writes: &mut Writes<'a>,
) -> Result<(), StoreError> {
    head.reserved.retain(|reservation| reservation.holder != commit.inbox);
    writes.kv.extend(commit.kv.iter().map(|(key, value)| (key, value.as_deref(), revisions.next_of_key(key))));
    writes.timers.extend(commit.timers.iter().map(|change| (change, commit.inbox.as_str())));

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
            Effect::PostMessage { message, to, view, private_to, .. } => writes.messages.push(NewMessage {
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
        }
        if effect.conversation().platform() == CONSOLE {
            push(head, &mut writes.stream, shown(commit, effect, author));
        }
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
        Effect::PostMessage { view, .. } => ("post", json!(view)),
        Effect::EditMessage { view, .. } => ("edit", json!(view)),
        Effect::AddReaction { emoji, .. } => ("reaction", json!({"emoji": emoji})),
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
fn deliveries(commit: &Commit) -> impl Iterator<Item = OutboxRow> {
    let effects = commit.notices.iter().chain(&commit.effects);
    effects.filter(|effect| effect.conversation().platform() != CONSOLE).map(|effect| OutboxRow {
        id: ids::fresh(),
        inbox: commit.inbox.clone(),
        root: commit.root.clone(),
        effect: effect.clone(),
        priority: ORDINARY,
        created_ms: commit.now_ms,
        attempts: 0,
    })
}

async fn write(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    now_ms: i64,
    winners: &[&Commit],
    writes: &Writes<'_>,
) -> Result<(), StoreError> {
    if !writes.kv.is_empty() {
        let written = kv::write(connection, engine, now_ms, &writes.kv).await?;
        expect_rows("kv", written, writes.kv.len())?;
    }
    let changed: Vec<_> = winners.iter().flat_map(|commit| &commit.incidents).collect();
    if !changed.is_empty() {
        let written = incidents::write(connection, engine, &changed).await?;
        expect_rows("incidents", written, changed.len())?;
    }
    let decided: Vec<_> = winners.iter().flat_map(|commit| &commit.approvals).collect();
    if !decided.is_empty() {
        let written = approvals::write(connection, engine, &decided).await?;
        expect_rows("approvals", written, decided.len())?;
    }
    let lines: Vec<_> = winners.iter().flat_map(|commit| &commit.timeline).collect();
    if !lines.is_empty() {
        timeline::append(connection, engine, &lines).await?;
    }
    if !writes.timers.is_empty() {
        timers::apply(connection, engine, &writes.timers).await?;
    }
    if !writes.messages.is_empty() {
        messages::insert(connection, engine, &writes.messages).await?;
    }
    for (message, view) in &writes.edits {
        messages::set_view(connection, message, view).await?;
    }
    if !writes.stream.is_empty() {
        stream::append(connection, engine, &writes.stream).await?;
    }
    if !writes.outbox.is_empty() {
        outbox::insert(connection, engine, owner, &writes.outbox).await?;
    }
    if !writes.receipts.is_empty() {
        receipts::insert(connection, engine, &writes.receipts).await?;
    }
    audit::append(connection, engine, &writes.audit).await
}

/// Under the head row's lock every guarded write must hit; anything else is a bug, and nothing of the batch may stay.
fn expect_rows(table: &'static str, written: u64, expected: usize) -> Result<(), StoreError> {
    if usize::try_from(written) == Ok(expected) {
        return Ok(());
    }
    Err(StoreError::Corrupt { table, reason: format!("{expected} rows were to be written, {written} were") })
}
