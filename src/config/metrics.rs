//! `[metrics]`: a Prometheus (or what answers like one) that expressions are asked of. Without it the probes' own results serve.

use super::mask;
use super::problem::Refusal;
use super::secret::Secret;
use super::section::Section;
use super::tree::Node;
use super::values;
use toml::{Table, Value};
use url::Url;

/// `[metrics]`.
#[derive(Clone, Debug, Default)]
pub struct MetricsSource {
    /// Where it answers, without `/api/v1`. Default: there is none.
    pub prometheus: Option<Url>,
    /// What it wants to see, as a bearer token.
    pub token: Option<Secret>,
}

impl MetricsSource {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let cx = section.cx;
        let prometheus = section.read("prometheus", address);
        let token = section.read("token", |node| Secret::read(cx, node));
        if token.is_some() && !section.has("prometheus") {
            section.refuse("token", Refusal::expected("the address that it is for: prometheus = \"http://…\""));
        }
        section.finish();
        Self { prometheus, token }
    }

    /// The section as it applies.
    pub(super) fn table(&self) -> Value {
        let Self { prometheus, token } = self;
        let url = prometheus.as_ref().map(|url| ("prometheus".to_owned(), mask::credentials(url.as_str()).into()));
        let token = token.as_ref().map(|token| ("token".to_owned(), token.source()));
        Value::Table(url.into_iter().chain(token).collect::<Table>())
    }
}

pub(super) fn address(node: &Node) -> Result<Url, Refusal> {
    let expected = || Refusal::expected("a Prometheus' address, such as \"http://127.0.0.1:9090\"");
    let text = values::text(node)?;
    let url = Url::parse(text).map_err(|_| expected())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(expected().found("an address with a name or password in it").fix("give it as `token`"));
    }
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(expected());
    }
    match url.path().trim_end_matches('/').ends_with("/api/v1") {
        true => Err(expected().fix("leave out /api/v1: it is added")),
        false => Ok(url),
    }
}
