//! What may be published, and what becomes of what is public when it is. Checked when it is proposed, so that nobody
//! approves what cannot be, and applied in the transaction of the approval.

use super::notice::{Affected, Maintenance, MaintenanceUpdate, PublicIncident, PublicUpdate, Said};
use super::site::{moment, word};
use crate::config::limits::{STATUS_TEXT_CHARS, STATUS_TITLE_CHARS, STATUS_UPDATES, STATUS_WINDOW_MS};
use crate::config::status::Component;
use crate::model::incident::Status;
use crate::model::public::{
    AboutComponents, AboutIncident, AboutMaintenance, ComponentState, Indicator, MaintenanceStatus, Publication,
};
use std::collections::BTreeMap;

/// Why it cannot be published: one sentence for whoever proposed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

fn no<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(sentence.into()))
}

/// What a publication changes.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    })
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
    let text = given.trim();
    if text.is_empty() || text.chars().count() > STATUS_TEXT_CHARS {
        return no(format!("The public text has 1 to {STATUS_TEXT_CHARS} characters."));
    }
    if let Some(c) = text.chars().find(|&c| (c.is_control() && !matches!(c, '\n' | '\t')) || is_invisible(c)) {
        let code = u32::from(c);
        return no(format!("The public text holds U+{code:04X}, which cannot be seen; take it out."));
    }
    Ok(text.to_owned())
}

/// Characters that turn text around or hide in it: whoever approves must see what everybody will read.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || matches!(u32::from(c) & 0xffff, 0xfffe | 0xffff)
}

/// What a checked publication changes, given what is there. `ids` makes fresh UUIDs.
///
/// # Errors
/// It no longer fits what is public.
pub fn apply(
    publication: &Publication,
    incident: Option<PublicIncident>,
    maintenance: Option<Maintenance>,
    now: &BTreeMap<String, ComponentState>,
    at_ms: i64,
    mut ids: impl FnMut() -> String,
) -> Result<Change, Refusal> {
    let said = |components: &BTreeMap<String, ComponentState>, reason: &str| {
        let each = components
            .iter()
            .map(|(name, state)| (Said { component: name.clone(), state: *state, at_ms }, reason.to_owned()));
        each.collect::<Vec<_>>()
    };
    match publication {
        Publication::Incident(about) => {
            let reason = format!("public update of {}", about.incident);
            let incident = next_incident(about, incident, now, at_ms, &mut ids)?;
            Ok(Change { incident: Some(incident), maintenance: None, said: said(&about.components, &reason) })
        }
        Publication::Maintenance(about) => {
            let maintenance = next_maintenance(about, maintenance, at_ms, &mut ids)?;
            Ok(Change { incident: None, maintenance: Some(maintenance), said: Vec::new() })
        }
        Publication::Components(about) => {
            Ok(Change { incident: None, maintenance: None, said: said(&about.components, &about.reason) })
        }
    }
}

fn next_incident(
    about: &AboutIncident,
    before: Option<PublicIncident>,
    now: &BTreeMap<String, ComponentState>,
    at_ms: i64,
    ids: &mut impl FnMut() -> String,
) -> Result<PublicIncident, Refusal> {
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
    if next.updates.len() >= STATUS_UPDATES {
        return no(format!(
            "There are {STATUS_UPDATES} public updates of {} already; no more are kept.",
            about.incident
        ));
    }
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
    });
    Ok(next)
}

fn next_maintenance(
    about: &AboutMaintenance,
    before: Option<Maintenance>,
    at_ms: i64,
    ids: &mut impl FnMut() -> String,
) -> Result<Maintenance, Refusal> {
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
    if next.updates.len() >= STATUS_UPDATES {
        return no(format!("There are {STATUS_UPDATES} updates of that maintenance already; no more are kept."));
    }
    let at_ms = at_ms.max(next.changed_ms);
    next.title.clone_from(&about.title);
    next.said = about.status;
    next.components.clone_from(&about.components);
    (next.starts_ms, next.ends_ms, next.ends_itself) = (about.starts_ms, about.ends_ms, about.ends_itself);
    next.changed_ms = at_ms;
    next.completed_ms = (about.status == MaintenanceStatus::Completed).then_some(at_ms);
    next.updates.push(MaintenanceUpdate { id: ids(), at_ms, status: about.status, text: about.text.clone() });
    Ok(next)
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
    }
}
