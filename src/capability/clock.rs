//! `drillbell:clock`: the moment of the call, from the host's clock. Needs no grant.

use super::caller::Caller;
use crate::bindings::latest::drillbell::clock::clock as wit;
use wasmtime::component::HasData;

/// The capability with its caller; there is nothing of its own to keep.
pub struct ClockHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
}

/// Names `ClockHost` to the linker.
pub struct HasClock;

impl HasData for HasClock {
    type Data<'a> = ClockHost<'a>;
}

impl wit::Host for ClockHost<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.caller.meter.begin("clock.now", "", 0)?;
        self.caller.meter.done(8);
        // The world of plugins begins in 1970: an earlier moment can only be a test's mistake.
        Ok(u64::try_from(self.caller.now_ms).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::caller;
    use super::wit::Host;
    use super::*;

    #[test]
    fn tells_the_moment_of_the_call_without_any_grant() {
        let mut caller = caller(&[]);
        assert_eq!(ClockHost { caller: &mut caller }.now().unwrap(), 1_000);
    }

    #[test]
    fn denies_nobody_but_counts_every_question() {
        let mut caller = caller(&[]);
        ClockHost { caller: &mut caller }.now().unwrap();
        ClockHost { caller: &mut caller }.now().unwrap();
        assert_eq!(caller.meter.into_receipt().requests[0].count, 2);
    }
}
