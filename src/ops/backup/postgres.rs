//! A PostgreSQL database as an uncompressed `pg_dump` archive: the right tool is found, run under a guard, and its exit counts.

use super::archive::Archive;
use super::contents::Contents;
use super::find::{self, Found};
use super::server::Server;
use super::tap::Tap;
use super::{Dump, DumpError};
use crate::config::limits::{DUMP_WORDS_BYTES, PIPE_BYTES, PROBE_TOOL_TIME};
use crate::ops::child::{Ended, Exit, Program, Supervisor, Watch};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How dumps are made.
#[derive(Clone)]
pub struct Tools {
    /// Runs programs.
    pub supervisor: Supervisor,
    /// The `PATH` that programs are looked for in.
    pub path: String,
    /// Who follows them.
    pub watch: Arc<dyn Watch>,
    /// Ends them.
    pub cancel: CancellationToken,
}

/// What was learnt of a database before it is dumped.
#[derive(Clone, Debug)]
pub struct Ready {
    pub(in crate::ops) server: Server,
    pub(in crate::ops) folder: PathBuf,
    /// About how large it is, bytes on the server's disk; the dump is of another size.
    pub size: u64,
}

/// A dump that has begun.
pub struct PgDump {
    stdout: OwnedFd,
    ended: oneshot::Receiver<Ended>,
    shown: String,
    limit: Duration,
    hashing: bool,
}

impl Tools {
    /// Asks the server for its version and finds the tool for it.
    ///
    /// # Errors
    /// The server does not answer, or there is no tool for it.
    pub async fn look(&self, url: &SecretString, pg_bin: Option<&Path>) -> Result<Ready, DumpError> {
        let server = Server::of(url)?;
        let mut found = match pg_bin {
            Some(folder) => vec![Found { folder: folder.to_owned(), major: None }],
            None => find::all(&self.path),
        };
        for found in found.iter_mut().filter(|found| found.major.is_none()) {
            found.major = self.version(&found.folder).await?;
        }
        let newest = found.iter().max_by_key(|found| found.major).ok_or_else(|| {
            DumpError::failed("no pg_dump was found in /usr/lib/postgresql/*/bin or PATH: install PostgreSQL's client programs, or name their folder with pg_bin")
        })?;
        let (major, size) = self.ask(&newest.folder, &server).await?;
        let folder = find::best(&found, major)?.folder.clone();
        Ok(Ready { server, folder, size })
    }

    /// Begins to dump. The programs of this are ended with `cancel`, or when they take longer than `limit`.
    ///
    /// # Errors
    /// It could not be started.
    pub async fn dump(&self, ready: &Ready, limit: Duration, hashing: bool) -> Result<PgDump, DumpError> {
        let args = ["--format=custom", "--compress=0", "--no-password"];
        let program = self.program(&ready.folder, "pg_dump", &args, Some(&ready.server), limit);
        let (give, stdout) = oneshot::channel();
        let (tell, ended) = oneshot::channel();
        let tools = self.clone();
        tokio::spawn(async move {
            let ended = tools.supervisor.run_into(program, &*tools.watch, &tools.cancel, give).await;
            // Nobody asks any more once the backup was given up.
            let _ = tell.send(ended);
        });
        let shown = ready.server.shown.clone();
        let Ok(stdout) = stdout.await else {
            let why = ended.await.map_or_else(|_| "it was lost".to_owned(), |ended| said(&ended, limit));
            return Err(DumpError::retry(format!("pg_dump of {shown} {why}")));
        };
        let stdout =
            blocking(stdout).map_err(|error| DumpError::retry(format!("pg_dump's output cannot be read: {error}")))?;
        Ok(PgDump { stdout, ended, shown, limit, hashing })
    }

    pub(in crate::ops) fn program(
        &self,
        folder: &Path,
        tool: &str,
        args: &[&str],
        server: Option<&Server>,
        limit: Duration,
    ) -> Program {
        let tool = folder.join(tool).to_string_lossy().into_owned();
        let mut env = server.map(|server| server.env.clone()).unwrap_or_default();
        // Some `pg_dump` is a script.
        env.insert("PATH".to_owned(), self.path.clone());
        Program {
            argv: std::iter::once(tool).chain(args.iter().map(|arg| (*arg).to_owned())).collect(),
            cwd: None,
            env,
            secrets: BTreeMap::new(),
            secret_files: server.map(|server| server.files.clone()).unwrap_or_default(),
            stdin: None,
            time_limit: limit,
            background: false,
            capture: false,
        }
    }

    pub(in crate::ops) async fn version(&self, folder: &Path) -> Result<Option<u32>, DumpError> {
        let ended = self.short(folder, "pg_dump", &["--version"], None).await?;
        Ok(find::major_of(ended.stdout.expose_secret()))
    }

    /// The server's major version and the database's size.
    async fn ask(&self, folder: &Path, server: &Server) -> Result<(u32, u64), DumpError> {
        let query = "select current_setting('server_version_num'), pg_database_size(current_database())";
        let args = ["-X", "-A", "-t", "-q", "-w", "-F", " ", "-c", query];
        let ended = self.short(folder, "psql", &args, Some(server)).await?;
        let mut words = ended.stdout.expose_secret().split_whitespace();
        let version: Option<u32> = words.next().and_then(|word| word.parse().ok());
        let size = words.next().and_then(|word| word.parse().ok());
        match version {
            Some(version) => Ok((version / 10_000, size.unwrap_or(0))),
            None => Err(DumpError::retry(format!("{} did not say which version it is", server.shown))),
        }
    }

    pub(in crate::ops) async fn short(
        &self,
        folder: &Path,
        tool: &str,
        args: &[&str],
        server: Option<&Server>,
    ) -> Result<Ended, DumpError> {
        let program = Program { capture: true, ..self.program(folder, tool, args, server, PROBE_TOOL_TIME) };
        let ended = self.supervisor.run(program, &*self.watch, &self.cancel).await;
        if ended.passed() {
            return Ok(ended);
        }
        let of = server.map(|server| format!(" on {}", server.shown)).unwrap_or_default();
        let sentence = format!("{tool}{of} {}", said(&ended, PROBE_TOOL_TIME));
        Err(match ended.exit {
            Exit::NotStarted(_) => DumpError::failed(sentence),
            _ => DumpError::retry(sentence),
        })
    }
}

/// How it ended and what it said last, as the end of a sentence.
pub(in crate::ops) fn said(ended: &Ended, limit: Duration) -> String {
    let words = ended.output.last(DUMP_WORDS_BYTES).replace('\n', "; ");
    let end = ended.sentence(limit);
    if words.is_empty() { end } else { format!("{end}: {words}") }
}

/// The pipe for a thread, as large as the system lets it be.
pub(in crate::ops) fn blocking(stdout: tokio::process::ChildStdout) -> io::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let fd = stdout.into_owned_fd()?;
    let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
    #[cfg(target_os = "linux")]
    // A smaller pipe is slower, and nothing else.
    let _ = fcntl(&fd, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
    Ok(fd)
}

impl Dump for PgDump {
    fn write(self: Box<Self>, out: &mut Tap) -> Result<Contents, DumpError> {
        let Self { stdout, ended, shown, limit, hashing } = *self;
        out.look_into(Archive::new(hashing));
        let mut from = File::from(stdout);
        let copied = out.pour(&mut from);
        // Should nobody take the dump any more, its program ends by writing into nothing.
        drop(from);
        let lost = || DumpError::retry(format!("pg_dump of {shown} was lost"));
        let ended = ended.blocking_recv().map_err(|_| lost())?;
        match copied.and_then(|()| out.seen()) {
            Ok(archive) if ended.passed() => archive.map(Contents::of_archive).ok_or_else(lost),
            // The pipe was closed on it because its output could not be handed on: that is the reason, not how it took it.
            Err(error) if ended.cut.is_none() => {
                Err(DumpError::retry(format!("the dump of {shown} could not be handed on: {error}")))
            }
            _ => Err(DumpError::retry(format!("pg_dump of {shown} {}", said(&ended, limit)))),
        }
    }
}
