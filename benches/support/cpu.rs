//! Processor time, which says what something costs whatever else the machine does.

use std::collections::{HashMap, HashSet};

/// The kernel counts in hundredths of a second.
const TICK_US: f64 = 10_000.0;

/// Processor time so far, microseconds: our own, and that of every process that we started, such as the database's.
#[derive(Clone, Copy)]
pub struct Spent {
    pub own: f64,
    pub others: f64,
}

impl Spent {
    /// Until now.
    pub fn now() -> Self {
        let processes: HashMap<u32, (u32, f64)> = std::fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|id| Some((id, stat(id)?)))
            .collect();
        let own = std::process::id();
        let mut ours = HashSet::from([own]);
        loop {
            let children = processes.iter().filter(|(id, (parent, _))| ours.contains(parent) && !ours.contains(id));
            let children: Vec<_> = children.map(|(id, _)| *id).collect();
            if children.is_empty() {
                break;
            }
            ours.extend(children);
        }
        let of = |id: &u32| processes.get(id).map_or(0.0, |(_, us)| *us);
        Self { own: of(&own), others: ours.iter().filter(|id| **id != own).map(of).sum() }
    }

    /// For each of `count` since then.
    pub fn each_since(&self, before: &Self, count: usize) -> Self {
        let each = |now: f64, before: f64| (now - before) / count as f64;
        Self { own: each(self.own, before.own), others: each(self.others, before.others) }
    }
}

/// A process's parent and its time.
fn stat(id: u32) -> Option<(u32, f64)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in brackets may have anything in it.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some((fields.get(1)?.parse().ok()?, ticks * TICK_US))
}
