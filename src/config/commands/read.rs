//! Reading `[commands.NAME]`: what is wrong with one is said key by key, and what could leak or inject is refused here.

use super::argv::{self, Piece};
use super::{Arg, Command, Kind, OnLost, TIMEOUT, names};
use crate::config::limits::{COMMAND_ARGS, COMMAND_HOSTS, COMMAND_TIME_MAX, WORD_CHARS};
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::secrets::Secrets;
use crate::config::section::Section;
use crate::config::tree::{Entry, Node, Value};
use crate::config::values;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(super) fn command(all: &Section<'_>, entry: &Entry, mut of: Section<'_>, secrets: &Secrets) -> Option<Command> {
    if !values::is_name(&entry.key, "-") {
        all.refuse_name(entry, Refusal::expected("a command's name: lower-case letters, digits, -"));
    }
    let argv = read_argv(&mut of);
    if of.node("argv").is_none() {
        let expected = "an argv: the program and its arguments, such as [\"systemctl\", \"restart\", \"{service}\"]";
        all.cx.note(&entry.place, &all.path(&entry.key), "no `argv`".into(), Refusal::expected(expected));
    }
    let args = read_args(of.child("args"));
    let cx = of.cx;
    let cwd = of.read("cwd", |node| folder(cx.resolve(values::text(node)?)));
    let env = read_env(&mut of);
    let secret_variables = handles(of.child("secrets"), secrets);
    let secret_files = handles(of.child("secret_files"), secrets);
    let timeout = |node| values::duration(node, Duration::from_secs(1)..=COMMAND_TIME_MAX);
    let timeout = of.read("timeout", timeout).unwrap_or(TIMEOUT);
    let hosts = of.read_list("hosts", "a list of hosts", |node| {
        Kind::Host.accept(values::text(node)?).map_err(|bad| Refusal::expected(bad.expected))
    });
    let hosts = hosts.unwrap_or_default();
    if hosts.len() > COMMAND_HOSTS {
        of.refuse("hosts", Refusal::expected(format!("at most {COMMAND_HOSTS} hosts")));
    }
    let undo = of.read("undo", |node| Ok(values::text(node)?.to_owned()));
    let changes = of.read("changes", values::boolean).unwrap_or(true);
    let on_lost = of.read("on_lost", on_lost).unwrap_or(if changes { OnLost::Ask } else { OnLost::Repeat });
    let background = of.read("background", values::boolean).unwrap_or(false);
    for name in secret_variables.keys().filter(|name| env.contains_key(*name) || secret_files.contains_key(*name)) {
        of.refuse("secrets", Refusal::expected(format!("one source for the variable {name}")));
    }
    if let Some(argv) = &argv {
        check_argv(&of, argv, &args);
    }
    of.finish();
    let name = entry.key.clone();
    let (argv, secrets) = (argv?, secret_variables);
    Some(Command {
        name,
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
    })
}

fn read_argv(of: &mut Section<'_>) -> Option<Vec<Piece>> {
    let argv = of.read_list("argv", "a list of texts: the program and its arguments", |node| match &node.value {
        Value::Text(text) => Piece::parse(text).map_err(|fix| Refusal::expected("an argument").fix(fix)),
        _ => Err(Refusal::expected("a text in quotes")),
    })?;
    let program = argv.first().and_then(Piece::fixed).unwrap_or_default();
    if program.is_empty() || program.starts_with('-') {
        of.refuse("argv", Refusal::expected("a program's name or path first, without a place in it"));
        return None;
    }
    if argv.len() > COMMAND_ARGS {
        of.refuse("argv", Refusal::expected(format!("at most {COMMAND_ARGS} arguments")));
    }
    Some(argv)
}

/// Every place has a type, every type a place; no secret and no script among the arguments.
fn check_argv(of: &Section<'_>, argv: &[Piece], args: &BTreeMap<String, Arg>) {
    let places: Vec<&str> = argv.iter().filter_map(|piece| piece.place.as_deref()).collect();
    for place in places.iter().filter(|place| !args.contains_key(**place)) {
        let fix = format!("write [{}.{place}] with a type", of.path("args"));
        of.refuse("argv", Refusal::expected(format!("a type for the place {{{place}}}")).fix(fix));
    }
    for name in args.keys().filter(|name| !places.contains(&name.as_str())) {
        let found = format!("a type for {{{name}}}, which stands nowhere in argv");
        of.refuse("args", Refusal::expected("types of places in argv").found(found));
    }
    if let Some(flag) = argv::secret_flag(argv) {
        let found =
            format!("a secret given on the command line by {flag}, where everybody who can list processes sees it");
        let fix = "give it by the environment: secrets = { VARIABLE = \"handle\" }, or in a file: secret_files";
        of.refuse("argv", Refusal::expected("arguments without secrets").found(found).fix(fix));
    }
    if let Some(place) = argv::place_in_a_script(argv) {
        let found = format!("the place {{{place}}} in the text of a program");
        let fix = "pass it as an argument of its own: [\"sh\", \"-c\", \"…\\\"$1\\\"…\", \"--\", \"{place}\"]";
        of.refuse("argv", Refusal::expected("places that stay arguments").found(found).fix(fix));
    }
}

fn read_args(section: Section<'_>) -> BTreeMap<String, Arg> {
    let read = section.named().filter_map(|(entry, of)| {
        if !names::is_place(&entry.key) {
            let expected = "a place's name: lower-case letters, digits, _; not `item`, which belongs to `each`";
            section.refuse_name(entry, Refusal::expected(expected));
        }
        let at = (&section, entry);
        Some((entry.key.clone(), arg(at, of)?))
    });
    read.collect()
}

fn arg(at: (&Section<'_>, &Entry), mut of: Section<'_>) -> Option<Arg> {
    let cx = of.cx;
    let word = of.read("type", kind_word);
    if of.node("type").is_none() {
        let expected = format!("a type: {}", Kind::WORDS.join(", "));
        cx.note(&at.1.place, &at.0.path(&at.1.key), "no `type`".into(), Refusal::expected(expected));
    }
    let whole = |node: &Node| values::integer(node, i64::MIN..=i64::MAX);
    let kind = match word {
        Some("choice") => {
            let choices = of.read_list("values", "a list of texts", |node| Ok(values::text(node)?.to_owned()));
            if of.node("values").is_none() {
                of.refuse("type", Refusal::expected("`values` beside it: what may be chosen"));
            }
            Kind::Choice(choices?)
        }
        Some("int") => {
            let (least, most) = (of.read("min", whole).unwrap_or(0), of.read("max", whole).unwrap_or(i64::MAX));
            if least > most {
                of.refuse("max", Refusal::expected("at least as much as `min`"));
            }
            Kind::Int(least, most)
        }
        Some("word") => {
            let most = of.read("max", |node| values::integer(node, 1..=WORD_CHARS));
            Kind::Word(usize::try_from(most.unwrap_or(64)).unwrap_or(64))
        }
        Some("path") => {
            let under = of.read("under", |node| beneath(cx.resolve(values::text(node)?)));
            if of.node("under").is_none() {
                of.refuse("type", Refusal::expected("`under` beside it: the folder that no path may leave"));
            }
            Kind::Path(under?)
        }
        Some("host") => Kind::Host,
        Some(_) => Kind::Version,
        None => {
            // Their keys are not blamed for the type.
            for key in ["values", "min", "max", "under", "default"] {
                of.node(key);
            }
            of.finish();
            return None;
        }
    };
    let default = of.read("default", |node| {
        let text = values::text(node)?;
        kind.accept(text).map(|_| text.to_owned()).map_err(|bad| Refusal::expected(bad.expected))
    });
    of.finish();
    Some(Arg { kind, default })
}

fn kind_word(node: &Node) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    let expected = || Refusal::expected(format!("a type: {}", Kind::WORDS.join(", ")));
    if ["secret", "password", "token"].contains(&text) {
        let found = "a secret as an argument, where everybody who can list processes sees it";
        let fix = "give it by the environment: secrets = { VARIABLE = \"handle\" }, or in a file: secret_files";
        return Err(expected().found(found).fix(fix));
    }
    let known = Kind::WORDS.into_iter().find(|word| *word == text);
    known.ok_or_else(|| expected().maybe_fix(did_you_mean(text, Kind::WORDS)))
}

pub(in crate::config) fn read_env(of: &mut Section<'_>) -> BTreeMap<String, String> {
    let cx = of.cx;
    let list = of.read_list("env", "a list of variables, such as [\"LANG\"]", |node| {
        let name = variable(values::text(node)?)?;
        let value = cx.env.get(name).map_err(|why| {
            Refusal::expected("variables that are set where drillbell is started").found(format!("{name}, which {why}"))
        })?;
        cx.note_variable(name, value);
        Ok((name.to_owned(), value.to_owned()))
    });
    list.unwrap_or_default().into_iter().collect()
}

fn variable(name: &str) -> Result<&str, Refusal> {
    if !names::is_variable(name) {
        return Err(Refusal::expected("a variable's name: letters, digits, _"));
    }
    if names::is_dangerous(name) {
        return Err(Refusal::expected("a variable that does not decide what code is run"));
    }
    Ok(name)
}

fn handles(section: Section<'_>, secrets: &Secrets) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in section.entries() {
        let read = variable(&entry.key).and_then(|_| {
            let handle = values::text(&entry.node)?;
            secrets.check(handle).map(|()| handle.to_owned())
        });
        match read {
            Ok(handle) => drop(found.insert(entry.key.clone(), handle)),
            Err(refusal) => section.refuse_node(&entry.key, &entry.node, refusal),
        }
    }
    found
}

fn folder(path: PathBuf) -> Result<PathBuf, Refusal> {
    if path.is_dir() { Ok(path) } else { Err(Refusal::expected("a folder that is there")) }
}

fn beneath(path: PathBuf) -> Result<PathBuf, Refusal> {
    let plain = !path.components().any(|part| matches!(part, std::path::Component::ParentDir));
    if path.is_absolute() && plain && path.parent().is_some() {
        return Ok(path);
    }
    Err(Refusal::expected("a folder other than / by its whole path, without `..`, such as \"/srv/app\""))
}

fn on_lost(node: &Node) -> Result<OnLost, Refusal> {
    match values::text(node)? {
        "repeat" => Ok(OnLost::Repeat),
        "ask" => Ok(OnLost::Ask),
        other => Err(Refusal::expected("\"repeat\" or \"ask\"").maybe_fix(did_you_mean(other, ["repeat", "ask"]))),
    }
}

/// Every `undo` names a command that needs no more than what the command itself was given.
pub(super) fn check_undo(section: &Section<'_>, all: &BTreeMap<String, Command>) {
    for (entry, of) in section.named() {
        let Some((command, undo)) = all.get(&entry.key).and_then(|it| Some((it, it.undo.as_deref()?))) else {
            continue;
        };
        let Some(other) = all.get(undo) else {
            let others = all.keys().map(String::as_str).filter(|name| *name != entry.key);
            let fix = did_you_mean(undo, others);
            of.refuse("undo", Refusal::expected("the name of another command").maybe_fix(fix));
            continue;
        };
        let lacking = other.args.iter().find(|(name, arg)| {
            let same = command.args.get(*name).is_some_and(|own| own.kind == arg.kind);
            !same && arg.default.is_none()
        });
        if let Some((name, _)) = lacking {
            let expected =
                format!("a command that needs nothing else; [commands.{undo}] needs {{{name}}} of its own type");
            of.refuse("undo", Refusal::expected(expected).fix("give both the same place, or it a default"));
        }
    }
}
