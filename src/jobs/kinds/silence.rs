//! The kind `silence`: makes or ends a silence in the Alertmanager that a source names, by its API v2. Which Alertmanager that
//! is stands in the configuration; a job only names the source. Run again it finds what it made before.
//! <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>

use crate::clock::{Clock, rfc3339};
use crate::config::alerts::{Alerts, Source};
use crate::config::limits::alerts::{SILENCE_REQUEST_TIME, SILENCES_BYTES};
use crate::jobs::{JobContext, JobError, Kind, KindCx};
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Labels that a silence may name.
const MATCHERS: usize = 20;
/// Bytes of a text in the spec.
const TEXT_BYTES: usize = 2_000;

/// Makes and ends silences.
pub struct SilenceKind {
    alerts: Alerts,
    clock: Clock,
}

/// What a job is to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "action", rename_all = "lowercase")]
enum Spec {
    Create {
        source: String,
        group: String,
        labels: BTreeMap<String, String>,
        until_ms: i64,
        by: String,
        reason: String,
        /// What the plugin calls this silence, so that it knows which one has been made; told with the job's end.
        #[serde(default)]
        nonce: String,
    },
    Expire {
        source: String,
        group: String,
        silence: String,
    },
}

impl Spec {
    fn read(spec: &Value) -> Result<Self, String> {
        let spec: Self =
            serde_json::from_value(spec.clone()).map_err(|error| format!("the spec does not fit: {error}"))?;
        if let Self::Create { labels, by, reason, nonce, .. } = &spec {
            if labels.is_empty() || labels.len() > MATCHERS || labels.values().all(String::is_empty) {
                return Err(format!("`labels` has 1 to {MATCHERS} labels, and a value for one of them at least"));
            }
            if [by, reason, nonce].into_iter().any(|text| text.len() > TEXT_BYTES) {
                return Err(format!("`by`, `reason` and `nonce` have at most {TEXT_BYTES} bytes"));
            }
        }
        if let Self::Expire { silence, .. } = &spec
            && !silence.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            return Err("`silence` is an id of letters, digits and -".to_owned());
        }
        Ok(spec)
    }

    fn source(&self) -> &str {
        match self {
            Self::Create { source, .. } | Self::Expire { source, .. } => source,
        }
    }
}

impl SilenceKind {
    /// The kind, with what is configured.
    pub fn new(alerts: Alerts, clock: Clock) -> Self {
        Self { alerts, clock }
    }

    fn api(&self, name: &str) -> Result<Api<'_>, String> {
        let source = self.alerts.0.get(name).filter(|source| source.api_url.is_some());
        let source = source.ok_or_else(|| format!("[alerts.{name}] has no `api_url` where silences could be made"))?;
        Api::new(source)
    }

    async fn carry_out(&self, job: &JobContext) -> Result<Value, JobError> {
        let spec = Spec::read(job.spec()).map_err(JobError::failed)?;
        let api = self.api(spec.source()).map_err(JobError::failed)?;
        match &spec {
            Spec::Expire { group, silence, .. } => {
                api.expire(silence).await.map_err(|error| error.with(json!({ "group": group, "expire": silence })))?;
                Ok(json!({ "group": group, "expired": silence, "summary": "The silence is ended there too." }))
            }
            Spec::Create { source, group, labels, until_ms, by, reason, nonce } => {
                let about = |error: JobError| error.with(json!({ "group": group, "nonce": nonce }));
                // The job's own id in the comment: whoever runs it again sees that it is made.
                let mark = format!("[drillbell {}]", job.id());
                let silence = match api.made_before(&mark).await.map_err(about)? {
                    Some(silence) => silence,
                    None => {
                        let matchers: Vec<_> = labels
                            .iter()
                            .map(|(name, value)| json!({"name": name, "value": value, "isRegex": false, "isEqual": true}))
                            .collect();
                        let body = json!({
                            "matchers": matchers, "startsAt": rfc3339(self.clock.now_ms()), "endsAt": rfc3339(*until_ms),
                            "createdBy": by, "comment": format!("{reason} {mark}"),
                        });
                        api.make(&body).await.map_err(about)?
                    }
                };
                Ok(json!({
                    "source": source, "group": group, "nonce": nonce, "silence": silence, "summary": "The silence is made.",
                }))
            }
        }
    }
}

impl Kind for SilenceKind {
    fn name(&self) -> &str {
        "silence"
    }

    fn changes_production(&self, _: &Value) -> bool {
        false
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        let spec = Spec::read(spec)?;
        self.api(spec.source()).map(|_| ())
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.carry_out(&job).await }.boxed()
    }
}

/// An Alertmanager's API.
struct Api<'a> {
    source: &'a Source,
    client: reqwest::Client,
}

impl<'a> Api<'a> {
    fn new(source: &'a Source) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(SILENCE_REQUEST_TIME)
            .build()
            .map_err(|_| "no HTTP client can be made".to_owned())?;
        Ok(Self { source, client })
    }

    /// The id of the silence with this mark, if there is one.
    async fn made_before(&self, mark: &str) -> Result<Option<String>, JobError> {
        #[derive(Deserialize)]
        struct Known {
            id: String,
            comment: String,
        }
        let (_, text) = self.ask(Method::GET, "silences", None).await?;
        let known: Vec<Known> =
            serde_json::from_str(&text).map_err(|_| JobError::failed("The Alertmanager's silences cannot be read."))?;
        Ok(known.into_iter().find(|known| known.comment.contains(mark)).map(|known| known.id))
    }

    async fn make(&self, body: &Value) -> Result<String, JobError> {
        let (_, text) = self.ask(Method::POST, "silences", Some(body)).await?;
        let answer: Option<Value> = serde_json::from_str(&text).ok();
        let id = answer.as_ref().and_then(|answer| answer["silenceID"].as_str());
        id.map(str::to_owned).ok_or_else(|| JobError::retry("The Alertmanager's answer names no silence."))
    }

    async fn expire(&self, silence: &str) -> Result<(), JobError> {
        let Err(refused) = self.ask(Method::DELETE, &format!("silence/{silence}"), None).await else { return Ok(()) };
        // What is gone has ended. And it refuses to end what has ended by itself, or by a request of ours whose answer never came.
        if refused.0 == StatusCode::NOT_FOUND || self.is_over(silence).await {
            return Ok(());
        }
        Err(refused.into())
    }

    async fn is_over(&self, silence: &str) -> bool {
        let Ok((_, text)) = self.ask(Method::GET, &format!("silence/{silence}"), None).await else { return false };
        let known: Option<Value> = serde_json::from_str(&text).ok();
        known.is_some_and(|known| known["status"]["state"] == "expired")
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, String), Refused> {
        let base = self.source.api_url.as_ref().map(url::Url::as_str).unwrap_or_default().trim_end_matches('/');
        let mut request = self.client.request(method, format!("{base}/api/v2/{path}"));
        if let Some(token) = &self.source.api_token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let unreached = |_| Refused(StatusCode::BAD_GATEWAY, JobError::retry("The Alertmanager does not answer."));
        let mut answer = request.send().await.map_err(unreached)?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreached)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > SILENCES_BYTES {
                let sentence = "The Alertmanager answers with more than is read; it has too many silences.";
                return Err(Refused(status, JobError::failed(sentence)));
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match status.is_success() {
            true => Ok((status, text)),
            false => {
                let words: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
                let sentence = format!("The Alertmanager answers {}: {words}", status.as_u16());
                let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                Err(Refused(status, if later { JobError::retry(sentence) } else { JobError::failed(sentence) }))
            }
        }
    }
}

/// Why an answer is none, with its status.
struct Refused(StatusCode, JobError);

impl From<Refused> for JobError {
    fn from(refused: Refused) -> Self {
        refused.1
    }
}
