//! Delivers effects to platforms after their commit: in order within a conversation, conversations side by side, pages past
//! everything else, retried with backoff, given up after a while and kept for people to see. Takes nothing but what the
//! store has committed.

mod backoff;
mod fold;
mod grip;
mod late;
mod line;
mod outdated;
mod page;
mod place;
mod urgent;

use crate::platform::Platform;
use crate::store::{Committed, OutboxRow, Store};
use crate::telemetry::metrics::Metrics;
use grip::InHand;
use line::{Line, LineKey, Waiting};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use urgent::Urgent;

/// The way into the deliverer.
#[derive(Clone)]
pub struct Outbox {
    rows: mpsc::UnboundedSender<Vec<Waiting>>,
    in_hand: InHand,
}

impl Outbox {
    /// Hands over what a commit left to deliver.
    pub fn deliver(&self, committed: Committed) {
        self.take_over(committed.into_rows());
    }

    /// Hands over rows claimed from the table. One may be in hand already, if its lease could not be renewed in time: it stays there.
    pub fn take_over(&self, rows: Vec<OutboxRow>) {
        let grip = |row: OutboxRow| Some(Waiting::new(self.in_hand.take(&row.id)?, row));
        let rows: Vec<_> = rows.into_iter().filter_map(grip).collect();
        if !rows.is_empty() && self.rows.send(rows).is_err() {
            tracing::debug!("the deliverer has stopped; the rows stay open for the next one");
        }
    }

    /// The rows that are being delivered, or wait for it, by their ids.
    pub fn in_hand(&self) -> Vec<String> {
        self.in_hand.ids()
    }
}

/// The deliverer.
pub struct Deliverer {
    rows: mpsc::UnboundedReceiver<Vec<Waiting>>,
    shared: Arc<Shared>,
}

/// What every conversation's line needs.
struct Shared {
    store: Store,
    metrics: Metrics,
    platforms: HashMap<String, Arc<dyn Platform>>,
    urgent: Urgent,
}

/// A deliverer for these platforms, and the way into it.
pub fn deliverer(store: Store, metrics: Metrics, platforms: Vec<Arc<dyn Platform>>) -> (Outbox, Deliverer) {
    let (sender, rows) = mpsc::unbounded_channel();
    let platforms = platforms.into_iter().map(|platform| (platform.name().to_owned(), platform)).collect();
    (
        Outbox { rows: sender, in_hand: InHand::default() },
        Deliverer { rows, shared: Arc::new(Shared { store, metrics, platforms, urgent: Urgent::default() }) },
    )
}

impl Deliverer {
    /// Delivers until `stop`, then what was handed over before, without trying again what fails; that stays in the table.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut lines: HashMap<LineKey, mpsc::UnboundedSender<Waiting>> = HashMap::new();
        let mut tasks: JoinSet<LineKey> = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                rows = self.rows.recv() => match rows {
                    None => break,
                    Some(rows) => for row in rows {
                        self.queue(row, &mut lines, &mut tasks, &stop);
                    },
                },
                Some(ended) = tasks.join_next() => match ended {
                    // A newer line of the same conversation may already stand in its place; that one is open.
                    Ok(key) => {
                        if lines.get(&key).is_some_and(mpsc::UnboundedSender::is_closed) {
                            lines.remove(&key);
                        }
                    }
                    Err(error) => tracing::error!(error = %error, "a conversation's line broke; its rows come back by their lease"),
                },
            }
        }
        while let Ok(rows) = self.rows.try_recv() {
            for row in rows {
                self.queue(row, &mut lines, &mut tasks, &stop);
            }
        }
        drop(lines);
        while tasks.join_next().await.is_some() {}
    }

    fn queue(
        &self,
        mut row: Waiting,
        lines: &mut HashMap<LineKey, mpsc::UnboundedSender<Waiting>>,
        tasks: &mut JoinSet<LineKey>,
        stop: &CancellationToken,
    ) {
        let key = LineKey::of(&row.row);
        if let Some(line) = lines.get(&key) {
            match line.send(row) {
                Ok(()) => return,
                // It ended between two looks; a new one takes the row.
                Err(returned) => row = returned.0,
            }
        }
        let (sender, rows) = mpsc::unbounded_channel();
        // The receiver is right here.
        let _ = sender.send(row);
        lines.insert(key.clone(), sender);
        tasks.spawn(Line::new(self.shared.clone(), key, rows).run(stop.clone()));
    }
}
