//! What Slack sends becomes events. Nothing is handled here: an event is stored, and only then is Slack told so. Forms open at
//! once, from the card's declaration, because a trigger dies after three seconds.

use super::SlackChat;
use super::controls::{Kind, Named, named};
use super::modal::{CALLBACK, Carried, modal, submitted};
use super::names::{SLACK, native};
use super::outbound::response;
use super::payload::{Command, EventCallback, Happened, Interaction};
use super::refusal::within;
use super::render::note;
use super::text::unescape;
use crate::config::limits::{SLACK_OPTION_VALUE_CHARS, SLACK_ROUTE_MS, SLACK_TRIGGER};
use crate::model::event::{ActionReceived, CommandReceived, Event, Person, ReactionAdded};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::model::route::Route;
use crate::model::view::Control;
use crate::platform::choice::chosen;
use crate::platform::door::{Door, Heard, Seen, Unknown};
use crate::platform::spoken::is_pin;
use serde_json::{Value, json};
use std::sync::Arc;

/// Characters of a delivery's id; what Slack sends is shorter.
const ID_CHARS: usize = 200;

/// What Slack is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    /// It arrived; with an answer for who is waiting in front of a modal.
    Taken(Option<Value>),
    /// Nothing: it shall come again.
    NotNow,
}

impl From<Heard> for Told {
    fn from(heard: Heard) -> Self {
        match heard {
            Heard::Durable | Heard::Known => Self::Taken(None),
            Heard::NotNow => Self::NotNow,
        }
    }
}

impl SlackChat {
    /// A slash command. `otherwise` is its id where Slack gives it none.
    pub(super) async fn hear_command(&self, door: &Door, command: Command, otherwise: &str) -> Told {
        let Command { command, text, user_id, user_name, channel_id, channel_name, response_url, trigger_id } = command;
        if !command.starts_with('/') || user_id.is_empty() || channel_id.is_empty() {
            tracing::warn!("Slack sent a command without a name, a person or a channel; it is ignored");
            return Told::Taken(None);
        }
        let line = format!("{command} {}", self.typed(&text)).trim_end().to_owned();
        let conversation = self.names.conversation(&channel_id, &channel_name, "", &user_id);
        let by = door.person(SLACK, &user_id, &user_name);
        let event = Event::CommandReceived(CommandReceived { text: line, by, asserted_by: None });
        let id = delivery("command", first(&trigger_id, otherwise));
        door.offer(id, conversation, event, self.route(&response_url)).await.into()
    }

    /// A click, a choice, a submitted form.
    pub(super) async fn hear_interaction(
        self: &Arc<Self>,
        door: &Door,
        happened: Interaction,
        otherwise: &str,
    ) -> Told {
        let user = &happened.user;
        if self.names.is_foreign(&user.id, &user.team_id, &happened.team.id) {
            tracing::warn!(
                user = user.id,
                team = user.team_id,
                "somebody of another workspace used a card; it is ignored"
            );
            return Told::Taken(None);
        }
        match happened.kind.as_str() {
            "block_actions" => self.hear_actions(door, happened, otherwise).await,
            "view_submission" if happened.view.callback_id == CALLBACK => self.hear_form(door, happened).await,
            // Nothing of ours asks for options that are not declared.
            "block_suggestion" => Told::Taken(Some(json!({"options": []}))),
            other => {
                tracing::debug!(kind = other, "Slack sent an interaction that nothing here waits for");
                Told::Taken(None)
            }
        }
    }

    async fn hear_actions(self: &Arc<Self>, door: &Door, happened: Interaction, otherwise: &str) -> Told {
        let by = door.person(SLACK, &happened.user.id, happened.user.shown());
        for (number, action) in happened.actions.iter().enumerate() {
            let Some(named) = named(&action.action_id) else { continue };
            if named.kind == Kind::Form {
                let (slack, door, happened) = (self.clone(), door.clone(), happened.clone());
                // Not waited for: what is acknowledged is the click, and the modal comes as fast as it can.
                tokio::spawn(async move { slack.open_form(&door, named, &happened).await });
                continue;
            }
            let Ok(seen) = door.seen(&named.card).await else { return Told::NotNow };
            let value = value_of(seen.as_ref(), &named, &action.chosen());
            let conversation = self.where_of(seen, &happened);
            let Named { card, action: name, .. } = named;
            let unique = format!("{}/{}/{number}", first(&happened.trigger_id, otherwise), action.action_ts);
            let event = Event::ActionReceived(ActionReceived {
                card,
                action: name,
                value,
                fields: Vec::new(),
                by: by.clone(),
                asserted_by: None,
            });
            let route = self.route(&happened.response_url);
            if door.offer(delivery("action", &unique), conversation, event, route).await == Heard::NotNow {
                return Told::NotNow;
            }
        }
        Told::Taken(None)
    }

    /// Opens a form's modal; if it cannot, says so to whoever clicked.
    async fn open_form(&self, door: &Door, named: Named, happened: &Interaction) {
        let Some(problem) = self.form_problem(door, named, happened).await else { return };
        let body = response("ephemeral", &super::text::escape(&problem), &[note(&problem)]);
        if let Err(error) = self.api.respond(&happened.response_url, &body).await {
            tracing::warn!(error = error.sentence(), "whoever clicked could not be told that no form opened");
        }
    }

    /// Opens a form's modal, or says why not.
    async fn form_problem(&self, door: &Door, named: Named, happened: &Interaction) -> Option<String> {
        let form = match door.seen(&named.card).await {
            Ok(seen) => seen.and_then(|seen| seen.form(&named.action)),
            Err(Unknown) => return Some("The database does not answer; click again.".to_owned()),
        };
        let place = match happened.container.thread_ts.as_str() {
            "" => happened.channel.id.clone(),
            thread => native(&happened.channel.id, thread),
        };
        let carried = Carried { card: named.card, action: named.action, place };
        let Some(view) = form.as_ref().and_then(|form| modal(form, &carried)) else {
            return Some("This form is not there any more; the card has changed. Look at its newest state.".to_owned());
        };
        let view = slack_morphism::blocks::SlackView::Modal(view);
        let error = within(SLACK_TRIGGER, self.api.open_view(&happened.trigger_id, &view)).await.err()?;
        tracing::warn!(error = error.sentence(), "a form could not be opened");
        let typed = form.map(|form| form.command).filter(|command| !command.is_empty());
        let instead = typed.map(|command| format!(" Or type {command}")).unwrap_or_default();
        Some(format!("The form could not be opened ({}). Click again.{instead}", error.sentence()))
    }

    async fn hear_form(&self, door: &Door, happened: Interaction) -> Told {
        let Ok(carried) = serde_json::from_str::<Carried>(&happened.view.private_metadata) else {
            tracing::warn!("Slack sent a form that says nothing of where it belongs; it is ignored");
            return Told::Taken(None);
        };
        // What was typed stays on the screen, to be sent once more.
        let Ok(seen) = door.seen(&carried.card).await else { return Told::NotNow };
        let Some(form) = seen.as_ref().and_then(|seen| seen.form(&carried.action)) else {
            return Told::Taken(Some(gone()));
        };
        let fields = match submitted(&form, &happened.view.state.entered()) {
            Ok(fields) => fields,
            Err(wrong) => return Told::Taken(Some(json!({"response_action": "errors", "errors": wrong}))),
        };
        let (channel, thread) = carried.place.split_once('/').unwrap_or((&carried.place, ""));
        let here = self.names.conversation(channel, "", thread, &happened.user.id);
        let conversation = seen.map_or(here, |seen| seen.conversation);
        let event = Event::ActionReceived(ActionReceived {
            card: carried.card,
            action: carried.action,
            value: form.value,
            fields,
            by: door.person(SLACK, &happened.user.id, happened.user.shown()),
            asserted_by: None,
        });
        // A modal that was taken is closed, so that each is submitted once.
        door.offer(delivery("form", &happened.view.id), conversation, event, None).await.into()
    }

    /// What the Events API tells.
    pub(super) async fn hear_event(self: &Arc<Self>, door: &Door, told: EventCallback, otherwise: &str) -> Told {
        let event = &told.event;
        // A reaction does not say of which workspace somebody is.
        let hidden = told.is_ext_shared_channel && event.user_team.is_empty() && !event.user_id().is_empty();
        let user = event.user_id();
        if self.names.is_foreign(user, &event.user_team, &told.team_id) || (hidden && !self.names.is_named(user)) {
            // What they merely say, nobody need read of in the log.
            if event.kind != "message" {
                tracing::warn!(user, "somebody of another workspace spoke to the bot; it is ignored");
            }
            return Told::Taken(None);
        }
        let id = delivery("event", first(&told.event_id, otherwise));
        match event.kind.as_str() {
            "app_mention" => self.hear_mention(door, told.event, id).await,
            "reaction_added" => self.hear_reaction(door, told, id).await,
            "message" => self.hear_message(door, told, id).await,
            "subteam_members_changed" | "subteam_updated" => {
                self.groups_changed.notify_one();
                Told::Taken(None)
            }
            "channel_created" | "channel_rename" | "channel_unarchive" => {
                self.changed.notify_one();
                Told::Taken(None)
            }
            "tokens_revoked" | "app_uninstalled" => {
                self.link.is_refused(
                    "the app was taken out of the workspace; install it again and set chat.slack.bot_token",
                );
                Told::Taken(None)
            }
            other => {
                tracing::debug!(kind = other, "Slack told of an event that nothing here waits for");
                Told::Taken(None)
            }
        }
    }

    /// `@drillbell sev list` is `/sev list`: where slash commands cannot be typed, in threads.
    async fn hear_mention(&self, door: &Door, event: Happened, id: DeliveryId) -> Told {
        if !event.bot_id.is_empty() || event.user_id().is_empty() || event.channel_id().is_empty() {
            return Told::Taken(None);
        }
        // Whoever is named first is asked; before Slack has told who we are, that may be us.
        let asked = event.text.trim().strip_prefix("<@").and_then(|rest| rest.split_once('>'));
        let rest = match asked {
            Some((who, rest)) if self.me().is_none_or(|me| who.split('|').next() == Some(me)) => rest,
            _ => "",
        };
        let line = match self.typed(rest.trim()) {
            line if line.is_empty() => "/drillbell help".to_owned(),
            line if line.starts_with('/') => line,
            line => format!("/{line}"),
        };
        let user = event.user_id();
        let conversation = self.names.conversation(event.channel_id(), "", &event.thread_ts, user);
        let by = door.person(SLACK, user, user);
        let event = Event::CommandReceived(CommandReceived { text: line, by, asserted_by: None });
        door.offer(id, conversation, event, None).await.into()
    }

    /// A reaction: to a message of ours, or a pin.
    async fn hear_reaction(&self, door: &Door, told: EventCallback, id: DeliveryId) -> Told {
        let event = &told.event;
        let user = event.user_id();
        if event.item.kind != "message" || user.is_empty() || self.me() == Some(user) {
            return Told::Taken(None);
        }
        let seen = match door.seen_by_native(SLACK, &native(&event.item.channel, &event.item.ts)).await {
            Ok(Some(seen)) => seen,
            Ok(None) if is_pin(&event.reaction) => return self.hear_pin(door, &told).await,
            Ok(None) => return Told::Taken(None),
            Err(Unknown) => return Told::NotNow,
        };
        let by: Person = door.person(SLACK, user, user);
        let text = seen.view.to_plain();
        let reaction = ReactionAdded { message: seen.message, emoji: told.event.reaction, text, by, asserted_by: None };
        door.offer(id, seen.conversation, Event::ReactionAdded(reaction), None).await.into()
    }

    /// What somebody typed: Slack's escapes undone, channels by the name that we use, straight quotes again.
    pub(super) fn typed(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, tail)) = rest.split_once("<#") {
            out.push_str(before);
            match tail.split_once('>') {
                Some((inner, after)) => {
                    let (id, name) = inner.split_once('|').unwrap_or((inner, ""));
                    out.push_str(self.names.conversation(id, name, "", "").as_str());
                    rest = after;
                }
                None => {
                    out.push_str("<#");
                    rest = tail;
                }
            }
        }
        out.push_str(rest);
        // Telephones and Macs make typographic quotes of those that somebody typed.
        unescape(&out).replace(['“', '”', '„'], "\"").replace(['‘', '’'], "'")
    }

    fn route(&self, url: &str) -> Option<Route> {
        let expires_ms = self.clock.now_ms().saturating_add(SLACK_ROUTE_MS);
        url::Url::parse(url).is_ok().then(|| Route { value: url.to_owned(), expires_ms })
    }

    fn where_of(&self, seen: Option<Seen>, happened: &Interaction) -> ConversationId {
        let Interaction { channel, container, user, .. } = happened;
        let id = first(&channel.id, &container.channel_id);
        seen.map_or_else(
            || self.names.conversation(id, &channel.name, &container.thread_ts, &user.id),
            |seen| seen.conversation,
        )
    }
}

/// What a click carries: the host's own copy, or of a select the choice that was meant.
fn value_of(seen: Option<&Seen>, named: &Named, given: &str) -> String {
    match seen.and_then(|seen| seen.view.control(&named.action)) {
        Some(Control::Button(button)) => button.value.clone(),
        Some(Control::Form(form)) => form.value.clone(),
        // One that is not among the choices is refused when it is handled, with a sentence for whoever chose.
        Some(Control::Select(select)) => chosen(&select.options, given, SLACK_OPTION_VALUE_CHARS)
            .map_or_else(|| given.to_owned(), |c| c.value.clone()),
        None => given.to_owned(),
    }
}

fn first<'a>(one: &'a str, other: &'a str) -> &'a str {
    if one.is_empty() { other } else { one }
}

/// Slack's own id of what happened, by its kind; the same however often it is sent.
fn delivery(kind: &str, id: &str) -> DeliveryId {
    DeliveryId::new(format!("{SLACK}/{kind}/{}", super::text::clip(id, ID_CHARS)))
}

/// What a modal becomes whose form is not there any more.
fn gone() -> Value {
    let text = "This form is not there any more; the card has changed. Close this, and look at its newest state.";
    json!({"response_action": "update", "view": {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Too late"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [note(text)],
    }})
}
