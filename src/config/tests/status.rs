//! `[status]`: what is understood, and what is said of what is not.

use super::*;
use crate::config::status::{CACHE, HISTORY, Source};

#[test]
fn without_the_section_there_is_no_page_and_a_title_is_enough_for_one() {
    assert_eq!(parse("").unwrap().status, None);
    let page = parse("[status]\ntitle = \"Shop\"").unwrap().status.unwrap();
    assert_eq!((page.title.as_str(), page.path.as_str(), page.export), ("Shop", "/status", None));
    assert_eq!((page.cache, page.history), (CACHE, HISTORY));
    assert!(page.components.is_empty());
}

#[test]
fn components_are_in_the_order_of_their_positions_else_of_the_file() {
    let text = "[status.components.web]\n[status.components.api]\nfrom = \"probe:api\"\n[status.components.first]\nposition = 0";
    let page = parse(text).unwrap().status.unwrap();
    assert_eq!(page.names(), ["first", "web", "api"]);
    assert_eq!(page.components[2].from, Source::Probe("api".to_owned()));
    assert_eq!((page.components[1].title.as_str(), &page.components[1].from), ("web", &Source::Manual));
}

#[test]
fn a_page_without_a_public_address_is_allowed_but_unwise() {
    let warnings = parse("[status]\ntitle = \"Shop\"").unwrap().warnings();
    assert_eq!(warnings, ["[status] without server.public_url: the links in its feeds lead to http://127.0.0.1:8787"]);
}

#[test]
fn what_is_wrong_with_a_page_is_said_with_a_fix() {
    let text = r#"
[status]
titel = "Shop"
path = "status/"
cache = "0s"
history = "1h"
export = "/public/"
[status.components.Web]
from = "prob:web"
position = -1
"#;
    insta::assert_snapshot!(complaint(text), @r#"
    drillbell.toml has 8 problems:

      1. drillbell.toml:3:1: status.titel
         found:    a key that drillbell 0.1.0 does not know
         expected: a key of [status]: title, description, cache, history, path, export, work_title, work_text, components
         fix:      did you mean `title`?

      2. drillbell.toml:4:8: status.path
         found:    "status/"
         expected: a path such as "/status": a slash, then words of a-z, 0-9, - _
         fix:      write "/status"

      3. drillbell.toml:5:9: status.cache
         found:    "0s"
         expected: a duration from 1s to 5m, such as "90s", "15m", "1h30m"

      4. drillbell.toml:6:11: status.history
         found:    "1h"
         expected: a duration from 1d to 366d, such as "90s", "15m", "1h30m"

      5. drillbell.toml:7:10: status.export
         found:    "/public/"
         expected: a prefix in the artifact store such as "public/status", without a slash at either end
         fix:      write "public"

      6. drillbell.toml:8:20: status.components.Web
         found:    this name
         expected: a name of lower-case letters, digits, - _ . (what is typed after --component)

      7. drillbell.toml:9:8: status.components.Web.from
         found:    "prob:web"
         expected: "manual", "probe:NAME" or "service:NAME"
         fix:      did you mean `probe`?

      8. drillbell.toml:10:12: status.components.Web.position
         found:    -1
         expected: a whole number from 0 to 100000
    "#);
    for path in [
        "/",
        "/api/x",
        "/login",
        "/plugins/x",
        "/runbooks",
        "status",
        "/a//b",
        "/A",
        "/status/",
        "/a/b/c/d/e/f",
        "/..",
        "/{x}",
    ] {
        assert!(parse(&format!("[status]\npath = {path:?}")).is_err(), "{path}");
    }
    for path in ["/status", "/a-b/c_d", "/state"] {
        assert!(parse(&format!("[status]\npath = {path:?}")).is_ok(), "{path}");
    }
}
