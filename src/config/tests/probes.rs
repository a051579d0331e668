//! `[probes]` and `[metrics]`: what a kind follows from, what it asks for, and what is said of what is wrong.

use super::*;
use crate::config::probes::{Look, Side, Unit};

const PLACE: &str = "[channels]\nalerts = \"console:#ops\"\n";

fn probes(text: &str) -> Result<Config, ConfigErrors> {
    parse_with(
        &format!("{PLACE}{text}"),
        [("REDIS", "redis://:hunter2@cache"), ("BEAT", "hunter2-hunter2-hunter2"), ("SHORT", "hunter2")],
    )
}

/// The sentences about one probe.
fn said(text: &str) -> String {
    probes(&format!("[probes.a]\n{text}")).expect_err("a problem").to_string()
}

#[test]
fn a_kind_follows_from_the_address_or_from_the_key_that_only_it_has() {
    let rest = "unit = \"ms\"\nwindow = \"1m\"\nabove = 5";
    for (text, kind) in [
        ("url = \"https://a.example/x\"".to_owned(), "http"),
        ("url = \"tcp://[::1]:5432\"".to_owned(), "tcp"),
        ("url = \"tls://a.example\"".to_owned(), "tls"),
        (format!("url = \"sqlite:a.db\"\nquery = \"select 1\"\n{rest}"), "sql"),
        (format!("url = \"redis://a\"\nfield = \"used_memory\"\n{rest}"), "redis"),
        (format!("expr = \"up[$window]\"\n{rest}\n[metrics]\nprometheus = \"http://p:9090\""), "promql"),
        ("token = { env = \"BEAT\" }\nevery = \"1h\"\ngrace = \"1m\"".to_owned(), "heartbeat"),
    ] {
        let config = probes(&format!("[probes.a]\n{text}")).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(config.probes.get("a").unwrap().look.kind(), kind);
    }
    let of = "[probes.a]\nurl = \"http://a.example\"\n[probes.b]\nof = \"a\"\nmeasure = \"p95\"\nwindow = \"5m\"\nabove = \"250ms\"";
    let slow = probes(of).unwrap().probes.get("b").unwrap().clone();
    assert!(matches!(slow.look, Look::Results { .. }) && slow.unit == Unit::Seconds);
    let threshold = slow.level.threshold.unwrap();
    assert_eq!((threshold.side, threshold.number), (Side::Above, 0.25));
}

#[test]
fn an_address_with_a_password_is_never_shown() {
    let text = "[probes.a]\nurl = { env = \"REDIS\" }\nmeasure = \"hit-ratio\"\nwindow = \"1m\"\nbelow = \"50%\"\n\
                [probes.b]\nurl = \"redis://:hunter3@cache\"\nfield = \"used_memory\"\nunit = \"bytes\"\nwindow = \"1m\"\nabove = \"1GiB\"";
    let config = probes(text).unwrap();
    let shown = format!("{}{:?}", config.effective(), config.probes);
    assert!(!shown.contains("hunter"), "{shown}");
    for password in ["hunter2", "hunter3"] {
        assert!(config.all_secrets().iter().any(|(_, secret)| secret.expose_secret() == password), "{password}");
    }
    let written = "probes.b.url holds a password: write { env = \"NAME\" } or { file = \"PATH\" } instead";
    assert_eq!(config.warnings(), [written]);
}

#[test]
fn what_is_wrong_with_a_probe_is_said_with_a_fix() {
    let metrics = "[metrics]\nprometheus = \"http://p:9090\"";
    for (text, part) in [
        ("every = \"1m\"", "no `url`"),
        ("url = \"ftp://a\"", "expected: an address that begins with http://"),
        ("url = \"tcp://db\"", "name the port: tcp://db:5432"),
        ("url = \"rediss://db\"", "through a tunnel on this machine"),
        ("url = \"http://u:p@a\"", "found:    an address with a name or password in it"),
        ("url = \"http://a\"\nkind = \"tcp\"", "expected: \"http\", which is what its other keys say"),
        ("url = \"http://a\"\nkind = \"htp\"", "did you mean `http`?"),
        ("url = \"http://a\"\nevery = \"5s\"\ntimeout = \"6s\"", "expected: at most `every`, which is 5s"),
        ("url = \"http://a\"\nabove = \"1s\"", "a key that drillbell"),
        ("url = \"http://a\"\nexpect = { status = 20 }", "expected: a status such as 200"),
        ("url = \"http://a\"\nalso = { above = \"1s\" }", "this kind of probe has no number"),
        ("url = \"http://a\"\nseverity = \"criticl\"", "expected: a configured severity"),
        ("url = \"http://a\"\nauto_declare = true", "a `severity` for the incident that is declared"),
        ("url = \"sqlite:a\"\nquery = \"select 1\"\nunit = \"ms\"\nabove = 1", "no `window`"),
        ("url = \"sqlite:a\"\nquery = \"select 1\"\nunit = \"ms\"\nwindow = \"1m\"", "no `above`"),
        (
            "url = \"sqlite:a\"\nquery = \"select 1\"\nunit = \"%\"\nwindow = \"1m\"\nabove = 1",
            "write unit = \"ratio\"",
        ),
        ("url = \"redis://a\"\nunit = \"x\"\nwindow = \"1m\"\nabove = 1", "either a `field` of INFO"),
        ("url = \"redis://a\"\nmeasure = \"hit-ratio\"\nwindow = \"1m\"\nbelow = 50", "write percent: \"5%\""),
        ("expr = \"up[$window]\"\nunit = \"x\"\nwindow = \"1m\"\nabove = 1", "a Prometheus to ask"),
        (
            &format!("expr = \"rate(e[5m])\"\nunit = \"x\"\nwindow = \"5m\"\nabove = 1\n{metrics}"),
            "write rate(…[$window])",
        ),
        (
            &format!("expr = \"rate(e[$window])\"\nunit = \"ratio\"\nwindow = \"5m\"\nabove = \"5%\"\n{metrics}"),
            "divide by the rate of all requests",
        ),
        ("token = { env = \"SHORT\" }\ngrace = \"1m\"\nevery = \"1m\"", "expected: at least 16 characters"),
        ("token = { env = \"BEAT\" }\ngrace = \"1m\"", "no `every`"),
        ("of = \"b\"\nmeasure = \"p95\"\nwindow = \"5m\"\nabove = \"1s\"", "expected: the name of another probe"),
        ("of = \"b\"\nmeasure = \"p95\"\nwindow = \"5m\"\nabove = 1", "write a unit and quotes: \"1s\""),
        (
            "of = \"b\"\nmeasure = \"p95\"\nwindow = \"60s\"\nabove = \"1s\"\n[probes.b]\nurl = \"http://b\"",
            "a window of at least 1m30s",
        ),
        (
            "of = \"b\"\nmeasure = \"error-rate\"\nwindow = \"5m\"\nabove = \"5%\"\n[probes.b]\nurl = \"tls://b\"",
            "a probe that asks something",
        ),
        (
            "of = \"b\"\nmeasure = \"p95\"\nwindow = \"5m\"\nabove = \"2s\"\nalso.above = \"1s\"\n[probes.b]\nurl = \"http://b\"",
            "further out than the first, which is above 2 s",
        ),
    ] {
        let said = said(text);
        assert!(said.contains(part), "{text}\n{part}\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let nowhere = complaint("[probes.a]\nurl = \"http://a\"");
    assert!(nowhere.contains("no `channel`"), "{nowhere}");
    let source = probes("[alerts.probes]\nkind = \"generic\"\ntoken = { env = \"BEAT\" }").unwrap_err().to_string();
    assert!(source.contains("other than `deploys`, `beats`, `probes`"), "{source}");
}

#[test]
fn a_component_whose_probe_is_not_there_is_warned_of() {
    let text = "[server]\npublic_url = \"https://bot.example.org\"\n[status.components.web]\nfrom = \"probe:web\"";
    let warned = parse(text).unwrap().warnings();
    assert_eq!(warned, ["status.components.web is from probe:web, but there is no [probes.web]: it stays unknown"]);
}

#[test]
fn numbers_are_shown_with_their_unit() {
    let word = Unit::Word("jobs".to_owned());
    for (unit, number, shown) in [
        (Unit::Seconds, 1.25, "1.25 s"),
        (Unit::Seconds, 1_209_600.0, "14d"),
        (Unit::Seconds, -7200.0, "-2h"),
        (Unit::Ratio, 0.05, "5 %"),
        (Unit::Bytes, 2_147_483_648.0, "2.0 GiB"),
        (Unit::Milliseconds, 100.0, "100 ms"),
        (word, -0.0001, "0 jobs"),
    ] {
        assert_eq!(unit.show(number), shown);
    }
}
