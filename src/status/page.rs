//! The page for people: one file, its style inside, no script. Every text goes through the template's escaping.

use super::days::{DAY_MS, Day, days_of};
use super::feed::Feeds;
use super::notice::{Maintenance, PublicIncident};
use super::overall::Standing;
use super::site::{Kind, STYLE, Site, day, moment, short, word};
use crate::clock::rfc3339;
use crate::model::incident::Status;
use crate::model::public::{ComponentState, Indicator, MaintenanceStatus};
use askama::Template;
use std::collections::BTreeMap;

/// Days in the bars of a component, if that much of the past is shown.
const BARS: usize = 90;
/// Days that are listed even if nothing happened: "nothing happened" is what people come to read.
const QUIET_DAYS: i64 = 7;
/// Width of one day in the bars, in units of the picture.
const BAR: usize = 10;

#[derive(Template)]
#[template(path = "status/page.html")]
struct Page {
    style: &'static str,
    policy: Option<String>,
    title: String,
    description: String,
    links: String,
    indicator: &'static str,
    headline: &'static str,
    notice: Option<String>,
    groups: Vec<Group>,
    bars: usize,
    width: usize,
    current: Vec<Story>,
    planned: Vec<Story>,
    past: Vec<PastDay>,
    history: String,
}

struct Group {
    title: Option<String>,
    rows: Vec<Row>,
}

struct Row {
    title: String,
    description: String,
    state: &'static str,
    said: &'static str,
    days: Vec<Bar>,
    summary: String,
}

struct Bar {
    x: usize,
    state: &'static str,
    label: String,
}

struct Story {
    id: String,
    title: String,
    impact: &'static str,
    status: String,
    when: Option<String>,
    components: String,
    updates: Vec<Told>,
}

struct Told {
    status: String,
    text: String,
    at: String,
    machine: String,
}

struct PastDay {
    title: String,
    stories: Vec<Story>,
    /// Id and title of what was open on that day and still is.
    open: Vec<(String, String)>,
}

/// The page.
pub(super) fn html(feeds: &Feeds<'_>, kind: Kind) -> String {
    let (page, snapshot, now_ms) = (&feeds.frame.page, feeds.snapshot, feeds.now_ms);
    let shown = usize::try_from(page.history.as_secs() / 86_400).unwrap_or(BARS).clamp(1, BARS);
    let over = |it: &Maintenance| it.status_at(now_ms) == MaintenanceStatus::Completed;
    let open = snapshot.incidents.iter().filter(|incident| incident.status != Status::Resolved);
    let mut planned: Vec<_> = snapshot.maintenances.iter().filter(|it| !over(it)).collect();
    planned.sort_by_key(|maintenance| maintenance.starts_ms);
    let page = Page {
        style: STYLE,
        policy: matches!(kind, Kind::Copy(_)).then(copy_policy),
        title: page.title.clone(),
        description: page.description.clone(),
        links: if matches!(kind, Kind::Copy(_)) { String::new() } else { format!("{}/", page.path) },
        indicator: feeds.overall.indicator.as_str(),
        headline: feeds.overall.description,
        notice: notice(kind),
        groups: groups(feeds, shown),
        bars: shown,
        width: shown * BAR,
        current: open.map(|incident| incident_story(feeds, incident)).collect(),
        planned: planned.into_iter().map(|maintenance| maintenance_story(feeds, maintenance)).collect(),
        past: past(feeds),
        history: plural(page.history.as_secs() / 86_400, "day"),
    };
    // Rendering into a text can only fail where a value's own display does, and none of ours does.
    page.render().unwrap_or_else(|error| format!("<!doctype html><title>Status</title><p>{error}</p>"))
}

/// A copy has no headers of ours, and a policy in the page cannot say who may frame it.
fn copy_policy() -> String {
    Site::policy().replace("; frame-ancestors 'none'", "")
}

fn notice(kind: Kind) -> Option<String> {
    match kind {
        Kind::Live => None,
        Kind::Stale(since_ms) => Some(format!(
            "This page could not be brought up to date since {}. What it says may no longer hold.",
            moment(since_ms)
        )),
        Kind::Copy(at_ms) => Some(format!(
            "A copy, written {}. It is renewed at least every hour; if that was longer ago, what it says may no longer hold.",
            moment(at_ms)
        )),
    }
}

fn groups(feeds: &Feeds<'_>, shown: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for standing in feeds.standings {
        let row = row(feeds, standing, shown);
        let title = standing.component.group.clone();
        // A group is one block even where its members are apart in the file; those without one stay where they are.
        let place = match &title {
            Some(_) => groups.iter().position(|group| group.title == title),
            None => groups.len().checked_sub(1).filter(|last| groups[*last].title.is_none()),
        };
        match place {
            Some(place) => groups[place].rows.push(row),
            None => groups.push(Group { title, rows: vec![row] }),
        }
    }
    groups
}

fn row(feeds: &Feeds<'_>, standing: &Standing<'_>, shown: usize) -> Row {
    let component = standing.component;
    let days = days_of(&component.name, feeds.snapshot, feeds.now_ms, shown);
    let summary = summary(&days);
    let bars = days.iter().enumerate().map(|(place, it)| Bar {
        x: place * BAR,
        state: it.worst.as_str(),
        label: format!("{}: {}", day(it.begins_ms), it.worst.title()),
    });
    Row {
        title: component.title.clone(),
        description: component.description.clone(),
        state: standing.state.as_str(),
        said: standing.state.title(),
        days: bars.collect(),
        summary,
    }
}

/// The bars in words.
fn summary(days: &[Day]) -> String {
    let counts = ComponentState::ALL.iter().rev().filter_map(|state| {
        let count = days.iter().filter(|day| day.worst == *state).count();
        (count > 0).then(|| format!("{} {}", state.title().to_lowercase(), plural(count as u64, "day")))
    });
    format!(
        "The last {}, by the worst of each: {}.",
        plural(days.len() as u64, "day"),
        counts.collect::<Vec<_>>().join(", ")
    )
}

fn plural(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn titles<'a>(feeds: &Feeds<'_>, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    let known = feeds.frame.page.components.iter().filter(|component| names.contains(&component.name.as_str()));
    known.map(|component| component.title.as_str()).collect::<Vec<_>>().join(", ")
}

fn incident_story(feeds: &Feeds<'_>, incident: &PublicIncident) -> Story {
    let names = incident.updates.iter().flat_map(|update| &update.components).map(|affected| affected.name.as_str());
    let impact = if incident.impact == Indicator::None { Indicator::Minor } else { incident.impact };
    Story {
        id: short(&incident.id),
        title: incident.title.clone(),
        impact: impact.as_str(),
        status: word(incident.status).to_owned(),
        when: None,
        components: titles(feeds, names),
        updates: incident.updates.iter().rev().map(|it| told(word(it.status), &it.text, it.at_ms)).collect(),
    }
}

fn maintenance_story(feeds: &Feeds<'_>, maintenance: &Maintenance) -> Story {
    let status = maintenance.status_at(feeds.now_ms);
    let late = status == MaintenanceStatus::InProgress && feeds.now_ms > maintenance.ends_ms;
    let window = format!("{} to {}", moment(maintenance.starts_ms), moment(maintenance.ends_ms));
    Story {
        id: short(&maintenance.id),
        title: maintenance.title.clone(),
        impact: Indicator::Maintenance.as_str(),
        status: status.title().to_owned(),
        when: Some(if late { format!("{window}; it takes longer than planned") } else { window }),
        components: titles(feeds, maintenance.components.iter().map(String::as_str)),
        updates: maintenance.updates.iter().rev().map(|it| told(it.status.title(), &it.text, it.at_ms)).collect(),
    }
}

fn told(status: &str, text: &str, at_ms: i64) -> Told {
    Told { status: status.to_owned(), text: text.to_owned(), at: moment(at_ms), machine: rfc3339(at_ms) }
}

/// What is over, by the day on which it began, latest first; the last days even if quiet.
fn past(feeds: &Feeds<'_>) -> Vec<PastDay> {
    let today = feeds.now_ms.div_euclid(DAY_MS);
    let mut days: BTreeMap<i64, Vec<(i64, Story)>> = BTreeMap::new();
    for back in 0..QUIET_DAYS.min(i64::try_from(feeds.frame.page.history.as_secs() / 86_400).unwrap_or(QUIET_DAYS)) {
        days.insert(today - back, Vec::new());
    }
    for incident in feeds.snapshot.incidents.iter().filter(|it| it.status == Status::Resolved) {
        let at = incident.started_ms;
        days.entry(at.div_euclid(DAY_MS)).or_default().push((at, incident_story(feeds, incident)));
    }
    let over = |it: &&Maintenance| it.status_at(feeds.now_ms) == MaintenanceStatus::Completed;
    for maintenance in feeds.snapshot.maintenances.iter().filter(over) {
        // One that was called off before it began belongs to the day on which it was.
        let at = maintenance.starts_ms.min(maintenance.completed_ms.unwrap_or(maintenance.starts_ms));
        days.entry(at.div_euclid(DAY_MS)).or_default().push((at, maintenance_story(feeds, maintenance)));
    }
    let past = days.into_iter().rev().map(|(number, mut stories)| {
        stories.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let open = feeds.snapshot.incidents.iter().filter(|it| it.status != Status::Resolved);
        let open = open.filter(|it| it.started_ms.div_euclid(DAY_MS) <= number);
        PastDay {
            title: day(number * DAY_MS),
            stories: stories.into_iter().map(|(_, story)| story).collect(),
            open: open.map(|it| (short(&it.id), it.title.clone())).collect(),
        }
    });
    past.collect()
}
