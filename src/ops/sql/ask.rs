//! Asking: over a connection of its own, in a read-only transaction, as a role that can do nothing else, with a time limit, and no
//! more rows than were asked for. The statement is an expression of ours, so that it cannot be two, nor a command.

use super::Question;
use crate::config::databases::Readable;
use crate::config::limits::{SQL_ANSWER_BYTES, SQL_CONNECT_TIME, SQL_ROWS, SQL_ROWS_MAX};
use crate::config::show_duration;
use crate::model::places;
use futures::TryStreamExt;
use rusqlite::types::ValueRef;
use rusqlite::{OpenFlags, params_from_iter};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Row};
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Rows as they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Each as an object.
    pub rows: Vec<Value>,
    /// The first column of the first row.
    pub first: Option<Value>,
    /// There were more.
    pub cut: bool,
}

/// Whether the session's role, or one that it could become, is more than a user of tables.
const ROLE: &str = "select session_user::text, (exists (select 1 from pg_catalog.pg_roles r \
        where pg_has_role(session_user, r.oid, 'member') \
        and (r.rolsuper or r.rolreplication or r.rolcreaterole or r.rolcreatedb or r.rolbypassrls)) \
    or pg_has_role(session_user, 'pg_signal_backend', 'member') \
    or pg_has_role(session_user, 'pg_read_server_files', 'member') \
    or pg_has_role(session_user, 'pg_write_server_files', 'member') \
    or pg_has_role(session_user, 'pg_execute_server_program', 'member'))::text";

/// Asks; `args` fill the question's places.
///
/// # Errors
/// There is no answer: why, in a sentence without a full stop. Nothing was changed.
pub async fn ask(
    database: &Readable,
    question: &Question,
    args: &BTreeMap<String, String>,
    limit: Duration,
) -> Result<Rows, String> {
    super::check(&question.query)?;
    let (statement, values) = bound(&question.query, args)?;
    // A place beside a name or a `$` is another piece once it is a parameter.
    super::check(&statement)?;
    let rows = question.rows.unwrap_or(SQL_ROWS).min(SQL_ROWS_MAX);
    let late = |_| format!("there was no answer within {}", show_duration(limit));
    match database {
        Readable::Postgres(url) => {
            let options = PgConnectOptions::from_str(url.url.expose_secret()).map_err(|error| error.to_string())?;
            let asked = postgres(options, &statement, values, rows, limit);
            // The server ends the statement itself; this is for one that does not answer at all.
            tokio::time::timeout(limit + SQL_CONNECT_TIME, asked).await.map_err(late)?
        }
        Readable::Sqlite(file) => {
            let (file, rows) = (file.clone(), rows);
            let (send, interrupt) = tokio::sync::oneshot::channel();
            let asked = tokio::task::spawn_blocking(move || sqlite(&file, &statement, &values, rows, send));
            let ended = tokio::time::timeout(limit, asked).await;
            if ended.is_err()
                && let Ok(handle) = interrupt.await
            {
                rusqlite::InterruptHandle::interrupt(&handle);
            }
            ended.map_err(late)?.map_err(|_| "the question was cut off".to_owned())?
        }
    }
}

/// The statement with `$1`, `$2`, … where its places are, and their values.
fn bound(query: &str, args: &BTreeMap<String, String>) -> Result<(String, Vec<String>), String> {
    let names = places::names(query);
    let mut order: Vec<&str> = Vec::new();
    let mut values = Vec::new();
    for name in &names {
        if !order.contains(&name.as_str()) {
            order.push(name);
            values.push(args.get(name).cloned().ok_or_else(|| format!("nothing is given for the place {{{name}}}"))?);
        }
    }
    let statement = places::replace(query, |name| {
        let at = order.iter().position(|known| *known == name)?;
        Some(format!("${}", at + 1))
    });
    Ok((statement.trim_end().trim_end_matches(';').to_owned(), values))
}

async fn postgres(
    options: PgConnectOptions,
    statement: &str,
    values: Vec<String>,
    most: usize,
    limit: Duration,
) -> Result<Rows, String> {
    let millis = limit.as_millis().to_string();
    let options = options.application_name("drillbell").options([
        ("default_transaction_read_only", "on"),
        ("statement_timeout", millis.as_str()),
        ("lock_timeout", "5s"),
        // A backslash is a character, as the check of the statement takes it to be.
        ("standard_conforming_strings", "on"),
    ]);
    let connected = tokio::time::timeout(SQL_CONNECT_TIME, PgConnection::connect_with(&options)).await;
    let connected = connected.map_err(|_| format!("no connection within {}", show_duration(SQL_CONNECT_TIME)))?;
    let mut connection = connected.map_err(|error| format!("no connection: {error}"))?;
    let said = |error: sqlx::Error| match error.as_database_error().and_then(|error| error.code()).as_deref() {
        Some("57014") => format!("there was no answer within {}", show_duration(limit)),
        _ => format!("the database refused: {error}"),
    };
    let role = sqlx::query(ROLE).fetch_one(&mut connection).await.map_err(said)?;
    let (name, may): (String, String) = (role.get(0), role.get(1));
    if may != "false" {
        return Err(format!(
            "the role `{name}` can do more than read (it, or a role it is a member of, is a superuser, makes roles or databases, ends sessions, or touches the \
             server's files): give [databases] a role that cannot"
        ));
    }
    let mut transaction = connection.begin_with("begin transaction read only").await.map_err(said)?;
    // Within an expression there is one statement, and none that writes.
    // A row too long is not sent at all: a client has to take a row whole.
    let whole = format!(
        "select case when octet_length(line) <= {SQL_ANSWER_BYTES} then line end from \
         (select row_to_json(answer)::text as line from (\n{statement}\n) as answer limit {}) as lines",
        most + 1
    );
    let mut query = sqlx::query(AssertSqlSafe(whole));
    for value in values {
        query = query.bind(value);
    }
    let mut rows = Rows::default();
    let mut bytes = 0;
    {
        let mut stream = query.fetch(&mut *transaction);
        while let Some(row) = stream.try_next().await.map_err(said)? {
            let text: Option<String> = row.try_get(0).map_err(|error| format!("its answer cannot be read: {error}"))?;
            let Some(text) = text else {
                rows.cut = true;
                break;
            };
            bytes += text.len();
            if rows.rows.len() == most || bytes > SQL_ANSWER_BYTES {
                rows.cut = true;
                break;
            }
            if rows.first.is_none() {
                rows.first = first(&text);
            }
            rows.rows.push(serde_json::from_str(&text).map_err(|error| format!("its answer cannot be read: {error}"))?);
        }
    }
    transaction.rollback().await.map_err(said)?;
    // Whether the server hears the goodbye changes nothing.
    drop(connection.close().await);
    Ok(rows)
}

/// The value of the first column: objects of ours forget the order of theirs.
fn first(row: &str) -> Option<Value> {
    struct First(Option<Value>);
    impl<'de> serde::Deserialize<'de> for First {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visit;
            impl<'de> serde::de::Visitor<'de> for Visit {
                type Value = First;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a row")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<First, A::Error> {
                    let mut first = None;
                    while let Some((_, value)) = map.next_entry::<String, Value>()? {
                        first.get_or_insert(value);
                    }
                    Ok(First(first))
                }
            }
            deserializer.deserialize_map(Visit)
        }
    }
    serde_json::from_str::<First>(row).ok()?.0
}

fn sqlite(
    file: &Path,
    statement: &str,
    values: &[String],
    most: usize,
    interrupt: tokio::sync::oneshot::Sender<rusqlite::InterruptHandle>,
) -> Result<Rows, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        rusqlite::Connection::open_with_flags(file, flags).map_err(|error| format!("no connection: {error}"))?;
    // Nobody waits any more if it cannot be sent.
    drop(interrupt.send(connection.get_interrupt_handle()));
    let said = |error: rusqlite::Error| format!("the database refused: {error}");
    let mut prepared = connection.prepare(statement).map_err(said)?;
    if !prepared.readonly() || prepared.column_count() == 0 {
        return Err("the statement does more than read".to_owned());
    }
    let names: Vec<String> = prepared.column_names().into_iter().map(str::to_owned).collect();
    let mut found = prepared.query(params_from_iter(values)).map_err(said)?;
    let (mut rows, mut bytes) = (Rows::default(), 0);
    while let Some(row) = found.next().map_err(said)? {
        let mut whole = 0;
        for at in 0..names.len() {
            let cell = row.get_ref(at).map_err(said)?;
            whole += cell.as_bytes_or_null().ok().flatten().map_or(0, <[u8]>::len);
        }
        // A row too long is not copied at all.
        if whole > SQL_ANSWER_BYTES {
            rows.cut = true;
            break;
        }
        let mut fields = Map::new();
        for (at, name) in names.iter().enumerate() {
            let value = value(row.get_ref(at).map_err(said)?);
            if at == 0 && rows.first.is_none() {
                rows.first = Some(value.clone());
            }
            fields.insert(name.clone(), value);
        }
        let row = Value::Object(fields);
        bytes += row.to_string().len();
        if rows.rows.len() == most || bytes > SQL_ANSWER_BYTES {
            rows.cut = true;
            break;
        }
        rows.rows.push(row);
    }
    Ok(rows)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => json!(format!("{} bytes", bytes.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_become_parameters_and_the_first_column_is_the_first() {
        let args = [("a".to_owned(), "x".to_owned()), ("b".to_owned(), "1".to_owned())].into();
        let (statement, values) = bound("select {b}::int, {a}, {b} ; ", &args).unwrap();
        assert_eq!((statement.trim_end(), values), ("select $1::int, $2, $1", vec!["1".to_owned(), "x".to_owned()]));
        assert!(bound("select {c}", &args).is_err());
        assert_eq!(first(r#"{"z": 1, "a": 2}"#), Some(1.into()));
    }

    #[tokio::test]
    async fn a_file_is_asked_and_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.db");
        rusqlite::Connection::open(&file)
            .unwrap()
            .execute_batch(
                "create table carts (id, state); insert into carts values (1, 'open'), (2, 'open'), (3, 'paid')",
            )
            .unwrap();
        let database = Readable::Sqlite(file);
        let question = |query: &str, rows| Question { query: query.to_owned(), rows, ..Question::default() };
        let args = [("state".to_owned(), "open".to_owned())].into();
        let asked = ask(
            &database,
            &question("select state, id from carts where state = {state}", Some(1)),
            &args,
            Duration::from_secs(5),
        )
        .await
        .unwrap();
        assert_eq!(
            (asked.first, asked.rows, asked.cut),
            (Some("open".into()), vec![json!({"state": "open", "id": 1})], true)
        );
        for wrong in ["with x as (select 1) delete from carts", "select nothing", "select 1) as x; drop table carts"] {
            assert!(ask(&database, &question(wrong, None), &args, Duration::from_secs(5)).await.is_err(), "{wrong}");
        }
        let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
        let late = ask(&database, &question(endless, None), &args, Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(late, "there was no answer within 50ms");
    }
}
