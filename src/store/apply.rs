//! What a batch of commits writes: a fixed number of statements, however many commands are in it, in one trip if the writer
//! knows all that must be checked, in two if it has to ask.

use super::audit::{self, Head};
use super::commit::{Commit, CommitOutcome, Committed};
use super::entrance::{self, Entered, Entering};
use super::error::StoreError;
use super::gather::{Writes, deliveries, gather, seal};
use super::script::Script;
use super::session::Session;
use super::timeline::Line;
use super::validate::{Decision, Revisions};
use super::whereabouts::Answers;
use super::work::Accept;
use super::{
    approvals, conversations, copies, inbox, incidents, jobs, kv, messages, mirrors, outbox, receipts, reserve,
    schedules, status, stream, timeline, timers,
};
use crate::audit::AuditRecord;
use crate::model::job::JobChange;
use sqlx::Row;
use std::collections::{HashMap, HashSet};

/// The platform whose messages live in this database, and are therefore delivered by the commit itself.
pub const CONSOLE: &str = "console";

/// Commits and bare audit records that go into one transaction.
pub(super) struct Batch<'a> {
    pub(super) owner: &'a str,
    pub(super) now_ms: i64,
    pub(super) commits: &'a [&'a Commit],
    pub(super) records: &'a [&'a AuditRecord],
    /// Deliveries to store with them: first those that these commits finish, which were not stored before.
    pub(super) births: &'a [&'a Accept],
    /// How many those are.
    pub(super) born: usize,
    /// What is remembered of conversations.
    pub(super) answers: &'a Answers,
}

/// What is to become of a batch once its transaction is committed.
pub(super) struct Applied {
    /// Of each commit, in order.
    pub(super) outcomes: Vec<CommitOutcome>,
    /// The head row as it was found and as it will be, and the revisions there will be then.
    pub(super) after: (Head, Head, Revisions),
    /// How the births were taken in.
    pub(super) entered: Entered,
}

/// A batch, weighed.
struct Weighed<'a> {
    outcomes: Vec<CommitOutcome>,
    winners: Vec<&'a Commit>,
    writes: Writes<'a>,
    head: Head,
    revisions: Revisions,
}

/// Validates a batch and adds what it writes to the script.
pub(super) async fn commits(
    session: &mut Session,
    script: &mut Script,
    batch: &Batch<'_>,
) -> Result<Applied, StoreError> {
    let engine = session.engine();
    // Nothing is decided against anybody from memory, for it may be that the memory is what is old.
    if let Some(head) = session.known.head().cloned()
        && let Some(revisions) = Revisions::from_memory(&session.known, batch.commits)
    {
        let weighed = weigh(session, batch, head.clone(), revisions, None).await?;
        if weighed.winners.len() == batch.commits.len() {
            return write(session, script, batch, head, weighed, None).await;
        }
    }
    let lock = script.push(audit::lock_head(engine));
    // Below the lock: a delivery whose commit has to wait for it can be stored by the other writer meanwhile.
    let births = Entering { accepts: batch.births, ..Entering::default() };
    let entered = entrance::push(script, engine, batch.owner, births)?;
    let asked = Revisions::ask(engine, script, batch.commits);
    // A worker's step of a job finishes no event; it holds if the claim does.
    let ids: Vec<_> = batch.commits.iter().filter(|commit| commit.job.is_none()).map(|commit| &commit.inbox).collect();
    let open = (!ids.is_empty()).then(|| script.push(inbox::open(engine, batch.owner, &ids)));
    script.open(session).await?;
    let head = audit::head_of(&script.take(lock), batch.now_ms)?;
    if !session.known.left(&head) {
        batch.answers.met_stranger();
    }
    let mut revisions = Revisions::read(script, asked);
    revisions.ask_job_keys(session.connection(), batch.commits).await?;
    revisions.ask_public(session.connection(), batch.commits).await?;
    let open: HashSet<String> =
        open.map(|open| script.take(open)).unwrap_or_default().iter().map(|row| row.get(0)).collect();
    let weighed = weigh(session, batch, head.clone(), revisions, Some(&open)).await?;
    write(session, script, batch, head, weighed, Some(entered)).await
}

/// Decides which commits hold and gathers what they write. `open` names the events that are still ours; `None` leaves that
/// to the statement that finishes them.
async fn weigh<'a>(
    session: &mut Session,
    batch: &Batch<'a>,
    mut head: Head,
    mut revisions: Revisions,
    open: Option<&HashSet<String>>,
) -> Result<Weighed<'a>, StoreError> {
    let mut outcomes = Vec::with_capacity(batch.commits.len());
    let found = (head.audit_seq, head.stream_seq);
    let mut winners = Vec::new();
    let mut won = HashSet::new();
    let mut writes = Writes::default();
    for commit in batch.commits {
        // A second commit of the same event in one batch has lost it to the first.
        let lost = commit.job.is_none() && open.is_some_and(|open| !open.contains(commit.inbox.as_str()));
        if lost || won.contains(commit.inbox.as_str()) {
            outcomes.push(CommitOutcome::Fenced);
            continue;
        }
        if commit.as_of.is_some_and(|at| !batch.answers.holds(at)) {
            outcomes.push(CommitOutcome::Astray);
            continue;
        }
        match revisions.decide(session.connection(), commit, &head.reserved).await? {
            Decision::Reserved => outcomes.push(CommitOutcome::Reserved),
            Decision::Lost(to) => outcomes.push(CommitOutcome::Conflict(to)),
            Decision::Holds => {
                if let Some(step) = &commit.job
                    && !jobs::step(session.connection(), batch.owner, commit.now_ms, step).await?
                {
                    outcomes.push(CommitOutcome::Fenced);
                    continue;
                }
                let (from, told) = (writes.outbox.len(), writes.lines.len());
                gather(commit, &revisions, &mut head, &mut writes)?;
                revisions.count(commit, writes.lines[told..].iter().map(|(line, _)| line));
                writes.outbox.extend(deliveries(commit));
                outcomes.push(CommitOutcome::Committed(Committed {
                    rows: writes.outbox[from..].to_vec(),
                    children: commit.children.clone(),
                    jobs: !commit.jobs.is_empty(),
                }));
                winners.push(*commit);
                won.insert(commit.inbox.as_str());
            }
        }
    }
    for record in batch.records {
        seal(record, &mut head, &mut writes.audit);
    }
    // What moves nothing must not take away a mark either, or the head would be as it was before whoever left that: what others
    // remember would pass for true.
    if found != (head.audit_seq, head.stream_seq) {
        head.stored = reserve::format(&head.reserved)?;
    }
    Ok(Weighed { outcomes, winners, writes, head, revisions })
}

/// Adds a weighed batch's statements to the script; the head row first, which is the lock if it is not held yet. `entered` says that
/// the births are stored, and where the answer is.
///
/// A table whose functions take a connection does its part with `script.open(session).await?`, which sends what has been
/// collected; the rest goes in the next trip.
async fn write(
    session: &mut Session,
    script: &mut Script,
    batch: &Batch<'_>,
    found: Head,
    weighed: Weighed<'_>,
    entered: Option<Entered>,
) -> Result<Applied, StoreError> {
    let engine = session.engine();
    let Weighed { outcomes, winners, writes, head, revisions } = weighed;
    if winners.is_empty() && writes.audit.is_empty() {
        let entered = entered.unwrap_or_default();
        return Ok(Applied { outcomes, after: (found.clone(), found, revisions), entered });
    }
    script.push(audit::move_head(&found, &head));
    let events = winners.iter().filter(|commit| commit.job.is_none());
    let unborn = if entered.is_some() { &[] } else { &batch.births[..batch.born] };
    let mut unborn: HashMap<_, _> = unborn.iter().map(|accept| (&accept.delivery.id, &accept.delivery)).collect();
    let mut finished: Vec<_> = events
        .map(|commit| {
            let born = unborn.remove(&commit.inbox);
            inbox::Finished { id: &commit.inbox, result: &commit.result, born }
        })
        .collect();
    // As they are accepted: whoever inserts the same ones waits in the same order.
    finished.sort_by(|a, b| a.id.cmp(b.id));
    let children: Vec<_> = winners.iter().flat_map(|commit| &commit.children).collect();
    let done = finished.iter().filter_map(|finished| finished.born.map(|born| born.id.clone())).collect();
    let accepts = if entered.is_some() { &[] } else { batch.births };
    let entering = entrance::push(script, engine, batch.owner, Entering { accepts, children: &children, done })?;
    let entered = entered.unwrap_or(entering);
    if !writes.audit.is_empty() {
        script.push(audit::append(engine, &writes.audit));
    }
    if !finished.is_empty() {
        script.push(inbox::finish(engine, batch.owner, batch.now_ms, &finished)?);
    }
    if !writes.kv.is_empty() {
        script.push(kv::write(engine, batch.now_ms, &writes.kv));
    }
    let changed: Vec<_> = winners.iter().flat_map(|commit| &commit.incidents).collect();
    if !changed.is_empty() {
        script.push(incidents::write(engine, &changed)?);
    }
    let decided: Vec<_> = winners.iter().flat_map(|commit| &commit.approvals).collect();
    if !decided.is_empty() {
        script.push(approvals::write(engine, &decided)?);
    }
    let theirs = winners.iter().flat_map(|commit| {
        let (source, via) = (Some(commit.source.as_str()), commit.via.as_deref());
        commit.timeline.iter().map(move |entry| Line { entry, source, via })
    });
    let pages = writes.lines.iter().map(|(entry, source)| Line { entry, source: Some(source), via: None });
    let lines: Vec<_> = theirs.chain(pages).collect();
    if !lines.is_empty() {
        script.push(timeline::append(engine, &lines));
    }
    script.extend(writes.contacts);
    script.extend(timers::apply(engine, &writes.timers));
    script.extend(schedules::apply(engine, &writes.schedules));
    script.extend(winners.iter().flat_map(|commit| copies::pins(&commit.pins)));
    let started: Vec<_> = winners.iter().flat_map(|commit| starts(commit)).collect();
    if !started.is_empty() {
        script.push(jobs::insert(engine, &started));
    }
    for commit in &winners {
        script.extend(commit.jobs.iter().filter_map(|change| jobs::wish(commit.now_ms, change)));
    }
    if !writes.messages.is_empty() {
        script.push(messages::insert(engine, &writes.messages)?);
    }
    if !writes.edits.is_empty() {
        script.push(messages::set_views(engine, &writes.edits)?);
    }
    if !writes.stream.is_empty() {
        script.push(stream::append(engine, &writes.stream));
    }
    if !writes.outbox.is_empty() {
        script.push(outbox::insert(engine, batch.owner, &writes.outbox)?);
    }
    for commit in &winners {
        script.extend(commit.resend.iter().map(|id| outbox::send_again(id, commit.now_ms)));
    }
    for approved in winners.iter().flat_map(|commit| &commit.publications) {
        let connection = script.open(session).await?;
        status::publish(connection, engine, &approved.publication, &approved.by, batch.now_ms).await?;
    }
    if !writes.receipts.is_empty() {
        script.push(receipts::insert(engine, &writes.receipts));
    }
    script.extend(conversations::write(engine, CONSOLE, &writes.places));
    script.extend(mirrors::insert(engine, &winners.iter().flat_map(|commit| &commit.mirrors).collect::<Vec<_>>()));
    Ok(Applied { outcomes, after: (found, head, revisions), entered })
}

/// The jobs that a commit enqueues.
fn starts(commit: &Commit) -> impl Iterator<Item = jobs::NewRow<'_>> {
    commit.jobs.iter().filter_map(|change| match change {
        JobChange::Start(job) => Some(jobs::NewRow {
            job,
            inbox: &commit.inbox,
            root: &commit.root,
            conversation: &commit.conversation,
            incident: commit.incident.as_ref(),
            now_ms: commit.now_ms,
        }),
        _ => None,
    })
}
