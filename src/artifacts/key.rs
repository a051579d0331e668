//! Names of artifacts: relative, plain, the same in a folder and in a bucket.

use super::error::{ArtifactError, Kind};
use crate::config::limits::{ARTIFACT_KEY_CHARS, ARTIFACT_PART_CHARS};
use std::fmt;

/// The name of an artifact: parts joined by `/`, such as `backups/main/2026-03-01.dump.zst`. A part has ASCII letters,
/// digits and `-_.=+@,`, does not begin with `.`, and is at most 200 characters long; the whole is at most 600.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// Checks a name.
    ///
    /// # Errors
    /// It is none, of kind `Key`; the sentence says why, without repeating more than a clip of it.
    pub fn new(text: &str) -> Result<Self, ArtifactError> {
        let wrong = if text.len() > ARTIFACT_KEY_CHARS {
            Some(format!("it is longer than {ARTIFACT_KEY_CHARS} characters"))
        } else {
            text.split('/').find_map(wrong_part)
        };
        match wrong {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(ArtifactError::new(Kind::Key, "use the name", &shown(text), why)),
        }
    }

    /// What the house writes beside artifacts: the caller vouches for the name.
    pub(super) fn internal(text: String) -> Self {
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts, one at least.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn wrong_part(part: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.=+@,".contains(c);
    if part.is_empty() {
        return Some("a part between `/` is empty".to_owned());
    }
    if part.starts_with('.') {
        return Some("a part begins with `.`".to_owned());
    }
    if part.len() > ARTIFACT_PART_CHARS {
        return Some(format!("a part is longer than {ARTIFACT_PART_CHARS} characters"));
    }
    let odd = part.chars().find(|c| !plain(*c))?;
    Some(format!("{odd:?} may not be in it, only letters, digits and -_.=+@,"))
}

/// Checks what a list is asked to begin with: empty, or the beginning of a key.
pub(super) fn check_prefix(prefix: &str) -> Result<(), ArtifactError> {
    let whole = prefix.strip_suffix('/').unwrap_or(prefix);
    if prefix.is_empty() { Ok(()) } else { Key::new(whole).map(drop) }
}

fn shown(text: &str) -> String {
    let clipped: String = text.chars().take(80).collect();
    let more = if clipped.len() < text.len() { "…" } else { "" };
    format!("{clipped:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn a_name_that_leads_elsewhere_is_refused_with_the_reason() {
        let said = |text: &str| Key::new(text).unwrap_err().to_string();
        insta::assert_snapshot!(
            ["", "/etc/passwd", "a/../b", "a//b", "a/", ".drillbell/x", "a b", "a\\b", "a\0b", "é"].map(said).join("\n"),
            @r#"
        cannot use the name "": a part between `/` is empty
        cannot use the name "/etc/passwd": a part between `/` is empty
        cannot use the name "a/../b": a part begins with `.`
        cannot use the name "a//b": a part between `/` is empty
        cannot use the name "a/": a part between `/` is empty
        cannot use the name ".drillbell/x": a part begins with `.`
        cannot use the name "a b": ' ' may not be in it, only letters, digits and -_.=+@,
        cannot use the name "a\\b": '\\' may not be in it, only letters, digits and -_.=+@,
        cannot use the name "a\0b": '\0' may not be in it, only letters, digits and -_.=+@,
        cannot use the name "é": 'é' may not be in it, only letters, digits and -_.=+@,
        "#
        );
        assert!(Key::new(&"x".repeat(ARTIFACT_PART_CHARS + 1)).is_err());
        assert!(Key::new(&vec!["x".repeat(100); 7].join("/")).is_err());
        assert!(said(&"\n".repeat(5000)).len() < 400, "a long name is not repeated whole");
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_below_its_root_and_means_one_file(text in "[a-z./\\\\\\x00~ é_+-]{0,24}|\\PC{0,40}") {
            if let Ok(key) = Key::new(&text) {
                prop_assert_eq!(key.as_str(), text.as_str());
                let path = Path::new(&text);
                prop_assert!(path.is_relative());
                prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
                prop_assert_eq!(path.components().count(), key.parts().count());
                prop_assert!(key.parts().all(|part| !part.starts_with('.') && !part.contains('~')));
            }
        }

        #[test]
        fn plain_names_are_accepted(parts in prop::collection::vec("[a-zA-Z0-9_=+@,-][a-zA-Z0-9_.=+@,-]{0,30}", 1..6)) {
            let text = parts.join("/");
            prop_assert!(Key::new(&text).is_ok());
            let folder = text.clone() + "/";
            prop_assert!(check_prefix(&text).is_ok() && check_prefix(&folder).is_ok());
        }
    }
}
