//! The public page, kept rendered in memory: whoever asks for it gets what lies there, and the database is asked only by the
//! keeper, at most once a second. If the database does not answer, the last page stays up and says so.

use crate::clock::Clock;
use crate::config::limits::{STATUS_LOOK, STATUS_RENDER_EVERY, STATUS_STALE};
use crate::config::probes::{Probe, Probes};
use crate::config::status::Source;
use crate::model::public::ComponentState;
use crate::probes;
use crate::status::{Frame, Kind, Site, Snapshot, render};
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The page as it is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its files.
    pub site: Arc<Site>,
    /// When it last came to look different, milliseconds since the epoch.
    pub modified_ms: i64,
    /// It could be brought up to date; if not, it says so.
    pub fresh: bool,
    /// What it was made of.
    snapshot: Arc<Snapshot>,
    measured: Arc<Measured>,
}

/// What probes say, by `probe:NAME` and `service:NAME`.
type Measured = BTreeMap<String, ComponentState>;

/// Where everybody reads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Board {
    shown: watch::Receiver<Shown>,
    frame: Arc<Frame>,
}

impl Board {
    /// What is shown right now.
    pub fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    /// Where the page is served.
    pub fn path(&self) -> &str {
        &self.frame.page.path
    }

    /// For how many seconds clients may keep what they got.
    pub fn max_age_s(&self) -> u64 {
        self.frame.page.cache.as_secs()
    }

    /// The files of a copy written at `now_ms`, whose page says so. Nothing while what is known is old: a copy that was
    /// written earlier says how old it is, and is the more honest one.
    pub fn copy(&self, now_ms: i64) -> Option<Site> {
        let shown = self.shown();
        shown.fresh.then(|| render(&self.frame, &shown.snapshot, &shown.measured, now_ms, Kind::Copy(now_ms)))
    }

    /// Tells when something else is shown.
    pub fn changes(&self) -> watch::Receiver<Shown> {
        self.shown.clone()
    }
}

/// Renders the page anew when something was published or its time has come.
pub struct Keeper {
    store: Store,
    clock: Clock,
    frame: Arc<Frame>,
    shown: watch::Sender<Shown>,
    snapshot: Arc<Snapshot>,
    /// What the components are from.
    probes: Arc<Probes>,
    measured: Arc<Measured>,
    /// When the database last told what is public.
    looked_ms: i64,
    /// As which kind it is shown, and until when that looks the same if nothing is published.
    drawn: (Kind, i64),
}

/// Renders the first page.
///
/// # Errors
/// The database does not answer.
pub async fn open(
    store: Store,
    clock: Clock,
    frame: Frame,
    probes: Arc<Probes>,
) -> Result<(Board, Keeper), StoreError> {
    store.ensure_status().await?;
    let now_ms = clock.now_ms();
    let frame = Arc::new(frame);
    let snapshot = Arc::new(store.status_snapshot(since_ms(&frame, now_ms)).await?);
    let probes = Arc::new(shown_of(&frame, &probes));
    let measured = Arc::new(probes::measured(&store, &probes, now_ms).await?);
    let site = Arc::new(render(&frame, &snapshot, &measured, now_ms, Kind::Live));
    let (sender, receiver) = watch::channel(Shown {
        site,
        modified_ms: now_ms,
        fresh: true,
        snapshot: snapshot.clone(),
        measured: measured.clone(),
    });
    let board = Board { shown: receiver, frame: frame.clone() };
    let drawn = (Kind::Live, snapshot.next_turn_ms(now_ms));
    Ok((board, Keeper { store, clock, frame, shown: sender, snapshot, probes, measured, looked_ms: now_ms, drawn }))
}

/// The probes that components are from; of a service, all that name it.
fn shown_of(frame: &Frame, probes: &Probes) -> Probes {
    let asked = |probe: &Probe| {
        frame.page.components.iter().any(|component| match &component.from {
            Source::Probe(name) => *name == probe.name,
            Source::Service(name) => probe.service.as_ref() == Some(name),
            Source::Manual => false,
        })
    };
    Probes(
        probes.0.iter().filter(|(_, probe)| asked(probe)).map(|(name, probe)| (name.clone(), probe.clone())).collect(),
    )
}

/// How far back the page tells.
fn since_ms(frame: &Frame, now_ms: i64) -> i64 {
    now_ms.saturating_sub(i64::try_from(frame.page.history.as_millis()).unwrap_or(i64::MAX))
}

impl Keeper {
    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut changes = self.store.stream_changes();
        let cache = self.frame.page.cache.max(STATUS_RENDER_EVERY);
        loop {
            // What this process commits wakes it; what another replica does is found by asking.
            let sooner_or_later = async {
                tokio::time::sleep(STATUS_RENDER_EVERY).await;
                let _ = tokio::time::timeout(cache - STATUS_RENDER_EVERY, changes.changed()).await;
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sooner_or_later => {}
            }
            changes.mark_unchanged();
            // A database that says nothing at all leaves the page as blind as one that errs.
            let look = stop.run_until_cancelled(tokio::time::timeout(STATUS_LOOK, self.look()));
            let why = match look.await {
                None => return,
                Some(Ok(Ok(changed))) => Ok(changed),
                Some(Ok(Err(error))) => Err(error.to_string()),
                Some(Err(_)) => Err("the database does not answer".to_owned()),
            };
            let (changed, kind) = match why {
                Ok(changed) => (changed, Kind::Live),
                Err(error) => {
                    tracing::warn!(error = %error, "the status page cannot be refreshed; the last one stays up");
                    (false, self.kind_when_blind())
                }
            };
            let now_ms = self.clock.now_ms();
            if changed || self.drawn.0 != kind || now_ms >= self.drawn.1 {
                self.drawn = (kind, self.snapshot.next_turn_ms(now_ms));
                self.show(kind, now_ms);
            }
        }
    }

    /// Asks what is public, if it is not what is known; whether it was. A new day shows another past, and is asked for too.
    async fn look(&mut self) -> Result<bool, StoreError> {
        const DAY_MS: i64 = 86_400_000;
        let now_ms = self.clock.now_ms();
        let revision = self.store.status_revision().await?;
        let same_day = now_ms.div_euclid(DAY_MS) == self.looked_ms.div_euclid(DAY_MS);
        let changed = revision != self.snapshot.revision || !same_day;
        if changed {
            self.snapshot = Arc::new(self.store.status_snapshot(since_ms(&self.frame, now_ms)).await?);
        }
        let measured = probes::measured(&self.store, &self.probes, now_ms).await?;
        let turned = measured != *self.measured;
        if turned {
            self.measured = Arc::new(measured);
        }
        self.looked_ms = now_ms;
        Ok(changed || turned)
    }

    fn kind_when_blind(&self) -> Kind {
        let blind_ms = self.clock.now_ms().saturating_sub(self.looked_ms);
        let stale = u128::try_from(blind_ms).is_ok_and(|ms| ms > STATUS_STALE.as_millis());
        if stale { Kind::Stale(self.looked_ms) } else { Kind::Live }
    }

    /// Renders, and shows it if it looks different: time alone may have begun or ended a maintenance.
    fn show(&self, kind: Kind, now_ms: i64) {
        let site = render(&self.frame, &self.snapshot, &self.measured, now_ms, kind);
        self.shown.send_if_modified(|shown| {
            let differs = *shown.site != site;
            if differs {
                let (snapshot, measured) = (self.snapshot.clone(), self.measured.clone());
                let fresh = kind == Kind::Live;
                *shown = Shown { site: Arc::new(site), modified_ms: now_ms, fresh, snapshot, measured };
            }
            differs
        });
    }
}
