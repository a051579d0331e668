//! No bytes of a configuration file, and no environment, make the reader panic; what it accepts it can show and read again.
//! The part after a NUL byte is the environment, one `NAME=value` a line.
#![no_main]

use drillbell::config::{Config, Env};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (file, vars) = text.split_once('\0').unwrap_or((text, ""));
    // Secrets in files would make the run depend on the machine.
    if text.to_lowercase().contains("file") {
        return;
    }
    let env: Env = vars.lines().filter_map(|line| line.split_once('=')).collect();
    match Config::parse(file, Path::new("drillbell.toml"), &env) {
        Ok(config) => {
            let shown = config.effective();
            // What is masked (a password in the URL) is still a URL, so even that reads again.
            Config::parse(&shown, Path::new("drillbell.toml"), &env).expect("what is shown reads back");
            assert!(config.warnings().iter().all(|warning| !warning.is_empty()));
        }
        Err(errors) => assert!(!errors.problems.is_empty() && !errors.to_string().is_empty()),
    }
});
