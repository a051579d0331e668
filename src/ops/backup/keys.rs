//! What may open a copy.

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

impl From<Vec<x25519::Identity>> for Keys {
    fn from(age: Vec<x25519::Identity>) -> Self {
        Self { age, openssl: None }
    }
}
