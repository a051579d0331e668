//! `[probes]` as it applies; addresses are named or masked.

use super::look::{Expect, Look, RedisRead, Statuses};
use super::{Level, Probe, Probes};
use crate::config::quantity::show_duration;
use toml::{Table, Value};

/// The section as TOML that reads back as the same.
pub(in crate::config) fn table_of(probes: &Probes) -> Value {
    Value::Table(probes.0.iter().map(|(name, probe)| (name.clone(), probe_table(probe))).collect())
}

type Pairs = Vec<(&'static str, Option<Value>)>;

fn table(pairs: Pairs) -> Value {
    let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Table(pairs.collect::<Table>())
}

fn text(text: &Option<String>) -> Option<Value> {
    text.clone().map(Value::String)
}

fn probe_table(probe: &Probe) -> Value {
    let Probe {
        name: _,
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
    } = probe;
    let mut pairs = look_pairs(look);
    let span = |span: std::time::Duration| Some(Value::String(show_duration(span)));
    let waits = !matches!(look, Look::Heartbeat { .. } | Look::Results { .. });
    // Only where it is the operator's to say.
    let has_unit = matches!(look, Look::Sql { .. } | Look::Promql(_) | Look::Redis { read: RedisRead::Field(_), .. });
    let mute: Vec<Value> = mute.iter().map(|mute| Value::String(mute.to_string())).collect();
    pairs.extend([
        ("kind", Some(look.kind().into())),
        ("every", span(*every)),
        ("timeout", if waits { span(*timeout) } else { None }),
        ("window", window.and_then(span)),
        ("fail_after", Some(i64::from(*fail_after).into())),
        ("pass_after", Some(i64::from(*pass_after).into())),
        ("unit", has_unit.then(|| unit.as_str().into())),
        ("service", text(service)),
        ("component", text(component)),
        ("mute", (!mute.is_empty()).then_some(Value::Array(mute))),
        ("also", also.as_ref().map(|also| table(level_pairs(also, look)))),
    ]);
    pairs.extend(level_pairs(level, look));
    table(pairs)
}

fn level_pairs(level: &Level, look: &Look) -> Pairs {
    let Level { threshold, severity, channel, runbook, auto_declare } = level;
    let key = |threshold: &super::Threshold| match (look, threshold.side) {
        (Look::Tls(_), _) => "expires_within",
        (_, super::Side::Above) => "above",
        (_, super::Side::Below) => "below",
    };
    let mut pairs = vec![
        ("severity", text(severity)),
        ("channel", channel.as_ref().map(|channel| channel.to_string().into())),
        ("runbook", text(runbook)),
        ("auto_declare", Some((*auto_declare).into())),
    ];
    pairs.extend(threshold.as_ref().map(|threshold| (key(threshold), Some(threshold.written.clone()))));
    pairs
}

fn look_pairs(look: &Look) -> Pairs {
    match look {
        Look::Http { url, expect } => vec![("url", Some(url.written())), ("expect", Some(expect_table(expect)))],
        Look::Tcp(url) | Look::Tls(url) => vec![("url", Some(url.written()))],
        Look::Sql { url, query } => vec![("url", Some(url.written())), ("query", Some(query.clone().into()))],
        Look::Redis { url, read } => {
            let read = match read {
                RedisRead::Field(field) => ("field", Some(field.clone().into())),
                RedisRead::HitRatio => ("measure", Some("hit-ratio".into())),
            };
            vec![("url", Some(url.written())), read]
        }
        Look::Promql(expr) => vec![("expr", Some(expr.clone().into()))],
        Look::Results { of, measure } => {
            vec![("of", Some(of.clone().into())), ("measure", Some(measure.as_str().into()))]
        }
        Look::Heartbeat { token, grace } => {
            vec![("token", Some(token.source())), ("grace", Some(show_duration(*grace).into()))]
        }
    }
}

fn expect_table(expect: &Expect) -> Value {
    let Expect { status, contains, within } = expect;
    let status = status.as_ref().map(|status| match status {
        Statuses::Some(some) => Value::Array(some.iter().map(|one| Value::Integer(i64::from(*one))).collect()),
        Statuses::Class(class) => class.clone().into(),
    });
    table(vec![
        ("status", status),
        ("contains", text(contains)),
        ("within", within.map(|within| show_duration(within).into())),
    ])
}
