//! PostgreSQL: a dump goes into a database through `pg_restore` or `psql`, whichever its content asks for (H1), in one transaction.
//! What went wrong is told apart: the copy's fault, or that of what is around it.

use super::feed::{Fed, Food, feed};
use super::open::Opened;
use super::table::TableName;
use super::{Cause, RestoreError};
use crate::config::limits::{CAPTURE_BYTES, DUMP_WORDS_BYTES, RESTORE_TOOL_TIME};
use crate::ops::backup::contents::Contents;
use crate::ops::backup::find;
use crate::ops::backup::format::Format;
use crate::ops::backup::postgres::{Ready, Tools, said};
use crate::ops::backup::{Meter, count};
use crate::ops::child::{Cut, Ended, Exit, Input, Process, Program, Watch};
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;

/// How our sessions are called while they restore (H6).
const APPLICATION: &str = "drillbell-restore";
/// What `psql` ends with when it has no connection; a statement that fails is 1 or 3.
const NO_CONNECTION: i32 = 2;

/// A database, and the programs for it.
#[derive(Clone)]
pub struct Database {
    tools: Tools,
    ready: Ready,
    /// The folder of ours for pipes.
    scratch: PathBuf,
}

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
    /// To another server than it came from: whom it belonged to and who may read it is left out.
    pub elsewhere: bool,
}

/// What SQL said.
pub struct Answer {
    /// Its lines.
    pub lines: Vec<String>,
}

impl Database {
    /// The database of a URL; without one in it, `postgres`. `made_with` is the major version that made the dump.
    ///
    /// # Errors
    /// The server does not answer, or there is no program for it.
    pub async fn of(
        tools: Tools,
        url: &SecretString,
        pg_bin: Option<&Path>,
        scratch: PathBuf,
        made_with: Option<u32>,
    ) -> Result<Self, RestoreError> {
        let mut ready = tools.look(url, pg_bin).await?;
        ready.server.env.insert("PGAPPNAME".to_owned(), APPLICATION.to_owned());
        if pg_bin.is_none()
            && let Some(made_with) = made_with
        {
            let ours = ready.found.iter().find(|found| found.folder == ready.folder).map(|found| found.major);
            // An older `pg_restore` does not read what a newer `pg_dump` has written.
            if ours.is_some_and(|ours| ours < made_with)
                && let Ok(newer) = find::best(&ready.found, made_with)
            {
                ready.folder = newer.folder.clone();
            }
        }
        Ok(Self { tools, ready, scratch })
    }

    /// Another database on the same server.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.ready.server.env.insert("PGDATABASE".to_owned(), name.to_owned());
        let shown = other.ready.server.shown.rsplit_once('/').map_or("", |(server, _)| server).to_owned();
        other.ready.server.shown = format!("{shown}/{name}");
        other
    }

    /// The same with programs that are ended by something else.
    #[must_use]
    pub fn with(&self, tools: Tools) -> Self {
        Self { tools, ..self.clone() }
    }

    /// For people: `app@db.example.org:5432/shop`.
    pub fn shown(&self) -> &str {
        &self.ready.server.shown
    }

    fn program(&self, tool: &str, args: &[&str], limit: Duration) -> Program {
        self.tools.program(&self.ready.folder, tool, args, Some(&self.ready.server), limit)
    }

    /// Runs statements until one fails; what they answer, a line a row.
    ///
    /// # Errors
    /// They cannot be run, or one failed.
    pub async fn sql(&self, statements: String) -> Result<Answer, RestoreError> {
        self.sql_within(statements, RESTORE_TOOL_TIME).await
    }

    pub(super) async fn sql_within(&self, statements: String, limit: Duration) -> Result<Answer, RestoreError> {
        let args = ["-X", "-A", "-t", "-q", "-w", "-F", "|", "-v", "ON_ERROR_STOP=1"];
        let mut program = self.program("psql", &args, limit);
        program.stdin = Some(Input::Bytes(statements.into_bytes()));
        program.capture = true;
        let ended = self.tools.supervisor.run(program, &Quiet(&*self.tools.watch), &self.tools.cancel).await;
        match ended.passed() {
            // The rest was not kept: half an answer would be taken for all of it.
            true if ended.stdout.expose_secret().len() >= CAPTURE_BYTES => Err(RestoreError::environment(format!(
                "what psql on {} answered is longer than the {} KiB that are read of it",
                self.shown(),
                CAPTURE_BYTES / 1024
            ))),
            true => Ok(Answer { lines: ended.stdout.expose_secret().lines().map(str::to_owned).collect() }),
            false => Err(self.failed("psql", &ended, limit)),
        }
    }

    /// A query of the operator's: its lines, or how it failed and whose fault that is.
    ///
    /// # Errors
    /// It cannot be run or fails.
    pub async fn query(&self, query: &str) -> Result<Answer, RestoreError> {
        if query.trim_start().starts_with('\\') {
            return Err(RestoreError::check("it is a command of psql, not a query"));
        }
        // As an argument it is read by the server only; nothing in it is taken for a command of psql.
        let args = ["-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-c", query];
        let mut program = self.program("psql", &args, RESTORE_TOOL_TIME);
        program.capture = true;
        let ended = self.tools.supervisor.run(program, &Quiet(&*self.tools.watch), &self.tools.cancel).await;
        match (ended.passed(), &ended.exit) {
            (true, _) => Ok(Answer { lines: ended.stdout.expose_secret().lines().map(str::to_owned).collect() }),
            (false, Exit::Code(code)) if *code != NO_CONNECTION && ended.cut.is_none() => {
                let words = ended.output.last(DUMP_WORDS_BYTES).replace('\n', "; ");
                Err(RestoreError::check(words))
            }
            _ => Err(self.failed("psql", &ended, RESTORE_TOOL_TIME)),
        }
    }

    fn failed(&self, tool: &str, ended: &Ended, limit: Duration) -> RestoreError {
        RestoreError::environment(format!("{tool} on {} {}", self.shown(), said(ended, limit)))
    }

    /// Counts and hashes everything in it as a backup would.
    ///
    /// # Errors
    /// It cannot be dumped.
    pub async fn recount(&self, hashing: bool, meter: Meter) -> Result<Contents, RestoreError> {
        let dump = self.tools.dump(self.tools.prepare(&self.ready, RESTORE_TOOL_TIME, hashing).await).await?;
        Ok(count(Box::new(dump), meter).await?)
    }

    /// Restores a dump, all of it or nothing.
    ///
    /// # Errors
    /// The copy is not what it should be, or cannot be restored here.
    pub async fn restore(&self, opened: Opened, how: &How) -> Result<(), RestoreError> {
        let fed = match opened.format {
            // `pg_restore` commits once it has the tables it was asked for, before the copy is known to be whole.
            Format::PgCustom | Format::PgTar if how.data_only || !how.tables.is_empty() => {
                self.scripted(opened, how).await?
            }
            Format::PgCustom | Format::PgTar => {
                let mut args = vec!["--no-owner", "--exit-on-error", "--single-transaction", "--no-password"];
                args.extend(how.clean.then_some(["--clean", "--if-exists"]).into_iter().flatten());
                args.extend(how.elsewhere.then_some(["--no-privileges", "--no-tablespaces"]).into_iter().flatten());
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
                let args =
                    ["-X", "-q", "-w", "--single-transaction", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", "-"];
                let program = self.program("psql", &args, RESTORE_TOOL_TIME);
                let food = Food { from: opened.dump, whole: opened.outcome.whole(), last: Vec::new() };
                feed(&self.tools, &self.scratch, program, food, None).await?
            }
            other => {
                drop(opened.dump);
                opened.outcome.whole().await.err().filter(|error| error.cause == Cause::Backup).map_or(Ok(()), Err)?;
                return Err(RestoreError::backup(format!("it is {}, which is no dump of PostgreSQL", other.words())));
            }
        };
        self.judged(fed, "the restore")
    }

    /// Rows into tables that are there, or single tables: `pg_restore` writes the script, and `psql` runs it after what is in the way
    /// is gone. The commit is written once the copy is known to be whole.
    async fn scripted(&self, opened: Opened, how: &How) -> Result<Fed, RestoreError> {
        let names = named(&how.tables)?;
        let mut args = vec!["--no-owner", "--exit-on-error", "--file=-"];
        args.extend(how.data_only.then_some("--data-only"));
        args.extend(names.iter().map(String::as_str));
        let reader = self.tools.program(&self.ready.folder, "pg_restore", &args, None, RESTORE_TOOL_TIME);
        let writer = self.program(
            "psql",
            &["-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", "-"],
            RESTORE_TOOL_TIME,
        );
        let (before, after) = &how.around;
        let first = format!("begin;\n{before}");
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
            let food = Food {
                from: std::io::Cursor::new(first).chain(stdout),
                whole,
                last: format!("\n{after}commit;\n").into_bytes(),
            };
            feed(&self.tools, &self.scratch, writer, food, None).await
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
                let words = format!("{what} into {} {}", self.shown(), said(&ended, RESTORE_TOOL_TIME));
                // Of a stream that broke off on its way nobody knows what it would have been.
                let ended_itself = ended.cut.is_none() && matches!(ended.exit, Exit::Code(_)) && whole.is_ok();
                let cause = if ended_itself && is_copys(&words) { Cause::Backup } else { Cause::Environment };
                Err(RestoreError::of(cause, words))
            }
        }
    }
}

/// A watcher who does not show what is said: answers are rows.
struct Quiet<'a>(&'a dyn Watch);

impl Watch for Quiet<'_> {
    fn started(&self, process: Process) -> BoxFuture<'_, Result<(), String>> {
        self.0.started(process)
    }

    fn line(&self, _: &str) {}
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
            "could not extend file; CONTEXT:  COPY notes, line 7: \"a syntax error\"",
        ] {
            assert!(!is_copys(around), "{around}");
        }
    }
}
