//! The house's own words about its work, as steps of a public maintenance: a job changes production, a service is closed. Pure.

use super::notice::Maintenance;
use crate::config::limits::STATUS_WORK_MS;
use crate::model::public::{AboutMaintenance, AboutNotice, AboutWork, MaintenanceStatus, Written};

/// What the public reads when work on production has ended, whatever came of it: that is the operators' to tell.
pub(super) const WORK_ENDED: &str = "The work has ended.";
/// What it reads when a service's notice is taken down.
pub(super) const NOTICE_ENDED: &str = "The maintenance is over.";

/// What work on production tells as a maintenance; nothing if all is said: it goes on after its process died, or it never
/// began.
pub(super) fn work(about: &AboutWork, known: Option<&Maintenance>, at_ms: i64) -> Option<AboutMaintenance> {
    match (&about.begins, open(known)) {
        (Some(words), None) => {
            let (title, text) = (words.title.clone(), words.text.clone());
            Some(AboutMaintenance { title, text, ..begun(about.name(), STATUS_WORK_MS, at_ms) })
        }
        (None, Some(open)) => Some(over(open, WORK_ENDED, at_ms)),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// What a service's notice tells as a maintenance; nothing if it is up already, or none is to be taken down.
pub(super) fn notice(about: &AboutNotice, known: Option<&Maintenance>, at_ms: i64) -> Option<AboutMaintenance> {
    match (&about.begins, open(known)) {
        (Some(words), None) => Some(AboutMaintenance {
            title: words.title.clone(),
            text: words.text.clone(),
            components: words.components.clone(),
            ..begun(about.name(), words.lasts_ms, at_ms)
        }),
        (None, Some(open)) => Some(over(open, NOTICE_ENDED, at_ms)),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn open(known: Option<&Maintenance>) -> Option<&Maintenance> {
    known.filter(|known| known.said != MaintenanceStatus::Completed)
}

/// It is in progress, and nobody knows when it ends: the end is when it should.
fn begun(name: String, lasts_ms: i64, at_ms: i64) -> AboutMaintenance {
    AboutMaintenance {
        name,
        title: String::new(),
        status: MaintenanceStatus::InProgress,
        text: String::new(),
        components: Default::default(),
        starts_ms: at_ms,
        ends_ms: at_ms.saturating_add(lasts_ms),
        ends_itself: false,
        written: Written { at_ms, seen: 0 },
    }
}

fn over(open: &Maintenance, text: &str, at_ms: i64) -> AboutMaintenance {
    AboutMaintenance {
        title: open.title.clone(),
        status: MaintenanceStatus::Completed,
        text: text.to_owned(),
        components: open.components.clone(),
        starts_ms: open.starts_ms,
        // It is over now, whatever was planned.
        ends_ms: at_ms.max(open.starts_ms.saturating_add(1)),
        ..begun(open.name.clone(), 0, at_ms)
    }
}
