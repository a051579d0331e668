//! A group as people see it.

use crate::group::{Group, State};
use crate::picture::Picture;
use drillbell_sdk::{Button, Form, FormField, Once, Severity, Tone, View, time, words};
use std::time::Duration;

/// What its buttons are called.
pub const ACK: &str = "ack";
pub const SILENCE: &str = "silence";
pub const UNSILENCE: &str = "unsilence";
pub const DECLARE: &str = "declare";
pub const RESOLVE: &str = "resolve";
pub const WHY: &str = "why";
/// What may be chosen where it is said why alerts are one group.
pub const SPLIT: &str = "split";
/// Fields of the form that `Silence` opens.
pub const SPAN: &str = "for";
pub const REASON: &str = "reason";
/// What may be chosen for how long, in milliseconds.
const SPANS: [(&str, &str); 6] = [
    ("900000", "15 minutes"),
    ("3600000", "1 hour"),
    ("14400000", "4 hours"),
    ("43200000", "12 hours"),
    ("86400000", "1 day"),
    ("604800000", "1 week"),
];
/// Severities that a choice shows.
const CHOICES: usize = 25;
/// Characters of a description on the card.
pub const DESCRIPTION_CHARS: usize = 500;

/// The card.
pub fn view(group: &Group, severities: &[Severity], picture: Option<&Picture>, now_ms: u64) -> View {
    let state = group.state(now_ms);
    let mut view = View::titled(&group.title).tone(tone(group, severities, state));
    view = view.text(headline(group, state, now_ms));
    if !group.description.is_empty() {
        view = view.text(words::clip(&group.description, DESCRIPTION_CHARS));
    }
    if let Some(severity) = &group.severity {
        view = view.field("Severity", severity);
    }
    if !group.by.is_empty() {
        view = view.field("Same", &group.by);
    }
    view = view.field("Alerts", counted(group)).time("Since", group.since_ms);
    if let Some(runbook) = &group.runbook {
        view = match runbook.starts_with("http") {
            true => view.link("Runbook", runbook),
            false => view.field("Runbook", format!("/runbook start {runbook}")),
        };
    }
    if let Some(incident) = &group.incident {
        view = view.field("Incident", incident.as_str());
    }
    if !group.url.is_empty() {
        view = view.link(format!("In {}", group.source), &group.url);
    }
    if !group.left.is_empty() {
        view = view.text(&group.left);
    }
    if let Some(picture) = picture {
        view = view.chart(picture.chart(group));
    }
    buttons(view.context(foot(group, now_ms)), group, severities, state)
}

fn buttons(mut view: View, group: &Group, severities: &[Severity], state: State) -> View {
    if group.firing == 0 {
        return view;
    }
    let button = |action, label: &str| Button::new(action, label).value(&group.id).once(Once::Never);
    if group.acked.is_none() {
        view = view.button(button(ACK, "Acknowledge").primary());
    }
    view = match state {
        State::Silenced => view.button(button(UNSILENCE, "End silence")),
        _ => view.form(button(SILENCE, "Silence"), silence_form(group)),
    };
    if group.incident.is_none() {
        view = match &group.severity {
            Some(severity) => view.button(button(DECLARE, &format!("Declare {severity}")).danger()),
            None => {
                let options = severities.iter().take(CHOICES);
                // The value of a choice is all that comes back, so it names the group too.
                let options =
                    options.map(|one| (format!("{} {}", group.id, one.name), format!("{} {}", one.name, one.title)));
                view.select(DECLARE, "Declare as…", Once::Never, options)
            }
        };
    }
    let view = view.button(button(RESOLVE, "Resolve"));
    match group.members {
        0 | 1 => view,
        _ => view.button(button(WHY, "Why one card?")),
    }
}

fn silence_form(group: &Group) -> Form {
    Form::new("Silence", "Silence")
        .command(format!("/alert silence {} --for 1h why", group.id))
        .field(FormField::new(SPAN, "For how long").select(SPANS).initial("3600000").required())
        .field(FormField::new(REASON, "Why").hint("Others will read it.").required())
}

fn headline(group: &Group, state: State, now_ms: u64) -> String {
    match state {
        State::Firing => "Firing.".to_owned(),
        State::Acked => match &group.acked {
            Some(deed) => format!("Firing; acknowledged by {} at {}.", deed.by, time::hour_minute(deed.at_ms)),
            None => "Firing.".to_owned(),
        },
        State::Silenced => match &group.silence {
            Some(silence) => {
                let (by, until) = (&silence.by, time::day_hour_minute(silence.until_ms));
                let remark = if silence.remark.is_empty() { String::new() } else { format!(" {}", silence.remark) };
                format!("Firing; silenced by {by} until {until} UTC: {}.{remark}", silence.reason.trim_end_matches('.'))
            }
            None => "Firing.".to_owned(),
        },
        State::Flapping => {
            let now = if group.firing > 0 { "fires" } else { "does not fire" };
            format!("Flapping: it comes and goes; at this moment it {now}.")
        }
        State::Resolved => {
            let lasted = group.ended_ms.unwrap_or(now_ms).saturating_sub(group.since_ms);
            let lasted = time::span(Duration::from_millis(lasted));
            match &group.resolved_by {
                Some(by) => format!("Resolved by {by} after {lasted}."),
                None => format!("Resolved after {lasted}."),
            }
        }
    }
}

/// `3 firing of 5, 1,204 times`.
fn counted(group: &Group) -> String {
    let times = times(group.count);
    match group.members {
        0 | 1 => times,
        members => format!("{} firing of {members}, {times}", group.firing),
    }
}

fn foot(group: &Group, now_ms: u64) -> String {
    let mut foot = format!("{} · {}", group.id, group.source);
    if group.is_muted(now_ms) {
        foot.push_str(" · within a maintenance window");
    }
    foot
}

fn tone(group: &Group, severities: &[Severity], state: State) -> Tone {
    match state {
        State::Resolved => Tone::Good,
        State::Silenced => Tone::Neutral,
        _ => {
            let rank = severities.iter().position(|one| Some(&one.name) == group.severity.as_ref());
            match rank {
                Some(0 | 1) => Tone::Critical,
                _ => Tone::Warning,
            }
        }
    }
}

/// How often, in words.
pub fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
