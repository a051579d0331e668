//! The last door before anything is written: what a handled event says to people or to the trail holds no secret after it.
//! A plugin's own memory is not touched: it never leaves by itself, and what is made of it passes here.

use super::commit::Commit;
use crate::audit::AuditRecord;
use crate::model::conversation::PlaceAct;
use crate::model::effect::Effect;
use crate::scrub::Scrub;

/// Scrubs everything of a commit that leaves the house.
pub(super) fn commit(scrub: &Scrub, commit: &mut Commit) {
    scrub.string(&mut commit.result.text);
    if let Some(data) = &mut commit.result.data {
        scrub.json(data);
    }
    for incident in &mut commit.incidents {
        scrub.string(&mut incident.title);
        scrub.string(&mut incident.latest);
    }
    for line in &mut commit.timeline {
        scrub.string(&mut line.text);
    }
    for effect in commit.effects.iter_mut().chain(&mut commit.notices) {
        match effect {
            Effect::PostMessage { view, .. } | Effect::EditMessage { view, .. } => scrub.view(view),
            Effect::Page { view, key, .. } => {
                scrub.view(view);
                scrub.string(key);
            }
            Effect::Place { act: PlaceAct::Topic { topic }, .. } => scrub.string(topic),
            Effect::AddReaction { .. } | Effect::Place { .. } => {}
        }
    }
    // What was asked for stays as it is: it is compared and, once approved, done.
    for approval in &mut commit.approvals {
        scrub.string(&mut approval.title);
        scrub.view(&mut approval.plea);
        scrub.string(&mut approval.reason);
        for vote in &mut approval.votes {
            scrub.string(&mut vote.reason);
        }
    }
    if let Some(echo) = &mut commit.echo {
        scrub.string(&mut echo.text);
    }
    for request in commit.receipt.iter_mut().flat_map(|receipt| &mut receipt.requests) {
        scrub.string(&mut request.destination);
    }
    record(scrub, &mut commit.audit);
}

/// Scrubs an audit record.
pub(super) fn record(scrub: &Scrub, record: &mut AuditRecord) {
    scrub.json(&mut record.detail);
}
