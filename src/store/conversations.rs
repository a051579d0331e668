//! Conversations that the bot opened: as they shall be (written by the commit that asks for it) and where they really are
//! (written when the platform has opened one, or would not).

use super::error::StoreError;
use super::outbox::OutboxRow;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use super::timeline::{self, Line};
use super::{audit, reserve};
use crate::model::conversation::{Opened, PlaceAct, Shape};
use crate::model::effect::Effect;
use crate::model::ids::{self, ConversationId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::incident::TimelineEntry;
use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};
use std::collections::BTreeMap;

/// Every name of the place `$1`: the platform's, and ours for whatever was opened there. Openings that the platform refused live in a
/// place that is somebody else's.
macro_rules! one_place {
    () => {
        "select cast($1 as text) union all select id from conversations where lives_in = $1 \
         union all select lives_in from conversations where id = $1 and problem is null and lives_in is not null \
         union all select o.id from conversations c join conversations o on o.lives_in = c.lives_in \
         where c.id = $1 and c.problem is null"
    };
}

/// What we call the conversation that the platform calls `$1`; nothing for one that the bot did not open.
macro_rules! called {
    () => {
        "select id from conversations where lives_in = $1 and problem is null and id <> $1 order by created_ms desc limit 1"
    };
}

/// Behind what is asked of them, and before how many: the open incidents that live in the place `$1`, newest first. A place has few and a
/// house may have hundreds: the sum keeps planners from walking through all of them in their order until enough of that place are found.
macro_rules! open_here {
    () => {
        concat!(
            " from incidents where is_open = 1 and conversation in (",
            $crate::store::conversations::one_place!(),
            ") order by number + 0 desc limit "
        )
    };
}
pub(super) use {called, one_place, open_here};

/// How the opening of a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpeningEnd {
    /// The platform opened it.
    There(ConversationId),
    /// The platform would not.
    Instead {
        /// Where everything goes now.
        near: ConversationId,
        /// What the platform said.
        problem: String,
    },
}

/// Something asked for a conversation in a commit.
pub(super) struct AskedFor<'a> {
    pub(super) to: &'a ConversationId,
    pub(super) message: &'a MessageRef,
    pub(super) act: &'a PlaceAct,
    pub(super) plugin: &'a str,
    pub(super) incident: Option<&'a IncidentId>,
    pub(super) now_ms: i64,
}

// No upsert: whoever takes a name that another has just taken fails, runs again, and finds it taken.
const INSERT: Sql = sql!(
    "insert into conversations (id, shape, name, near, plugin, incident, lives_in, created_ms) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, r.value->>4, r.value->>5, r.value->>6, \
     cast(r.value->>7 as bigint) from ",
    rows,
    " where true"
);
// The insert half never happens; it is there so that both planners go by the primary key.
const PATCH: Sql = sql!(
    "insert into conversations (id, shape, name, near, plugin, created_ms, topic, pinned, archived) \
     select r.value->>0, '', '', '', r.value->>4, 0, r.value->>1, r.value->>2, cast(r.value->>3 as bigint) from ",
    rows,
    " where (select count(*) from conversations c where c.id = r.value->>0) > 0 \
     on conflict (id) do update set topic = coalesce(excluded.topic, conversations.topic), \
     pinned = case when excluded.plugin <> conversations.plugin then conversations.pinned \
     when substr(excluded.pinned, 1, 1) <> '-' then excluded.pinned \
     when substr(excluded.pinned, 2) = conversations.pinned then '' else conversations.pinned end, \
     archived = coalesce(excluded.archived, conversations.archived)"
);
const INVITE: Sql = sql!(
    "insert into invitations (conversation, person) select r.value->>0, r.value->>1 from ",
    rows,
    " where true on conflict (conversation, person) do nothing"
);
const COLUMNS: &str = "select id, shape, name, near, plugin, incident, coalesce(topic, ''), pinned, coalesce(archived, 0), \
                       lives_in, problem, created_ms from conversations where";
const ENDED: &str = "update outbox set attempts = attempts + 1, done_ms = $2, state = $3, error = nullif($4, '') \
                     where id = $1 and done_ms is null and owner = $5 returning id";
const SETTLE: &str =
    "update conversations set lives_in = $2, problem = nullif($3, '') where id = $1 returning incident";

/// What changes of conversations, a row each; what cannot be said in one row comes in a later round.
#[derive(Default)]
struct Patches<'a>(Vec<BTreeMap<&'a ConversationId, Value>>);

impl<'a> Patches<'a> {
    /// The row of a conversation that a plugin changes: topic, pinned message, archived. `apart`: what was said of pins before comes first.
    fn of(&mut self, to: &'a ConversationId, plugin: &str, apart: bool) -> &mut Value {
        let is_taken = |row: &Value| row[4] != plugin || (apart && !row[2].is_null());
        let fits = self.0.last().is_some_and(|round| !round.get(to).is_some_and(is_taken));
        if !fits {
            self.0.push(BTreeMap::new());
        }
        let last = self.0.len() - 1;
        self.0[last].entry(to).or_insert_with(|| json!([to, null, null, null, plugin]))
    }
}

/// The statements of what a batch asks for; none if it asks for nothing.
pub(super) fn write(engine: Engine, console: &str, asked: &[AskedFor<'_>]) -> Vec<Statement> {
    let (mut opened, mut patches, mut invited) = (Vec::new(), Patches::default(), Vec::new());
    for AskedFor { to, message, act, plugin, incident, now_ms } in asked {
        match act {
            PlaceAct::Open { shape, name, near } => {
                let lives_in = (to.platform() == console).then_some(*to);
                opened.push(json!([to, shape.as_str(), name, near, plugin, incident, lives_in, now_ms]));
            }
            PlaceAct::Topic { topic } => patches.of(to, plugin, false)[1] = json!(topic),
            PlaceAct::Pin => patches.of(to, plugin, false)[2] = json!(message),
            // `-m1` takes off `m1`, and nothing that was pinned in its place.
            PlaceAct::Unpin => patches.of(to, plugin, true)[2] = json!(format!("-{message}")),
            PlaceAct::Archive { archived } => patches.of(to, plugin, false)[3] = json!(i64::from(*archived)),
            PlaceAct::Invite { people, .. } => invited.extend(people.iter().map(|person| json!([to, person]))),
        }
    }
    let patched = patches.0.into_iter().map(|rows| (PATCH, "changing conversations", rows.into_values().collect()));
    let rows = [(INSERT, "opening conversations", opened)].into_iter().chain(patched);
    let some = rows.chain([(INVITE, "inviting to conversations", invited)]).filter(|(_, _, rows)| !rows.is_empty());
    some.map(|(sql, doing, rows)| sql.statement(engine, doing).text(parameter(&json!(rows)))).collect()
}

fn parse(row: &AnyRow) -> Result<Opened, StoreError> {
    let shape: String = row.get(1);
    let shape = Shape::parse(&shape)
        .ok_or_else(|| StoreError::Corrupt { table: "conversations", reason: format!("no shape `{shape}`") })?;
    Ok(Opened {
        id: ConversationId::new(row.get::<String, _>(0)),
        shape,
        name: row.get(2),
        near: ConversationId::new(row.get::<String, _>(3)),
        plugin: PluginId::new(row.get::<String, _>(4)),
        incident: row.get::<Option<String>, _>(5).map(IncidentId::new),
        topic: row.get(6),
        pinned: row.get::<Option<String>, _>(7).filter(|id| !id.is_empty()).map(MessageRef::new),
        invited: Vec::new(),
        archived: row.get::<i64, _>(8) != 0,
        lives_in: row.get::<Option<String>, _>(9).map(ConversationId::new),
        problem: row.get(10),
        created_ms: row.get(11),
    })
}

pub(super) async fn get(pool: &AnyPool, id: &ConversationId) -> Result<Option<Opened>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} id = $1")))
        .bind(id.as_str())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading a conversation"))?;
    let Some(mut opened) = row.as_ref().map(parse).transpose()? else { return Ok(None) };
    let rows = sqlx::query("select person from invitations where conversation = $1 order by person")
        .bind(id.as_str())
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading invitations"))?;
    opened.invited = rows.iter().map(|row| PersonId::new(row.get::<String, _>(0))).collect();
    Ok(Some(opened))
}

/// The incident that a conversation was opened for, by what the platform calls it.
pub(super) async fn opened_for(pool: &AnyPool, there: &ConversationId) -> Result<Option<IncidentId>, StoreError> {
    let row = sqlx::query(
        "select incident from conversations where lives_in = $1 and problem is null and incident is not null \
         order by created_ms desc limit 1",
    )
    .bind(there.as_str())
    .fetch_optional(pool)
    .await
    .map_err(StoreError::doing("looking up what a conversation was opened for"))?;
    Ok(row.map(|row| IncidentId::new(row.get::<String, _>(0))))
}

/// The newest conversations of a platform, those archived last, with whether `reader` was invited; only they are named.
pub(super) async fn on(
    pool: &AnyPool,
    platform: &str,
    reader: &PersonId,
    limit: i64,
) -> Result<Vec<Opened>, StoreError> {
    let text = format!("{COLUMNS} id like $1 order by coalesce(archived, 0), created_ms desc, id limit $2");
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(format!("{platform}:%"))
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("listing conversations"))?;
    let theirs = sqlx::query("select conversation from invitations where person = $1")
        .bind(reader.as_str())
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading invitations"))?;
    let theirs: Vec<String> = theirs.iter().map(|row| row.get(0)).collect();
    let mut all = rows.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    for opened in &mut all {
        if theirs.iter().any(|id| id == opened.id.as_str()) {
            opened.invited.push(reader.clone());
        }
    }
    Ok(all)
}

/// Whether a conversation is still being opened, here or on another replica.
pub(super) async fn is_opening(pool: &AnyPool, id: &ConversationId) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "select count(*) from outbox where conversation = $1 and kind = 'open_conversation' and done_ms is null",
    )
    .bind(id.as_str())
    .fetch_one(pool)
    .await
    .map_err(StoreError::doing("looking for a conversation under way"))?;
    Ok(row.get::<i64, _>(0) > 0)
}

/// Writes down how an opening ended, if it is still ours: the outbox row's end and where the conversation is, and what the
/// incident's timeline says if it is not where it should be. `false`: somebody else has taken it over.
///
/// Nothing of it is in the trail, but where a conversation is and what a timeline says is remembered as long as nobody moves the head row.
pub(super) async fn ended(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    now_ms: i64,
    row: &OutboxRow,
    end: &OpeningEnd,
) -> Result<bool, StoreError> {
    let (state, problem, lives_in) = match end {
        OpeningEnd::There(there) => ("sent", "", there),
        OpeningEnd::Instead { near, problem } => ("dead", problem.as_str(), near),
    };
    let found = audit::head_of(&audit::lock_head(engine).run(&mut *connection).await?, now_ms)?;
    let ended = Statement::new(ENDED, "ending an opening").text(row.id.as_str()).number(now_ms).text(state);
    if ended.text(problem).text(owner).run(&mut *connection).await?.is_empty() {
        return Ok(false);
    }
    let settle = Statement::new(SETTLE, "keeping where a conversation is").text(row.effect.conversation().as_str());
    let settled = settle.text(lives_in.as_str()).text(problem).run(&mut *connection).await?;
    let incident = settled.first().and_then(|row| row.get::<Option<String>, _>(0)).map(IncidentId::new);
    if let (Some(incident), OpeningEnd::Instead { .. }, Effect::Place { act: PlaceAct::Open { name, .. }, .. }) =
        (incident, end, &row.effect)
    {
        let entry = TimelineEntry {
            id: ids::fresh(),
            incident,
            at_ms: now_ms,
            kind: "place".to_owned(),
            author: PersonId::from("drillbell"),
            text: format!("{name} could not be opened: {problem}. What belongs there is said in {lives_in}."),
        };
        let source = format!("delivery:{}", row.inbox);
        let line = Line { entry: &entry, source: Some(&source), via: None };
        timeline::append(engine, &[line]).run(&mut *connection).await?;
    }
    let moved = audit::Head { stored: reserve::passing(&found.reserved, &row.id)?, ..found.clone() };
    audit::move_head(&found, &moved).run(connection).await?;
    Ok(true)
}
