//! What is said on Slack: posts, edits, reactions. A message carries in its metadata what it is to us, and keeps it through every
//! edit, so that one which may have been sent already is looked for before it is sent again.

use super::SlackChat;
use super::follow::Extras;
use super::memory::Tried;
use super::names::{Target, native, parts_of};
use super::pages::{Rendered, Rest, render};
use super::refusal::CallError;
use crate::config::limits::SLACK_HISTORY;
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, MessageRef, made_ms};
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
/// How much earlier than its row something may seem to have been done, seconds: what two machines' clocks may differ by.
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
        let id = post.message.as_str();
        let sent = match self.sent_before(request, id, &target).await? {
            Some(ts) => {
                // It may have said something older: edits that came meanwhile are folded into this row.
                let channel = target.channel.clone();
                self.update(&channel, &ts, &rendered, id).await.map(|()| (channel, ts))
            }
            None => {
                let sent = self.api.post_message(&public(&rendered.text, rendered.first.clone(), &target, id)).await;
                match &sent {
                    Ok((_, ts)) => self.tried.keep(request.id, Tried::Sent(ts.clone())),
                    Err(error) if error.is_unclear() => self.tried.forget(request.id),
                    Err(_) => self.tried.keep(request.id, Tried::Unsent),
                }
                sent
            }
        };
        match sent {
            Ok((channel, ts)) => {
                let channel = if channel.is_empty() { target.channel.clone() } else { channel };
                let root = target.thread.clone().unwrap_or_else(|| ts.clone());
                let extras = Extras { channel: &channel, root: &root, row: request.id, native: &native(&channel, &ts) };
                self.follow(extras, &rendered, post.view, request.again).await?;
                self.tried.forget(request.id);
                Ok(Some(native(&channel, &ts)))
            }
            // Where the bot is no member, whoever typed can be answered all the same.
            Err(error) if post.reply && is_stranger(&error) => {
                let Some(route) = request.route else { return Err(self.lost(post.to, error)) };
                let body = response("in_channel", &rendered.text, &rendered.first);
                match self.api.respond(&route.value, &body).await {
                    Ok(()) => Ok(None),
                    Err(other) if other.is_refusal() => Err(self.lost(post.to, error)),
                    // The way back is open, only not now.
                    Err(other) => Err(other),
                }
            }
            Err(error) => Err(self.lost(post.to, error)),
        }
    }

    async fn edit(&self, request: Request<'_>, message: &MessageRef, view: &View) -> Result<(), CallError> {
        let rendered = render(view, message, nonce(request.id), Rest::Thread);
        let refused = |_| CallError::Refused { code: "message_not_found".to_owned(), detail: None };
        let (channel, ts) = posted(request.native).map_err(refused)?;
        self.update(channel, ts, &rendered, message.as_str()).await?;
        let native = native(channel, ts);
        let root = self.root_of(request.effect.conversation()).unwrap_or_else(|| ts.to_owned());
        let extras = Extras { channel, root: &root, row: request.id, native: &native };
        self.follow(extras, &rendered, view, request.again).await
    }

    async fn update(&self, channel: &str, ts: &str, rendered: &Rendered, id: &str) -> Result<(), CallError> {
        let content = content(&rendered.text, rendered.first.clone(), Some(id));
        let (channel, ts) = (SlackChannelId(channel.to_owned()), SlackTs(ts.to_owned()));
        let mut update = SlackApiChatUpdateRequest::new(channel, content, ts);
        update.link_names = Some(false);
        update.parse = Some("none".to_owned());
        self.api.update(&update).await
    }

    /// The message of that id that this row may have posted before its process ended, or before the answer was lost.
    pub(super) async fn sent_before(
        &self,
        request: Request<'_>,
        id: &str,
        target: &Target,
    ) -> Result<Option<String>, CallError> {
        match self.tried.get(request.id) {
            Some(Tried::Sent(ts)) => return Ok(Some(ts)),
            Some(Tried::Unsent) => return Ok(None),
            None if !request.again => return Ok(None),
            None => {}
        }
        let ids = self.sent_since(&target.channel, target.thread.as_deref(), request.id).await?;
        Ok(ids.get(id).cloned())
    }

    /// The ids of our messages since a row was made, with their moments. Empty where the history may not be read: what cannot be
    /// looked for is sent, since saying it twice is better than never.
    pub(super) async fn sent_since(
        &self,
        channel: &str,
        thread: Option<&str>,
        row: &str,
    ) -> Result<HashMap<String, String>, CallError> {
        // As Slack writes moments.
        let oldest = format!("{}.000000", since_s(row));
        let past = match self.api.history(channel, thread, &oldest, SLACK_HISTORY).await {
            Ok(past) => past,
            Err(error) => {
                error.or_logged("cannot look whether a message was sent already")?;
                return Ok(HashMap::new());
            }
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
            CallError::Refused { code, detail: None } => {
                CallError::Refused { code, detail: Some(to.local().to_owned()) }
            }
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
pub(super) fn nonce(row: &str) -> &str {
    crate::model::job::short(row)
}

/// Since when what a row does can have been done, seconds since the epoch: when it was made, but for a margin.
pub(super) fn since_s(row: &str) -> u64 {
    let made_s = made_ms(row).and_then(|made_ms| u64::try_from(made_ms / 1000).ok());
    made_s.map_or(0, |made_s| made_s.saturating_sub(MARGIN_S))
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

/// A message that only one person there sees.
pub(super) fn private(
    text: &str,
    blocks: Vec<SlackBlock>,
    target: &Target,
    user: &str,
) -> SlackApiChatPostEphemeralRequest {
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
