//! `drillbell:effects`: what a handler wants said. Recorded in order, carried out by the outbox after the commit; no I/O
//! here but looking up whose message it is.

use super::caller::{Caller, quoted};
use super::grants::Need;
use super::view::finished;
use crate::bindings::draft::ViewDraft;
use crate::bindings::latest::drillbell::effects::effects as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{DATA_BYTES, EFFECTS_PER_CALL, PAGE_KEY_BYTES};
use crate::model::changes::Changes;
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, MessageRef, PersonId, fresh};
use crate::model::manifest::ReplyMode;
use crate::model::page::{OWN_KEYS, PageAction, Routes};
use crate::model::view::View;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::{HasData, Resource, ResourceTable};

/// Longest name of a reaction, in bytes.
const EMOJI_BYTES: usize = 64;
/// Weight of an effect besides its view.
const EFFECT_BYTES: usize = 128;

/// What one call wants said.
#[derive(Debug, Default)]
pub struct EffectsCall {
    effects: Vec<Effect>,
    data: Option<Value>,
    reply: ReplyMode,
    notifiers: Arc<Routes>,
    posted: BTreeMap<MessageRef, Posted>,
}

/// A message of this plugin's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where it stands.
    pub to: ConversationId,
    /// Only this person sees it; `None` is everybody.
    pub private_to: Option<PersonId>,
}

/// The capability with its caller.
pub struct EffectsHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it asked for so far.
    pub effects: &'a mut EffectsCall,
    /// The messages under construction.
    pub table: &'a mut ResourceTable,
}

/// Names `EffectsHost` to the linker.
pub struct HasEffects;

impl HasData for HasEffects {
    type Data<'a> = EffectsHost<'a>;
}

impl EffectsCall {
    /// Nothing said yet; replies go as `reply` says, pages as the notifiers' routes.
    pub fn new(reply: ReplyMode, notifiers: Arc<Routes>) -> Self {
        Self { reply, notifiers, ..Self::default() }
    }

    /// Adds the effects and the answer to the call's changes.
    pub fn into_changes(self, changes: &mut Changes) {
        changes.effects.extend(self.effects);
        changes.data = self.data;
    }

    /// Records an effect, if there is room for it.
    pub fn add(&mut self, caller: &mut Caller, effect: Effect) -> Result<(), HostError> {
        if let Effect::EditMessage { message, view, .. } = &effect {
            // Of several edits in one call people would see only the last.
            self.effects
                .retain(|earlier| !matches!(earlier, Effect::EditMessage { message: edited, .. } if edited == message));
            let post = self.effects.iter_mut().find_map(|earlier| match earlier {
                Effect::PostMessage { message: posted, view, .. } if posted == message => Some(view),
                _ => None,
            });
            if let Some(post) = post {
                post.clone_from(view);
                return Ok(());
            }
        }
        if self.effects.len() >= EFFECTS_PER_CALL {
            return Err(HostError::TooLarge(format!("one call may have {EFFECTS_PER_CALL} effects")));
        }
        caller.meter.hold(EFFECT_BYTES)?;
        self.effects.push(effect);
        Ok(())
    }

    /// Records a post that everybody sees, under a fresh reference.
    pub fn add_post(&mut self, caller: &mut Caller, to: ConversationId, view: View) -> Result<MessageRef, HostError> {
        let message = MessageRef::new(fresh());
        let posted = Posted { to: to.clone(), private_to: None };
        let post = Effect::PostMessage { message: message.clone(), to, view, private_to: None, reply: false };
        self.add(caller, post)?;
        self.posted.insert(message.clone(), posted);
        Ok(message)
    }

    /// A message of this plugin's, if it is one: posted in this call or in an earlier one.
    pub async fn own_message(&self, caller: &mut Caller, message: &MessageRef) -> Result<Posted, HostError> {
        if let Some(posted) = self.posted.get(message) {
            return Ok(posted.clone());
        }
        let answer = caller.reads.message(message).await;
        match caller.settle(answer)? {
            Some(row) if row.plugin == *caller.plugin() => {
                Ok(Posted { to: row.conversation, private_to: row.private_to })
            }
            // Another plugin's message is answered like one that does not exist: a reference is no secret, but its owner's
            // conversations are nobody else's business.
            _ => Err(HostError::NotFound(format!("this plugin posted no message {}", quoted(message.as_str())))),
        }
    }
}

impl EffectsHost<'_> {
    fn record(&mut self, effect: Effect) -> Result<(), HostError> {
        self.effects.add(self.caller, effect)
    }

    /// Records a post under a fresh reference.
    fn record_post(
        &mut self,
        to: ConversationId,
        view: &Resource<ViewDraft>,
        reply: bool,
    ) -> wasmtime::Result<Result<String, HostError>> {
        let view = match finished(self.caller, self.table, view)? {
            Ok(view) => view,
            Err(refused) => return Ok(Err(refused)),
        };
        let message = MessageRef::new(fresh());
        let private = reply && self.effects.reply == ReplyMode::Private;
        let private_to = if private { self.caller.by.as_ref().map(|by| by.id.clone()) } else { None };
        let posted = Posted { to: to.clone(), private_to: private_to.clone() };
        let post = Effect::PostMessage { message: message.clone(), to, view, private_to, reply };
        Ok(self.record(post).map(|()| {
            self.effects.posted.insert(message.clone(), posted);
            message.into_string()
        }))
    }

    /// Where a notifier's pages go, if the plugin may use it. The grant is asked first: what notifiers there are is nobody
    /// else's business.
    fn record_page(
        &mut self,
        notifier: String,
        key: String,
        action: PageAction,
        view: &Resource<ViewDraft>,
    ) -> wasmtime::Result<Result<(), HostError>> {
        if let Err(denied) = self.caller.need(Need::Page(&notifier)) {
            return Ok(Err(denied));
        }
        let Some(route) = self.effects.notifiers.0.get(&notifier).cloned() else {
            let name = quoted(&notifier);
            return Ok(Err(HostError::NotFound(format!("there is no notifier {name}: no [notify.NAME] is called so"))));
        };
        let taken = key.starts_with(OWN_KEYS);
        if taken || key.is_empty() || key.len() > PAGE_KEY_BYTES || key.chars().any(char::is_control) {
            let expected = format!("expected 1 to {PAGE_KEY_BYTES} bytes on one line, such as `INC-7`");
            return Ok(Err(HostError::Invalid(format!("{} is no key of a page: {expected}", quoted(&key)))));
        }
        let view = match finished(self.caller, self.table, view)? {
            Ok(view) => view,
            Err(refused) => return Ok(Err(refused)),
        };
        Ok(self.record(Effect::Page {
            message: MessageRef::new(fresh()),
            to: route.to,
            view,
            private_to: route.private_to,
            notifier,
            key,
            action,
            incident: self.caller.incident.clone(),
        }))
    }

    fn data(&mut self, json: &str) -> Result<(), HostError> {
        if json.len() > DATA_BYTES {
            return Err(HostError::TooLarge(format!("the data may have {DATA_BYTES} bytes; this has {}", json.len())));
        }
        let value =
            serde_json::from_str(json).map_err(|error| HostError::Invalid(format!("the data is no JSON: {error}")))?;
        self.caller.meter.hold(json.len())?;
        self.effects.data = Some(value);
        Ok(())
    }
}

/// A short name such as `eyes`, if it is one.
fn emoji(name: String) -> Result<String, HostError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    if !name.is_empty() && name.len() <= EMOJI_BYTES && name.chars().all(plain) {
        return Ok(name);
    }
    Err(HostError::Invalid(format!("{} is no reaction: expected a short name such as `eyes`", quoted(&name))))
}

impl wit::Host for EffectsHost<'_> {
    fn reply(&mut self, view: Resource<ViewDraft>) -> wasmtime::Result<Result<String, HostError>> {
        let to = self.caller.conversation.clone();
        self.caller.meter.begin("effects.reply", to.as_str(), weight(self.table, &view))?;
        let answer = if self.caller.by.is_some() {
            self.record_post(to, &view, true)?
        } else {
            Err(HostError::Invalid("nobody asked, so there is nobody to reply to: use post".into()))
        };
        self.caller.meter.end(answer, String::len)
    }

    async fn post(&mut self, to: String, view: Resource<ViewDraft>) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("effects.post", &to, weight(self.table, &view))?;
        let answer = match self.caller.place(to).await {
            Ok(to) => self.record_post(to, &view, false)?,
            Err(refused) => Err(refused),
        };
        self.caller.meter.end(answer, String::len)
    }

    async fn edit(&mut self, message: String, view: Resource<ViewDraft>) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("effects.edit", "", message.len() + weight(self.table, &view))?;
        let message = MessageRef::new(message);
        let answer = match self.effects.own_message(self.caller, &message).await {
            Ok(Posted { to, private_to }) => match finished(self.caller, self.table, &view)? {
                Ok(view) => self.record(Effect::EditMessage { message, to, view, private_to }),
                Err(refused) => Err(refused),
            },
            Err(refused) => Err(refused),
        };
        self.caller.meter.end(answer, |()| 0)
    }

    async fn react(&mut self, message: String, name: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("effects.react", "", message.len() + name.len())?;
        let message = MessageRef::new(message);
        let answer = match emoji(name) {
            Ok(emoji) => match self.effects.own_message(self.caller, &message).await {
                Ok(Posted { to, private_to }) => self.record(Effect::AddReaction { message, to, emoji, private_to }),
                Err(refused) => Err(refused),
            },
            Err(refused) => Err(refused),
        };
        self.caller.meter.end(answer, |()| 0)
    }

    fn page(
        &mut self,
        notifier: String,
        key: String,
        action: wit::PageAction,
        view: Resource<ViewDraft>,
    ) -> wasmtime::Result<Result<(), HostError>> {
        let bytes = notifier.len() + key.len() + weight(self.table, &view);
        self.caller.meter.begin("effects.page", &notifier, bytes)?;
        let action = match action {
            wit::PageAction::Trigger => PageAction::Trigger,
            wit::PageAction::Acknowledge => PageAction::Acknowledge,
            wit::PageAction::Resolve => PageAction::Resolve,
        };
        let answer = self.record_page(notifier, key, action, &view)?;
        self.caller.meter.end(answer, |()| 0)
    }

    fn set_data(&mut self, json: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("effects.set-data", "", json.len())?;
        let answer = self.data(&json);
        self.caller.meter.end(answer, |()| 0)
    }
}

/// Bytes of a draft, for the receipt; a handle that is none is refused where it is used.
fn weight(table: &ResourceTable, view: &Resource<ViewDraft>) -> usize {
    table.get(view).map_or(0, |draft| draft.bytes)
}

#[cfg(test)]
mod tests;
