//! What people read of an approval: what exactly waits, for whom, what became of it, what to do now.

use super::{APPROVE, DENY};
use crate::clock::rfc3339;
use crate::model::approval::{Approval, Holds, State, Verdict, Vote};
use crate::model::event::{Delivery, Event};
use crate::model::view::{Block, Button, ButtonStyle, Once, Tone, View};
use crate::policy::Policy;
use crate::router::visible;
use serde_json::{Value, json};

/// Characters of a title; the card shows the whole.
const TITLE_CHARS: usize = 120;
/// Characters of a subject on a card; beyond it the digest stands for the rest.
const SUBJECT_CHARS: usize = 2_000;
/// Half a day, milliseconds.
const HALF_A_DAY_MS: i64 = 12 * 3_600_000;

/// A title fit for a sentence: one line, bounded, nothing hidden in it.
pub(super) fn line(text: &str) -> String {
    let flat = visible(&text.replace(['\n', '\t'], " "));
    clip(&flat, TITLE_CHARS)
}

fn clip(text: &str, most: usize) -> String {
    let mut clipped: String = text.chars().take(most).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

/// What the card of a command or click says will run.
pub(super) fn plea(delivery: &Delivery, title: &str) -> View {
    let exactly = match &delivery.event {
        Event::CommandReceived(command) => command.text.as_str(),
        _ => title,
    };
    let mut blocks = vec![Block::Code { text: visible(exactly) }];
    if !matches!(delivery.event, Event::CommandReceived(_)) {
        blocks.push(field("in", delivery.conversation.as_str()));
    }
    View { title: String::new(), tone: Tone::Warning, blocks }
}

/// The card as it stands.
pub(super) fn view(policy: &Policy, approval: &Approval) -> View {
    let mut view = View {
        title: format!("Approval {}: {}", approval.id, line(&approval.title)),
        tone: tone(approval),
        blocks: approval.plea.blocks.clone(),
    };
    // A command says itself what it is, and words for everybody stand in the plea as everybody will read them.
    if !matches!(approval.holds, Holds::Event { .. } | Holds::Publication { .. }) {
        // A subject that is a text is read without the quotes of JSON.
        let text = serde_json::from_str::<String>(&approval.subject);
        let subject = text.as_deref().unwrap_or(&approval.subject);
        view.blocks.push(Block::Code { text: clip(&visible(subject), SUBJECT_CHARS) });
    }
    view.blocks.push(field("asked by", &who(&approval.requester.name, approval.asserted_by.as_deref())));
    if let Some(incident) = &approval.incident {
        view.blocks.push(field("incident", incident.as_str()));
    }
    view.blocks.extend(approval.votes.iter().map(|vote| field(said(approval, vote), &spoken(vote))));
    if approval.state != State::Open {
        view.blocks.push(Block::Text { text: outcome(approval) });
        return view;
    }
    let left = approval.needed.saturating_sub(approval.given());
    view.blocks.push(field("waits for", &wanted(policy, approval, left)));
    view.blocks.push(Block::Time { name: "until".to_owned(), at_ms: approval.until_ms });
    view.blocks.push(button(APPROVE, "Approve", approval, ButtonStyle::Primary));
    view.blocks.push(button(DENY, "Deny", approval, ButtonStyle::Danger));
    let id = &approval.id;
    view.blocks
        .push(Block::Context { text: format!("Or type /drillbell approve {id}, or /drillbell deny {id} and why.") });
    view
}

/// The answer to whoever asked: what it waits for. `again`: it waited before.
pub(super) fn waits(policy: &Policy, approval: &Approval, again: bool) -> String {
    let left = approval.needed.saturating_sub(approval.given());
    let (title, id) = (&approval.title, &approval.id);
    let waits = if again { "still waits" } else { "waits" };
    let wanted = wanted(policy, approval, left);
    let until = until(approval);
    format!(
        "{title} {waits} for {wanted}, by the button or `/drillbell approve {id}`, until {until}. It runs by itself then."
    )
}

/// `1 approval of the role commander: Ben or Carla`.
fn wanted(policy: &Policy, approval: &Approval, left: u32) -> String {
    let count = if left == 1 { "1 approval".to_owned() } else { format!("{left} approvals") };
    let could = policy.waits_for(approval);
    match &approval.role {
        Some(role) => format!("{count} of the role {role} ({could})"),
        None => format!("{count} ({could})"),
    }
}

/// A line of the list of what waits.
pub(super) fn entry(policy: &Policy, approval: &Approval) -> String {
    let left = approval.needed.saturating_sub(approval.given());
    let (title, by, until) = (line(&approval.title), &approval.requester.name, until(approval));
    format!("{title}, asked by {by}, waits for {} until {until}", wanted(policy, approval, left))
}

/// What a voter is told.
pub(super) fn thanks(policy: &Policy, approval: &Approval, verdict: Verdict) -> String {
    let title = &approval.title;
    match (approval.state, verdict) {
        (State::Open, _) => {
            let (given, needed) = (approval.given(), approval.needed);
            let left = wanted(policy, approval, needed.saturating_sub(given));
            format!("Your approval of {title} counts: {given} of {needed}. It waits for {left}.")
        }
        (State::Approved, Verdict::BreakGlass) => {
            format!("The glass is broken: {title} {}. Everybody was told, with your reason.", goes_on(approval))
        }
        (State::Approved, _) => format!("Approved: {title} {}.", goes_on(approval)),
        (State::Void, _) => format!("Taken back: {title} will not be done."),
        _ => format!("Denied: {title} will not be done. {} was told.", approval.requester.name),
    }
}

/// How it ended, in a sentence or two.
pub(super) fn outcome(approval: &Approval) -> String {
    let title = line(&approval.title);
    let at = time(approval.ended_ms.unwrap_or(approval.until_ms));
    let by: Vec<_> = approval.decided_by().into_iter().map(|by| by.name).collect();
    let by = by.join(" and ");
    match approval.state {
        State::Open => format!("{title} waits."),
        State::Approved if glass(approval).is_some() => {
            format!("{by} broke the glass at {at}: {title} {}.", goes_on(approval))
        }
        State::Approved => format!("Approved by {by} at {at}: {title} {}.", goes_on(approval)),
        State::Denied => format!("Denied by {by} at {at}: {title} was not done."),
        State::Expired => format!("Nobody decided by {at}: {title} was not done. Ask anew if it is still needed."),
        State::Void => format!("Void since {at}, because {}: {title} was not done.", reason(approval)),
    }
}

/// The message to whoever asked for what will not happen.
pub(super) fn bad_news(approval: &Approval) -> View {
    let mut text = outcome(approval);
    let no = approval.votes.iter().rev().find(|vote| vote.verdict == Verdict::Deny && !vote.reason.is_empty());
    if approval.state == State::Denied {
        match no {
            Some(vote) => text.push_str(&format!(" {} says: {}", vote.by.name, visible(&vote.reason))),
            None => text.push_str(" Ask them what would have to be different."),
        }
    }
    View::text(text).toned(Tone::Warning)
}

/// What everybody is told when the glass is broken.
pub(super) fn alarm(approval: &Approval, vote: &Vote) -> View {
    View {
        title: format!("Without approval: {}", line(&approval.title)),
        tone: Tone::Critical,
        blocks: vec![
            Block::Text {
                text: format!(
                    "{} broke the glass. {} asked for it, and {} of {} approvals had been given.",
                    who(&vote.by.name, vote.asserted_by.as_deref()),
                    approval.requester.name,
                    approval.given(),
                    approval.needed
                ),
            },
            field("reason", &visible(&vote.reason)),
            Block::Context { text: format!("{} is on record for the postmortem.", approval.id) },
        ],
    }
}

/// The line of the timeline.
pub(super) fn history(approval: &Approval) -> String {
    let (id, title) = (&approval.id, &approval.title);
    let vote = approval.votes.last();
    let why = vote.map(|vote| visible(&vote.reason)).filter(|why| !why.is_empty());
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    match (approval.state, vote.map(|vote| vote.verdict)) {
        (State::Open, _) => format!("approved {id} ({} of {}) of {title}{why}", approval.given(), approval.needed),
        (State::Approved, Some(Verdict::BreakGlass)) => format!("broke the glass on {id} for {title}{why}"),
        (State::Approved, _) => format!("approved {id} for {title}{why}"),
        (State::Denied, _) => format!("denied {id} for {title}{why}"),
        (State::Expired, _) => format!("{id} for {title} ran out"),
        (State::Void, _) => format!("{id} for {title} is void: {}", reason(approval)),
    }
}

/// An approval for machines.
pub(super) fn data(approval: &Approval) -> Value {
    let votes: Vec<_> = approval
        .votes
        .iter()
        .map(|vote| json!({"by": vote.by.id, "verdict": vote.verdict.as_str(), "at": rfc3339(vote.at_ms), "reason": vote.reason}))
        .collect();
    json!({"approval": {
        "id": approval.id, "title": approval.title, "status": approval.state, "needed": approval.needed,
        "given": approval.given(), "role": approval.role, "asked_by": approval.requester.id,
        "incident": approval.incident, "until": rfc3339(approval.until_ms), "votes": votes,
    }})
}

/// The vote that broke the glass.
pub(super) fn glass(approval: &Approval) -> Option<&Vote> {
    approval.votes.iter().find(|vote| vote.verdict == Verdict::BreakGlass)
}

fn goes_on(approval: &Approval) -> String {
    match approval.holds {
        Holds::Event { .. } => format!("runs now, as {} asked", approval.requester.name),
        Holds::Job { .. } => "starts now".to_owned(),
        Holds::Publication { .. } => "is on the public page now".to_owned(),
        Holds::Question => format!("goes on in `{}`", approval.plugin),
    }
}

fn reason(approval: &Approval) -> String {
    let reason = visible(&approval.reason);
    reason.trim_end_matches('.').to_owned()
}

fn tone(approval: &Approval) -> Tone {
    match approval.state {
        State::Open => Tone::Warning,
        State::Approved if glass(approval).is_some() => Tone::Critical,
        State::Approved => Tone::Good,
        State::Denied => Tone::Critical,
        State::Expired | State::Void => Tone::Neutral,
    }
}

fn said(approval: &Approval, vote: &Vote) -> &'static str {
    match vote.verdict {
        Verdict::Approve => "approved by",
        Verdict::Deny if approval.state == State::Void => "taken back by",
        Verdict::Deny => "denied by",
        Verdict::BreakGlass => "glass broken by",
    }
}

fn spoken(vote: &Vote) -> String {
    let by = who(&vote.by.name, vote.asserted_by.as_deref());
    let at = time(vote.at_ms);
    match vote.reason.is_empty() {
        true => format!("{by} at {at}"),
        false => format!("{by} at {at}: {}", visible(&vote.reason)),
    }
}

/// `10:02 UTC`, with the day where the wait is so long that another one could be meant.
fn until(approval: &Approval) -> String {
    let at = rfc3339(approval.until_ms);
    match approval.until_ms - approval.created_ms > HALF_A_DAY_MS {
        true => format!("{} {}", at.get(..10).unwrap_or_default(), time(approval.until_ms)),
        false => time(approval.until_ms),
    }
}

/// A name, and who vouches for it.
fn who(name: &str, asserted_by: Option<&str>) -> String {
    match asserted_by {
        Some(token) => format!("{name} (says the {token})"),
        None => name.to_owned(),
    }
}

/// `10:02 UTC`.
fn time(at_ms: i64) -> String {
    let at = rfc3339(at_ms);
    format!("{} UTC", at.get(11..16).unwrap_or(&at))
}

fn field(name: &str, value: &str) -> Block {
    Block::Field { name: name.to_owned(), value: value.to_owned() }
}

fn button(action: &str, label: &str, approval: &Approval, style: ButtonStyle) -> Block {
    // Every click is somebody's vote; that nobody votes twice, the count itself says.
    let (action, label, value) = (action.to_owned(), label.to_owned(), approval.id.to_string());
    Block::Button(Button { action, label, value, style, once: Once::Never })
}
