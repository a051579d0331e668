//! Counts what a call asks of the host: the budget of requests, the bytes kept on its behalf, and the receipt.
//! Every host function begins and ends here; what a plugin may do is decided elsewhere (`grants`).

use super::exceeded::Exceeded;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{CALL_HELD_BYTES, HOST_CALLS};
use crate::model::receipt::Receipt;
use std::time::Instant;

/// Longest destination kept in a receipt, in characters: enough for any conversation, and a key cannot bloat it.
const DESTINATION_CHARS: usize = 80;

/// The account of one call.
#[derive(Debug)]
pub struct Meter {
    calls_left: u64,
    held_bytes: usize,
    open: Option<Open>,
    receipt: Receipt,
}

/// The request being answered. Kept here rather than on the stack, so that one cut off by the deadline is on the receipt.
#[derive(Debug)]
struct Open {
    function: &'static str,
    destination: String,
    bytes: u64,
    since: Instant,
}

impl Default for Meter {
    fn default() -> Self {
        Self { calls_left: HOST_CALLS, held_bytes: 0, open: None, receipt: Receipt::default() }
    }
}

impl Meter {
    /// A request arrives with `bytes` of arguments. An error ends the call.
    pub fn begin(&mut self, function: &'static str, destination: &str, bytes: usize) -> Result<(), Exceeded> {
        self.settle(0, false);
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Exceeded::Requests)?;
        let destination = destination.chars().take(DESTINATION_CHARS).collect();
        self.open = Some(Open { function, destination, bytes: bytes as u64, since: Instant::now() });
        Ok(())
    }

    /// The request is answered with `bytes` of results; passes the answer on.
    pub fn end<T>(
        &mut self,
        answer: Result<T, HostError>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> wasmtime::Result<Result<T, HostError>> {
        let size = match &answer {
            Ok(value) => bytes(value),
            Err(_) => 0,
        };
        self.settle(size as u64, matches!(answer, Err(HostError::Denied(_))));
        Ok(answer)
    }

    /// The request is answered; for those that cannot fail.
    pub fn done(&mut self, bytes: usize) {
        self.settle(bytes as u64, false);
    }

    fn settle(&mut self, bytes: u64, denied: bool) {
        if let Some(open) = self.open.take() {
            let duration_us = u64::try_from(open.since.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.receipt.add(open.function, &open.destination, open.bytes + bytes, duration_us, denied);
        }
    }

    /// Takes note of `bytes` that the host keeps for this call; refuses what would be too much.
    pub fn hold(&mut self, bytes: usize) -> Result<(), HostError> {
        let held = self.held_bytes.saturating_add(bytes);
        if held > CALL_HELD_BYTES {
            let mib = CALL_HELD_BYTES >> 20;
            return Err(HostError::TooLarge(format!(
                "one call may read, build and write {mib} MiB altogether; this would be more"
            )));
        }
        self.held_bytes = held;
        Ok(())
    }

    /// Gives back what was held.
    pub fn release(&mut self, bytes: usize) {
        self.held_bytes = self.held_bytes.saturating_sub(bytes);
    }

    /// The receipt, a request that was cut off included.
    pub fn into_receipt(mut self) -> Receipt {
        self.settle(0, false);
        self.receipt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denies_more_requests_than_the_budget() {
        let mut meter = Meter::default();
        for _ in 0..HOST_CALLS {
            meter.begin("clock.now", "", 0).unwrap();
            meter.done(8);
        }
        assert_eq!(meter.begin("clock.now", "", 0), Err(Exceeded::Requests));
        let receipt = meter.into_receipt();
        assert_eq!(
            (receipt.requests.len(), receipt.requests[0].count, receipt.requests[0].bytes),
            (1, HOST_CALLS, 8 * HOST_CALLS)
        );
    }

    #[test]
    fn a_request_cut_off_is_on_the_receipt() {
        let mut meter = Meter::default();
        meter.begin("kv.get", "settings", 3).unwrap();
        let receipt = meter.into_receipt();
        assert_eq!((receipt.requests[0].function.as_str(), receipt.requests[0].bytes), ("kv.get", 3));
    }

    #[test]
    fn a_denied_request_is_listed_as_denied() {
        let mut meter = Meter::default();
        meter.begin("kv.get", "", 0).unwrap();
        let _ = meter.end(Err::<(), _>(HostError::Denied("no".into())), |()| 0);
        assert!(meter.into_receipt().requests[0].denied);
    }

    #[test]
    fn denies_holding_more_than_a_call_may() {
        let mut meter = Meter::default();
        meter.hold(CALL_HELD_BYTES).unwrap();
        assert!(matches!(meter.hold(1), Err(HostError::TooLarge(_))));
        meter.release(1);
        meter.hold(1).unwrap();
    }
}
