//! Names of conversations: what every platform takes, whatever words they are made of.

use crate::config::limits::{CONVERSATION_NAME_BYTES, CONVERSATION_NAME_CHARS};

/// Room kept at the end for a number.
const TAIL: usize = 3;

/// The words in lower case, joined by `-`; `None` if there is no letter or digit in them. Letters of any script stay: Slack,
/// Discord and the console take them.
pub(super) fn plain(words: &str) -> Option<String> {
    let (mut name, mut chars, mut gap) = (String::new(), 0, false);
    for c in words.chars().flat_map(char::to_lowercase) {
        if !c.is_alphanumeric() {
            gap = chars > 0;
            continue;
        }
        let more = usize::from(gap) + 1;
        if chars + more > CONVERSATION_NAME_CHARS - TAIL
            || name.len() + usize::from(gap) + c.len_utf8() > CONVERSATION_NAME_BYTES - TAIL
        {
            break;
        }
        if std::mem::take(&mut gap) {
            name.push('-');
        }
        name.push(c);
        chars += more;
    }
    (!name.is_empty()).then_some(name)
}

/// The n-th name to try: the name itself, then `NAME-2`, …
pub(super) fn numbered(name: &str, n: u32) -> String {
    if n == 1 { name.to_owned() } else { format!("{name}-{n}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_become_a_name_that_platforms_take() {
        for (words, name) in [
            ("INC-7 Checkout is DOWN!", "inc-7-checkout-is-down"),
            ("  --prüfung:läuft_nicht ", "prüfung-läuft-nicht"),
            ("@everyone <!channel>", "everyone-channel"),
            ("a\u{202e}b", "a-b"),
        ] {
            assert_eq!(plain(words).as_deref(), Some(name), "{words}");
        }
        for nothing in ["", " ", "!!", "🙂"] {
            assert_eq!(plain(nothing), None, "{nothing}");
        }
        assert_eq!([numbered("a", 1), numbered("a", 2)], ["a", "a-2"]);
    }

    proptest! {
        #[test]
        fn any_words_make_a_name_of_letters_digits_and_single_dashes(words in any::<String>(), n in 1..=50_u32) {
            let Some(name) = plain(&words) else { return Ok(()) };
            let name = numbered(&name, n);
            prop_assert!(name.chars().count() <= CONVERSATION_NAME_CHARS && name.len() <= CONVERSATION_NAME_BYTES);
            prop_assert!(name.chars().all(|c| c == '-' || c.is_alphanumeric()), "{name:?}");
            prop_assert!(!name.contains("--") && !name.starts_with('-') && !name.ends_with('-'), "{name:?}");
        }
    }
}
