//! What is heard on the gateway besides interactions, and who hears it (topics/gateway, `list-of-intents`; topics/gateway-events).

use super::state::State;
use super::{ANA, APPLICATION, FakeDiscord, GUILD};
use serde_json::{Value, json};

/// What people write in servers.
pub(super) const GUILD_MESSAGES: u64 = 1 << 9;
/// What they write to the bot directly.
pub(super) const DIRECT_MESSAGES: u64 = 1 << 12;

/// The intents of which one is needed to hear of something; 0: none is.
pub(super) fn intents_of(kind: &str) -> u64 {
    match kind {
        "GUILD_CREATE" => 1,
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" => GUILD_MESSAGES | DIRECT_MESSAGES,
        "MESSAGE_DELETE_BULK" => GUILD_MESSAGES,
        "MESSAGE_REACTION_ADD" => 1 << 10 | 1 << 13,
        _ => 0,
    }
}

impl FakeDiscord {
    /// Somebody reacts to a message.
    pub fn reacts(&self, user: &str, message: &str, sign: &str) {
        let mut state = self.state();
        let channel = state.message(message).unwrap().channel.clone();
        let mut member = state.shown_member(user);
        member["user"] = State::user(user);
        let reaction = json!({
            "user_id": user, "channel_id": channel, "message_id": message, "guild_id": GUILD, "member": member,
            "emoji": {"id": null, "name": sign}, "burst": false, "type": 0, "message_author_id": APPLICATION,
        });
        state.event("MESSAGE_REACTION_ADD", reaction);
    }
}

impl State {
    /// The server as it comes on the gateway (topics/gateway-events, `guild-create`; resources/guild, `guild-object`).
    pub(super) fn shown_guild(&self) -> Value {
        let here = self.channels.iter().filter(|channel| channel.direct.is_none());
        let (threads, channels): (Vec<_>, Vec<_>) = here.partition(|channel| channel.kind == 11);
        let shown =
            |of: Vec<&super::state::Channel>| of.iter().map(|one| self.shown_channel(&one.id)).collect::<Value>();
        let mut bot = self.shown_member(APPLICATION);
        bot["user"] =
            json!({"id": APPLICATION, "username": "drillbell", "discriminator": "0", "avatar": null, "bot": true});
        json!({
            "id": GUILD, "name": "Shop", "owner_id": ANA, "icon": null, "features": [], "emojis": [], "stickers": [],
            "roles": [
                {"id": GUILD, "name": "@everyone", "permissions": "1024", "position": 0, "color": 0, "hoist": false,
                    "managed": false, "mentionable": false, "flags": 0},
                {"id": "7", "name": "bots", "permissions": self.permissions.to_string(), "position": 1, "color": 0,
                    "hoist": false, "managed": true, "mentionable": false, "flags": 0},
            ],
            "channels": shown(channels), "threads": shown(threads), "members": [bot], "member_count": 3, "presences": [],
            "voice_states": [], "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
            "joined_at": "2026-01-01T00:00:00.000000+00:00", "large": false, "unavailable": false,
            "preferred_locale": "en-US", "verification_level": 0, "default_message_notifications": 0,
            "explicit_content_filter": 0, "mfa_level": 0, "nsfw_level": 0, "premium_tier": 0, "system_channel_flags": 0,
            "afk_timeout": 300, "premium_progress_bar_enabled": false,
        })
    }

    /// A member, without who it is (resources/guild, `guild-member-object`).
    pub(super) fn shown_member(&self, user: &str) -> Value {
        let roles = if user == APPLICATION { vec!["7".to_owned()] } else { self.roles_of(user) };
        json!({"nick": null, "avatar": null, "roles": roles, "joined_at": "2026-01-01T00:00:00.000000+00:00", "deaf": false,
            "mute": false, "flags": 0})
    }
}
