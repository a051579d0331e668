//! What may open a copy.

use super::format::Wrapping;
use super::openssl::Passphrase;
use age::x25519;

/// The keys of this machine that are tried on one copy.
#[derive(Clone, Default)]
pub struct Keys {
    /// Of what is encrypted with age.
    pub age: Vec<x25519::Identity>,
    /// Of what `openssl enc` made.
    pub openssl: Option<Passphrase>,
}

impl Keys {
    /// How what begins so is wrapped, as far as one can tell: by its beginning, and else by what is said of it where it lies.
    pub fn wrapping(&self, first: &[u8]) -> Wrapping {
        match Wrapping::of(first) {
            Wrapping::None if self.openssl.as_ref().is_some_and(|passphrase| passphrase.is_for(first)) => {
                Wrapping::OpenSsl
            }
            wrapping => wrapping,
        }
    }
}

impl From<Vec<x25519::Identity>> for Keys {
    fn from(age: Vec<x25519::Identity>) -> Self {
        Self { age, openssl: None }
    }
}
