//! What a worker writes about a job it has in hand, as part of a commit: the row only if the claim still stands, and
//! everything else of the commit only with it.

use crate::model::drill::{DRILL, Drill};
use crate::model::ids::MessageRef;
use crate::model::job::JobState;
use crate::store::drills;
use crate::store::error::StoreError;
use sqlx::{AnyConnection, Row};

/// A step of a job, for `Commit::job`: it takes the place of finishing an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStep {
    /// Which job.
    pub id: String,
    /// The epoch of the claim under which it is written.
    pub epoch: i64,
    /// What happened.
    pub change: StepChange,
}

/// What happened to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepChange {
    /// A run begins: from now on nobody knows how far it got if its process dies.
    Begin {
        /// Its card, posted by this very commit or before.
        card: Option<MessageRef>,
        /// Which host and process runs it.
        place: String,
    },
    /// How far it is. Not on the audit trail.
    Progress {
        /// As its runner keeps it, JSON.
        progress: String,
        /// The message with its output, once there is one.
        output: Option<MessageRef>,
    },
    /// It waits for another run.
    Again {
        /// Not before this moment, by the host's clock.
        due_ms: i64,
        /// How far it came, as its runner keeps it, JSON.
        progress: String,
    },
    /// Its process died, and people are asked.
    Ask {
        /// Its card, posted by this very commit or before.
        card: Option<MessageRef>,
    },
    /// It has ended.
    End {
        /// One of the states that are an end.
        state: JobState,
        /// `{"outcome": SENTENCE, "result": …}`.
        result: String,
        /// Its card, posted by this very commit or before.
        card: Option<MessageRef>,
    },
}

impl StepChange {
    /// Whether the audit trail tells of it.
    pub fn is_audited(&self) -> bool {
        !matches!(self, Self::Progress { .. })
    }
}

const BEGIN: &str = "update jobs set state = 'running', attempts = attempts + 1, child = null, \
                     started_ms = coalesce(started_ms, $4), card = coalesce($5, card), place = $6 \
                     where id = $1 and owner = $2 and epoch = $3 and ended_ms is null returning id";
const PROGRESS: &str = "update jobs set progress = $4, output = coalesce($5, output) \
                        where id = $1 and owner = $2 and epoch = $3 and ended_ms is null returning id";
// A wish that came meanwhile stays, unless it is the one that brought it here.
const AGAIN: &str = "update jobs set state = 'ready', due_ms = $4, progress = $5, lease_ms = 0, owner = null, child = null, \
                     wish_by = case when wish = 'again' then null else wish_by end, \
                     wish = case when wish = 'again' then null else wish end \
                     where id = $1 and owner = $2 and epoch = $3 and ended_ms is null returning id";
// The child stays on record: one that could not be ended must be looked for before another run.
const ASK: &str = "update jobs set state = 'lost', lease_ms = 0, owner = null, card = coalesce($4, card), \
                   wish_by = case when wish = 'again' then null else wish_by end, \
                   wish = case when wish = 'again' then null else wish end \
                   where id = $1 and owner = $2 and epoch = $3 and ended_ms is null returning id";
const END: &str = "update jobs set state = $4, ended_ms = $5, result = $6, card = coalesce($7, card), child = null, \
                   lease_ms = 0 where id = $1 and owner = $2 and epoch = $3 and ended_ms is null returning id, kind, spec";

/// Writes a step; `false` if the claim no longer stands, and then nothing of its commit may be written.
pub(in crate::store) async fn step(
    connection: &mut AnyConnection,
    owner: &str,
    now_ms: i64,
    step: &JobStep,
) -> Result<bool, StoreError> {
    let text = |message: &Option<MessageRef>| message.as_ref().map(|message| message.as_str().to_owned());
    let of = |sql: &'static str| sqlx::query(sql).bind(step.id.clone()).bind(owner.to_owned()).bind(step.epoch);
    let query = match &step.change {
        StepChange::Begin { card, place } => of(BEGIN).bind(now_ms).bind(text(card)).bind(place.clone()),
        StepChange::Progress { progress, output } => of(PROGRESS).bind(progress.clone()).bind(text(output)),
        StepChange::Again { due_ms, progress } => of(AGAIN).bind(*due_ms).bind(progress.clone()),
        StepChange::Ask { card } => of(ASK).bind(text(card)),
        StepChange::End { state, result, card } => {
            of(END).bind(state.as_str()).bind(now_ms).bind(result.clone()).bind(text(card))
        }
    };
    let row = query.fetch_optional(&mut *connection).await.map_err(StoreError::doing("writing a step of a job"))?;
    let Some(row) = row.filter(|row| row.get::<String, _>(0) == step.id) else { return Ok(false) };
    if let StepChange::End { state, result, .. } = &step.change
        && row.get::<String, _>(1) == DRILL
        && let Some(drill) = Drill::read(&step.id, &row.get::<String, _>(2), *state, result, now_ms)
    {
        drills::keep(connection, &drill).await?;
    }
    Ok(true)
}
