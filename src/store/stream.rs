//! The console's stream: what everybody sees, in one order without gaps. Pages and terminals resume by sequence number.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::conversation::PlaceAct;
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, DeliveryId, MessageRef, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{AnyPool, Row};

/// One line of the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StreamItem {
    /// Its place, from 1.
    pub seq: i64,
    /// Where.
    pub conversation: ConversationId,
    /// `post`, `edit`, `reaction` or `typed`; of a conversation that the bot opened `opened`, `topic`, `pinned`, `unpinned`,
    /// `archived`, `unarchived` and `invited`.
    pub kind: String,
    /// The message it is about; empty or unknown where there is none.
    pub message: MessageRef,
    /// The delivery it came from.
    pub root: DeliveryId,
    /// A plugin's name, or the person who typed.
    pub author: String,
    /// Only this person sees it.
    pub private_to: Option<PersonId>,
    /// A view as JSON for `post` and `edit`; `{"emoji":…}`; `{"text":…}`; `{"topic":…}`; `{"people":[…]}`.
    pub payload: serde_json::Value,
    /// When.
    pub at_ms: i64,
}

/// What happens to a conversation, as a line in it.
pub(super) fn of_place(act: &PlaceAct) -> (&'static str, serde_json::Value) {
    match act {
        PlaceAct::Open { shape, name, near } => ("opened", json!({"shape": shape, "name": name, "near": near})),
        PlaceAct::Topic { topic } => ("topic", json!({"topic": topic})),
        PlaceAct::Invite { people, .. } => ("invited", json!({"people": people})),
        PlaceAct::Pin => ("pinned", json!({})),
        PlaceAct::Unpin => ("unpinned", json!({})),
        PlaceAct::Archive { archived: true } => ("archived", json!({})),
        PlaceAct::Archive { archived: false } => ("unarchived", json!({})),
    }
}

/// What those who are invited by an effect read where the conversation was asked for: nobody looks into a channel that they
/// do not know of. Only if it is opened in the same call; whoever is invited later is invited by somebody there.
pub(super) fn invitations<'a>(all: &'a [Effect], effect: &'a Effect) -> impl Iterator<Item = StreamItem> + 'a {
    let invited = match effect {
        Effect::Place { to, act: PlaceAct::Invite { people, .. }, .. } => Some((to, people)),
        _ => None,
    };
    let told = invited.and_then(|(to, people)| {
        let opened = all.iter().find_map(|other| match other {
            Effect::Place { to: opened, act: PlaceAct::Open { near, name, .. }, .. } if opened == to => {
                Some((near, name))
            }
            _ => None,
        });
        opened.map(|(near, name)| (to, people, near, name))
    });
    told.into_iter().flat_map(|(to, people, near, name)| {
        people.iter().map(move |person| StreamItem {
            seq: 0,
            conversation: near.clone(),
            kind: "invited".to_owned(),
            message: MessageRef::new(""),
            root: DeliveryId::new(""),
            author: "drillbell".to_owned(),
            private_to: Some(person.clone()),
            payload: json!({"people": [person], "conversation": to, "name": name}),
            at_ms: 0,
        })
    })
}

const APPEND: Sql = sql!(
    "insert into stream (seq, conversation, kind, message, root, author, private_to, payload, at_ms) \
     select cast(r.value->>0 as bigint), r.value->>1, r.value->>2, r.value->>3, r.value->>4, r.value->>5, r.value->>6, \
     r.value->>7, cast(r.value->>8 as bigint) from ",
    rows,
    " where true"
);

pub(super) fn append(engine: Engine, items: &[StreamItem]) -> Statement {
    let rows: Vec<_> = items
        .iter()
        .map(|i| {
            let payload = i.payload.to_string();
            json!([i.seq, i.conversation, i.kind, i.message, i.root, i.author, i.private_to, payload, i.at_ms])
        })
        .collect();
    APPEND.statement(engine, "writing the console stream").text(parameter(&json!(rows)))
}

/// Lines after `seq` that `reader` may see, oldest first; of all conversations when none is named.
pub(super) async fn after(
    pool: &AnyPool,
    seq: i64,
    conversation: Option<&ConversationId>,
    reader: &PersonId,
    limit: i64,
) -> Result<Vec<StreamItem>, StoreError> {
    let rows = sqlx::query(
        "select seq, conversation, kind, message, root, author, private_to, payload, at_ms from stream \
         where seq > $1 and ($2 = '' or conversation = $2) and (private_to is null or private_to = $3) \
         order by seq limit $4",
    )
    .bind(seq)
    .bind(conversation.map_or("", |c| c.as_str()))
    .bind(reader.as_str())
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("reading the console stream"))?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let payload = serde_json::from_str(row.get(7))
            .map_err(|e| StoreError::Corrupt { table: "stream", reason: e.to_string() })?;
        items.push(StreamItem {
            seq: row.get(0),
            conversation: ConversationId::new(row.get::<String, _>(1)),
            kind: row.get(2),
            message: MessageRef::new(row.get::<String, _>(3)),
            root: DeliveryId::new(row.get::<String, _>(4)),
            author: row.get(5),
            private_to: row.get::<Option<String>, _>(6).map(PersonId::new),
            payload,
            at_ms: row.get(8),
        });
    }
    Ok(items)
}

/// The sequence number before the last `count` lines of a conversation: where a newcomer starts to read.
pub(super) async fn start_of_last(
    pool: &AnyPool,
    conversation: &ConversationId,
    count: i64,
) -> Result<i64, StoreError> {
    let row = sqlx::query("select seq from stream where conversation = $1 order by seq desc limit 1 offset $2")
        .bind(conversation.as_str())
        .bind(count)
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading the console stream"))?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// The last sequence number.
pub(super) async fn last_seq(pool: &AnyPool) -> Result<i64, StoreError> {
    let row = sqlx::query("select stream_seq from heads where name = 'main'")
        .fetch_one(pool)
        .await
        .map_err(StoreError::doing("reading the console stream"))?;
    Ok(row.get(0))
}
