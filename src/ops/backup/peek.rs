//! What an object that somebody else has stored seems to be, by its beginning: enough to say whether it can be a copy, and nothing about
//! whether it is whole.

use super::format::{Format, Wrapping, begin};
use super::keys::Keys;
use super::openssl;
use std::io::{Cursor, Read};

/// What an object seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peeked {
    /// What is within.
    pub format: Format,
    /// `gzip`, `zstd` or `none`.
    pub compression: &'static str,
    /// It is encrypted.
    pub encrypted: bool,
}

/// The first bytes, as many as there are: an object may break off here only because its beginning is all that was fetched.
fn first(from: &mut dyn Read) -> Vec<u8> {
    begin(from).0
}

/// Looks at the beginning of an object, `PEEK_BYTES` of it if it has as many.
///
/// # Errors
/// It cannot be opened, as the end of a sentence.
pub fn peek(stored: &[u8], keys: &Keys) -> Result<Peeked, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("it cannot be opened: {error}");
    let outside = keys.wrapping(stored);
    let (encrypted, mut packed): (bool, Box<dyn Read + '_>) = match outside {
        Wrapping::Age if keys.age.is_empty() => {
            return Err("it is encrypted with age, and this machine has no key (artifacts.identity)".to_owned());
        }
        Wrapping::Age => {
            let identities = keys.age.iter().map(|key| key as &dyn age::Identity);
            let opened = age::Decryptor::new(stored).and_then(|opened| opened.decrypt(identities));
            (true, Box::new(opened.map_err(|error| cannot(&error))?))
        }
        Wrapping::OpenSsl => {
            let Some(passphrase) = &keys.openssl else {
                return Err("it is encrypted with openssl, and the target's `adopt` has no passphrase".to_owned());
            };
            (true, Box::new(openssl::open(stored, passphrase).map_err(|error| cannot(&error))?))
        }
        Wrapping::Zstd | Wrapping::Gzip | Wrapping::None => (false, Box::new(stored)),
    };
    let beginning = first(&mut packed);
    if outside == Wrapping::OpenSsl && !openssl::comes_out(&beginning) {
        let salted = "nothing known comes out: the passphrase is another one, or `digest` and `iterations` are";
        let bare = "it begins like nothing that is known, and nothing known comes out of it with the passphrase and without salt";
        return Err(if stored.starts_with(openssl::MAGIC) { salted } else { bare }.to_owned());
    }
    let wrapping = Wrapping::of(&beginning);
    let rest = Cursor::new(beginning).chain(packed);
    let (compression, plain) = match wrapping {
        Wrapping::Gzip => ("gzip", first(&mut flate2::read::MultiGzDecoder::new(rest))),
        Wrapping::Zstd => ("zstd", first(&mut zstd::stream::Decoder::new(rest).map_err(|error| cannot(&error))?)),
        Wrapping::None => ("none", first(&mut { rest })),
        Wrapping::Age | Wrapping::OpenSsl => return Err("it is encrypted twice".to_owned()),
    };
    Ok(Peeked { format: Format::of(&plain), compression, encrypted })
}
