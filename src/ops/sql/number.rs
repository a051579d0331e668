//! One number from somebody else's database: asked read-only, in a statement that can do nothing but answer, over a connection
//! of its own that is gone afterwards.

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How we are called among a server's sessions.
const APPLICATION: &str = "drillbell-probe";
/// After so many of its steps SQLite asks whether to go on: a few times a millisecond.
const STEPS: i32 = 10_000;

/// Which database.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// A server's, by its URL. It may hold a password, so it is in no error.
    Postgres(&'a str),
    /// A file, which must be there.
    Sqlite(&'a Path),
}

/// The first column of the query's one row as text; nothing if there is no row, or nothing in it.
///
/// # Errors
/// The database cannot be reached or refuses the query; in its words.
pub async fn number(of: Asked<'_>, query: &str, limit: Duration) -> Result<Option<String>, String> {
    // Within a sub-query nothing can be written and no second statement begun; a comment at its end stays its own.
    let query = format!("select cast(({query}\n) as text)");
    match of {
        Asked::Postgres(url) => {
            let options = PgConnectOptions::from_str(url).map_err(|_| "its URL is none".to_owned())?;
            let millis = limit.as_millis().max(1).to_string();
            let options = options
                .application_name(APPLICATION)
                .options([("default_transaction_read_only", "on"), ("statement_timeout", millis.as_str())]);
            let mut connection = options.connect().await.map_err(told)?;
            let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut connection).await.map_err(told)?;
            let answer = row.try_get(0).map_err(told);
            // What becomes of the goodbye changes nothing of the answer.
            let _ = connection.close().await;
            answer
        }
        Asked::Sqlite(file) => {
            let options = SqliteConnectOptions::new().filename(file).read_only(true).create_if_missing(false);
            let mut connection = options.busy_timeout(limit).connect().await.map_err(told)?;
            // Nobody else ends a query that nobody waits for any more.
            let until = Instant::now() + limit;
            let mut handle = connection.lock_handle().await.map_err(told)?;
            handle.set_progress_handler(STEPS, move || Instant::now() < until);
            drop(handle);
            let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut connection).await.map_err(told)?;
            let answer = row.try_get(0).map_err(told);
            let _ = connection.close().await;
            answer
        }
    }
}

fn told(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
