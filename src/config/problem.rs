//! What is wrong with a configuration, said so that it can be put right without reading any code.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `drillbell.toml:4:10` (line and column, from 1), or `environment variable DRILLBELL__SERVER__LISTEN`.
    pub place: String,
    /// The key's path, `server.listen`; empty when it is about the file as a whole.
    pub key: String,
    /// What was found; never a secret.
    pub found: String,
    /// What would have been right.
    pub expected: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// Everything that is wrong with a configuration, in the order of the file, then of the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    /// The file, as it was named to us.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.problems.len() {
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        };
        write!(f, "{} has {count}:", self.file)?;
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "\n\n{:>3}. {problem}", index + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        // An excerpt has lines of its own; they are kept under the word.
        write!(f, "\n     found:    {}", self.found.replace('\n', "\n               "))?;
        write!(f, "\n     expected: {}", self.expected)?;
        match &self.fix {
            Some(fix) => write!(f, "\n     fix:      {fix}"),
            None => Ok(()),
        }
    }
}

/// Why a reader refused a value; where it stands is added by the section.
#[derive(Debug)]
pub(super) struct Refusal {
    pub found: Option<String>,
    pub expected: String,
    pub fix: Option<String>,
}

impl Refusal {
    /// Something else was expected.
    pub fn expected(what: impl Into<String>) -> Self {
        Self { found: None, expected: what.into(), fix: None }
    }

    /// Says what was found in words of its own instead of showing the value.
    pub fn found(mut self, what: impl Into<String>) -> Self {
        self.found = Some(what.into());
        self
    }

    /// Says what to do.
    pub fn fix(mut self, what: impl Into<String>) -> Self {
        self.fix = Some(what.into());
        self
    }

    /// Says what to do, if there is anything to say.
    pub fn maybe_fix(mut self, what: Option<String>) -> Self {
        self.fix = what;
        self
    }
}

/// The word among `known` that was probably meant.
pub(super) fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A very long word is no typing error, and comparing it takes quadratic time.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    let distance = |known: &str| strsim::damerau_levenshtein(&word, &known.replace('-', "_"));
    let nearest = known.into_iter().min_by_key(|known| distance(known))?;
    (distance(nearest) <= (nearest.chars().count() / 3).max(1)).then_some(nearest)
}

/// "did you mean …?", if anything close is known.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    meant(word, known).map(|word| format!("did you mean `{word}`?"))
}
