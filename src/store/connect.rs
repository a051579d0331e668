//! Opening the database: address, pragmas, the lock that keeps SQLite to one process, migrations.

use super::error::StoreError;
use super::sql::Engine;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection, Executor};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// How long a connection waits for SQLite's write lock; only the writer takes it, so this is for odd guests (a shell).
const BUSY_TIMEOUT_MS: u32 = 5_000;
/// The WAL file is cut back to this size after a checkpoint; a long reader can make it grow without bound until then.
const JOURNAL_SIZE_LIMIT: u32 = 64 * 1024 * 1024;

/// A connection to a server that was idle for longer is asked whether it still stands before it is used; asking each time
/// would make two trips of every read.
const STALE: Duration = Duration::from_secs(1);

/// A database address, understood.
#[derive(Clone, Debug)]
pub struct Address {
    /// Which engine.
    pub engine: Engine,
    /// SQLite's file.
    pub path: Option<PathBuf>,
    /// Nothing is to be written.
    read_only: bool,
    url: String,
}

impl Address {
    /// Reads `sqlite:PATH` (or `sqlite://PATH`) and `postgres://…`.
    ///
    /// # Errors
    /// The address has another scheme, or a PostgreSQL address cannot be parsed.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            let url = format!("sqlite://{rest}?mode=rwc");
            // As the configuration encodes it; the lock lies beside the file of the real name.
            let path = rest.replace("%3F", "?").replace("%23", "#").replace("%25", "%");
            let path = Some(PathBuf::from(path));
            return Ok(Self { engine: Engine::Sqlite, path, read_only: false, url });
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self { engine: Engine::Postgres, path: None, read_only: false, url: url.to_owned() });
        }
        // Only the scheme: the rest may hold a password.
        Err(StoreError::Url(url.split(':').next().unwrap_or_default().to_owned()))
    }

    /// The same place, for looking only.
    pub(super) fn read_only(self) -> Self {
        Self { read_only: true, url: self.url.replace("?mode=rwc", "?mode=ro"), ..self }
    }

    fn options(&self) -> Result<AnyConnectOptions, StoreError> {
        AnyConnectOptions::from_str(&self.url).map_err(StoreError::doing("reading its address"))
    }

    /// A pool for reading.
    pub(super) async fn pool(&self, connections: u32) -> Result<AnyPool, StoreError> {
        let (engine, read_only) = (self.engine, self.read_only);
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                Box::pin(async move {
                    let stale = engine == Engine::Postgres && meta.idle_for > STALE;
                    Ok(!stale || connection.ping().await.is_ok())
                })
            })
            .after_connect(move |connection, _| Box::pin(prepare(engine, read_only, connection)))
            .connect_with(self.options()?)
            .await
            .map_err(StoreError::doing("connecting"))
    }

    /// A connection of its own, for a writer.
    pub(super) async fn connection(&self) -> Result<AnyConnection, StoreError> {
        let mut connection =
            AnyConnection::connect_with(&self.options()?).await.map_err(StoreError::doing("connecting"))?;
        prepare(self.engine, self.read_only, &mut connection)
            .await
            .map_err(StoreError::doing("preparing a connection"))?;
        if self.engine == Engine::Postgres {
            // Everything a writer does goes by a key. Without statistics, as on a young database, the planner would rather
            // read whole tables, and keep that plan while they grow. Cards and payloads are just large enough to be
            // compressed, for which the server's usual way takes as long as all the rest of writing a row.
            let by_keys = connection
                .execute(sqlx::raw_sql(
                    "set enable_seqscan=off; set jit=off; set standard_conforming_strings=on; \
                     select set_config(name, 'lz4', false) from pg_settings \
                     where name = 'default_toast_compression' and 'lz4' = any(enumvals);",
                ))
                .await;
            by_keys.map_err(StoreError::doing("preparing a connection"))?;
        }
        Ok(connection)
    }
}

async fn prepare(engine: Engine, read_only: bool, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    match engine {
        Engine::Sqlite if read_only => {
            let pragmas = format!("pragma busy_timeout={BUSY_TIMEOUT_MS}; pragma query_only=on;");
            connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pragmas))).await?;
        }
        Engine::Sqlite => {
            let pragmas = format!(
                "pragma busy_timeout={BUSY_TIMEOUT_MS}; pragma journal_mode=wal; pragma synchronous=full; \
                 pragma journal_size_limit={JOURNAL_SIZE_LIMIT}; pragma foreign_keys=on;"
            );
            connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pragmas))).await?;
        }
        Engine::Postgres => {
            // A statement of ours never takes this long. Between two of them a transaction rests for the moment of one answer:
            // a replica that is frozen or cut off just then holds the head row, and everybody waits for what it does next.
            connection
                .execute(sqlx::raw_sql(
                    "set statement_timeout='30s'; set idle_in_transaction_session_timeout='5s'; \
                     set application_name='drillbell';",
                ))
                .await?;
        }
    }
    Ok(())
}

/// Runs the migrations that are missing; a database of a newer version is refused.
pub(super) async fn migrate(pool: &AnyPool) -> Result<(), StoreError> {
    migrations().run(pool).await?;
    Ok(())
}

/// The migrations that this version knows.
pub(super) fn migrations() -> sqlx::migrate::Migrator {
    sqlx::migrate!("./migrations")
}

/// The lock beside an SQLite file; released when dropped, or by the kernel when the process dies.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock `DB.lock`, creating the folder, or says who has it.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::File { path, source }
        };
        if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(fail(folder))?;
        }
        // By whatever name it is called, a link to it or a way through one: there is one lock to a file.
        let itself = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let mut name = itself.into_os_string();
        name.push(".lock");
        let path = PathBuf::from(name);
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(fail(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => "another process".to_owned(),
                    known => known.to_owned(),
                };
                return Err(StoreError::Locked { path: database.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(StoreError::File { path, source }),
        }
        let who =
            format!("process {} ({})\n", std::process::id(), std::env::args().take(2).collect::<Vec<_>>().join(" "));
        file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(fail(&path))?;
        file.write_all(who.as_bytes()).map_err(fail(&path))?;
        Ok(Self { _file: file })
    }
}
