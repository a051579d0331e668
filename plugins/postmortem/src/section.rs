//! The eight sections of a postmortem (S0-20), in the order in which they are read.

/// A section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Summary,
    Impact,
    Timeline,
    RootCause,
    Contributing,
    WentWell,
    WentPoorly,
    ActionItems,
}

impl Section {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Summary,
        Self::Impact,
        Self::Timeline,
        Self::RootCause,
        Self::Contributing,
        Self::WentWell,
        Self::WentPoorly,
        Self::ActionItems,
    ];

    /// Those that people write. The timeline is the incident's.
    pub fn written() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|section| *section != Self::Timeline)
    }

    /// What is typed for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Impact => "impact",
            Self::Timeline => "timeline",
            Self::RootCause => "root-cause",
            Self::Contributing => "contributing",
            Self::WentWell => "went-well",
            Self::WentPoorly => "went-poorly",
            Self::ActionItems => "action-items",
        }
    }

    /// Reads the word of a section that people write.
    pub fn parse(word: &str) -> Option<Self> {
        Self::written().find(|section| section.word() == word)
    }

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Impact => "Impact",
            Self::Timeline => "Timeline",
            Self::RootCause => "Root cause",
            Self::Contributing => "Contributing factors",
            Self::WentWell => "What went well",
            Self::WentPoorly => "What went poorly",
            Self::ActionItems => "Action items",
        }
    }

    /// What people are asked for.
    pub fn asks(self) -> &'static str {
        match self {
            Self::Summary => "What happened, in a few sentences that a newcomer understands",
            Self::Impact => "Who was affected, in what way, and how many of them",
            Self::Timeline => "What happened, line by line",
            Self::RootCause => "What in the system made it possible, and how that is known",
            Self::Contributing => "What made it more likely, worse or longer",
            Self::WentWell => "What helped, and should stay as it is",
            Self::WentPoorly => "What hindered: tools, alerts, runbooks, access, time",
            Self::ActionItems => "If nothing is to be done, why not; else what the items have in common",
        }
    }
}
