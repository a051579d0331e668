//! Text for Slack: measured as Slack measures, cut where it must be with a mark, split at line ends, and escaped. Outside text
//! goes into elements that know no markup; only notifications, which do, need escaping.

use crate::platform::console::{clean, clean_line};
use url::Url;

/// What stands where something was cut.
const CUT: &str = "…";

/// How long a text is for Slack: in UTF-16 units, the largest of the ways in which a client may count.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// At most `most` long; what is cut leaves a mark.
pub(super) fn clip(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let (head, _) = split_at(text, most.saturating_sub(length(CUT)));
    format!("{head}{CUT}")
}

/// One line of at most `most`, harmless; `instead` where nothing is left.
pub(super) fn label(text: &str, most: usize, instead: &str) -> String {
    let line = clean_line(text.trim());
    let line = line.trim();
    clip(if line.is_empty() { instead } else { line }, most)
}

/// A text with its lines, harmless, in parts of at most `most`, none of them empty: at a line end if there is one late enough.
pub(super) fn parts(text: &str, most: usize) -> Vec<String> {
    let text = clean(text);
    let mut rest = text.trim_matches('\n');
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = split_at(rest, most);
        let (head, tail) = match head.rfind('\n').filter(|at| !tail.is_empty() && *at > head.len() / 2) {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (head, tail),
        };
        if !head.trim().is_empty() {
            parts.push(head.to_owned());
        }
        rest = tail;
    }
    parts
}

/// As much as is at most `most` long, and the rest.
fn split_at(text: &str, most: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > most {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// What Slack's own markup makes of these three. <https://docs.slack.dev/messaging/formatting-message-text#escaping>
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// What somebody typed, as they typed it.
pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// An address that may become a link, and the host that its label must not hide.
pub(super) fn web(url: &str, most: usize) -> Option<(Url, String)> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // Whoever reads `https://slack.com@example.org` reads it wrong.
    let plain = url.username().is_empty() && url.password().is_none() && length(url.as_str()) <= most;
    let host = url.host_str()?.to_owned();
    plain.then_some((url, host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_cut_leaves_a_mark_and_is_measured_as_slack_does() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdefg", 6), "abcde…");
        assert_eq!(clip("🙂🙂🙂🙂", 6), "🙂🙂…");
        assert_eq!(label(" a\n\u{202e}b ", 20, "-"), "a <U+202E>b");
        assert_eq!(label("\n", 20, "-"), "-");
    }

    #[test]
    fn a_long_text_is_split_at_the_ends_of_its_lines() {
        assert_eq!(parts("one two\nthree four\nfive", 12), ["one two", "three four", "five"]);
        assert_eq!(parts("abcdefgh", 3), ["abc", "def", "gh"]);
        assert!(parts("\n\n", 3).is_empty());
    }

    #[test]
    fn only_what_leads_to_the_web_is_a_link() {
        assert_eq!(web("https://example.org/a?b=c", 99).unwrap().1, "example.org");
        for url in ["javascript:alert(1)", "https://slack.com@example.org/", "slack://x", "example.org", "https://"] {
            assert!(web(url, 99).is_none(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_in_parts_and_none_is_too_long(text in "[a-z🙂\n ]{0,200}", most in 2_usize..40) {
            let parts = parts(&text, most);
            prop_assert!(parts.iter().all(|part| length(part) <= most && !part.is_empty()));
            let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(plain(&parts.concat()), plain(&text));
        }

        #[test]
        fn what_is_escaped_comes_back(text in "[a-z&<>;!@#|]{0,60}") {
            prop_assert_eq!(unescape(&escape(&text)), text.clone());
            prop_assert!(!escape(&text).contains(['<', '>']));
        }
    }
}
