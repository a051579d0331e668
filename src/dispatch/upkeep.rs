//! What the host does regularly in front of everybody: once a day the end of the audit trail is posted to the operators'
//! channel, where whoever owns the database cannot quietly change it.

use super::answer::empty_commit;
use super::links::{LINK_BACK, LINK_LOST};
use super::{HOST, House, Trouble};
use crate::model::changes::TimerChange;
use crate::model::effect::Effect;
use crate::model::event::Delivery;
use crate::model::ids::{self, MessageRef};
use crate::model::view::{Block, Tone, View};
use crate::schedule::{MISSED, OVERRAN};
use crate::store::{OutcomeStatus, Timer};

/// The timer of the daily checkpoint.
const CHECKPOINT: &str = "checkpoint";
/// A day, milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;

/// The daily checkpoint's timer for a database that has none yet.
pub fn first_checkpoint(now_ms: i64) -> Timer {
    Timer {
        plugin: HOST.into(),
        name: CHECKPOINT.to_owned(),
        at_ms: now_ms + DAY_MS,
        payload: String::new(),
        set_by: "start".to_owned(),
    }
}

impl House {
    /// Carries out one of the host's own timers.
    pub(super) async fn host_timer(&self, delivery: &Delivery, name: &str) -> Result<(), Trouble> {
        let now_ms = self.store.now_ms();
        if let Some(id) = super::approvals::of_timer(name) {
            return self.run_out(delivery, &id).await;
        }
        if let Some(id) = super::mirror::of_timer(name) {
            return self.timeline_timer(delivery, &id).await;
        }
        let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, now_ms);
        if let MISSED | OVERRAN = name {
            self.schedule_trouble(delivery, name, &mut commit).await?;
        }
        if let super::contacts::TEST | super::contacts::REPORT = name {
            self.contact_timer(name, &mut commit).await?;
        }
        if let LINK_LOST | LINK_BACK = name {
            self.link_trouble(delivery, &mut commit).await?;
        }
        if let (CHECKPOINT, Some(ops)) = (name, &self.about.ops) {
            let (seq, hash) = self.store.audit_head().await?;
            commit.effects.push(Effect::PostMessage {
                message: MessageRef::new(ids::fresh()),
                to: ops.clone(),
                view: checkpoint(seq, &hash, now_ms),
                private_to: None,
                reply: false,
            });
            // Counted from now: after a week's sleep there is one checkpoint to post, not seven.
            let set = Some((now_ms + DAY_MS, String::new()));
            commit.timers.push(TimerChange { plugin: HOST.into(), name: CHECKPOINT.to_owned(), set });
        }
        self.commit_plainly(commit).await
    }
}

fn checkpoint(seq: i64, hash: &str, now_ms: i64) -> View {
    View {
        title: "Audit checkpoint".to_owned(),
        tone: Tone::Info,
        blocks: vec![
            Block::Text { text: format!("The audit trail has {seq} records; the last one's hash is:") },
            Block::Code { text: hash.to_owned() },
            Block::Time { name: "as of".to_owned(), at_ms: now_ms },
            Block::Context {
                text: "If `drillbell audit verify` ever disagrees with this message, the trail was changed.".to_owned(),
            },
        ],
    }
}
