//! What a row that waits takes over from those behind it, so that only the newest is said.

use super::line::Waiting;
use crate::model::conversation::PlaceAct;
use crate::model::effect::Effect;
use std::collections::VecDeque;

/// Later edits of its message, or later topics of its conversation, go into `first`.
pub(super) fn fold(first: &mut Waiting, behind: &mut VecDeque<Waiting>) {
    let Waiting { row, folded, .. } = first;
    let mut takes_over: Box<dyn FnMut(&Effect) -> bool> = match &mut row.effect {
        Effect::PostMessage { message, view, .. } | Effect::EditMessage { message, view, .. } => {
            Box::new(move |later| match later {
                Effect::EditMessage { message: edited, view: newer, .. } if edited == message => {
                    view.clone_from(newer);
                    true
                }
                _ => false,
            })
        }
        Effect::Place { act: PlaceAct::Topic { topic }, .. } => Box::new(move |later| match later {
            Effect::Place { act: PlaceAct::Topic { topic: newer }, .. } => {
                topic.clone_from(newer);
                true
            }
            _ => false,
        }),
        _ => return,
    };
    for mut later in std::mem::take(behind) {
        if takes_over(&later.row.effect) {
            folded.push(later.grip);
            folded.append(&mut later.folded);
        } else {
            behind.push_back(later);
        }
    }
}
