//! The bot's side of a run: starts the guard, tells it what to run, reads what comes, and sees that it ends.

use super::message::{Order, Report, Start};
use super::output::Lines as Cutter;
use super::{Cut, Ended, Exit, GUARD, Kept, Process, Program, Watch, tree};
use crate::config::limits::{CAPTURE_BYTES, CHILD_GRACE, CHILD_STUCK};
use crate::scrub::{Scrub, Stream};
use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// What the folders begin with in which a run's secret files lie.
pub(super) const RUN_FOLDER: &str = "run-";
/// How long what a program said may still be on its way once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Bytes read at once.
const CHUNK: usize = 16 * 1024;

/// Runs programs.
#[derive(Clone, Debug)]
pub struct Supervisor {
    guard: PathBuf,
    scratch: PathBuf,
    scrub: Scrub,
}

/// One of a program's two outputs.
struct Pipe<R> {
    from: Option<R>,
    scrubbing: Option<Stream>,
    lines: Cutter,
    chunk: Vec<u8>,
}

/// What both outputs run into.
struct Said<'w> {
    kept: Kept,
    raw: Vec<u8>,
    raw_cut: bool,
    watch: &'w dyn Watch,
}

/// The guard, as we hold it.
struct Held {
    child: Child,
    process: Process,
    orders: OwnedWriteHalf,
    reports: Lines<BufReader<OwnedReadHalf>>,
}

impl Supervisor {
    /// One whose guard is `guard`, a `drillbell`; files with secrets lie in `scratch` while they are needed.
    pub fn new(guard: PathBuf, scratch: PathBuf, scrub: Scrub) -> Self {
        Self { guard, scratch, scrub }
    }

    /// This very program, even if its file has been replaced or removed meanwhile.
    pub fn own_program() -> PathBuf {
        PathBuf::from("/proc/self/exe")
    }

    /// Makes the scratch folder and clears it of what a guard that was killed left.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn sweep(&self) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.scratch)?;
        for entry in std::fs::read_dir(&self.scratch)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(RUN_FOLDER) {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// Runs a program to its end. If the future is dropped, or this process dies, the guard ends the program.
    pub async fn run(&self, program: Program, watch: &dyn Watch, cancel: &CancellationToken) -> Ended {
        if cancel.is_cancelled() {
            let not = Exit::NotStarted("it was cancelled before it began".to_owned());
            return Ended { cut: Some(Cut::Cancelled), ..Ended::of(not, Kept::default()) };
        }
        let held = match self.begin(&program, watch).await {
            Ok(held) => held,
            Err(why) => return Ended::of(Exit::NotStarted(self.scrub.text(&why).into_owned()), Kept::default()),
        };
        self.follow(held, &program, watch, cancel).await
    }

    /// The same; what the program writes goes raw to whoever takes `stdout`, and nothing of it is scrubbed or kept. The pipe ends
    /// when the program has; how it ended is only known here.
    pub async fn run_into(
        &self,
        program: Program,
        watch: &dyn Watch,
        cancel: &CancellationToken,
        stdout: oneshot::Sender<ChildStdout>,
    ) -> Ended {
        let mut held = match self.begin(&program, watch).await {
            Ok(held) => held,
            Err(why) => return Ended::of(Exit::NotStarted(self.scrub.text(&why).into_owned()), Kept::default()),
        };
        // If nobody takes it any more, the program ends by writing into nothing.
        if let Some(pipe) = held.child.stdout.take() {
            let _ = stdout.send(pipe);
        }
        self.follow(held, &program, watch, cancel).await
    }

    async fn begin(&self, program: &Program, watch: &dyn Watch) -> Result<Held, String> {
        let cannot =
            |error: io::Error| format!("its guard process {} cannot be started: {error}", self.guard.display());
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(cannot)?;
        ours.set_nonblocking(true).map_err(cannot)?;
        let child = Command::new(&self.guard)
            .arg(GUARD)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let (reports, mut orders) = UnixStream::from_std(ours).map_err(cannot)?.into_split();
        let process = child.id().and_then(|pid| tree::stat(i32::try_from(pid).ok()?));
        let process = process.ok_or("its guard process ended at once")?;
        let process = Process { pid: process.pid, start_time: process.start_time };
        // Nothing runs before it is written down where a successor finds it.
        watch.started(process).await?;
        let order = Order::Start(Box::new(self.start(program)));
        let line = serde_json::to_string(&order).map_err(|error| format!("it cannot be described: {error}"))? + "\n";
        orders.write_all(line.as_bytes()).await.map_err(|_| "its guard process ended at once")?;
        Ok(Held { child, process, orders, reports: BufReader::new(reports).lines() })
    }

    fn start(&self, program: &Program) -> Start {
        let exposed = |secrets: &BTreeMap<String, SecretString>| -> BTreeMap<String, String> {
            secrets.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect()
        };
        let mut env = program.env.clone();
        env.extend(exposed(&program.secrets));
        Start {
            argv: program.argv.clone(),
            cwd: program.cwd.clone(),
            env,
            files: exposed(&program.secret_files),
            memory: exposed(&program.secret_memory),
            scratch: self.scratch.clone(),
            stdin: program.stdin.clone(),
            background: program.background,
            grace_ms: millis(CHILD_GRACE),
        }
    }

    async fn follow(&self, mut held: Held, program: &Program, watch: &dyn Watch, cancel: &CancellationToken) -> Ended {
        let mut said = Said { kept: Kept::default(), raw: Vec::new(), raw_cut: false, watch };
        let mut out = Pipe::new(held.child.stdout.take(), self.scrub.stream());
        let mut err = Pipe::new(held.child.stderr.take(), self.scrub.stream());
        let time = tokio::time::sleep(program.time_limit);
        tokio::pin!(time);
        let mut cut = None;
        let report = loop {
            tokio::select! {
                () = out.read() => out.hand_over(&mut said, program.capture),
                () = err.read() => err.hand_over(&mut said, false),
                line = held.reports.next_line() => {
                    break line.ok().flatten().and_then(|line| serde_json::from_str::<Report>(&line).ok());
                }
                () = &mut time => {
                    if cut.is_some() {
                        // The guard did not manage to end it.
                        kill(held.process).await;
                        break None;
                    }
                    cut = Some(Cut::TimedOut);
                    held.end().await;
                    time.as_mut().reset(tokio::time::Instant::now() + CHILD_GRACE + CHILD_STUCK);
                }
                () = cancel.cancelled(), if cut.is_none() => {
                    cut = Some(Cut::Cancelled);
                    held.end().await;
                    time.as_mut().reset(tokio::time::Instant::now() + CHILD_GRACE + CHILD_STUCK);
                }
            }
        };
        if report.is_none() {
            // Killed guards leave their program behind.
            kill(held.process).await;
        }
        // It has nothing more to do, so this takes no time; one that hangs all the same is not waited for.
        let _ = tokio::time::timeout(CHILD_STUCK, held.child.wait()).await;
        // What was said before the end may still be on its way; what goes on in the background is not waited for.
        let enough = tokio::time::sleep(LAST_WORDS);
        tokio::pin!(enough);
        while out.from.is_some() || err.from.is_some() {
            tokio::select! {
                biased;
                // In all: a daemon that talks without end is not listened to without end.
                () = &mut enough => break,
                () = out.read() => out.hand_over(&mut said, program.capture),
                () = err.read() => err.hand_over(&mut said, false),
            }
        }
        out.finish(&mut said);
        err.finish(&mut said);
        let (exit, left) = match report {
            Some(Report::Failed { why }) => (Exit::NotStarted(self.scrub.text(&why).into_owned()), 0),
            Some(Report::Ended { code: Some(code), left, .. }) => (Exit::Code(code), left),
            Some(Report::Ended { signal: Some(signal), left, .. }) => (Exit::Signal(signal), left),
            Some(Report::Ended { left, .. }) => (Exit::Unknown, left),
            None => (Exit::Unknown, 0),
        };
        let stdout = String::from_utf8_lossy(&said.raw).into_owned().into();
        Ended { exit, cut, output: said.kept, stdout, stdout_cut: said.raw_cut, left }
    }
}

impl Ended {
    fn of(exit: Exit, output: Kept) -> Self {
        Self { exit, cut: None, output, stdout: SecretString::default(), stdout_cut: false, left: 0 }
    }
}

impl Held {
    /// Asks the guard to end everything. One that cannot be asked any more has ended, or will be killed.
    async fn end(&mut self) {
        let order = Order::End { grace_ms: millis(CHILD_GRACE) };
        if let Ok(line) = serde_json::to_string(&order) {
            let _ = self.orders.write_all((line + "\n").as_bytes()).await;
        }
    }
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(from: Option<R>, scrubbing: Stream) -> Self {
        Self { from, scrubbing: Some(scrubbing), lines: Cutter::default(), chunk: Vec::new() }
    }

    /// Reads the next chunk; never comes back once the output has ended. Nothing is lost if it is dropped.
    async fn read(&mut self) {
        let Some(from) = &mut self.from else { return std::future::pending().await };
        self.chunk.resize(CHUNK, 0);
        let length = from.read(&mut self.chunk).await.unwrap_or(0);
        self.chunk.truncate(length);
        if length == 0 {
            self.from = None;
        }
    }

    fn hand_over(&mut self, said: &mut Said<'_>, capture: bool) {
        if capture {
            let room = CAPTURE_BYTES.saturating_sub(said.raw.len());
            said.raw_cut |= self.chunk.len() > room;
            said.raw.extend_from_slice(&self.chunk[..self.chunk.len().min(room)]);
        }
        if let Some(scrubbing) = &mut self.scrubbing {
            let clean = scrubbing.push(&self.chunk);
            self.lines.push(&clean, |line| said.line(line));
        }
    }

    fn finish(mut self, said: &mut Said<'_>) {
        if let Some(scrubbing) = self.scrubbing.take() {
            let rest = scrubbing.finish();
            self.lines.push(&rest, |line| said.line(line));
        }
        self.lines.finish(|line| said.line(line));
    }
}

impl Said<'_> {
    fn line(&mut self, line: &str) {
        self.kept.push(line);
        self.watch.line(line);
    }
}

/// Kills everything that belongs to a guard. Looks through all processes, which is for a thread that may wait.
async fn kill(guard: Process) {
    let killing = move || tree::signal(&tree::belonging_to(guard), Signal::SIGKILL);
    if tokio::task::spawn_blocking(killing).await.is_err() {
        tracing::error!(pid = guard.pid, "what a guard left behind could not be killed: the thread for it was lost");
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
