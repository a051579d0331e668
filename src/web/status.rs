//! The public status page and its feeds: bytes out of memory, with what caches need. Open to everybody, reading only; no
//! database, no plugin and no sign-in is involved, whatever is asked.

use super::error::Problem;
use super::state::Web;
use crate::board::{Board, Shown};
use crate::status::Site;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, Utc};

/// Where it would be if there were one.
const USUAL_PATH: &str = "/status";
/// As HTTP writes a moment.
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// The routes: the page's, or a sentence where people would look for it.
pub(super) fn routes(board: Option<&Board>) -> Router<Web> {
    let Some(board) = board else {
        let none = async || Problem::not_found(NONE);
        return Router::new().route(USUAL_PATH, get(none)).route(&format!("{USUAL_PATH}/{{*file}}"), get(none));
    };
    let mut routes = Router::new();
    let path = board.path().to_owned();
    for file in board.shown().site.files.keys().copied() {
        let address = if file == "index.html" { path.clone() } else { format!("{path}/{file}") };
        routes = routes.route(&address, get(async move |state, headers| serve(state, headers, file)));
    }
    routes.route(&format!("{path}/"), get(async move |state, headers| serve(state, headers, "index.html")))
}

const NONE: &str = "There is no public status page: the configuration has no [status] section. docs/status.md tells how to \
                    make one.";

fn serve(State(web): State<Web>, headers: HeaderMap, file: &'static str) -> Result<Response, Problem> {
    let board = web.board.as_ref().ok_or_else(|| Problem::not_found(NONE))?;
    answer(board, &board.shown(), &headers, file)
}

fn answer(board: &Board, shown: &Shown, asked: &HeaderMap, file: &'static str) -> Result<Response, Problem> {
    let Some(found) = shown.site.files.get(file) else { return Err(Problem::not_found("There is nothing here.")) };
    let unchanged = is_known(asked, &found.etag, shown.modified_ms);
    let body = if unchanged { Body::empty() } else { Body::from(found.body.clone()) };
    let mut response = Response::new(body);
    *response.status_mut() = if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(CONTENT_TYPE, found.media);
    put(ETAG, &found.etag);
    put(CACHE_CONTROL, &format!("public, max-age={}", board.max_age_s()));
    if let Some(modified) = DateTime::<Utc>::from_timestamp_millis(shown.modified_ms) {
        put(LAST_MODIFIED, &modified.format(HTTP_DATE).to_string());
    }
    if file == "index.html" {
        put(CONTENT_SECURITY_POLICY, &Site::policy());
    } else {
        // Pages elsewhere show our status in a corner of theirs; it is public, and read without credentials.
        put(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        put(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    }
    Ok(response)
}

/// Whether the client has it already. A tag that is asked for decides alone; the date is whole seconds, so what changed
/// within that second counts as new.
fn is_known(asked: &HeaderMap, etag: &str, modified_ms: i64) -> bool {
    let mut tags = asked.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let matches = |tag: &str| matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == etag;
        return tags.filter_map(|value| value.to_str().ok()).any(|value| value.split(',').any(matches));
    }
    let since = asked.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let since = since.and_then(|text| chrono::NaiveDateTime::parse_from_str(text, HTTP_DATE).ok());
    since.is_some_and(|since| since.and_utc().timestamp_millis() >= modified_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asks(name: HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    #[test]
    fn a_client_that_has_it_is_told_so_and_no_other() {
        let (tag, at_ms) = ("\"abc\"", 1_767_225_600_500);
        for (known, name, value) in [
            (true, IF_NONE_MATCH, "\"abc\""),
            (true, IF_NONE_MATCH, "\"x\", W/\"abc\""),
            (true, IF_NONE_MATCH, "*"),
            (false, IF_NONE_MATCH, "\"x\""),
            (false, IF_NONE_MATCH, "abc"),
            (false, IF_MODIFIED_SINCE, "Thu, 01 Jan 2026 00:00:00 GMT"),
            (true, IF_MODIFIED_SINCE, "Thu, 01 Jan 2026 00:00:01 GMT"),
            (false, IF_MODIFIED_SINCE, "yesterday"),
        ] {
            assert_eq!(is_known(&asks(name, value), tag, at_ms), known, "{value}");
        }
        let mut both = asks(IF_NONE_MATCH, "\"x\"");
        both.insert(IF_MODIFIED_SINCE, HeaderValue::from_static("Thu, 01 Jan 2027 00:00:00 GMT"));
        assert!(!is_known(&both, tag, at_ms), "the tag decides");
        assert!(!is_known(&HeaderMap::new(), tag, at_ms));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_harm(tag in "[ -~]{0,60}", date in "[ -~]{0,60}") {
            let mut headers = asks(IF_MODIFIED_SINCE, &date);
            let _ = is_known(&headers, "\"abc\"", 0);
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(&tag).unwrap());
            prop_assert_eq!(is_known(&headers, "\"never\"", 0), tag.split(',').any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == "\"never\""));
        }
    }
}
