//! Where this process runs, in two forms: for people (`db1/4242`), and so that a later process can tell whether a recorded
//! pid is one of its own machine's.

use std::fs;
use std::path::Path;

/// `HOST/PID`.
pub(super) fn name() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let host: String = host.unwrap_or_default().trim().chars().filter(|c| !c.is_control()).take(60).collect();
    let host = if host.is_empty() { "here" } else { &host };
    format!("{host}/{}", std::process::id())
}

/// What pids are relative to: this boot of this machine and the pid namespace. Where it cannot be told it is a fresh name,
/// so that nothing recorded elsewhere is ever taken for ours.
pub(super) fn home() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let space = fs::read_link(Path::new("/proc/self/ns/pid"));
    match (boot, space) {
        (Ok(boot), Ok(space)) => format!("{}/{}", boot.trim(), space.display()),
        _ => crate::model::ids::fresh(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_of_pids_stays_the_same_while_the_machine_runs() {
        assert_eq!(home(), home());
        assert!(name().ends_with(&format!("/{}", std::process::id())));
    }
}
