//! What people write on Slack besides commands: a reply that takes something up, a message that they change, delete or pin. What the
//! bot itself or another app says is never heard; it may be pinned. <https://docs.slack.dev/reference/events/message>

use super::SlackChat;
use super::inbound::Told;
use super::names::{SLACK, native};
use super::payload::{EventCallback, Happened, Item, Written};
use super::refusal::within;
use crate::config::limits::{SLACK_LOOK, SLACK_RETRIES};
use crate::model::event::Change;
use crate::model::ids::DeliveryId;
use crate::model::reply::acknowledges;
use crate::platform::door::{Door, Heard, Unknown};
use crate::platform::spoken::{Changed, Spoken};

/// What stands in the place of a deleted message that has a thread.
const TOMBSTONE: &str = "tombstone";

impl SlackChat {
    /// A message, or what became of one.
    pub(super) async fn hear_message(&self, door: &Door, told: EventCallback, id: DeliveryId) -> Told {
        let shared = told.is_ext_shared_channel;
        let heard = match told.event.subtype.as_str() {
            "" | "thread_broadcast" => self.hear_reply(door, told.event, id).await,
            "message_changed" => self.hear_change(door, told.event, id, (&told.team_id, shared)).await,
            "message_deleted" => self.hear_deletion(door, told.event, id, (&told.team_id, shared)).await,
            _ => Ok(Heard::Known),
        };
        heard.map_or(Told::NotNow, Told::from)
    }

    async fn hear_reply(&self, door: &Door, event: Happened, id: DeliveryId) -> Result<Heard, Unknown> {
        let (user, channel) = (event.user_id(), event.channel_id());
        // Most of what is said ends here, unread.
        if !event.bot_id.is_empty() || user.is_empty() || channel.is_empty() || !acknowledges(&event.text) {
            return Ok(Heard::Known);
        }
        let to = (!event.thread_ts.is_empty()).then(|| native(channel, &event.thread_ts));
        // Replies in a direct conversation are of that conversation; elsewhere a thread is one of its own.
        let thread = if channel.starts_with('D') { "" } else { event.thread_ts.as_str() };
        let conversation = self.names.conversation(channel, "", thread, user);
        let by = door.person(SLACK, user, user);
        door.spoken(Spoken { id, conversation, to, by, text: self.typed(&event.text) }).await
    }

    async fn hear_change(
        &self,
        door: &Door,
        event: Happened,
        id: DeliveryId,
        (team, shared): (&str, bool),
    ) -> Result<Heard, Unknown> {
        let (now, before) = (&event.message, &event.previous_message);
        if now.subtype == TOMBSTONE {
            return self.gone(door, &event, before, id, (team, shared)).await;
        }
        // Slack tells of a change as well when it has looked at a link, or when somebody answers.
        if now.text == before.text || !self.is_somebodys(now, team, shared) {
            return Ok(Heard::Known);
        }
        let changed = self.changed(door, event.channel_id(), now, id, Change::Edited);
        door.changed(Changed { before: Some(self.typed(&before.text)), now: Some(self.typed(&now.text)), ..changed })
            .await
    }

    async fn hear_deletion(
        &self,
        door: &Door,
        event: Happened,
        id: DeliveryId,
        from: (&str, bool),
    ) -> Result<Heard, Unknown> {
        let before = Written { ts: event.deleted_ts.clone(), ..event.previous_message.clone() };
        // What stood for a message that had a thread goes when the last answer does.
        if before.subtype == TOMBSTONE {
            return Ok(Heard::Known);
        }
        self.gone(door, &event, &before, id, from).await
    }

    async fn gone(
        &self,
        door: &Door,
        event: &Happened,
        before: &Written,
        id: DeliveryId,
        (team, shared): (&str, bool),
    ) -> Result<Heard, Unknown> {
        if !self.is_somebodys(before, team, shared) {
            return Ok(Heard::Known);
        }
        let changed = self.changed(door, event.channel_id(), before, id, Change::Deleted);
        door.changed(Changed { before: Some(self.typed(&before.text)), ..changed }).await
    }

    /// Whether a person wrote it who is one of ours.
    fn is_somebodys(&self, written: &Written, team: &str, shared: bool) -> bool {
        let Written { user, team: of, bot_id, .. } = written;
        let hidden = shared && of.is_empty() && !self.names.is_named(user);
        let ours = self.me() == Some(user) || !bot_id.is_empty();
        !user.is_empty() && !ours && !hidden && !self.names.is_foreign(user, of, team)
    }

    fn changed(&self, door: &Door, channel: &str, written: &Written, id: DeliveryId, change: Change) -> Changed {
        let Written { user, ts, thread_ts, .. } = written;
        // The message that a thread begins with stands in the channel.
        let thread = if thread_ts == ts { "" } else { thread_ts.as_str() };
        Changed {
            id,
            conversation: self.names.conversation(channel, "", thread, user),
            root: (!thread.is_empty()).then(|| native(channel, thread)),
            change,
            message: native(channel, ts),
            link: self.link_to(channel, ts, thread),
            by: Some(door.person(SLACK, user, user)),
            before: None,
            now: None,
        }
    }

    /// Somebody put a pin on a message that is not ours. Slack tells neither its words nor its thread, so both are looked up; what
    /// Slack does not show is remembered by its link. What passes is asked again with the event, which Slack sends a few times.
    pub(super) async fn hear_pin(&self, door: &Door, told: &EventCallback) -> Told {
        let (user, Item { channel, ts, .. }) = (told.event.user_id(), &told.event.item);
        let found = match within(SLACK_LOOK, self.api.message(channel, ts)).await {
            Ok(found) => found,
            Err(error) => {
                let (error, passes) = (error.sentence(), !error.is_refusal());
                tracing::warn!(channel, ts, error, "Slack does not show a message that somebody pinned");
                if passes && told.retry < SLACK_RETRIES {
                    return Told::NotNow;
                }
                None
            }
        };
        let found = found.unwrap_or_default();
        let thread_ts = found.thread_ts.unwrap_or_default();
        let written = Written { user: user.to_owned(), ts: ts.clone(), thread_ts, ..Written::default() };
        // However many people pin it, and however often: it is remembered once.
        let id = DeliveryId::new(format!("{SLACK}/pin/{}", native(channel, ts)));
        let now = found.text.map(|text| self.typed(&text));
        let changed = Changed { now, ..self.changed(door, channel, &written, id, Change::Pinned) };
        door.changed(changed).await.map_or(Told::NotNow, Told::from)
    }

    /// Where a message can be looked at, as Slack writes such links; empty before Slack has told where the workspace is.
    /// <https://docs.slack.dev/reference/methods/chat.getPermalink>
    fn link_to(&self, channel: &str, ts: &str, thread: &str) -> String {
        let home = self.me.get().map(|me| me.url.as_str()).and_then(|url| url::Url::parse(url).ok());
        let Some(mut url) = home.filter(|url| url.scheme() == "https") else { return String::new() };
        let moment: String = ts.chars().filter(char::is_ascii_digit).collect();
        url.set_path(&format!("/archives/{channel}/p{moment}"));
        if !thread.is_empty() {
            url.query_pairs_mut().append_pair("thread_ts", thread).append_pair("cid", channel);
        }
        url.into()
    }
}
