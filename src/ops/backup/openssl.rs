//! What `openssl enc -aes-256-cbc` has encrypted with a passphrase, opened as it passes. Such a file says nothing of how its key was made of
//! the passphrase, and has no sum: that the key is another one shows in what comes out, and at the very end. Without salt it says nothing at all.

use super::channel::PIECE;
use super::format::{Format, Wrapping, begin, is_known};
use crate::config::targets::{Adopt, Digest};
use aes::Aes256;
use cbc::Decryptor;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Sha256, Sha512};
use std::io::{self, Chain, Cursor, Read};

/// What every such file with salt begins with; eight bytes of that follow.
pub const MAGIC: &[u8] = b"Salted__";
const SALT: usize = 8;
const BLOCK: usize = 16;
const KEY: usize = 32;

/// A passphrase, and how a key is made of it.
#[derive(Clone)]
pub struct Passphrase {
    secret: SecretString,
    digest: Digest,
    /// Of PBKDF2; 0 is what was done before there was `-pbkdf2`.
    iterations: u32,
    /// Whether files have salt; those that begin as such do in any case.
    salt: bool,
}

impl Passphrase {
    /// The one of `[targets.NAME.adopt]`, if there is one.
    pub fn of(adopt: &Adopt) -> Option<Self> {
        let secret = adopt.passphrase.as_ref()?.expose().into();
        Some(Self { secret, digest: adopt.digest, iterations: adopt.iterations, salt: adopt.salt })
    }

    /// Whether what begins so is to be tried as made without salt: it begins like nothing that is known.
    pub fn is_for(&self, first: &[u8]) -> bool {
        !self.salt && !is_known(first)
    }

    fn key(&self, salt: &[u8]) -> [u8; KEY + BLOCK] {
        let (secret, mut key) = (self.secret.expose_secret().as_bytes(), [0; KEY + BLOCK]);
        match (self.digest, self.iterations) {
            (Digest::Sha256, 0) => stretch::<Sha256>(secret, salt, &mut key),
            (Digest::Sha512, 0) => stretch::<Sha512>(secret, salt, &mut key),
            (Digest::Sha256, rounds) => pbkdf2::pbkdf2_hmac::<Sha256>(secret, salt, rounds, &mut key),
            (Digest::Sha512, rounds) => pbkdf2::pbkdf2_hmac::<Sha512>(secret, salt, rounds, &mut key),
        }
        key
    }
}

/// `EVP_BytesToKey` with one round: each hash is of the one before it, the passphrase and the salt.
fn stretch<D: sha2::Digest>(secret: &[u8], salt: &[u8], key: &mut [u8]) {
    let mut last: Vec<u8> = Vec::new();
    for part in key.chunks_mut(<D as sha2::Digest>::output_size()) {
        last = D::new().chain_update(&last).chain_update(secret).chain_update(salt).finalize().to_vec();
        part.copy_from_slice(&last[..part.len()]);
    }
}

/// What is within. Its last read is an error if it does not end as it should.
pub struct Unsealed<R> {
    from: Chain<Cursor<Vec<u8>>, R>,
    cipher: Decryptor<Aes256>,
    ready: Vec<u8>,
    at: usize,
    /// The last block that was opened: only at the end is known how much of it is padding.
    held: Option<[u8; BLOCK]>,
    ended: bool,
    /// It does not end as it should: told once all that could be opened was read, for its beginning tells another key from damage.
    broken: Option<&'static str>,
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// Begins to open what begins with `MAGIC`, or what was made without salt.
///
/// # Errors
/// It ends before its first block, or cannot be read.
pub fn open<R: Read>(mut from: R, passphrase: &Passphrase) -> io::Result<Unsealed<R>> {
    let mut head = [0; MAGIC.len() + SALT];
    from.read_exact(&mut head)?;
    let salted = passphrase.salt || head.starts_with(MAGIC);
    let (salt, rest): (&[u8], _) = if salted { (&head[MAGIC.len()..], Vec::new()) } else { (&[], head.to_vec()) };
    let (key, from) = (passphrase.key(salt), Cursor::new(rest).chain(from));
    let (mut first, mut iv) = ([0; KEY], [0; BLOCK]);
    first.copy_from_slice(&key[..KEY]);
    iv.copy_from_slice(&key[KEY..]);
    let cipher = Decryptor::new(&first.into(), &iv.into());
    Ok(Unsealed { from, cipher, ready: Vec::new(), at: 0, held: None, ended: false, broken: None })
}

/// Opens, and looks whether the passphrase was the right one, which only what comes out tells: `None` when that is nothing known.
///
/// # Errors
/// It cannot be read, or something known comes out and breaks off.
pub fn tried<R: Read>(from: R, passphrase: &Passphrase) -> io::Result<Option<impl Read>> {
    let mut opened = open(from, passphrase)?;
    let (first, read) = begin(&mut opened);
    match comes_out(&first) {
        true => read.map(|()| Some(Cursor::new(first).chain(opened))),
        false => Ok(None),
    }
}

/// Whether this is what was encrypted, by its beginning: something known, and text only if it is text throughout, since two
/// bytes of nothing in particular are soon two dashes.
pub fn comes_out(first: &[u8]) -> bool {
    let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r');
    let text = Wrapping::of(first) == Wrapping::None && Format::of(first) == Format::Sql;
    is_known(first) && !(text && first.iter().any(control))
}

impl<R: Read> Unsealed<R> {
    fn fill(&mut self) -> io::Result<()> {
        let mut piece = Vec::with_capacity(PIECE);
        let length = self.from.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        piece.truncate(length / BLOCK * BLOCK);
        (self.ready, self.at) = (self.held.take().map(Vec::from).unwrap_or_default(), 0);
        for block in piece.chunks_exact_mut(BLOCK).filter_map(|block| <&mut [u8; BLOCK]>::try_from(block).ok()) {
            self.cipher.decrypt_block_mut(block.into());
        }
        self.ready.extend_from_slice(&piece);
        if length == PIECE {
            self.held = self.ready.last_chunk().copied();
            self.ready.truncate(self.ready.len() - BLOCK);
            return Ok(());
        }
        self.ended = true;
        if !length.is_multiple_of(BLOCK) {
            self.broken = Some("what openssl has encrypted is cut off: it does not end with a whole block");
            return Ok(());
        }
        let padding = usize::from(self.ready.last().copied().unwrap_or_default());
        let from = self.ready.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding));
        match from.filter(|from| self.ready[*from..].iter().all(|byte| usize::from(*byte) == padding)) {
            Some(from) => self.ready.truncate(from),
            None => {
                self.broken = Some("what openssl has encrypted does not end as it should: it was cut off or changed")
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Unsealed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            if let Some(why) = self.broken {
                return Err(wrong(why));
            }
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let length = buf.len().min(self.ready.len() - self.at);
        buf[..length].copy_from_slice(&self.ready[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn passphrase(secret: &str, digest: Digest, iterations: u32) -> Passphrase {
        Passphrase { secret: secret.into(), digest, iterations, salt: true }
    }

    /// As the program itself encrypts it.
    fn sealed(plain: &[u8], options: &[&str]) -> Vec<u8> {
        let fixed = ["enc", "-aes-256-cbc", "-pass", "pass:hunter2"];
        let mut command = Command::new("openssl");
        command.args(fixed).args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (mut stdin, plain) = (child.stdin.take().unwrap(), plain.to_vec());
        let writer = std::thread::spawn(move || stdin.write_all(&plain));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success());
        output.stdout
    }

    fn opened(sealed: &[u8], passphrase: &Passphrase) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        open(sealed, passphrase)?.read_to_end(&mut plain).map(|_| plain)
    }

    #[test]
    fn what_the_program_has_encrypted_is_opened_in_each_of_its_ways() {
        for length in [0, 1, 15, 16, 17, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let plain: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            for (options, digest, iterations) in [
                (&["-pbkdf2"][..], Digest::Sha256, 10_000),
                (&["-pbkdf2", "-iter", "7", "-md", "sha512"], Digest::Sha512, 7),
                (&["-md", "sha256"], Digest::Sha256, 0),
                (&["-md", "sha512"], Digest::Sha512, 0),
            ] {
                let key = passphrase("hunter2", digest, iterations);
                let salted = sealed(&plain, options);
                assert_eq!(opened(&salted, &key).unwrap(), plain, "{options:?}");
                let without = Passphrase { salt: false, ..key };
                assert_eq!(opened(&salted, &without).unwrap(), plain, "one that has salt all the same");
                let bare = sealed(&plain, &[options, &["-nosalt"]].concat());
                assert_eq!(opened(&bare, &without).unwrap(), plain, "{options:?} without salt");
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let plain = vec![b'a'; 1000];
        let (sealed, key) = (sealed(&plain, &["-pbkdf2"]), passphrase("hunter2", Digest::Sha256, 10_000));
        for cut in [sealed.len() - 1, sealed.len() - 16, 16, 12] {
            assert!(opened(&sealed[..cut], &key).is_err(), "{cut}");
        }
    }

    #[test]
    fn damage_is_no_wrong_passphrase_however_small_the_copy_is() {
        let sealed = sealed(b"-- a dump as text, and a short one\n", &["-pbkdf2"]);
        let (right, other) =
            (passphrase("hunter2", Digest::Sha256, 10_000), passphrase("hunter3", Digest::Sha256, 10_000));
        let mut plain = String::new();
        tried(&sealed[..], &right).unwrap().unwrap().read_to_string(&mut plain).unwrap();
        assert_eq!(plain, "-- a dump as text, and a short one\n");
        assert!(tried(&sealed[..sealed.len() - 1], &right).is_err(), "it is cut off");
        assert!(tried(&sealed[..], &other).unwrap().is_none());
    }

    #[test]
    fn what_has_no_salt_is_tried_only_where_that_is_said_and_nothing_known_begins_so() {
        let plain = b"-- a dump as text, and a short one\n";
        let (sealed, salted) = (sealed(plain, &["-pbkdf2", "-nosalt"]), passphrase("hunter2", Digest::Sha256, 10_000));
        let bare = Passphrase { salt: false, ..salted.clone() };
        assert!(bare.is_for(&sealed) && !salted.is_for(&sealed) && !bare.is_for(plain) && !bare.is_for(MAGIC));
        let mut text = Vec::new();
        tried(&sealed[..], &bare).unwrap().unwrap().read_to_end(&mut text).unwrap();
        assert_eq!(text, plain);
        let other = Passphrase { secret: "hunter3".into(), ..bare };
        assert!(tried(&sealed[..], &other).unwrap().is_none());
        assert!(!comes_out(b"--\x01\x8f\xe3 is chance") && comes_out(b"--\n-- PostgreSQL database dump\n"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let whole = [MAGIC, &bytes].concat();
            let _ = opened(&whole, &passphrase("x", Digest::Sha256, 0));
            let _ = opened(&bytes, &Passphrase { salt: false, ..passphrase("x", Digest::Sha256, 0) });
        }
    }
}
