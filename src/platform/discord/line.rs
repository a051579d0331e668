//! A command as Discord gives it, option by option, as the line that somebody would have typed: there is one grammar, and it is the
//! router's. And a line that is still being typed.

use super::channels::Channels;
use super::wire::{Data, Given};
use crate::model::manifest::{ArgKind, ArgSpec, CommandSpec};
use crate::router::quote;
use serde_json::Value;

/// A kind of option that holds others (application-commands, `option-type`).
const SUBCOMMAND: u64 = 1;
/// The option that every plugin's command understands without declaring it.
pub(super) const INCIDENT: &str = "incident";

/// The subcommand that was used, with its options.
fn used(data: &Data) -> (Option<&str>, &[Given]) {
    match data.options.first().filter(|option| option.kind == SUBCOMMAND) {
        Some(sub) => (Some(&sub.name), &sub.options),
        None => (None, &data.options),
    }
}

/// The declared arguments of what was used; none if it is declared no more.
fn declared<'a>(data: &Data, commands: &'a [CommandSpec]) -> Option<&'a [ArgSpec]> {
    let command = commands.iter().find(|command| command.name == data.name)?;
    let name = used(data).0.unwrap_or_default();
    command.subcommands.iter().find(|sub| sub.name == name).map(|sub| sub.args.as_slice())
}

/// The whole line. The error is a sentence for whoever used it.
pub(super) fn line(data: &Data, commands: &[CommandSpec], channels: &Channels) -> Result<String, String> {
    let (sub, given) = used(data);
    let mut words = vec![format!("/{}", data.name)];
    words.extend(sub.map(str::to_owned));
    let Some(args) = declared(data, commands) else { return Ok(words.join(" ")) };
    let find = |arg: &ArgSpec| given.iter().find(|one| one.name == option_name(&arg.name) && !one.value.is_null());
    let mut skipped: Option<&ArgSpec> = None;
    for arg in args.iter().filter(|arg| !arg.option) {
        match (find(arg), skipped, &arg.default) {
            (Some(_), Some(skipped), _) => {
                return Err(format!("Give `{}` too: `{}` comes after it.", skipped.name, arg.name));
            }
            (Some(one), None, _) => words.push(word(arg, one, data, channels)),
            // What stands after it must keep its place.
            (None, None, Some(default)) if args.iter().filter(|arg| !arg.option).any(|arg| find(arg).is_some()) => {
                words.push(quote(default));
            }
            (None, None, _) => skipped = Some(arg),
            (None, Some(_), _) => {}
        }
    }
    for arg in args.iter().filter(|arg| arg.option) {
        match find(arg) {
            Some(one) if arg.kind == ArgKind::Flag && one.value == Value::Bool(true) => {
                words.push(format!("--{}", arg.name));
            }
            Some(_) if arg.kind == ArgKind::Flag => {}
            Some(one) => words.extend([format!("--{}", arg.name), word(arg, one, data, channels)]),
            None => {}
        }
    }
    if let Some(incident) =
        given.iter().find(|one| one.name == INCIDENT && !args.iter().any(|arg| arg.name == INCIDENT))
    {
        words.extend([format!("--{INCIDENT}"), quote(incident.value.as_str().unwrap_or_default())]);
    }
    Ok(words.join(" "))
}

/// What an option is called at Discord: the same, in the letters that it allows.
pub(super) fn option_name(name: &str) -> String {
    name.to_lowercase()
}

fn word(arg: &ArgSpec, given: &Given, data: &Data, channels: &Channels) -> String {
    let text = match &given.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match arg.kind {
        // Ids, and nothing that could be more than one word.
        ArgKind::User if crate::config::discord::is_snowflake(&text) => format!("<@{text}>"),
        ArgKind::Channel => match data.resolved.channels.get(&text) {
            Some(channel) => quote(channels.conversation(&channel.place(), "").as_str()),
            None => quote(&text),
        },
        ArgKind::Int => text,
        _ => quote(&text),
    }
}

/// What is being typed: the line up to there, as it would be typed; `None` if nothing is.
pub(super) fn typing(data: &Data, commands: &[CommandSpec], channels: &Channels) -> Option<String> {
    let (sub, given) = used(data);
    let focused = given.iter().find(|one| one.focused)?;
    let args = declared(data, commands)?;
    let at = args.iter().position(|arg| option_name(&arg.name) == focused.name);
    // Positional or not, and its name: what is not declared is `--incident`.
    let (option, name) = at.map_or((true, INCIDENT), |at| (args[at].option, args[at].name.as_str()));
    let mut words = vec![format!("/{}", data.name)];
    words.extend(sub.map(str::to_owned));
    for (place, other) in args.iter().enumerate().filter(|(place, _)| Some(*place) != at) {
        let one = given.iter().find(|one| one.name == option_name(&other.name));
        // A later place is typed later.
        let later = !option && !other.option && at.is_some_and(|at| place > at);
        match (one, other.option) {
            _ if later => {}
            (Some(one), true) if other.kind == ArgKind::Flag => {
                words.extend((one.value == Value::Bool(true)).then(|| format!("--{}", other.name)));
            }
            (Some(one), true) => words.extend([format!("--{}", other.name), word(other, one, data, channels)]),
            (Some(one), false) => words.push(word(other, one, data, channels)),
            // Something stands in for an earlier place that is still empty.
            (None, false) if !option => words.push(quote(other.default.as_deref().unwrap_or("-"))),
            (None, _) => {}
        }
    }
    words.extend(option.then(|| format!("--{name}")));
    let prefix = focused.value.as_str().unwrap_or_default();
    let plain = prefix.chars().all(|c| c.is_alphanumeric() || "-_.:/#@+".contains(c)) && !prefix.starts_with('-');
    // A quote that is still open is what somebody would have typed.
    words.push(if plain { prefix.to_owned() } else { quote(prefix).trim_end_matches('"').to_owned() });
    Some(words.join(" "))
}

/// A candidate as an option's value: without the quotes that a line needs.
pub(super) fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else { return value.trim_end().to_owned() };
    let (mut out, mut escaped) = (String::new(), false);
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::{ReplyMode, SubcommandSpec};
    use serde_json::json;

    fn arg(name: &str, kind: ArgKind, option: bool) -> ArgSpec {
        let (name, summary) = (name.to_owned(), String::new());
        ArgSpec { name, kind, summary, option, required: false, rest: false, choices: Vec::new(), default: None }
    }

    fn commands() -> Vec<CommandSpec> {
        let args = vec![
            arg("level", ArgKind::Severity, false),
            ArgSpec { rest: true, ..arg("title", ArgKind::Text, false) },
            arg("service", ArgKind::Service, true),
            arg("owner", ArgKind::User, true),
            arg("quiet", ArgKind::Flag, true),
        ];
        let sub = SubcommandSpec { name: "declare".into(), summary: String::new(), reply: ReplyMode::Channel, args };
        vec![CommandSpec { name: "sev".into(), summary: String::new(), subcommands: vec![sub] }]
    }

    fn data(options: Value) -> Data {
        let sub = json!([{"name": "declare", "type": 1, "options": options}]);
        serde_json::from_value(json!({"name": "sev", "options": sub})).unwrap()
    }

    fn channels() -> Channels {
        let config =
            crate::config::Config::parse("", std::path::Path::new("x.toml"), &crate::config::Env::none()).unwrap();
        Channels::new(&config, "1")
    }

    #[test]
    fn options_become_the_line_that_somebody_would_type() {
        let full = data(json!([
            {"name": "quiet", "type": 5, "value": true},
            {"name": "title", "type": 3, "value": "the \"shop\" --is down"},
            {"name": "owner", "type": 6, "value": "80351110224678912"},
            {"name": "incident", "type": 3, "value": "INC-7"},
            {"name": "level", "type": 3, "value": "sev1"},
        ]));
        insta::assert_snapshot!(line(&full, &commands(), &channels()).unwrap(), @r#"/sev declare "sev1" "the \"shop\" --is down" --owner <@80351110224678912> --quiet --incident "INC-7""#);
        let gap = data(json!([{"name": "title", "type": 3, "value": "x"}]));
        assert_eq!(line(&gap, &commands(), &channels()).unwrap_err(), "Give `level` too: `title` comes after it.");
        let hostile = data(json!([{"name": "owner", "type": 6, "value": "1> --quiet"}]));
        assert_eq!(line(&hostile, &commands(), &channels()).unwrap(), "/sev declare --owner \"1> --quiet\"");
    }

    #[test]
    fn what_is_being_typed_stands_at_the_end() {
        let typed = |options| typing(&data(options), &commands(), &channels()).unwrap();
        assert_eq!(typed(json!([{"name": "level", "type": 3, "value": "se", "focused": true}])), "/sev declare se");
        let later = json!([{"name": "level", "type": 3, "value": "sev1"}, {"name": "service", "type": 3, "value": "my sh", "focused": true}]);
        assert_eq!(typed(later), "/sev declare \"sev1\" --service \"my sh");
        let alone = json!([{"name": "title", "type": 3, "value": "", "focused": true}]);
        assert_eq!(typed(alone), "/sev declare \"-\" ");
        let incident = json!([{"name": "incident", "type": 3, "value": "inc", "focused": true}]);
        assert_eq!(typed(incident), "/sev declare --incident inc");
    }

    #[test]
    fn a_candidate_loses_the_quotes_that_a_line_needs() {
        for text in ["plain", "two words", "a \"b\" \\ c"] {
            assert_eq!(unquoted(&quote(text)), text);
        }
        assert_eq!(unquoted("sev1 "), "sev1");
    }
}
