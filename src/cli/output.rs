//! Results on stdout, talk on stderr. A reader who goes away early is no error, and nothing here panics over it.

use super::failure::Failure;
use crate::config::Env;
use crate::platform::console::{Look, clean};
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Writes a result and a line break to stdout.
///
/// # Errors
/// Nobody reads any more, or the disk behind stdout is full.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::nobody_reads(),
        _ => Failure::new(format!("cannot write the result to stdout: {error}")),
    })
}

/// Says something on stderr; if nobody listens, so be it.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", clean(text));
}

/// How cards are drawn on stdout: by the terminal's width, in colour unless `NO_COLOR` or a pipe says otherwise.
pub fn look(env: &Env) -> Look {
    let terminal = io::stdout().is_terminal();
    let said = |name: &str, what: &dyn Fn(&str) -> bool| env.get(name).is_ok_and(what);
    let plain = said("NO_COLOR", &|value| !value.is_empty()) || said("TERM", &|value| value == "dumb");
    Look::new(columns(), terminal && !plain)
}

/// The terminal's columns, if stdout is one.
pub fn columns() -> Option<usize> {
    let size = if io::stdout().is_terminal() { terminal_size::terminal_size_of(io::stdout()) } else { None };
    size.map(|(width, _)| usize::from(width.0)).filter(|columns| *columns > 0)
}
