//! The last door before anything is written: what a handled event says to people or to the trail holds no secret after it.
//! A plugin's own memory is not touched: it never leaves by itself, and what is made of it passes here.

use super::commit::Commit;
use crate::audit::AuditRecord;
use crate::model::conversation::PlaceAct;
use crate::model::effect::Effect;
use crate::model::event::{Delivery, Event};
use crate::model::job::JobChange;
use crate::model::public::Publication;
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
        incident.service.iter_mut().for_each(|service| scrub.string(service));
        incident.facts.tasks.iter_mut().for_each(|task| scrub.string(&mut task.text));
    }
    for change in &mut commit.jobs {
        if let JobChange::Start(job) = change {
            scrub.string(&mut job.title);
        }
    }
    commit.pins.values_mut().flatten().for_each(|pin| scrub.string(&mut pin.reason));
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
    // The very words that the card showed: whoever approved them read them without the secret.
    for approved in &mut commit.publications {
        publication(scrub, &mut approved.publication);
    }
    if let Some(echo) = &mut commit.echo {
        scrub.string(&mut echo.text);
    }
    for request in commit.receipt.iter_mut().flat_map(|receipt| &mut receipt.requests) {
        scrub.string(&mut request.destination);
    }
    record(scrub, &mut commit.audit);
}

fn publication(scrub: &Scrub, publication: &mut Publication) {
    let mut texts = match publication {
        Publication::Incident(about) => vec![&mut about.title, &mut about.text],
        Publication::Maintenance(about) => vec![&mut about.title, &mut about.text],
        Publication::Components(about) => vec![&mut about.reason],
        Publication::Work(about) => {
            about.begins.as_mut().map_or_else(Vec::new, |words| vec![&mut words.title, &mut words.text])
        }
        Publication::Notice(about) => {
            about.begins.as_mut().map_or_else(Vec::new, |words| vec![&mut words.title, &mut words.text])
        }
    };
    texts.iter_mut().for_each(|text| scrub.string(text));
}

/// Scrubs a deploy, which pages show and plugins read; other deliveries are as they came.
pub(super) fn delivery(scrub: &Scrub, delivery: &mut Delivery) {
    let Event::DeployRecorded(deploy) = &mut delivery.event else { return };
    for text in [&mut deploy.version, &mut deploy.previous, &mut deploy.commit, &mut deploy.by, &mut deploy.disagrees] {
        scrub.string(text);
    }
    for migration in &mut deploy.migrations {
        scrub.string(&mut migration.name);
        migration.findings.iter_mut().for_each(|finding| scrub.string(finding));
    }
}

/// Scrubs an audit record.
pub(super) fn record(scrub: &Scrub, record: &mut AuditRecord) {
    scrub.json(&mut record.detail);
}
