//! The shop's process: its pages, and what is counted of them.

use super::folder::Shop;
use super::release::Release;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::future::IntoFuture;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The media type of `/metrics`.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The shop as it was started.
pub(super) struct Serving {
    shop: Shop,
    release: Release,
    pages: AtomicU64,
    registry: Registry,
    requests: Family<ByStatus, Counter>,
    durations: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    status: u16,
}

/// Serves the release that the link names, until it is asked to end.
pub(super) async fn serve(shop: Shop) -> io::Result<()> {
    // From here on we end by ourselves when we are asked to.
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let release = shop.release()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, shop.port()?)).await?;
    shop.note_running(&release.version)?;
    let serving = axum::serve(listener, router(Serving::new(shop, release)));
    tokio::select! {
        ended = serving.into_future() => ended,
        _ = term.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

/// The pages.
pub(super) fn router(serving: Serving) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(serving))
}

impl Serving {
    pub(super) fn new(shop: Shop, release: Release) -> Self {
        let mut registry = Registry::default();
        let requests = Family::<ByStatus, Counter>::default();
        // From 1 ms to 4 s.
        let durations = Histogram::new(exponential_buckets(0.001, 2.0, 13));
        registry.register("shop", "The release that runs", Info::new([("version", release.version.clone())]));
        registry.register("shop_requests", "Pages that were asked for, by the answer's status", requests.clone());
        let help = "How long a page took";
        registry.register_with_unit("shop_request_duration", help, Unit::Seconds, durations.clone());
        Self { shop, release, pages: AtomicU64::new(0), registry, requests, durations }
    }
}

/// The page that customers see, with what is wrong with it.
async fn page(State(serving): State<Arc<Serving>>) -> impl IntoResponse {
    let began = Instant::now();
    let now = serving.shop.behaviour(&serving.release);
    let fails = now.fails(serving.pages.fetch_add(1, Ordering::Relaxed));
    tokio::time::sleep(now.delay()).await;
    let (status, text) = match fails {
        false => (StatusCode::OK, format!("The shop, release {}: kites, drums and spinning tops.\n", now.version)),
        true => (StatusCode::INTERNAL_SERVER_ERROR, format!("The shop, release {}: there is no price.\n", now.version)),
    };
    serving.requests.get_or_create(&ByStatus { status: status.as_u16() }).inc();
    serving.durations.observe(began.elapsed().as_secs_f64());
    (status, text)
}

async fn ready(State(serving): State<Arc<Serving>>) -> impl IntoResponse {
    match serving.release.ready {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready: the prices cannot be read\n"),
    }
}

async fn metrics(State(serving): State<Arc<Serving>>) -> impl IntoResponse {
    let mut text = String::new();
    match encode(&mut text, &serving.registry) {
        Ok(()) => (StatusCode::OK, [(CONTENT_TYPE, METRICS)], text),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, [(CONTENT_TYPE, METRICS)], String::new()),
    }
}
