//! The last layer of a stored copy: encrypted to public keys (age), or as it is.

use super::DumpError;
use age::x25519;
use std::io::{self, Write};

/// Writes a copy's last layer.
pub(super) enum Seal<W: Write> {
    /// As it is.
    Open(W),
    /// Encrypted.
    Age(age::stream::StreamWriter<W>),
}

impl<W: Write> Seal<W> {
    /// Encrypts to these keys, if there are any.
    pub(super) fn new(to: W, recipients: &[String]) -> io::Result<Self> {
        if recipients.is_empty() {
            return Ok(Self::Open(to));
        }
        let keys = keys(recipients).map_err(|error| io::Error::other(error.sentence))?;
        let keys = keys.iter().map(|key| key as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(keys).map_err(io::Error::other)?;
        encryptor.wrap_output(to).map(Self::Age)
    }

    /// Writes what ends it; without that it cannot be opened.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Open(to) => Ok(to),
            Self::Age(writer) => writer.finish(),
        }
    }
}

fn keys(recipients: &[String]) -> Result<Vec<x25519::Recipient>, DumpError> {
    let key = |text: &String| {
        text.parse().map_err(|why| DumpError::failed(format!("{text} in artifacts.encrypt_to is no key of age: {why}")))
    };
    recipients.iter().map(key).collect()
}

impl<W: Write> Write for Seal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(to) => to.write(bytes),
            Self::Age(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(to) => to.flush(),
            Self::Age(to) => to.flush(),
        }
    }
}
