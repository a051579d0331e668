//! `drillbell:conversations`: places of an incident's own. References are minted here and valid at once; what is asked for is
//! recorded like any effect and carried out after the commit, in order. A plugin looks after what it opened and nothing else.

mod names;

use super::caller::{Caller, quoted};
use super::effects::{EffectsCall, Posted};
use super::grants::Need;
use super::incidents::{IncidentsCall, IncidentsHost};
use crate::bindings::latest::drillbell::conversations::conversations as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{NAME_TRIES, TOPIC_CHARS};
use crate::config::roles::Member;
use crate::config::{Config, severities::Severity};
use crate::model::conversation::{Place, PlaceAct, Shape};
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, MessageRef, PersonId, fresh};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wasmtime::component::HasData;

/// The platform whose channels begin with their own sign: `console:#ops`.
const CONSOLE: &str = "console";

/// What the operator says about conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    severities: Vec<Severity>,
    roles: BTreeMap<String, Vec<Member>>,
    /// The identities of people: platforms that a person is on.
    on: BTreeMap<PersonId, BTreeSet<String>>,
    /// Configured conversations: nothing is opened under their names.
    taken: BTreeSet<ConversationId>,
}

impl Places {
    /// Reads it out of the configuration.
    pub fn of(config: &Config) -> Self {
        let console = config.console.channels.iter().map(|name| ConversationId::new(format!("{CONSOLE}:{name}")));
        let elsewhere = config.channels.incidents_elsewhere.iter().cloned();
        let named = config.channels.all().into_iter().filter_map(|(_, id)| id.cloned()).chain(elsewhere);
        let people = config.people.0.iter();
        let on = people.map(|(name, person)| {
            (PersonId::from(name.as_str()), person.identities.keys().map(ToString::to_string).collect())
        });
        Self {
            severities: config.severities.0.clone(),
            roles: config.roles.0.clone(),
            on: on.collect(),
            taken: console.chain(named).collect(),
        }
    }

    /// Whether somebody can be invited on a platform: by an identity there, or as a person with one there.
    fn is_on(&self, person: &PersonId, platform: &str) -> bool {
        match (person.as_str().split_once(':'), self.on.get(person)) {
            (_, Some(identities)) => identities.contains(platform),
            (Some((theirs, _)), None) => theirs == platform,
            // Only the console knows people by nothing but a name.
            (None, None) => platform == CONSOLE,
        }
    }
}

/// What one call opened, and whom it invited.
#[derive(Debug)]
pub struct ConversationsCall {
    places: Arc<Places>,
    invited: BTreeSet<(ConversationId, PersonId)>,
}

impl ConversationsCall {
    /// Nobody invited yet.
    pub fn new(places: Arc<Places>) -> Self {
        Self { places, invited: BTreeSet::new() }
    }
}

/// The capability with its caller.
pub struct ConversationsHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it opened so far.
    pub conversations: &'a mut ConversationsCall,
    /// What it wants done so far.
    pub effects: &'a mut EffectsCall,
    /// The incidents that it changed so far.
    pub incidents: &'a mut IncidentsCall,
}

/// Names `ConversationsHost` to the linker.
pub struct HasConversations;

impl HasData for HasConversations {
    type Data<'a> = ConversationsHost<'a>;
}

impl ConversationsHost<'_> {
    /// The one place where the grant is asked.
    fn enter(&mut self) -> Result<(), HostError> {
        self.caller.need(Need::Conversations)
    }

    /// A conversation that this plugin opened, in this call or in an earlier one. Somebody else's is answered like one that
    /// does not exist.
    async fn own(&mut self, name: String) -> Result<ConversationId, HostError> {
        self.enter()?;
        let id = ConversationId::new(name);
        if self.caller.opened.contains(&id) || self.caller.looks_after(&id).await? {
            return Ok(id);
        }
        Err(HostError::NotFound(format!("this plugin opened no conversation {}", quoted(id.as_str()))))
    }

    fn record(&mut self, message: MessageRef, to: ConversationId, act: PlaceAct) -> Result<(), HostError> {
        self.effects.add(self.caller, Effect::Place { message, to, act })
    }

    /// The same for what is about no message.
    fn ask(&mut self, to: ConversationId, act: PlaceAct) -> Result<(), HostError> {
        self.record(MessageRef::new(fresh()), to, act)
    }

    /// A reference that nothing else has. Another call may take it at the same moment; the commit of the second then fails,
    /// and it runs again and finds it taken.
    async fn mint(&mut self, platform: &str, name: &str) -> Result<(ConversationId, String), HostError> {
        for n in 1..=NAME_TRIES {
            let name = names::numbered(name, n);
            let sign = if platform == CONSOLE { '#' } else { '+' };
            let id = ConversationId::new(format!("{platform}:{sign}{name}"));
            if self.conversations.places.taken.contains(&id) || self.caller.opened.contains(&id) {
                continue;
            }
            let answer = self.caller.reads.conversation(&id).await;
            if self.caller.settle(answer)?.is_none() {
                return Ok((id, name));
            }
        }
        Err(HostError::Invalid(format!("{} and {NAME_TRIES} names like it are taken", quoted(name))))
    }

    async fn open(
        &mut self,
        shape: Shape,
        near: ConversationId,
        message: MessageRef,
        name: &str,
    ) -> Result<String, HostError> {
        let name = names::plain(name)
            .ok_or_else(|| HostError::Invalid(format!("{} has no letter or digit to be a name", quoted(name))))?;
        let (id, name) = self.mint(near.platform(), &name).await?;
        self.record(message, id.clone(), PlaceAct::Open { shape, name, near })?;
        self.caller.opened.insert(id.clone());
        Ok(id.into_string())
    }

    async fn channel(&mut self, near: String, name: &str) -> Result<String, HostError> {
        self.enter()?;
        let near = self.caller.place(near).await?;
        self.open(Shape::Channel, near, MessageRef::new(fresh()), name).await
    }

    async fn thread(&mut self, under: String, name: &str) -> Result<String, HostError> {
        self.enter()?;
        let under = MessageRef::new(under);
        let Posted { to, private_to } = self.effects.own_message(self.caller, &under).await?;
        if private_to.is_some() {
            return Err(HostError::Invalid("a thread is under a message that everybody sees".into()));
        }
        self.open(Shape::Thread, to, under, name).await
    }

    async fn move_home(&mut self, incident: &str, to: String) -> Result<(), HostError> {
        let to = self.own(to).await?;
        let Self { caller, effects, incidents, .. } = self;
        IncidentsHost { caller, incidents, effects }.set_home(incident, to).await
    }

    async fn topic(&mut self, conversation: String, topic: &str) -> Result<(), HostError> {
        let to = self.own(conversation).await?;
        let topic: String = topic.split_whitespace().collect::<Vec<_>>().join(" ");
        if topic.chars().count() > TOPIC_CHARS {
            return Err(HostError::TooLarge(format!("a topic may have {TOPIC_CHARS} characters")));
        }
        let answer = self.caller.reads.conversation(&to).await;
        // Platforms take few changes of a topic, so that one which changes nothing is not asked for.
        if self.caller.settle(answer)?.is_some_and(|opened| opened.topic == topic) {
            return Ok(());
        }
        self.caller.meter.hold(topic.len())?;
        self.ask(to, PlaceAct::Topic { topic })
    }

    async fn bring(&mut self, conversation: String, role: &str) -> Result<(), HostError> {
        let to = self.own(conversation).await?;
        let places = Arc::clone(&self.conversations.places);
        let Some(members) = places.roles.get(role) else {
            return Err(HostError::Invalid(format!("there is no role {}: no [roles.NAME] is called so", quoted(role))));
        };
        let platform = to.platform().to_owned();
        let (mut people, mut groups) = (Vec::new(), Vec::new());
        for member in members {
            match member {
                Member::Person(person) if places.is_on(person, &platform) => people.push(person.clone()),
                Member::Group(of, group) if *of == platform => groups.push(group.clone()),
                Member::Person(_) | Member::Group(..) => {}
            }
        }
        people.retain(|person| self.conversations.invited.insert((to.clone(), person.clone())));
        if people.is_empty() && groups.is_empty() {
            return Ok(());
        }
        self.ask(to, PlaceAct::Invite { people, groups })
    }

    async fn bring_one(&mut self, conversation: String, person: &str) -> Result<(), HostError> {
        let to = self.own(conversation).await?;
        let places = Arc::clone(&self.conversations.places);
        let id = PersonId::from(person);
        if !places.on.contains_key(&id) {
            let text = format!("nobody is called {}: no [people.NAME] is called so", quoted(person));
            return Err(HostError::NotFound(text));
        }
        let answer = self.caller.reads.conversation(&to).await;
        let opened = self.caller.settle(answer)?;
        let known = opened.is_some_and(|opened| opened.invited.contains(&id));
        if known || !places.is_on(&id, to.platform()) || !self.conversations.invited.insert((to.clone(), id.clone())) {
            return Ok(());
        }
        self.ask(to, PlaceAct::Invite { people: vec![id], groups: Vec::new() })
    }

    /// A message of its own, wherever that stands: in a place of an incident's own or where people are anyway.
    async fn fix(&mut self, conversation: String, message: String, act: PlaceAct) -> Result<(), HostError> {
        self.enter()?;
        let to = ConversationId::new(conversation);
        let message = MessageRef::new(message);
        let posted = self.effects.own_message(self.caller, &message).await?;
        if posted.to != to || posted.private_to.is_some() {
            let said = "a message is pinned where it stands, and only one that everybody sees";
            return Err(HostError::Invalid(said.into()));
        }
        self.record(message, to, act)
    }

    async fn close(&mut self, conversation: String, archived: bool) -> Result<(), HostError> {
        let to = self.own(conversation).await?;
        let answer = self.caller.reads.conversation(&to).await;
        if self.caller.settle(answer)?.is_some_and(|opened| opened.archived == archived) {
            return Ok(());
        }
        self.ask(to, PlaceAct::Archive { archived })
    }
}

impl wit::Host for ConversationsHost<'_> {
    fn home_of(&mut self, severity: String) -> wasmtime::Result<wit::Home> {
        self.caller.meter.begin("conversations.home-of", "", severity.len())?;
        let found = self.conversations.places.severities.iter().find(|known| known.name == severity);
        let home = wit::Home {
            place: match found.map_or(Place::Here, |severity| severity.place) {
                Place::Here => wit::Place::Here,
                Place::Channel => wit::Place::Channel,
                Place::Thread => wit::Place::Thread,
            },
            invite: found.map(|severity| severity.invite.clone()).unwrap_or_default(),
            archive_after_ms: found
                .map_or(0, |severity| u64::try_from(severity.archive_after.as_millis()).unwrap_or(u64::MAX)),
        };
        self.caller.meter.done(home.invite.iter().map(String::len).sum());
        Ok(home)
    }

    async fn open_channel(&mut self, near: String, name: String) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("conversations.open-channel", &near, name.len())?;
        let answer = self.channel(near.clone(), &name).await;
        self.caller.meter.end(answer, String::len)
    }

    async fn open_thread(&mut self, under: String, name: String) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("conversations.open-thread", "", under.len() + name.len())?;
        let answer = self.thread(under, &name).await;
        self.caller.meter.end(answer, String::len)
    }

    async fn move_incident(&mut self, incident: String, to: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.move-incident", &incident, incident.len() + to.len())?;
        let answer = self.move_home(&incident, to).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn set_topic(&mut self, conversation: String, topic: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.set-topic", &conversation, topic.len())?;
        let answer = self.topic(conversation.clone(), &topic).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn invite(&mut self, conversation: String, role: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.invite", &conversation, role.len())?;
        let answer = self.bring(conversation.clone(), &role).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn invite_person(&mut self, conversation: String, person: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.invite-person", &conversation, person.len())?;
        let answer = self.bring_one(conversation.clone(), &person).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn pin(&mut self, conversation: String, message: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.pin", &conversation, message.len())?;
        let answer = self.fix(conversation.clone(), message, PlaceAct::Pin).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn unpin(&mut self, conversation: String, message: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.unpin", &conversation, message.len())?;
        let answer = self.fix(conversation.clone(), message, PlaceAct::Unpin).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn archive(&mut self, conversation: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.archive", &conversation, 0)?;
        let answer = self.close(conversation.clone(), true).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn unarchive(&mut self, conversation: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("conversations.unarchive", &conversation, 0)?;
        let answer = self.close(conversation.clone(), false).await;
        self.caller.meter.end(answer, |()| 0)
    }
}

#[cfg(test)]
mod tests;
