//! Who has which role, and how people and roles are named in a sentence.

use super::Policy;
use crate::config::roles::Member;
use crate::model::ids::PersonId;

/// Names in one sentence; more are counted.
const NAMED: usize = 5;

/// A group that a platform keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// `slack`, `discord`.
    pub platform: &'a str,
    /// Its id there.
    pub id: &'a str,
}

/// Who is in the platforms' own groups: user groups, roles. A group nobody knows has no members.
pub trait Groups: Send + Sync {
    /// Whether a person is in it, as far as is known now.
    fn has(&self, group: Group<'_>, person: &PersonId) -> bool;
}

/// No platform that has groups is connected.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGroups;

impl Groups for NoGroups {
    fn has(&self, _group: Group<'_>, _person: &PersonId) -> bool {
        false
    }
}

impl Policy {
    /// The roles' names, sorted.
    pub fn role_names(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// The roles that a person has, sorted.
    pub fn roles_of(&self, person: &PersonId) -> Vec<&str> {
        self.role_names().filter(|role| self.has_role(person, role)).collect()
    }

    /// What is known of a person beside the name: the identities joined in `[people]`, as `platform:user`.
    pub fn identities(&self, person: &PersonId) -> Vec<String> {
        let known = self.people.0.get(person.as_str()).into_iter().flat_map(|known| &known.identities);
        known.map(|(platform, user)| format!("{platform}:{user}")).collect()
    }

    /// Whether a person has a role. A role that is not configured has nobody.
    pub fn has_role(&self, person: &PersonId, role: &str) -> bool {
        let person = self.whole(person);
        let has = |member: &Member| match member {
            Member::Person(member) => *member == person,
            Member::Group(platform, id) => self.groups.has(Group { platform, id }, &person),
        };
        self.roles.get(role).is_some_and(|members| members.iter().any(has))
    }

    /// Whether a person could give an approval that is asked of a role, or of anybody in `[people]`.
    pub(super) fn is_asked(&self, person: &PersonId, role: Option<&str>) -> bool {
        match role {
            Some(role) => self.has_role(person, role),
            None => self.people.0.contains_key(self.whole(person).as_str()),
        }
    }

    /// Whether two ids are one human: identities joined in `[people]` are, whatever they were called when they were kept.
    pub(super) fn is_same(&self, one: &PersonId, other: &PersonId) -> bool {
        self.whole(one) == self.whole(other)
    }

    /// The human behind an id.
    fn whole(&self, person: &PersonId) -> PersonId {
        match person.as_str().split_once(':') {
            Some((platform, user)) => self.people.resolve(platform, user),
            None => person.clone(),
        }
    }

    /// Those of a role, or of `[people]`, but for some: how they are called. Groups stand for the people in them.
    pub(super) fn named(&self, role: Option<&str>, but: &[&PersonId]) -> Vec<String> {
        let not = |person: &PersonId| !but.iter().any(|but| self.is_same(but, person));
        let call = |person: &PersonId| self.people.display(person).to_owned();
        let Some(role) = role else {
            let all = self.people.0.keys().map(|name| PersonId::from(name.as_str()));
            return all.filter(not).map(|person| call(&person)).collect();
        };
        let members = self.roles.get(role).into_iter().flatten();
        let named = members.filter_map(|member| match member {
            Member::Person(person) => not(person).then(|| call(person)),
            Member::Group(..) => Some(format!("somebody of {}", member.written())),
        });
        named.collect()
    }

    /// Whether a role counts people whom only a platform knows.
    pub(super) fn has_groups(&self, role: Option<&str>) -> bool {
        let members = role.and_then(|role| self.roles.get(role)).into_iter().flatten();
        members.into_iter().any(|member| matches!(member, Member::Group(..)))
    }
}

/// `Ben`, `Ben or Carla`, `Ben, Carla or Dora`; nobody is `nobody`.
pub(super) fn either(names: &[String]) -> String {
    let (shown, more) = names.split_at(names.len().min(NAMED));
    let mut shown = shown.to_vec();
    match more.len() {
        0 => {}
        1 => shown.push("one other".to_owned()),
        more => shown.push(format!("{more} others")),
    }
    match shown.as_slice() {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
