//! A PostgreSQL database as an uncompressed `pg_dump` archive: the right tool is found, run under a guard, and its exit counts.

use super::archive::Archive;
use super::contents::Contents;
use super::find::{self, Found};
use super::gulps::Gulps;
use super::server::Server;
use super::tap::Tap;
use super::{Dump, DumpError};
use crate::config::limits::{DUMP_WORDS_BYTES, PIPE_BYTES, PROBE_TOOL_TIME};
use crate::ops::child::{Cut, Ended, Exit, Program, Supervisor, Unwatched, Watch};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
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
    /// Every folder with programs that can be used, newest first.
    pub(in crate::ops) found: Vec<Found>,
    /// About how large it is, bytes on the server's disk; the dump is of another size.
    pub size: u64,
}

/// A dump that is ready to begin.
pub struct Prepared {
    program: Program,
    shown: String,
    limit: Duration,
    hashing: bool,
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
        const ADVICE: &str = "install PostgreSQL's client programs, or name their folder with pg_bin";
        let server = Server::of(url)?;
        let folders = match pg_bin {
            Some(folder) => vec![folder.to_owned()],
            None => {
                let path = self.path.clone();
                let looked = tokio::task::spawn_blocking(move || find::all(&path)).await;
                looked.map_err(|_| DumpError::retry("a thread of the backup was lost; see the log"))?
            }
        };
        if folders.is_empty() {
            let nowhere = "no pg_dump was found in /usr/lib/postgresql/*/bin or PATH";
            return Err(DumpError::failed(format!("{nowhere}: {ADVICE}")));
        }
        let (mut found, mut unusable) = (Vec::new(), Vec::new());
        let versions = futures::future::join_all(folders.iter().map(|folder| self.version(folder))).await;
        for (folder, version) in folders.into_iter().zip(versions) {
            match version {
                Ok(major) => found.push(Found { folder, major }),
                Err(not) => unusable.push(self.passed_over(not)?),
            }
        }
        // The newest asks: what is older than the server may not understand it.
        found.sort_by_key(|found| std::cmp::Reverse(found.major));
        let mut asked = None;
        for Found { folder, .. } in &found {
            match self.ask(folder, &server).await {
                Ok(answer) => {
                    asked = Some(answer);
                    break;
                }
                Err(not) => unusable.push(self.passed_over(not)?),
            }
        }
        let unusable = unusable.join("; ");
        let Some((major, size)) = asked else {
            let tool = if found.is_empty() { "pg_dump" } else { "psql" };
            return Err(DumpError::retry(format!("no {tool} that was found can be used ({unusable}): {ADVICE}")));
        };
        let best = find::best(&found, major).map_err(|mut error| {
            if !unusable.is_empty() {
                error.sentence = format!("{} (not usable: {unusable})", error.sentence);
            }
            error
        })?;
        Ok(Ready { folder: best.folder.clone(), found, server, size })
    }

    /// The folders in which there is all that makes a server too.
    ///
    /// # Errors
    /// Nobody can be asked.
    pub(in crate::ops) async fn servers(&self, pg_bin: Option<&Path>) -> Result<Vec<Found>, DumpError> {
        let (path, pg_bin) = (self.path.clone(), pg_bin.map(Path::to_owned));
        let looked = tokio::task::spawn_blocking(move || {
            let all = pg_bin.map_or_else(|| find::all(&path), |folder| vec![folder]);
            all.into_iter().filter(|folder| find::makes_servers(folder)).collect::<Vec<_>>()
        });
        let folders = looked.await.map_err(|_| DumpError::retry("a thread of the backup was lost; see the log"))?;
        let mut found = Vec::new();
        for folder in folders {
            match self.version(&folder).await {
                Ok(major) => found.push(Found { folder, major }),
                Err(not) => drop(self.passed_over(not)?),
            }
        }
        Ok(found)
    }

    /// Tells that a program is not used; an error if no other one would do better.
    fn passed_over(&self, not: Not) -> Result<String, DumpError> {
        match not {
            Not::Usable(why) => {
                self.watch.line(&format!("not used: {why}"));
                Ok(why)
            }
            Not::Possible(error) => Err(error),
        }
    }

    /// Prepares a dump, which may take its time: what is committed meanwhile is in it.
    pub async fn prepare(&self, ready: &Ready, limit: Duration, hashing: bool) -> Prepared {
        let args = ["--format=custom", "--compress=0", "--no-password"];
        let mut program = self.program(&ready.folder, "pg_dump", &args, Some(&ready.server), limit);
        if let Some(stdbuf) = self.stdbuf(&ready.folder).await {
            program.argv.splice(0..0, under(&stdbuf));
        }
        Prepared { program, shown: ready.server.shown.clone(), limit, hashing }
    }

    /// Begins to dump: what was committed before is in it. The programs of this are ended with `cancel`, or when they take longer than
    /// they were given.
    ///
    /// # Errors
    /// It could not be started.
    pub async fn dump(&self, prepared: Prepared) -> Result<PgDump, DumpError> {
        let Prepared { program, shown, limit, hashing } = prepared;
        let (give, stdout) = oneshot::channel();
        let (tell, ended) = oneshot::channel();
        let tools = self.clone();
        tokio::spawn(async move {
            let ended = tools.supervisor.run_into(program, &*tools.watch, &tools.cancel, give).await;
            // Nobody asks any more once the backup was given up.
            let _ = tell.send(ended);
        });
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
            secret_files: BTreeMap::new(),
            secret_memory: server.map(|server| server.files.clone()).unwrap_or_default(),
            stdin: None,
            time_limit: limit,
            background: false,
            capture: false,
        }
    }

    /// What a program of a folder says its version is, if it runs.
    pub(in crate::ops) async fn says(&self, folder: &Path, tool: &str) -> Option<String> {
        let ended = self.short(folder, tool, &["--version"], None).await.ok()?;
        Some(ended.stdout.expose_secret().to_owned())
    }

    async fn version(&self, folder: &Path) -> Result<u32, Not> {
        let ended = self.short(folder, "pg_dump", &["--version"], None).await?;
        let said = ended.stdout.expose_secret();
        find::major_of(said).ok_or_else(|| nonsense(folder, "pg_dump", said))
    }

    /// What lets a folder's `pg_dump` write in larger pieces than the four kilobytes that the C library chooses for a pipe, which are
    /// a tenth of a dump's work. Tried out before it is relied on: it is not everywhere, and not every program can run under it.
    async fn stdbuf(&self, folder: &Path) -> Option<PathBuf> {
        let path = self.path.clone();
        let stdbuf = tokio::task::spawn_blocking(move || find::stdbuf(&path)).await.ok()??;
        let mut program = self.program(folder, "pg_dump", &["--version"], None, PROBE_TOOL_TIME);
        program.argv.splice(0..0, under(&stdbuf));
        let ended = self.supervisor.run(Program { capture: true, ..program }, &Unwatched, &self.cancel).await;
        (ended.passed() && find::major_of(ended.stdout.expose_secret()).is_some()).then_some(stdbuf)
    }

    /// The server's major version and the database's size.
    async fn ask(&self, folder: &Path, server: &Server) -> Result<(u32, u64), Not> {
        let query = "select current_setting('server_version_num'), pg_database_size(current_database())";
        let args = ["-X", "-A", "-t", "-q", "-w", "-F", " ", "-c", query];
        let ended = self.short(folder, "psql", &args, Some(server)).await?;
        let said = ended.stdout.expose_secret();
        let mut words = said.split_whitespace();
        let version: Option<u32> = words.next().and_then(|word| word.parse().ok());
        let size = words.next().and_then(|word| word.parse().ok());
        version.map(|version| (version / 10_000, size.unwrap_or(0))).ok_or_else(|| nonsense(folder, "psql", said))
    }

    async fn short(&self, folder: &Path, tool: &str, args: &[&str], server: Option<&Server>) -> Result<Ended, Not> {
        let program = Program { capture: true, ..self.program(folder, tool, args, server, PROBE_TOOL_TIME) };
        let ended = self.supervisor.run(program, &*self.watch, &self.cancel).await;
        if ended.passed() {
            return Ok(ended);
        }
        let how = said(&ended, PROBE_TOOL_TIME);
        Err(match (&ended.exit, server) {
            _ if ended.cut == Some(Cut::Cancelled) => Not::Possible(DumpError::retry(format!("{tool} {how}"))),
            // It never ran, or whatever stands for it did not find it.
            (Exit::NotStarted(_) | Exit::Code(126 | 127), _) | (_, None) => {
                Not::Usable(format!("{} {how}", folder.join(tool).display()))
            }
            (_, Some(server)) => Not::Possible(DumpError::retry(format!("{tool} on {} {how}", server.shown))),
        })
    }
}

/// The words that let a program write in large pieces, before its own.
fn under(stdbuf: &Path) -> [String; 2] {
    [stdbuf.to_string_lossy().into_owned(), format!("--output={PIPE_BYTES}")]
}

/// Why a program did not do what it was asked.
enum Not {
    /// It is of no use; another one may be.
    Usable(String),
    /// Another one would fail alike.
    Possible(DumpError),
}

fn nonsense(folder: &Path, tool: &str, said: &str) -> Not {
    let said: String = said.trim().chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    Not::Usable(format!("{} says {said:?} instead of a version", folder.join(tool).display()))
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
        let mut from = Gulps::new(stdout);
        let copied = out.pour(&mut from);
        // Should nobody take the dump any more, its program ends by writing into nothing.
        drop(from);
        let lost = || DumpError::retry(format!("pg_dump of {shown} was lost"));
        let ended = ended.blocking_recv().map_err(|_| lost())?;
        match copied.and_then(|()| out.seen()) {
            Ok(archive) if ended.passed() => {
                let archive = archive.ok_or_else(lost)?;
                match archive.cut_off() {
                    None => Ok(Contents::of_archive(archive)),
                    // As of a script that ends well whatever becomes of the program in it.
                    Some(why) => {
                        Err(DumpError::retry(format!("pg_dump of {shown} ended well, but its dump is cut off: {why}")))
                    }
                }
            }
            // The pipe was closed on it because its output could not be handed on: that is the reason, not how it took it.
            Err(error) if ended.cut.is_none() => {
                Err(DumpError::retry(format!("the dump of {shown} could not be handed on: {error}")))
            }
            _ => Err(DumpError::retry(format!("pg_dump of {shown} {}", said(&ended, limit)))),
        }
    }
}
