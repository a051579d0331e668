//! `[commands]` as it applies; variables that are handed on are named, not shown.

use super::{strings, table};
use crate::config::commands::{Arg, Command, Commands, Kind};
use crate::config::quantity::show_duration;
use std::collections::BTreeMap;
use toml::Value;

/// `[commands]` with every default filled in.
pub(super) fn table_of(commands: &Commands) -> Value {
    // Where programs are looked for is the environment's business.
    let Commands { all, path: _ } = commands;
    Value::Table(table(all.iter().map(|(name, command)| (name.as_str(), command_table(command)))))
}

fn command_table(command: &Command) -> Value {
    let Command {
        name: _,
        argv,
        args,
        cwd,
        env,
        secrets,
        secret_files,
        timeout,
        hosts,
        undo,
        changes,
        on_lost,
        background,
        unseen,
        window,
    } = command;
    let texts = |map: &BTreeMap<String, String>| {
        Value::Table(table(map.iter().map(|(key, value)| (key.as_str(), value.clone().into()))))
    };
    let mut pairs = vec![
        ("argv", strings(&argv.iter().map(ToString::to_string).collect::<Vec<_>>())),
        ("args", Value::Table(table(args.iter().map(|(name, arg)| (name.as_str(), arg_table(arg)))))),
        ("env", strings(&env.keys().cloned().collect::<Vec<_>>())),
        ("secrets", texts(secrets)),
        ("secret_files", texts(secret_files)),
        ("timeout", show_duration(*timeout).into()),
        ("hosts", strings(hosts)),
        ("changes", (*changes).into()),
        ("on_lost", on_lost.as_str().into()),
        ("background", (*background).into()),
        ("unseen", Value::Array(unseen.iter().map(|status| i64::from(*status).into()).collect())),
    ];
    pairs.extend(cwd.as_ref().map(|cwd| ("cwd", Value::String(cwd.to_string_lossy().into_owned()))));
    pairs.extend(
        window.iter().flat_map(|window| {
            [("window", Value::from(window.written.clone())), ("timezone", window.zone.name().into())]
        }),
    );
    pairs.extend(undo.clone().map(|undo| ("undo", Value::String(undo))));
    Value::Table(table(pairs))
}

fn arg_table(arg: &Arg) -> Value {
    let Arg { kind, default } = arg;
    let mut pairs = vec![("type", Value::from(kind.word()))];
    match kind {
        Kind::Choice(values) => pairs.push(("values", strings(values))),
        Kind::Word(most) => pairs.push(("max", i64::try_from(*most).unwrap_or(i64::MAX).into())),
        Kind::Int(least, most) => pairs.extend([("min", (*least).into()), ("max", (*most).into())]),
        Kind::Path(under) => pairs.push(("under", under.to_string_lossy().into_owned().into())),
        Kind::Host | Kind::Version => {}
    }
    pairs.extend(default.clone().map(|value| ("default", Value::String(value))));
    Value::Table(table(pairs))
}
