//! Who is asking: the operator's shell, a program with a named token, or somebody signed in on the page. Found out once a
//! request, by `access`; handlers get it as `Caller`.

use super::error::Problem;
use super::state::{Web, WebState};
use crate::config::limits::USE_NOTED_EVERY;
use crate::model::event::Person;
use crate::model::ids::{DeliveryId, PersonId};
use crate::signin::{self, TOKEN_PREFIX};
use crate::store::{StoreError, Token};
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use axum::http::request::Parts;
use axum::http::{Extensions, Method};
use std::net::{IpAddr, Ipv4Addr};
use url::Url;

/// What tells a client how to identify itself.
pub(super) const CHALLENGE: &str = "Bearer realm=\"drillbell\"";
const BAD_TOKEN: &str = "Bearer realm=\"drillbell\", error=\"invalid_token\"";
/// The name of the local token, which nobody can give to one of theirs.
pub(super) const LOCAL: &str = "local";

/// Who is asking.
#[derive(Clone)]
pub(super) struct Caller {
    /// Who it is, before any `as`.
    pub(super) person: Person,
    /// How we know.
    pub(super) via: Via,
}

/// How we know who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// The local token, which lies beside the data: the operator.
    Local,
    /// A named token.
    Token(Token),
    /// A session.
    Session {
        /// Its cookie's token.
        token: String,
        /// Who vouched for the name when the link was asked for, where nothing better did.
        asserted_by: Option<String>,
    },
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
        match parts.extensions.get::<Self>() {
            Some(caller) => Ok(caller.clone()),
            None => Self::identify(parts, web).await,
        }
    }
}

impl Caller {
    /// Finds out who sent this.
    pub(super) async fn identify(parts: &Parts, web: &Web) -> Result<Self, Problem> {
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            return match header.to_str().ok().and_then(|text| text.split_once(' ')) {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => bearer(web, token.trim()).await,
                _ => Err(Problem::unauthorized("Write the token as `Authorization: Bearer TOKEN`.", BAD_TOKEN)),
            };
        }
        let nobody = || {
            let detail = "Send an API token as `Authorization: Bearer TOKEN`, or sign in on the page.";
            Problem::unauthorized(detail, CHALLENGE)
        };
        let token = session_cookie(&parts.headers, web).ok_or_else(nobody)?;
        let session = web.store.session(&token).await?.ok_or_else(nobody)?;
        if parts.method != Method::GET && parts.method != Method::HEAD && !from_own_page(&parts.headers, web) {
            return Err(Problem::forbidden("A session may change something only from the bot's own page."));
        }
        if is_due(web, Some(session.seen_ms)) {
            noted(web.store.touch_session(token.clone()).await);
        }
        let via = Via::Session { token, asserted_by: session.asserted_by };
        Ok(Self { person: Person { id: session.person, name: session.name }, via })
    }

    /// In whose name this is done: `user`, a console login, if one is given.
    pub(super) fn acting(&self, web: &WebState, user: Option<&str>) -> Result<Person, Problem> {
        let Some(user) = user else { return Ok(self.person.clone()) };
        if self.via != Via::Local {
            let detail = "Only the holder of the local API token may act for others: leave out `as`.";
            return Err(Problem::forbidden(detail));
        }
        let plain = user.strip_prefix("console:").unwrap_or(user);
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if plain.is_empty() || plain.len() > 40 || !plain.chars().all(fits) {
            let detail = "`as` is a console login such as `ana`: at most 40 lower-case letters, digits, - _ .";
            return Err(Problem::unfit("as", detail));
        }
        Ok(console_user(web, plain))
    }

    /// Who vouches for the name: nobody whom a chat platform let sign in needs that, but a token says any name.
    pub(super) fn asserted_by(&self) -> Option<String> {
        match &self.via {
            Via::Local => Some("local token".to_owned()),
            Via::Token(token) => Some(format!("token {}", token.name)),
            Via::Session { asserted_by, .. } => asserted_by.clone(),
        }
    }

    /// Whether this is the operator: whoever can read the file beside the data.
    pub(super) fn must_be_operator(&self, what: &str) -> Result<(), Problem> {
        if self.via == Via::Local {
            return Ok(());
        }
        let detail = format!("{what} is for the operator, on the bot's own machine: use `drillbell token`.");
        Err(Problem::forbidden(detail))
    }

    /// Whether this caller is still known; what goes on for long asks now and then. A database that does not answer ends
    /// nothing.
    pub(super) async fn lasts(&self, web: &WebState) -> bool {
        match &self.via {
            Via::Local => true,
            Via::Session { token, .. } => web.store.session(token).await.map_or(true, |session| session.is_some()),
            Via::Token(token) => web.store.live_token(&token.id).await.map_or(true, |token| token.is_some()),
        }
    }

    /// What all delivery ids of this caller begin with. Nobody else's do, so that a key neither meets nor reveals another
    /// caller's answer. A token is known by its id: a name may be given away again.
    pub(super) fn namespace(&self) -> String {
        match &self.via {
            Via::Local => format!("api/{LOCAL}/"),
            Via::Token(token) => format!("api/{}/", token.id),
            Via::Session { .. } => format!("web/{}/", self.person.id),
        }
    }

    /// The delivery id of a key of this caller's.
    pub(super) fn delivery(&self, key: &str) -> DeliveryId {
        DeliveryId::new(self.namespace() + key)
    }
}

/// The holder of a token. Unknown ones are not counted against their address: 256 bits cannot be guessed, and a count would
/// let one bad client behind a proxy lock all the others out.
async fn bearer(web: &Web, token: &str) -> Result<Caller, Problem> {
    if web.api_token.is(token) {
        return Ok(Caller { person: console_user(web, LOCAL), via: Via::Local });
    }
    let unknown = || Problem::unauthorized("This token is not known, was revoked, or has run out.", BAD_TOKEN);
    if !token.starts_with(TOKEN_PREFIX) || token.len() > 128 {
        return Err(unknown());
    }
    let token = web.store.token(token).await?.ok_or_else(unknown)?;
    if is_due(web, token.used_ms) {
        noted(web.store.touch_token(token.id.clone()).await);
    }
    Ok(Caller { person: signin::token_caller(&token.name), via: Via::Token(token) })
}

fn is_due(web: &WebState, last_ms: Option<i64>) -> bool {
    last_ms.is_none_or(|last_ms| web.clock.now_ms() - last_ms >= signin::millis(USE_NOTED_EVERY))
}

/// That a use was not noted is no reason to turn anybody away.
fn noted(written: Result<(), StoreError>) {
    if let Err(error) = written {
        tracing::warn!(error = %error, "when a token or session was last used could not be written down");
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
