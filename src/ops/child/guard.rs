//! The guard: a small process of its own between the bot and one program. It is the same binary under a hidden verb; its
//! standard input is a socket to the bot, and when that closes, the program and everything it began are ended.

use super::message::{Input, Order, Report, Start};
use super::tree;
use crate::model::ids;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

/// The hidden verb. Nobody types it: without the bot's socket it ends at once.
pub const GUARD: &str = "__guard";
/// How often descendants are looked at while they are being ended.
const LOOK: Duration = Duration::from_millis(10);
/// How often those who do not die are killed again: they may have begun others meanwhile.
const KILLS: u32 = 500;
/// How long the processes of a bot that is gone have to end.
const ORPHAN_GRACE: Duration = Duration::from_secs(5);

/// Runs as a guard until its program and all that belongs to it have ended.
pub fn guard() -> ExitCode {
    // Fails only for the leader of a group, which a fresh child is not.
    let _ = nix::unistd::setsid();
    #[cfg(target_os = "linux")]
    if nix::sys::prctl::set_child_subreaper(true).is_err() {
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ran = runtime.and_then(|runtime| runtime.block_on(run()));
    if ran.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run() -> io::Result<()> {
    // From here on no signal ends us without what we guard.
    let mut signals = Caught::listen()?;
    let socket = std::os::unix::net::UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(true)?;
    let (read, mut write) = UnixStream::from_std(socket)?.into_split();
    let mut orders = BufReader::new(read).lines();
    let Some(Order::Start(start)) = order(&mut orders).await else { return Ok(()) };
    let folder = Scratch::fill(&start);
    let begun = folder.as_ref().map_err(|error| format!("a file for a secret cannot be written: {error}"));
    let begun = begun.and_then(|folder| begin(&start, folder).map_err(|error| not_begun(&start, &error)));
    let main = match begun {
        Ok(main) => main,
        Err(why) => return report(&mut write, &Report::Failed { why }).await,
    };
    let (status, left) = follow(main, &start, &mut orders, &mut signals).await;
    drop(folder);
    let (code, signal) = match status {
        Some(WaitStatus::Exited(_, code)) => (Some(code), None),
        Some(WaitStatus::Signaled(_, signal, _)) => (None, Some(signal as i32)),
        _ => (None, None),
    };
    report(&mut write, &Report::Ended { code, signal, left }).await
}

/// The signals that concern a guard.
struct Caught {
    child: Signals,
    end: [Signals; 3],
}

impl Caught {
    fn listen() -> io::Result<Self> {
        let end = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [a, b, c] = end.map(signal);
        Ok(Self { child: signal(SignalKind::child())?, end: [a?, b?, c?] })
    }

    /// The next signal that concerns us; whether it asks us to end.
    async fn next(&mut self) -> bool {
        let Self { child, end: [a, b, c] } = self;
        tokio::select! {
            _ = child.recv() => return false,
            _ = a.recv() => {}
            _ = b.recv() => {}
            _ = c.recv() => {}
        }
        true
    }
}

async fn order(orders: &mut Lines<BufReader<OwnedReadHalf>>) -> Option<Order> {
    let line = orders.next_line().await.ok()??;
    serde_json::from_str(&line).ok()
}

async fn report(write: &mut OwnedWriteHalf, report: &Report) -> io::Result<()> {
    let line = serde_json::to_string(report)? + "\n";
    write.write_all(line.as_bytes()).await
}

fn begin(start: &Start, folder: &Scratch) -> io::Result<Pid> {
    let (program, args) = start.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(&start.env).envs(folder.variables.iter().cloned());
    if let Some(cwd) = &start.cwd {
        command.current_dir(cwd);
    }
    command.stdin(match &start.stdin {
        None => Stdio::null(),
        Some(Input::Bytes(_)) => Stdio::piped(),
        Some(Input::Pipe(path)) => {
            let from = File::open(path)?;
            // That its name is gone tells whoever writes that somebody has it.
            std::fs::remove_file(path)?;
            Stdio::from(from)
        }
    });
    let mut child = command.spawn()?;
    if let (Some(mut pipe), Some(Input::Bytes(bytes))) = (child.stdin.take(), start.stdin.clone()) {
        // It may read slowly or never; it ends by our being ended.
        std::thread::spawn(move || pipe.write_all(&bytes));
    }
    i32::try_from(child.id()).map(Pid::from_raw).map_err(io::Error::other)
}

fn not_begun(start: &Start, error: &io::Error) -> String {
    let program = start.argv.first().map_or("", String::as_str);
    match (error.kind(), &start.cwd) {
        (io::ErrorKind::NotFound, Some(cwd)) if !cwd.is_dir() => format!("the folder {} is not there", cwd.display()),
        (io::ErrorKind::NotFound, _) => format!("there is no program `{program}` in its PATH"),
        (io::ErrorKind::PermissionDenied, _) => format!("the bot may not run `{program}`"),
        _ => format!("`{program}`: {error}"),
    }
}

/// Waits for the end of the program, then sees to what it left; how it ended, and how many it left.
async fn follow(
    main: Pid,
    start: &Start,
    orders: &mut Lines<BufReader<OwnedReadHalf>>,
    signals: &mut Caught,
) -> (Option<WaitStatus>, u32) {
    let mut status = None;
    let mut grace = Duration::from_millis(start.grace_ms);
    let mut cut = false;
    loop {
        reap(main, &mut status);
        if status.is_some() || cut {
            break;
        }
        tokio::select! {
            end = signals.next() => cut = end,
            order = order(orders) => {
                cut = true;
                match order {
                    Some(Order::End { grace_ms }) => grace = Duration::from_millis(grace_ms),
                    // The bot is gone.
                    _ => grace = ORPHAN_GRACE,
                }
            }
        }
    }
    if start.background && !cut {
        return (status, 0);
    }
    let left = end_all(grace, main, &mut status).await;
    (status, left)
}

/// Notes the end of every child; with the subreaper those of dead children are ours as well.
fn reap(main: Pid, status: &mut Option<WaitStatus>) {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return,
            Ok(ended) if ended.pid() == Some(main) => *status = Some(ended),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

/// Ends all descendants: asks, waits, kills until none is left. Returns how many there were besides the program.
async fn end_all(grace: Duration, main: Pid, status: &mut Option<WaitStatus>) -> u32 {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let living = || tree::descendants(own, &tree::all());
    let first = living();
    let left = first.iter().filter(|pid| **pid != main.as_raw()).count();
    tree::signal(&first, Signal::SIGTERM);
    // One that is stopped would not notice.
    tree::signal(&first, Signal::SIGCONT);
    let patience = tokio::time::sleep(grace);
    tokio::pin!(patience);
    loop {
        let over = living().is_empty();
        // After the look: what ended in between is seen to have ended, and its number is still to be had.
        reap(main, status);
        if over {
            return u32::try_from(left).unwrap_or(u32::MAX);
        }
        tokio::select! {
            () = &mut patience => break,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    for _ in 0..KILLS {
        tree::signal(&living(), Signal::SIGKILL);
        tokio::time::sleep(LOOK).await;
        reap(main, status);
        if living().is_empty() {
            break;
        }
    }
    u32::try_from(left).unwrap_or(u32::MAX)
}

/// The files with secrets of one run, gone with it, and what is in memory alone.
struct Scratch {
    folder: Option<PathBuf>,
    variables: Vec<(String, PathBuf)>,
    /// Held open until the program has inherited it, and for as long as it may look again.
    memory: Vec<File>,
}

impl Scratch {
    fn fill(start: &Start) -> io::Result<Self> {
        let mut scratch = Self { folder: None, variables: Vec::new(), memory: Vec::new() };
        for (variable, content) in &start.memory {
            match in_memory(content) {
                Ok(held) => {
                    let path = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
                    scratch.variables.push((variable.clone(), path));
                    scratch.memory.push(held);
                }
                // A kernel without it.
                Err(_) => scratch.write(start, variable, content)?,
            }
        }
        for (variable, content) in &start.files {
            scratch.write(start, variable, content)?;
        }
        Ok(scratch)
    }

    /// Writes a secret into a file that nobody else may read.
    fn write(&mut self, start: &Start, variable: &str, content: &str) -> io::Result<()> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => {
                let folder = start.scratch.join(format!("{}{}", super::supervise::RUN_FOLDER, ids::fresh()));
                DirBuilder::new().mode(0o700).create(&folder)?;
                self.folder.insert(folder).clone()
            }
        };
        let path = folder.join(variable);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(content.as_bytes())?;
        self.variables.push((variable.to_owned(), path));
        Ok(())
    }
}

/// A file that no folder knows, which whatever is started now inherits open.
#[cfg(target_os = "linux")]
fn in_memory(content: &str) -> io::Result<File> {
    use nix::sys::memfd::{MFdFlags, memfd_create};
    use nix::sys::stat::{Mode, fchmod};
    // Without the flag that would close it where the program begins.
    let held = memfd_create(c"secret", MFdFlags::empty())?;
    // libpq takes no password from a file that others might read.
    fchmod(&held, Mode::S_IRUSR | Mode::S_IWUSR)?;
    let mut file = File::from(held);
    file.write_all(content.as_bytes())?;
    Ok(file)
}

#[cfg(not(target_os = "linux"))]
fn in_memory(_content: &str) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What cannot be removed now is removed by the bot's next start.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
