//! Plain text as Discord's Markdown shows it: nothing in it is taken for markup, a mention or a link that leads elsewhere
//! (reference, `message-formatting`). And lengths as Discord counts them.

use crate::platform::console::clean;
use url::Url;

/// Shows nothing and separates what would be read as one.
const JOINT: char = '\u{200b}';
/// What is shown where something was cut off.
const CUT: char = '…';

/// UTF-16 units.
pub(super) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// At most `most` units of a text (`most` at least 1); what was cut off is marked, and no escape is cut in half.
pub(super) fn clip(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), CUT.len_utf16());
    for c in text.chars() {
        used += c.len_utf16();
        if used > most {
            break;
        }
        kept.push(c);
    }
    // A backslash that has lost what it escapes would escape the mark.
    let dangling = kept.chars().rev().take_while(|&c| c == '\\').count() % 2;
    kept.truncate(kept.len() - dangling);
    kept.push(CUT);
    kept
}

/// A text with its line breaks, to stand where Markdown is read.
pub(super) fn escape(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        escape_line(line, &mut out);
    }
    out
}

/// The same on one line.
pub(super) fn escape_one_line(text: &str) -> String {
    escape(&text.replace(['\n', '\r'], " "))
}

/// A label that Discord shows as it is, without reading Markdown: of a button, an option, a form.
pub(super) fn plain(text: &str, most: usize) -> String {
    let text = unmentioned(&crate::platform::console::clean_line(text));
    let text = text.trim();
    clip(if text.is_empty() { "–" } else { text }, most)
}

/// A text in which nothing looks like a mention of everybody, even where Discord reads none.
pub(super) fn unmentioned(text: &str) -> String {
    text.replace("@everyone", &format!("@{JOINT}everyone")).replace("@here", &format!("@{JOINT}here"))
}

/// A text for a code block, which ends at three backticks and nowhere else.
pub(super) fn code(text: &str) -> String {
    // Nothing is read as a mention in a block; whatever else reads the message shall not find one either.
    let text = clean(text).replace('`', &format!("`{JOINT}"));
    let text = unmentioned(&text);
    let text = text.trim_matches('\n');
    format!("```\n{}\n```", if text.is_empty() { " " } else { text })
}

/// A link, if it leads to the web; a label that looks like an address says where it really leads.
pub(super) fn link(label: &str, url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    // Brackets end a masked link, and credentials in an address only serve to mislead.
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return None;
    }
    let target = parsed.as_str().replace('(', "%28").replace(')', "%29").replace('<', "%3C").replace('>', "%3E");
    let host = parsed.host_str().unwrap_or_default();
    let misleading = label.contains("://") || (label.contains('.') && !label.contains(char::is_whitespace));
    let label = escape_one_line(label);
    let label = if label.trim().is_empty() { escape_one_line(host) } else { label };
    match misleading {
        // Discord shows no masked link whose label is an address; the label is said beside it.
        true => Some(format!("{}: [{}]({target})", unlinked(&label), escape_one_line(host).replace("://", " "))),
        false => Some(format!("[{label}]({target})")),
    }
}

/// An address that is not made a link.
fn unlinked(text: &str) -> String {
    text.replace("://", &format!(":{JOINT}//"))
}

/// A moment in the reader's zone, and how far it is away (reference, `message-formatting`).
pub(super) fn time(at_ms: i64) -> String {
    let seconds = seconds(at_ms);
    format!("<t:{seconds}:F> (<t:{seconds}:R>)")
}

/// A moment in the reader's zone, shorter: one of many.
pub(super) fn moment(at_ms: i64) -> String {
    format!("<t:{}:f>", seconds(at_ms))
}

/// Beyond this Discord shows nothing at all (ECMAScript's last day).
fn seconds(at_ms: i64) -> i64 {
    at_ms.div_euclid(1000).clamp(-8_640_000_000_000, 8_640_000_000_000)
}

fn escape_line(line: &str, out: &mut String) {
    let mut rest = line.trim_start_matches([' ', '\t']);
    out.push_str(&line[..line.len() - rest.len()]);
    // Headings, quotes and lists begin a line; `1.` and `-#` too.
    if rest.starts_with(['#', '-', '+', '>']) {
        out.push('\\');
        out.extend(rest.chars().next());
        rest = &rest[1..];
    } else if let Some(dot) =
        rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0 && rest[*at..].starts_with('.'))
    {
        out.push_str(&rest[..dot]);
        out.push_str("\\.");
        rest = &rest[dot + 1..];
    }
    while let Some(c) = rest.chars().next() {
        let address = if rest.starts_with("http") { address(rest) } else { 0 };
        if address > 0 {
            // Within an address Discord reads no markup, and a backslash would break it.
            out.push_str(&rest[..address]);
            rest = &rest[address..];
            continue;
        }
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '(' | ')' | '<' | '>' => {
                out.push('\\');
                out.push(c);
            }
            // `@everyone` and `@here` have no escape.
            '@' => out.extend(['@', JOINT]),
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
}

/// How many bytes of the text are an address of the web that can stand as it is.
fn address(text: &str) -> usize {
    let Some(after) = text.strip_prefix("https://").or(text.strip_prefix("http://")) else { return 0 };
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#!$&'+,;=%".contains(c);
    let length = after.find(|c| !harmless(c)).unwrap_or(after.len());
    if length == 0 { 0 } else { text.len() - after.len() + length }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_from_outside_is_shown_as_it_is() {
        let cases = [
            "*bold* _it_ ~~no~~ `code` ||spoiler||",
            "@everyone @here <@123> <@&45> <#6> </sev:7> <:x:8> <t:0:R>",
            "[click](https://evil.example)",
            "see https://grafana.example/d/a_b?x=1&y=*2* now",
            "# heading\n> quote\n- item\n1. first\n-# small\n  + deep",
            "line\\ \u{202e}gnp.exe",
        ];
        insta::assert_snapshot!(cases.map(escape).join("\n").replace(JOINT, "{joint}"), @r"
        \*bold\* \_it\_ \~\~no\~\~ \`code\` \|\|spoiler\|\|
        @{joint}everyone @{joint}here \<@{joint}123\> \<@{joint}&45\> \<#6\> \</sev:7\> \<:x:8\> \<t:0:R\>
        \[click\]\(https://evil.example\)
        see https://grafana.example/d/a_b?x=1&y=\*2\* now
        \# heading
        \> quote
        \- item
        1\. first
        \-# small
          \+ deep
        line\\ \<U+202E\>gnp.exe
        ");
    }

    #[test]
    fn a_link_leads_where_it_says_or_is_none() {
        let links = [
            ("Graph", "https://grafana.example/d/1?a=(b)"),
            ("https://good.example", "https://evil.example/x"),
            ("good.example", "https://evil.example/"),
            ("a](https://evil.example) [b", "https://good.example"),
            ("", "https://good.example"),
            ("x", "javascript:alert(1)"),
            ("x", "https://good.example@evil.example/"),
        ];
        let shown = links.map(|(label, url)| link(label, url).unwrap_or_else(|| "none".to_owned()));
        insta::assert_snapshot!(shown.join("\n").replace(JOINT, "{joint}"), @r"
        [Graph](https://grafana.example/d/1?a=%28b%29)
        https:{joint}//good.example: [evil.example](https://evil.example/x)
        good.example: [evil.example](https://evil.example/)
        a\]\(https:{joint}//evil.example\) \[b: [good.example](https://good.example/)
        [good.example](https://good.example/)
        none
        none
        ");
    }

    #[test]
    fn code_ends_only_where_we_end_it() {
        assert_eq!(code("a ``` b").replace(JOINT, ""), "```\na ``` b\n```");
        assert_eq!(code("a ``` b").matches("```").count(), 2);
        assert_eq!(code(""), "```\n \n```");
    }

    proptest! {
        #[test]
        fn whatever_is_said_nobody_is_pinged_and_nothing_is_marked_up(text in "(\\PC|[\\[\\]()<>@#*_~`|\\\\\n ]|@everyone|<@1>|http://a){0,60}") {
            let shown = escape(&text);
            prop_assert!(!shown.contains("@everyone") && !shown.contains("@here"), "{shown}");
            let mut escaped = false;
            for (at, c) in shown.char_indices() {
                if escaped {
                    escaped = false;
                    continue;
                }
                escaped = c == '\\';
                prop_assert!(!matches!(c, '<' | '[' | '*' | '`' | '|') || shown[at..].starts_with("<U+"), "{c} at {at} of {shown}");
            }
            prop_assert!(!escaped, "a backslash at the end would escape what follows: {shown}");
        }

        #[test]
        fn a_cut_text_is_no_longer_than_it_may_be(text in "\\PC{0,80}", most in 1_usize..60) {
            let cut = clip(&text, most);
            prop_assert!(units(&cut) <= most);
            prop_assert!(cut == text || cut.ends_with(CUT));
        }

        #[test]
        fn code_holds_no_fence(text in "[`a\n]{0,40}") {
            prop_assert_eq!(code(&text).matches("```").count(), 2);
        }
    }
}
