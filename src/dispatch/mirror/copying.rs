//! What a call says and shows, one effect after the other, turned into what other platforms get.

use super::super::call::Task;
use super::super::{House, Trouble, say};
use super::is_news;
use super::people::Mirroring;
use crate::model::conversation::PlaceAct;
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, IncidentId, MessageRef, fresh};
use crate::model::incident::Incident;
use crate::model::mirror::Mirror;
use crate::model::view::{Block, View};
use crate::store::{CONSOLE, Commit};
use std::collections::{BTreeMap, BTreeSet};

/// The copies of one commit, as they are made.
pub(super) struct Copying<'a> {
    pub(super) house: &'a House,
    pub(super) mirroring: &'a Mirroring,
    /// What the commit is about, as it will be.
    pub(super) incident: Option<Incident>,
    /// It changes the incident or says something in its timeline; what only looks is not told elsewhere.
    is_news: bool,
    /// Messages under which it opens threads.
    under: BTreeSet<MessageRef>,
    /// Where it says something by itself.
    itself: BTreeSet<ConversationId>,
    /// The incident itself changed.
    changes: bool,
    /// Where words of it were brought.
    brought: BTreeSet<ConversationId>,
    /// Copies that are known, by what they are copies of.
    known: BTreeMap<String, Vec<Mirror>>,
    pub(super) effects: Vec<Effect>,
    pub(super) mirrors: Vec<Mirror>,
}

impl<'a> Copying<'a> {
    pub(super) fn of(house: &'a House, task: &Task<'_>, commit: &Commit, incident: Option<Incident>) -> Self {
        let (mut under, mut itself) = (BTreeSet::new(), BTreeSet::new());
        for effect in &commit.effects {
            match effect {
                Effect::Place { message, act: PlaceAct::Open { .. }, .. } => drop(under.insert(message.clone())),
                Effect::PostMessage { to, private_to: None, .. } => drop(itself.insert(to.clone())),
                _ => {}
            }
        }
        // A job or an approval that ended is news to whoever waits for it.
        let is_news = !commit.incidents.is_empty()
            || commit.timeline.iter().any(is_news)
            || matches!(task.delivery.event.kind(), "job" | "approval") && commit.incident.is_some();
        Self {
            house,
            mirroring: &house.about.mirroring,
            incident,
            is_news,
            under,
            itself,
            changes: !commit.incidents.is_empty(),
            brought: BTreeSet::new(),
            known: BTreeMap::new(),
            effects: Vec::new(),
            mirrors: Vec::new(),
        }
    }

    /// What the others get of one effect. What only one person sees, and pages, are nobody else's.
    pub(super) async fn take(&mut self, effect: &Effect) -> Result<(), Trouble> {
        match effect {
            Effect::PostMessage { message, to, view, private_to: None, .. } => self.post(message, to, view).await,
            Effect::EditMessage { message, view, private_to: None, .. } => self.edit(message, view).await,
            Effect::AddReaction { message, emoji, private_to: None, .. } => {
                for copy in self.copies_of(message.as_str()).await? {
                    let (message, to) = (MessageRef::new(copy.copy), copy.conversation);
                    self.effects.push(Effect::AddReaction { message, to, emoji: emoji.clone(), private_to: None });
                }
                Ok(())
            }
            Effect::Place { message, to, act } => self.place(message, to, act).await,
            Effect::PostMessage { .. }
            | Effect::EditMessage { .. }
            | Effect::AddReaction { .. }
            | Effect::Page { .. } => Ok(()),
        }
    }

    async fn post(&mut self, message: &MessageRef, to: &ConversationId, view: &View) -> Result<(), Trouble> {
        let Some(incident) = &self.incident else { return Ok(()) };
        let is_card = incident.card.as_ref() == Some(message);
        if !self.is_news && !is_card {
            return Ok(());
        }
        let (id, home) = (incident.id.clone(), incident.conversation.clone());
        let here = self.called(to).await?;
        let partners = self.partners(&here).await?;
        let has_controls = view.blocks.iter().any(is_control);
        if !partners.is_empty() {
            for room in partners {
                if is_card || has_controls || !self.itself.contains(&room) {
                    let view = if is_card { view.clone() } else { from(view, to.platform()) };
                    self.bring(&id, message, &room, view);
                }
            }
            return Ok(());
        }
        // What is said somewhere else about something else is nobody's business there, though only one incident is open: the outcome
        // of a job, for instance, that was asked for in a private channel.
        let is_told = self.changes || here == home || self.mirroring.is_room(&here);
        let is_private = here.local().starts_with('@');
        if !is_card && !self.under.contains(message) && (is_private || !is_told) {
            return Ok(());
        }
        let must = is_card || has_controls || self.under.contains(message);
        for room in self.mirroring.targets(&here, &home) {
            if must || !(self.itself.contains(&room) || self.brought.contains(&room)) {
                let view = if must { view.clone() } else { from(view, to.platform()) };
                self.bring(&id, message, &room, view);
                self.brought.insert(room);
            }
        }
        Ok(())
    }

    async fn edit(&mut self, message: &MessageRef, view: &View) -> Result<(), Trouble> {
        let copies = self.copies_of(message.as_str()).await?;
        for copy in &copies {
            self.effects.push(Effect::EditMessage {
                message: MessageRef::new(copy.copy.clone()),
                to: copy.conversation.clone(),
                view: view.clone(),
                private_to: None,
            });
        }
        let Some(incident) = self.incident.clone().filter(|incident| incident.card.as_ref() == Some(message)) else {
            return Ok(());
        };
        // One that was declared before the operator wanted it elsewhere is shown there from its next change on.
        let home = &incident.conversation;
        let places = self.copies_of(home.as_str()).await?;
        for room in self.mirroring.besides(home.platform()) {
            let platform = room.platform();
            if copies.iter().all(|copy| copy.conversation.platform() != platform) {
                let place = places.iter().find(|place| place.conversation.platform() == platform);
                let room = place.map_or(room, |place| &place.conversation).clone();
                self.bring(&incident.id, message, &room, view.clone());
            }
        }
        Ok(())
    }

    /// Posts a copy.
    fn bring(&mut self, incident: &IncidentId, original: &MessageRef, room: &ConversationId, view: View) {
        let message = MessageRef::new(fresh());
        self.remember(Mirror {
            copy: message.to_string(),
            original: original.to_string(),
            incident: incident.clone(),
            conversation: room.clone(),
        });
        let to = room.clone();
        self.effects.push(Effect::PostMessage { message, to, view, private_to: None, reply: false });
    }

    pub(super) fn remember(&mut self, mirror: Mirror) {
        self.known.entry(mirror.original.clone()).or_default().push(mirror.clone());
        self.mirrors.push(mirror);
    }

    /// The copies of a message or place, where copies are still wanted.
    pub(super) async fn copies_of(&mut self, original: &str) -> Result<Vec<Mirror>, Trouble> {
        if let Some(known) = self.known.get(original) {
            return Ok(known.clone());
        }
        let mut found = self.house.store.copies_of(&[original]).await?;
        found.retain(|copy| self.mirroring.has(copy.conversation.platform()));
        self.known.insert(original.to_owned(), found.clone());
        Ok(found)
    }

    /// What we call a conversation: our own name for one that the bot opened, wherever it really is.
    async fn called(&self, conversation: &ConversationId) -> Result<ConversationId, Trouble> {
        if conversation.is_opened() || conversation.platform() == CONSOLE {
            return Ok(conversation.clone());
        }
        let opened = self.house.store.opened_as(conversation).await?;
        Ok(opened.unwrap_or_else(|| conversation.clone()))
    }

    /// The same place on the other platforms: its copies, or what it is a copy of and the copies of that.
    async fn partners(&mut self, here: &ConversationId) -> Result<Vec<ConversationId>, Trouble> {
        let behind = self.house.store.behind(&[here.as_str()]).await?.into_iter().next();
        let original = behind.map(|behind| behind.original);
        let copies = self.copies_of(original.as_deref().unwrap_or(here.as_str())).await?;
        let copies = copies.into_iter().map(|copy| copy.conversation).filter(|copy| copy != here);
        Ok(original.map(ConversationId::new).into_iter().chain(copies).collect())
    }
}

fn is_control(block: &Block) -> bool {
    matches!(block, Block::Button(_) | Block::Form(_) | Block::Select(_))
}

/// Words with where they come from.
fn from(view: &View, platform: &str) -> View {
    let whence = match platform {
        CONSOLE => "From the console.".to_owned(),
        platform => format!("From {}.", say::platform(platform)),
    };
    let mut view = view.clone();
    view.blocks.push(Block::Context { text: whence });
    view
}
