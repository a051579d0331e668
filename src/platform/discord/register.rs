//! The declared commands as Discord's, with typed options, choices and autocomplete (interactions/application-commands). What does
//! not fit is left out of the registration, never out of the bot: `/drillbell …` in the console reaches it, and `check` names it.

use super::line::{INCIDENT, option_name};
use super::text::{plain, units};
use crate::config::limits::{
    DISCORD_CHOICE, DISCORD_CHOICES, DISCORD_COMMAND_OPTIONS, DISCORD_COMMAND_TOTAL, DISCORD_COMMANDS,
    DISCORD_DESCRIPTION, DISCORD_NAME,
};
use crate::model::manifest::{ArgKind, ArgSpec, CommandSpec, SubcommandSpec};
use crate::router::HOST_COMMAND;
use serde_json::Value;
use serenity::all::CommandOptionType as Type;
use serenity::builder::{CreateCommand, CreateCommandOption};

/// What is said of the option that names the incident.
const WHICH: &str = "Which incident, such as INC-7; else this channel's";

/// Commands to register, and what of the declarations found no room.
pub(super) struct Registration {
    pub(super) commands: Vec<CreateCommand>,
    /// `/sev timeline --format`: each a thing that cannot be used on Discord.
    pub(super) left_out: Vec<String>,
}

/// What is registered of the declared commands.
pub(super) fn registration(declared: &[CommandSpec]) -> Registration {
    let mut out = Registration { commands: Vec::new(), left_out: Vec::new() };
    for command in declared {
        let name = &command.name;
        if out.commands.len() == DISCORD_COMMANDS || !is_name(name) {
            out.left_out.push(format!("/{name}"));
            continue;
        }
        let mut builder = CreateCommand::new(name).description(description(&command.summary));
        let mut used = units(name) + units(&description(&command.summary));
        let own = name == HOST_COMMAND;
        match command.subcommands.as_slice() {
            [only] if only.name.is_empty() => {
                builder = builder.set_options(options(name, only, own, &mut used, &mut out.left_out));
            }
            subs => {
                for (number, sub) in subs.iter().enumerate() {
                    let shown = format!("{name} {}", sub.name);
                    let mut after = used + units(&sub.name) + units(&description(&sub.summary));
                    let mut lost = Vec::new();
                    let options = options(&shown, sub, own, &mut after, &mut lost);
                    if number >= DISCORD_COMMAND_OPTIONS || !is_name(&sub.name) || after > DISCORD_COMMAND_TOTAL {
                        out.left_out.push(format!("/{shown}"));
                        continue;
                    }
                    (used, out.left_out) = (after, [std::mem::take(&mut out.left_out), lost].concat());
                    let sub = CreateCommandOption::new(Type::SubCommand, &sub.name, description(&sub.summary));
                    builder = builder.add_option(sub.set_sub_options(options));
                }
            }
        }
        out.commands.push(builder);
    }
    out
}

impl Registration {
    /// The body of a bulk overwrite.
    pub(super) fn body(&self) -> serde_json::Result<Value> {
        serde_json::to_value(&self.commands).map(spare)
    }
}

/// Without what the builders say of every option though it is of some kinds only: that there is none of it, or that it is not so.
fn spare(value: Value) -> Value {
    let nothing = |key: &str, value: &Value| match value {
        Value::Null => true,
        Value::Bool(set) => !set && key == "autocomplete",
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    };
    match value {
        Value::Array(items) => items.into_iter().map(spare).collect(),
        Value::Object(entries) => {
            let kept = entries.into_iter().filter(|(key, value)| !nothing(key, value));
            Value::Object(kept.map(|(key, value)| (key, spare(value))).collect())
        }
        other => other,
    }
}

/// Required ones first, as Discord demands; the line puts them in order again.
fn options(
    of: &str,
    sub: &SubcommandSpec,
    own: bool,
    used: &mut usize,
    left_out: &mut Vec<String>,
) -> Vec<CreateCommandOption> {
    let mut args: Vec<&ArgSpec> = sub.args.iter().collect();
    args.sort_by_key(|arg| !arg.required);
    let mut options = Vec::new();
    for arg in args {
        let name = option_name(&arg.name);
        let choices: usize = choices(arg).map(|choices| choices.iter().map(|c| 2 * units(c)).sum()).unwrap_or(0);
        let cost = units(&name) + units(&description(&arg.summary)) + choices;
        if options.len() == DISCORD_COMMAND_OPTIONS || !is_name(&name) || *used + cost > DISCORD_COMMAND_TOTAL {
            left_out.push(format!("/{of} {}{}", if arg.option { "--" } else { "" }, arg.name));
            continue;
        }
        *used += cost;
        options.push(option(&name, arg));
    }
    // Every plugin's command understands it.
    let declared = sub.args.iter().any(|arg| arg.name == INCIDENT);
    let cost = units(INCIDENT) + units(WHICH);
    if !own && !declared && options.len() < DISCORD_COMMAND_OPTIONS && *used + cost <= DISCORD_COMMAND_TOTAL {
        *used += cost;
        let incident = CreateCommandOption::new(Type::String, INCIDENT, WHICH);
        options.push(incident.set_autocomplete(true));
    }
    options
}

fn option(name: &str, arg: &ArgSpec) -> CreateCommandOption {
    let kind = match arg.kind {
        ArgKind::Int => Type::Integer,
        ArgKind::User => Type::User,
        ArgKind::Channel => Type::Channel,
        ArgKind::Flag => Type::Boolean,
        _ => Type::String,
    };
    let mut option = CreateCommandOption::new(kind, name, description(&arg.summary)).required(arg.required);
    if let Some(choices) = choices(arg) {
        for choice in choices {
            option = option.add_string_choice(plain(choice, DISCORD_CHOICE), choice);
        }
        return option;
    }
    let known_elsewhere = matches!(
        arg.kind,
        ArgKind::Choice | ArgKind::Incident | ArgKind::Target | ArgKind::Service | ArgKind::Severity
    );
    // A plugin may suggest what a text could be; the rest of a line is written, not chosen.
    let suggested = arg.kind == ArgKind::Text && !arg.rest;
    match known_elsewhere || suggested {
        true => option.set_autocomplete(true),
        false => option,
    }
}

/// The words to choose from, where Discord can show all of them.
fn choices(arg: &ArgSpec) -> Option<&[String]> {
    let fit = |choice: &String| !choice.is_empty() && units(choice) <= DISCORD_CHOICE;
    let chosen = matches!(arg.kind, ArgKind::Choice | ArgKind::Severity);
    let all = chosen && !arg.choices.is_empty() && arg.choices.len() <= DISCORD_CHOICES && arg.choices.iter().all(fit);
    all.then_some(arg.choices.as_slice())
}

fn description(summary: &str) -> String {
    plain(summary, DISCORD_DESCRIPTION)
}

/// `^[-_'\p{L}\p{N}]{1,32}$` in lower case (`application-command-naming`).
fn is_name(name: &str) -> bool {
    let letter = |c: char| (c.is_alphanumeric() && c.to_lowercase().eq([c])) || matches!(c, '-' | '_' | '\'');
    (1..=DISCORD_NAME).contains(&units(name)) && name.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::ReplyMode;
    use proptest::prelude::*;
    use serde_json::json;

    fn arg(name: &str, kind: ArgKind, option: bool, required: bool) -> ArgSpec {
        let (name, summary) = (name.to_owned(), "What it is".to_owned());
        ArgSpec { name, kind, summary, option, required, rest: false, choices: Vec::new(), default: None }
    }

    fn command(name: &str, subs: Vec<(&str, Vec<ArgSpec>)>) -> CommandSpec {
        let sub = |(name, args): (&str, Vec<ArgSpec>)| SubcommandSpec {
            name: name.to_owned(),
            summary: String::new(),
            reply: ReplyMode::Channel,
            args,
        };
        CommandSpec {
            name: name.to_owned(),
            summary: "x".repeat(200),
            subcommands: subs.into_iter().map(sub).collect(),
        }
    }

    #[test]
    fn declared_arguments_become_typed_options() {
        let choice =
            ArgSpec { choices: vec!["sev1".into(), "sev2".into()], ..arg("level", ArgKind::Severity, false, true) };
        let args = vec![
            arg("service", ArgKind::Service, true, false),
            choice,
            arg("owner", ArgKind::User, true, true),
            arg("count", ArgKind::Int, true, false),
            arg("quiet", ArgKind::Flag, true, false),
        ];
        let registered = registration(&[command("sev", vec![("declare", args)])]);
        let body = registered.body().unwrap();
        let options = body[0]["options"][0]["options"].as_array().unwrap();
        let shown: Vec<_> = options
            .iter()
            .map(|o| {
                format!(
                    "{} {} required={} choices={} autocomplete={}",
                    o["name"],
                    o["type"],
                    o["required"],
                    o["choices"].as_array().map_or(0, Vec::len),
                    o["autocomplete"] == true
                )
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "level" 3 required=true choices=2 autocomplete=false
        "owner" 6 required=true choices=0 autocomplete=false
        "service" 3 required=false choices=0 autocomplete=true
        "count" 4 required=false choices=0 autocomplete=false
        "quiet" 5 required=false choices=0 autocomplete=false
        "incident" 3 required=false choices=0 autocomplete=true
        "#);
        assert_eq!(registered.left_out, Vec::<String>::new());
        assert_eq!(units(body[0]["description"].as_str().unwrap()), 100);
    }

    #[test]
    fn what_finds_no_room_is_named() {
        let many = (0..30).map(|n| arg(&format!("a{n}"), ArgKind::Text, true, false)).collect();
        let registered =
            registration(&[command("Upper", Vec::new()), command("ok", vec![("sub", many), ("no good", Vec::new())])]);
        assert_eq!(registered.commands.len(), 1);
        assert_eq!(
            registered.left_out,
            [
                "/Upper",
                "/ok sub --a25",
                "/ok sub --a26",
                "/ok sub --a27",
                "/ok sub --a28",
                "/ok sub --a29",
                "/ok no good"
            ]
        );
    }

    proptest! {
        #[test]
        fn no_declaration_makes_more_than_discord_takes(subs in prop::collection::vec(("[a-z]{1,40}", 0_usize..40, "\\PC{0,300}"), 0..40)) {
            let specs = subs.iter().map(|(name, count, words)| {
                let args = (0..*count).map(|n| ArgSpec {
                    summary: words.clone(), choices: vec![words.clone(); n],
                    ..arg(&format!("a{n}"), ArgKind::Choice, true, n % 2 == 0)
                });
                (name.as_str(), args.collect())
            });
            let body = registration(&[command("sev", specs.collect())]).body().unwrap();
            let command = &body[0];
            prop_assert!(total(command) <= 8000, "{}", total(command));
            let none = json!([]);
            for sub in command["options"].as_array().unwrap_or(none.as_array().unwrap()) {
                prop_assert!(sub["options"].as_array().map_or(0, Vec::len) <= 25);
            }
        }
    }

    /// All names, descriptions and values, as Discord adds them up.
    fn total(part: &Value) -> usize {
        let own: usize = ["name", "description", "value"].iter().filter_map(|key| part[*key].as_str()).map(units).sum();
        let below = ["options", "choices"].iter().filter_map(|key| part[*key].as_array()).flatten();
        own + below.map(total).sum::<usize>()
    }
}
