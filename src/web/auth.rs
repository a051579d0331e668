//! Who is asking: the holder of the API token, or somebody signed in on the page. Asked by every handler that is not for
//! everybody, through `Caller`.

use super::error::Problem;
use super::state::{Web, WebState};
use crate::model::event::Person;
use crate::model::ids::{DeliveryId, PersonId};
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use axum::http::request::Parts;
use axum::http::{Extensions, Method};
use std::net::{IpAddr, Ipv4Addr};
use url::Url;

const CHALLENGE: &str = "Bearer realm=\"drillbell\"";
const BAD_TOKEN: &str = "Bearer realm=\"drillbell\", error=\"invalid_token\"";

/// Who is asking.
pub(super) struct Caller {
    /// Who it is, before any `as`.
    pub(super) person: Person,
    /// How we know.
    pub(super) via: Via,
}

/// How we know who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// The API token of that name.
    Token(&'static str),
    /// A session's cookie, by its token.
    Session(String),
}

/// The address at the other end of the connection; put there by `serve`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

impl Peer {
    pub(super) fn of(extensions: &Extensions) -> IpAddr {
        extensions.get::<Self>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0)
    }
}

impl FromRequestParts<Web> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let token = header.to_str().ok().and_then(|text| text.split_once(' '));
            return match token {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && web.api_token.is(token.trim()) => {
                    let name = web.api_token.name;
                    Ok(Self { person: console_user(web, name), via: Via::Token(name) })
                }
                Some((scheme, _)) if scheme.eq_ignore_ascii_case("bearer") => {
                    Err(Problem::unauthorized("This token is not known.", BAD_TOKEN))
                }
                _ => Err(Problem::unauthorized("Write the token as `Authorization: Bearer TOKEN`.", BAD_TOKEN)),
            };
        }
        let nobody = || {
            let detail = "Send the API token as `Authorization: Bearer TOKEN`, or sign in on the page.";
            Problem::unauthorized(detail, CHALLENGE)
        };
        let token = session_cookie(&parts.headers, web).ok_or_else(nobody)?;
        let person = web.store.session(&token).await?.ok_or_else(nobody)?;
        if parts.method != Method::GET && parts.method != Method::HEAD && !from_own_page(&parts.headers, web) {
            return Err(Problem::forbidden("A session may change something only from the bot's own page."));
        }
        Ok(Self { person, via: Via::Session(token) })
    }
}

impl Caller {
    /// In whose name this is done: `user`, a console login, if one is given.
    pub(super) fn acting(&self, web: &WebState, user: Option<&str>) -> Result<Person, Problem> {
        let Some(user) = user else { return Ok(self.person.clone()) };
        if !matches!(self.via, Via::Token(_)) {
            return Err(Problem::forbidden("Only the holder of the API token may act for others: leave out `as`."));
        }
        let plain = user.strip_prefix("console:").unwrap_or(user);
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if plain.is_empty() || plain.len() > 40 || !plain.chars().all(fits) {
            let detail = "`as` is a console login such as `ana`: at most 40 lower-case letters, digits, - _ .";
            return Err(Problem::unfit("as", detail));
        }
        Ok(console_user(web, plain))
    }

    /// Who vouches for the name: nobody who signed in needs that, but a token says any name.
    pub(super) fn asserted_by(&self) -> Option<String> {
        match &self.via {
            Via::Token(name) => Some(format!("{name} token")),
            Via::Session(_) => None,
        }
    }

    /// What all delivery ids of this caller begin with. Nobody else's do, so that a key neither meets nor reveals another
    /// caller's answer.
    pub(super) fn namespace(&self) -> String {
        match &self.via {
            Via::Token(name) => format!("api/{name}/"),
            Via::Session(_) => format!("web/{}/", self.person.id),
        }
    }

    /// The delivery id of a key of this caller's.
    pub(super) fn delivery(&self, key: &str) -> DeliveryId {
        DeliveryId::new(self.namespace() + key)
    }
}

/// A console user as a person.
fn console_user(web: &WebState, user: &str) -> Person {
    let id: PersonId = web.people.resolve("console", user);
    let name = match web.people.0.contains_key(id.as_str()) {
        true => web.people.display(&id).to_owned(),
        false => user.to_owned(),
    };
    Person { id, name }
}

/// The name of the session's cookie. The prefix has browsers refuse it from anybody but this very host, over TLS.
pub(super) fn cookie_name(web: &WebState) -> &'static str {
    if over_tls(web) { "__Host-drillbell" } else { "drillbell_session" }
}

/// Whether people reach the bot over TLS.
pub(super) fn over_tls(web: &WebState) -> bool {
    web.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

/// The session token that a browser sent.
pub(super) fn session_cookie(headers: &HeaderMap, web: &WebState) -> Option<String> {
    let name = cookie_name(web);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, value)| *key == name && value.len() <= 128).map(|(_, value)| value.to_owned())
}

/// Whether a browser says that one of our own pages sent this. All of today's browsers send `Origin` with what changes
/// something.
pub(super) fn from_own_page(headers: &HeaderMap, web: &WebState) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let Some(origin) = text(ORIGIN).and_then(|origin| Url::parse(origin).ok()) else { return false };
    let public = web.public_url.as_deref().and_then(|url| Url::parse(url).ok());
    let host = text(HOST).and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    [public, host].into_iter().flatten().any(|own| own.origin() == origin.origin() && origin.origin().is_tuple())
}
