//! Other people's words in Markdown, and moments. What was said is text: it forges no heading, link, picture or mention, wherever
//! the document is pasted.

use drillbell_sdk::{time, words};

/// It joins words and is not seen: after it no renderer takes a name for a mention or an address for a link.
const JOINER: char = '\u{2060}';

/// What stands between a line's number and where it leads.
const LEADS: &str = "](/incidents/";

/// Words on one line.
pub fn line(words: &str) -> String {
    escape(&words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The same, cut where it gets too long.
pub fn short(words: &str, most: usize) -> String {
    line(&words::clip(words, most))
}

/// Lines as paragraphs, and as a list where they begin with `- `.
pub fn text(words: &str) -> String {
    let mut out = String::new();
    let mut in_list = false;
    for said in words.lines().map(str::trim).filter(|said| !said.is_empty()) {
        let item = said.strip_prefix("- ");
        // A paragraph after anything, and a list after a paragraph, begin below an empty line.
        if !(out.is_empty() || in_list && item.is_some()) {
            out.push('\n');
        }
        in_list = item.is_some();
        let mark = if in_list { "- " } else { "" };
        out.push_str(&format!("{mark}{}\n", line(item.unwrap_or(said))));
    }
    out
}

/// A document without where its numbers lead: to be read where nothing can be followed. What people wrote has its brackets escaped.
pub fn unlinked(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut rest = document;
    while let Some((before, after)) = rest.split_once(LEADS) {
        if before.ends_with('\\') {
            out.extend([before, LEADS]);
            rest = after;
            continue;
        }
        let Some((said, number)) = before.rsplit_once('[') else { break };
        let Some((_, behind)) = after.split_once(')') else { break };
        out.extend([said, number]);
        rest = behind;
    }
    out + rest
}

/// `2026-03-01 10:02 UTC`.
pub fn moment(at_ms: u64) -> String {
    let text = time::rfc3339(at_ms);
    format!("{} {} UTC", &text[..10], &text[11..16])
}

fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let within = before.is_alphanumeric() && next.is_alphanumeric();
        match c {
            _ if hides(c) => out.push('\u{fffd}'),
            ',' | ';' | '\'' | '"' | '/' | '?' | '%' | '(' | ')' => out.push(c),
            '-' | '.' if within => out.push(c),
            // After a number it would begin a list.
            '.' if !before.is_numeric() => out.push(c),
            ':' if before.is_alphanumeric() && next.is_whitespace() => out.push(c),
            _ if c.is_ascii_punctuation() => out.extend(['\\', c]),
            _ => out.push(c),
        }
        let host =
            c == '.' && out.get(out.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case("www."));
        if c == '@' || (c == ':' && next == '/') || host {
            out.push(JOINER);
        }
        before = c;
    }
    out
}

/// Controls, and what turns or hides the text around it.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_say_is_text_and_nothing_else() {
        assert_eq!(
            line("# a [b](http://x) *c* <i> `d` | e_f"),
            "\\# a \\[b\\](http\\:\u{2060}//x) \\*c\\* \\<i\\> \\`d\\` \\| e\\_f"
        );
        assert_eq!(
            line("@here 1. www.evil.example\u{202e}x\n## y"),
            "\\@\u{2060}here 1\\. www.\u{2060}evil.example\u{fffd}x \\#\\# y"
        );
        assert_eq!(text("one\n- a\n- b\n\ntwo\n- c"), "one\n\n- a\n- b\n\ntwo\n\n- c\n");
        assert_eq!((short("abc", 2), short("ab", 2)), ("ab…".to_owned(), "ab".to_owned()));
        assert_eq!(moment(1_772_359_320_000), "2026-03-01 10:02 UTC");
    }
}
