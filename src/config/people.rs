//! `[people.NAME]`: one human's identities on all platforms.

use super::availability::Availability;
use super::problem::{Refusal, did_you_mean};
use super::section::Section;
use super::tree::Node;
use super::values;
use crate::model::event;
use crate::model::ids::PersonId;
use std::collections::BTreeMap;

/// The keys that hold an identity. `email` is no platform, but an address claims a person just as well.
pub const IDENTITIES: [&str; 4] = ["slack", "discord", "email", "console"];

/// `[people]`: everybody, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People(pub BTreeMap<String, Person>);

/// `[people.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// How the person is called. Default: the section's name.
    pub name: Option<String>,
    /// Who this is on each platform (`slack`, `discord`, `email`, `console`), as the platform names its users.
    pub identities: BTreeMap<&'static str, String>,
    /// By which notifiers of `[notify]` this person is paged. Default: in a chat, if there is an identity on one.
    pub notify: Vec<String>,
    /// When this person may be paged. Default: always.
    pub availability: Availability,
}

impl People {
    /// `notifiers` are the names under `[notify]`, which is read later.
    pub(super) fn read(section: Section<'_>, notifiers: &[&str]) -> Self {
        let mut people = BTreeMap::new();
        let mut claimed: BTreeMap<(&str, String), &str> = BTreeMap::new();
        for (entry, mut person) in section.named() {
            if !values::is_name(&entry.key, "-_.") {
                let fix = format!("write [people.{}]", entry.key.to_lowercase().replace(' ', "-"));
                let expected = "a name of lower-case letters, digits, - _ . (what is typed after `@`)";
                let fix = (fix.len() < 60).then_some(fix);
                section.refuse_name(entry, Refusal::expected(expected).maybe_fix(fix));
            }
            let name = person.read("name", |node| Ok(values::text(node)?.to_owned()));
            let mut identities = BTreeMap::new();
            for platform in IDENTITIES {
                let Some(user) = person.read(platform, |node| identity(platform, node)) else { continue };
                match claimed.insert((platform, user.clone()), &entry.key) {
                    Some(other) => {
                        let expected = format!("an identity of one person; [people.{other}] has it too");
                        person.refuse(platform, Refusal::expected(expected).fix("remove one of the two"));
                    }
                    None => drop(identities.insert(platform, user)),
                }
            }
            let of_what = "a list of notifiers such as [\"ana-phone\"]";
            let notify = person.read_list("notify", of_what, |node| notifier(node, notifiers));
            let availability = Availability::read(&mut person);
            person.finish();
            let notify = notify.unwrap_or_default();
            people.insert(entry.key.clone(), Person { name, identities, notify, availability });
        }
        Self(people)
    }

    /// Who this user of a platform is: a configured person, else `platform:user`.
    pub fn resolve(&self, platform: &str, user: &str) -> PersonId {
        let known = self.0.iter().find(|(_, person)| person.identities.get(platform).is_some_and(|is| is == user));
        known.map_or_else(|| PersonId::new(format!("{platform}:{user}")), |(name, _)| PersonId::new(name.as_str()))
    }

    /// The same with a name to show: the configured one, else `shown`.
    pub fn person(&self, platform: &str, user: &str, shown: &str) -> event::Person {
        let id = self.resolve(platform, user);
        let known = self.display(&id);
        let name = if known == id.as_str() && known.contains(':') { shown } else { known };
        event::Person { name: name.to_owned(), id }
    }

    /// The other way: as whom a platform knows a person, configured or not.
    pub fn user_on<'a>(&'a self, platform: &str, person: &'a PersonId) -> Option<&'a str> {
        let known = self.0.get(person.as_str()).and_then(|known| known.identities.get(platform));
        known.map(String::as_str).or_else(|| person.as_str().strip_prefix(platform)?.strip_prefix(':'))
    }

    /// What a person is called: the configured name, else the id itself.
    pub fn display<'a>(&'a self, person: &'a PersonId) -> &'a str {
        self.0.get(person.as_str()).and_then(|known| known.name.as_deref()).unwrap_or(person.as_str())
    }
}

fn notifier(node: &Node, known: &[&str]) -> Result<String, Refusal> {
    let text = values::text(node)?;
    if known.contains(&text) {
        return Ok(text.to_owned());
    }
    let fix = did_you_mean(text, known.iter().copied()).unwrap_or_else(|| format!("add [notify.{text}]"));
    Err(Refusal::expected("a notifier of [notify]").fix(fix))
}

fn identity(platform: &'static str, node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    identity_of(platform, text.strip_prefix(platform).and_then(|rest| rest.strip_prefix(':')).unwrap_or(text))
}

/// A user as the platform names it, checked.
pub(super) fn identity_of(platform: &str, plain: &str) -> Result<String, Refusal> {
    let (good, expected) = match platform {
        "slack" => {
            let form =
                plain.starts_with(['U', 'W']) && plain.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            (form && plain.len() >= 2, "a Slack member id such as \"U0123456789\" (profile, ⋮, Copy member ID)")
        }
        "discord" => {
            let form = plain.len() <= 20 && plain.bytes().all(|b| b.is_ascii_digit());
            (form, "a Discord user id such as \"80351110224678912\" (Copy User ID in developer mode)")
        }
        "email" => {
            let parts = plain.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.len() > 2);
            (parts && !plain.contains(char::is_whitespace), "an address such as \"ana@example.org\"")
        }
        _ => (values::is_name(plain, "-_."), "a login such as \"ana\": lower-case letters, digits, - _ ."),
    };
    // Addresses differ in case only by accident, and would then be two people.
    let kept = if platform == "email" { plain.to_lowercase() } else { plain.to_owned() };
    if good { Ok(kept) } else { Err(Refusal::expected(expected)) }
}
