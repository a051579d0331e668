//! `/audit`: the end of the trail.

use super::{Frame, page};
use crate::web::api::audit::{AuditAsked, AuditLine, page as page_of};
use crate::web::api::paging::Page;
use crate::web::asked::Asked;
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

pub(super) fn route() -> Route {
    Route::page("/audit", get(audit), "The end of the audit trail").query::<AuditAsked>().problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    list: Page<AuditLine>,
}

impl AuditPage {
    /// A word of the record; a dash where it has none.
    fn word<'a>(&self, line: &'a AuditLine, name: &str) -> &'a str {
        line.record.get(name).and_then(Value::as_str).unwrap_or("–")
    }

    /// What it was, in the words of whoever asked.
    fn what(&self, line: &AuditLine) -> String {
        let detail = line.record.get("detail");
        match detail.and_then(|detail| detail.get("text")).and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => detail.map(Value::to_string).unwrap_or_default(),
        }
    }
}

async fn audit(State(web): State<Web>, caller: Caller, Asked(asked): Asked<AuditAsked>) -> Result<Response, Problem> {
    page(&AuditPage { frame: Frame::of(&caller, "/audit"), list: page_of(&web, &asked).await? })
}
