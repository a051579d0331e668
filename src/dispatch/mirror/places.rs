//! An incident's own channel or thread, and the same one on every other platform: opened beside it, headed, pinned and
//! archived like it, with those people in it who are there.

use super::super::{House, Trouble};
use super::copying::Copying;
use crate::config::limits::NAME_TRIES;
use crate::model::conversation::{PlaceAct, Shape};
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, MessageRef, fresh};
use crate::model::mirror::Mirror;
use crate::store::CONSOLE;

/// Characters of a name; with a number behind it, it still is one.
const NAME_CHARS: usize = 76;

impl House {
    /// Takes out what the console cannot do: a channel of its own that is not an incident's has no pins. Of an incident that is shown
    /// elsewhere too, the copies are pinned all the same.
    pub(in crate::dispatch) async fn take_room_pins(&self, effects: &mut Vec<Effect>) -> Result<Vec<Effect>, Trouble> {
        let mut pins = Vec::new();
        for at in (0..effects.len()).rev() {
            let Effect::Place { to, act: PlaceAct::Pin | PlaceAct::Unpin, .. } = &effects[at] else { continue };
            let is_opened_now = effects
                .iter()
                .any(|other| matches!(other, Effect::Place { to: it, act: PlaceAct::Open { .. }, .. } if it == to));
            if to.platform() == CONSOLE && !is_opened_now && self.store.conversation(to).await?.is_none() {
                pins.insert(0, effects.remove(at));
            }
        }
        Ok(pins)
    }
}

impl Copying<'_> {
    pub(super) async fn place(
        &mut self,
        message: &MessageRef,
        to: &ConversationId,
        act: &PlaceAct,
    ) -> Result<(), Trouble> {
        if let PlaceAct::Open { shape, name, .. } = act {
            return self.open(message, to, *shape, name).await;
        }
        // Whoever is invited to a place that this very commit opens was invited to its copies as they were opened.
        let opens = self.mirrors.iter().any(|mirror| mirror.original == to.as_str());
        let places = self.copies_of(to.as_str()).await?;
        if places.is_empty() && matches!(act, PlaceAct::Pin | PlaceAct::Unpin) {
            // Where people are anyway, there are no copies of the place, but there are of the card.
            let copies = self.copies_of(message.as_str()).await?;
            for copy in copies.into_iter().filter(|copy| copy.conversation.platform() != CONSOLE) {
                let (message, to) = (MessageRef::new(copy.copy), copy.conversation);
                self.effects.push(Effect::Place { message, to, act: act.clone() });
            }
            return Ok(());
        }
        for place in places {
            let there = place.conversation;
            let (message, act) = match act {
                PlaceAct::Pin | PlaceAct::Unpin => {
                    let copies = self.copies_of(message.as_str()).await?;
                    match copies.into_iter().find(|copy| copy.conversation == there) {
                        Some(copy) => (MessageRef::new(copy.copy), act.clone()),
                        None => continue,
                    }
                }
                PlaceAct::Invite { .. } if opens => continue,
                PlaceAct::Invite { people, .. } => {
                    let people = self.mirroring.those_on(people, there.platform());
                    if people.is_empty() {
                        continue;
                    }
                    (MessageRef::new(fresh()), PlaceAct::Invite { people, groups: Vec::new() })
                }
                PlaceAct::Topic { .. } | PlaceAct::Archive { .. } | PlaceAct::Open { .. } => {
                    (MessageRef::new(fresh()), act.clone())
                }
            };
            self.effects.push(Effect::Place { message, to: there, act });
        }
        Ok(())
    }

    /// Opens the copies of a place, if it is the one where the incident lives.
    async fn open(
        &mut self,
        message: &MessageRef,
        to: &ConversationId,
        shape: Shape,
        name: &str,
    ) -> Result<(), Trouble> {
        let Some(incident) = self.incident.clone().filter(|incident| incident.conversation == *to) else {
            return Ok(());
        };
        let heads = self.copies_of(message.as_str()).await?;
        let mirroring = self.mirroring;
        for room in mirroring.besides(to.platform()) {
            let platform = room.platform();
            let (message, near) = match shape {
                Shape::Channel => (MessageRef::new(fresh()), room.clone()),
                Shape::Thread => match heads.iter().find(|head| head.conversation.platform() == platform) {
                    Some(head) => (MessageRef::new(head.copy.clone()), head.conversation.clone()),
                    // Under nothing there is no thread; its card then stands in the incidents' channel.
                    None => continue,
                },
            };
            let Some((there, name)) = self.free_name(platform, name).await? else { continue };
            self.effects.push(Effect::Place { message, to: there.clone(), act: PlaceAct::Open { shape, name, near } });
            if let Some(act) = mirroring.invitation(&incident.severity, platform) {
                self.effects.push(Effect::Place { message: MessageRef::new(fresh()), to: there.clone(), act });
            }
            self.remember(Mirror {
                copy: there.to_string(),
                original: to.to_string(),
                incident: incident.id.clone(),
                conversation: there,
            });
        }
        Ok(())
    }

    /// A reference of ours that nothing else on the platform has, and the name to go with it. Two commits that take the same one
    /// cannot both succeed: the second runs again and finds it taken.
    async fn free_name(&self, platform: &str, name: &str) -> Result<Option<(ConversationId, String)>, Trouble> {
        let sign = if platform == CONSOLE { '#' } else { '+' };
        for n in 1..=NAME_TRIES {
            let name = match n {
                1 => name.to_owned(),
                n => format!("{}-{n}", name.chars().take(NAME_CHARS).collect::<String>()),
            };
            let id = ConversationId::new(format!("{platform}:{sign}{name}"));
            if self.house.store.conversation(&id).await?.is_none() {
                return Ok(Some((id, name)));
            }
        }
        Ok(None)
    }
}
