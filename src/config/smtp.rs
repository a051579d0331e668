//! `[smtp]`: the server that sends the bot's e-mail.

use super::notify;
use super::problem::{Refusal, did_you_mean};
use super::secret::Secret;
use super::section::Section;
use super::tree::Node;
use super::values;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `[smtp]`.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// The server's name, which its certificate must be for. Required.
    pub host: String,
    /// Default 587 with `starttls`, 465 with `tls`, 25 with `none`.
    pub port: u16,
    /// How the connection is kept private. Default `starttls`.
    pub tls: Tls,
    /// `none` to another machine was meant. Default `false`.
    pub plaintext: bool,
    /// A certificate authority (PEM) besides the public ones. Default: none.
    pub ca: Option<PathBuf>,
    /// Who signs in, with which password. Default: nobody does.
    pub login: Option<(String, Secret)>,
    /// Whom it is from: `Drillbell <drillbell@example.org>`. Required.
    pub from: String,
    /// How long one mail may take. Default 20 s.
    pub timeout: Duration,
}

/// How an SMTP connection is kept private; the certificate is checked in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// It begins in the open and is turned private before anything is said; a server that cannot is not used.
    Starttls,
    /// Private from its first byte.
    Tls,
    /// Not at all.
    None,
}

impl Tls {
    const ALL: [(&'static str, Self); 3] = [("starttls", Self::Starttls), ("tls", Self::Tls), ("none", Self::None)];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }

    fn usual_port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

impl Smtp {
    /// `None` when there is no such section, or when it cannot be used.
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        if section.is_empty() {
            return None;
        }
        let cx = section.cx;
        let host = section.required("host", "the server's name, such as \"smtp.example.org\"", host);
        let tls = section.read("tls", tls).unwrap_or(Tls::Starttls);
        let port = section.read("port", |node| values::integer(node, 1..=65_535));
        let plaintext = section.read("plaintext", values::boolean).unwrap_or(false);
        let ca = section.read("ca", |node| Ok(cx.resolve(values::text(node)?)));
        let user = section.read("user", |node| Ok(values::text(node)?.to_owned()));
        let password = section.read("password", |node| Secret::read(cx, node));
        let from = section.required("from", "whom mail is from, such as \"Drillbell <drillbell@example.org>\"", sender);
        if user.is_some() && section.node("password").is_none() {
            section.refuse("user", Refusal::expected("a `password` with it"));
        }
        if section.node("user").is_none() {
            section.refuse("password", Refusal::expected("a `user` with it"));
        }
        if let (Tls::None, Some(host), false) = (tls, &host, plaintext)
            && !is_loopback(host)
        {
            let expected = "\"starttls\" or \"tls\": without, whoever is on the way reads pages and password";
            let fix = "if that is how it must be, write plaintext = true";
            section.refuse("tls", Refusal::expected(expected).fix(fix));
        }
        let timeout = notify::timeout(&mut section);
        section.finish();
        let port = port.and_then(|n| u16::try_from(n).ok()).unwrap_or_else(|| tls.usual_port());
        let login = user.zip(password);
        Some(Self { host: host?, port, tls, plaintext, ca, login, from: from?, timeout })
    }
}

fn host(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    match text.len() <= 253 && text.chars().all(plain) {
        true => Ok(text.to_lowercase()),
        false => Err(Refusal::expected("a server's name without a scheme, such as \"smtp.example.org\"")),
    }
}

fn tls(node: &Node) -> Result<Tls, Refusal> {
    let text = values::text(node)?;
    let known = Tls::ALL.into_iter().find(|(word, _)| *word == text).map(|(_, tls)| tls);
    let words = Tls::ALL.map(|(word, _)| word);
    known.ok_or_else(|| Refusal::expected(format!("one of {}", words.join(", "))).maybe_fix(did_you_mean(text, words)))
}

fn sender(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => notify::address(node),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
