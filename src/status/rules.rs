//! What may be published, and what becomes of what is public when it is. Checked when it is proposed, so that nobody
//! approves what cannot be, and applied in the transaction of the approval.

use super::notice::{Affected, Maintenance, MaintenanceUpdate, PublicIncident, PublicUpdate, Said};
use super::own;
use super::site::{moment, word};
use crate::config::limits::{STATUS_TEXT_CHARS, STATUS_TITLE_CHARS, STATUS_UPDATES, STATUS_WINDOW_MS};
use crate::config::status::Component;
use crate::model::incident::Status;
use crate::model::public::{
    AboutComponents, AboutIncident, AboutMaintenance, ComponentState, Indicator, MaintenanceStatus, Publication,
    Written,
};
use crate::model::unseen::is_invisible;
use std::collections::BTreeMap;

/// Why it cannot be published: one sentence for whoever proposed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

fn no<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(sentence.into()))
}

/// What is public of the one thing that a publication is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Public {
    /// How often it was published about.
    pub revision: i64,
    /// The incident, if it is about one.
    pub incident: Option<PublicIncident>,
    /// The maintenance, if it is about one.
    pub maintenance: Option<Maintenance>,
}

/// What a publication changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The incident as it shall be.
    pub incident: Option<PublicIncident>,
    /// The maintenance as it shall be.
    pub maintenance: Option<Maintenance>,
    /// What is said of components, with the reason to keep.
    pub said: Vec<(Said, String)>,
}

/// Checks a proposal against the configured components and tidies it up: blanks at the ends of texts go.
///
/// # Errors
/// It cannot be published; the sentence says why.
pub fn check(proposed: Publication, known: &[&str]) -> Result<Publication, Refusal> {
    if known.is_empty() && !matches!(proposed, Publication::Incident(_)) {
        return no("There are no components: the configuration has no [status.components.NAME].");
    }
    Ok(match proposed {
        Publication::Incident(about) => {
            check_names(about.components.keys(), known)?;
            let (title, text) = (title(&about.title)?, text(&about.text)?);
            Publication::Incident(AboutIncident { title, text, ..about })
        }
        Publication::Maintenance(about) => {
            check_names(about.components.iter(), known)?;
            let (title, text) = (title(&about.title)?, text(&about.text)?);
            let lasts_ms = about.ends_ms.saturating_sub(about.starts_ms);
            if lasts_ms <= 0 {
                return no("A maintenance ends after it begins.");
            }
            if lasts_ms > STATUS_WINDOW_MS {
                return no("A maintenance lasts at most 30 days; announce what is longer in parts.");
            }
            if about.name.trim().is_empty() || about.name.chars().count() > STATUS_TITLE_CHARS {
                return no(format!("A maintenance's name has 1 to {STATUS_TITLE_CHARS} characters."));
            }
            Publication::Maintenance(AboutMaintenance { title, text, ..about })
        }
        Publication::Components(about) => {
            if about.components.is_empty() {
                return no("Name at least one component and its state.");
            }
            check_names(about.components.keys(), known)?;
            Publication::Components(AboutComponents { reason: text(&about.reason)?, ..about })
        }
        Publication::Work(_) => return no("Work on production is announced by the bot itself."),
        Publication::Notice(_) => return no("A service's notice is put up by the bot itself."),
    })
}

/// Whether an approved publication still fits what is public; if not, why, as a part of a sentence. Words that were written
/// before it was over, or before newer words that are public already, would turn the page back.
///
/// # Errors
/// It does not.
pub fn fits(publication: &Publication, public: &Public, now_ms: i64) -> Result<(), Refusal> {
    let full = |count: usize| match count >= STATUS_UPDATES {
        true => no(format!("there are {STATUS_UPDATES} public updates of it already")),
        false => Ok(()),
    };
    match publication {
        Publication::Incident(about) => {
            let Some(known) = &public.incident else { return Ok(()) };
            full(known.updates.len())?;
            let reopens = known.status == Status::Resolved && about.status != Status::Resolved;
            current(about.written, reopens, known.updates.iter().map(|update| update.written_ms))
        }
        Publication::Maintenance(about) => {
            let Some(known) = &public.maintenance else { return Ok(()) };
            full(known.updates.len())?;
            let over = known.status_at(now_ms) == MaintenanceStatus::Completed;
            let reopens = over && about.status != MaintenanceStatus::Completed;
            current(about.written, reopens, known.updates.iter().map(|update| update.written_ms))
        }
        Publication::Work(_) | Publication::Notice(_) => {
            full(public.maintenance.as_ref().map_or(0, |known| known.updates.len()))
        }
        Publication::Components(_) => Ok(()),
    }
}

/// Whether what a publication says of components is not older than what is public of them, whichever story said it.
pub fn fits_components(publication: &Publication, said: &[Said]) -> Result<(), Refusal> {
    let Some(written_ms) = publication.written_ms() else { return Ok(()) };
    for (name, state) in publication.components().into_iter().flatten() {
        let newest = said.iter().rev().find(|said| said.component == *name);
        if let Some(newest) = newest.filter(|said| said.written_ms > written_ms && said.state != *state) {
            let newer = newest.state.as_str().replace('_', " ");
            return no(format!("newer words about `{name}` ({newer}) are public by now"));
        }
    }
    Ok(())
}

fn current(written: Written, reopens: bool, mut others: impl ExactSizeIterator<Item = i64>) -> Result<(), Refusal> {
    if reopens && others.len() != written.seen {
        return no("it was over for the public before this was approved");
    }
    match others.any(|other_ms| other_ms > written.at_ms) {
        true => no("newer words are public by now"),
        false => Ok(()),
    }
}

fn check_names<'a>(names: impl Iterator<Item = &'a String>, known: &[&str]) -> Result<(), Refusal> {
    for name in names {
        if !known.contains(&name.as_str()) {
            let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            return match known {
                [] => no(format!("There is no component `{name}`: the configuration has no [status.components.NAME].")),
                known => no(format!("There is no component `{name}`; there are: {}.", known.join(", "))),
            };
        }
    }
    Ok(())
}

fn title(given: &str) -> Result<String, Refusal> {
    let title = given.trim();
    if title.is_empty() || title.chars().count() > STATUS_TITLE_CHARS {
        return no(format!("The public title has 1 to {STATUS_TITLE_CHARS} characters."));
    }
    if title.chars().any(|c| c.is_control() || is_invisible(c)) {
        return no("The public title is one line of visible characters.");
    }
    Ok(title.to_owned())
}

fn text(given: &str) -> Result<String, Refusal> {
    let text = given.trim().replace("\r\n", "\n");
    if text.is_empty() || text.chars().count() > STATUS_TEXT_CHARS {
        return no(format!("The public text has 1 to {STATUS_TEXT_CHARS} characters."));
    }
    if let Some(c) = text.chars().find(|&c| (c.is_control() && !matches!(c, '\n' | '\t')) || is_invisible(c)) {
        let code = u32::from(c);
        return no(format!("The public text holds U+{code:04X}, which cannot be seen; take it out."));
    }
    Ok(text)
}

/// What a checked publication that fits changes, given what is there. `ids` makes fresh UUIDs.
pub fn apply(
    publication: &Publication,
    public: Public,
    now: &BTreeMap<String, ComponentState>,
    at_ms: i64,
    mut ids: impl FnMut() -> String,
) -> Change {
    let written_ms = publication.written_ms().unwrap_or(at_ms);
    let said = |components: &BTreeMap<String, ComponentState>, reason: &str| {
        let each = components.iter().map(|(name, state)| {
            (Said { component: name.clone(), state: *state, at_ms, written_ms }, reason.to_owned())
        });
        each.collect::<Vec<_>>()
    };
    match publication {
        Publication::Incident(about) => {
            let reason = format!("public update of {}", about.incident);
            let incident = next_incident(about, public.incident, now, at_ms, &mut ids);
            Change { incident: Some(incident), said: said(&about.components, &reason), ..Change::default() }
        }
        Publication::Maintenance(about) => {
            let maintenance = next_maintenance(about, public.maintenance, at_ms, &mut ids);
            Change { maintenance: Some(maintenance), ..Change::default() }
        }
        Publication::Components(about) => Change { said: said(&about.components, &about.reason), ..Change::default() },
        Publication::Work(about) => {
            let next = own::work(about, public.maintenance.as_ref(), at_ms);
            let maintenance = next.map(|next| next_maintenance(&next, public.maintenance, at_ms, &mut ids));
            Change { maintenance, ..Change::default() }
        }
        Publication::Notice(about) => {
            let next = own::notice(about, public.maintenance.as_ref(), at_ms);
            let maintenance = next.map(|next| next_maintenance(&next, public.maintenance, at_ms, &mut ids));
            Change { maintenance, ..Change::default() }
        }
    }
}

fn next_incident(
    about: &AboutIncident,
    before: Option<PublicIncident>,
    now: &BTreeMap<String, ComponentState>,
    at_ms: i64,
    ids: &mut impl FnMut() -> String,
) -> PublicIncident {
    let mut next = before.unwrap_or_else(|| PublicIncident {
        id: ids(),
        incident: about.incident.clone(),
        title: String::new(),
        status: about.status,
        impact: Indicator::None,
        started_ms: at_ms,
        changed_ms: at_ms,
        monitoring_ms: None,
        resolved_ms: None,
        updates: Vec::new(),
    });
    let at_ms = at_ms.max(next.changed_ms);
    let affected = about.components.iter().map(|(name, to)| Affected {
        name: name.clone(),
        from: now.get(name).copied().unwrap_or(ComponentState::Unknown),
        to: *to,
    });
    next.title.clone_from(&about.title);
    next.status = about.status;
    // Announced work is no harm that an incident did.
    let harm = about.components.values().map(|state| state.indicator()).filter(|it| *it != Indicator::Maintenance);
    next.impact = harm.fold(next.impact, Indicator::max);
    next.changed_ms = at_ms;
    if about.status == Status::Monitoring {
        next.monitoring_ms = next.monitoring_ms.or(Some(at_ms));
    }
    next.resolved_ms = (about.status == Status::Resolved).then_some(at_ms);
    next.updates.push(PublicUpdate {
        id: ids(),
        at_ms,
        status: about.status,
        text: about.text.clone(),
        components: affected.collect(),
        written_ms: about.written.at_ms,
    });
    next
}

fn next_maintenance(
    about: &AboutMaintenance,
    before: Option<Maintenance>,
    at_ms: i64,
    ids: &mut impl FnMut() -> String,
) -> Maintenance {
    let mut next = before.unwrap_or_else(|| Maintenance {
        id: ids(),
        name: about.name.clone(),
        title: String::new(),
        said: about.status,
        components: about.components.clone(),
        starts_ms: about.starts_ms,
        ends_ms: about.ends_ms,
        ends_itself: about.ends_itself,
        created_ms: at_ms,
        changed_ms: at_ms,
        completed_ms: None,
        updates: Vec::new(),
    });
    let at_ms = at_ms.max(next.changed_ms);
    next.title.clone_from(&about.title);
    next.said = about.status;
    next.components.clone_from(&about.components);
    (next.starts_ms, next.ends_ms, next.ends_itself) = (about.starts_ms, about.ends_ms, about.ends_itself);
    next.changed_ms = at_ms;
    next.completed_ms = (about.status == MaintenanceStatus::Completed).then_some(at_ms);
    let (status, text, written_ms) = (about.status, about.text.clone(), about.written.at_ms);
    next.updates.push(MaintenanceUpdate { id: ids(), at_ms, status, text, written_ms });
    next
}

/// A publication in full as whoever approves it reads it: every word that will be public, and nothing else.
pub fn proposal_text(publication: &Publication, components: &[Component]) -> String {
    let title = |name: &str| {
        let known = components.iter().find(|component| component.name == name);
        known.map_or(name, |component| component.title.as_str()).to_owned()
    };
    let states = |said: &BTreeMap<String, ComponentState>| {
        said.iter().map(|(name, state)| format!("\n{}: {}", title(name), state.title())).collect::<String>()
    };
    match publication {
        Publication::Incident(about) => {
            format!("{}\n{}: {}{}", about.title, word(about.status), about.text, states(&about.components))
        }
        Publication::Maintenance(about) => {
            let names = about.components.iter().map(|name| format!("\n{}: Under maintenance meanwhile", title(name)));
            let ending = if about.ends_itself { "ends by itself" } else { "ends when somebody says so" };
            format!(
                "{}\n{}: {}\n{} to {}, {ending}{}",
                about.title,
                about.status.title(),
                about.text,
                moment(about.starts_ms),
                moment(about.ends_ms),
                names.collect::<String>()
            )
        }
        Publication::Components(about) => states(&about.components).trim_start().to_owned(),
        Publication::Work(about) => about.begins.as_ref().map_or(own::WORK_ENDED, |words| &words.text).to_owned(),
        Publication::Notice(about) => about.begins.as_ref().map_or(own::NOTICE_ENDED, |words| &words.text).to_owned(),
    }
}
