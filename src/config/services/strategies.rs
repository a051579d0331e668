//! Reading the strategies of a service: the kind decides which keys there are, and what cannot be carried out is refused here.

use super::Service;
use super::read::{FILLED, Known, command, known};
use super::rollback::{Container, Does, Risk, Strategy};
use crate::config::commands::read_env;
use crate::config::limits::{ROLLBACK_AFTER, ROLLBACK_TAKES_MAX};
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::section::Section;
use crate::config::tree::{Entry, Node};
use crate::config::values;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// Every key that some kind has.
const KEYS: [&str; 18] = [
    "repo",
    "remote",
    "branch",
    "link",
    "releases",
    "tool",
    "file",
    "env_file",
    "service",
    "variable",
    "container",
    "image",
    "namespace",
    "preserve",
    "migrate_down",
    "reimport",
    "target",
    "code",
];

pub(super) fn read(all: &Section<'_>, service: &Service, of: &Known<'_>) -> BTreeMap<String, Strategy> {
    let read: BTreeMap<String, Strategy> =
        all.named().filter_map(|(entry, section)| strategy(all, entry, section, service, of)).collect();
    for entry in all.entries() {
        let Some(code) = read.get(&entry.key).and_then(|one| one.does.code()) else { continue };
        if !read.get(code).is_some_and(|other| other.does.is_code()) {
            let code_only = read.values().filter(|one| one.does.is_code()).map(|one| one.name.as_str());
            let fix = did_you_mean(code, code_only);
            let expected = "`code`, the name of a strategy here of the kind git, release or container";
            all.cx.note(
                &entry.place,
                &all.path(&entry.key),
                format!("the code strategy \"{code}\""),
                Refusal::expected(expected).maybe_fix(fix),
            );
        }
    }
    read
}

fn strategy(
    all: &Section<'_>,
    entry: &Entry,
    mut section: Section<'_>,
    service: &Service,
    of: &Known<'_>,
) -> Option<(String, Strategy)> {
    let name = entry.key.clone();
    if !values::is_name(&name, "-_") {
        all.refuse_name(entry, Refusal::expected("a name of lower-case letters, digits, - _"));
    }
    if section.is_empty() {
        section.refuse_whole(&entry.place, Refusal::expected("`kind` in it, and what that kind needs"));
        return None;
    }
    let kind = section.required("kind", "git, release, container, migration or restore", kind);
    let does = kind.and_then(|kind| does(&mut section, kind, service, of));
    if does.is_none() {
        // Not to be called unknown because of something else that is wrong.
        for key in KEYS {
            section.node(key);
        }
    }
    let takes = section.read("takes", |node| values::duration(node, Duration::from_secs(1)..=ROLLBACK_TAKES_MAX));
    let risk = section.read("risk", risk);
    let filled = |node: &Node| command(node, of.commands, &FILLED);
    let after = section.read_list("after", "a list of commands", filled).unwrap_or_default();
    if after.len() > ROLLBACK_AFTER {
        section.refuse("after", Refusal::expected(format!("at most {ROLLBACK_AFTER} commands")));
    }
    let env = read_env(&mut section);
    section.finish();
    let does = does?;
    let (usual, usual_risk) = match does.kind() {
        "git" => (MINUTE * 10, Risk::Low),
        "migration" => (MINUTE * 30, Risk::Medium),
        "restore" => (MINUTE * 60, Risk::High),
        _ => (MINUTE * 5, Risk::Low),
    };
    let (takes, risk) = (takes.unwrap_or(usual), risk.unwrap_or(usual_risk));
    Some((name.clone(), Strategy { name, does, takes, risk, after, env }))
}

fn kind(node: &Node) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    let found = Does::KINDS.into_iter().find(|kind| *kind == text);
    found.ok_or_else(|| Refusal::expected(Does::KINDS.join(", ")).maybe_fix(did_you_mean(text, Does::KINDS)))
}

fn risk(node: &Node) -> Result<Risk, Refusal> {
    Ok(match values::text(node)? {
        "low" => Risk::Low,
        "medium" => Risk::Medium,
        "high" => Risk::High,
        text => return Err(Refusal::expected(Risk::WORDS.join(", ")).maybe_fix(did_you_mean(text, Risk::WORDS))),
    })
}

fn does(section: &mut Section<'_>, kind: &str, service: &Service, of: &Known<'_>) -> Option<Does> {
    let cx = section.cx;
    let path = |node: &Node| whole(cx.resolve(values::text(node)?));
    let filled = |node: &Node| command(node, of.commands, &FILLED);
    if matches!(kind, "git" | "release") && service.restarts().is_empty() {
        let expected = "`restart` in the service, or `stop` and `start`: what is put there is to be run";
        section.refuse("kind", Refusal::expected(expected));
    }
    if matches!(kind, "migration" | "restore") && service.stop.is_none() {
        let expected = "`stop` and `start` in the service: nobody may write meanwhile";
        section.refuse("kind", Refusal::expected(expected));
    }
    let code = |section: &mut Section<'_>| section.read("code", |node| Ok(values::text(node)?.to_owned()));
    Some(match kind {
        "git" => {
            let remote = section.read("remote", word).unwrap_or_else(|| "origin".to_owned());
            let branch = section.read("branch", word).unwrap_or_else(|| "main".to_owned());
            let repo = section.required("repo", "the working checkout: repo = \"/srv/shop\"", path)?;
            Does::Git { repo, remote, branch }
        }
        "release" => {
            let link = section.required("link", "the symbolic link: link = \"/srv/shop/current\"", path);
            let what = "the folder of all releases: releases = \"/srv/shop/releases\"";
            let releases = section.required("releases", what, path)?;
            Does::Release { link: link?, releases }
        }
        "container" => Does::Container(container(section)?),
        "migration" => {
            if of.targets.of_service(&service.name).next().is_none() {
                let expected = "a target with this service: what is there is copied before the schema is touched";
                section.refuse("kind", Refusal::expected(expected));
            }
            let preserve = section.required("preserve", "the command that saves what would be lost", filled);
            let down = section.required("migrate_down", "the command that takes the schema back", filled);
            let reimport = section.read("reimport", filled);
            let what = "the strategy for the code: code = \"release\"";
            let code = section.required("code", what, |node| Ok(values::text(node)?.to_owned()));
            Does::Migration { preserve: preserve?, migrate_down: down?, reimport, code: code? }
        }
        _ => {
            let names: Vec<&str> = of.targets.names().collect();
            let target = section.required("target", "what is restored: target = \"shop-db\"", |node| {
                let name = known(node, &names, "the name of a section of [targets]")?;
                let its = of.targets.get(&name).and_then(|target| target.service.as_deref());
                match its == Some(&service.name) {
                    true => Ok(name),
                    false => Err(Refusal::expected("a target whose `service` is this one")),
                }
            });
            let code = code(section);
            Does::Restore { target: target?, code }
        }
    })
}

fn container(section: &mut Section<'_>) -> Option<Container> {
    let cx = section.cx;
    let path = |node: &Node| whole(cx.resolve(values::text(node)?));
    let tool = section.required("tool", "\"compose\" or \"kubectl\"", |node| match values::text(node)? {
        "compose" => Ok(true),
        "kubectl" => Ok(false),
        other => {
            let fix = did_you_mean(other, ["compose", "kubectl"]);
            Err(Refusal::expected("\"compose\" or \"kubectl\"").maybe_fix(fix))
        }
    })?;
    let service = section.required("service", "what is run: service = \"web\"", word);
    if tool {
        let file = section.required("file", "the compose file: file = \"/srv/shop/compose.yml\"", path);
        let env_file = section.read("env_file", path);
        let what = "the variable that holds the tag: variable = \"SHOP_TAG\"";
        let variable = section.required("variable", what, variable)?;
        let file = file?;
        let env_file = env_file.unwrap_or_else(|| file.with_file_name(".env"));
        return Some(Container::Compose { file, env_file, service: service?, variable });
    }
    let container = section.read("container", word);
    let namespace = section.read("namespace", word);
    let image = section.required("image", "the image without its tag: image = \"registry.example.org/shop\"", image)?;
    let service = service?;
    Some(Container::Kubectl { container: container.unwrap_or_else(|| service.clone()), service, image, namespace })
}

/// A path that programs take for nothing else.
fn whole(path: PathBuf) -> Result<PathBuf, Refusal> {
    // The configuration may be named by a path that begins where the bot was started.
    match std::path::absolute(&path) {
        Ok(path) if path.parent().is_some() => Ok(path),
        _ => Err(Refusal::expected("a path other than /")),
    }
}

/// A name that no program takes for an option.
fn word(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let good = text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(plain)
        && !text.contains("..");
    if good {
        Ok(text.to_owned())
    } else {
        Err(Refusal::expected("letters, digits and . _ - / that begin with a letter or digit"))
    }
}

fn image(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    let tagged = text.rsplit('/').next().is_some_and(|last| last.contains(':'));
    match text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain) && !tagged {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected("an image without its tag, such as \"registry.example.org/shop\"")),
    }
}

fn variable(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    match text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected("a variable's name: letters, digits, _")),
    }
}
