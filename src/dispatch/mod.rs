//! Takes events from the inbox, routes them, has the plugin called and commits what came of it. Events of one lane run in
//! order, lanes side by side. Knows no platform: answers are effects like any other.

mod alerts;
mod answer;
mod approvals;
mod call;
mod complete;
mod contacts;
mod deliveries;
mod demo;
mod directory;
mod host;
mod incident;
mod jobs;
mod kept;
mod lanes;
mod links;
mod login;
mod mirror;
mod names;
mod plan;
mod probed;
mod public;
mod say;
mod schedules;
mod told;
mod upkeep;
mod written;

pub use contacts::first_contact_test;
pub use demo::Demo;
pub use directory::Directory;
pub use host::About;
pub use links::{LINK_BACK, LINK_LOST};
pub use mirror::Mirroring;
pub use names::Names;
pub use upkeep::first_checkpoint;

use crate::alert::route::Routing;
use crate::config::limits::ATTEMPTS_BEFORE_PARKED;
use crate::escalation::Roster;
use crate::followers::Followers;
use crate::intake::Intake;
use crate::jobs::{Kinds, Wake};
use crate::model::blame::Blame;
use crate::model::event::Delivery;
use crate::outbox::Outbox;
use crate::plugin::Registry;
use crate::policy::Policy;
use crate::router::LaneKey;
use crate::store::{ClaimedEvent, Commit, CommitOutcome, Committed, Store};
use crate::telemetry::Metrics;
use futures::FutureExt;
use incident::Look;
use lanes::Lanes;
use plan::Plan;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

/// The plugin id under which the host itself answers.
pub const HOST: &str = "drillbell";
/// How long to wait for a reservation of somebody else's before the next try.
const RESERVED_WAIT: Duration = Duration::from_millis(10);
/// Tries of one event in one go; beyond it something is wrong that trying again does not cure.
const ROUNDS: u32 = 2_000;

/// Everything that handling an event needs.
pub struct House {
    /// The database.
    pub store: Store,
    /// The plugins.
    pub registry: Arc<Registry>,
    /// Their commands and subscriptions.
    pub directory: Directory,
    /// Who may do what.
    pub policy: Policy,
    /// Where alerts go.
    pub routing: Arc<Routing>,
    /// Who is on call, and who can be reached how.
    pub roster: Arc<Roster>,
    /// Configured names for the grammar.
    pub names: Names,
    /// Where commits go to be delivered.
    pub outbox: Outbox,
    /// The door, for events that follow from others.
    pub intake: Intake,
    /// Who waits for answers.
    pub followers: Followers,
    /// The kinds of jobs: what each of them changes.
    pub kinds: Kinds,
    /// Wakes whoever runs jobs.
    pub jobs: Wake,
    /// What is counted.
    pub metrics: Metrics,
    /// Where to look when something is asked about the bot itself.
    pub about: About,
    /// The demo's shop, in the demo.
    pub demo: Option<Demo>,
}

/// The dispatcher.
pub struct Dispatch {
    house: Arc<House>,
    events: mpsc::UnboundedReceiver<ClaimedEvent>,
    places: usize,
}

impl Dispatch {
    /// Handles what comes out of `events`, at most `places` at a time.
    pub fn new(house: Arc<House>, events: mpsc::UnboundedReceiver<ClaimedEvent>, places: usize) -> Self {
        Self { house, events, places }
    }

    /// Runs until `stop`, then finishes the calls in hand. What still waits stays in the inbox.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut lanes: Lanes<Box<(ClaimedEvent, Plan)>> = Lanes::new(self.places);
        let mut running: JoinSet<()> = JoinSet::new();
        let mut lane_of: HashMap<task::Id, LaneKey> = HashMap::new();
        loop {
            while let Some((lane, job)) = lanes.start() {
                let house = self.house.clone();
                let task = running.spawn(async move {
                    let (event, plan) = *job;
                    house.handle(event, plan).await;
                });
                lane_of.insert(task.id(), lane);
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = running.join_next_with_id(), if !running.is_empty() => {
                    let id = match ended {
                        Ok((id, ())) => id,
                        Err(error) => {
                            tracing::error!(error = %error, running = lanes.running(), "a handler's task broke");
                            error.id()
                        }
                    };
                    // Whatever became of it, what waits behind it goes on.
                    if let Some(lane) = lane_of.remove(&id) {
                        lanes.end(lane);
                    }
                },
                event = self.events.recv() => match event {
                    None => break,
                    Some(event) => {
                        let plan = self.house.plan(&event.delivery);
                        let (lane, id) = (plan.lane(&event.delivery), event.delivery.id.clone());
                        if !lanes.push(lane, Box::new((event, plan))) {
                            // What has to wait is not to be acknowledged later for it.
                            self.house.intake.hurry(&id);
                        }
                    }
                },
            }
        }
        while running.join_next().await.is_some() {}
    }
}

impl House {
    /// Handles one event to its end: committed, fenced off, or given back.
    async fn handle(&self, event: ClaimedEvent, plan: Plan) {
        let _in_flight = self.metrics.in_flight();
        let id = event.delivery.id.clone();
        let tries = u32::try_from(event.attempts).unwrap_or(u32::MAX);
        let work = async {
            if self.intake.is_gone(&id) || (!plan.may_begin_early() && !self.intake.durable(&id).await) {
                return Ok(());
            }
            match self.attend(&event.delivery, plan, tries, Look::Remember).await {
                // Nothing came of it, and asked the database does not mislead.
                Err(Trouble::Astray) => {
                    self.attend(&event.delivery, self.plan(&event.delivery), tries, Look::Ask).await
                }
                ended => ended,
            }
        };
        // A panic is a bug of ours and must not take the lane with it; the event is tried again, and parked in the end.
        let ended = AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(Trouble::Panicked));
        match ended {
            Ok(()) => {}
            Err(error) => match self.intake.durable(&id).await {
                true => {
                    tracing::error!(event.id = %id, attempts = tries, error = %error, "an event could not be handled; it stays in the inbox");
                    self.intake.give_back(&id, 500_i64 << tries.min(6)).await;
                }
                false => {
                    tracing::error!(event.id = %id, error = %error, "an event could not be handled and is not ours: its sender is told that it is known already or could not be stored")
                }
            },
        }
        self.intake.release(&id);
        self.followers.finished(&id);
    }

    /// Carries a plan out where the event happened, or gives it up.
    async fn attend(&self, heard: &Delivery, plan: Plan, tries: u32, look: Look) -> Result<(), Trouble> {
        // From here on it is where the house says that it is, so that what compares conversations compares like with like.
        let (conversation, meant) = match plan.names_no_incident() {
            true => self.meant(heard, look).await?,
            false => (self.called(heard.conversation.clone()).await?, None),
        };
        let delivery = Delivery { conversation, ..heard.clone() };
        match tries >= ATTEMPTS_BEFORE_PARKED {
            true => self.park(&delivery, tries).await,
            false => self.carry_out(&delivery, plan, meant).await,
        }
    }

    /// Passes on what a commit left to do.
    fn pass_on(&self, mut committed: Committed) {
        for delivery in committed.take_children() {
            self.intake.take(ClaimedEvent { delivery, attempts: 0 });
        }
        if committed.touches_jobs() {
            self.jobs.wake();
        }
        if !committed.is_empty() {
            self.outbox.deliver(committed);
        }
    }

    /// Commits something that read nothing, so that it cannot lose; it may have to wait for somebody's reservation. `None`: it was not
    /// ours to finish.
    async fn hold_out(&self, commit: Commit) -> Result<Option<Committed>, Trouble> {
        for _ in 0..ROUNDS {
            match self.intake.commit(commit.clone()).await? {
                CommitOutcome::Committed(committed) => return Ok(Some(committed)),
                CommitOutcome::Fenced => return Ok(None),
                CommitOutcome::Astray => return Err(Trouble::Astray),
                CommitOutcome::Reserved | CommitOutcome::Conflict(_) => tokio::time::sleep(RESERVED_WAIT).await,
            }
        }
        Err(Trouble::Read("what it writes to is kept by another".to_owned()))
    }

    /// The same of an answer, which is counted once it is durable, and passes on what it left to do.
    async fn commit_answer(&self, commit: Commit, blame: Option<Blame>) -> Result<(), Trouble> {
        let plugin = commit.plugin.clone();
        if let Some(committed) = self.hold_out(commit).await? {
            self.metrics.answered(plugin.as_str(), blame);
            self.pass_on(committed);
        }
        Ok(())
    }

    /// The same, uncounted.
    async fn commit_plainly(&self, commit: Commit) -> Result<(), Trouble> {
        if let Some(committed) = self.hold_out(commit).await? {
            self.pass_on(committed);
        }
        Ok(())
    }
}

/// Why an event must be tried again later. Always ours or the database's.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error(transparent)]
    SignIn(#[from] crate::signin::SignInError),
    #[error("where it happened has changed")]
    Astray,
    #[error("a read failed during the call: {0}")]
    Read(String),
    #[error("handling it panicked; the log has the place")]
    Panicked,
}
