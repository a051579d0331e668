//! `/account`: who you are here, and where you are signed in.

use super::{Frame, page, shown};
use crate::web::api::sessions::{Sessions, of};
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) fn route() -> Route {
    Route::page("/account", get(account), "Who you are, and where you are signed in").problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    id: String,
    all: Sessions,
}

impl AccountPage {
    fn is_current(&self, id: &str) -> bool {
        self.all.current.as_deref() == Some(id)
    }
}

async fn account(State(web): State<Web>, caller: Caller) -> Result<Response, Problem> {
    let all = of(&web, &caller).await?;
    page(&AccountPage { frame: Frame::of(&caller, "/account"), id: caller.person.id.to_string(), all })
}
