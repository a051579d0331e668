//! Order within a lane, lanes side by side. Pure bookkeeping: which job may run now, given those that are running.

use crate::router::LaneKey;
use std::collections::{HashMap, VecDeque};

/// Jobs waiting behind those of their lane.
#[derive(Debug)]
pub(super) struct Lanes<J> {
    /// A lane is in the map while one of its jobs runs; the queue holds what waits behind it.
    busy: HashMap<LaneKey, VecDeque<J>>,
    /// Lanes' first jobs, waiting only for a free place.
    ready: VecDeque<(LaneKey, J)>,
    running: usize,
    places: usize,
}

impl<J> Lanes<J> {
    /// At most `places` jobs run at a time.
    pub(super) fn new(places: usize) -> Self {
        Self { busy: HashMap::new(), ready: VecDeque::new(), running: 0, places }
    }

    /// Adds a job at the end of its lane.
    pub(super) fn push(&mut self, lane: LaneKey, job: J) {
        match self.busy.get_mut(&lane) {
            Some(waiting) => waiting.push_back(job),
            None => {
                self.busy.insert(lane.clone(), VecDeque::new());
                self.ready.push_back((lane, job));
            }
        }
    }

    /// The next job that may start, which counts as running from now on.
    pub(super) fn start(&mut self) -> Option<(LaneKey, J)> {
        if self.running >= self.places {
            return None;
        }
        let job = self.ready.pop_front()?;
        self.running += 1;
        Some(job)
    }

    /// A lane's job has ended; the one behind it becomes ready.
    pub(super) fn end(&mut self, lane: LaneKey) {
        self.running = self.running.saturating_sub(1);
        match self.busy.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(next) => self.ready.push_back((lane, next)),
            None => _ = self.busy.remove(&lane),
        }
    }

    /// How many jobs run.
    pub(super) fn running(&self) -> usize {
        self.running
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::lane_of;

    fn lane(name: &str) -> LaneKey {
        lane_of(None, None, None, &name.into())
    }

    #[test]
    fn a_lane_runs_one_job_at_a_time_and_in_order() {
        let mut lanes = Lanes::new(8);
        for job in ["a1", "a2", "a3"] {
            lanes.push(lane("a"), job);
        }
        lanes.push(lane("b"), "b1");
        let started: Vec<_> = std::iter::from_fn(|| lanes.start().map(|(_, job)| job)).collect();
        assert_eq!(started, ["a1", "b1"]);
        lanes.end(lane("a"));
        assert_eq!(lanes.start().map(|(_, job)| job), Some("a2"));
        lanes.end(lane("b"));
        assert_eq!(lanes.start(), None);
        lanes.end(lane("a"));
        assert_eq!(lanes.start().map(|(_, job)| job), Some("a3"));
        lanes.end(lane("a"));
        assert_eq!((lanes.running(), lanes.busy.len()), (0, 0), "nothing is left behind");
    }

    #[test]
    fn no_more_run_than_there_are_places() {
        let mut lanes = Lanes::new(2);
        for name in ["a", "b", "c"] {
            lanes.push(lane(name), name);
        }
        assert_eq!([lanes.start().is_some(), lanes.start().is_some(), lanes.start().is_some()], [true, true, false]);
        lanes.end(lane("a"));
        assert_eq!(lanes.start().map(|(_, job)| job), Some("c"));
    }
}
