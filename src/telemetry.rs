//! What the operator sees: logs on stderr (people's or machines' form) and the metrics of `/metrics`.
//! Not the audit trail, which is data and lives in the store.

pub mod link;
pub mod metrics;
pub mod trip;

pub use link::{Link, LinkState, Trouble};
pub use metrics::Metrics;
pub use trip::{Trip, Trips, Way};

use crate::config::Env;
use crate::scrub::Scrub;
use std::io::{self, IsTerminal, Write};
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The variable with the level, or levels by module.
pub const LOG_VARIABLE: &str = "DRILLBELL_LOG";

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people on a terminal, else JSON.
    #[default]
    Auto,
    /// A line for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The log cannot be set up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// `DRILLBELL_LOG` says nothing that makes sense.
    #[error(
        "DRILLBELL_LOG is \"{found}\": {why}; write error, warn, info, debug or trace, \
         or levels by module such as info,drillbell::dispatch=debug"
    )]
    Filter {
        /// What it holds.
        found: String,
        /// What is wrong with it.
        why: String,
    },
    /// A log is already there.
    #[error("the log was set up twice in one process")]
    Twice,
}

/// Sends the log of this process to stderr, from now on. The level is `DRILLBELL_LOG`, else `info`; colours are for terminals
/// without `NO_COLOR`.
pub fn init(format: LogFormat, env: &Env, scrub: Scrub) -> Result<(), LogError> {
    let terminal = std::io::stderr().is_terminal();
    let json = match format {
        LogFormat::Auto => !terminal,
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let filter = filter(env.get(LOG_VARIABLE).unwrap_or(""))?;
    let colour = terminal && !env.get("NO_COLOR").is_ok_and(|value| !value.is_empty());
    let writer = move || Scrubbed { scrub: scrub.clone(), to: std::io::stderr() };
    let set = if json {
        tracing::subscriber::set_global_default(json_subscriber(filter, writer))
    } else {
        tracing::subscriber::set_global_default(human_subscriber(filter, colour, writer))
    };
    set.map_err(|_| LogError::Twice)
}

/// A log without secrets. The formatter hands over an event at a time, so that none is cut in two.
struct Scrubbed<W> {
    scrub: Scrub,
    to: W,
}

impl<W: Write> Write for Scrubbed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.to.write_all(self.scrub.text(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn filter(text: &str) -> Result<EnvFilter, LogError> {
    let refuse = |why: String| LogError::Filter { found: text.chars().take(80).collect(), why };
    if text.trim().is_empty() {
        return Ok(EnvFilter::new("info"));
    }
    for part in text.split(',').map(str::trim) {
        // A misspelt level would silently be taken for the name of a module.
        let module = part.contains(['=', ':', '[']) || part.starts_with("drillbell");
        if !module && !LEVELS.contains(&part.to_lowercase().as_str()) {
            return Err(refuse(format!("\"{}\" is not a level", part.chars().take(40).collect::<String>())));
        }
    }
    EnvFilter::builder().parse(text).map_err(|error| refuse(error.to_string()))
}

fn human_subscriber<W>(filter: EnvFilter, colour: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colour).with_writer(writer).finish()
}

/// The event's own fields stand at the top of the object, those of its span under `span`.
fn json_subscriber<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer);
    builder.json().flatten_event(true).with_span_list(false).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        fn writer(&self) -> impl for<'w> MakeWriter<'w> + Send + Sync + 'static {
            let page = self.clone();
            move || page.clone()
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn log_something() {
        let _span = tracing::info_span!("call", plugin.id = "sev-declare").entered();
        tracing::warn!(event.id = "e1", "two\nlines \u{1b}[31mred");
        tracing::debug!("not asked for");
    }

    #[test]
    fn the_json_log_is_one_object_a_line() {
        let page = Page::default();
        tracing::subscriber::with_default(json_subscriber(filter("").unwrap(), page.writer()), log_something);
        let text = page.text();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1, "{text}");
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(lines[0]["event.id"], "e1");
        assert_eq!(lines[0]["span"]["plugin.id"], "sev-declare");
        assert_eq!(lines[0]["message"], "two\nlines \u{1b}[31mred");
    }

    #[test]
    fn a_secret_stays_out_of_both_logs_and_the_json_stays_json() {
        let (scrub, _) = Scrub::new([("db".to_owned(), "correct \"horse\"\n".into())]);
        let say = || {
            tracing::warn!(url = "postgres://bot:hunter2@db/x", "it is correct \"horse\"\n");
            tracing::warn!(body = ?serde_json::json!({"password": "hunter2", "n": 1}), "answered");
        };
        for json in [true, false] {
            let page = Page::default();
            let (to, scrub) = (page.clone(), scrub.clone());
            let writer = move || Scrubbed { scrub: scrub.clone(), to: to.clone() };
            match json {
                true => tracing::subscriber::with_default(json_subscriber(filter("").unwrap(), writer), say),
                false => tracing::subscriber::with_default(human_subscriber(filter("").unwrap(), false, writer), say),
            }
            let text = page.text();
            assert!(!text.contains("hunter2") && !text.contains("horse") && text.contains("[secret db]"), "{text}");
            let parsed = text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
            assert_eq!(parsed.count(), if json { 2 } else { 0 }, "{text}");
        }
    }

    #[test]
    fn the_human_log_has_no_colour_unless_asked_and_no_foreign_escapes() {
        let page = Page::default();
        tracing::subscriber::with_default(human_subscriber(filter("").unwrap(), false, page.writer()), log_something);
        let text = page.text();
        assert!(text.contains("WARN") && text.contains("plugin.id=\"sev-declare\""), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn a_level_is_a_word_or_a_list_by_module() {
        for text in ["", "debug", "WARN", "info,drillbell::dispatch=debug,sqlx=warn", "drillbell=trace"] {
            assert!(filter(text).is_ok(), "{text}");
        }
        insta::assert_snapshot!(filter("inof").unwrap_err(), @r##"
        DRILLBELL_LOG is "inof": "inof" is not a level; write error, warn, info, debug or trace, or levels by module such as info,drillbell::dispatch=debug
        "##);
        assert!(filter("drillbell=loud").is_err());
        assert!(filter(&"é".repeat(200)).is_err());
    }
}
