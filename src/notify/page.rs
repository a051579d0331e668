//! A page as every notifier needs it: one line that says what is wrong, how bad it is, and the rest in plain text. Everything
//! here may come from outside the house.

use crate::config::limits::ATTEMPT_DETAIL_CHARS;
use crate::model::effect::Effect;
use crate::model::ids::{IncidentId, made_ms};
use crate::model::page::PageAction;
use crate::model::view::{Block, Tone, View};
use crate::platform::Request;

/// A page to send.
pub(super) struct Page<'a> {
    /// The outbox row's: the same at every attempt.
    pub(super) id: &'a str,
    /// When it was committed, milliseconds since the epoch; the same at every attempt.
    pub(super) at_ms: i64,
    pub(super) notifier: &'a str,
    pub(super) key: &'a str,
    pub(super) action: PageAction,
    pub(super) incident: Option<&'a IncidentId>,
    pub(super) view: &'a View,
}

impl<'a> Page<'a> {
    /// The page in a request; `None` if there is none.
    pub(super) fn of(request: Request<'a>, now_ms: i64) -> Option<Self> {
        let Effect::Page { notifier, key, action, incident, view, .. } = request.effect else { return None };
        // The row's id knows when it was made, which no attempt changes.
        let made_ms = made_ms(request.id);
        Some(Self {
            id: request.id,
            at_ms: made_ms.unwrap_or(now_ms),
            notifier,
            key,
            action: *action,
            incident: incident.as_ref(),
            view,
        })
    }

    /// What it is about, on one line of at most `most` characters: `Acknowledged: INC-1 checkout is down`.
    pub(super) fn summary(&self, most: usize) -> String {
        let before = match self.action {
            PageAction::Trigger => "",
            PageAction::Acknowledge => "Acknowledged: ",
            PageAction::Resolve => "Resolved: ",
        };
        let title = match self.view.title.trim() {
            "" => self.view.to_plain(),
            title => title.to_owned(),
        };
        let title = line(title.trim().lines().next().unwrap_or_default());
        let title = if title.is_empty() { line(self.key) } else { title };
        clip(&format!("{before}{title}"), most)
    }

    /// How bad it is, in the four words that PagerDuty knows. A view without a tone pages somebody, so it is an error.
    pub(super) fn severity(&self) -> &'static str {
        match self.view.tone {
            Tone::Critical => "critical",
            Tone::Neutral => "error",
            Tone::Warning => "warning",
            Tone::Info | Tone::Good => "info",
        }
    }

    /// The links that lead to the web: label and address.
    pub(super) fn links(&self) -> impl Iterator<Item = (String, &'a str)> {
        self.view.blocks.iter().filter_map(|block| match block {
            Block::Link { label, url } if is_web(url) => Some((line(label), url.as_str())),
            _ => None,
        })
    }

    /// Names with their values, moments as RFC 3339.
    pub(super) fn fields(&self) -> impl Iterator<Item = (String, String)> {
        self.view.blocks.iter().filter_map(|block| match block {
            Block::Field { name, value } => Some((line(name), value.clone())),
            Block::Time { name, at_ms } => Some((line(name), crate::clock::rfc3339(*at_ms))),
            _ => None,
        })
    }
}

/// Whether an address may become a link.
pub(super) fn is_web(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Foreign text on one line, without what could end a header or hide something.
pub(super) fn line(text: &str) -> String {
    let shown = crate::platform::console::clean_line(text);
    shown.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

/// The first `most` characters; what is cut leaves a mark.
pub(super) fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// What the other side said, fit for a record: on one line, short, and without the secrets should it repeat them.
pub(super) fn said(text: &str, secrets: &[&str]) -> String {
    let hidden = secrets.iter().filter(|secret| !secret.is_empty());
    let text = hidden.fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
    clip(&line(&text), ATTEMPT_DETAIL_CHARS)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A page about an outage, with everything that a view can hold.
    pub(in crate::notify) fn outage(action: PageAction) -> Effect {
        let view = View {
            title: "INC-1 · sev1 · checkout is down".to_owned(),
            tone: Tone::Critical,
            blocks: vec![
                Block::Text { text: "Nobody can pay <b>anything</b>.".to_owned() },
                Block::Field { name: "Severity".to_owned(), value: "sev1".to_owned() },
                Block::Time { name: "Declared".to_owned(), at_ms: 1_767_225_600_000 },
                Block::Divider,
                Block::Code { text: "HTTP 500\nHTTP 500".to_owned() },
                Block::Link { label: "Graph".to_owned(), url: "https://example.org/g?a=1&b=2".to_owned() },
                Block::Link { label: "Trap".to_owned(), url: "javascript:alert(1)".to_owned() },
                Block::Progress { label: "Rolled back".to_owned(), done: 2, total: 5 },
                Block::Context { text: "asked by Ana".to_owned() },
            ],
        };
        Effect::Page {
            message: "m1".into(),
            to: "notify:oncall".into(),
            view,
            private_to: None,
            notifier: "oncall".to_owned(),
            key: "INC-1".to_owned(),
            action,
            incident: Some(IncidentId::numbered(1)),
        }
    }

    /// The outbox row's id of the pages in tests: committed at 2026-01-01T00:00:00Z.
    pub(in crate::notify) const ROW: &str = "019b76da-a800-7000-8000-000000000001";

    #[test]
    fn a_page_has_one_line_a_moment_and_a_severity() {
        let effect = outage(PageAction::Resolve);
        let page = Page::of(Request { id: ROW, effect: &effect, native: None, route: None, again: false }, 5).unwrap();
        assert_eq!(crate::clock::rfc3339(page.at_ms), "2026-01-01T00:00:00.000Z");
        assert_eq!(page.summary(200), "Resolved: INC-1 · sev1 · checkout is down");
        assert_eq!(page.summary(12), "Resolved: I…");
        assert_eq!(page.severity(), "critical");
        assert_eq!(page.links().count(), 1, "only what leads to the web");
        let other = Page::of(Request { id: "not a uuid", effect: &effect, native: None, route: None, again: false }, 5)
            .unwrap();
        assert_eq!(other.at_ms, 5);
    }

    #[test]
    fn what_is_said_of_a_failure_never_repeats_the_secret() {
        assert_eq!(said("bad key hunter2\r\nBcc: x", &["hunter2"]), "bad key *** Bcc: x");
    }

    proptest! {
        #[test]
        fn no_title_gets_out_of_its_line(title in "\\PC*|[\\x00-\\x20a]*", most in 1_usize..300) {
            let mut effect = outage(PageAction::Trigger);
            let Effect::Page { view, .. } = &mut effect else { unreachable!() };
            view.title = title;
            let page = Page::of(Request { id: ROW, effect: &effect, native: None, route: None, again: false }, 5).unwrap();
            let summary = page.summary(most);
            prop_assert!(!summary.is_empty() && summary.chars().count() <= most);
            prop_assert!(!summary.chars().any(char::is_control), "{summary:?}");
        }
    }
}
