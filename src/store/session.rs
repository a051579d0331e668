//! A writer's connection: sends several statements in one trip, and counts the trips. On SQLite they are one text with one
//! list of parameters; on PostgreSQL one message that executes statements prepared before.

use super::connect::Address;
use super::error::StoreError;
use super::known::Known;
use super::sql::Engine;
use super::statement::{Parameter, Statement, execution, joined, preparation};
use futures::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Either, Executor};
use std::collections::{HashMap, HashSet};

/// What one statement returned.
pub(super) type Rows = Vec<AnyRow>;

/// A connection of a writer.
pub(super) struct Session {
    connection: AnyConnection,
    engine: Engine,
    /// PostgreSQL's prepared statements, by text.
    prepared: HashMap<&'static str, String>,
    open: bool,
    trips: u64,
    /// What this writer may take for granted.
    pub(super) known: Known,
}

impl Session {
    pub(super) async fn connect(address: &Address) -> Result<Self, StoreError> {
        let connection = address.connection().await?;
        let (prepared, known) = (HashMap::new(), Known::default());
        Ok(Self { connection, engine: address.engine, prepared, open: false, trips: 0, known })
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// The connection, for work that brings its own transaction.
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }

    /// Whether the database still answers on it.
    pub(super) async fn answers(&mut self) -> bool {
        self.connection.ping().await.is_ok()
    }

    pub(super) async fn close(self) {
        // What was written is durable already; a connection that breaks while closing loses nothing.
        let _ = self.connection.close().await;
    }

    /// Trips since this was last asked.
    pub(super) fn take_trips(&mut self) -> u64 {
        std::mem::take(&mut self.trips)
    }

    /// Whether a transaction is open.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Ends an open transaction without a trace.
    pub(super) async fn undo(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        self.trips += 1;
        if let Err(error) = self.connection.execute(sqlx::raw_sql("rollback")).await {
            // SQLite may have rolled back by itself; a broken connection has, and is noticed by the next statement.
            tracing::debug!(error = %error, "rolling back");
        }
    }

    /// Runs statements in order, in one trip, and returns the rows of each. `begin` opens a transaction first, `commit` ends
    /// it; with neither and none open there is one statement, which is a transaction of its own. After an error nothing more
    /// has been run, and an open transaction is for the caller to undo.
    pub(super) async fn send(
        &mut self,
        begin: bool,
        statements: &[Statement],
        commit: bool,
    ) -> Result<Vec<Rows>, StoreError> {
        let opening = begin.then(|| self.engine.begin());
        let closing = commit.then_some("commit");
        self.open |= begin;
        let mut answers: Vec<Rows> = vec![Vec::new()];
        let result = match (self.engine, statements) {
            (Engine::Sqlite, _) => self.send_joined(opening, statements, closing, &mut answers).await,
            (Engine::Postgres, [alone]) if !begin && !commit => {
                let query = sqlx::query(alone.text);
                self.drain(bind(query, std::slice::from_ref(alone)), &mut answers).await
            }
            (Engine::Postgres, _) => self.send_executions(opening, statements, closing, &mut answers).await,
        };
        if let Err(source) = result {
            let failed = (answers.len() - 1).checked_sub(usize::from(begin));
            let doing = match failed.map(|at| statements.get(at)) {
                None => "beginning a transaction",
                Some(Some(statement)) => statement.doing,
                Some(None) => "committing",
            };
            return Err(StoreError::Database { doing, source });
        }
        self.open &= !commit;
        answers.drain(..usize::from(begin));
        answers.truncate(statements.len());
        match answers.len() == statements.len() {
            true => Ok(answers),
            false => Err(StoreError::Corrupt {
                table: "answers",
                reason: format!("{} statements were sent, {} were answered", statements.len(), answers.len()),
            }),
        }
    }

    async fn send_joined(
        &mut self,
        opening: Option<&str>,
        statements: &[Statement],
        closing: Option<&str>,
        answers: &mut Vec<Rows>,
    ) -> Result<(), sqlx::Error> {
        // A text with a statement repeated varies with what is in the batch: keeping it would push the others out.
        let mut texts = HashSet::with_capacity(statements.len());
        let varies = !statements.iter().all(|statement| texts.insert(statement.text));
        let query = sqlx::query(AssertSqlSafe(joined(opening, statements, closing))).persistent(!varies);
        self.drain(bind(query, statements), answers).await
    }

    async fn send_executions(
        &mut self,
        opening: Option<&str>,
        statements: &[Statement],
        closing: Option<&str>,
        answers: &mut Vec<Rows>,
    ) -> Result<(), sqlx::Error> {
        for statement in statements {
            if !self.prepared.contains_key(statement.text) {
                // One at a time, so that it is certain which of them there are. Each happens once in a connection's life.
                let name = format!("w{}", self.prepared.len());
                self.trips += 1;
                self.connection.execute(sqlx::raw_sql(AssertSqlSafe(preparation(&name, statement)))).await?;
                self.prepared.insert(statement.text, name);
            }
        }
        let mut text = String::new();
        text.extend(opening.iter().flat_map(|opening| [*opening, ";"]));
        for statement in statements {
            let name = self.prepared.get(statement.text).map_or("", String::as_str);
            execution(name, &statement.parameters, &mut text);
            text.push(';');
        }
        text.push_str(closing.unwrap_or_default());
        self.drain(sqlx::raw_sql(AssertSqlSafe(text)), answers).await
    }

    /// Takes everything the database answers; each end of a statement begins another list of rows.
    async fn drain<'q>(
        &mut self,
        query: impl sqlx::Execute<'q, sqlx::Any> + 'q,
        answers: &mut Vec<Rows>,
    ) -> Result<(), sqlx::Error> {
        self.trips += 1;
        let mut stream = (&mut self.connection).fetch_many(query);
        while let Some(item) = stream.try_next().await? {
            match item {
                Either::Left(_) => answers.push(Vec::new()),
                Either::Right(row) => match answers.last_mut() {
                    Some(rows) => rows.push(row),
                    None => answers.push(vec![row]),
                },
            }
        }
        Ok(())
    }
}

impl Statement {
    /// Runs it by itself on a connection, whatever transaction that is in.
    pub(super) async fn run(self, connection: &mut AnyConnection) -> Result<Rows, StoreError> {
        let rows = bind(sqlx::query(self.text), std::slice::from_ref(&self)).fetch_all(connection).await;
        rows.map_err(StoreError::doing(self.doing))
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn bind<'q>(mut query: Query<'q>, statements: &[Statement]) -> Query<'q> {
    for parameter in statements.iter().flat_map(|statement| &statement.parameters) {
        query = match parameter {
            Parameter::Text(text) => query.bind(text.clone()),
            Parameter::Number(number) => query.bind(*number),
        };
    }
    query
}
