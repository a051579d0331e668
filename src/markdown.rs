//! Markdown as HTML that does nothing: text, headings, lists, emphasis and code. What is HTML in it is shown as the text it is, no
//! picture is fetched, and a link leads into this bot's own pages or is text.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The HTML of a Markdown text.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    // Of each link that is open, whether it is one.
    let mut links: Vec<bool> = Vec::new();
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Start(tag) => open(&tag, &mut out, &mut links),
            Event::End(tag) => close(tag, &mut out, &mut links),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => escape(&text, &mut out),
            Event::Code(text) => {
                out.push_str("<code>");
                escape(&text, &mut out);
                out.push_str("</code>");
            }
            Event::SoftBreak => out.push('\n'),
            Event::HardBreak => out.push_str("<br>\n"),
            Event::Rule => out.push_str("<hr>\n"),
            // Of what none was asked for.
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                escape(&text, &mut out)
            }
            Event::TaskListMarker(_) => {}
        }
    }
    out
}

/// A page of its own around it, for whoever opens the file.
pub fn page(title: &str, text: &str) -> String {
    let mut head = String::new();
    escape(title, &mut head);
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

fn open(tag: &Tag<'_>, out: &mut String, links: &mut Vec<bool>) {
    match tag {
        Tag::Paragraph => out.push_str("<p>"),
        Tag::Heading { level, .. } => out.push_str(&format!("<{}>", heading(*level))),
        Tag::BlockQuote(_) => out.push_str("<blockquote>\n"),
        Tag::CodeBlock(_) => out.push_str("<pre><code>"),
        Tag::List(None) => out.push_str("<ul>\n"),
        Tag::List(Some(first)) => out.push_str(&format!("<ol start=\"{first}\">\n")),
        Tag::Item => out.push_str("<li>"),
        Tag::Emphasis => out.push_str("<em>"),
        Tag::Strong => out.push_str("<strong>"),
        Tag::Link { dest_url, .. } => {
            let ours = is_ours(dest_url);
            if ours {
                out.push_str("<a href=\"");
                escape(dest_url, out);
                out.push_str("\">");
            }
            links.push(ours);
        }
        // A picture is its words.
        _ => {}
    }
}

fn close(tag: TagEnd, out: &mut String, links: &mut Vec<bool>) {
    match tag {
        TagEnd::Paragraph => out.push_str("</p>\n"),
        TagEnd::Heading(level) => out.push_str(&format!("</{}>\n", heading(level))),
        TagEnd::BlockQuote(_) => out.push_str("</blockquote>\n"),
        TagEnd::CodeBlock => out.push_str("</code></pre>\n"),
        TagEnd::List(true) => out.push_str("</ol>\n"),
        TagEnd::List(false) => out.push_str("</ul>\n"),
        TagEnd::Item => out.push_str("</li>\n"),
        TagEnd::Emphasis => out.push_str("</em>"),
        TagEnd::Strong => out.push_str("</strong>"),
        TagEnd::Link if links.pop() == Some(true) => out.push_str("</a>"),
        _ => {}
    }
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

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
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
        <ul>
        <li>one <strong>two</strong> (<em>three</em>)</li>
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
            const OURS: [&str; 15] =
                ["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "ul", "li", "em", "strong", "br"];
            for tag in html(&text).split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default().trim_start_matches('/');
                let link = tag == "a" || tag.strip_prefix("a href=\"/").is_some_and(|rest| rest.matches('"').count() == 1 && !rest.starts_with('/'));
                let list = tag == "ol" || tag.strip_prefix("ol start=\"").is_some_and(|rest| rest.trim_end_matches('"').bytes().all(|b| b.is_ascii_digit()));
                prop_assert!(OURS.contains(&tag) || tag == "hr" || link || list, "{tag}");
            }
        }
    }
}
