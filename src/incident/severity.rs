//! Severities, and the one table that brings three vocabularies together: SEV-1…4, P0…P3 and critical/warning/info.
//! The names, their order and their meaning are configuration; the table only says which of them another word means.

/// Another vocabulary's words and the rank each stands for, 1 being the most severe.
///
/// `SEV-n` counts from one, `Pn` from zero. `info` is the least a monitoring system says, `warning` the step above it.
const WORDS: [(&str, usize); 13] = [
    ("sev1", 1),
    ("sev2", 2),
    ("sev3", 3),
    ("sev4", 4),
    ("s1", 1),
    ("s2", 2),
    ("s3", 3),
    ("s4", 4),
    ("p0", 1),
    ("p1", 2),
    ("p2", 3),
    ("p3", 4),
    ("critical", 1),
];
/// The words of monitoring systems that mean "at least this mild": where fewer ranks exist, the mildest is meant.
const MILD: [(&str, usize); 3] = [("warning", 3), ("warn", 3), ("info", 4)];

/// How far a mistyped word may be from the one it is taken for.
const NEAR: usize = 2;
/// Longer words than this are nobody's typing mistake.
const LONGEST_WORD: usize = 32;

/// A configured severity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Severity {
    /// As configured: `sev1`.
    pub name: String,
    /// A few words.
    pub title: String,
    /// When to choose it.
    pub description: String,
    /// What is expected by when.
    pub clocks: Clocks,
}

/// What is expected of those who handle an incident, and by when; milliseconds, counted from when it was opened. `None`:
/// nobody expects it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Somebody says "I have it".
    pub acknowledge_ms: Option<i64>,
    /// It is decided what to do: roll back, or repair and go forward.
    pub decide_ms: Option<i64>,
    /// The service is restored.
    pub rollback_ms: Option<i64>,
    /// From one update to the next.
    pub update_every_ms: Option<i64>,
}

impl Severity {
    fn new(name: &str, title: &str, description: &str) -> Self {
        let clocks = Clocks::default();
        Self { name: name.to_owned(), title: title.to_owned(), description: description.to_owned(), clocks }
    }
}

/// The severities of a house, most severe first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeverityTable {
    ranked: Vec<Severity>,
    /// Configured words and the name each stands for, as compared.
    words: Vec<(String, String)>,
}

impl Default for SeverityTable {
    /// The four levels of a house that has configured none.
    fn default() -> Self {
        Self::new(vec![
            Severity::new(
                "sev1",
                "Critical",
                "The service is down, a serious leak is under way, or customers cannot pay.",
            ),
            Severity::new("sev2", "Major", "An important feature works badly or only for some."),
            Severity::new("sev3", "Minor", "A part fails or a small thing is broken; most people can work."),
            Severity::new("sev4", "Low", "A small defect that no user notices."),
        ])
    }
}

impl SeverityTable {
    /// A table in the order given, most severe first. Of two names that read alike (`sev1`, `SEV-1`) the first is kept.
    pub fn new(severities: Vec<Severity>) -> Self {
        let mut ranked: Vec<Severity> = Vec::with_capacity(severities.len());
        for severity in severities {
            if !ranked.iter().any(|known| squash(&known.name) == squash(&severity.name)) {
                ranked.push(severity);
            }
        }
        Self { ranked, words: Vec::new() }
    }

    /// The same table with further words for the severity of that name. They go before the other vocabularies' words,
    /// and after every configured name.
    #[must_use]
    pub fn with_aliases<W: AsRef<str>>(mut self, name: &str, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(|word| (squash(word.as_ref()), squash(name))));
        self
    }

    /// The severities, most severe first.
    pub fn iter(&self) -> impl Iterator<Item = &Severity> {
        self.ranked.iter()
    }

    /// The clocks of a configured severity's name; of another, none runs.
    pub fn clocks(&self, name: &str) -> Clocks {
        self.ranked.iter().find(|severity| severity.name == name).map(|severity| severity.clocks).unwrap_or_default()
    }

    /// The severity meant: by its own name in any spelling (`SEV-1`, `sev 1`), by a configured word for it, else by
    /// another vocabulary's word.
    ///
    /// A configured name always means itself. Where the configured names are of none of the vocabularies (`outage`,
    /// `degraded`), the n-th rank is the n-th configured.
    pub fn resolve(&self, text: &str) -> Option<&Severity> {
        let word = squash(text);
        let named = |name: &str| self.ranked.iter().find(|severity| squash(&severity.name) == name);
        let configured = || self.words.iter().find(|(known, _)| *known == word).and_then(|(_, name)| named(name));
        named(&word).or_else(configured).or_else(|| self.translate(&word))
    }

    fn translate(&self, word: &str) -> Option<&Severity> {
        let rank_in = |words: &[(&str, usize)], word: &str| words.iter().find(|(w, _)| *w == word).map(|(_, r)| *r);
        let own_rank = |severity: &Severity| {
            let name = squash(&severity.name);
            rank_in(&WORDS, &name).or_else(|| rank_in(&MILD, &name))
        };
        let (rank, mild) = match rank_in(&WORDS, word) {
            Some(rank) => (rank, false),
            None => (rank_in(&MILD, word)?, true),
        };
        let found = if self.ranked.iter().any(|severity| own_rank(severity).is_some()) {
            self.ranked.iter().find(|severity| own_rank(severity) == Some(rank))
        } else {
            self.ranked.get(rank - 1)
        };
        found.or_else(|| if mild { self.ranked.last() } else { None })
    }

    /// The configured severity that a mistyped word comes nearest to, if one is near.
    pub fn nearest(&self, text: &str) -> Option<&Severity> {
        if let Some(found) = self.resolve(text) {
            return Some(found);
        }
        let word = squash(text);
        if word.chars().count() > LONGEST_WORD {
            return None;
        }
        let own = self.ranked.iter().map(|severity| (squash(&severity.name), severity));
        let others = self.other_words().filter(|other| other.chars().count() > NEAR);
        let others = others.filter_map(|other| Some((other.to_owned(), self.resolve(other)?)));
        own.chain(others)
            .map(|(known, severity)| (strsim::osa_distance(&word, &known), severity))
            .filter(|(distance, _)| *distance <= NEAR && *distance < word.chars().count())
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, severity)| severity)
    }

    /// Every other word that means this severity, the configured ones first, for help and completion.
    pub fn aliases(&self, severity: &Severity) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for word in self.other_words() {
            if word != squash(&severity.name) && self.resolve(word) == Some(severity) && !found.contains(&word) {
                found.push(word);
            }
        }
        found
    }

    fn other_words(&self) -> impl Iterator<Item = &str> {
        let configured = self.words.iter().map(|(word, _)| word.as_str());
        configured.chain(WORDS.iter().chain(&MILD).map(|(word, _)| *word))
    }

    /// The names as one phrase, most severe first: `sev1, sev2, sev3 or sev4`.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.ranked.iter().map(|severity| severity.name.as_str()).collect();
        match names.split_last() {
            None => "none, since none are configured".to_owned(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        }
    }
}

/// The word without what spelling adds: case, spaces, `-` and `_`.
fn squash(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'));
    plain.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(table: &SeverityTable, word: &str) -> Option<String> {
        table.resolve(word).map(|severity| severity.name.clone())
    }

    fn named(names: &[&str]) -> SeverityTable {
        SeverityTable::new(names.iter().map(|name| Severity::new(name, name, "")).collect())
    }

    #[test]
    fn one_table_maps_all_three_vocabularies() {
        let table = SeverityTable::default();
        for (word, meant) in [
            ("sev1", "sev1"),
            ("SEV-2", "sev2"),
            ("Sev 3", "sev3"),
            ("sev_4", "sev4"),
            ("P0", "sev1"),
            ("p1", "sev2"),
            ("P2", "sev3"),
            ("P3", "sev4"),
            ("Critical", "sev1"),
            ("warning", "sev3"),
            ("info", "sev4"),
        ] {
            assert_eq!(name(&table, word).as_deref(), Some(meant), "{word}");
        }
        for word in ["", "1", "0", "sev5", "p4", "sevl", "🙂", "SEV-1; drop table"] {
            assert_eq!(name(&table, word), None, "{word}");
        }
    }

    #[test]
    fn a_configured_name_means_itself_whatever_the_table_says() {
        let table = named(&["p0", "p1", "critical"]);
        assert_eq!(name(&table, "critical").as_deref(), Some("critical"));
        assert_eq!(name(&table, "sev1").as_deref(), Some("p0"));
        assert_eq!(name(&table, "sev2").as_deref(), Some("p1"));
    }

    #[test]
    fn names_of_no_vocabulary_are_reached_by_rank() {
        let table = named(&["outage", "degraded"]);
        assert_eq!(name(&table, "P0").as_deref(), Some("outage"));
        assert_eq!(name(&table, "sev2").as_deref(), Some("degraded"));
        assert_eq!(name(&table, "sev3"), None, "there is no third");
        assert_eq!(name(&table, "warning").as_deref(), Some("degraded"), "the mildest there is");
        assert_eq!(name(&SeverityTable::new(vec![]), "info"), None);
    }

    #[test]
    fn a_gap_in_the_configured_levels_is_not_filled_by_a_neighbour() {
        let table = named(&["sev1", "sev3"]);
        assert_eq!(name(&table, "sev2"), None);
        assert_eq!(name(&table, "P2").as_deref(), Some("sev3"));
    }

    #[test]
    fn a_configured_word_goes_before_another_vocabularys_and_after_a_name() {
        let table = named(&["sev1", "sev2"]).with_aliases("SEV-2", ["Outage", "critical", "sev1"]);
        assert_eq!(name(&table, "outage").as_deref(), Some("sev2"));
        assert_eq!(name(&table, "CRITICAL").as_deref(), Some("sev2"));
        assert_eq!(name(&table, "sev1").as_deref(), Some("sev1"));
        assert_eq!(table.nearest("outgae").map(|s| s.name.as_str()), Some("sev2"));
        let second = table.resolve("sev2").expect("it is configured");
        assert_eq!(table.aliases(second), ["outage", "critical", "s2", "p1", "warning", "warn", "info"]);
        assert_eq!(name(&table.with_aliases("sev9", ["strange"]), "strange"), None, "there is no sev9");
    }

    #[test]
    fn a_mistyped_word_has_a_nearest_severity_and_a_strange_one_has_none() {
        let table = SeverityTable::default();
        for (word, meant) in [("critcal", "sev1"), ("warnign", "sev3"), ("sve1", "sev1"), ("sev-1!", "sev1")] {
            assert_eq!(table.nearest(word).map(|s| s.name.as_str()), Some(meant), "{word}");
        }
        for word in ["", "x", "banana", &"sev1".repeat(1000)] {
            assert_eq!(table.nearest(word), None, "{word}");
        }
    }

    #[test]
    fn each_default_lists_its_other_names() {
        let table = SeverityTable::default();
        let first = table.resolve("sev1").expect("it is configured");
        assert_eq!(table.aliases(first), ["s1", "p0", "critical"]);
        assert_eq!(table.names(), "sev1, sev2, sev3 or sev4");
    }
}
