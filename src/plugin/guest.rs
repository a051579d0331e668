//! One guest in one fresh store: limits, interruption, deadline, and what is left of it afterwards.
//! What it is asked to do is its caller's business.

use super::engine::Sandbox;
use super::error::CallError;
use super::stderr::Stderr;
use crate::capability::exceeded::Exceeded;
use crate::capability::{CallSetup, CallState, Remains};
use crate::config::limits::{CALL_CPU_TICKS, HOST_CALL_BYTES};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tracing::Instrument;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::WasiCtx;

/// Bytes of randomness that a guest may ask for at a time.
const RANDOM_BYTES: u64 = 4096;

/// How a guest ended.
pub(super) struct Ended<T> {
    /// What it answered, or why it did not.
    pub(super) answer: Result<T, CallError>,
    /// What it read, wanted and asked for; `None` if the host itself failed.
    pub(super) remains: Option<Remains>,
    /// What it printed.
    pub(super) stderr: String,
    /// From making the store to the end, waiting for a free slot not included.
    pub(super) elapsed: Duration,
}

/// The empty world: no arguments, no environment, no files, no network; what is printed goes to `stderr`.
pub(super) fn empty_world(stderr: &Stderr) -> WasiCtx {
    let mut wasi = WasiCtx::builder();
    wasi.stdout(stderr.clone()).stderr(stderr.clone()).allow_tcp(false).allow_udp(false).max_random_size(RANDOM_BYTES);
    wasi.build()
}

/// Runs `body` with a fresh store on the guests' threads until it ends or its time is up. Must be called on the host's
/// runtime, whose timers are on time even when every guest spins.
pub(super) async fn run<T, F>(sandbox: &Sandbox, setup: CallSetup, stderr: Stderr, limit: Duration, body: F) -> Ended<T>
where
    T: Send + 'static,
    F: for<'a> FnOnce(&'a mut Store<CallState>) -> BoxFuture<'a, wasmtime::Result<T>> + Send + 'static,
{
    let deadline = Arc::clone(&setup.caller.deadline);
    let ticking = sandbox.ticker.tick();
    let engine = sandbox.engine.clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let printed = stderr.clone();
    let guest = async move {
        let _ticking = ticking;
        to_the_end(&engine, setup, &printed, limit, stopped, body).await
    };
    let mut guest = sandbox.spawn(guest.in_current_span());
    let mut stop = Some(stop);
    let ended = loop {
        let left = deadline.left();
        if left.is_zero()
            && let Some(stop) = stop.take()
        {
            // The guest may have ended this moment; then nobody listens, and its answer counts.
            let _ = stop.send(());
        }
        let sleep = tokio::time::sleep(left);
        tokio::select! {
            biased;
            ended = &mut guest.0 => break ended,
            () = sleep, if stop.is_some() => {}
        }
    };
    ended.unwrap_or_else(|error| Ended {
        answer: Err(CallError::Unavailable(format!("the host failed while serving it: {error}"))),
        remains: None,
        stderr: stderr.text(),
        elapsed: Duration::ZERO,
    })
}

async fn to_the_end<T, F>(
    engine: &Engine,
    setup: CallSetup,
    stderr: &Stderr,
    limit: Duration,
    stopped: oneshot::Receiver<()>,
    body: F,
) -> Ended<T>
where
    F: for<'a> FnOnce(&'a mut Store<CallState>) -> BoxFuture<'a, wasmtime::Result<T>>,
{
    let since = Instant::now();
    let mut store = store(engine, setup, limit);
    let answer = tokio::select! {
        biased;
        answer = body(&mut store) => answer,
        Ok(()) = stopped => Err(Exceeded::Time { limit }.into()),
    };
    let remains = store.into_data().into_remains();
    let elapsed = since.elapsed();
    let stderr = stderr.text();
    let answer = answer.map_err(|error| CallError::of(&error, &stderr));
    Ended { answer, remains: Some(remains), stderr, elapsed }
}

fn store(engine: &Engine, setup: CallSetup, limit: Duration) -> Store<CallState> {
    let deadline = Arc::clone(&setup.caller.deadline);
    let mut store = Store::new(engine, CallState::new(setup));
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(HOST_CALL_BYTES);
    store.set_epoch_deadline(1);
    let mut ticks = 0;
    store.epoch_deadline_callback(move |_| {
        ticks += 1;
        if deadline.left().is_zero() {
            return Err(Exceeded::Time { limit }.into());
        }
        if ticks > CALL_CPU_TICKS {
            return Err(Exceeded::Cpu.into());
        }
        // Let the others have their turn.
        Ok(UpdateDeadline::Yield(1))
    });
    store
}
