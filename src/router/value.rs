//! Reading one argument: what a person typed becomes canonical text, or a reason that completes the sentence
//! "LEVEL 'sev9' …".

use super::shown::{did_you_mean, is_deceptive, nearest};
use super::time::{parse_duration, parse_time};
use super::world::{Named, World, find, guess};
use crate::clock::rfc3339;
use crate::model::ids::IncidentId;
use crate::model::manifest::{ArgKind, ArgSpec};

/// With more names than this, a refusal does not list them.
const MOST_LISTED: usize = 8;
/// The longest name of a user, channel or service, characters.
const MAX_NAME_CHARS: usize = 100;

/// The canonical text of what was typed for `spec`, or the end of a sentence saying why there is none.
pub(super) fn canonical(spec: &ArgSpec, typed: &str, world: &World) -> Result<String, String> {
    let text = typed.trim();
    if text.is_empty() {
        return Err("is empty.".to_owned());
    }
    match spec.kind {
        ArgKind::Text => Ok(typed.to_owned()),
        ArgKind::Int => int(text),
        ArgKind::Duration => match parse_duration(text) {
            Some(ms) => Ok(ms.to_string()),
            None => Err("is not a duration; write one like 90s, 15m, 1h30m or 1d.".to_owned()),
        },
        ArgKind::Time => match parse_time(text, world.now_ms) {
            Some(at_ms) => Ok(rfc3339(at_ms)),
            None => {
                Err("is not a time; write one like 14:30, 'tomorrow 09:00', +15m or 2026-03-01T14:30:00Z (UTC)."
                    .to_owned())
            }
        },
        ArgKind::User => user(text, world),
        ArgKind::Channel => channel(text, world),
        ArgKind::Choice => choice(spec, text),
        ArgKind::Incident => match IncidentId::parse(text) {
            Some(id) => Ok(id.into_string()),
            None => Err("is not an incident; write one like INC-7.".to_owned()),
        },
        ArgKind::Target => one_of(world.targets, text, "backup target"),
        ArgKind::Service if world.services.is_empty() && is_name(text) => Ok(text.to_owned()),
        ArgKind::Service => one_of(world.services, text, "service"),
        ArgKind::Severity => one_of(world.severities, text, "severity"),
        ArgKind::Flag => Ok("true".to_owned()),
    }
}

fn int(text: &str) -> Result<String, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    match text.parse::<i64>() {
        Ok(number) => Ok(number.to_string()),
        Err(error) if matches!(error.kind(), PosOverflow | NegOverflow) => Err("is too large a number.".to_owned()),
        Err(_) => Err("is not a whole number.".to_owned()),
    }
}

fn choice(spec: &ArgSpec, text: &str) -> Result<String, String> {
    let exact = spec.choices.iter().find(|choice| *choice == text);
    let found = exact.or_else(|| spec.choices.iter().find(|choice| choice.to_lowercase() == text.to_lowercase()));
    if let Some(choice) = found {
        return Ok(choice.clone());
    }
    let near = nearest(text, spec.choices.iter().map(String::as_str)).map(str::to_owned);
    Err(not_among("a choice here", near, spec.choices.iter().map(String::as_str).collect()))
}

fn one_of(list: &[Named], text: &str, what: &str) -> Result<String, String> {
    if let Some(named) = find(list, text) {
        return Ok(named.name.clone());
    }
    let names = list.iter().map(|named| named.name.as_str()).collect();
    Err(not_among(&format!("a configured {what}"), guess(list, text), names))
}

fn not_among(what: &str, near: Option<String>, names: Vec<&str>) -> String {
    if near.is_some() {
        return format!("is not {what}{}", did_you_mean(near));
    }
    match names.split_last() {
        None => format!("is not {what}; there are none."),
        Some(_) if names.len() > MOST_LISTED => format!("is not {what}."),
        Some((last, [])) => format!("is not {what}; the only one is {last}."),
        Some((last, others)) => format!("is not {what}; choose {} or {last}.", others.join(", ")),
    }
}

/// A mention as a platform writes it, a qualified identity, or the name of a person.
fn user(text: &str, world: &World) -> Result<String, String> {
    let mention = text.strip_prefix("<@").and_then(|rest| rest.strip_suffix('>'));
    let qualified = if let Some(inner) = mention {
        let inner = inner.strip_prefix('!').unwrap_or(inner);
        Some((world.platform(), inner.split('|').next().unwrap_or_default()))
    } else {
        text.split_once(':')
    };
    if let Some((platform, id)) = qualified {
        if !is_platform(platform) || !is_name(id) {
            return Err("is not a person; write one like @ana or slack:U0123.".to_owned());
        }
        let person = (world.person)(platform, id).map(|person| person.into_string());
        return Ok(person.unwrap_or_else(|| format!("{platform}:{id}")));
    }
    let name = text.strip_prefix('@').unwrap_or(text);
    if let Some(person) = find(world.people, name) {
        return Ok(person.name.clone());
    }
    let near = guess(world.people, name).map(|name| format!("@{name}"));
    if is_name(name)
        && let Some(person) = (world.person)(world.platform(), name)
    {
        // An identity that nobody configured and that looks like somebody's name is more likely a slip.
        let claimed = person.as_str().strip_prefix(world.platform()).is_none_or(|rest| !rest.starts_with(':'));
        if claimed || near.is_none() {
            return Ok(person.into_string());
        }
    }
    Err(format!("is nobody known here{}", did_you_mean(near)))
}

/// A mention as a platform writes it, a qualified name, `#name`, or a configured channel's name.
fn channel(text: &str, world: &World) -> Result<String, String> {
    const FORMS: &str = "is not a channel; write one like #ops or slack:#ops.";
    if let Some(inner) = text.strip_prefix("<#").and_then(|rest| rest.strip_suffix('>')) {
        let id = inner.split('|').next().unwrap_or_default();
        return if is_name(id) { Ok(format!("{}:{id}", world.platform())) } else { Err(FORMS.to_owned()) };
    }
    if let Some((platform, local)) = text.split_once(':') {
        let good = is_platform(platform) && is_name(local.strip_prefix('#').unwrap_or(local));
        return if good { Ok(text.to_owned()) } else { Err(FORMS.to_owned()) };
    }
    if let Some(name) = text.strip_prefix('#') {
        return if is_name(name) { Ok(format!("{}:#{name}", world.platform())) } else { Err(FORMS.to_owned()) };
    }
    match world.channels.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        Some((_, conversation)) => Ok(conversation.as_str().to_owned()),
        None if is_name(text) => Err(format!("is not a channel{}", did_you_mean(Some(format!("#{text}"))))),
        None => Err(FORMS.to_owned()),
    }
}

fn is_platform(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase())
}

/// One visible word without what would make it a mention, a link or another word's look-alike by hidden characters.
fn is_name(text: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || is_deceptive(c) || matches!(c, '<' | '>' | '@' | '#' | '|' | '"' | '`');
    (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.contains(bad)
}
