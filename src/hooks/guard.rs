//! Who may send: a token shown in one of three ways, or a signature over the bytes. Compared in constant time.

use super::Turned;
use crate::config::alerts::Source;
use crate::config::secret::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Signatures that are looked at: PagerDuty sends one for each secret while a new one replaces an old.
const SIGNATURES: usize = 8;

/// What a sender shows of itself.
#[derive(Clone, Default)]
pub struct Shown {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// `?token=`.
    pub token: Option<String>,
    /// `X-PagerDuty-Signature` or `Sentry-Hook-Signature`.
    pub signature: Option<String>,
    /// `Idempotency-Key`: the sender's own name for this delivery.
    pub key: Option<String>,
}

impl Shown {
    /// Whether this token is among what is shown.
    pub fn has(&self, wanted: &Secret) -> bool {
        // Digests, so that a difference in length tells nothing either.
        let wanted = Sha256::digest(wanted.expose());
        self.tokens().iter().any(|token| Sha256::digest(token).ct_eq(&wanted).into())
    }

    /// The secrets among what is shown: the bearer's, the password of basic authentication, that of the query.
    fn tokens(&self) -> Vec<String> {
        let mut tokens: Vec<String> = self.token.iter().cloned().collect();
        let header = self.authorization.as_deref().and_then(|text| text.split_once(' '));
        if let Some((scheme, value)) = header {
            let value = value.trim();
            if scheme.eq_ignore_ascii_case("bearer") {
                tokens.push(value.to_owned());
            } else if scheme.eq_ignore_ascii_case("basic") {
                let plain = BASE64_STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                // Whatever the user is called; some senders insist on a name, others leave it empty.
                tokens.extend(plain.and_then(|plain| Some(plain.split_once(':')?.1.to_owned())));
            }
        }
        tokens
    }
}

/// Whether the token is shown that the source asks for.
pub(super) fn token(source: &Source, shown: &Shown) -> Result<(), Turned> {
    let Some(wanted) = &source.token else {
        // Without a token a signature is asked for; one of the two is there, or the configuration would not have been read.
        return match source.secret.is_some() {
            true => Ok(()),
            false => Err(Turned::Stranger("no token is configured".to_owned())),
        };
    };
    if shown.has(wanted) { Ok(()) } else { Err(Turned::Stranger("the token is missing or another".to_owned())) }
}

/// Whether the bytes are signed, if the source asks for that: HMAC-SHA256 in hex, PagerDuty's with `v1=` before it and several
/// by commas.
pub(super) fn signature(source: &Source, shown: &Shown, body: &[u8]) -> Result<(), Turned> {
    let Some(secret) = &source.secret else { return Ok(()) };
    let shown = shown.signature.as_deref().unwrap_or_default();
    let is = shown.split(',').take(SIGNATURES).any(|one| {
        let one = one.trim();
        let one = if source.kind == "pagerduty" { one.strip_prefix("v1=").unwrap_or_default() } else { one };
        let Ok(signature) = hex::decode(one) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return false };
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    });
    if is { Ok(()) } else { Err(Turned::Stranger("the signature is missing or does not hold".to_owned())) }
}
