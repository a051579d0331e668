//! What one person alone is told: by the way back if there is one, else so that only they see it, else directly. What is too long
//! goes on by the way on which it began; what has been said of it is remembered, so that a limit in between repeats nothing.

use super::SlackChat;
use super::names::{Target, native};
use super::outbound::{is_stranger, nonce, private, public, response};
use super::pages::{Rendered, Rest, render};
use super::refusal::CallError;
use crate::model::ids::{ConversationId, MessageRef, PersonId};
use crate::model::view::View;
use crate::platform::Request;
use slack_morphism::blocks::SlackBlock;

/// By which way something reaches one person alone, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Way {
    /// The way back that came with what they did.
    Back,
    /// A message in the conversation that only they see.
    Ephemeral,
    /// Their direct conversation with the bot.
    Direct,
}

/// How far a row has got.
#[derive(Clone, Debug)]
pub(super) struct Told {
    way: Way,
    /// The first part's own id, if it has one.
    native: Option<String>,
    /// Parts after the first one.
    done: usize,
}

/// One part of what somebody is told.
struct Part<'a> {
    to: &'a ConversationId,
    user: &'a str,
    text: &'a str,
    blocks: &'a [SlackBlock],
    /// By which it is found again if it went directly.
    id: &'a str,
}

impl SlackChat {
    /// Tells one person. Once the first part is there, what Slack refuses of the rest is in the log; what may pass is tried again.
    pub(super) async fn tell(
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
        let part = Part { to, user: &user, text: &rendered.text, blocks: &rendered.first, id: request.id };
        let mut told = match self.told.get(request.id) {
            Some(told) => told,
            None => {
                let (way, native) = self.whisper(request, Way::Back, part).await?;
                Told { way, native, done: 0 }
            }
        };
        if let Err(error) = self.tell_rest(request, to, &user, &rendered, &mut told).await {
            self.told.keep(request.id, told);
            return Err(error);
        }
        self.told.forget(request.id);
        Ok(told.native)
    }

    /// What did not fit into the first part: further ones, or a file that is theirs alone.
    async fn tell_rest(
        &self,
        request: Request<'_>,
        to: &ConversationId,
        user: &str,
        rendered: &Rendered,
        told: &mut Told,
    ) -> Result<(), CallError> {
        while let Some(blocks) = rendered.more.get(told.done) {
            let id = format!("{}.{}", request.id, told.done + 1);
            let part = Part { to, user, text: &rendered.text, blocks, id: &id };
            match self.whisper(request, told.way, part).await {
                Ok((way, _)) => told.way = way,
                Err(error) => error.or_logged("the rest of a private message could not be sent")?,
            }
            told.done += 1;
        }
        let Some(text) = &rendered.file else { return Ok(()) };
        let sent = async {
            let channel = self.names.direct(&self.api, user).await?;
            self.api.upload(&channel, None, "message.txt", "The whole message", text.clone().into_bytes()).await
        };
        match sent.await {
            Ok(()) => Ok(()),
            Err(error) => error.or_logged("the file with the whole of a private message could not be sent"),
        }
    }

    /// One part by the first way that leads there, none before `from`; and which one that was.
    async fn whisper(
        &self,
        request: Request<'_>,
        from: Way,
        part: Part<'_>,
    ) -> Result<(Way, Option<String>), CallError> {
        let Part { to, user, text, blocks, id } = part;
        if let (Way::Back, Some(route)) = (from, request.route) {
            match self.api.respond(&route.value, &response("ephemeral", text, blocks)).await {
                Ok(()) => return Ok((Way::Back, None)),
                // It has expired or is used up; the long way is open.
                Err(error) if error.is_refusal() => {}
                Err(other) => return Err(other),
            }
        }
        if from < Way::Direct {
            let ephemeral = async {
                let target = self.names.target(&self.api, to).await?;
                if target.direct.is_some() {
                    return Ok(false);
                }
                self.api.post_ephemeral(&private(text, blocks.to_vec(), &target, user)).await.map(|()| true)
            };
            match ephemeral.await {
                Ok(true) => return Ok((Way::Ephemeral, None)),
                Ok(false) => {}
                Err(error) if is_stranger(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let channel = self.names.direct(&self.api, user).await?;
        let target = Target { channel, thread: None, direct: Some(user.to_owned()) };
        let ts = match self.sent_before(request, id, &target).await? {
            Some(ts) => ts,
            None => self.api.post_message(&public(text, blocks.to_vec(), &target, id)).await?.1,
        };
        Ok((Way::Direct, Some(native(&target.channel, &ts))))
    }
}
