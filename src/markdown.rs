//! Markdown as pieces of a page that does nothing: text, headings, lists, emphasis and code. What is HTML in it is the text it is, no
//! picture is fetched, and a link leads into this bot's own pages or is text.

use crate::model::markup::escape;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A piece of a page. Whoever writes it down escapes texts and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// An element begins: `h1`, `p`, `ul`, …
    Open(&'static str),
    /// It ends.
    Close(&'static str),
    /// Text.
    Text(String),
    /// A link to a path of this bot begins.
    Link(String),
    /// It ends.
    Unlink,
    /// `br` or `hr`.
    Alone(&'static str),
}

/// The pieces of a Markdown text.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    // Of each link that is open, whether it is one.
    let mut links: Vec<bool> = Vec::new();
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Start(tag) => open(&tag, &mut out, &mut links),
            Event::End(tag) => close(tag, &mut out, &mut links),
            Event::Code(text) => {
                out.extend([Piece::Open("code"), Piece::Text(text.into_string()), Piece::Close("code")]);
            }
            Event::SoftBreak => out.push(Piece::Text("\n".to_owned())),
            Event::HardBreak => out.push(Piece::Alone("br")),
            Event::Rule => out.push(Piece::Alone("hr")),
            // HTML is shown, and so is what was not asked for.
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::FootnoteReference(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => out.push(Piece::Text(text.into_string())),
            Event::TaskListMarker(_) => {}
        }
    }
    out
}

/// The HTML of a Markdown text.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for piece in pieces(text) {
        match piece {
            Piece::Open(tag) | Piece::Alone(tag) => out.push_str(&format!("<{tag}>")),
            Piece::Close(tag) => out.push_str(&format!("</{tag}>")),
            Piece::Text(text) => out.push_str(&escape(&text)),
            Piece::Link(path) => {
                out.push_str("<a href=\"");
                out.push_str(&escape(&path));
                out.push_str("\">");
            }
            Piece::Unlink => out.push_str("</a>"),
        }
    }
    out
}

/// A page of its own around it, for whoever opens the file.
pub fn page(title: &str, text: &str) -> String {
    let head = escape(title);
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{head}</title>\n\
         <style>body {{ max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }}</style>\n\
         </head>\n<body>\n{}</body>\n</html>\n",
        html(text)
    )
}

fn open(tag: &Tag<'_>, out: &mut Vec<Piece>, links: &mut Vec<bool>) {
    match tag {
        Tag::Paragraph => out.push(Piece::Open("p")),
        Tag::Heading { level, .. } => out.push(Piece::Open(heading(*level))),
        Tag::BlockQuote(_) => out.push(Piece::Open("blockquote")),
        Tag::CodeBlock(_) => out.push(Piece::Open("pre")),
        Tag::List(first) => out.push(Piece::Open(if first.is_some() { "ol" } else { "ul" })),
        Tag::Item => out.push(Piece::Open("li")),
        Tag::Emphasis => out.push(Piece::Open("em")),
        Tag::Strong => out.push(Piece::Open("strong")),
        Tag::Link { dest_url, .. } => {
            let ours = is_ours(dest_url);
            if ours {
                out.push(Piece::Link(dest_url.to_string()));
            }
            links.push(ours);
        }
        // A picture is its words.
        _ => {}
    }
}

fn close(tag: TagEnd, out: &mut Vec<Piece>, links: &mut Vec<bool>) {
    let block = match tag {
        TagEnd::Paragraph => "p",
        TagEnd::Heading(level) => heading(level),
        TagEnd::BlockQuote(_) => "blockquote",
        TagEnd::CodeBlock => "pre",
        TagEnd::List(ordered) => {
            if ordered {
                "ol"
            } else {
                "ul"
            }
        }
        TagEnd::Item => "li",
        TagEnd::Emphasis => return out.push(Piece::Close("em")),
        TagEnd::Strong => return out.push(Piece::Close("strong")),
        TagEnd::Link if links.pop() == Some(true) => return out.push(Piece::Unlink),
        _ => return,
    };
    out.extend([Piece::Close(block), Piece::Text("\n".to_owned())]);
}

fn heading(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 => "h1",
        HeadingLevel::H2 => "h2",
        HeadingLevel::H3 => "h3",
        HeadingLevel::H4 => "h4",
        HeadingLevel::H5 => "h5",
        HeadingLevel::H6 => "h6",
    }
}

/// A path below the root of this bot; `//host` is another's, and `/\host` is to some browsers.
fn is_ours(url: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./?=&#%".contains(c);
    url.starts_with('/') && !url.starts_with("//") && url.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_text_and_links_stay_in_the_house() {
        let text = "# A <b>title</b>\n\n- one **two** (*three*)\n- `x<y`\n\n![p](http://evil.example/p.png) <script>alert(1)</script>\n\n\
                    [T1](/incidents/INC-1?cursor=a0#line-a) [x](javascript:alert(1)) [y](//evil.example) [z](https://evil.example)\n\n\
                    <iframe src=\"x\"></iframe>\n";
        insta::assert_snapshot!(html(text), @r##"
        <h1>A &lt;b&gt;title&lt;/b&gt;</h1>
        <ul><li>one <strong>two</strong> (<em>three</em>)</li>
        <li><code>x&lt;y</code></li>
        </ul>
        <p>p &lt;script&gt;alert(1)&lt;/script&gt;</p>
        <p><a href="/incidents/INC-1?cursor=a0#line-a">T1</a> x y z</p>
        &lt;iframe src=&quot;x&quot;&gt;&lt;/iframe&gt;
        "##);
        assert!(page("<x>", "").contains("<title>&lt;x&gt;</title>"));
    }

    proptest! {
        #[test]
        fn whatever_is_written_only_our_tags_come_out(text in "(\\PC|[<>\\[\\]()!*_#`\n\"'/&:-]){0,80}") {
            const OURS: [&str; 17] = [
                "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "ul", "ol", "li", "em", "strong", "br", "hr",
            ];
            for tag in html(&text).split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default().trim_start_matches('/');
                let path = tag.strip_prefix("a href=\"").and_then(|rest| rest.strip_suffix('"'));
                prop_assert!(OURS.contains(&tag) || tag == "a" || path.is_some_and(is_ours), "{tag}");
            }
        }
    }
}
