//! A deploy record as a pipeline sends it: `{"version": "1.2.3", "previous": …, "commit": …, "schema": "none", …}`.

use super::read::{At, json};
use super::{Reject, text};
use crate::config::limits::deploys::{DEPLOY_CHARS, DEPLOY_MIGRATIONS};
use crate::migration::{Judged, judge};
use crate::model::deploy::{Migration, Risk};
use crate::model::event::DeployRecorded;
use serde_json::Value;

/// Reads one. What it leaves out is empty; `schema` is `none` then, and `at` is `now_ms`.
///
/// # Errors
/// The first field that does not fit, and why.
pub fn parse(service: &str, bytes: &[u8], now_ms: i64) -> Result<DeployRecorded, Reject> {
    let body = json(bytes)?;
    if !body.is_object() {
        return Err(Reject::whole("body", "an object was expected"));
    }
    let known = ["version", "previous", "commit", "schema", "migrations", "by", "at"];
    if let Some(stranger) =
        body.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| !known.contains(&name.as_str()))
    {
        return Err(Reject::whole(&text::line(stranger, 60), format!("unknown; known are {}", known.join(", "))));
    }
    let at = At::whole(&body);
    let field = |name: &str| Ok(text::line(at.text(name)?.unwrap_or_default(), DEPLOY_CHARS));
    let schema = match at.text("schema")? {
        None => "none",
        Some(word @ ("none" | "expand" | "contract")) => word,
        Some(_) => return Err(at.wrong("schema", "`none`, `expand` or `contract` was expected")),
    };
    let (migrations, takes_away) = migrations(&body, &at)?;
    let disagrees = takes_away.filter(|_| schema != "contract").map(|why| format!("it says `{schema}`, but {why}"));
    at.needed("version")?;
    Ok(DeployRecorded {
        service: service.to_owned(),
        version: field("version")?,
        previous: field("previous")?,
        commit: field("commit")?,
        schema: schema.to_owned(),
        migrations,
        disagrees: disagrees.unwrap_or_default(),
        by: field("by")?,
        at_ms: at.moment("at")?.unwrap_or(now_ms),
    })
}

/// The migrations, each a name or a name with its statements, which are looked at here and not kept. With them, what of them takes
/// something away that code from before needs.
fn migrations(body: &Value, at: &At<'_>) -> Result<(Vec<Migration>, Option<String>), Reject> {
    let list = match body.get("migrations") {
        None | Some(Value::Null) => return Ok((Vec::new(), None)),
        Some(Value::Array(list)) if list.len() <= DEPLOY_MIGRATIONS => list,
        Some(_) => return Err(at.wrong("migrations", format!("a list of at most {DEPLOY_MIGRATIONS} was expected"))),
    };
    let (mut read, mut takes_away) = (Vec::new(), None);
    for (index, one) in list.iter().enumerate() {
        let known = |object: &serde_json::Map<String, Value>| object.keys().all(|key| key == "name" || key == "sql");
        let (name, sql) = match one {
            Value::String(name) => (Some(name.as_str()), None),
            Value::Object(object) if known(object) => {
                let sql = object.get("sql").filter(|sql| !sql.is_null());
                if sql.is_some_and(|sql| !sql.is_string()) {
                    return Err(at.wrong(&format!("migrations.{index}.sql"), "a text was expected"));
                }
                (object.get("name").and_then(Value::as_str), sql.and_then(Value::as_str))
            }
            _ => (None, None),
        };
        let name = name.map(|name| text::line(name, DEPLOY_CHARS)).filter(|name| !name.is_empty());
        let expected =
            || at.wrong(&format!("migrations.{index}"), "a name, or an object with `name` and `sql`, was expected");
        let name = name.ok_or_else(expected)?;
        let unseen = Judged { risk: Risk::Unknown, findings: Vec::new(), takes_away: None };
        let judged = sql.map_or(unseen, judge);
        if let Some(why) = judged.takes_away.filter(|_| takes_away.is_none()) {
            takes_away = Some(format!("{name} takes something away: {why}"));
        }
        read.push(Migration { name, risk: judged.risk, findings: judged.findings });
    }
    Ok((read, takes_away))
}
