//! The end of an incident's timeline, posted to every platform that shows it: whoever owns the database cannot change what
//! was posted, and no platform can change what stands on the others. Posted anew, never edited: an edit would be a rewrite.

use super::super::answer::empty_commit;
use super::super::{HOST, House, Trouble};
use super::is_news;
use crate::audit::Posted;
use crate::model::changes::TimerChange;
use crate::model::effect::Effect;
use crate::model::event::Delivery;
use crate::model::ids::{ConversationId, IncidentId, MessageRef, fresh};
use crate::model::incident::{Incident, Status};
use crate::model::view::{Block, Tone, View};
use crate::store::{Commit, OutcomeStatus};
use std::collections::BTreeSet;

/// The host's timers of this: `timeline/INC-7`.
const TIMER: &str = "timeline/";
/// What was said is posted at the end of the quarter of an hour in which it was said: seldom enough not to disturb, and one
/// timer however much is said.
const QUARTER_MS: i64 = 15 * 60_000;

/// The incident whose timeline's end is to be posted.
pub(in super::super) fn of_timer(name: &str) -> Option<IncidentId> {
    name.strip_prefix(TIMER).map(IncidentId::from)
}

/// Has what a commit adds to timelines posted: soon, or at once when the incident is over.
pub(super) fn later(commit: &mut Commit, incident: Option<&Incident>) {
    let about: BTreeSet<_> =
        commit.timeline.iter().filter(|line| is_news(line)).map(|line| line.incident.clone()).collect();
    for id in about {
        let known = commit.incidents.iter().chain(incident).find(|known| known.id == id);
        let is_over = known.is_some_and(|known| known.status == Status::Resolved);
        let at_ms = if is_over { commit.now_ms } else { (commit.now_ms / QUARTER_MS + 1) * QUARTER_MS };
        let set = Some((at_ms, String::new()));
        commit.timers.push(TimerChange { plugin: HOST.into(), name: format!("{TIMER}{id}"), set });
    }
}

/// Seals the timeline and posts where it ends.
pub(super) async fn post(
    house: &House,
    delivery: &Delivery,
    id: &IncidentId,
    rooms: Vec<ConversationId>,
) -> Result<(), Trouble> {
    let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, house.store.now_ms());
    if !rooms.is_empty() {
        let seal = house.store.seal_timeline(id.clone()).await?;
        let posted = Posted::Timeline { incident: id.clone(), lines: seal.lines, hash: seal.hash };
        commit.incident = Some(id.clone());
        commit.audit.incident = Some(id.clone());
        // So the trail vouches for the timeline, and its own checkpoints for both.
        commit.audit.detail["timeline"] = posted.to_string().into();
        for to in rooms {
            let (message, view) = (MessageRef::new(fresh()), shown(&posted, id, seal.lines, commit.now_ms));
            commit.effects.push(Effect::PostMessage { message, to, view, private_to: None, reply: false });
        }
    }
    house.commit_plainly(commit).await
}

fn shown(posted: &Posted, id: &IncidentId, lines: i64, now_ms: i64) -> View {
    let many = if lines == 1 { "line".to_owned() } else { format!("{lines} lines") };
    View {
        title: format!("{id} · checkpoint"),
        tone: Tone::Neutral,
        blocks: vec![
            Block::Text { text: format!("The timeline's first {many} cannot be changed any more without this disagreeing:") },
            Block::Code { text: posted.to_string() },
            Block::Time { name: "as of".to_owned(), at_ms: now_ms },
            Block::Context {
                text: "The same stands on the other platforms. `drillbell audit verify --checkpoint` and it: whether the timeline \
                       still is what it was."
                    .to_owned(),
            },
        ],
    }
}
