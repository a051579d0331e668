//! What runs as long as the bot does.

use super::page;
use crate::dispatch::Dispatch;
use crate::housekeeping::Housekeeping;
use crate::jobs::Worker;
use crate::outbox::Deliverer;
use crate::probes::Watch;
use crate::recovery::Recovery;
use crate::schedule::Schedule;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The long-lived tasks, by the order in which they stop.
pub(super) struct Tasks {
    /// Timers, jobs and probes: they let new events in.
    front: (CancellationToken, Vec<JoinHandle<()>>),
    /// Dispatch: finishes the calls in hand.
    middle: (CancellationToken, Vec<JoinHandle<()>>),
    /// Deliveries, leases, the last checkpoint.
    back: (CancellationToken, Vec<JoinHandle<()>>),
}

impl Tasks {
    pub(super) fn start(
        dispatch: Dispatch,
        deliverer: Deliverer,
        recovery: Recovery,
        (schedule, worker, watch): (Schedule, Worker, Watch),
        housekeeping: Housekeeping,
        page: Option<page::Page>,
    ) -> Self {
        let (front, middle, back) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let timers = tokio::spawn(schedule.run(front.clone()));
        let working = tokio::spawn(worker.run(front.clone()));
        let watching = tokio::spawn(watch.run(front.clone()));
        let handling = tokio::spawn(dispatch.run(middle.clone()));
        let delivery = tokio::spawn(deliverer.run(back.clone()));
        let leases = tokio::spawn(recovery.run(back.clone()));
        let upkeep = tokio::spawn(housekeeping.run(back.clone()));
        let page = page.map_or_else(Vec::new, |page| page.spawn(&back));
        Self {
            front: (front, vec![timers, working, watching]),
            middle: (middle, vec![handling]),
            back: (back, [delivery, leases, upkeep].into_iter().chain(page).collect()),
        }
    }

    /// Waits until one of them has ended by itself, which none should, and says which.
    pub(super) async fn first_to_end(&mut self) -> &'static str {
        let [timers, working, watching] = self.front.1.as_mut_slice() else { return "timers" };
        let [handling] = self.middle.1.as_mut_slice() else { return "dispatch" };
        let [delivery, leases, upkeep, page @ ..] = self.back.1.as_mut_slice() else { return "outbox" };
        let page = async {
            match page.is_empty() {
                false => drop(futures::future::select_all(page).await),
                true => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = timers => "timers",
            _ = working => "jobs",
            _ = watching => "probes",
            _ = handling => "dispatch",
            _ = delivery => "outbox",
            _ = leases => "recovery",
            _ = upkeep => "housekeeping",
            () = page => "status page",
        }
    }

    /// Stops them in their order; what takes longer than `patience` is cut off.
    pub(super) async fn stop(self, patience: Duration) {
        for (token, tasks) in [self.front, self.middle, self.back] {
            token.cancel();
            // One that has ended by itself has been waited for already, which is possible once.
            let tasks: Vec<_> = tasks.into_iter().filter(|task| !task.is_finished()).collect();
            let cuts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
            let mut all = futures::future::join_all(tasks);
            if tokio::time::timeout(patience, &mut all).await.is_err() {
                tracing::warn!("some work was cut off at shutdown; it goes on after the next start");
                cuts.iter().for_each(tokio::task::AbortHandle::abort);
                // What was cut off must have let go of the store before it can be closed.
                all.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_ended_by_itself_does_not_stand_in_the_way_of_an_orderly_end() {
        let group = |ends: &[bool]| {
            let token = CancellationToken::new();
            let task = |ends: &bool| match ends {
                true => tokio::spawn(async {}),
                false => tokio::spawn(token.clone().cancelled_owned()),
            };
            let tasks = ends.iter().map(task).collect();
            (token, tasks)
        };
        let mut tasks =
            Tasks { front: group(&[false, true, false]), middle: group(&[false]), back: group(&[false, false, false]) };
        assert_eq!(tasks.first_to_end().await, "jobs");
        tasks.stop(Duration::from_secs(60)).await;
    }
}
