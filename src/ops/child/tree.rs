//! The processes of this machine as `/proc` tells of them: who descends from whom, and since when. Where there is no `/proc`
//! (not on Linux) nothing is found.

use super::Process;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::{BTreeMap, BTreeSet};

/// One process, from `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its number.
    pub pid: i32,
    /// Its parent's number.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// Clock ticks between the machine's start and its own.
    pub start_time: u64,
    /// It has ended and only its number is left.
    pub ended: bool,
}

/// What is known of a process; `None` when there is none of this number.
pub fn stat(pid: i32) -> Option<Stat> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The fields of a `stat` line. The name in parentheses may itself hold blanks and parentheses.
pub fn parse(line: &str) -> Option<Stat> {
    let (pid, rest) = line.split_once(" (")?;
    let fields: Vec<&str> = rest.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse().ok();
    Some(Stat {
        pid: pid.parse().ok()?,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        start_time: fields.get(19)?.parse().ok()?,
        ended: matches!(*fields.first()?, "Z" | "X"),
    })
}

/// Every process that has not ended.
pub fn all() -> Vec<Stat> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(stat).filter(|stat| !stat.ended).collect()
}

/// The living descendants of a process, itself excluded, out of `all`.
pub fn descendants(of: i32, all: &[Stat]) -> Vec<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for stat in all {
        children.entry(stat.parent).or_default().push(stat.pid);
    }
    let (mut found, mut next) = (BTreeSet::new(), vec![of]);
    while let Some(pid) = next.pop() {
        for child in children.get(&pid).into_iter().flatten() {
            if *child != of && found.insert(*child) {
                next.push(*child);
            }
        }
    }
    found.into_iter().collect()
}

/// Sends a signal to each; one that is gone meanwhile is as good.
pub fn signal(pids: &[i32], signal: Signal) {
    for pid in pids {
        // 0 and below would mean groups, ours among them.
        if *pid > 1 {
            let _ = kill(Pid::from_raw(*pid), signal);
        }
    }
}

/// This process, if it is still there and no other has got its number.
pub fn is_alive(process: Process) -> bool {
    stat(process.pid).is_some_and(|stat| !stat.ended && stat.start_time == process.start_time)
}

/// Everything that a guard and its program began and that can still be told by its descent, group or session; the guard last.
pub fn belonging_to(guard: Process) -> Vec<i32> {
    let all = all();
    let mut found = descendants(guard.pid, &all);
    // A session outlives its leader, and its number is not given away meanwhile.
    let same = all.iter().filter(|stat| stat.session == guard.pid || stat.group == guard.pid);
    // What began before the guard belongs to an earlier session of the same number.
    found.extend(same.filter(|stat| stat.start_time >= guard.start_time).map(|stat| stat.pid));
    found.sort_unstable();
    found.dedup();
    found.retain(|pid| *pid != guard.pid);
    if is_alive(guard) {
        found.push(guard.pid);
    } else if stat(guard.pid).is_some_and(|other| !other.ended) {
        // Another process has got the number: nothing here is known to be ours.
        return Vec::new();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let line = "42 (a) b (c)) S 7 42 40 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2 3";
        let stat = parse(line).unwrap();
        assert_eq!((stat.pid, stat.parent, stat.group, stat.session, stat.start_time), (42, 7, 42, 40, 98765));
        assert!(!stat.ended && parse(&line.replace(") S", ") Z")).unwrap().ended);
    }

    #[test]
    fn we_ourselves_are_found_and_began_in_the_past() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let own = stat(pid).unwrap();
        assert!(own.start_time > 0);
        assert!(is_alive(Process { pid, start_time: own.start_time }));
        assert!(!is_alive(Process { pid, start_time: own.start_time + 1 }));
        assert_eq!(belonging_to(Process { pid, start_time: own.start_time + 1 }), Vec::<i32>::new());
    }

    #[test]
    fn descendants_are_found_over_generations_and_loops_end() {
        let of = |pid, parent| Stat { pid, parent, group: 0, session: 0, start_time: 0, ended: false };
        let all = [of(2, 1), of(3, 2), of(4, 3), of(5, 1), of(6, 7), of(7, 6)];
        assert_eq!(descendants(2, &all), [3, 4]);
        assert_eq!(descendants(6, &all), [7]);
        assert_eq!(descendants(9, &all), [0_i32; 0]);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,80}|[0-9]+ \\(\\PC{0,9}\\) [A-Z]( -?[0-9]{1,20}){0,40}") {
            let _ = parse(&line);
        }
    }
}
