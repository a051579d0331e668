//! `[roles.NAME]`: who may do what the policy keeps for some. A member is a person of `[people]`, one identity on a platform, or a
//! platform's own group.

use super::people::{self, IDENTITIES, People};
use super::problem::{Refusal, did_you_mean};
use super::section::Section;
use super::tree::Node;
use super::values;
use crate::model::ids::PersonId;
use std::collections::BTreeMap;

/// `[roles]`: every role, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(pub BTreeMap<String, Vec<Member>>);

/// A member of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A human: a configured person, or an identity that no person claims.
    Person(PersonId),
    /// Everybody in a group that a platform keeps: platform and the group's id there.
    Group(String, String),
}

impl Roles {
    pub(super) fn read(section: Section<'_>, people: &People) -> Self {
        let mut roles = BTreeMap::new();
        for (entry, mut role) in section.named() {
            if !values::is_name(&entry.key, "-_") {
                let expected = "a name of lower-case letters, digits, - _, such as commander";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            let of_what = "a list such as [\"ana\", \"slack:U0123456789\", \"slack:group:S0123456789\"]";
            let members = role.read_list("members", of_what, |node| member(node, people));
            if role.node("members").is_none() {
                let refusal = Refusal::expected("members = [\"ana\", …]: an empty role would lock out everybody");
                section.cx.note(&entry.place, &section.path(&entry.key), "no `members`".to_owned(), refusal);
            }
            role.finish();
            let mut members = members.unwrap_or_default();
            members.sort();
            members.dedup();
            roles.insert(entry.key.clone(), members);
        }
        Self(roles)
    }

    /// Reads the name of a role that must be configured.
    pub(super) fn known(&self, node: &Node) -> Result<String, Refusal> {
        let name = values::text(node)?;
        if self.0.contains_key(name) {
            return Ok(name.to_owned());
        }
        let names: Vec<_> = self.0.keys().map(String::as_str).collect();
        let expected = match names.as_slice() {
            [] => "a role of [roles], which has none".to_owned(),
            names => format!("a role of [roles]: {}", names.join(", ")),
        };
        let fix = did_you_mean(name, names).unwrap_or_else(|| format!("add [roles.{name}] with its members"));
        Err(Refusal::expected(expected).fix(fix))
    }
}

impl Member {
    /// As it is written in the file.
    pub fn written(&self) -> String {
        match self {
            Self::Person(person) => person.to_string(),
            Self::Group(platform, group) => format!("{platform}:{}:{group}", group_word(platform)),
        }
    }
}

/// What a platform calls its groups.
fn group_word(platform: &str) -> &'static str {
    if platform == "discord" { "role" } else { "group" }
}

fn member(node: &Node, people: &People) -> Result<Member, Refusal> {
    let text = values::text(node)?;
    let Some((platform, rest)) = text.split_once(':') else {
        if people.0.contains_key(text) {
            return Ok(Member::Person(PersonId::from(text)));
        }
        let fix = did_you_mean(text, people.0.keys().map(String::as_str));
        let fix = fix.unwrap_or_else(|| format!("add [people.{text}], or name an identity such as \"console:{text}\""));
        return Err(Refusal::expected("a person of [people], or an identity with its platform").fix(fix));
    };
    if !IDENTITIES.contains(&platform) {
        let expected = format!("an identity: {}, each with a `:`", IDENTITIES.join(", "));
        return Err(Refusal::expected(expected).maybe_fix(did_you_mean(platform, IDENTITIES)));
    }
    let group = match (platform, rest.split_once(':')) {
        ("slack", Some(("group", group))) => Some((group, 'S')),
        ("discord", Some(("role", role))) => Some((role, '0')),
        _ => None,
    };
    let Some((group, first)) = group else {
        return people::identity_of(platform, rest).map(|user| Member::Person(people.resolve(platform, &user)));
    };
    let digits = group.bytes().all(|b| b.is_ascii_digit());
    let upper = group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let good = if first == 'S' { group.starts_with('S') && upper && group.len() >= 2 } else { digits };
    if good && (1..=20).contains(&group.len()) {
        return Ok(Member::Group(platform.to_owned(), group.to_owned()));
    }
    Err(Refusal::expected(match first {
        'S' => "a Slack user group such as \"slack:group:S0123456789\"",
        _ => "a Discord role such as \"discord:role:80351110224678912\"",
    }))
}
