//! Discord's channels by the names that the configuration uses: which id a conversation has, and what a channel is called here.

use super::api::{Api, Call, Refused};
use crate::config::Config;
use crate::config::limits::DISCORD_CHANNELS_FRESH;
use crate::model::ids::ConversationId;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Direct conversations remembered; beyond it all are forgotten, which costs a request each.
const PEOPLE: usize = 1024;
/// Channels of a server (Discord allows 500, threads apart) that are looked at.
const CHANNELS: usize = 2000;

/// What is known of the server's channels.
#[derive(Default)]
pub(super) struct Channels {
    guild: String,
    /// Names that the configuration uses, with their `#`: only these are conversations by name.
    written: BTreeSet<String>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Ids by name; of two channels of one name the upper one.
    by_name: HashMap<String, String>,
    names: HashMap<String, String>,
    /// When what is known of names was asked for; `None`: something may have changed since.
    asked: Option<Instant>,
    /// How often something changed.
    changes: u64,
    /// Ids at which there was nothing any more.
    gone: BTreeSet<String>,
    /// The direct conversation with a person.
    people: HashMap<String, String>,
    /// The channel that a thread is in; empty for what is no thread.
    threads: HashMap<String, String>,
}

/// Where something happened, as Discord tells it (resources/channel, `channel-object`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// Its parent, if it is a thread.
    pub(super) thread_of: Option<String>,
    /// It is somebody's direct conversation with the bot.
    pub(super) direct: bool,
}

impl Channels {
    pub(super) fn new(config: &Config, guild: &str) -> Self {
        Self { guild: guild.to_owned(), written: config.names_on(super::inbound::DISCORD), known: Mutex::default() }
    }

    /// The id of a conversation of ours: of its channel, its thread, or the direct conversation with a person.
    pub(super) async fn id(&self, api: &Api, conversation: &ConversationId) -> Result<String, Refused> {
        let local = conversation.local();
        if let Some(person) = local.strip_prefix('@') {
            return self.direct(api, person).await;
        }
        if let Some((_, thread)) = local.split_once('/') {
            return Ok(thread.to_owned());
        }
        let Some(name) = local.strip_prefix('#') else { return Ok(local.to_owned()) };
        if let Some(id) = self.named(name).filter(|_| self.is_current()) {
            return Ok(id);
        }
        match (self.refresh(api).await, self.named(name)) {
            // What they were called before does for as long as Discord does not say what they are called now.
            (Err(Refused::Later { .. }), Some(id)) => return Ok(id),
            (answer, _) => answer?,
        }
        self.named(name).ok_or_else(|| {
            let reason =
                format!("the server has no channel #{name}, or the bot cannot see it; make it, or add the bot there");
            Refused::Never { status: 404, code: 10003, reason }
        })
    }

    /// What we call the place where something happened; `by` is who did it.
    pub(super) fn conversation(&self, place: &Place, by: &str) -> ConversationId {
        if place.direct {
            return ConversationId::new(format!("discord:@{by}"));
        }
        match &place.thread_of {
            Some(parent) => ConversationId::new(format!("discord:{}/{}", self.called(parent, None), place.id)),
            None => ConversationId::new(format!("discord:{}", self.called(&place.id, place.name.as_deref()))),
        }
    }

    /// Where a message is of which Discord tells no more than the channel's id: a thread has to be asked for once
    /// (resources/channel, `get-channel`).
    pub(super) async fn place(&self, api: &Api, id: &str) -> Result<Place, Refused> {
        let known = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let channel = known.names.contains_key(id).then(String::new);
            channel.or_else(|| known.threads.get(id).cloned())
        };
        let parent = match known {
            Some(parent) => parent,
            None => {
                let channel =
                    api.send(Call::new(Method::GET, format!("channels/{id}"), format!("channels/{id}"))).await?;
                // Threads of news, public and private ones (`channel-types`).
                let is_thread = matches!(channel["type"].as_u64(), Some(10..=12));
                let parent = channel["parent_id"].as_str().filter(|_| is_thread).unwrap_or_default().to_owned();
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                if known.threads.len() >= CHANNELS {
                    known.threads.clear();
                }
                known.threads.insert(id.to_owned(), parent.clone());
                parent
            }
        };
        let thread_of = Some(parent).filter(|parent| !parent.is_empty());
        Ok(Place { id: id.to_owned(), thread_of, ..Place::default() })
    }

    /// `#name` where the configuration uses that name, else the id.
    fn called(&self, id: &str, name: Option<&str>) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name.map(str::to_owned).or_else(|| known.names.get(id).cloned());
        // Of two channels of one name only the one that the name leads to has it.
        let leads_here =
            |name: &String| known.asked.is_none() || known.by_name.get(name).is_none_or(|there| there == id);
        match name.filter(leads_here).map(|name| format!("#{name}")).filter(|name| self.written.contains(name)) {
            Some(name) => name,
            None => id.to_owned(),
        }
    }

    /// The id of the channel that a thread is in, if that is known.
    pub(super) fn parent(&self, thread: &str) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.threads.get(thread).filter(|parent| !parent.is_empty()).cloned()
    }

    /// Whether nothing has changed since the channels were asked for.
    fn is_current(&self) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).asked.is_some()
    }

    fn named(&self, name: &str) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).by_name.get(name).cloned()
    }

    /// The names that the configuration uses and the server does not have, as it is known now.
    pub(super) fn missing(&self) -> Vec<String> {
        let missing = |name: &&String| self.named(name.trim_start_matches('#')).is_none();
        self.written.iter().filter(missing).cloned().collect()
    }

    /// A channel that we knew is gone. `true` if it is worth looking for its name anew: once for each channel.
    pub(super) fn is_gone(&self, conversation: &ConversationId, id: &str) -> bool {
        let local = conversation.local();
        if !local.starts_with('#') || local.contains('/') {
            return false;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.gone.len() >= CHANNELS {
            known.gone.clear();
        }
        known.by_name.clear();
        known.have_changed();
        known.gone.insert(id.to_owned())
    }

    /// What the channels are called is to be asked anew, because one of them changed.
    pub(super) fn changed(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).have_changed();
    }

    /// Asks for the channels, unless that was done a moment ago.
    pub(super) async fn refresh(&self, api: &Api) -> Result<(), Refused> {
        let before = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.asked.is_some_and(|asked| asked.elapsed() < DISCORD_CHANNELS_FRESH) {
                return Ok(());
            }
            known.changes
        };
        let path = format!("guilds/{}/channels", self.guild);
        let answer = api.send(Call::new(Method::GET, path.clone(), path)).await?;
        self.learn(&answer, before);
        Ok(())
    }

    /// Takes over what Discord says of its channels, which was asked for when so much had changed. If something has changed since, it
    /// may be out of date already: it does until it is asked for again, and says nothing to whoever asked later and knows better.
    fn learn(&self, answer: &Value, before: u64) {
        let mut channels: Vec<&Value> = answer.as_array().into_iter().flatten().take(CHANNELS).collect();
        channels.sort_by_key(|channel| channel["position"].as_i64());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = known.changes == before;
        if !is_current && known.asked.is_some() {
            return;
        }
        (known.by_name, known.names) = (HashMap::new(), HashMap::new());
        known.asked = is_current.then(Instant::now);
        for channel in channels.into_iter().filter(|channel| takes_messages(channel)) {
            let (Some(id), Some(name)) = (channel["id"].as_str(), channel["name"].as_str()) else { continue };
            known.by_name.entry(name.to_owned()).or_insert_with(|| id.to_owned());
            known.names.insert(id.to_owned(), name.to_owned());
        }
    }

    /// The direct conversation with a person (resources/user, `create-dm`).
    async fn direct(&self, api: &Api, person: &str) -> Result<String, Refused> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).people.get(person).cloned();
        if let Some(id) = known {
            return Ok(id);
        }
        let call = Call::new(Method::POST, "users/@me/channels", "users/@me/channels");
        let answer = api.send(call.json(json!({"recipient_id": person}))).await?;
        let id = answer["id"].as_str().unwrap_or_default().to_owned();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.people.len() >= PEOPLE {
            known.people.clear();
        }
        known.people.insert(person.to_owned(), id.clone());
        Ok(id)
    }
}

impl Known {
    fn have_changed(&mut self) {
        self.asked = None;
        self.changes += 1;
    }
}

/// Text and announcement channels (`channel-types`): the others are categories, forums, and voices.
fn takes_messages(channel: &Value) -> bool {
    matches!(channel["type"].as_u64(), Some(0 | 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_called_by_its_name_only_if_somebody_wrote_it() {
        let names = ["#ops"].map(str::to_owned).into();
        let channels = Channels { written: names, ..Channels::default() };
        let place = |id: &str, name: &str| Place { id: id.to_owned(), name: Some(name.to_owned()), ..Place::default() };
        let called = |place: &Place| channels.conversation(place, "9").into_string();
        assert_eq!(called(&place("5", "ops")), "discord:#ops");
        assert_eq!(called(&place("6", "random")), "discord:6");
        assert_eq!(called(&Place { direct: true, ..place("7", "") }), "discord:@9");
        channels.known.lock().unwrap().names.insert("5".to_owned(), "ops".to_owned());
        assert_eq!(called(&Place { thread_of: Some("5".to_owned()), ..place("8", "a thread") }), "discord:#ops/8");
        {
            let mut known = channels.known.lock().unwrap();
            known.by_name.insert("ops".to_owned(), "4".to_owned());
            known.asked = Some(Instant::now());
        }
        assert_eq!(called(&place("5", "ops")), "discord:5", "the name leads to another one");
        channels.changed();
        assert_eq!(called(&place("5", "ops")), "discord:#ops", "it did, and Discord says now that it leads here");
    }

    #[test]
    fn what_changes_while_the_channels_are_asked_for_is_asked_for_again_and_what_comes_late_is_not_believed() {
        let channels = Channels::default();
        let answer = |id: &str| json!([{"id": id, "type": 0, "name": "ops", "position": 0}]);
        let known = || (channels.named("ops"), channels.is_current());
        channels.learn(&answer("1"), 0);
        assert_eq!(known(), (Some("1".to_owned()), true));
        channels.changed();
        channels.changed();
        channels.learn(&answer("2"), 1);
        assert_eq!(known(), (Some("2".to_owned()), false), "it does until it is asked for again");
        channels.learn(&answer("3"), 2);
        channels.learn(&answer("2"), 1);
        assert_eq!(known(), (Some("3".to_owned()), true), "that was asked for before");
        channels.is_gone(&ConversationId::from("discord:#ops"), "3");
        assert_eq!(known(), (None, false));
    }
}
