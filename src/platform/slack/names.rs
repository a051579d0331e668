//! How conversations and people are called: by us (`#ops` where the configuration writes it so, `ana`) and by Slack (`C0123…`,
//! `U0123…`). What Slack's own lists say counts; a name in a payload is taken only where no list has said otherwise.

use super::api::{Api, Channel};
use super::refusal::CallError;
use crate::config::Config;
use crate::config::limits::{SLACK_PAGE, SLACK_PAGES};
use crate::config::people::People;
use crate::model::ids::{ConversationId, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The word before the colon of Slack's conversations.
pub(super) const SLACK: &str = "slack";
/// Names that are remembered besides the written ones; beyond them they are asked for again.
const REMEMBERED: usize = 1000;

/// Where something goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The channel's id, or of a direct conversation.
    pub(super) channel: String,
    /// The message that it goes under.
    pub(super) thread: Option<String>,
    /// Whose direct conversation it is.
    pub(super) direct: Option<String>,
}

/// The names of one workspace.
pub(super) struct Names {
    /// What the configuration writes by name, without `#`.
    written: BTreeSet<String>,
    people: People,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Every workspace that is ours, as Slack has told: one, or an organisation's.
    teams: BTreeSet<String>,
    ids: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    direct: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn new(config: &Config) -> Self {
        let written = config.names_on(SLACK).into_iter().map(|name| name.trim_start_matches('#').to_owned()).collect();
        Self { written, people: config.people.clone(), known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A person's member id.
    pub(super) fn user(&self, person: &PersonId) -> Option<String> {
        self.people.user_on(SLACK, person).map(str::to_owned)
    }

    /// These workspaces are ours.
    pub(super) fn are_ours(&self, teams: BTreeSet<String>) {
        self.known().teams = teams;
    }

    /// Whether somebody is of none of our workspaces, and nobody whom the configuration names: in a channel that two workspaces share
    /// such a person sees cards, and may do nothing with them. Until Slack has told which are ours, the one that a payload names
    /// (`told`) counts; where it names none, everybody is foreign.
    pub(super) fn is_foreign(&self, user: &str, user_team: &str, told: &str) -> bool {
        let is_ours = || {
            let known = self.known();
            if known.teams.is_empty() { user_team == told } else { known.teams.contains(user_team) }
        };
        !user_team.is_empty() && !is_ours() && !self.is_named(user)
    }

    /// Whether the configuration names somebody.
    pub(super) fn is_named(&self, user: &str) -> bool {
        self.people.0.values().any(|person| person.identities.get(SLACK).is_some_and(|known| known == user))
    }

    /// How a conversation is called by us: `slack:#ops`, `slack:C0123`, `slack:@U0123`, each with its thread. `name` is what a
    /// payload calls the channel. A direct conversation is the one with the bot, whichever it was typed in: the bot can speak in no
    /// other.
    pub(super) fn conversation(&self, id: &str, name: &str, thread: &str, user: &str) -> ConversationId {
        let local = match id.starts_with('D') && !user.is_empty() {
            true => format!("@{user}"),
            false => self.spelled(id, name),
        };
        let thread = if thread.is_empty() { String::new() } else { format!("/{thread}") };
        ConversationId::new(format!("{SLACK}:{local}{thread}"))
    }

    fn spelled(&self, id: &str, name: &str) -> String {
        let mut known = self.known();
        if let Some(name) = known.names.get(id) {
            return format!("#{name}");
        }
        if self.written.contains(name) && !known.ids.contains_key(name) {
            known.note(name, id);
            return format!("#{name}");
        }
        id.to_owned()
    }

    /// Where a conversation of ours is.
    pub(super) async fn target(&self, api: &Api, conversation: &ConversationId) -> Result<Target, CallError> {
        let (local, thread) = match conversation.local().split_once('/') {
            Some((local, thread)) => (local, Some(thread.to_owned())),
            None => (conversation.local(), None),
        };
        if let Some(user) = local.strip_prefix('@') {
            let channel = self.direct(api, user).await?;
            return Ok(Target { channel, thread, direct: Some(user.to_owned()) });
        }
        let channel = match local.strip_prefix('#') {
            Some(name) => self.channel(api, name).await?,
            None => local.to_owned(),
        };
        Ok(Target { channel, thread, direct: None })
    }

    /// The direct conversation with somebody.
    pub(super) async fn direct(&self, api: &Api, user: &str) -> Result<String, CallError> {
        let known = self.known().direct.get(user).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let id = api.direct(user).await?;
        let mut known = self.known();
        if known.direct.len() >= REMEMBERED {
            known.direct.clear();
        }
        known.direct.insert(user.to_owned(), id.clone());
        Ok(id)
    }

    async fn channel(&self, api: &Api, name: &str) -> Result<String, CallError> {
        let known = self.known().ids.get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        self.find(api, &BTreeSet::from([name.to_owned()]), false).await?;
        let found = self.known().ids.get(name).cloned();
        found.ok_or_else(|| CallError::Refused {
            code: "channel_not_found".to_owned(),
            detail: Some(format!("#{name}")),
        })
    }

    /// Forgets where a conversation is, because Slack says it is not there: it may have been made anew.
    pub(super) fn forget(&self, conversation: &ConversationId) {
        let local = conversation.local().split('/').next().unwrap_or_default();
        if let Some(name) = local.strip_prefix('#') {
            let mut known = self.known();
            if let Some(id) = known.ids.remove(name) {
                known.names.remove(&id);
            }
        }
    }

    /// Looks for every written name; says which are not there, and of which channels the bot is no member.
    pub(super) async fn refresh(&self, api: &Api) -> Result<(Vec<String>, Vec<Channel>), CallError> {
        if self.written.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let found = self.find(api, &self.written, true).await?;
        let missing = self.written.iter().filter(|name| !found.iter().any(|channel| channel.name == **name));
        let missing = missing.map(|name| format!("#{name}")).collect();
        Ok((missing, found.into_iter().filter(|channel| !channel.is_member).collect()))
    }

    /// Looks for channels by their names; `patient` waits where Slack asks to.
    pub(super) async fn find(
        &self,
        api: &Api,
        wanted: &BTreeSet<String>,
        patient: bool,
    ) -> Result<Vec<Channel>, CallError> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        for _ in 0..SLACK_PAGES {
            let (channels, next) = match api.channels(&cursor, SLACK_PAGE).await {
                // A large workspace has more pages than may be asked for in a minute.
                Err(CallError::Busy { after: Some(after) }) if patient => {
                    tokio::time::sleep(after).await;
                    api.channels(&cursor, SLACK_PAGE).await?
                }
                page => page?,
            };
            for channel in channels.into_iter().filter(|one| wanted.contains(&one.name) && !one.is_archived) {
                // At once: the next page may be a long wait away.
                self.known().note(&channel.name, &channel.id);
                found.push(channel);
            }
            cursor = next;
            if cursor.is_empty() || found.len() >= wanted.len() {
                break;
            }
        }
        Ok(found)
    }
}

impl Known {
    /// A name and what it stands for; what it stood for before is another channel by now.
    fn note(&mut self, name: &str, id: &str) {
        if self.ids.len() >= REMEMBERED {
            (self.ids, self.names) = Default::default();
        }
        if let Some(before) = self.ids.insert(name.to_owned(), id.to_owned()) {
            self.names.remove(&before);
        }
        self.names.insert(id.to_owned(), name.to_owned());
    }
}

/// A message's own id as the house keeps it: the channel and the moment.
pub(super) fn native(channel: &str, ts: &str) -> String {
    format!("{channel}/{ts}")
}

/// Its two parts.
pub(super) fn parts_of(native: &str) -> Option<(&str, &str)> {
    native.split_once('/').filter(|(channel, ts)| !channel.is_empty() && !ts.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;
    use std::path::Path;

    fn names() -> Names {
        let text = "[chat.slack]\nbot_token = { env = \"B\" }\napp_token = { env = \"A\" }\n[channels]\nops = \"slack:#ops\"\n\
                    [people.ana]\nslack = \"U0ANA\"";
        let env: Env = [("B", "xoxb-1"), ("A", "xapp-1")].into_iter().collect();
        Names::new(&Config::parse(text, Path::new("drillbell.toml"), &env).unwrap_or_else(|e| panic!("{e}")))
    }

    #[test]
    fn a_channel_is_called_as_the_configuration_writes_it() {
        let names = names();
        let called = |id: &str, name: &str| names.conversation(id, name, "", "U1").to_string();
        assert_eq!(called("C1", "ops"), "slack:#ops");
        assert_eq!(called("C2", "random"), "slack:C2");
        assert_eq!(called("C9", "ops"), "slack:C9", "there is one #ops, and it is another");
        assert_eq!(called("C1", ""), "slack:#ops", "remembered");
        assert_eq!(called("D1", "directmessage"), "slack:@U1");
        assert_eq!(names.conversation("C1", "ops", "17.1", "").as_str(), "slack:#ops/17.1");
    }

    #[test]
    fn whoever_is_of_another_workspace_is_foreign_unless_named() {
        let foreign = |user: &str, team: &str, ours: &str| names().is_foreign(user, team, ours);
        assert!(foreign("U2", "T2", "T1") && foreign("U2", "T2", ""), "where nobody knows which is ours, none is");
        assert!(!foreign("U2", "T1", "T1") && !foreign("U2", "", "T1") && !foreign("U0ANA", "T2", "T1"));
        // What Slack has told counts before what a payload names; an organisation has several.
        let names = names();
        names.are_ours(["T1", "T3", "E1"].map(str::to_owned).into());
        let foreign = |team: &str, told: &str| names.is_foreign("U2", team, told);
        assert!(foreign("T2", "T2") && foreign("T2", "") && !foreign("T3", "") && !foreign("T1", "T2"));
    }

    #[test]
    fn a_person_is_known_by_either_name() {
        let names = names();
        assert_eq!(names.user(&"ana".into()).as_deref(), Some("U0ANA"));
        assert_eq!(names.user(&"slack:U2".into()).as_deref(), Some("U2"));
        assert_eq!(names.user(&"console:ben".into()), None);
    }
}
