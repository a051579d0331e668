//! How the last test of each way to page somebody went. Written with the end of the page that was the test.

use super::error::StoreError;
use super::pages::PageEnd;
use super::statement::Statement;
use crate::model::effect::Effect;
use crate::model::page::{CONTACT_TEST, PageAction};
use sqlx::{AnyPool, Row};

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRow {
    /// The notifier's configured name, or `@NAME` for a person's chat.
    pub notifier: String,
    /// When it ended, milliseconds since the epoch.
    pub at_ms: i64,
    /// Whether it was reached.
    pub reached: bool,
    /// Why not.
    pub detail: String,
}

const KEEP: &str = "insert into contacts (notifier, at_ms, outcome, detail) values ($1, $2, $3, $4) \
    on conflict (notifier) do update set at_ms = excluded.at_ms, outcome = excluded.outcome, detail = excluded.detail";

/// What keeps the outcome of a page, if it was a test.
pub(super) fn tested(effect: &Effect, now_ms: i64, end: &PageEnd) -> Option<Statement> {
    let Effect::Page { notifier, key, action: PageAction::Trigger, .. } = effect else { return None };
    if key != CONTACT_TEST {
        return None;
    }
    let (outcome, detail) = match end {
        PageEnd::Sent { .. } => ("ok", ""),
        PageEnd::Dead { error } => ("failed", error.as_str()),
    };
    let keep = Statement::new(KEEP, "keeping how a contact test went").text(notifier.as_str()).number(now_ms);
    Some(keep.text(outcome).text(detail))
}

/// All of them, by name.
pub(super) async fn all(pool: &AnyPool) -> Result<Vec<ContactRow>, StoreError> {
    let rows = sqlx::query("select notifier, at_ms, outcome, detail from contacts order by notifier")
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the contact tests"))?;
    let contact = |row: &sqlx::any::AnyRow| ContactRow {
        notifier: row.get(0),
        at_ms: row.get(1),
        reached: row.get::<String, _>(2) == "ok",
        detail: row.get(3),
    };
    Ok(rows.iter().map(contact).collect())
}
