//! Any bytes as what Slack sends: reading them never panics, and what was chosen is never longer than what was sent.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = drillbell::platform::slack::reads(bytes);
    assert!(read.iter().all(|text| text.len() <= 6 * bytes.len()), "{read:?}");
});
