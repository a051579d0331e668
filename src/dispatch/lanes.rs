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

    /// Adds a job at the end of its lane. Whether it can start at once.
    pub(super) fn push(&mut self, lane: LaneKey, job: J) -> bool {
        match self.busy.get_mut(&lane) {
            Some(waiting) => {
                waiting.push_back(job);
                false
            }
            None => {
                self.busy.insert(lane.clone(), VecDeque::new());
                self.ready.push_back((lane, job));
                self.running + self.ready.len() <= self.places
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
    use proptest::prelude::*;

    fn lane(name: &str) -> LaneKey {
        lane_of(None, None, None, &name.into())
    }

    #[test]
    fn a_lane_runs_one_job_at_a_time_and_in_order() {
        let mut lanes = Lanes::new(8);
        let at_once = ["a1", "a2", "a3"].map(|job| lanes.push(lane("a"), job));
        assert_eq!(at_once, [true, false, false]);
        assert!(lanes.push(lane("b"), "b1"));
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

    proptest! {
        /// Whatever arrives and ends in whatever order: each lane's jobs start in the order of their arrival, one at a
        /// time, never more than there are places, and in the end all of them.
        #[test]
        fn order_holds_within_every_lane(
            arrivals in prop::collection::vec(0..5_usize, 0..60),
            ends in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..200),
            places in 1..6_usize,
        ) {
            let mut lanes = Lanes::new(places);
            let (mut running, mut started) = (Vec::<usize>::new(), vec![Vec::new(); 5]);
            let mut arriving = arrivals.iter().copied().enumerate();
            let mut start = |lanes: &mut Lanes<(usize, usize)>, running: &mut Vec<usize>| {
                while let Some((key, (at, of))) = lanes.start() {
                    assert_eq!(key, lane(&of.to_string()));
                    assert!(!running.contains(&of), "two of one lane run");
                    running.push(of);
                    started[of].push(at);
                }
                assert!(running.len() <= places && lanes.running() == running.len());
            };
            let end = |lanes: &mut Lanes<(usize, usize)>, running: &mut Vec<usize>, which: usize| {
                let of = running.swap_remove(which);
                lanes.end(lane(&of.to_string()));
            };
            for (arrives, which) in ends {
                match (arrives, running.is_empty()) {
                    (false, false) => {
                        let which = which.index(running.len());
                        end(&mut lanes, &mut running, which);
                    }
                    _ => if let Some((at, of)) = arriving.next() { lanes.push(lane(&of.to_string()), (at, of)); },
                }
                start(&mut lanes, &mut running);
            }
            for (at, of) in arriving {
                lanes.push(lane(&of.to_string()), (at, of));
            }
            start(&mut lanes, &mut running);
            while !running.is_empty() {
                end(&mut lanes, &mut running, 0);
                start(&mut lanes, &mut running);
            }
            for (of, order) in started.into_iter().enumerate() {
                let expected: Vec<_> = arrivals.iter().enumerate().filter(|(_, lane)| **lane == of).map(|(at, _)| at).collect();
                prop_assert_eq!(order, expected);
            }
            prop_assert!(lanes.busy.is_empty(), "nothing is left behind");
        }
    }

    #[test]
    fn no_more_run_than_there_are_places() {
        let mut lanes = Lanes::new(2);
        assert_eq!(["a", "b", "c"].map(|name| lanes.push(lane(name), name)), [true, true, false]);
        assert_eq!([lanes.start().is_some(), lanes.start().is_some(), lanes.start().is_some()], [true, true, false]);
        lanes.end(lane("a"));
        assert_eq!(lanes.start().map(|(_, job)| job), Some("c"));
    }
}
