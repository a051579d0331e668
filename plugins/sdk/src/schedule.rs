//! What happens again and again.

/// When a schedule's occurrences are due, and how they are to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Five fields (minute, hour, day of month, month, day of week), or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    pub expression: String,
    /// A name such as `Europe/Lisbon`; empty is UTC.
    pub zone: String,
    /// Comes back with each occurrence.
    pub payload: String,
    /// How long after it is due an occurrence may start, milliseconds; later it is missed. `None`: it may wait.
    pub start_by_ms: Option<u64>,
    /// How long an occurrence and all that comes of it may run, milliseconds.
    pub run_limit_ms: Option<u64>,
}

/// A schedule as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its name.
    pub name: String,
    /// Five fields.
    pub expression: String,
    /// The name of its time zone.
    pub zone: String,
    /// When it is due next, milliseconds since the epoch; `None` is never again.
    pub next_ms: Option<u64>,
    /// When the last occurrence was due.
    pub last_due_ms: Option<u64>,
    /// What became of it: `ok`, `refused`, `failed`, `pending`, `missed`, `running`; empty before the first.
    pub last_outcome: String,
}

impl Schedule {
    /// By an expression, in UTC, without limits.
    pub fn new(expression: impl Into<String>) -> Self {
        Self { expression: expression.into(), ..Self::default() }
    }

    /// In a time zone.
    pub fn zone(mut self, name: impl Into<String>) -> Self {
        self.zone = name.into();
        self
    }

    /// With something to come back at each occurrence.
    pub fn payload(mut self, payload: impl Into<String>) -> Self {
        self.payload = payload.into();
        self
    }

    /// To start within so many milliseconds, or be missed.
    pub fn start_by_ms(mut self, ms: u64) -> Self {
        self.start_by_ms = Some(ms);
        self
    }

    /// To run at most so many milliseconds.
    pub fn run_limit_ms(mut self, ms: u64) -> Self {
        self.run_limit_ms = Some(ms);
        self
    }
}
