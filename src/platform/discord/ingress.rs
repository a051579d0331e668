//! Interactions by HTTP: signed requests to `/discord/interactions`, whose response is the first answer (interactions/overview,
//! `setting-up-an-endpoint`). What is not signed by Discord's key over exactly these bytes, now, is nobody's.

use super::api::{Call, Refused};
use super::publish;
use super::wire::Interaction;
use super::{Discord, Told};
use crate::config::limits::{DISCORD_INTERACTION_BYTES, DISCORD_LOOK_AGAIN, DISCORD_LOOK_EVERY, DISCORD_SIGNED_WITHIN};
use crate::platform::door::Door;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ed25519_dalek::{Signature, VerifyingKey};
use reqwest::Method;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a response takes to arrive, about; an answer that comes before it is tried again anyway.
const ARRIVES: Duration = Duration::from_millis(100);

/// What the route works with.
struct Endpoint {
    discord: Arc<Discord>,
    key: VerifyingKey,
    door: Door,
}

/// The route.
pub(super) fn routes(discord: Arc<Discord>, key: VerifyingKey, door: Door) -> Router {
    Router::new()
        .route("/discord/interactions", post(interaction))
        .layer(DefaultBodyLimit::max(DISCORD_INTERACTION_BYTES))
        .with_state(Arc::new(Endpoint { discord, key, door }))
}

async fn interaction(State(endpoint): State<Arc<Endpoint>>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_signed(&endpoint.key, &headers, &body, endpoint.discord.clock.now_ms()) {
        return (StatusCode::UNAUTHORIZED, "invalid request signature").into_response();
    }
    let Ok(interaction) = serde_json::from_slice::<Interaction>(&body) else {
        return (StatusCode::BAD_REQUEST, "no interaction that can be read").into_response();
    };
    // In a task of its own: Discord may hang up, and what was stored must be told all the same.
    let answering = tokio::spawn(async move {
        let told = Told(endpoint.discord.answers.clone(), interaction.id.clone());
        let answer = endpoint.discord.ears.hear(&endpoint.door, interaction).await;
        tokio::spawn(async move {
            tokio::time::sleep(ARRIVES).await;
            drop(told);
        });
        answer
    });
    match answering.await.ok().flatten() {
        Some(answer) => ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
        None => (StatusCode::BAD_REQUEST, "an interaction of a kind that is not known here").into_response(),
    }
}

/// Whether Discord signed exactly these bytes, not long ago.
fn is_signed(key: &VerifyingKey, headers: &HeaderMap, body: &[u8], now_ms: i64) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(signature), Some(at)) = (text("x-signature-ed25519"), text("x-signature-timestamp")) else {
        return false;
    };
    let bytes = hex::decode(signature).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    let (Some(bytes), Ok(seconds)) = (bytes, at.parse::<i64>()) else { return false };
    let apart = u128::from(seconds.saturating_mul(1000).abs_diff(now_ms));
    let message = [at.as_bytes(), body].concat();
    // Strict: no signature of another key's making passes, and nothing is compared byte by byte.
    apart <= DISCORD_SIGNED_WITHIN.as_millis() && key.verify_strict(&message, &Signature::from_bytes(&bytes)).is_ok()
}

/// Where events come by HTTP, the line is up while the API answers.
pub(super) async fn run(discord: Arc<Discord>, door: Door, stop: CancellationToken) {
    publish::publish(&discord, &door, &stop);
    publish::look(&discord, &stop).await;
    loop {
        let look = discord.api.send(Call::new(Method::GET, "applications/@me", "applications/@me")).await;
        let wait = match look {
            Ok(_) => {
                discord.link.is_up();
                DISCORD_LOOK_EVERY
            }
            Err(Refused::Later { reason, after }) => {
                discord.link.is_down(&reason);
                after.unwrap_or(DISCORD_LOOK_AGAIN).max(DISCORD_LOOK_AGAIN)
            }
            Err(Refused::Never { reason, .. } | Refused::Token { reason }) => {
                discord.link.is_down(&reason);
                DISCORD_LOOK_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;

    const NOW_MS: i64 = 1_767_225_600_000;
    const NOW: &str = "1767225600";

    fn headers(signature: &str, at: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-signature-ed25519", signature), ("x-signature-timestamp", at)] {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_what_discord_signed_just_now_is_taken() {
        let ours = SigningKey::from_bytes(&[7; 32]);
        let theirs = SigningKey::from_bytes(&[8; 32]);
        let key = ours.verifying_key();
        let signed =
            |by: &SigningKey, at: &str, body: &str| hex::encode(by.sign(format!("{at}{body}").as_bytes()).to_bytes());
        let good = signed(&ours, NOW, "{}");
        let passes =
            |signature: &str, at: &str, body: &str| is_signed(&key, &headers(signature, at), body.as_bytes(), NOW_MS);
        assert!(passes(&good, NOW, "{}"));
        assert!(!passes(&good, NOW, "{} "), "other bytes");
        assert!(!passes(&good, "1767225601", "{}"), "another moment");
        assert!(!passes(&signed(&theirs, NOW, "{}"), NOW, "{}"), "another key");
        assert!(!passes(&good[2..], NOW, "{}") && !passes("", NOW, "{}") && !passes(&good, "", "{}"));
        for old in ["1767225299", "1767225901", "-9223372036854775808"] {
            assert!(!passes(&signed(&ours, old, "{}"), old, "{}"), "{old}");
        }
        assert!(passes(&signed(&ours, "1767225301", "{}"), "1767225301", "{}"));
        assert!(!is_signed(&key, &HeaderMap::new(), b"{}", NOW_MS), "not signed at all");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_it_is_refused_and_nothing_breaks(signature in "[0-9a-f]{0,140}", at in "[-0-9]{0,20}", body in any::<Vec<u8>>()) {
            let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
            prop_assert!(!is_signed(&key, &headers(&signature, &at), &body, NOW_MS));
            let _ = serde_json::from_slice::<Interaction>(&body);
        }
    }
}
