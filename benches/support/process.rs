//! The shipped program as its users start it: how soon it is ready, how much it holds when nothing happens.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Milliseconds until the console's address is printed at a second start, and megabytes resident after a quiet moment, at the first
/// start, which compiles the plugins for all later ones, and at the second; `None` if the program is not there.
pub fn start_and_idle(folder: &Path) -> Option<(f64, [f64; 2])> {
    let program = env!("CARGO_BIN_EXE_drillbell");
    let data = folder.join("demo");
    let mut ready_ms = 0.0;
    let mut idle_mb = [0.0; 2];
    for held in &mut idle_mb {
        let begun = Instant::now();
        let mut bot = Command::new(program)
            .args(["demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(bot.stdout.take()?).read_line(&mut line).ok()?;
        ready_ms = begun.elapsed().as_secs_f64() * 1e3;
        std::thread::park_timeout(Duration::from_secs(3));
        let status = std::fs::read_to_string(format!("/proc/{}/status", bot.id())).ok()?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?
            .trim()
            .trim_end_matches(" kB")
            .parse::<f64>()
            .ok()?;
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(i32::try_from(bot.id()).ok()?),
            nix::sys::signal::Signal::SIGTERM,
        )
        .ok()?;
        bot.wait().ok()?;
        *held = resident / 1024.0;
    }
    Some((ready_ms, idle_mb))
}
