//! `drillbell:log`: a plugin's lines in the operator's log. Bounded: what goes over is dropped and counted, the call goes
//! on. Needs no grant.

use super::caller::Caller;
use crate::bindings::latest::drillbell::log::log as wit;
use crate::config::limits::{LOG_LINE_BYTES, LOG_LINES};
use tracing::{debug, error, info, warn};
use wasmtime::component::HasData;

/// How much one call has written.
#[derive(Debug, Default)]
pub struct LogCall {
    lines: usize,
    dropped: u64,
}

/// The capability with its caller.
pub struct LogHost<'a> {
    /// Who writes.
    pub caller: &'a mut Caller,
    /// What it has written so far.
    pub log: &'a mut LogCall,
}

/// Names `LogHost` to the linker.
pub struct HasLog;

impl HasData for HasLog {
    type Data<'a> = LogHost<'a>;
}

impl LogCall {
    /// Says at the end of a call how many lines were dropped, if any.
    pub fn close(self, caller: &Caller) {
        if self.dropped > 0 {
            let (plugin, dropped) = (caller.plugin(), self.dropped);
            warn!(plugin.id = %plugin, dropped, "the plugin wrote more than {LOG_LINES} log lines in one call; the rest was dropped");
        }
    }

    /// The line to write, or nothing if the call has written enough.
    fn admit(&mut self, message: &str) -> Option<String> {
        if self.lines == LOG_LINES {
            self.dropped += 1;
            return None;
        }
        self.lines += 1;
        Some(one_line(message))
    }
}

/// A guest's text as one bounded line: it can neither forge a second log line nor colour the terminal.
fn one_line(text: &str) -> String {
    let mut end = text.len().min(LOG_LINE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut line = String::with_capacity(end);
    for c in text[..end].chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    if end < text.len() {
        line.push('…');
    }
    line
}

impl wit::Host for LogHost<'_> {
    fn write(&mut self, level: wit::Level, message: String) -> wasmtime::Result<()> {
        self.caller.meter.begin("log.write", "", message.len())?;
        if let Some(line) = self.log.admit(&message) {
            let plugin = self.caller.plugin();
            match level {
                wit::Level::Debug => debug!(plugin.id = %plugin, "{line}"),
                wit::Level::Info => info!(plugin.id = %plugin, "{line}"),
                wit::Level::Warn => warn!(plugin.id = %plugin, "{line}"),
                wit::Level::Error => error!(plugin.id = %plugin, "{line}"),
            }
        }
        self.caller.meter.done(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denies_more_lines_than_a_call_may_write_and_counts_them() {
        let mut log = LogCall::default();
        let admitted = (0..LOG_LINES + 5).filter(|_| log.admit("hello").is_some()).count();
        assert_eq!((admitted, log.dropped), (LOG_LINES, 5));
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(one_line("a\nERROR forged\x1b[31m"), "a\\nERROR forged\\u{1b}[31m");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = one_line(&"é".repeat(LOG_LINE_BYTES));
        assert!(line.len() <= LOG_LINE_BYTES + "…".len() && line.ends_with("é…"));
    }
}
