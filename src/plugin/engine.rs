//! The sandbox: one wasmtime engine, the linked world, the runtime that guests run on, and the ticker that interrupts
//! them. Which plugins there are is the registry's business, what one call does is `call`'s.

use super::cache::Cache;
use super::ticker::Ticker;
use crate::capability::{self, CallState};
use crate::config::limits::{CALL_MEMORY_MAX_BYTES, CALL_STACK_BYTES, CALL_TABLE_ELEMENTS};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tracing::warn;
use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Suggestions in flight at once; one more is answered with nothing.
const SUGGESTIONS: u32 = 8;
/// Core modules that a component consists of, in the pool's reckoning: Rust needs 3.
const MODULES: u32 = 8;
/// Memory that a used slot keeps for the next call instead of giving it back to the kernel, bytes. A Rust guest dirties a
/// tenth of it; more would only sit in idle slots.
const RESIDENT_BYTES: usize = 1 << 20;
/// The same for tables.
const RESIDENT_TABLE_BYTES: usize = 256 << 10;
/// Slots kept warm beyond those in use.
const WARM_SLOTS: u32 = 16;

/// How large the sandbox is.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Calls at once; one more waits for its turn.
    pub calls: u32,
    /// Threads that guests run on, so that a spinning guest takes none from the host.
    pub workers: usize,
    /// Where compiled plugins are kept; `None` compiles at every start.
    pub cache: Option<PathBuf>,
    /// Reserve the memory of all slots at the start (fast); `false`, or where it is impossible: map it call by call.
    pub pooling: bool,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self { calls: crate::config::limits::LANES, workers: 2, cache: None, pooling: true }
    }
}

/// The sandbox could not be set up at all.
#[derive(Debug, thiserror::Error)]
#[error("the plugin sandbox cannot be set up: {0}")]
pub struct SandboxError(String);

/// The sandbox.
pub struct Sandbox {
    pub(super) engine: Engine,
    pub(super) linker: Linker<CallState>,
    pub(super) cache: Cache,
    pub(super) calls: Semaphore,
    pub(super) suggestions: Semaphore,
    pub(super) ticker: Ticker,
    guests: Handle,
    /// Where `guests` leads; taken out when the sandbox is dropped.
    runtime: Option<Runtime>,
}

impl Sandbox {
    /// Sets it up. Falls back to mapping memory call by call where the pool cannot be reserved, and says so in the log.
    pub fn new(options: &SandboxOptions) -> Result<Arc<Self>, SandboxError> {
        let failed = |error: wasmtime::Error| SandboxError(format!("{error:#}"));
        let engine = engine(options).map_err(failed)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(failed)?;
        capability::link(&mut linker).map_err(failed)?;
        let guests = Builder::new_multi_thread()
            .worker_threads(options.workers.max(1))
            .thread_name("guests")
            // Guests only ever wait for time here; the host's own I/O stays on the host's runtime.
            .enable_time()
            // Every poll of a spinning guest lasts a tick, so timers are looked at after each.
            .event_interval(1)
            .build()
            .map_err(|error| SandboxError(format!("the guests' threads cannot be started: {error}")))?;
        let ticker =
            Ticker::start(&engine).map_err(|error| SandboxError(format!("the ticker cannot be started: {error}")))?;
        Ok(Arc::new(Self {
            engine,
            linker,
            cache: options.cache.as_deref().map(Cache::open).unwrap_or_default(),
            calls: Semaphore::new(options.calls.max(1) as usize),
            suggestions: Semaphore::new(SUGGESTIONS as usize),
            ticker,
            guests: guests.handle().clone(),
            runtime: Some(guests),
        }))
    }

    /// Runs a task on the guests' threads; it ends with the handle.
    pub(super) fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> Guest<T> {
        Guest(self.guests.spawn(task))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not waiting: the last handle may be dropped in async code, where waiting is forbidden.
            runtime.shutdown_background();
        }
    }
}

/// A task on the guests' threads; dropping it ends the task at its next tick.
pub(super) struct Guest<T>(pub(super) JoinHandle<T>);

impl<T> Drop for Guest<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn engine(options: &SandboxOptions) -> wasmtime::Result<Engine> {
    if options.pooling {
        match Engine::new(&config(Some(pool(options.calls.max(1) + SUGGESTIONS)))) {
            Ok(engine) => return Ok(engine),
            Err(error) => warn!(
                calls = options.calls,
                "the sandbox pool cannot be reserved, so each call maps its own memory and is a little slower: {error:#}"
            ),
        }
    }
    Engine::new(&config(None))
}

fn config(pool: Option<PoolingAllocationConfig>) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true).concurrency_support(false).max_wasm_stack(CALL_STACK_BYTES);
    config.allocation_strategy(match pool {
        Some(pool) => InstanceAllocationStrategy::Pooling(pool),
        None => InstanceAllocationStrategy::OnDemand,
    });
    config
}

fn pool(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_core_instances(slots * MODULES)
        .total_memories(slots * 2)
        .total_tables(slots * MODULES)
        .max_memory_size(CALL_MEMORY_MAX_BYTES as usize)
        .table_elements(CALL_TABLE_ELEMENTS)
        .max_core_instances_per_component(200)
        .max_tables_per_component(200)
        .max_memories_per_component(20)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(2 << 20)
        .max_unused_warm_slots(WARM_SLOTS)
        .linear_memory_keep_resident(RESIDENT_BYTES)
        .table_keep_resident(RESIDENT_TABLE_BYTES)
        // Linux 6.7 and later: only the pages that a guest dirtied are cleaned.
        .pagemap_scan(Enabled::Auto);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_back_when_the_pool_cannot_be_reserved() {
        // A pool larger than any address space.
        let options = SandboxOptions { calls: 4_000_000, ..SandboxOptions::default() };
        assert!(Sandbox::new(&options).is_ok());
    }

    #[tokio::test]
    async fn may_be_dropped_in_async_code() {
        let sandbox = Sandbox::new(&SandboxOptions { calls: 1, pooling: false, ..SandboxOptions::default() }).unwrap();
        let guest = sandbox.spawn(std::future::pending::<()>());
        drop(sandbox);
        drop(guest);
    }
}
