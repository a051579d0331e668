//! Listens and hands connections to the router until told to stop, then lets what is in hand finish for a while. Our own
//! loop, because `axum::serve` knows neither a deadline for headers nor a bound on connections. No TLS: that is the
//! business of whatever stands in front.

use super::auth::Peer;
use crate::config::limits::{HTTP_CONNECTIONS, HTTP_HEADER_BYTES, HTTP_HEADER_TIME};
use axum::Router;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long to wait when a connection cannot be accepted, which mostly means that there are too many files open.
const BREATH: Duration = Duration::from_millis(200);

/// How long others may take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// To send a request's headers, and to stay idle.
    pub headers: Duration,
    /// To end, once the bot is stopping.
    pub drain: Duration,
}

/// Serves until `stop`, then for at most `drain` until the requests in hand are answered; what is still open then is cut.
/// The router's state is let go when this returns.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, drain: Duration) {
    serve_at(Pace { headers: HTTP_HEADER_TIME, drain }, listener, router, stop).await;
}

/// As `serve`, at a pace of one's own.
pub async fn serve_at(pace: Pace, listener: TcpListener, router: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(HTTP_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let connection = converse(stream, peer, router.clone(), stop.clone(), pace.headers);
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    let drained = tokio::time::timeout(pace.drain, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(connections = connections.len(), "cut connections that did not end in time");
        connections.shutdown().await;
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

/// One connection, request by request.
async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken, headers: Duration) {
    // Small answers must not wait for more to send; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        router.call(request)
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(headers).max_buf_size(HTTP_HEADER_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection broke off");
    }
}
