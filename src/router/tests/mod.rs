//! The grammar as people meet it: a small house of commands, and what each typed line becomes.

mod completion;
mod declaration;
mod errors;
mod grammar;
mod help;
mod properties;
mod values;

use super::{Catalog, IncidentMention, Named, Owner, ParseError, Routed, World, host_commands};
use crate::model::ids::{ConversationId, PersonId, PluginId};
use crate::model::manifest::{ArgKind, ArgSpec, CommandSpec, ReplyMode, SubcommandSpec};

/// 2026-03-01T10:02:00Z.
pub(super) const NOW: i64 = 1_772_359_320_000;

pub(super) fn arg(name: &str, kind: ArgKind) -> ArgSpec {
    ArgSpec {
        name: name.to_owned(),
        kind,
        summary: format!("The {name}"),
        option: false,
        required: false,
        rest: false,
        choices: vec![],
        default: None,
    }
}

pub(super) fn required(name: &str, kind: ArgKind) -> ArgSpec {
    ArgSpec { required: true, ..arg(name, kind) }
}

pub(super) fn rest(name: &str) -> ArgSpec {
    ArgSpec { rest: true, ..required(name, ArgKind::Text) }
}

pub(super) fn option(name: &str, kind: ArgKind) -> ArgSpec {
    ArgSpec { option: true, ..arg(name, kind) }
}

pub(super) fn sub(name: &str, args: Vec<ArgSpec>) -> SubcommandSpec {
    SubcommandSpec { name: name.to_owned(), summary: format!("Does {name}"), reply: ReplyMode::Channel, args }
}

pub(super) fn command(name: &str, subcommands: Vec<SubcommandSpec>) -> CommandSpec {
    CommandSpec { name: name.to_owned(), summary: format!("All about {name}"), subcommands }
}

/// `/sev`, `/every` (an argument of each kind) and `/ping` (no subcommands), beside the host's own.
pub(super) fn catalog() -> Catalog {
    let choices = vec!["Up".to_owned(), "down".to_owned(), "half-way".to_owned()];
    let default = Some("900000".to_owned());
    let sev = command(
        "sev",
        vec![
            sub(
                "declare",
                vec![
                    required("level", ArgKind::Severity),
                    rest("title"),
                    option("service", ArgKind::Service),
                    option("quiet", ArgKind::Flag),
                ],
            ),
            sub("level", vec![required("level", ArgKind::Severity), arg("reason", ArgKind::Text)]),
            sub("note", vec![rest("text")]),
            SubcommandSpec {
                reply: ReplyMode::Private,
                ..sub("list", vec![option("all", ArgKind::Flag), arg("limit", ArgKind::Int)])
            },
        ],
    );
    let every = command(
        "every",
        vec![sub(
            "kind",
            vec![
                required("text", ArgKind::Text),
                option("int", ArgKind::Int),
                ArgSpec { default, ..option("duration", ArgKind::Duration) },
                option("time", ArgKind::Time),
                option("user", ArgKind::User),
                option("channel", ArgKind::Channel),
                ArgSpec { choices, ..option("choice", ArgKind::Choice) },
                option("about", ArgKind::Incident),
                option("target", ArgKind::Target),
                option("service", ArgKind::Service),
                option("severity", ArgKind::Severity),
                option("flag", ArgKind::Flag),
            ],
        )],
    );
    let ping = command("ping", vec![]);
    let say = command("say", vec![sub("", vec![rest("words")])]);
    let plugins = vec![(PluginId::from("sev-declare"), vec![sev]), (PluginId::from("test"), vec![every, ping, say])];
    let (catalog, clashes) = Catalog::new(plugins, host_commands());
    assert_eq!(clashes, []);
    catalog
}

/// A world with two people, two services, a target and the usual severities, typed into `console:#incidents`.
pub(super) fn with_world<T>(then: impl FnOnce(&World) -> T) -> T {
    let named = |names: &[&str]| names.iter().map(|name| Named::new(*name)).collect::<Vec<_>>();
    let severity = |name: &str, title: &str, also: &[&str]| Named {
        name: name.to_owned(),
        title: title.to_owned(),
        also: also.iter().map(|also| (*also).to_owned()).collect(),
    };
    let severities = [severity("sev1", "Critical", &["p0", "critical"]), severity("sev2", "Major", &["p1"])];
    let conversation = ConversationId::from("console:#incidents");
    let channels = [("ops".to_owned(), ConversationId::from("slack:#operations"))];
    let person = |platform: &str, id: &str| match (platform, id) {
        ("slack", "U1") | ("console", "annie") => Some(PersonId::from("ana")),
        ("console", "guest" | "benn") => Some(PersonId::new(format!("console:{id}"))),
        _ => None,
    };
    then(&World {
        now_ms: NOW,
        conversation: Some(&conversation),
        severities: &severities,
        people: &named(&["ana", "ben"]),
        targets: &named(&["orders-db"]),
        services: &named(&["shop", "front desk"]),
        channels: &channels,
        person: &person,
    })
}

pub(super) fn parse(line: &str) -> Result<Routed, ParseError> {
    with_world(|world| catalog().parse(line, world))
}

/// `sev declare level=sev1 title=…`, with ` @INC-7` for `--incident`; help and errors as text.
pub(super) fn read(line: &str) -> String {
    match parse(line) {
        Err(ParseError { message, usage: Some(usage) }) => format!("{message}\nUsage: {usage}"),
        Err(ParseError { message, usage: None }) => message,
        Ok(Routed::Help(view)) => format!("help: {}", view.title),
        Ok(Routed::Call { owner, invocation }) => {
            let mut out = if owner == Owner::Host { "host: ".to_owned() } else { String::new() };
            out.push_str(&invocation.command);
            for word in [&invocation.subcommand].into_iter().filter(|word| !word.is_empty()) {
                out.push_str(&format!(" {word}"));
            }
            for arg in &invocation.args {
                out.push_str(&format!(" {}={}", arg.name, arg.value));
            }
            if let IncidentMention::Given(id) = &invocation.incident {
                out.push_str(&format!(" @{id}"));
            }
            out
        }
    }
}
