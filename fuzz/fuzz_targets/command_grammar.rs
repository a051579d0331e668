//! Any bytes as a slash command: parsing and completing never panic, errors stay short and visible, and what was
//! accepted, written out in canonical form, is accepted as the same.

#![no_main]

use drillbell::model::ids::{ConversationId, PersonId, PluginId};
use drillbell::model::manifest::{ArgKind, CommandSpec};
use drillbell::router::{
    Catalog, IncidentMention, Invocation, MAX_LINE_BYTES, Named, Owner, Routed, World, check_declaration,
    host_commands, quote,
};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One command with an argument of every kind and one with free text, declared as a plugin declares them.
const COMMANDS: &str = r##"
[[commands]]
name = "sev"
summary = "Incidents"

[[commands.subcommands]]
name = "declare"
summary = "Opens an incident"
args = [
    { name = "level", type = "severity", summary = "How bad", required = true },
    { name = "title", type = "text", summary = "What is wrong", required = true, rest = true },
    { name = "service", type = "service", summary = "The service", option = true },
    { name = "quiet", type = "flag", summary = "Tell nobody", option = true },
]

[[commands]]
name = "every"
summary = "One of each"

[[commands.subcommands]]
name = "kind"
summary = "Takes all"
args = [
    { name = "text", type = "text", summary = "Text", required = true },
    { name = "count", type = "int", summary = "A number" },
    { name = "for", type = "duration", summary = "A duration", option = true, default = "900000" },
    { name = "at", type = "time", summary = "A moment", option = true },
    { name = "who", type = "user", summary = "Somebody", option = true },
    { name = "to", type = "channel", summary = "A channel", option = true },
    { name = "how", type = "choice", summary = "A choice", option = true, choices = ["up", "down"] },
    { name = "about", type = "incident", summary = "An incident", option = true },
    { name = "target", type = "target", summary = "A target", option = true },
]

[[commands]]
name = "ping"
summary = "Answers"
subcommands = []
"##;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut declared: BTreeMap<String, Vec<CommandSpec>> =
        toml::from_str(COMMANDS).expect("the declaration is valid TOML");
    let commands = declared.remove("commands").expect("it declares commands");
    let problems: Vec<String> = commands.iter().flat_map(check_declaration).collect();
    assert!(problems.is_empty(), "{problems:?}");
    Catalog::new(vec![(PluginId::from("fuzz"), commands)], host_commands()).0
});

fuzz_target!(|bytes: &[u8]| {
    let line = String::from_utf8_lossy(bytes);
    let names = |names: &[&str]| names.iter().map(|name| Named::new(*name)).collect::<Vec<_>>();
    let (severities, people, targets) = (names(&["sev1", "sev2"]), names(&["ana", "ben"]), names(&["orders-db"]));
    let conversation = ConversationId::from("slack:C1");
    let channels = [("ops".to_owned(), ConversationId::from("slack:#operations"))];
    let person = |platform: &str, id: &str| (platform == "slack" && id == "U1").then(|| PersonId::from("ana"));
    let world = World {
        now_ms: 1_772_359_320_000,
        conversation: Some(&conversation),
        severities: &severities,
        people: &people,
        targets: &targets,
        services: &[],
        channels: &channels,
        person: &person,
    };

    let completion = CATALOG.complete(&line, &world);
    assert!(line.is_char_boundary(completion.start));
    match CATALOG.parse(&line, &world) {
        Ok(Routed::Help(_)) => {}
        Ok(Routed::Call { owner, invocation }) => check_same(&owner, &invocation, &world),
        Err(error) => {
            assert!(error.message.chars().count() < 400, "{}", error.message);
            assert!(!error.message.contains(|c: char| c.is_control() || c == '\u{202e}'), "{:?}", error.message);
        }
    }
});

/// Writes the invocation out and reads it again.
fn check_same(owner: &Owner, invocation: &Invocation, world: &World) {
    let command = CATALOG.command(&invocation.command).expect("it was just found");
    let sub = command.spec.subcommands.iter().find(|sub| sub.name == invocation.subcommand);
    let mut line = format!("/{} {}", invocation.command, invocation.subcommand);
    if let IncidentMention::Given(id) = &invocation.incident {
        line.push_str(&format!(" --incident {id}"));
    }
    // Options first: after free text only those at the very end are options.
    let specs = sub.map(|sub| sub.args.as_slice()).unwrap_or_default();
    for option in [true, false] {
        for spec in specs.iter().filter(|spec| spec.option == option) {
            let Some(arg) = invocation.args.iter().find(|arg| arg.name == spec.name) else { continue };
            let value = match spec.kind {
                ArgKind::Duration => format!("{}ms", arg.value),
                _ => quote(&arg.value),
            };
            line.push_str(&match (option, spec.kind) {
                (true, ArgKind::Flag) => format!(" --{}", spec.name),
                (true, _) => format!(" --{} {value}", spec.name),
                (false, _) => format!(" {value}"),
            });
        }
    }
    if line.len() <= MAX_LINE_BYTES {
        let again = CATALOG.parse(&line, world);
        let same = matches!(&again, Ok(Routed::Call { owner: o, invocation: i }) if o == owner && i == invocation);
        assert!(same, "{line:?}\nfrom {invocation:?}\nbecame {again:?}");
    }
}
