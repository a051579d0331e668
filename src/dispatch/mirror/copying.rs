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
    /// Where something was brought that was not said in a place of the incident's own; one of those is enough.
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
        let Some(incident) = self.incident.clone() else { return Ok(()) };
        let is_card = incident.card.as_ref() == Some(message);
        if !self.is_news && !is_card {
            return Ok(());
        }
        // Words are told each platform once, and where from. What can be pressed, and what a thread is under, stands on each as it is,
        // whatever else is said there.
        let is_head = is_card || self.under.contains(message);
        let is_words = !is_head && !view.blocks.iter().any(is_control);
        // What was kept before the house called it so may still say the platform's name.
        let to = &self.house.called(to.clone()).await?;
        let partners = self.partners(to).await?;
        let rooms = match partners.is_empty() {
            false => partners,
            true if !is_head && !self.is_told(to, &incident.conversation) => return Ok(()),
            true => {
                let mut rooms = self.mirroring.targets(to, &incident.conversation);
                rooms.retain(|room| self.brought.insert(room.clone()) || !is_words);
                rooms
            }
        };
        for room in rooms {
            if !is_words || !self.itself.contains(&room) {
                let view = if is_words { from(view, to.platform()) } else { view.clone() };
                self.bring(&incident.id, message, &room, view);
            }
        }
        Ok(())
    }

    /// Whether what is said somewhere is told elsewhere: where the incident lives or is shown, and wherever it is changed, but never
    /// what is said to one person. Of anything else nobody knows that it is about the incident, though only one is open: the outcome
    /// of a job, for instance, that was asked for in a private channel.
    fn is_told(&self, here: &ConversationId, home: &ConversationId) -> bool {
        let is_private = here.local().starts_with('@');
        !is_private && (self.changes || here == home || self.mirroring.is_room(here))
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
