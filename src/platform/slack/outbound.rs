//! What is said on Slack: posts, edits, private answers, reactions. A post carries the outbox row's id in its metadata, so that
//! one which may have been sent already is looked for before it is sent again.

use super::SlackChat;
use super::follow::Extras;
use super::names::{Target, native, parts_of};
use super::pages::{Rendered, Rest, render};
use super::refusal::CallError;
use crate::config::limits::SLACK_HISTORY;
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, MessageRef, PersonId};
use crate::model::view::View;
use crate::platform::{DeliverError, Request};
use serde_json::{Value, json};
use slack_morphism::api::{
    SlackApiChatPostEphemeralRequest, SlackApiChatPostMessageRequest, SlackApiChatUpdateRequest,
};
use slack_morphism::blocks::SlackBlock;
use slack_morphism::{SlackChannelId, SlackMessageContent, SlackMessageMetadata, SlackTs, SlackUserId};
use std::collections::HashMap;

/// What our messages' metadata is called.
const METADATA: &str = "drillbell_message";
/// How much earlier than its row's id a message is looked for, seconds: what two machines' clocks may differ by.
const MARGIN_S: u64 = 120;

/// A message for everybody.
struct Post<'a> {
    to: &'a ConversationId,
    message: &'a MessageRef,
    view: &'a View,
    reply: bool,
}

impl SlackChat {
    pub(super) async fn deliver_effect(&self, request: Request<'_>) -> Result<Option<String>, DeliverError> {
        let done = match request.effect {
            Effect::PostMessage { message, to, view, private_to: Some(person), .. }
            | Effect::EditMessage { message, to, view, private_to: Some(person) } => {
                self.tell(request, to, message, view, person).await
            }
            Effect::PostMessage { message, to, view, private_to: None, reply } => {
                self.post(request, Post { to, message, view, reply: *reply }).await
            }
            Effect::EditMessage { message, view, private_to: None, .. } => {
                self.edit(request, message, view).await.map(|()| None)
            }
            Effect::AddReaction { emoji, .. } => {
                let (channel, ts) = posted(request.native)?;
                self.api.react(channel, ts, emoji.trim_matches(':')).await.map(|()| None)
            }
            Effect::Place { to, act, .. } => self.place(request, to, act).await,
            Effect::Page { .. } => {
                return Err(DeliverError::Never { reason: "Slack takes pages as messages only".to_owned() });
            }
        };
        done.map_err(|error| error.to_delivery())
    }

    async fn post(&self, request: Request<'_>, post: Post<'_>) -> Result<Option<String>, CallError> {
        let rendered = render(post.view, post.message, nonce(request.id), Rest::Thread);
        let target = self.target(post.to).await?;
        let sent = match self.sent_before(request, &target).await? {
            Some(ts) => {
                // It may have said something older: edits that came meanwhile are folded into this row.
                let channel = target.channel.clone();
                self.update(&channel, &ts, &rendered, request.id).await.map(|()| (channel, ts))
            }
            None => {
                let message = public(&rendered.text, rendered.first.clone(), &target, request.id);
                let sent = self.api.post_message(&message).await;
                self.unsent.note(request.id, sent.as_ref().is_err_and(|error| !error.is_unclear()));
                sent
            }
        };
        match sent {
            Ok((channel, ts)) => {
                let channel = if channel.is_empty() { target.channel.clone() } else { channel };
                let root = target.thread.clone().unwrap_or_else(|| ts.clone());
                let extras = Extras { channel: &channel, root: &root, row: request.id, native: &native(&channel, &ts) };
                self.follow(extras, &rendered, post.view, request.again).await?;
                Ok(Some(native(&channel, &ts)))
            }
            // Where the bot is no member, whoever typed can be answered all the same.
            Err(error) if post.reply && is_stranger(&error) => {
                let Some(route) = request.route else { return Err(self.lost(post.to, error)) };
                let body = response("in_channel", &rendered.text, &rendered.first);
                self.api.respond(&route.value, &body).await.map_err(|_| self.lost(post.to, error))?;
                Ok(None)
            }
            Err(error) => Err(self.lost(post.to, error)),
        }
    }

    async fn edit(&self, request: Request<'_>, message: &MessageRef, view: &View) -> Result<(), CallError> {
        let rendered = render(view, message, nonce(request.id), Rest::Thread);
        let refused = |_| CallError::Refused { code: "message_not_found".to_owned(), detail: None };
        let (channel, ts) = posted(request.native).map_err(refused)?;
        self.update(channel, ts, &rendered, request.id).await?;
        let native = native(channel, ts);
        let root = self.root_of(request.effect.conversation()).unwrap_or_else(|| ts.to_owned());
        let extras = Extras { channel, root: &root, row: request.id, native: &native };
        self.follow(extras, &rendered, view, false).await
    }

    async fn update(&self, channel: &str, ts: &str, rendered: &Rendered, row: &str) -> Result<(), CallError> {
        let content = content(&rendered.text, rendered.first.clone(), Some(row));
        let (channel, ts) = (SlackChannelId(channel.to_owned()), SlackTs(ts.to_owned()));
        let mut update = SlackApiChatUpdateRequest::new(channel, content, ts);
        update.link_names = Some(false);
        update.parse = Some("none".to_owned());
        self.api.update(&update).await
    }

    /// Tells one person: by the way back if there is one, else so that only they see it, else directly.
    async fn tell(
        &self,
        request: Request<'_>,
        to: &ConversationId,
        message: &MessageRef,
        view: &View,
        person: &PersonId,
    ) -> Result<Option<String>, CallError> {
        let Some(user) = self.names.user(person) else {
            let detail = Some(format!("{person} has no `slack` in [people]"));
            return Err(CallError::Refused { code: "user_not_found".to_owned(), detail });
        };
        let rendered = render(view, message, nonce(request.id), Rest::Direct);
        if let Some(route) = request.route {
            let body = response("ephemeral", &rendered.text, &rendered.first);
            match self.api.respond(&route.value, &body).await {
                Ok(()) => return self.tell_rest(to, &user, &rendered).await.map(|()| None),
                // It has expired or is used up; the long way is open.
                Err(CallError::Refused { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        let target = match self.names.target(&self.api, to).await {
            Ok(target) => Some(target),
            Err(error) if is_stranger(&error) => None,
            Err(error) => return Err(error),
        };
        if let Some(target) = target.filter(|target| target.direct.is_none()) {
            match self.api.post_ephemeral(&private(&rendered.text, rendered.first.clone(), &target, &user)).await {
                Ok(()) => return self.tell_rest(to, &user, &rendered).await.map(|()| None),
                Err(error) if is_stranger(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let channel = self.names.direct(&self.api, &user).await?;
        let target = Target { channel, thread: None, direct: Some(user.clone()) };
        if let Some(ts) = self.sent_before(request, &target).await? {
            return Ok(Some(native(&target.channel, &ts)));
        }
        let message = public(&rendered.text, rendered.first.clone(), &target, request.id);
        let (_, ts) = self.api.post_message(&message).await?;
        let posted = native(&target.channel, &ts);
        self.tell_rest(to, &user, &rendered).await?;
        Ok(Some(posted))
    }

    /// What did not fit into a private message: further ones, or a file that is theirs alone.
    async fn tell_rest(&self, to: &ConversationId, user: &str, rendered: &Rendered) -> Result<(), CallError> {
        if let Some(text) = &rendered.file {
            let channel = self.names.direct(&self.api, user).await?;
            return self.api.upload(&channel, None, "message.txt", "The whole message", text.clone().into_bytes()).await;
        }
        for blocks in &rendered.more {
            let target = self.target(to).await?;
            let sent = match target.direct {
                None => self.api.post_ephemeral(&private(&rendered.text, blocks.clone(), &target, user)).await,
                Some(_) => self.api.post_message(&public(&rendered.text, blocks.clone(), &target, "")).await.map(drop),
            };
            if let Err(error) = sent {
                // The first part is there; it is not sent twice for the sake of the second.
                tracing::warn!(error = error.sentence(), "the rest of a private message could not be sent");
                return Ok(());
            }
        }
        Ok(())
    }

    /// The message that this row may have posted before its process ended, or before the answer was lost.
    pub(super) async fn sent_before(&self, request: Request<'_>, target: &Target) -> Result<Option<String>, CallError> {
        if !request.again || self.unsent.holds(request.id) {
            return Ok(None);
        }
        let ids = self.sent_since(&target.channel, target.thread.as_deref(), request.id).await?;
        Ok(ids.get(request.id).cloned())
    }

    /// The ids of our messages since a row was made, with their moments. Empty where the history may not be read: what cannot be
    /// looked for is sent, since saying it twice is better than never.
    pub(super) async fn sent_since(
        &self,
        channel: &str,
        thread: Option<&str>,
        row: &str,
    ) -> Result<HashMap<String, String>, CallError> {
        let oldest = oldest(row);
        let past = match self.api.history(channel, thread, &oldest, SLACK_HISTORY).await {
            Ok(past) => past,
            Err(error @ CallError::Refused { .. }) if !error.is_for_good() => {
                tracing::warn!(error = error.sentence(), "cannot look whether a message was sent already");
                return Ok(HashMap::new());
            }
            Err(error) => return Err(error),
        };
        let ours = past.into_iter().filter(|message| message.metadata["event_type"] == METADATA);
        Ok(ours.filter_map(|m| Some((m.metadata["event_payload"]["id"].as_str()?.to_owned(), m.ts.clone()))).collect())
    }

    async fn target(&self, to: &ConversationId) -> Result<Target, CallError> {
        self.names.target(&self.api, to).await
    }

    /// A refusal that may be due to a name that stands for another channel by now.
    fn lost(&self, to: &ConversationId, error: CallError) -> CallError {
        if is_stranger(&error) || error.code() == "is_archived" {
            self.names.forget(to);
        }
        match error {
            CallError::Refused { code, detail: None } => CallError::Refused { code, detail: Some(to.local().to_owned()) },
            other => other,
        }
    }

    fn root_of(&self, conversation: &ConversationId) -> Option<String> {
        conversation.local().split_once('/').map(|(_, thread)| thread.to_owned())
    }
}

/// The bot, or whoever is to be told, is not in that channel.
pub(super) fn is_stranger(error: &CallError) -> bool {
    matches!(error.code(), "not_in_channel" | "channel_not_found" | "user_not_in_channel" | "messages_tab_disabled")
}

fn posted(native: Option<&str>) -> Result<(&str, &str), DeliverError> {
    let reason = || DeliverError::Never { reason: "the message was never posted".to_owned() };
    native.and_then(parts_of).ok_or_else(reason)
}

/// What tells one rendering of a card from the next: the end of the row's id, which is random.
fn nonce(row: &str) -> &str {
    row.get(row.len().saturating_sub(8)..).unwrap_or(row)
}

/// Since when a row's message can have been sent, as Slack writes moments.
fn oldest(row: &str) -> String {
    format!("{}.000000", made_s(row).saturating_sub(MARGIN_S))
}

/// When a row was made, seconds since the epoch.
pub(super) fn made_s(row: &str) -> u64 {
    let made = uuid::Uuid::parse_str(row).ok().and_then(|id| id.get_timestamp());
    made.map_or(0, |made| made.to_unix().0)
}

fn content(text: &str, blocks: Vec<SlackBlock>, id: Option<&str>) -> SlackMessageContent {
    let mut content = SlackMessageContent::new();
    content.text = Some(text.to_owned());
    content.blocks = Some(blocks);
    content.metadata = id.filter(|id| !id.is_empty()).map(|id| {
        let mut metadata = SlackMessageMetadata::new(METADATA.to_owned());
        metadata.event_payload = Some(HashMap::from([("id".to_owned(), id.to_owned())]));
        metadata
    });
    content
}

/// A message for everybody there. Nothing in it is looked for as a mention, and no link grows a preview.
pub(super) fn public(text: &str, blocks: Vec<SlackBlock>, target: &Target, id: &str) -> SlackApiChatPostMessageRequest {
    let channel = SlackChannelId(target.channel.clone());
    let mut message = SlackApiChatPostMessageRequest::new(channel, content(text, blocks, Some(id)));
    message.thread_ts = target.thread.clone().map(SlackTs);
    message.link_names = Some(false);
    message.parse = Some("none".to_owned());
    message.unfurl_links = Some(false);
    message.unfurl_media = Some(false);
    message
}

fn private(text: &str, blocks: Vec<SlackBlock>, target: &Target, user: &str) -> SlackApiChatPostEphemeralRequest {
    let channel = SlackChannelId(target.channel.clone());
    let mut message =
        SlackApiChatPostEphemeralRequest::new(channel, SlackUserId(user.to_owned()), content(text, blocks, None));
    message.thread_ts = target.thread.clone().map(SlackTs);
    message.link_names = Some(false);
    message.parse = Some("none".to_owned());
    message
}

/// An answer by a `response_url`. <https://docs.slack.dev/interactivity/handling-user-interaction>
pub(super) fn response(kind: &str, text: &str, blocks: &[SlackBlock]) -> Value {
    json!({"response_type": kind, "replace_original": false, "text": text, "blocks": blocks})
}
