//! `[targets]` as it applies; URLs are named or masked.

use super::drill::DrillPlace;
use super::{Adopt, BackupPolicy, DrillPolicy, Keep, Target, TargetPlace, Targets};
use crate::config::quantity::{show_bytes, show_duration};
use toml::{Table, Value};

/// `[targets]` with every default filled in.
pub(in crate::config) fn table_of(targets: &Targets) -> Value {
    Value::Table(targets.0.iter().map(|(name, target)| (name.clone(), target_table(target))).collect())
}

fn table(pairs: Vec<(&str, Option<Value>)>) -> Value {
    let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Table(pairs.collect::<Table>())
}

fn texts(items: &[String]) -> Option<Value> {
    (!items.is_empty()).then(|| items.iter().cloned().map(Value::String).collect::<Vec<_>>().into())
}

fn target_table(target: &Target) -> Value {
    let Target { name: _, place, rpo, rto, wal_archiving, service, owner, backup, drill, adopt } = target;
    let span = |span: &Option<std::time::Duration>| span.map(|span| show_duration(span).into());
    let path = |path: &std::path::Path| Some(path.to_string_lossy().into_owned().into());
    let mut pairs = vec![("kind", Some(place.kind().into()))];
    match place {
        TargetPlace::Postgres { url: at, pg_bin } => {
            pairs.extend([("url", Some(at.source())), ("pg_bin", pg_bin.as_deref().and_then(path))]);
        }
        TargetPlace::Sqlite(file) => pairs.push(("path", path(file))),
        TargetPlace::Files { path: folder, exclude } => {
            pairs.extend([("path", path(folder)), ("exclude", texts(exclude))]);
        }
    }
    pairs.extend([
        ("rpo", span(rpo)),
        ("rto", span(rto)),
        ("wal_archiving", span(wal_archiving)),
        ("service", service.clone().map(Value::String)),
        ("owner", owner.clone().map(Value::String)),
        ("backup", Some(backup_table(backup))),
        ("drill", Some(drill_table(drill))),
        ("adopt", adopt.as_ref().map(adopt_table)),
    ]);
    table(pairs)
}

fn backup_table(policy: &BackupPolicy) -> Value {
    let BackupPolicy {
        schedule,
        zone,
        // Follows from the schedule.
        interval: _,
        start_by,
        run_limit,
        verify_limit,
        keep,
        expires,
        min_size,
        max_age,
        checksums,
        globals,
    } = policy;
    let Keep { hourly, daily, weekly, monthly } = *keep;
    let span = |span: &Option<std::time::Duration>| span.map(|span| show_duration(span).into());
    let tiers = [("hourly", hourly), ("daily", daily), ("weekly", weekly), ("monthly", monthly)];
    table(vec![
        ("schedule", schedule.clone().map(Value::String)),
        ("zone", Some(zone.clone().into())),
        ("start_by", span(start_by)),
        ("run_limit", Some(show_duration(*run_limit).into())),
        ("verify_limit", Some(show_duration(*verify_limit).into())),
        ("keep", Some(table(tiers.map(|(key, count)| (key, Some(i64::from(count).into()))).into()))),
        ("expires", span(expires)),
        ("min_size", min_size.map(|bytes| show_bytes(bytes).into())),
        ("max_age", span(max_age)),
        ("checksums", Some((*checksums).into())),
        // Of other kinds it is no key.
        ("globals", globals.then(|| true.into())),
    ])
}

fn adopt_table(adopt: &Adopt) -> Value {
    let Adopt { prefix, passphrase, digest, iterations, salt } = adopt;
    table(vec![
        ("prefix", Some(prefix.clone().into())),
        ("passphrase", passphrase.as_ref().map(|secret| secret.source())),
        ("digest", Some(digest.as_str().into())),
        ("iterations", Some(i64::from(*iterations).into())),
        ("salt", Some((*salt).into())),
    ])
}

fn drill_table(policy: &DrillPolicy) -> Value {
    let DrillPolicy { schedule, zone, into, checks, run, smoke, run_limit, remind } = policy;
    let remind = remind.iter().map(|span| show_duration(*span).into()).collect::<Vec<Value>>();
    let into = into.as_ref().map(|place| match place {
        DrillPlace::Server(at) => at.source(),
        DrillPlace::Folder(path) => path.to_string_lossy().into_owned().into(),
    });
    table(vec![
        ("schedule", schedule.clone().map(Value::String)),
        ("zone", Some(zone.clone().into())),
        ("into", into),
        ("checks", texts(checks)),
        ("run", texts(run)),
        ("smoke", texts(smoke)),
        ("run_limit", Some(show_duration(*run_limit).into())),
        ("remind", Some(remind.into())),
    ])
}
