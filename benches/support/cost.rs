//! What something cost: seconds by the clock, and seconds of processors, which say the same on a machine that has other things to do.

use std::time::Instant;

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Seconds by the clock.
    pub seconds: f64,
    /// Seconds of processors: of this process, of the watched ones and of all their children that have ended.
    pub processors: f64,
}

/// Looks at the clocks.
pub struct Watch {
    began: Instant,
    used: f64,
    processes: Vec<u32>,
}

impl Watch {
    /// From now on, with these processes besides this one.
    pub fn begin(processes: &[u32]) -> Self {
        Self { began: Instant::now(), used: used(processes), processes: processes.to_vec() }
    }

    /// Until now.
    pub fn end(self) -> Cost {
        let seconds = self.began.elapsed().as_secs_f64();
        Cost { seconds, processors: used(&self.processes) - self.used }
    }
}

/// Seconds of processors that this process and others have had, with those of their children that have ended.
fn used(processes: &[u32]) -> f64 {
    let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    let all = processes.iter().map(u32::to_string).chain(["self".to_owned()]);
    let ticks: u64 = all.map(|process| ticks(&process)).sum();
    ticks as f64 / per_second as f64
}

/// Of one: itself and its children, in user and in system.
fn ticks(process: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the process is there");
    // Its name, in parentheses, may have blanks.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    fields.split_whitespace().skip(11).take(4).map(|field| field.parse::<u64>().expect("a number")).sum()
}

/// The one in the middle, by the clock.
pub fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    costs[costs.len() / 2]
}
