//! Any bytes as an interaction of Discord's, signed or not: reading them never panics, and a command that comes of them is one line
//! that the grammar takes or refuses.

#![no_main]

use drillbell::platform::discord::reading;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(line) = reading(bytes) {
        assert!(line.starts_with('/'), "{line}");
    }
});
