//! What a plugin does to itself, hoping to take the host with it. No host call in here: only loops, memory and noise.

use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

/// Never returns.
pub fn spin() -> String {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes memory a megabyte at a time and touches it, until the host says no.
pub fn take_memory() -> String {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(vec![0xa5; 1 << 20]));
    }
}

/// Recurses without end.
pub fn recurse() -> String {
    fn deeper(depth: u64) -> u64 {
        let frame = black_box([depth; 64]);
        // Used after the call, so that the frame cannot be given back before it.
        if black_box(depth) == u64::MAX { 0 } else { deeper(depth + 1) + black_box(frame)[63] }
    }
    deeper(0).to_string()
}

/// Sleeps a minute, which waits in the host where no epoch ticks.
pub fn sleep() -> String {
    std::thread::sleep(Duration::from_secs(60));
    String::from("slept a minute")
}

/// Computes and waits for a moment, well within any sensible limit.
pub fn work_a_while() -> String {
    let sum = (0..5_000_000_u64).fold(0, |sum, n| black_box(sum ^ n.wrapping_mul(2_654_435_761)));
    std::thread::sleep(Duration::from_millis(30));
    format!("done, {}", sum & 1)
}

/// Writes 64 MB to stderr, of which the host keeps little.
pub fn flood_stderr() -> String {
    let line = [b'e'; 1 << 16];
    let mut written = 0_usize;
    for _ in 0..1024 {
        match std::io::stderr().write_all(&line) {
            Ok(()) => written += line.len(),
            Err(error) => return format!("stopped after {written} bytes: {error}"),
        }
    }
    format!("wrote {written} bytes")
}
