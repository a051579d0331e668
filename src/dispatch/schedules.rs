//! What the host has to say about schedules: an occurrence that was given up, one that runs too long, and how all of them stand.

use super::{HOST, House, Trouble};
use crate::clock::rfc3339;
use crate::config::show_duration;
use crate::model::effect::Effect;
use crate::model::event::{Delivery, Event};
use crate::model::ids::{self, DeliveryId, MessageRef, PluginId};
use crate::model::job::{JobChange, Wish};
use crate::model::view::{Block, Tone, View};
use crate::schedule::MISSED;
use crate::store::{Commit, ScheduleRow};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Schedules shown in a status; the machine-readable answer has all.
const SHOWN: usize = 20;

/// What the event about an occurrence carries.
#[derive(Debug, Deserialize)]
struct About {
    plugin: PluginId,
    schedule: String,
    #[serde(default)]
    due_ms: i64,
    next_ms: Option<i64>,
    #[serde(default)]
    why: String,
    running: Option<DeliveryId>,
    since_ms: Option<i64>,
    run_limit_ms: Option<i64>,
}

impl House {
    /// Says that an occurrence was given up, or runs too long: in the trail, in the log, and to the operators.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn schedule_trouble(
        &self,
        delivery: &Delivery,
        name: &str,
        commit: &mut Commit,
    ) -> Result<(), Trouble> {
        let Event::TimerElapsed(timer) = &delivery.event else { return Ok(()) };
        let Ok(about) = serde_json::from_str::<About>(&timer.payload) else { return Ok(()) };
        let (outcome, view) = if name == MISSED {
            ("missed", missed(&about))
        } else {
            commit.jobs = self.cancelled(&about).await?;
            ("overran", overran(&about, commit.jobs.len()))
        };
        tracing::warn!(plugin = %about.plugin, schedule = about.schedule, outcome, "{}", view.to_plain());
        commit.audit.plugin = Some(about.plugin.clone());
        commit.audit.outcome = outcome.to_owned();
        commit.audit.detail = serde_json::from_str(&timer.payload).unwrap_or_default();
        commit.result.text = view.to_plain();
        if let Some(ops) = &self.about.ops {
            commit.effects.push(Effect::PostMessage {
                message: MessageRef::new(ids::fresh()),
                to: ops.clone(),
                view,
                private_to: None,
                reply: false,
            });
        }
        Ok(())
    }

    /// Wishes that end what a run that takes too long has started and what has not ended.
    async fn cancelled(&self, about: &About) -> Result<Vec<JobChange>, Trouble> {
        let Some(root) = &about.running else { return Ok(Vec::new()) };
        let jobs = self.store.jobs_under(root).await?.into_iter();
        let unfinished = jobs.filter(|job| !job.state.has_ended() && job.wish.is_none());
        Ok(unfinished.map(|job| JobChange::Wish { id: job.id, wish: Wish::Cancel, by: HOST.into() }).collect())
    }
}

fn missed(about: &About) -> View {
    let About { plugin, schedule, due_ms, next_ms, why, .. } = about;
    let mut view = View {
        title: format!("Missed: {schedule} of {plugin}"),
        tone: Tone::Warning,
        blocks: vec![
            Block::Text { text: format!("It was to run at {} and did not: {why}.", rfc3339(*due_ms)) },
            Block::Time { name: "was due".to_owned(), at_ms: *due_ms },
        ],
    };
    if let Some(at_ms) = next_ms {
        view.blocks.push(Block::Time { name: "next".to_owned(), at_ms: *at_ms });
    }
    view
}

fn overran(about: &About, cancelled: usize) -> View {
    let About { plugin, schedule, since_ms, run_limit_ms, .. } = about;
    let limit = Duration::from_millis(run_limit_ms.and_then(|limit| u64::try_from(limit).ok()).unwrap_or_default());
    let since = since_ms.map(rfc3339).unwrap_or_default();
    let jobs = match cancelled {
        0 => "Look at what it does.".to_owned(),
        1 => "Its job is being cancelled.".to_owned(),
        n => format!("Its {n} jobs are being cancelled."),
    };
    View {
        title: format!("Running too long: {schedule} of {plugin}"),
        tone: Tone::Critical,
        blocks: vec![Block::Text {
            text: format!("It has run since {since}, longer than the {} it may. {jobs}", show_duration(limit)),
        }],
    }
}

/// A line for each schedule, and all of them for programs.
pub(super) fn status(rows: &[ScheduleRow]) -> (Vec<Block>, Value) {
    let at = |ms: Option<i64>| ms.map(rfc3339);
    let line = |row: &ScheduleRow| {
        let mut text = format!("{} {}", row.expression, row.zone);
        match (row.since_ms, row.overran) {
            (Some(since), false) => text.push_str(&format!("; running since {}", rfc3339(since))),
            (Some(since), true) => text.push_str(&format!("; running too long, since {}", rfc3339(since))),
            _ => {}
        }
        match row.next_ms {
            Some(next) => text.push_str(&format!("; next {}", rfc3339(next))),
            None => text.push_str("; never again"),
        }
        if let (Some(last), Some(outcome)) = (row.last_due_ms, &row.last_outcome) {
            text.push_str(&format!("; last {} {outcome}", rfc3339(last)));
        }
        Block::Field { name: format!("schedule {} of {}", row.name, row.plugin), value: text }
    };
    let mut blocks: Vec<Block> = rows.iter().take(SHOWN).map(line).collect();
    if rows.len() > SHOWN {
        blocks.push(Block::Context { text: format!("and {} schedules more", rows.len() - SHOWN) });
    }
    let data = rows.iter().map(|row| {
        json!({
            "plugin": row.plugin, "name": row.name, "expression": row.expression, "zone": row.zone,
            "next": at(row.next_ms), "running_since": at(row.since_ms), "overran": row.overran,
            "last_due": at(row.last_due_ms), "last_outcome": row.last_outcome,
        })
    });
    (blocks, data.collect())
}
