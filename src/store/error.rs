//! Why the store could not do what was asked. Every one of these is ours or the database's, never the user's.

use std::path::PathBuf;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database answered with an error, or not at all.
    #[error("the database failed while {doing}: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A migration did not run.
    #[error("migrating the database failed: {0}")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A newer program has migrated the database.
    #[error(
        "the database is newer than this program, which does not know its migration {0}: start the newer program, or \
         restore a backup from before it"
    )]
    Newer(i64),
    /// A migration ran here whose text was another one.
    #[error(
        "the database was made by another build: its migration {0} is not the one that this program has. Start the \
         program that made it"
    )]
    Foreign(i64),
    /// Another process has this SQLite file.
    #[error(
        "{} is in use by {holder}: SQLite serves one process at a time. Stop that one, or let it do the work \
         (`drillbell run` reaches a running bot by itself)",
        path.display()
    )]
    Locked {
        /// The database file.
        path: PathBuf,
        /// Who holds it, as far as the lock file tells.
        holder: String,
    },
    /// There is no such SQLite file, and it was only to be read.
    #[error(
        "there is no database at {}: start the bot once, or correct database.url",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The folder or lock file of the database cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The address of the database is of no kind we know.
    #[error("database.url must begin with `sqlite:` or `postgres://`, found `{0}`")]
    Url(String),
    /// A row does not hold what only we write.
    #[error("a row of {table} cannot be read: {reason}. Restore the database or report this")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The writer has stopped; the process is shutting down.
    #[error("the store is closing")]
    Closing,
}

impl StoreError {
    /// Whether nobody answered, as opposed to an answer that was an error.
    pub fn is_away(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        match self {
            Self::Database { source, .. } => {
                matches!(source, Io(_) | PoolClosed | PoolTimedOut | Protocol(_) | Tls(_) | WorkerCrashed)
            }
            Self::Closing => true,
            _ => false,
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(number) => Self::Newer(number),
            sqlx::migrate::MigrateError::VersionMismatch(number) => Self::Foreign(number),
            other => Self::Migrate(other),
        }
    }
}

impl StoreError {
    /// For `map_err`: names what was being done.
    pub(super) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { doing, source }
    }
}
