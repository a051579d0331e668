//! When something happens again and again: five-field expressions in a time zone, the moments they name, what becomes of them
//! when clocks change. Pure; nothing is scheduled here (that is `schedule`).

mod fields;
mod moments;
mod zone;

pub use fields::ExpressionError;
pub use zone::ZoneError;

use fields::Fields;
use std::fmt;

/// A five-field expression in a time zone, such as `30 2 * * mon-fri` in `Europe/Lisbon`.
///
/// **When clocks go forward,** a named local time that does not exist happens at the first moment after the gap, several such
/// times once. **When they go back,** a named local time that comes twice happens the first time only. An expression whose
/// hour begins with `*` names no local time: it goes by real hours, so that nothing of the gap is made up and both of the
/// repeated hours count.
#[derive(Clone, Debug)]
pub struct Recurrence {
    expression: String,
    zone: chrono_tz::Tz,
    /// One, or two when both day fields are restricted: either may match.
    schedules: Vec<cron::Schedule>,
    /// The hour field begins with `*`.
    hourly: bool,
}

/// Why an expression or zone was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// The expression.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// The zone.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

impl Recurrence {
    /// Reads an expression and the name of a time zone (`UTC`, `Europe/Lisbon`; empty is UTC).
    ///
    /// # Errors
    /// The field that was not understood, with what it may be; or no such zone, with the nearest name.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, RecurrenceError> {
        let fields = Fields::parse(expression)?;
        let zone = zone::parse(zone)?;
        let schedules = fields.schedules()?;
        let hourly = fields.hourly;
        Ok(Self { expression: fields.canonical, zone, schedules, hourly })
    }

    /// The first moment after `after_ms`, both in milliseconds since the epoch; `None` when there is none before the year 2100.
    pub fn next(&self, after_ms: i64) -> Option<i64> {
        self.schedules.iter().filter_map(|schedule| moments::next(schedule, self.zone, self.hourly, after_ms)).min()
    }

    /// The last moment at or before `at_ms`, both in milliseconds since the epoch; `None` when there is none since 1970.
    pub fn previous(&self, at_ms: i64) -> Option<i64> {
        self.schedules.iter().filter_map(|schedule| moments::previous(schedule, self.zone, self.hourly, at_ms)).max()
    }

    /// The expression as it was written, with single spaces; what `@daily` stands for.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The name of its zone.
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.expression, self.zone.name())
    }
}

#[cfg(test)]
mod tests;
