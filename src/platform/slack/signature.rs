//! Whether a request is Slack's: an HMAC over its time and its raw bytes, compared in constant time, not older or newer than five
//! minutes. <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use crate::config::limits::SLACK_SIGNATURE_AGE_S;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The header with the time, in seconds.
pub(super) const TIMESTAMP: &str = "x-slack-request-timestamp";
/// The header with the signature: `v0=` and hexadecimal digits.
pub(super) const SIGNATURE: &str = "x-slack-signature";

/// Why a request is not taken. What is said to the sender is the same for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Forged {
    /// A header is missing or is none.
    #[error("it is not signed")]
    Unsigned,
    /// Too old, or from the future: a replay, or a clock that is wrong.
    #[error("its time is more than five minutes off; if Slack sent it, a clock is wrong")]
    Stale,
    /// Another secret, or other bytes.
    #[error("its signature is wrong; if Slack sent it, look at chat.slack.signing_secret")]
    Wrong,
}

/// Checks a request: its two headers and its body as it came.
pub(super) fn verify(
    secret: &str,
    now_ms: i64,
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
) -> Result<(), Forged> {
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return Err(Forged::Unsigned) };
    // Digits only: `+5` and ` 5` are the same number, but other signed bytes.
    let digits = !timestamp.is_empty() && timestamp.len() <= 12 && timestamp.bytes().all(|b| b.is_ascii_digit());
    let at_s: i64 =
        if digits { timestamp.parse().map_err(|_| Forged::Unsigned)? } else { return Err(Forged::Unsigned) };
    let given = signature.strip_prefix("v0=").and_then(|digits| hex::decode(digits).ok()).ok_or(Forged::Unsigned)?;
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return Err(Forged::Wrong) };
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    // In constant time, and before the time is looked at, so that a stranger learns nothing from either.
    mac.verify_slice(&given).map_err(|_| Forged::Wrong)?;
    match now_ms.div_euclid(1000).abs_diff(at_s) <= SLACK_SIGNATURE_AGE_S.unsigned_abs() {
        true => Ok(()),
        false => Err(Forged::Stale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The example of Slack's own page.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const AT: &str = "1531420618";
    const BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNED: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn at(now_s: i64, timestamp: Option<&str>, signature: Option<&str>, body: &[u8]) -> Result<(), Forged> {
        verify(SECRET, now_s * 1000, timestamp, signature, body)
    }

    #[test]
    fn slacks_own_example_is_taken_within_five_minutes_and_not_after() {
        let now = |now_s| at(now_s, Some(AT), Some(SIGNED), BODY);
        assert_eq!(now(1_531_420_618), Ok(()));
        assert_eq!((now(1_531_420_618 + 300), now(1_531_420_618 - 300)), (Ok(()), Ok(())));
        assert_eq!((now(1_531_420_618 + 301), now(1_531_420_618 - 301)), (Err(Forged::Stale), Err(Forged::Stale)));
    }

    #[test]
    fn what_is_not_signed_or_signed_otherwise_is_not_taken() {
        let now = 1_531_420_618;
        assert_eq!(at(now, None, Some(SIGNED), BODY), Err(Forged::Unsigned));
        assert_eq!(at(now, Some(AT), None, BODY), Err(Forged::Unsigned));
        assert_eq!(at(now, Some(AT), Some(&SIGNED[3..]), BODY), Err(Forged::Unsigned));
        for timestamp in ["", "+1531420618", "99999999999999999999", "soon", " 1531420618"] {
            assert_eq!(at(now, Some(timestamp), Some(SIGNED), BODY), Err(Forged::Unsigned), "{timestamp}");
        }
        assert_eq!(at(now, Some("1531420619"), Some(SIGNED), BODY), Err(Forged::Wrong), "another time");
        assert_eq!(at(now, Some(AT), Some(SIGNED), &BODY[1..]), Err(Forged::Wrong), "another body");
        assert_eq!(verify("other", now * 1000, Some(AT), Some(SIGNED), BODY), Err(Forged::Wrong));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(timestamp in "\\PC{0,20}|[0-9]{0,20}", signature in "\\PC{0,80}|v0=[0-9a-f]{0,70}", now_ms: i64) {
            prop_assert!(verify(SECRET, now_ms / 2, Some(&timestamp), Some(&signature), BODY).is_err());
        }
    }
}
