//! A view as simple HTML for e-mail: no script, no picture from elsewhere, nothing of the text taken for markup.

use super::page::is_web;
use crate::model::markup;
use crate::model::view::{Block, Tone, View};

/// The mail's second body, for those who look at it in a window.
pub(super) fn html(summary: &str, view: &View) -> String {
    let mut body = String::new();
    for block in &view.blocks {
        match block {
            Block::Text { text } => body.push_str(&format!("<p>{}</p>\n", lines(text))),
            Block::Context { text } => body.push_str(&format!("<p><small>{}</small></p>\n", lines(text))),
            Block::Code { text } => body.push_str(&format!("<pre>{}</pre>\n", escape(text))),
            Block::Field { name, value } => body.push_str(&field(name, value)),
            Block::Time { name, at_ms } => body.push_str(&field(name, &crate::clock::rfc3339(*at_ms))),
            Block::Moment { at_ms, text } => body.push_str(&field(&crate::clock::rfc3339(*at_ms), text)),
            Block::Link { label, url } if is_web(url) => {
                let label = if label.trim().is_empty() { url } else { label };
                body.push_str(&format!("<p><a href=\"{}\">{}</a></p>\n", escape(url), escape(label)));
            }
            Block::Link { label, url } => body.push_str(&field(label, url)),
            Block::Progress { label, done, total } => body.push_str(&field(label, &format!("{done}/{total}"))),
            Block::Chart(chart) => body.push_str(&format!("<pre>{}</pre>\n", escape(&chart.to_string()))),
            Block::Divider => body.push_str("<hr>\n"),
            // A mail cannot be clicked back to us.
            Block::Button(_) | Block::Form(_) | Block::Select(_) => {}
        }
    }
    let edge = edge(view.tone);
    format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"font-family:sans-serif\"><div style=\"border-left:4px solid {edge};padding-left:12px\">\n\
         <h2>{title}</h2>\n{body}</div></body></html>\n",
        title = escape(summary)
    )
}

fn field(name: &str, value: &str) -> String {
    format!("<p><b>{}:</b> {}</p>\n", escape(name), lines(value))
}

fn edge(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "#8a8a8a",
        Tone::Info => "#2f6fde",
        Tone::Good => "#2e8b57",
        Tone::Warning => "#d98e04",
        Tone::Critical => "#c62828",
    }
}

fn lines(text: &str) -> String {
    escape(text).replace('\n', "<br>\n")
}

fn escape(text: &str) -> String {
    markup::escape(&crate::platform::console::clean(text))
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::outage;
    use super::*;
    use crate::model::effect::Effect;
    use crate::model::page::PageAction;
    use proptest::prelude::*;

    #[test]
    fn a_view_becomes_plain_html() {
        let Effect::Page { view, .. } = outage(PageAction::Trigger) else { panic!() };
        insta::assert_snapshot!(html("INC-1 \u{b7} checkout is down", &view), @r#"
        <!doctype html>
        <html><head><meta charset="utf-8"><title>INC-1 · checkout is down</title></head>
        <body style="font-family:sans-serif"><div style="border-left:4px solid #c62828;padding-left:12px">
        <h2>INC-1 · checkout is down</h2>
        <p>Nobody can pay &lt;b&gt;anything&lt;/b&gt;.</p>
        <p><b>Severity:</b> sev1</p>
        <p><b>Declared:</b> 2026-01-01T00:00:00.000Z</p>
        <hr>
        <pre>HTTP 500
        HTTP 500</pre>
        <p><a href="https://example.org/g?a=1&amp;b=2">Graph</a></p>
        <p><b>Trap:</b> javascript:alert(1)</p>
        <p><b>Rolled back:</b> 2/5</p>
        <p><small>asked by Ana</small></p>
        </div></body></html>
        "#);
    }

    proptest! {
        #[test]
        fn no_text_becomes_markup(text in "\\PC*|[<>&\"'a/ ]*") {
            let view = View {
                blocks: vec![
                    Block::Text { text: text.clone() },
                    Block::Code { text: text.clone() },
                    Block::Link { label: text.clone(), url: format!("https://example.org/{text}") },
                ],
                ..View::default()
            };
            let tags = |html: &str| html.matches('<').count();
            let empty = View {
                blocks: vec![
                    Block::Text { text: "x".to_owned() },
                    Block::Code { text: String::new() },
                    Block::Link { label: "x".to_owned(), url: "https://example.org/".to_owned() },
                ],
                ..View::default()
            };
            // Only our own tags; a line break is one of them.
            prop_assert_eq!(tags(&html("x", &view).replace("<br>", "")), tags(&html("x", &empty)));
        }
    }
}
