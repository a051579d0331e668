//! A deploy record as a pipeline sends it: `{"version": "1.2.3", "previous": …, "commit": …, "schema": "none", …}`.

use super::read::{At, json};
use super::{Reject, text};
use crate::config::limits::alerts::{DEPLOY_CHARS, DEPLOY_MIGRATIONS};
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
    let migrations = match body.get("migrations") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) if list.len() <= DEPLOY_MIGRATIONS => {
            let names = list.iter().map(|name| name.as_str().map(|name| text::line(name, DEPLOY_CHARS)));
            names.collect::<Option<_>>().ok_or_else(|| at.wrong("migrations", "a list of texts was expected"))?
        }
        Some(_) => {
            return Err(at.wrong("migrations", format!("a list of at most {DEPLOY_MIGRATIONS} texts was expected")));
        }
    };
    at.needed("version")?;
    Ok(DeployRecorded {
        service: service.to_owned(),
        version: field("version")?,
        previous: field("previous")?,
        commit: field("commit")?,
        schema: schema.to_owned(),
        migrations,
        by: field("by")?,
        at_ms: at.moment("at")?.unwrap_or(now_ms),
    })
}
