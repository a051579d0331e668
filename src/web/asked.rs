//! What a request asks for, read and checked: JSON bodies, queries, channels, idempotency keys. Whatever does not fit is
//! answered with a sentence that names it; nothing here changes anything.

use super::error::Problem;
use super::state::WebState;
use crate::config::limits::{
    ANSWER_WAIT_MAX, COMMAND_BYTES, CONVERSATION_NAME_BYTES, HTTP_BODY_BYTES, HTTP_BODY_TIME, HTTP_DISCARD_BYTES,
    IDEMPOTENCY_KEY_CHARS,
};
use crate::config::show_bytes;
use crate::model::event::Argument;
use crate::model::ids::{self, ConversationId};
use crate::store::CONSOLE;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use futures::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest piece of somebody else's text that we repeat in an answer.
const REPEATED_CHARS: usize = 200;

/// Reads a body as one JSON object.
pub(super) async fn json<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let bytes = whole(body, HTTP_BODY_BYTES).await?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        Problem::malformed(format!("The body is not UTF-8: byte {} is not part of any text.", error.valid_up_to()))
    })?;
    let not_json = |error: &serde_json::Error| Problem::malformed(format!("The body is not JSON: {error}."));
    if !text.trim_start().starts_with('{') {
        // A list would be read as the fields in their order, which nobody means.
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
        return Err(Problem::unfit("", "The body is JSON, but not an object."));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => unfit("body", &path, &inner.to_string()),
            _ => not_json(&inner),
        }
    })?;
    reader.end().map_err(|error| Problem::malformed(format!("The body is more than one JSON object: {error}.")))?;
    Ok(value)
}

/// A field that does not fit: named by its path or, if it is missing, by what serde says.
fn unfit(what: &str, path: &str, said: &str) -> Problem {
    let said = clip(said);
    if !matches!(path, "" | "." | "?") {
        let path = clip(path);
        return Problem::unfit(&path, format!("`{path}` does not fit: {said}."));
    }
    let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    Problem::unfit(missing.unwrap_or_default(), format!("The {what} does not fit: {said}."))
}

/// A body of at most so many bytes, as it came.
pub(super) async fn whole(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    tokio::time::timeout(HTTP_BODY_TIME, bytes(body, most)).await.map_err(|_| Problem::too_slow())?
}

async fn bytes(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut discarded = 0_usize;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("The body broke off before its end."))?;
        if discarded > 0 || bytes.len() + chunk.len() > most {
            // A sender that is cut off while it still writes often never sees the answer.
            discarded += chunk.len();
            if discarded > HTTP_DISCARD_BYTES {
                break;
            }
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if discarded > 0 { Err(Problem::too_large(most)) } else { Ok(bytes) }
}

/// A query string with known keys only.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(inner)) => {
                let said = inner.body_text();
                let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(&said);
                let (path, said) = said.split_once(": ").unwrap_or(("", said));
                Err(unfit("query", path, said))
            }
            Err(other) => Err(Problem::malformed(clip(&other.body_text()))),
        }
    }
}

/// A channel as people name it: `#ops`, `ops`, `console:#ops`; the console's first when none is given.
pub(super) async fn channel(web: &WebState, given: Option<&str>) -> Result<ConversationId, Problem> {
    let Some(first) = web.channels.first() else {
        return Err(Problem::unfit("channel", "The console is off: `[chat.console] enabled = false`."));
    };
    let given = given.unwrap_or_default().trim();
    if given.is_empty() {
        let usual = web.channels.iter().find(|name| *name == "#incidents").unwrap_or(first);
        return Ok(ConversationId::new(format!("{CONSOLE}:{usual}")));
    }
    let local = match given.split_once(':') {
        Some((CONSOLE, local)) => local,
        Some((platform, _)) => {
            let platform = clip(platform);
            let detail = format!("Commands given here belong to the console; `{platform}` has its own way in.");
            return Err(Problem::unfit("channel", detail));
        }
        None => given,
    };
    let bare = local.strip_prefix('#').unwrap_or(local);
    if let Some(known) = web.channels.iter().find(|known| known.strip_prefix('#') == Some(bare)) {
        return Ok(ConversationId::new(format!("{CONSOLE}:{known}")));
    }
    let opened = ConversationId::new(format!("{CONSOLE}:#{bare}"));
    let plain = bare.len() <= CONVERSATION_NAME_BYTES && bare.chars().all(|c| c == '-' || c.is_alphanumeric());
    match plain && web.store.conversation(&opened).await?.is_some() {
        true => Ok(opened),
        false => {
            let known = web.channels.join(", ");
            let detail = format!("There is no channel `{}`; there are: {known}.", clip(given));
            Err(Problem::unfit("channel", detail))
        }
    }
}

/// The same for a channel that is to be typed in: not one that was archived.
pub(super) async fn open_channel(web: &WebState, given: Option<&str>) -> Result<ConversationId, Problem> {
    let channel = channel(web, given).await?;
    let configured = web.channels.iter().any(|known| known == channel.local());
    if !configured && web.store.conversation(&channel).await?.is_some_and(|opened| opened.archived) {
        let local = channel.local();
        let detail =
            format!("{local} is archived: it can be read, but nothing is said there any more. Type it in #incidents.");
        return Err(Problem::unfit("channel", detail));
    }
    Ok(channel)
}

/// A text that a person typed: not empty, not endless, nothing in it that no keyboard has.
pub(super) fn typed(field: &str, text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::unfit(field, format!("`{field}` is empty.")));
    }
    if text.len() > COMMAND_BYTES {
        let most = show_bytes(COMMAND_BYTES as u64);
        return Err(Problem::unfit(field, format!("`{field}` has {} bytes; at most {most} are read.", text.len())));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        None => Ok(()),
        Some(c) => {
            let code = u32::from(c);
            Err(Problem::unfit(field, format!("`{field}` holds the control character U+{code:04X}; take it out.")))
        }
    }
}

/// What was entered in a form. Whether the form has such fields, and such values in them, the card knows.
pub(super) fn fields(given: BTreeMap<String, String>) -> Result<Vec<Argument>, Problem> {
    let mut fields = Vec::with_capacity(given.len());
    for (name, value) in given {
        let shown = format!("fields.{}", clip(&name));
        if !value.is_empty() {
            typed(&shown, &value)?;
        }
        typed(&shown, &name)?;
        fields.push(Argument { name, value });
    }
    Ok(fields)
}

/// The caller's own name for this delivery, or a fresh one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else { return Ok(ids::fresh()) };
    let fits = (1..=IDEMPOTENCY_KEY_CHARS).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    match (keys.next(), key.to_str()) {
        (None, Ok(key)) if fits => Ok(key.to_owned()),
        _ => Err(Problem::malformed(format!(
            "`Idempotency-Key` is given once and has 1 to {IDEMPOTENCY_KEY_CHARS} visible ASCII characters."
        ))),
    }
}

/// Seconds to wait, as asked for.
pub(super) fn wait(asked: Option<u64>, usual: Duration) -> Result<Duration, Problem> {
    let wait = asked.map_or(usual, Duration::from_secs);
    if wait > ANSWER_WAIT_MAX {
        let most = ANSWER_WAIT_MAX.as_secs();
        return Err(Problem::unfit("wait", format!("`wait` is a number of seconds, at most {most}.")));
    }
    Ok(wait)
}

/// Somebody else's text, short enough to repeat.
pub(super) fn clip(text: &str) -> String {
    let mut clipped: String = text.chars().take(REPEATED_CHARS).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        text: String,
    }

    fn read(bytes: Vec<u8>) -> Result<Sample, Problem> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(json(Body::from(bytes)))
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_turned_down_with_a_sentence(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(problem) = read(bytes) {
                prop_assert!(matches!(problem.status.as_u16(), 400 | 422));
                prop_assert!(problem.detail.ends_with('.') && problem.detail.len() < 1_000, "{}", problem.detail);
            }
        }

        #[test]
        fn any_json_is_read_or_turned_down_with_a_sentence(key in "\\PC{0,300}", text in any::<String>()) {
            let body = serde_json::json!({key.clone(): text.clone()}).to_string();
            match read(body.into_bytes()) {
                Ok(sample) => prop_assert_eq!((key.as_str(), sample.text), ("text", text)),
                Err(problem) => prop_assert!(problem.detail.ends_with('.') && problem.detail.len() < 1_500),
            }
        }

        #[test]
        fn what_was_typed_is_taken_as_it_is_or_not_at_all(text in any::<String>()) {
            let odd = text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c));
            prop_assert_eq!(typed("text", &text).is_ok(), !odd && !text.trim().is_empty());
        }
    }

    #[test]
    fn a_body_is_cut_off_only_well_beyond_what_is_read() {
        let whole = |len: usize| format!("{{\"text\":\"{}\"}}", "x".repeat(len)).into_bytes();
        assert!(read(whole(HTTP_BODY_BYTES - 100)).is_ok());
        assert_eq!(read(whole(HTTP_BODY_BYTES)).unwrap_err().status.as_u16(), 413);
        assert_eq!(read(whole(HTTP_DISCARD_BYTES * 2)).unwrap_err().status.as_u16(), 413);
    }
}
