//! `/backups`: the copies that there are, newest first, and what is known of each.

use super::{Frame, page, shown};
use crate::web::api::backups::{Copies, CopiesAsked, copies as copies_of};
use crate::web::asked::Asked;
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) fn route() -> Route {
    Route::page("/backups", get(backups), "The copies of targets").query::<CopiesAsked>().problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "backups.html")]
struct BackupsPage {
    frame: Frame,
    list: Copies,
    target: String,
    now_ms: i64,
}

impl BackupsPage {
    /// From where older ones are asked for.
    fn oldest_ms(&self) -> i64 {
        self.list.copies.last().map_or(self.now_ms, |copy| copy.taken_ms)
    }
}

async fn backups(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<CopiesAsked>,
) -> Result<Response, Problem> {
    let list = copies_of(&web, &asked).await?;
    let (target, now_ms) = (asked.target.unwrap_or_default(), web.clock.now_ms());
    page(&BackupsPage { frame: Frame::of(&caller, "/backups"), list, target, now_ms })
}
