//! A Prometheus that answers as it is told, and keeps what it was asked.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The server; it ends with the test's process.
pub struct Prometheus {
    /// Where it is, `http://127.0.0.1:9090`.
    pub url: String,
    answers: Arc<Mutex<Answers>>,
}

/// What it answers with, and the queries that it was asked.
struct Answers {
    status: StatusCode,
    body: Value,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Answers>>;

async fn answer(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> (StatusCode, axum::Json<Value>) {
    let mut answers = shared.lock().unwrap();
    answers.asked.extend(query.get("query").cloned());
    (answers.status, axum::Json(answers.body.clone()))
}

impl Prometheus {
    /// On a port and a thread of its own, so that it needs no runtime. Until it is told what to say it is unwell.
    pub fn start() -> Self {
        let first = Answers { status: StatusCode::SERVICE_UNAVAILABLE, body: Value::Null, asked: Vec::new() };
        let answers = Arc::new(Mutex::new(first));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = answers.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let router = axum::Router::new().route("/api/v1/query", axum::routing::get(answer)).with_state(state);
                axum::serve(listener, router).await
            })
        });
        Self { url, answers }
    }

    /// From now on it answers everything with this.
    pub fn says(&self, status: u16, body: Value) {
        let mut answers = self.answers.lock().unwrap();
        (answers.status, answers.body) = (StatusCode::from_u16(status).unwrap(), body);
    }

    /// The queries that it was asked, in order.
    pub fn asked(&self) -> Vec<String> {
        self.answers.lock().unwrap().asked.clone()
    }
}

/// Series without labels, each with a value of that moment in seconds.
pub fn vector(at_s: impl Into<Value>, values: &[&str]) -> Value {
    let at_s = at_s.into();
    let series: Vec<_> = values.iter().map(|value| json!({"metric": {}, "value": [at_s, value]})).collect();
    json!({"status": "success", "data": {"resultType": "vector", "result": series}})
}
