//! `[targets.NAME.adopt]`: where copies lie that something else has made, and what opens them.

use crate::config::limits::ADOPT_ITERATIONS_MAX;
use crate::config::problem::Refusal;
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::tree::Node;
use crate::config::values;

/// What names of our own begin with: nothing of that is adopted.
const OURS: [&str; 3] = ["backups/", "drills/", "."];
/// What `openssl enc -pbkdf2` does unless it is told otherwise.
const ITERATIONS: u32 = 10_000;

/// `[targets.NAME.adopt]`.
#[derive(Clone, Debug)]
pub struct Adopt {
    /// What the names of those objects begin with; it ends with a slash.
    pub prefix: String,
    /// The passphrase of what `openssl enc -aes-256-cbc` has encrypted. Default: nothing of that can be opened.
    pub passphrase: Option<Secret>,
    /// Its `-md`. Default SHA-256, as it is since OpenSSL 1.1.
    pub digest: Digest,
    /// Its `-iter`; 0: it was called without `-pbkdf2`. Default 10000.
    pub iterations: u32,
    /// False: it was called with `-nosalt`, so that nothing in a file says what it is. Default true.
    pub salt: bool,
}

/// What a key is made of a passphrase with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

impl Adopt {
    /// None if the section is not there, or does not say where.
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        if section.is_empty() {
            return None;
        }
        let cx = section.cx;
        let prefix = section.required("prefix", "what their names begin with: prefix = \"old/shop/\"", prefix);
        let passphrase = section.read("passphrase", |node| Secret::read(cx, node));
        let digest = section.read("digest", |node| match values::text(node)? {
            "sha256" => Ok(Digest::Sha256),
            "sha512" => Ok(Digest::Sha512),
            _ => Err(Refusal::expected("\"sha256\" or \"sha512\"")),
        });
        let iterations = section.read("iterations", |node| values::integer(node, 0..=ADOPT_ITERATIONS_MAX));
        let salt = section.read("salt", values::boolean);
        section.finish();
        let iterations = iterations.and_then(|n| u32::try_from(n).ok()).unwrap_or(ITERATIONS);
        let (digest, salt) = (digest.unwrap_or(Digest::Sha256), salt.unwrap_or(true));
        Some(Self { prefix: prefix?, passphrase, digest, iterations, salt })
    }

    /// Whether an object of this name is one of those.
    pub fn covers(&self, object: &str) -> bool {
        object.strip_prefix(&self.prefix).is_some_and(|rest| !rest.is_empty() && !rest.ends_with('/'))
    }
}

fn prefix(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let expected =
        || Refusal::expected("a folder of the artifact store with a slash at its end, such as \"old/shop/\"");
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    match text.strip_suffix('/') {
        Some(path) if path.split('/').all(plain) && !text.chars().any(char::is_control) => {}
        _ => return Err(expected()),
    }
    match OURS.iter().find(|ours| text.starts_with(**ours)) {
        Some(ours) => Err(expected().fix(format!("what begins with {ours} is the bot's own"))),
        None => Ok(text.to_owned()),
    }
}
