//! Filling a request's places: percent-encoded into path and query, never into the host; no value can begin a new header,
//! path segment or parameter.

use super::{Call, Method};
use crate::config::commands::Kind;
use crate::config::limits::{HTTP_STEP_BODY_BYTES, HTTP_STEP_VALUE_BYTES};
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// A value for a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// Any text without control characters.
    Text(String),
    /// A text that must be of a type: `word`, `int`, `host` or `version`.
    #[serde(rename_all = "snake_case")]
    Typed {
        /// The text.
        value: String,
        /// Its type.
        #[serde(rename = "type")]
        kind: Type,
    },
}

/// The types of places in requests; their grammars are those of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    Word,
    Int,
    Host,
    Version,
}

/// A header's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HeaderText {
    /// As it is; `{name}` stands for a value.
    Text(String),
    /// A secret with something before it, such as `Bearer `.
    Secret {
        /// The handle.
        secret: String,
        /// What comes before it.
        #[serde(default)]
        prefix: String,
    },
}

/// A request ready to be sent. Holds secrets.
#[derive(Clone)]
pub struct Prepared {
    pub(super) method: Method,
    pub(super) url: Url,
    /// With whether it is a credential.
    pub(super) headers: Vec<(HeaderName, HeaderValue, bool)>,
    pub(super) body: Option<String>,
    /// There is a secret in the body.
    pub(super) secret_body: bool,
    /// Where its answer leads is followed.
    pub(super) follow: bool,
}

/// Headers that are ours, or that would make one request two.
const RESERVED: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "idempotency-key",
];
/// Headers that are credentials whoever gives them.
const CREDENTIALS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];

impl Given {
    /// The text with its places filled, if it is of its type.
    fn filled(&self, values: &BTreeMap<String, String>) -> Result<String, String> {
        match self {
            Self::Text(text) => fill(text, values),
            Self::Typed { value, kind } => {
                let kind = match kind {
                    Type::Word => Kind::Word(HTTP_STEP_VALUE_BYTES),
                    Type::Int => Kind::Int(i64::MIN, i64::MAX),
                    Type::Host => Kind::Host,
                    Type::Version => Kind::Version,
                };
                let value = fill(value, values)?;
                kind.accept(&value).map_err(|bad| bad.to_string())
            }
        }
    }
}

impl Call {
    /// The URL with every place filled by a harmless word: for looking at its origin.
    ///
    /// # Errors
    /// It is no URL that can be asked; the sentence says why.
    pub fn sample_url(&self) -> Result<Url, String> {
        url(&self.url, |_| Ok("x".to_owned()))
    }

    /// The handles of all secrets that it names.
    pub fn handles(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for header in self.headers.values() {
            if let HeaderText::Secret { secret, .. } = header {
                found.push(secret);
            }
        }
        if let Some(body) = &self.body {
            body_handles(body, &mut found);
        }
        found
    }

    /// The names of all places that no argument of its own fills.
    pub fn places(&self) -> Vec<String> {
        let mut texts: Vec<&str> = vec![&self.url];
        texts.extend(self.headers.values().filter_map(|header| match header {
            HeaderText::Text(text) => Some(text.as_str()),
            HeaderText::Secret { .. } => None,
        }));
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        if self.body.is_some() {
            texts.push(&body);
        }
        let own = texts.into_iter().flat_map(places).filter(|place| !self.args.contains_key(place));
        let given = self.args.values().flat_map(|given| match given {
            Given::Text(text) | Given::Typed { value: text, .. } => places(text),
        });
        own.chain(given).collect()
    }

    /// The request with its places filled.
    ///
    /// # Errors
    /// A value does not fit where it is to stand, or a secret is not there; the sentence never shows a secret.
    pub fn prepare(
        &self,
        values: &BTreeMap<String, String>,
        secret: &dyn Fn(&str) -> Option<SecretString>,
    ) -> Result<Prepared, String> {
        let mut all = values.clone();
        for (name, given) in &self.args {
            let value = given.filled(values).map_err(|why| format!("`{name}`: {why}"))?;
            all.insert(name.clone(), value);
        }
        for (name, value) in &all {
            // What a secret looks like is not told.
            if value.len() > HTTP_STEP_VALUE_BYTES {
                return Err(format!("the value of `{name}` is longer than {HTTP_STEP_VALUE_BYTES} bytes"));
            }
        }
        let url = url(&self.url, |place| all.get(place).cloned().ok_or_else(|| missing(place)))?;
        let mut headers = Vec::new();
        for (name, text) in &self.headers {
            headers.push(header(name, text, &all, secret)?);
        }
        let mut secret_body = false;
        let body = match &self.body {
            None => None,
            Some(_) if !self.method.writes() => return Err("a GET or HEAD request has no body".to_owned()),
            Some(body) => {
                let body = filled_body(body, &all, secret, &mut secret_body)?.to_string();
                if body.len() > HTTP_STEP_BODY_BYTES {
                    return Err(format!("the body is longer than {HTTP_STEP_BODY_BYTES} bytes"));
                }
                Some(body)
            }
        };
        Ok(Prepared { method: self.method, url, headers, body, secret_body, follow: self.expect.redirect.is_none() })
    }
}

fn missing(place: &str) -> String {
    format!("nothing is given for the place {{{place}}}")
}

fn header(
    name: &str,
    text: &HeaderText,
    values: &BTreeMap<String, String>,
    secret: &dyn Fn(&str) -> Option<SecretString>,
) -> Result<(HeaderName, HeaderValue, bool), String> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header's name"))?;
    if RESERVED.contains(&parsed.as_str()) {
        return Err(format!("the header {parsed} is set by the bot itself"));
    }
    let (text, is_secret) = match text {
        HeaderText::Text(text) => (fill(text, values)?, false),
        HeaderText::Secret { secret: handle, prefix } => {
            let value = secret(handle).ok_or_else(|| format!("there is no secret `{handle}` under [secrets]"))?;
            (format!("{prefix}{}", value.expose_secret()), true)
        }
    };
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| format!("the value of the header {parsed} has control characters or a line break"))?;
    value.set_sensitive(is_secret);
    let credential = is_secret || CREDENTIALS.contains(&parsed.as_str());
    Ok((parsed, value, credential))
}

/// The places of a text, `{name}`; braces around anything else are text.
pub(in crate::ops) fn places(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let _ = replace(text, &mut |place| {
        found.push(place.to_owned());
        Ok(String::new())
    });
    found
}

/// The text with its places filled.
pub(in crate::ops) fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    replace(text, &mut |place| values.get(place).cloned().ok_or_else(|| missing(place)))
}

fn replace(text: &str, with: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<String, String> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let name = rest[1..].split_once('}').map(|(name, _)| name).filter(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        });
        match name {
            Some(name) => {
                out.push_str(&with(name)?);
                rest = &rest[name.len() + 2..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// A URL with its places filled; there is none in scheme, host and port.
fn url(template: &str, mut value: impl FnMut(&str) -> Result<String, String>) -> Result<Url, String> {
    let (scheme, rest) = template.split_once("://").ok_or("a URL begins with https:// or http://")?;
    let authority = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    if !matches!(scheme, "https" | "http") {
        return Err("a URL begins with https:// or http://".to_owned());
    }
    if rest[..authority].contains(['{', '}', '@']) {
        return Err("a URL has places in its path and query only, and no user or password".to_owned());
    }
    let filled = replace(&rest[authority..], &mut |place| {
        let value = value(place)?;
        if value == "." || value == ".." || value.is_empty() || value.contains(char::is_control) {
            return Err(format!(
                "the value of `{place}` cannot stand in a URL: it is empty, dots, or has control characters"
            ));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        Ok(value.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect())
    })?;
    let url = Url::parse(&format!("{scheme}://{}{filled}", &rest[..authority]));
    let url = url.map_err(|error| format!("this is no URL: {error}"))?;
    if url.host().is_none() || url.fragment().is_some() {
        return Err("a URL has a host and no `#`".to_owned());
    }
    Ok(url)
}

fn body_handles<'a>(body: &'a Value, found: &mut Vec<&'a str>) {
    match body {
        Value::Object(fields) => {
            found.extend(secret_of(body));
            fields.values().for_each(|value| body_handles(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| body_handles(item, found)),
        _ => {}
    }
}

/// The handle of `{"$secret": "handle"}`.
fn secret_of(body: &Value) -> Option<&str> {
    let fields = body.as_object()?;
    (fields.len() == 1).then(|| fields.get("$secret")?.as_str())?
}

fn filled_body(
    body: &Value,
    values: &BTreeMap<String, String>,
    secret: &dyn Fn(&str) -> Option<SecretString>,
    is_secret: &mut bool,
) -> Result<Value, String> {
    if let Some(handle) = secret_of(body) {
        *is_secret = true;
        let value = secret(handle).ok_or_else(|| format!("there is no secret `{handle}` under [secrets]"))?;
        return Ok(value.expose_secret().into());
    }
    Ok(match body {
        Value::String(text) => fill(text, values)?.into(),
        Value::Array(items) => {
            let items = items.iter().map(|item| filled_body(item, values, secret, is_secret));
            items.collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Object(fields) => {
            let mut filled = serde_json::Map::new();
            for (name, value) in fields {
                filled.insert(name.clone(), filled_body(value, values, secret, is_secret)?);
            }
            filled.into()
        }
        other => other.clone(),
    })
}
