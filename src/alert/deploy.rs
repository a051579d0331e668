//! A deploy record as a pipeline sends it: `{"version": "1.2.3", "previous": …, "commit": …, "schema": "none", …}`.

use super::read::{At, json};
use super::{Reject, text};
use crate::config::commands::Kind;
use crate::config::limits::deploys::{DEPLOY_BODY_BYTES, DEPLOY_CHARS, DEPLOY_MIGRATIONS, SERVICE_CHARS};
use crate::migration::{Judged, judge};
use crate::model::deploy::{Migration, ROLLBACK_BY, Risk};
use crate::model::event::DeployRecorded;
use serde_json::Value;

/// How far a sender's clock may be ahead. Further on, the record would be the newest one until that time has come, and hide what is
/// deployed meanwhile.
const AHEAD_MS: i64 = 5 * 60_000;

/// Whether a service may be called so.
///
/// # Errors
/// What a name must be, in a sentence without its end.
pub fn service(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match !name.is_empty() && name.len() <= SERVICE_CHARS && name.chars().all(fits) {
        true => Ok(()),
        false => Err(format!("a service's name has at most {SERVICE_CHARS} letters, digits, - _ and dots")),
    }
}

/// Reads one. What it leaves out is empty; `schema` is `none` then, and `at` is `now_ms`.
///
/// # Errors
/// The first field that does not fit, and why.
pub fn parse(service: &str, bytes: &[u8], now_ms: i64) -> Result<DeployRecorded, Reject> {
    self::service(service).map_err(|why| Reject::whole("service", why))?;
    if bytes.len() > DEPLOY_BODY_BYTES {
        return Err(Reject::whole("body", format!("it is longer than {DEPLOY_BODY_BYTES} bytes")));
    }
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
    let claims = at.text("schema")?;
    let schema = match claims {
        None => "none",
        Some(word @ ("none" | "expand" | "contract")) => word,
        Some(_) => return Err(at.wrong("schema", "`none`, `expand` or `contract` was expected")),
    };
    let (migrations, takes_away) = migrations(&body, &at)?;
    let why = takes_away.filter(|_| schema != "contract").or_else(|| {
        // Who says nothing of the schema claims nothing.
        let names: Vec<&str> = migrations.iter().map(|one| one.name.as_str()).collect();
        (claims == Some("none") && !names.is_empty())
            .then(|| format!("it brings {}", text::line(&names.join(", "), 200)))
    });
    let disagrees = why.map(|why| format!("it says `{schema}`, but {why}"));
    at.needed("version")?;
    let (version, previous) = (field("version")?, field("previous")?);
    // What no rollback would take for a version is of no use on record: going back to it, or from it, would be refused.
    for (name, value) in [("version", &version), ("previous", &previous)] {
        let asked = name == "version" || !value.is_empty();
        if let (true, Err(bad)) = (asked, Kind::Version.accept(value)) {
            return Err(at.wrong(name, bad.to_string()));
        }
    }
    let at_ms = at.moment("at")?.unwrap_or(now_ms);
    if at_ms > now_ms.saturating_add(AHEAD_MS) {
        return Err(at.wrong("at", "it is more than 5 minutes ahead of the clock here"));
    }
    let by = field("by")?;
    if by.starts_with(ROLLBACK_BY) {
        return Err(at.wrong("by", format!("only rollbacks by the bot itself are recorded as `{ROLLBACK_BY}…)`")));
    }
    Ok(DeployRecorded {
        service: service.to_owned(),
        version,
        previous,
        commit: field("commit")?,
        schema: schema.to_owned(),
        migrations,
        disagrees: disagrees.unwrap_or_default(),
        by,
        at_ms,
        rollback: false,
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
        // Tools name them by their folders, too: `shop/0042_orders`.
        if let Some(bad) = name.split('/').find_map(|part| Kind::Version.accept(part).err()) {
            return Err(at.wrong(&format!("migrations.{index}"), bad.to_string()));
        }
        let unseen = Judged { risk: Risk::Unknown, findings: Vec::new(), takes_away: None };
        let judged = sql.map_or(unseen, judge);
        if let Some(why) = judged.takes_away.filter(|_| takes_away.is_none()) {
            takes_away = Some(format!("{name} takes something away: {why}"));
        }
        read.push(Migration { name, risk: judged.risk, findings: judged.findings });
    }
    Ok((read, takes_away))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::config::limits::deploys::DEPLOY_BODY_BYTES;
    use serde_json::json;

    #[test]
    fn what_a_rollback_would_refuse_is_refused_when_it_is_recorded() {
        let now_ms = 1_767_225_600_000;
        let refused = |body: serde_json::Value| parse("shop", body.to_string().as_bytes(), now_ms).err();
        for good in [
            json!({"version": "v2+build.7", "previous": "", "migrations": ["0041", "shop/0042_orders"]}),
            json!({"version": "v2", "previous": "v1", "at": "2026-01-01T00:04:00Z", "by": "rollback pipeline"}),
        ] {
            assert_eq!(refused(good.clone()).map(|reject| reject.reason), None, "{good}");
        }
        for (bad, field) in [
            (json!({"version": "--help"}), "version"),
            (json!({"version": "v2", "previous": "../v1"}), "previous"),
            (json!({"version": "v2", "migrations": ["0041", "../0042"]}), "migrations.1"),
            (json!({"version": "v2", "migrations": [{"name": "$(x)"}]}), "migrations.0"),
            (json!({"version": "v2", "at": "2026-01-01T00:06:00Z"}), "at"),
            // Plugins know a rollback by it, and forget what it undid.
            (json!({"version": "v1", "by": "rollback (job 0badcafe)"}), "by"),
            (json!({"version": "v1", "by": " rollback (job\n 0badcafe)"}), "by"),
        ] {
            assert_eq!(refused(bad.clone()).map(|reject| reject.field).as_deref(), Some(field), "{bad}");
        }
    }

    #[test]
    fn a_claim_that_what_it_brings_speaks_against_is_shown() {
        let drop = json!({"name": "0042", "sql": "drop table t;"});
        for (claim, migrations, said) in [
            (Some("none"), json!(["0041", "0042"]), "it says `none`, but it brings 0041, 0042"),
            (Some("none"), json!([drop]), "it says `none`, but 0042 takes something away"),
            (None, json!([drop]), "it says `none`, but 0042 takes something away"),
            (Some("expand"), json!(["0041"]), ""),
            (Some("none"), json!([]), ""),
            // Who says nothing claims nothing.
            (None, json!(["0041"]), ""),
        ] {
            let body = json!({"version": "v2", "schema": claim, "migrations": migrations}).to_string();
            let found = parse("shop", body.as_bytes(), 0).unwrap().disagrees;
            assert!(found.starts_with(said) && found.is_empty() == said.is_empty(), "{body}: {found}");
        }
    }

    #[test]
    fn a_record_is_whole_or_refused_and_of_a_service_that_can_be_named() {
        let record = r#"{"version": "v2"}"#;
        let padded = |length: usize| format!("{record}{}", " ".repeat(length.saturating_sub(record.len())));
        assert!(parse("shop", padded(DEPLOY_BODY_BYTES).as_bytes(), 0).is_ok());
        assert_eq!(parse("shop", padded(DEPLOY_BODY_BYTES + 1).as_bytes(), 0).unwrap_err().field, "body");
        for bad in ["", "a b", "../shop", "sh\u{f6}p", &"s".repeat(101)] {
            assert_eq!(parse(bad, padded(0).as_bytes(), 0).unwrap_err().field, "service", "{bad:?}");
        }
    }
}
