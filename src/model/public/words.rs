//! The words of the public page: those that Statuspage uses, so that its clients read ours, and `unknown`, which it lacks.

use serde::{Deserialize, Serialize};

/// Whether incidents of a severity go onto the public page. Whichever it is, a person approves every word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnPage {
    /// They do not: nothing of them is proposed.
    Never,
    /// When somebody asks for it.
    #[default]
    Ask,
    /// Each of their updates is proposed.
    Propose,
}

impl OnPage {
    /// All of them, the most reserved first.
    pub const ALL: [Self; 3] = [Self::Never, Self::Ask, Self::Propose];

    /// The word, as it is configured.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Ask => "ask",
            Self::Propose => "propose",
        }
    }
}

/// How a component is. Ordered by how bad it is to rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentState {
    /// It works.
    Operational,
    /// People are at work on it, as announced.
    UnderMaintenance,
    /// Nobody and nothing has said. Never the same as `Operational`.
    Unknown,
    /// It works, but badly.
    DegradedPerformance,
    /// Some of it does not work, or for some.
    PartialOutage,
    /// It does not work.
    MajorOutage,
}

impl ComponentState {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Operational,
        Self::UnderMaintenance,
        Self::Unknown,
        Self::DegradedPerformance,
        Self::PartialOutage,
        Self::MajorOutage,
    ];

    /// The word, as it is stored and written in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::UnderMaintenance => "under_maintenance",
            Self::Unknown => "unknown",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// Reads the word; `degraded`, `partial`, `major` and `maintenance` will do, and `-` for `_`.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.trim().to_lowercase().replace(['-', ' '], "_");
        let whole = match word.as_str() {
            "degraded" => "degraded_performance",
            "partial" => "partial_outage",
            "major" => "major_outage",
            "maintenance" => "under_maintenance",
            other => other,
        };
        Self::ALL.into_iter().find(|state| state.as_str() == whole)
    }

    /// The word for clients that know only Statuspage's five. What nobody knows is told as degraded, since the only other
    /// choices would claim that it works or that it does not.
    pub fn for_clients(self) -> &'static str {
        match self {
            Self::Unknown => Self::DegradedPerformance.as_str(),
            known => known.as_str(),
        }
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::UnderMaintenance => "Under maintenance",
            Self::Unknown => "Unknown",
            Self::DegradedPerformance => "Degraded performance",
            Self::PartialOutage => "Partial outage",
            Self::MajorOutage => "Major outage",
        }
    }

    /// What it means for the page as a whole.
    pub fn indicator(self) -> Indicator {
        match self {
            Self::Operational => Indicator::None,
            Self::UnderMaintenance => Indicator::Maintenance,
            Self::Unknown | Self::DegradedPerformance => Indicator::Minor,
            Self::PartialOutage => Indicator::Major,
            Self::MajorOutage => Indicator::Critical,
        }
    }
}

/// How bad it is as a whole, and how bad an incident was at its worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Indicator {
    /// Not at all.
    None,
    /// Announced work.
    Maintenance,
    /// A little, or it is not known.
    Minor,
    /// Some of it is down.
    Major,
    /// It is down.
    Critical,
}

impl Indicator {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Maintenance => "maintenance",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// Where a maintenance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceStatus {
    /// Announced.
    Scheduled,
    /// Under way.
    InProgress,
    /// Done, and being looked at.
    Verifying,
    /// Over.
    Completed,
}

impl MaintenanceStatus {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Scheduled, Self::InProgress, Self::Verifying, Self::Completed];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
        }
    }

    /// Reads the word; `-` will do for `_`.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.trim().to_lowercase().replace(['-', ' '], "_");
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::InProgress => "In progress",
            Self::Verifying => "Verifying",
            Self::Completed => "Completed",
        }
    }
}
