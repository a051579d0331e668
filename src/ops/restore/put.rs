//! A dump goes into a database through `pg_restore` or `psql`, whichever its content asks for (H1), in one transaction.
//! What went wrong is told apart: the copy's fault, or that of what is around it.

use super::feed::{Fed, Food, feed};
use super::open::Opened;
use super::postgres::Database;
use super::restrict::{Unmarked, refused};
use super::table::TableName;
use super::{Cause, RestoreError};
use crate::config::limits::RESTORE_TOOL_TIME;
use crate::ops::backup::format::Format;
use crate::ops::backup::postgres::said;
use crate::ops::child::{Cut, Exit, Program};
use std::io::Cursor;
use std::path::Path;
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;

/// How a dump is to be restored.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// What is in the way goes first.
    pub clean: bool,
    /// Rows only.
    pub data_only: bool,
    /// Only these; all if there are none.
    pub tables: Vec<TableName>,
    /// With `data_only` or `tables`: what is run before the rows come and after they have come, in the same transaction.
    pub around: (String, String),
    /// Whose server it goes to.
    pub server: Whose,
}

/// Whose a server is that a copy is restored to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// A target's.
    #[default]
    Targets,
    /// One for drills: who may read what is left out, and so is what reaches other servers (subscriptions, publications) and what is
    /// for roles that are not there.
    Anothers,
    /// One of the drill's own: the same, but the roles are made.
    Ours,
}

impl Database {
    /// Restores a dump, all of it or nothing; what was left out of it, as a sentence, if anything was.
    ///
    /// # Errors
    /// The copy is not what it should be, or cannot be restored here.
    pub async fn restore(&self, mut opened: Opened, how: &How) -> Result<Option<String>, RestoreError> {
        let mut left_out = None;
        let fed = match opened.format {
            // `pg_restore` commits once it has the tables it was asked for, before the copy is known to be whole.
            Format::PgCustom | Format::PgTar if how.data_only || !how.tables.is_empty() => {
                self.scripted(opened, how).await?
            }
            Format::PgCustom | Format::PgTar => {
                let mut args = vec!["--no-owner", "--exit-on-error", "--single-transaction", "--no-password"];
                args.extend(how.clean.then_some(["--clean", "--if-exists"]).into_iter().flatten());
                if how.server != Whose::Targets {
                    args.extend(["--no-privileges", "--no-tablespaces", "--no-publications", "--no-subscriptions"]);
                    left_out = self.strangers(&mut opened, how.server).await?;
                }
                let list = left_out.as_ref().map(|left| format!("--use-list={}", left.list().display()));
                args.extend(list.as_deref());
                let database =
                    format!("--dbname={}", self.ready.server.env.get("PGDATABASE").map_or("postgres", |name| name));
                args.push(&database);
                let program = self.program("pg_restore", &args, RESTORE_TOOL_TIME);
                let food = Food { from: opened.dump, whole: opened.outcome.whole(), last: Vec::new() };
                feed(&self.tools, &self.scratch, program, food, None).await?
            }
            Format::Sql if how.clean || how.data_only || !how.tables.is_empty() => {
                drop(opened.dump);
                return Err(RestoreError::check(
                    "it is SQL as text, which is restored as a whole and into an empty database only",
                ));
            }
            Format::Sql => {
                let (folder, first) = self.restricted().await?;
                let program = self.script(&folder, &["--single-transaction"]);
                let (script, stopped) = Unmarked::of(opened.dump);
                let from = Cursor::new(first).chain(script);
                let food = Food { from, whole: opened.outcome.whole(), last: Vec::new() };
                let fed = feed(&self.tools, &self.scratch, program, food, None).await?;
                stopped.not()?;
                fed
            }
            other => {
                drop(opened.dump);
                opened.outcome.whole().await.err().filter(|error| error.cause == Cause::Backup).map_or(Ok(()), Err)?;
                return Err(RestoreError::backup(format!("it is {}, which is no dump of PostgreSQL", other.words())));
            }
        };
        self.judged(fed, "the restore")?;
        Ok(left_out.map(|left| left.sentence().to_owned()))
    }

    /// A `psql` that runs a script until a statement fails.
    fn script(&self, folder: &Path, more: &[&str]) -> Program {
        const ARGS: [&str; 9] = ["-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", "-"];
        let args = [more, &ARGS].concat();
        self.tools.program(folder, "psql", &args, Some(&self.ready.server), RESTORE_TOOL_TIME)
    }

    /// Rows into tables that are there, or single tables: `pg_restore` writes the script, and `psql` runs it after what is in the way
    /// is gone. The commit is written once the copy is known to be whole.
    async fn scripted(&self, opened: Opened, how: &How) -> Result<Fed, RestoreError> {
        let names = named(&how.tables)?;
        let mut args = vec!["--no-owner", "--exit-on-error", "--file=-"];
        args.extend(how.data_only.then_some("--data-only"));
        args.extend(names.iter().map(String::as_str));
        let reader = self.tools.program(&self.ready.folder, "pg_restore", &args, None, RESTORE_TOOL_TIME);
        let (folder, restricted) = self.restricted().await?;
        let writer = self.script(&folder, &[]);
        let (before, after) = &how.around;
        let first = format!("{restricted}begin;\n{before}");
        let (give, stdout) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let reading = async {
            let food = Food { from: opened.dump, whole: opened.outcome.whole(), last: Vec::new() };
            let fed = feed(&self.tools, &self.scratch, reader, food, Some(give)).await;
            // Nobody asks any more if the other one has failed.
            let _ = tell.send(fed.and_then(|fed| self.judged(fed, "pg_restore")));
        };
        let writing = async {
            let Ok(stdout) = stdout.await else {
                return Err(RestoreError::environment("pg_restore could not be started"));
            };
            let whole = async { told.await.unwrap_or_else(|_| Err(RestoreError::environment("pg_restore was lost"))) };
            let (script, stopped) = Unmarked::of(stdout);
            let from = Cursor::new(first).chain(script);
            let food = Food { from, whole, last: format!("\n{after}commit;\n").into_bytes() };
            let fed = feed(&self.tools, &self.scratch, writer, food, None).await?;
            stopped.not().map(|()| fed)
        };
        tokio::join!(reading, writing).1
    }

    fn judged(&self, fed: Fed, what: &str) -> Result<(), RestoreError> {
        let Fed { ended, whole } = fed;
        match whole {
            Err(error) if error.cause == Cause::Backup || ended.passed() => Err(error),
            // We ended it ourselves because the stream broke off.
            Err(error) if ended.cut == Some(Cut::Cancelled) && !self.tools.cancel.is_cancelled() => Err(error),
            Ok(()) if ended.passed() => Ok(()),
            whole => {
                if let Some(refused) = refused(&ended) {
                    return Err(refused);
                }
                let words = format!("{what} into {} {}", self.shown(), said(&ended, RESTORE_TOOL_TIME));
                // Of a stream that broke off on its way nobody knows what it would have been.
                let ended_itself = ended.cut.is_none() && matches!(ended.exit, Exit::Code(_)) && whole.is_ok();
                let cause = if ended_itself && is_copys(&words) { Cause::Backup } else { Cause::Environment };
                Err(RestoreError::of(cause, words))
            }
        }
    }
}

/// The options that name tables. `pg_restore` takes schemas and tables apart, so that they are of one schema.
fn named(tables: &[TableName]) -> Result<Vec<String>, RestoreError> {
    let Some(first) = tables.first() else { return Ok(Vec::new()) };
    if let Some(other) = tables.iter().find(|table| table.schema != first.schema) {
        let sentence = format!(
            "the tables {} and {} are of two schemas: restore them one after the other",
            first.shown(),
            other.shown()
        );
        return Err(RestoreError::check(sentence));
    }
    let schema = format!("--schema={}", first.schema);
    Ok(std::iter::once(schema).chain(tables.iter().map(|table| format!("--table={}", table.table))).collect())
}

/// Whether what a program said is something only a dump can be blamed for. Whatever else goes wrong says nothing about it: a good copy
/// that is called broken is not restored when it is needed.
fn is_copys(words: &str) -> bool {
    const COPYS: [&str; 13] = [
        "did not find magic string",
        "does not appear to be a valid archive",
        "corrupt tar header",
        "unexpected end of file",
        "could not read from input file: end of file",
        "found unexpected block ID",
        "unrecognized data block type",
        "could not uncompress data",
        "could not create unique index",
        "invalid input syntax",
        "missing data for column",
        "extra data after last expected column",
        "syntax error",
    ];
    // What follows it is of the rows.
    let words = words.split("CONTEXT:").next().unwrap_or(words);
    // Money is read as the server's own settings say (`lc_monetary`), which need not be those it was written with.
    if words.contains("for type money") {
        return false;
    }
    let violated = words.split_once(" violates ").is_some_and(|(_, what)| what.contains(" constraint"));
    violated || COPYS.iter().any(|copys| words.contains(copys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dump_alone_can_be_blamed_for_is_the_copys_fault() {
        for copys in [
            "pg_restore: error: did not find magic string in file header",
            "could not create unique index \"a_pkey\"; DETAIL: Key (id)=(1) is duplicated.",
            "insert or update on table \"a\" violates foreign key constraint \"b\"",
            "null value in column \"n\" of relation \"a\" violates not-null constraint",
            "ERROR:  syntax error at or near \"TABEL\"",
        ] {
            assert!(is_copys(copys), "{copys}");
        }
        for around in [
            "ERROR:  collation \"de-x-icu\" for encoding \"UTF8\" does not exist",
            "another server process exited abnormally and possibly corrupted shared memory",
            "character with byte sequence 0xf0 0x9f in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"",
            "FEHLER:  Datenbanksystem wird heruntergefahren",
            "canceling statement due to statement timeout",
            "invalid input syntax for type money: \"1.234,50 €\"",
            "could not extend file; CONTEXT:  COPY notes, line 7: \"a syntax error\"",
        ] {
            assert!(!is_copys(around), "{around}");
        }
    }
}
