//! What Discord sends, as far as it is used (interactions/receiving-and-responding). Types of our own: whatever is not asked for is
//! ignored, and whatever may be absent is absent, so that no new field of Discord's loses an event.

use super::channels::Place;
use serde::Deserialize;
use serde_json::Value;

/// An interaction.
#[derive(Debug, Deserialize)]
pub(super) struct Interaction {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: u64,
    #[serde(default)]
    pub(super) token: String,
    #[serde(default)]
    pub(super) application_id: String,
    #[serde(default)]
    pub(super) guild_id: Option<String>,
    #[serde(default)]
    channel_id: Option<String>,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    member: Option<Member>,
    #[serde(default)]
    user: Option<User>,
    /// The message whose component was used.
    #[serde(default)]
    pub(super) message: Option<Value>,
    #[serde(default)]
    pub(super) data: Data,
}

/// What an interaction is about: a command, a component or a form.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Data {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) options: Vec<Given>,
    #[serde(default)]
    pub(super) resolved: Resolved,
    #[serde(default)]
    pub(super) custom_id: String,
    /// What was chosen from a menu.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// A form's parts.
    #[serde(default)]
    pub(super) components: Vec<Value>,
}

/// An option that was given, or the subcommand that holds some.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    pub(super) name: String,
    #[serde(rename = "type", default)]
    pub(super) kind: u64,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) options: Vec<Given>,
    /// It is being typed.
    #[serde(default)]
    pub(super) focused: bool,
}

/// What the ids of options mean.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Resolved {
    #[serde(default)]
    pub(super) channels: std::collections::HashMap<String, Channel>,
}

/// A channel in part.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Channel {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<u64>,
    #[serde(default)]
    parent_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Member {
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    nick: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    global_name: Option<String>,
    /// It is a bot, perhaps this one.
    #[serde(default)]
    bot: bool,
}

/// Somebody as Discord shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) id: String,
    pub(super) shown: String,
}

impl Channel {
    pub(super) fn place(&self) -> Place {
        // Threads of news, public and private ones; a direct conversation (`channel-types`).
        let (thread, direct) = (matches!(self.kind, Some(10..=12)), self.kind == Some(1));
        let thread_of = self.parent_id.clone().filter(|_| thread);
        let name = self.name.clone().filter(|_| !thread);
        Place { id: self.id.clone(), name, thread_of, direct }
    }
}

impl Interaction {
    /// Who did it; every interaction but a ping says so.
    pub(super) fn who(&self) -> Option<Who> {
        let (user, nick) = match (&self.member, &self.user) {
            (Some(Member { user: Some(user), nick, .. }), _) => (user, nick.as_ref()),
            (_, Some(user)) => (user, None),
            _ => return None,
        };
        let shown = nick.or(user.global_name.as_ref()).unwrap_or(&user.username);
        let id = user.id.clone();
        crate::config::discord::is_snowflake(&id).then(|| Who { id, shown: shown.clone() })
    }

    /// The roles that they have in the server; none where Discord does not say.
    pub(super) fn roles(&self) -> Option<&[String]> {
        self.member.as_ref().map(|member| member.roles.as_slice())
    }

    /// Where it happened.
    pub(super) fn place(&self) -> Place {
        let mut place = self.channel.as_ref().map(Channel::place).unwrap_or_default();
        if place.id.is_empty() {
            place.id = self.channel_id.clone().unwrap_or_default();
        }
        // Outside a server there are only direct conversations with the bot that we take.
        place.direct |= self.guild_id.is_none();
        place
    }
}

/// A reaction (topics/gateway-events, `message-reaction-add`).
#[derive(Debug, Deserialize)]
pub(super) struct Reaction {
    user_id: String,
    pub(super) channel_id: String,
    pub(super) message_id: String,
    #[serde(default)]
    pub(super) guild_id: Option<String>,
    #[serde(default)]
    member: Option<Member>,
    pub(super) emoji: Emoji,
}

/// A message that somebody wrote, or changed (topics/gateway-events, `message-create`, `message-update`).
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    pub(super) id: String,
    pub(super) channel_id: String,
    #[serde(default)]
    pub(super) guild_id: Option<String>,
    #[serde(default)]
    author: Option<User>,
    #[serde(default)]
    member: Option<Member>,
    #[serde(default)]
    webhook_id: Option<String>,
    /// Empty as well where Discord does not tell it.
    #[serde(default)]
    pub(super) content: String,
    /// When its author changed it last; Discord tells of messages as well when it has looked at a link, or when one is pinned.
    #[serde(default)]
    pub(super) edited_timestamp: Option<String>,
    #[serde(default)]
    message_reference: Option<Reference>,
}

/// The message that another one answers or passes on (resources/message, `message-reference-structure`).
#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(rename = "type", default)]
    kind: u64,
    #[serde(default)]
    channel_id: Option<String>,
    #[serde(default)]
    message_id: Option<String>,
}

/// Messages that somebody deleted: one, or many at once (topics/gateway-events, `message-delete`, `message-delete-bulk`).
#[derive(Debug, Deserialize)]
pub(super) struct Deleted {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    ids: Vec<String>,
    pub(super) channel_id: String,
    #[serde(default)]
    pub(super) guild_id: Option<String>,
}

impl Written {
    /// Who wrote it, if that was a person.
    pub(super) fn who(&self) -> Option<Who> {
        let user = self.author.as_ref().filter(|user| !user.bot && self.webhook_id.is_none())?;
        let nick = self.member.as_ref().and_then(|member| member.nick.as_ref());
        let shown = nick.or(user.global_name.as_ref()).unwrap_or(&user.username);
        let is_id = crate::config::discord::is_snowflake;
        (is_id(&user.id) && is_id(&self.id) && is_id(&self.channel_id))
            .then(|| Who { id: user.id.clone(), shown: shown.clone() })
    }

    /// The message that it answers, as the house keeps such ids; one that was merely passed on is not answered.
    pub(super) fn answers(&self) -> Option<String> {
        let reference = self.message_reference.as_ref().filter(|reference| reference.kind == 0)?;
        let channel = reference.channel_id.as_deref().unwrap_or(&self.channel_id);
        Some(format!("{channel}/{}", reference.message_id.as_deref()?))
    }
}

impl Deleted {
    /// Their ids, not more than Discord deletes at once.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        let ids = self.id.iter().chain(&self.ids).map(String::as_str);
        ids.filter(|id| crate::config::discord::is_snowflake(id)).take(100)
    }
}

/// An emoji; one of Discord's own has no id and its character as its name.
#[derive(Debug, Deserialize)]
pub(super) struct Emoji {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

impl Reaction {
    /// Whether a bot reacted. In a direct conversation Discord does not say what somebody is; the only bot there is `ours`.
    pub(super) fn is_of_a_bot(&self, ours: &str) -> bool {
        self.user_id == ours
            || self.member.as_ref().and_then(|member| member.user.as_ref()).is_some_and(|user| user.bot)
    }

    pub(super) fn who(&self) -> Who {
        let of_user = |user: &User| user.global_name.clone().unwrap_or_else(|| user.username.clone());
        let shown =
            self.member.as_ref().and_then(|member| member.nick.clone().or_else(|| member.user.as_ref().map(of_user)));
        Who { id: self.user_id.clone(), shown: shown.unwrap_or_else(|| self.user_id.clone()) }
    }
}

/// The values of a form's text inputs and menus, by their ids, in whichever parts they stand: rows, or labels.
pub(super) fn entered(components: &[Value]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in components {
        let inner = part["components"].as_array().into_iter().flatten().chain(part.get("component"));
        for component in inner {
            let Some(id) = component["custom_id"].as_str() else { continue };
            let value = component["value"].as_str().or_else(|| component["values"][0].as_str());
            found.push((id.to_owned(), value.unwrap_or_default().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_interaction_says_who_and_where_with_or_without_a_server() {
        let read = |value: Value| serde_json::from_value::<Interaction>(value).unwrap();
        let ana =
            json!({"id": "80", "username": "ana_l", "global_name": "Ana", "discriminator": "0", "new_field": [1]});
        let there = read(json!({
            "id": "1", "type": 2, "token": "t", "guild_id": "5", "channel_id": "6", "member": {"user": ana, "nick": null, "roles": []},
            "channel": {"id": "6", "name": "a thread", "type": 11, "parent_id": "7"}, "data": {"name": "sev"},
        }));
        assert_eq!(there.who(), Some(Who { id: "80".to_owned(), shown: "Ana".to_owned() }));
        assert_eq!((there.place().id.as_str(), there.place().thread_of.as_deref()), ("6", Some("7")));
        let direct = read(json!({"id": "1", "type": 3, "channel_id": "9", "user": ana}));
        assert!(direct.place().direct && direct.place().id == "9");
        assert_eq!(read(json!({"id": "1", "type": 1})).who(), None, "a ping");
        assert_eq!(read(json!({"id": "1", "type": 3, "user": {"id": "../x"}})).who(), None, "no id of Discord's");
    }

    #[test]
    fn a_reaction_of_a_bot_is_told_from_a_persons_in_a_server_and_outside() {
        let read = |value: Value| serde_json::from_value::<Reaction>(value).unwrap().is_of_a_bot("50");
        let direct = |user: &str| json!({"user_id": user, "channel_id": "1", "message_id": "2", "emoji": {"id": null, "name": "x"}});
        assert!(read(direct("50")) && !read(direct("80")));
        let there = |bot: bool| {
            let mut there = direct("80");
            there["member"] = json!({"user": {"id": "80", "bot": bot}});
            there
        };
        assert!(read(there(true)) && !read(there(false)));
    }

    #[test]
    fn both_shapes_of_a_form_are_read() {
        let parts = [
            json!({"type": 1, "components": [{"type": 4, "custom_id": "title", "value": "x"}]}),
            json!({"type": 18, "component": {"type": 3, "custom_id": "level", "values": ["#1"]}}),
            json!({"type": 18, "component": {"type": 4, "custom_id": "more", "value": ""}}),
            json!({"type": 10, "content": "words"}),
        ];
        let read: Vec<_> = entered(&parts).into_iter().map(|(id, value)| format!("{id}={value}")).collect();
        assert_eq!(read, ["title=x", "level=#1", "more="]);
    }
}
