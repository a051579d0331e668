//! `/console`: the chat in a page. The frame is made here; what is said in it comes by the stream and is set as text by the
//! page's own scripts.

use super::{Frame, page};
use crate::web::api::conversations::{Channel, channels};
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) fn route() -> Route {
    Route::page("/console", get(console), "The console: chat in a page").problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "console.html")]
struct ConsolePage {
    frame: Frame,
    channels: Vec<Channel>,
}

async fn console(State(web): State<Web>, caller: Caller) -> Result<Response, Problem> {
    let channels = channels(&web, &caller).await?;
    page(&ConsolePage { frame: Frame::of(&caller, "/console"), channels })
}
