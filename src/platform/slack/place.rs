//! Conversations that the bot opens on Slack: a channel or a thread, who is in it, what stands at its head. What comes again finds
//! what it made before.

use super::SlackChat;
use super::names::{SLACK, parts_of};
use super::outbound::{public, since_s};
use super::refusal::CallError;
use super::render::note;
use super::text::{clip, label};
use crate::config::limits::{SLACK_CHANNEL_CHARS, SLACK_TOPIC_CHARS};
use crate::model::conversation::{PlaceAct, Shape};
use crate::model::ids::{ConversationId, PersonId};
use crate::platform::Request;
use std::collections::BTreeSet;

impl SlackChat {
    /// Does something with a conversation; of an opening its name without `slack:`.
    pub(super) async fn place(
        &self,
        request: Request<'_>,
        to: &ConversationId,
        act: &PlaceAct,
    ) -> Result<Option<String>, CallError> {
        if let PlaceAct::Open { shape, name, near } = act {
            return match shape {
                Shape::Channel => self.open_channel(request, name).await.map(Some),
                Shape::Thread => self.open_thread(request, name, near).await.map(Some),
            };
        }
        let target = self.names.target(&self.api, to).await?;
        // A thread has no head, no members and no end of its own.
        let whole = target.thread.is_none() && target.direct.is_none();
        match act {
            PlaceAct::Pin | PlaceAct::Unpin => match request.native.and_then(parts_of) {
                Some((channel, ts)) => self.api.pin(channel, ts, *act == PlaceAct::Pin).await?,
                None => return Err(CallError::Refused { code: "message_not_found".to_owned(), detail: None }),
            },
            PlaceAct::Topic { topic } if whole => {
                self.api.set_topic(&target.channel, &label(topic, SLACK_TOPIC_CHARS, " ")).await?;
            }
            PlaceAct::Invite { people, groups } if whole => self.invite(&target.channel, people, groups).await?,
            PlaceAct::Archive { archived } if whole => self.api.archive(&target.channel, *archived).await?,
            PlaceAct::Topic { .. } | PlaceAct::Invite { .. } | PlaceAct::Archive { .. } | PlaceAct::Open { .. } => {}
        }
        Ok(None)
    }

    async fn open_channel(&self, request: Request<'_>, name: &str) -> Result<String, CallError> {
        let name = channel_name(name);
        // The same at every try of this row.
        let end = request.id.get(request.id.len().saturating_sub(4)..).unwrap_or("0").to_lowercase();
        let other = format!("{}-{end}", clip(&name, SLACK_CHANNEL_CHARS - 5).trim_end_matches('…'));
        for name in [name, channel_name(&other)] {
            match self.api.create(&name).await {
                Ok(channel) => return Ok(channel.id),
                Err(error) if error.code() == "name_taken" => {
                    if let (true, Some(ours)) = (request.again, self.made_by(request.id, &name).await?) {
                        return Ok(ours);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(CallError::Refused { code: "name_taken".to_owned(), detail: None })
    }

    /// The channel of that name, if this row may have made it.
    async fn made_by(&self, row: &str, name: &str) -> Result<Option<String>, CallError> {
        let found = self.names.find(&self.api, &BTreeSet::from([name.to_owned()]), false).await?;
        let since = since_s(row);
        let me = match self.me() {
            Some(me) => me.to_owned(),
            None => self.api.myself().await?.user_id,
        };
        let ours = found.into_iter().find(|one| me == one.creator && one.created >= since);
        Ok(ours.map(|channel| channel.id))
    }

    /// Under the message that was named, else under one that says what the thread is for.
    async fn open_thread(&self, request: Request<'_>, name: &str, near: &ConversationId) -> Result<String, CallError> {
        let here = near.local().split('/').next().unwrap_or_default().to_owned();
        if let Some((_, thread)) = near.local().split_once('/') {
            // Threads have none of their own.
            return Ok(format!("{here}/{thread}"));
        }
        if let Some((_, ts)) = request.native.and_then(parts_of) {
            return Ok(format!("{here}/{ts}"));
        }
        let target = self.names.target(&self.api, near).await?;
        let ts = match self.sent_before(request, request.id, &target).await? {
            Some(ts) => ts,
            None => {
                let name = label(name, SLACK_CHANNEL_CHARS, "thread");
                let message =
                    public(&super::text::escape(&name), vec![note(&format!("🧵 {name}"))], &target, request.id);
                self.api.post_message(&message).await?.1
            }
        };
        Ok(format!("{here}/{ts}"))
    }

    /// Those whom Slack knows; the others are in the log.
    async fn invite(&self, channel: &str, people: &[PersonId], groups: &[String]) -> Result<(), CallError> {
        let mut users = BTreeSet::new();
        for person in people {
            match self.names.user(person) {
                Some(user) => drop(users.insert(user)),
                None => tracing::warn!(person = %person, "cannot be invited: no `{SLACK}` in [people]"),
            }
        }
        for group in groups {
            match self.api.group(group).await {
                Ok(members) => users.extend(members),
                // One that is gone or misspelt keeps nobody else out.
                Err(error) if error.is_refusal() => {
                    tracing::warn!(group, error = error.sentence(), "nobody of a user group can be invited");
                }
                Err(error) => return Err(error),
            }
        }
        users.retain(|user| self.me() != Some(user));
        if users.is_empty() {
            return Ok(());
        }
        self.api.invite(channel, &users.into_iter().collect::<Vec<_>>()).await
    }
}

/// What Slack takes as a channel's name. <https://docs.slack.dev/reference/methods/conversations.create>
fn channel_name(text: &str) -> String {
    let plain = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .collect::<String>();
    let joined = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let short: String = joined.chars().take(SLACK_CHANNEL_CHARS).collect();
    match short.trim_end_matches('-') {
        "" => "incident".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_channels_name_is_one_that_slack_takes() {
        assert_eq!(channel_name("inc-7-Checkout ist weg! Ünd jetzt?"), "inc-7-checkout-ist-weg-nd-jetzt");
        assert_eq!(channel_name("…"), "incident");
    }

    proptest! {
        #[test]
        fn any_name_is(text in "\\PC{0,200}") {
            let name = channel_name(&text);
            prop_assert!((1..=SLACK_CHANNEL_CHARS).contains(&name.len()));
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_'));
        }
    }
}
