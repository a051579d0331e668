//! `encrypt_to` and `identity` of `[artifacts]`: to whom backups are encrypted (age), and what opens them on this machine.

use super::limits::RECIPIENTS_MAX;
use super::problem::Refusal;
use super::secret::Secret;
use super::section::{Context, Section};
use super::tree::Node;
use super::values;
use age::x25519;
use toml::Value;

/// To whom backups are encrypted, and what opens them here.
#[derive(Clone, Debug, Default)]
pub struct Encryption {
    /// Public keys, as `age1…`. Default: backups are not encrypted.
    pub encrypt_to: Vec<String>,
    /// What opens them; only where drills and restores run. Default: none, so that this machine cannot read its own backups.
    pub identity: Option<Identity>,
}

/// The private keys of a machine that may read backups. `Debug` shows none.
#[derive(Clone, Debug)]
pub struct Identity(Secret);

impl Identity {
    /// The keys; at least one.
    pub fn keys(&self) -> Vec<x25519::Identity> {
        keys(self.0.expose()).collect()
    }
}

/// The keys in a file as `age-keygen` writes it: a line each, comments between.
fn keys(text: &str) -> impl Iterator<Item = x25519::Identity> {
    text.lines().filter_map(|line| line.trim().parse().ok())
}

impl Encryption {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let cx = section.cx;
        let encrypt_to = section.read_list("encrypt_to", "a list of public keys, each \"age1…\"", recipient);
        let encrypt_to = encrypt_to.unwrap_or_default();
        if encrypt_to.len() > RECIPIENTS_MAX {
            let expected = format!("at most {RECIPIENTS_MAX} keys");
            section.refuse("encrypt_to", Refusal::expected(expected).found(format!("{} of them", encrypt_to.len())));
        }
        let identity = section.read("identity", |node| identity(cx, node));
        Self { encrypt_to, identity }
    }

    /// The two keys as they are written.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let Self { encrypt_to, identity } = self;
        let keys = encrypt_to.iter().cloned().map(Value::String).collect::<Vec<_>>();
        let keys = (!keys.is_empty()).then(|| ("encrypt_to", keys.into()));
        keys.into_iter().chain(identity.as_ref().map(|identity| ("identity", identity.0.source()))).collect()
    }
}

fn recipient(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?.trim();
    let expected = || Refusal::expected("a public key of age, \"age1…\"");
    if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY") {
        let fix = "write the public key beside it (age-keygen -y FILE), and make a new pair: this one was in a file";
        return Err(expected().found("a private key").fix(fix));
    }
    match text.parse::<x25519::Recipient>() {
        Ok(key) => Ok(key.to_string()),
        Err(why) => Err(expected().fix(format!("{why}; age-keygen makes a pair, and prints its public key"))),
    }
}

fn identity(cx: &Context<'_>, node: &Node) -> Result<Identity, Refusal> {
    let secret = Secret::read(cx, node)?;
    let lines = secret.expose().lines().map(str::trim).filter(|line| line.starts_with("AGE-SECRET-KEY-"));
    // The file holds comments too; what must never be shown is each key by itself.
    lines.for_each(|line| cx.note_secret("artifacts.identity", line));
    if keys(secret.expose()).next().is_none() {
        let found = format!("none in {secret}");
        return Err(Refusal::expected("a private key of age, AGE-SECRET-KEY-1…")
            .found(found)
            .fix("age-keygen makes one"));
    }
    Ok(Identity(secret))
}
