//! The page and the Atom history hold any text as text, whatever is in it, and nothing that was not published.

use super::shapes::busy;
use super::*;

const ATOM: &str = "http://www.w3.org/2005/Atom";

fn file(snapshot: &Snapshot, path: &str, kind: Kind) -> String {
    let site = render(&frame(), snapshot, &BTreeMap::new(), NOON, kind);
    String::from_utf8(site.files[path].body.to_vec()).expect("UTF-8")
}

fn with(title: &str, text: &str) -> Snapshot {
    let words = |about: AboutIncident| AboutIncident { title: title.to_owned(), ..about };
    let plan = AboutMaintenance { title: title.to_owned(), text: text.to_owned(), ..window(NOON, NOON + HOUR) };
    published(&[
        (NOON, Publication::Incident(words(about(Status::Identified, text, &[("api", MajorOutage)])))),
        (NOON, Publication::Maintenance(plan)),
    ])
}

/// As the template escapes.
fn html_escaped(text: &str) -> String {
    let escape = |c| match c {
        '&' => "&#38;".to_owned(),
        '<' => "&#60;".to_owned(),
        '>' => "&#62;".to_owned(),
        '"' => "&#34;".to_owned(),
        '\'' => "&#39;".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

proptest! {
    #[test]
    fn the_page_holds_any_text_as_text(title in "\\PC{1,60}", text in "[ -~\n\u{a0}-\u{2fff}]{1,80}") {
        let plain = file(&with("ThE-TiTlE", "ThE-TeXt"), "index.html", Kind::Live);
        let expected = plain.replace("ThE-TiTlE", &html_escaped(&title)).replace("ThE-TeXt", &html_escaped(&text));
        prop_assert_eq!(file(&with(&title, &text), "index.html", Kind::Live), expected);
    }

    #[test]
    fn the_history_is_well_formed_and_holds_any_text_as_text(title in any::<String>(), text in any::<String>()) {
        let feed = file(&with(&title, &text), "history.atom", Kind::Live);
        let document = roxmltree::Document::parse(&feed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let entries: Vec<_> = document.root_element().children().filter(|it| it.has_tag_name((ATOM, "entry"))).collect();
        prop_assert_eq!(entries.len(), 2);
        let visible: String = title.chars().map(|c| if is_xml(c) { c } else { '\u{fffd}' }).collect();
        for entry in entries {
            let child = |name: &str| entry.children().find(|it| it.has_tag_name((ATOM, name))).and_then(|it| it.text());
            prop_assert_eq!(child("title").unwrap_or_default(), &visible);
            let content = child("content").unwrap_or_default();
            let inside = content.replace("<p>", "").replace("</p>", "").replace("<br>", "").replace("<small>", "");
            let inside = inside.replace("</small>", "").replace("<strong>", "").replace("</strong>", "");
            prop_assert!(!inside.contains('<'), "{}", content);
        }
    }

    #[test]
    fn the_feeds_hold_any_text_as_text(title in any::<String>(), text in any::<String>()) {
        let feed = super::shapes::json(&with(&title, &text), "api/v2/summary.json", NOON);
        prop_assert_eq!(feed["incidents"][0]["name"].as_str(), Some(title.as_str()));
        prop_assert_eq!(feed["incidents"][0]["incident_updates"][0]["body"].as_str(), Some(text.as_str()));
    }
}

fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

#[test]
fn the_history_is_atom_with_all_that_it_demands() {
    let feed = file(&busy(), "history.atom", Kind::Live);
    let document = roxmltree::Document::parse(&feed).expect("XML");
    let root = document.root_element();
    assert!(root.has_tag_name((ATOM, "feed")));
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        let found: Vec<_> = node.children().filter(|it| it.has_tag_name((ATOM, name))).collect();
        assert_eq!(found.len(), 1, "one {name}");
        found[0].text().unwrap_or_default().to_owned()
    };
    let is_moment = |text: &str| chrono::DateTime::parse_from_rfc3339(text).is_ok();
    assert!(text(root, "id").starts_with("urn:uuid:") && is_moment(&text(root, "updated")));
    assert_eq!(text(root, "title"), "Shop status");
    assert!(root.children().any(|it| it.has_tag_name((ATOM, "author"))), "else every entry needs one");
    let links: Vec<_> = root.children().filter(|it| it.has_tag_name((ATOM, "link"))).collect();
    let href = |rel: &str| links.iter().find(|it| it.attribute("rel") == Some(rel)).and_then(|it| it.attribute("href"));
    assert_eq!(href("self"), Some("https://bot.example.org/status/history.atom"));
    assert_eq!(href("alternate"), Some("https://bot.example.org/status"));
    let entries: Vec<_> = root.children().filter(|it| it.has_tag_name((ATOM, "entry"))).collect();
    let ids: BTreeSet<_> = entries.iter().map(|entry| text(*entry, "id")).collect();
    assert_eq!((entries.len(), ids.len()), (2, 2));
    for entry in entries {
        assert!(!text(entry, "title").is_empty() && is_moment(&text(entry, "updated")), "{}", text(entry, "title"));
        assert!(is_moment(&text(entry, "published")));
    }
}

#[test]
fn an_entry_keeps_its_id_when_it_changes_and_when_the_page_moves() {
    let ids = |feed: &str| {
        let ids = feed.lines().filter(|line| line.starts_with("<id>")).map(str::to_owned);
        ids.collect::<BTreeSet<_>>()
    };
    let before = published(&[(NOON, Publication::Incident(about(Status::Identified, "One.", &[])))]);
    let after = published(&[
        (NOON, Publication::Incident(about(Status::Identified, "One.", &[]))),
        (NOON, Publication::Incident(about(Status::Resolved, "Two.", &[]))),
    ]);
    let moved = Frame { base: "https://elsewhere.example.org".to_owned(), ..frame() };
    let site = render(&moved, &after, &BTreeMap::new(), NOON, Kind::Live);
    let moved = String::from_utf8(site.files["history.atom"].body.to_vec()).unwrap();
    assert_eq!(ids(&file(&before, "history.atom", Kind::Live)), ids(&moved));
}

#[test]
fn nothing_of_the_incident_behind_it_is_in_any_file() {
    let mut snapshot = busy();
    snapshot.maintenances[0].name = "internal-name".to_owned();
    let site = render(&frame(), &snapshot, &BTreeMap::new(), NOON, Kind::Live);
    for (path, file) in &site.files {
        let text = String::from_utf8_lossy(&file.body);
        for inner in ["INC-7", "internal-name", "looked"] {
            assert!(!text.contains(inner), "{path} holds {inner}");
        }
    }
}

#[test]
fn the_page_needs_nothing_but_itself_and_a_copy_says_when_it_was_written() {
    let page = file(&busy(), "index.html", Kind::Live);
    for forbidden in ["<script", "javascript:", " onclick=", " style=", " src=", "@import", "url(", "http-equiv"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("href=\"/status/history.atom\"") && !page.contains("A copy"));
    assert_eq!(page.matches("<style>").count(), 1);
    let copy = file(&busy(), "index.html", Kind::Copy(NOON));
    assert!(copy.contains("A copy, written Jan 10, 2026 12:00 UTC."));
    assert!(copy.contains("href=\"history.atom\"") && copy.contains("Content-Security-Policy"));
    let stale = file(&busy(), "index.html", Kind::Stale(NOON));
    assert!(stale.contains("could not be brought up to date since Jan 10, 2026 12:00 UTC."));
}

#[test]
fn the_policy_allows_the_style_that_is_in_the_page_and_no_other() {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let page = file(&busy(), "index.html", Kind::Live);
    let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("the style");
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    let policy = Site::policy();
    assert!(
        policy.starts_with("default-src 'none';") && policy.contains(&format!("style-src 'sha256-{digest}'")),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
}
