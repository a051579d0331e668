//! Any bytes as a notification of every sender, and as a deploy record: no panic; what is taken is clean and bounded, and what is
//! not is named.

#![no_main]

use drillbell::alert::{Input, SOURCES, deploy, parse, sns};
use drillbell::config::alerts::Mapping;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static USUAL: LazyLock<Mapping> = LazyLock::new(Mapping::default);

fuzz_target!(|bytes: &[u8]| {
    for (kind, _) in SOURCES {
        match parse(kind, Input { bytes, map: &USUAL }) {
            Ok(parsed) => {
                for alert in &parsed.alerts {
                    assert!(!alert.title.is_empty() && !alert.title.chars().any(char::is_control));
                    assert!(alert.fingerprint.is_ascii() && (1..=64).contains(&alert.fingerprint.len()));
                    assert!(alert.annotations.keys().all(|name| !name.starts_with("drillbell.")));
                    let shown = alert.labels.iter().flat_map(|(name, value)| [name, value]);
                    assert!(shown.into_iter().all(|text| !text.chars().any(char::is_control)));
                }
                assert!(parsed.rejects.iter().all(|reject| !reject.field.is_empty() && !reject.reason.is_empty()));
            }
            Err(reject) => assert!(!reject.field.is_empty() && !reject.reason.is_empty()),
        }
    }
    if let Ok(envelope) = sns::Envelope::read(bytes) {
        let _ = sns::certificate_address(&envelope);
        let _ = sns::verify(&envelope, bytes);
    }
    let _ = deploy::parse("shop", bytes, 0);
});
