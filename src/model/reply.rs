//! Words by which somebody takes up what a message asks of them: a reply of these stands for a click on its button `ack`. Strict on
//! purpose: what only sounds like it acknowledges nothing, since then nobody else would be woken.

/// The action of the button that such a reply stands for.
pub const ACKNOWLEDGE: &str = "ack";
/// The field that carries the reply's words.
pub const SAID: &str = "said";
/// Characters of a reply that are looked at; whoever acknowledges says little.
const CHARS: usize = 200;
/// Words that may be followed by others.
const FIRST: [&str; 4] = ["ack", "acked", "acknowledge", "acknowledged"];
/// Words that stand alone.
const WHOLE: [&str; 6] = ["on it", "i'm on it", "im on it", "i am on it", "got it", "i have it"];
/// Words with which somebody says the opposite.
const NO: [&str; 10] = ["not", "no", "can't", "cant", "cannot", "won't", "wont", "don't", "dont", "nack"];

/// Whether these words take something up: `ack`, `Ack, looking at the gateway`, `on it!`. A question does not, and neither does
/// what has a "not" in it.
pub fn acknowledges(words: &str) -> bool {
    if words.contains('?') || words.chars().nth(CHARS).is_some() {
        return false;
    }
    let words = words.replace('’', "'").to_lowercase();
    let plain: Vec<&str> = words
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .collect();
    let Some(first) = plain.first() else { return false };
    if plain.iter().any(|word| NO.contains(word)) {
        return false;
    }
    FIRST.contains(first) || WHOLE.contains(&plain.join(" ").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_words_take_it_up_and_others_do_not() {
        for yes in
            ["ack", "ACK!", " Ack, looking at the gateway", "acked", "acknowledged.", "on it", "I’m on it!", "got it"]
        {
            assert!(acknowledges(yes), "{yes}");
        }
        for no in [
            "",
            "?",
            "ack?",
            "who acks this?",
            "ack not possible, I am on a plane",
            "I can't ack",
            "cannot, ack somebody else",
            "backup",
            "ackerman has it",
            "nack",
            "on it soon, maybe",
            "got it wrong",
            "/sev ack",
            "please ack this",
            &format!("ack {}", "x".repeat(300)),
        ] {
            assert!(!acknowledges(no), "{no}");
        }
    }

    proptest! {
        #[test]
        fn no_question_and_no_refusal_acknowledges(before in "[ -~]{0,20}", after in "[ -~]{0,20}", no in 0..NO.len()) {
            let (question, refusal) = (format!("ack {before}?{after}"), format!("ack {before} {} {after}", NO[no]));
            prop_assert!(!acknowledges(&question));
            prop_assert!(!acknowledges(&refusal));
        }

        #[test]
        fn whatever_acknowledges_begins_with_one_of_the_words(words in "\\PC{0,30}") {
            if acknowledges(&words) {
                let plain = words.replace('’', "'").to_lowercase();
                let known = FIRST.iter().chain(&WHOLE).any(|word| plain.contains(word));
                prop_assert!(known);
            }
        }
    }
}
