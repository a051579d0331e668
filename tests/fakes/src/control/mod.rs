//! The fakes for whoever is no Rust: one door that takes JSON. `GET /` tells where everything is, `POST /slack` and `POST /discord`
//! carry out one `{"do": …}`, `GET /slack` and `GET /discord` show the journal. What each takes is in `README.md`.

mod discord;
mod slack;

use crate::discord::FakeDiscord;
use crate::slack::Slack;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Extracted;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Both platforms.
#[derive(Clone)]
pub struct Fakes {
    /// Slack.
    pub slack: Arc<Slack>,
    /// Discord.
    pub discord: Arc<FakeDiscord>,
}

impl Fakes {
    /// Starts both, for whatever client.
    pub async fn start() -> Self {
        let fakes = Self { slack: Slack::start().await, discord: FakeDiscord::start().await };
        fakes.slack.serves_anyone();
        fakes.discord.serves_anyone();
        fakes
    }

    /// Where they are and what a client needs.
    pub fn about(&self, control: &str) -> Value {
        use crate::{discord, slack};
        json!({
            "control": control,
            "slack": {
                "api_url": self.slack.api_url(), "bot_token": slack::BOT_TOKEN, "app_token": slack::APP_TOKEN,
                "signing_secret": slack::SIGNING_SECRET, "bot": slack::BOT, "team": slack::TEAM,
                "channels": {"#incidents": "C0000000001", "#ops": "C0000000002"}, "people": ["ana", "ben"],
            },
            "discord": {
                "api_url": self.discord.api_url(), "token": discord::TOKEN, "application_id": discord::APPLICATION,
                "public_key": self.discord.public_key(), "guild_id": discord::GUILD,
                "channels": {"#incidents": discord::INCIDENTS, "#ops": discord::OPS}, "people": ["ana", "ben"],
            },
        })
    }
}

/// Serves the door until the process ends.
pub async fn serve(fakes: Fakes, listener: TcpListener) {
    let url = format!("http://{}", listener.local_addr().unwrap());
    let about = fakes.about(&url);
    let router = Router::new()
        .route("/", get(async move || json_of(StatusCode::OK, &about)))
        .route("/slack", get(slack_journal).post(to_slack))
        .route("/discord", get(discord_journal).post(to_discord))
        .with_state(fakes);
    axum::serve(listener, router).await.unwrap();
}

async fn slack_journal(Extracted(fakes): Extracted<Fakes>) -> Response {
    json_of(StatusCode::OK, &slack::journal(&fakes.slack))
}

async fn discord_journal(Extracted(fakes): Extracted<Fakes>) -> Response {
    json_of(StatusCode::OK, &discord::journal(&fakes.discord))
}

async fn to_slack(Extracted(fakes): Extracted<Fakes>, body: Bytes) -> Response {
    carry_out(&body, async move |asked| slack::carry_out(&fakes.slack, asked).await).await
}

async fn to_discord(Extracted(fakes): Extracted<Fakes>, body: Bytes) -> Response {
    carry_out(&body, async move |asked| discord::carry_out(&fakes.discord, asked).await).await
}

/// 200 with what came of it, 422 for what is not understood, 409 for what cannot be done: a button that is not shown, a message
/// that never came.
async fn carry_out<Asked: DeserializeOwned + Send + 'static>(
    body: &[u8],
    act: impl AsyncFnOnce(Asked) -> Value + Send + 'static,
) -> Response {
    let asked: Asked = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => return json_of(StatusCode::UNPROCESSABLE_ENTITY, &json!({"error": error.to_string()})),
    };
    let here = tokio::runtime::Handle::current();
    // In a thread of its own: what people cannot do is a panic there, and an answer here.
    let done = tokio::task::spawn_blocking(move || here.block_on(act(asked))).await;
    match done {
        Ok(value) => json_of(StatusCode::OK, &value),
        Err(panicked) => {
            let panicked = panicked.into_panic();
            let words = panicked.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panicked.downcast_ref::<&str>().map(|words| (*words).to_owned()));
            json_of(StatusCode::CONFLICT, &json!({"error": words}))
        }
    }
}

fn json_of(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}
