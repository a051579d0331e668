//! A rotation as an iCalendar file (RFC 5545), so that whoever is on call has it in their own calendar.

use super::Roster;
use super::rotation::Shift;
use chrono::{DateTime, Utc};

/// How much of a rotation's future a calendar holds: half a year.
const AHEAD_MS: i64 = 26 * 7 * 24 * 3_600_000;
/// Shifts at most; more than that half year can hold with an override a day.
const SHIFTS: usize = 1000;
/// Octets of one line; longer ones are folded.
const LINE: usize = 75;

/// The calendar of one rotation from the shift of `now_ms` on, half a year ahead; of all rotations without a name. `None`
/// when there is no such rotation.
pub fn calendar(roster: &Roster, rotation: Option<&str>, now_ms: i64) -> Option<String> {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//drillbell//on call//EN".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        format!("X-WR-CALNAME:{}", escaped(&format!("On call: {}", rotation.unwrap_or("all rotations")))),
    ];
    let names: Vec<&str> =
        roster.rotations().map(|(name, _)| name).filter(|name| rotation.is_none_or(|r| r == *name)).collect();
    if names.is_empty() && rotation.is_some() {
        return None;
    }
    for name in names {
        for shift in shifts(roster, name, now_ms) {
            lines.extend(event(roster, name, &shift, now_ms));
        }
    }
    lines.push("END:VCALENDAR".to_owned());
    Some(lines.iter().map(|line| folded(line)).collect())
}

/// The shifts from a moment on, one after another.
pub(super) fn shifts(roster: &Roster, rotation: &str, now_ms: i64) -> Vec<Shift> {
    let mut at_ms = now_ms;
    let mut shifts = Vec::new();
    while at_ms < now_ms.saturating_add(AHEAD_MS) && shifts.len() < SHIFTS {
        let Some(shift) = roster.on_call(rotation, at_ms) else { break };
        if shift.until_ms <= at_ms {
            break;
        }
        at_ms = shift.until_ms;
        shifts.push(shift);
    }
    shifts
}

fn event(roster: &Roster, rotation: &str, shift: &Shift, now_ms: i64) -> Vec<String> {
    let who = roster.title(&shift.who);
    let mut lines = vec![
        "BEGIN:VEVENT".to_owned(),
        // The same shift has the same name in every export, so that a calendar updates instead of doubling it.
        format!("UID:{}-{}@drillbell", rotation, shift.from_ms),
        format!("DTSTAMP:{}", utc(now_ms)),
        format!("DTSTART:{}", utc(shift.from_ms)),
        format!("DTEND:{}", utc(shift.until_ms)),
        format!("SUMMARY:{}", escaped(&format!("{who} is on call ({rotation})"))),
    ];
    if let Some(other) = &shift.stands_in_for {
        lines.push(format!("DESCRIPTION:{}", escaped(&format!("{who} stands in for {}.", roster.title(other)))));
    }
    lines.push("TRANSP:TRANSPARENT".to_owned());
    lines.push("END:VEVENT".to_owned());
    lines
}

fn utc(at_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_default().format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value: what would end it or mean something else is escaped, control characters are left out.
pub(super) fn escaped(text: &str) -> String {
    let mut value = String::new();
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => value.extend(['\\', c]),
            '\n' => value.push_str("\\n"),
            c if c.is_control() => {}
            c => value.push(c),
        }
    }
    value
}

/// A line with its end, folded so that no piece is longer than it may be and no character is cut.
pub(super) fn folded(line: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > LINE {
            text.push_str("\r\n ");
            width = 1;
        }
        text.push(c);
        width += c.len_utf8();
    }
    text.push_str("\r\n");
    text
}
