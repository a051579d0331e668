//! What everybody shares who speaks to a service on the net by HTTP: reading a bounded answer, how long it asks to be left
//! alone, and what went wrong without the address, which may hold a secret.

use chrono::DateTime;
use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::error::Error;
use std::time::Duration;

/// The first `most` bytes of a body; whoever sends more is not listened to.
///
/// # Errors
/// The connection broke.
pub async fn head_of(mut response: Response, most: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < most
        && let Some(piece) = response.chunk().await?
    {
        body.extend_from_slice(&piece);
    }
    body.truncate(most);
    Ok(body)
}

/// `Retry-After` in seconds, with a fraction or without, or as a date; at most `most`.
pub fn retry_after(headers: &HeaderMap, now_ms: i64, most: Duration) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) => seconds_of(seconds)?,
        Err(_) => {
            let at_ms = DateTime::parse_from_rfc2822(text).ok()?.timestamp_millis();
            Duration::from_millis(u64::try_from(at_ms - now_ms).unwrap_or(0))
        }
    };
    Some(wait.min(most))
}

/// Seconds as somebody else gave them; none if they are none. What is beyond a century is a century.
pub fn seconds_of(seconds: f64) -> Option<Duration> {
    const CENTURY: f64 = 3_155_760_000.0;
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(CENTURY)))
}

/// What went wrong, from the bottom, without the address.
pub fn reason(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", timeout.as_secs());
    }
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    let what = if error.is_connect() { "cannot connect" } else { "the connection broke" };
    match cause {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: Duration = Duration::from_secs(900);

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.extend(text.parse().ok().map(|value| (RETRY_AFTER, value)));
        headers
    }

    #[test]
    fn patience_is_asked_for_in_seconds_or_as_a_date_and_is_bounded() {
        let now_ms = 1_445_412_480_000;
        let asked = |text: &str| retry_after(&headers(text), now_ms, MOST);
        assert_eq!(asked("3"), Some(Duration::from_secs(3)));
        assert_eq!(asked("0.25"), Some(Duration::from_millis(250)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:28:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:27:00 GMT"), Some(Duration::ZERO), "it has passed");
        assert_eq!(asked("99999999"), Some(MOST));
        assert_eq!((asked("soon"), asked("-3"), asked("NaN")), (None, None, None));
    }

    proptest! {
        #[test]
        fn no_retry_after_makes_it_panic(text in "\\PC*|[0-9]{1,30}|[0-9.e]{1,9}|inf", now_ms: i64) {
            let wait = retry_after(&headers(&text), now_ms / 2, MOST);
            prop_assert!(wait.is_none_or(|wait| wait <= MOST));
        }
    }
}
