//! What a dead self left running: found by the pid and start time it wrote down, and ended with everything it had started.
//! A pid alone proves nothing, for the system gives it away again.

use crate::ops::child::tree::{self, Stat};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::fs;
use std::time::Duration;
use tokio::time::Instant;

/// Set to the job's id in the environment of every process that a job starts, and inherited by all that those start.
pub const JOB_VARIABLE: &str = "DRILLBELL_JOB";

/// How long processes may take to end when they are asked to.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long they may take to be gone once they are killed: only one stuck in the kernel takes longer.
const GONE: Duration = Duration::from_secs(5);
/// How often it is looked whether they are gone.
const LOOK: Duration = Duration::from_millis(20);

/// A process that a job started, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its pid, which is also the number of its process group.
    pub pid: i32,
    /// When it started, in the kernel's ticks since boot: field 22 of `/proc/PID/stat`.
    pub start: u64,
    /// What the pid is relative to: machine, boot and pid namespace.
    pub home: String,
}

/// What became of a child that was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Neither it nor anything it started is there.
    Gone,
    /// So many processes were ended.
    Ended(usize),
    /// It ran on another machine, or before this one was started anew: out of our reach, and ended with its bot.
    Elsewhere,
    /// Something of it does not die, or nobody can tell.
    Stuck,
}

/// When a process started; `None` if there is none. What a supervisor writes down right after it started a child.
pub fn start_time(pid: i32) -> Option<u64> {
    tree::stat(pid).filter(|process| !process.ended).map(|process| process.start_time)
}

/// Ends what is left of a job's child, first politely, and waits until it is gone.
pub async fn end(child: &Child, home: &str, job: &str) -> Left {
    if child.home != home {
        return Left::Elsewhere;
    }
    let Some(found) = looked_up(child, job).await else { return Left::Stuck };
    if found.is_empty() {
        return Left::Gone;
    }
    let count = found.len();
    for (signal, patience) in [(Signal::SIGTERM, PATIENCE), (Signal::SIGKILL, GONE)] {
        let deadline = Instant::now() + patience;
        loop {
            // Asked again each time: it may start others while it ends, and no process is signalled that was not just looked at.
            let Some(there) = looked_up(child, job).await else { return Left::Stuck };
            if there.is_empty() {
                return Left::Ended(count);
            }
            if Instant::now() >= deadline {
                break;
            }
            for process in there {
                send(process.pid, signal);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    Left::Stuck
}

/// `family`, off the runtime: reading of a process that hangs may hang as well. `None` is not known, which is not gone.
async fn looked_up(child: &Child, job: &str) -> Option<Vec<Stat>> {
    let (child, job) = (child.clone(), job.to_owned());
    tokio::task::spawn_blocking(move || family(&child, &job)).await.ok()
}

fn send(pid: i32, signal: Signal) {
    match kill(Pid::from_raw(pid), signal) {
        // It ended by itself in between.
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::warn!(pid, error = %error, "cannot end a process that a dead bot left"),
    }
}

/// The living processes that belong to a child: its group if the child itself is still there, and whatever carries the job's id
/// and began after it, even if it made itself a daemon. The child's pid may be somebody else's by now, but not its start time.
fn family(child: &Child, job: &str) -> Vec<Stat> {
    let itself = |process: &Stat| process.pid == child.pid && process.start_time == child.start;
    let mut all = tree::all();
    let leader = all.iter().any(itself);
    all.retain(|process| process.start_time >= child.start);
    all.retain(|process| itself(process) || (leader && process.group == child.pid) || carries(process.pid, job));
    all
}

fn carries(pid: i32, job: &str) -> bool {
    let wanted = format!("{JOB_VARIABLE}={job}");
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::{Child as Running, Command, Stdio};

    fn shell(script: &str, job: &str) -> Running {
        let mut command = Command::new("sh");
        command.args(["-c", script]).env(JOB_VARIABLE, job).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
    }

    fn recorded(child: &Running) -> Child {
        let pid = i32::try_from(child.id()).unwrap();
        Child { pid, start: start_time(pid).unwrap(), home: "here".to_owned() }
    }

    async fn until_members(child: &Child, job: &str, count: usize) {
        for _ in 0..500 {
            if family(child, job).len() == count {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("never {count} processes: {:?}", family(child, job));
    }

    #[tokio::test]
    async fn a_child_is_ended_with_all_that_it_started_even_if_it_will_not_listen() {
        let mut running = shell("trap '' TERM; sleep 1000 & sleep 1000 & wait; while :; do sleep 1; done", "job-a");
        let child = recorded(&running);
        until_members(&child, "job-a", 3).await;
        let left = tokio::join!(end(&child, "here", "job-a"), tokio::task::spawn_blocking(move || running.wait())).0;
        assert!(matches!(left, Left::Ended(n) if n >= 3), "{left:?}");
        assert_eq!(end(&child, "here", "job-a").await, Left::Gone);
    }

    #[tokio::test]
    async fn what_a_dead_child_had_started_is_found_by_the_jobs_id() {
        let mut running = shell("sleep 1000 & sleep 1000 & wait", "job-b");
        let child = recorded(&running);
        until_members(&child, "job-b", 3).await;
        running.kill().unwrap();
        running.wait().unwrap();
        assert!(start_time(child.pid).is_none());
        assert_eq!(end(&child, "here", "another-job").await, Left::Gone, "nothing of that job's is there");
        assert_eq!(end(&child, "here", "job-b").await, Left::Ended(2));
    }

    #[tokio::test]
    async fn a_process_that_has_the_pid_by_now_is_left_alone() {
        let mut running = shell("exec sleep 1000", "job-c");
        let child = recorded(&running);
        let other = Child { start: child.start - 1, ..child.clone() };
        assert_eq!(end(&other, "here", "another-job").await, Left::Gone);
        let elsewhere = Child { home: "there".to_owned(), ..child.clone() };
        assert_eq!(end(&elsewhere, "here", "job-c").await, Left::Elsewhere);
        assert!(running.try_wait().unwrap().is_none(), "it lives");
        running.kill().unwrap();
        running.wait().unwrap();
    }
}
