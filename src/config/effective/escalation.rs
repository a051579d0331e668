//! Rotations, ladders and availability as they apply.

use super::{strings, table};
use crate::config::availability::{Availability, DAYS};
use crate::config::escalation::{Escalation, Ladder, Level};
use crate::config::quantity::show_duration;
use crate::config::rotations::{Override, Rotation, Rotations};
use chrono::NaiveDateTime;
use toml::Value;

/// The keys of a section that say when somebody may be paged.
pub(super) fn availability(availability: &Availability) -> Vec<(&'static str, Value)> {
    let mut pairs = vec![("availability", Value::from(availability.word()))];
    if let Availability::Business(hours) = availability {
        pairs.extend([("hours", hours.written.as_str().into()), ("timezone", hours.zone.name().into())]);
    }
    pairs
}

pub(super) fn rotations(rotations: &Rotations) -> Value {
    Value::Table(table(rotations.0.iter().map(|(name, rotation)| (name.as_str(), rotation_table(rotation)))))
}

fn rotation_table(rotation: &Rotation) -> Value {
    let Rotation { members, day, time, zone, from, overrides } = rotation;
    let day = usize::try_from(day.num_days_from_monday()).ok().and_then(|day| DAYS.get(day).copied());
    let mut pairs = vec![
        ("members", strings(members)),
        ("handover", format!("{} {}", day.unwrap_or("Mon"), time.format("%H:%M")).into()),
        ("timezone", zone.name().into()),
        ("from", from.format("%Y-%m-%d").to_string().into()),
    ];
    if !overrides.is_empty() {
        pairs.push(("overrides", overrides.iter().map(override_table).collect::<Vec<_>>().into()));
    }
    Value::Table(table(pairs))
}

fn override_table(entry: &Override) -> Value {
    let Override { who, from, until } = entry;
    let at = |at: &NaiveDateTime| Value::from(at.format("%Y-%m-%d %H:%M:%S").to_string());
    Value::Table(table([("who", who.as_str().into()), ("from", at(from)), ("until", at(until))]))
}

pub(super) fn ladders(escalation: &Escalation) -> Value {
    Value::Table(table(escalation.0.iter().map(|(name, ladder)| (name.as_str(), ladder_table(ladder)))))
}

fn ladder_table(ladder: &Ladder) -> Value {
    let Ladder { levels, services, severities } = ladder;
    let mut pairs = vec![("levels", levels.iter().map(level_table).collect::<Vec<_>>().into())];
    for (key, names) in [("services", services), ("severities", severities)] {
        if !names.is_empty() {
            pairs.push((key, strings(names)));
        }
    }
    Value::Table(table(pairs))
}

fn level_table(level: &Level) -> Value {
    let Level { after, notify, repeat, every } = level;
    let names: Vec<_> = notify.iter().map(|target| target.name().to_owned()).collect();
    let mut pairs = vec![("after", Value::from(show_duration(*after))), ("notify", strings(&names))];
    if *repeat > 0 {
        pairs.extend([("repeat", i64::from(*repeat).into()), ("every", show_duration(*every).into())]);
    }
    Value::Table(table(pairs))
}
