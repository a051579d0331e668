//! How often an address may try sign-in links in vain: a few at once, then one every so often. In memory and bounded. The
//! links cannot be guessed anyway; this keeps guessing from costing the database a query each.

use crate::clock::Clock;
use crate::config::limits::{SIGN_IN_FORGIVEN, SIGN_IN_TRIES};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Addresses remembered; beyond it strangers share one place.
const MOST_ADDRESSES: usize = 1024;

/// The tries of everybody.
pub(super) struct Attempts {
    clock: Clock,
    tries: Mutex<HashMap<IpAddr, Tries>>,
}

#[derive(Clone, Copy)]
struct Tries {
    spent: u32,
    since_ms: i64,
}

impl Attempts {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, tries: Mutex::default() }
    }

    /// Takes a try, or says after how long there will be one.
    pub(super) fn take(&self, peer: IpAddr) -> Result<(), Duration> {
        let now_ms = self.clock.now_ms();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = neighbourhood(peer);
        if !tries.contains_key(&key) && tries.len() >= MOST_ADDRESSES {
            tries.retain(|_, known| forgiven(*known, now_ms).spent > 0);
            if tries.len() >= MOST_ADDRESSES {
                key = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            }
        }
        let known = tries.entry(key).or_insert(Tries { spent: 0, since_ms: now_ms });
        *known = forgiven(*known, now_ms);
        if known.spent >= SIGN_IN_TRIES {
            let passed = u64::try_from(now_ms - known.since_ms).unwrap_or(0);
            return Err(SIGN_IN_FORGIVEN.saturating_sub(Duration::from_millis(passed)));
        }
        known.spent += 1;
        Ok(())
    }

    /// The try was not in vain.
    pub(super) fn give_back(&self, peer: IpAddr) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tries.get_mut(&neighbourhood(peer)) {
            known.spent = known.spent.saturating_sub(1);
        }
    }
}

fn forgiven(tries: Tries, now_ms: i64) -> Tries {
    let each = i64::try_from(SIGN_IN_FORGIVEN.as_millis()).unwrap_or(i64::MAX);
    let passed = (now_ms - tries.since_ms).max(0) / each;
    match u32::try_from(passed) {
        Ok(passed) if passed < tries.spent => {
            Tries { spent: tries.spent - passed, since_ms: tries.since_ms + i64::from(passed) * each }
        }
        _ => Tries { spent: 0, since_ms: now_ms },
    }
}

/// One household has one IPv4 address, or 2^64 of the other kind.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n))
    }

    #[test]
    fn tries_run_out_and_come_back_one_by_one() {
        let clock = Clock::manual(0);
        let attempts = Attempts::new(clock.clone());
        for _ in 0..SIGN_IN_TRIES {
            assert_eq!(attempts.take(peer(1)), Ok(()));
        }
        assert_eq!(attempts.take(peer(1)), Err(SIGN_IN_FORGIVEN));
        assert_eq!(attempts.take(peer(2)), Ok(()), "somebody else is not hindered");
        clock.advance(4_000);
        assert_eq!(attempts.take(peer(1)), Err(Duration::from_secs(2)));
        clock.advance(2_000);
        assert_eq!(attempts.take(peer(1)), Ok(()));
        assert!(attempts.take(peer(1)).is_err());
    }

    #[test]
    fn what_was_not_in_vain_does_not_count() {
        let attempts = Attempts::new(Clock::manual(0));
        for _ in 0..100 {
            assert_eq!(attempts.take(peer(1)), Ok(()));
            attempts.give_back(peer(1));
        }
    }

    #[test]
    fn a_crowd_of_addresses_takes_bounded_memory() {
        let clock = Clock::manual(0);
        let attempts = Attempts::new(clock.clone());
        for n in 0..5_000 {
            let _ = attempts.take(peer(n));
        }
        assert!(attempts.tries.lock().unwrap().len() <= MOST_ADDRESSES + 1);
        assert!(attempts.take(peer(9_999)).is_err(), "strangers share one place now");
        clock.advance(3_600_000);
        assert_eq!(attempts.take(peer(9_999)), Ok(()));
        assert_eq!(attempts.tries.lock().unwrap().len(), 1);
    }

    #[test]
    fn addresses_of_one_network_are_one_neighbour() {
        let attempts = Attempts::new(Clock::manual(0));
        for n in 0..SIGN_IN_TRIES {
            assert_eq!(attempts.take(format!("2001:db8::{n:x}").parse().unwrap()), Ok(()));
        }
        assert!(attempts.take("2001:db8::ffff".parse().unwrap()).is_err());
        assert!(attempts.take("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }
}
