//! PostgreSQL as restores and drills see it: a database, the programs for it, and what SQL says there.

use super::RestoreError;
use crate::config::limits::{CAPTURE_BYTES, DUMP_WORDS_BYTES, RESTORE_TOOL_TIME};
use crate::ops::backup::contents::Contents;
use crate::ops::backup::find;
use crate::ops::backup::postgres::{Ready, Tools, said};
use crate::ops::backup::{Meter, count};
use crate::ops::child::{Ended, Exit, Input, Process, Program, Watch};
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How our sessions are called while they restore (H6).
const APPLICATION: &str = "drillbell-restore";
/// What `psql` ends with when it has no connection; a statement that fails is 1 or 3.
const NO_CONNECTION: i32 = 2;
/// The variable that says in which encoding a program wants to read and write.
const CLIENT_ENCODING: &str = "PGCLIENTENCODING";
/// The encoding of a database that looks into no text.
const NO_ENCODING: &str = "SQL_ASCII";

/// A database, and the programs for it.
#[derive(Clone)]
pub struct Database {
    pub(super) tools: Tools,
    pub(super) ready: Ready,
    /// The folder of ours for pipes.
    pub(super) scratch: PathBuf,
    /// How the texts of the copy are written that it was made for.
    encoding: Option<String>,
}

/// How bytes are written in rows that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytea {
    /// As every copy has them.
    Hex,
    /// As an older copy may have them, of a database that asked for it.
    Escape,
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
        Ok(Self { tools, ready, scratch, encoding: None })
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

    /// The same, made for a copy whose texts are written so.
    #[must_use]
    pub(super) fn written_in(self, encoding: Option<&str>) -> Self {
        Self { encoding: encoding.map(str::to_owned), ..self }
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

    pub(super) fn program(&self, tool: &str, args: &[&str], limit: Duration) -> Program {
        self.tools.program(&self.ready.folder, tool, args, Some(&self.ready.server), limit)
    }

    /// `psql` for statements of ours and of the operator, which are UTF-8 whatever the database is in.
    fn asking(&self, args: &[&str], limit: Duration) -> Program {
        let mut program = self.program("psql", args, limit);
        if let Some(encoding) = &self.encoding {
            // A database that looks into no text may have some that is none; it is handed out as it is.
            let ours = if encoding == NO_ENCODING { NO_ENCODING } else { "UTF8" };
            program.env.insert(CLIENT_ENCODING.to_owned(), ours.to_owned());
        }
        program.capture = true;
        program
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
        let mut program = self.asking(&args, limit);
        program.stdin = Some(Input::Bytes(statements.into_bytes()));
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
        let program = self.asking(&args, RESTORE_TOOL_TIME);
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

    /// Counts and hashes everything in it as the copy was that it was made for.
    ///
    /// # Errors
    /// It cannot be dumped.
    pub async fn recount(&self, hashing: bool, bytea: Bytea, meter: Meter) -> Result<Contents, RestoreError> {
        let mut ready = self.ready.clone();
        if let Some(encoding) = &self.encoding {
            ready.server.env.insert(CLIENT_ENCODING.to_owned(), encoding.clone());
        }
        if bytea == Bytea::Escape {
            ready.server.env.entry("PGOPTIONS".to_owned()).or_default().push_str(" -c bytea_output=escape");
        }
        let dump = self.tools.dump(self.tools.prepare(&ready, RESTORE_TOOL_TIME, hashing).await).await?;
        Ok(count(Box::new(dump), meter).await?)
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
