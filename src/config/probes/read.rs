//! Reading one probe: its kind decides which keys there are. What is missing, and what does not fit the rest, is named.

use super::address::Address;
use super::fit::misfit;
use super::look::{Expect, Look, Measure, RedisRead};
use super::threshold::{Threshold, Unit};
use super::{Level, Probe};
use crate::config::alerts::{Mute, guarded};
use crate::config::channels::Channels;
use crate::config::chat::Chats;
use crate::config::limits::{
    PROBE_EVERY_MAX, PROBE_EVERY_MIN, PROBE_IN_A_ROW, PROBE_QUERY_CHARS, PROBE_TIMEOUT_MAX, PROBE_TIMEOUT_MIN,
    PROBE_WINDOW_MAX, PROBE_WINDOW_MIN, PROBES_MAX,
};
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::section::Section;
use crate::config::severities::Severities;
use crate::config::tree::{Entry, Node};
use crate::config::{quantity, values};
use std::collections::BTreeMap;
use std::time::Duration;

const KINDS: [&str; 8] = ["http", "tcp", "tls", "sql", "redis", "promql", "results", "heartbeat"];
const MINUTE: Duration = Duration::from_secs(60);
/// What stands for the window in an expression.
pub(super) const WINDOW: &str = "$window";

/// What the rest of the file says that probes refer to.
pub(in crate::config) struct Known<'a> {
    pub chats: &'a Chats<'a>,
    pub channels: &'a Channels,
    pub severities: &'a Severities,
    /// `[metrics] prometheus` is set.
    pub prometheus: bool,
}

/// One probe's section, with what is needed to complain about it.
struct Reader<'a, 'k> {
    all: &'a Section<'a>,
    entry: &'a Entry,
    section: Section<'a>,
    known: &'k Known<'k>,
}

pub(super) fn all(all: &Section<'_>, known: &Known<'_>) -> BTreeMap<String, Probe> {
    let mut probes = BTreeMap::new();
    for (entry, section) in all.named() {
        if !values::is_name(&entry.key, "-_.") {
            all.refuse_name(entry, Refusal::expected("a name of lower-case letters, digits, - _ ."));
            continue;
        }
        if let Some(probe) = (Reader { all, entry, section, known }).probe() {
            probes.insert(entry.key.clone(), probe);
        }
    }
    for entry in all.entries().iter().skip(PROBES_MAX).take(1) {
        all.refuse_name(entry, Refusal::expected(format!("at most {PROBES_MAX} probes")));
    }
    for entry in all.entries() {
        if let Some((found, refusal)) = probes.get(&entry.key).and_then(|probe| misfit(probe, &probes)) {
            all.cx.note(&entry.place, &all.path(&entry.key), found.to_owned(), refusal);
        }
    }
    probes
}

impl Reader<'_, '_> {
    fn missing(&self, key: &str, expected: &str) {
        let path = self.all.path(&self.entry.key);
        self.all.cx.note(&self.entry.place, &path, format!("no `{key}`"), Refusal::expected(expected));
    }

    fn probe(mut self) -> Option<Probe> {
        let cx = self.section.cx;
        let path = self.section.path("url");
        let url = self.section.read("url", |node| Address::read(cx, &path, node));
        let given = self.section.read("kind", kind);
        let kind = self.kind(given, url.as_ref())?;
        let look = self.look(kind, url);
        let unit = self.unit(kind, look.as_ref());
        let beats = kind == "heartbeat";
        let span = |least, most| move |node: &Node| values::duration(node, least..=most);
        let every = self.section.read("every", span(PROBE_EVERY_MIN, PROBE_EVERY_MAX));
        if beats && !self.section.has("every") {
            self.missing("every", "how often it beats: every = \"5m\"");
        }
        let usual = if kind == "tls" { MINUTE * 60 } else { MINUTE / 2 };
        let every = every.unwrap_or(usual);
        let timeout = if beats || kind == "results" { None } else { self.timeout(every) };
        let at_once = matches!(kind, "tls" | "promql" | "results" | "heartbeat");
        let usual = if at_once { 1 } else { 2 };
        let row = |node: &Node| values::integer(node, 1..=PROBE_IN_A_ROW);
        let whole = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let fail_after = self.section.read("fail_after", row).map_or(usual, whole);
        let pass_after = self.section.read("pass_after", row).map_or(usual, whole);
        let measured = matches!(kind, "sql" | "redis" | "promql" | "results");
        let window = match measured {
            true => self.section.read("window", span(PROBE_WINDOW_MIN, PROBE_WINDOW_MAX)),
            false => None,
        };
        if measured && !self.section.has("window") {
            // A threshold without one is an alert for every blink, or an average over nobody knows what.
            self.missing("window", "the time that the threshold is about: window = \"5m\"");
        }
        let service = self.section.read("service", word);
        let component = self.section.read("component", word);
        let mute = |node: &Node| Mute::parse(values::text(node)?);
        let mute = self.section.read_list("mute", "a list such as [\"sat-sun\"]", mute).unwrap_or_default();
        let mut level = Level::read(&mut self.section, &unit, kind, self.known);
        if kind == "tls" && level.threshold.is_none() {
            level.threshold = Some(Threshold::within(MINUTE * 60 * 24 * 14));
        }
        if measured && level.threshold.is_none() && !self.section.has("above") && !self.section.has("below") {
            self.missing("above", "from where on it is too much, or too little: `above` or `below`");
        }
        let also = self.also(&level, &unit, kind);
        let placed = |level: &Level| level.channel.is_some();
        let written = self.section.has("channel");
        if self.known.channels.alerts.is_none() && !written && !placed(&level) {
            self.missing("channel", "a `channel` for its alerts, here or as `alerts` of [channels]");
        }
        let name = self.entry.key.clone();
        self.section.finish();
        let look = look?;
        let timeout = timeout.unwrap_or(MINUTE / 6);
        Some(Probe {
            name,
            look,
            every,
            timeout,
            window,
            fail_after,
            pass_after,
            unit,
            service,
            component,
            mute,
            level,
            also,
        })
    }

    /// What was named, or what the keys tell; noted if that is nothing, or not what the address says.
    fn kind(&mut self, given: Option<&'static str>, url: Option<&Address>) -> Option<&'static str> {
        let by_url = url.map(|url| match url.scheme() {
            "http" | "https" => "http",
            "tcp" => "tcp",
            "tls" => "tls",
            "redis" => "redis",
            _ => "sql",
        });
        let by_key = [("expr", "promql"), ("of", "results"), ("token", "heartbeat")];
        let by_key = by_key.into_iter().find(|(key, _)| self.section.has(key)).map(|(_, kind)| kind);
        match (given, by_url.or(by_key)) {
            (Some(given), Some(found)) if given != found => {
                let refusal = Refusal::expected(format!("\"{found}\", which is what its other keys say, or no `kind`"));
                self.section.refuse("kind", refusal);
                None
            }
            (Some(kind), _) | (None, Some(kind)) => Some(kind),
            (None, None) => {
                // An address that could not be read was complained about.
                if !self.section.has("url") && !self.section.has("kind") {
                    let expected =
                        "a `url` to look at, an `expr` for Prometheus, `of` another probe, or a heartbeat's `token`";
                    self.missing("url", expected);
                }
                None
            }
        }
    }

    fn timeout(&mut self, every: Duration) -> Option<Duration> {
        let span = |node: &Node| values::duration(node, PROBE_TIMEOUT_MIN..=PROBE_TIMEOUT_MAX);
        let timeout = self.section.read("timeout", span);
        if timeout.is_some_and(|timeout| timeout > every) {
            let every = quantity::show_duration(every);
            self.section.refuse("timeout", Refusal::expected(format!("at most `every`, which is {every}")));
        }
        Some(timeout.unwrap_or(MINUTE / 6).min(every))
    }

    fn look(&mut self, kind: &'static str, url: Option<Address>) -> Option<Look> {
        let cx = self.section.cx;
        let needs_url = matches!(kind, "http" | "tcp" | "tls" | "sql" | "redis");
        if needs_url && !self.section.has("url") {
            self.missing("url", "the address to look at");
        }
        Some(match kind {
            "http" => {
                let expect = Expect::read(self.section.child("expect"));
                Look::Http { url: url?, expect }
            }
            "tcp" => Look::Tcp(url?),
            "tls" => Look::Tls(url?),
            "sql" => {
                let what = "a query that answers with one number: query = \"select count(*) from jobs\"";
                let query = self.section.required("query", what, query);
                Look::Sql { url: url?, query: query? }
            }
            "redis" => {
                let field = self.section.read("field", field);
                let ratio = self.section.read("measure", |node| word_of(node, ["hit-ratio"]));
                let read = match (field, ratio) {
                    (Some(field), None) => RedisRead::Field(field),
                    (None, Some(_)) => RedisRead::HitRatio,
                    _ => {
                        if self.section.has("field") == self.section.has("measure") {
                            self.missing(
                                "field",
                                "either a `field` of INFO, such as \"used_memory\", or measure = \"hit-ratio\"",
                            );
                        }
                        return None;
                    }
                };
                Look::Redis { url: url?, read }
            }
            "promql" => {
                let what = "an expression: expr = \"sum(rate(http_requests_total[$window]))\"";
                let expr = self.section.required("expr", what, query)?;
                if !expr.contains(WINDOW) {
                    let expected = format!("an expression with {WINDOW} in it, which stands for `window`");
                    self.section.refuse("expr", Refusal::expected(expected).fix("write rate(…[$window])"));
                }
                if !self.known.prometheus {
                    let expected = "a Prometheus to ask: [metrics] prometheus = \"http://…\"";
                    self.section.refuse("expr", Refusal::expected(expected));
                }
                Look::Promql(expr)
            }
            "results" => {
                let of =
                    self.section.required("of", "the name of the probe", |node| Ok(values::text(node)?.to_owned()));
                let what = "what of its results: measure = \"p95\" or \"error-rate\"";
                let measure = self.section.required("measure", what, |node| word_of(node, ["p95", "error-rate"]));
                let measure = if measure? == "p95" { Measure::P95 } else { Measure::ErrorRate };
                Look::Results { of: of?, measure }
            }
            _ => {
                let token =
                    self.section.required("token", "what it shows: token = { env = \"NAME\" }", |n| guarded(cx, n));
                let span = |node: &Node| values::duration(node, PROBE_EVERY_MIN..=PROBE_EVERY_MAX);
                let grace = self.section.required("grace", "by how much a beat may be late: grace = \"1m\"", span);
                Look::Heartbeat { token: token?, grace: grace? }
            }
        })
    }

    /// What a kind's number is; of queries, fields and expressions only the operator knows.
    fn unit(&mut self, kind: &'static str, look: Option<&Look>) -> Unit {
        match (kind, look) {
            ("tls", _) => Unit::Seconds,
            (_, Some(Look::Results { measure: Measure::P95, .. })) => Unit::Seconds,
            (_, Some(Look::Results { .. } | Look::Redis { read: RedisRead::HitRatio, .. })) => Unit::Ratio,
            ("sql" | "promql", _) | (_, Some(Look::Redis { .. })) => {
                let what =
                    "what the number is, shown with every value: unit = \"ms\", \"s\", \"bytes\", \"ratio\" or a word";
                let unit =
                    self.section.required("unit", what, Unit::read).unwrap_or(Unit::Word("(no unit)".to_owned()));
                if let (Unit::Ratio, Some(Look::Promql(expr))) = (&unit, look)
                    && !expr.contains('/')
                {
                    // A rate a second that is read as a percentage is wrong by whatever the traffic is.
                    let expected = "a ratio: one number divided by another";
                    self.section.refuse("expr", Refusal::expected(expected).fix("divide by the rate of all requests"));
                }
                unit
            }
            _ => Unit::None,
        }
    }

    fn also(&mut self, first: &Level, unit: &Unit, kind: &'static str) -> Option<Level> {
        if !self.section.has("also") {
            self.section.node("also");
            return None;
        }
        let mut section = self.section.child("also");
        if *unit == Unit::None {
            let expected = "no second threshold: this kind of probe has no number";
            self.section.refuse("also", Refusal::expected(expected).found("one"));
            return None;
        }
        let mut level = Level::read(&mut section, unit, kind, self.known);
        section.finish();
        level.channel = level.channel.or_else(|| first.channel.clone());
        let further = match (&first.threshold, &level.threshold) {
            (Some(first), Some(second)) => first.side == second.side && first.is_beyond(second.number),
            (_, None) => false,
            (None, _) => true,
        };
        if !further {
            let from = first.threshold.as_ref().map_or_else(String::new, |first| format!(" {}", first.show(unit)));
            let expected = format!("a threshold further out than the first, which is{from}");
            self.section.refuse("also", Refusal::expected(expected).found("another"));
        }
        Some(level)
    }
}

impl Level {
    fn read(section: &mut Section<'_>, unit: &Unit, kind: &str, known: &Known<'_>) -> Self {
        let threshold = match (unit, kind) {
            (_, "tls") => {
                let span = |node: &Node| values::duration(node, MINUTE..=Duration::from_secs(5 * 366 * 86_400));
                section.read("expires_within", span).map(Threshold::within)
            }
            (Unit::None, _) => None,
            _ => Threshold::read(section, unit),
        };
        let severity = section.read("severity", |node| {
            let text = values::text(node)?;
            let names = known.severities.0.iter().map(|severity| severity.name.as_str());
            match known.severities.find(text) {
                Some(_) => Ok(text.to_owned()),
                None => Err(Refusal::expected("a configured severity").maybe_fix(did_you_mean(text, names))),
            }
        });
        let auto_declare = section.read("auto_declare", values::boolean).unwrap_or_default();
        if auto_declare && severity.is_none() && !section.has("severity") {
            section.refuse("auto_declare", Refusal::expected("a `severity` for the incident that is declared"));
        }
        Self {
            threshold,
            severity,
            channel: section.read("channel", |node| known.chats.conversation(node)),
            runbook: section.read("runbook", |node| Ok(values::text(node)?.to_owned())),
            auto_declare,
        }
    }
}

fn kind(node: &Node) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    let known = KINDS.into_iter().find(|known| *known == text);
    let expected = format!("a kind: \"{}\"", KINDS.join("\", \""));
    known.ok_or_else(|| Refusal::expected(expected).maybe_fix(did_you_mean(text, KINDS)))
}

fn word_of<const N: usize>(node: &Node, words: [&'static str; N]) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    let expected = format!("\"{}\"", words.join("\" or \""));
    words
        .into_iter()
        .find(|word| *word == text)
        .ok_or_else(|| Refusal::expected(expected).maybe_fix(did_you_mean(text, words)))
}

fn word(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match values::is_name(text, "-_.") {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected("a name: lower-case letters, digits, - _ .")),
    }
}

fn field(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected("a field of Redis' INFO, such as \"used_memory\"")),
    }
}

/// A query or an expression: lines are its own business.
fn query(node: &Node) -> Result<String, Refusal> {
    let text = values::any_text(node).map(str::trim).unwrap_or_default();
    let text = text.strip_suffix(';').unwrap_or(text);
    match text.is_empty() || text.len() > PROBE_QUERY_CHARS || text.contains('\0') {
        false => Ok(text.to_owned()),
        true => Err(Refusal::expected(format!("a text of at most {PROBE_QUERY_CHARS} characters"))),
    }
}
