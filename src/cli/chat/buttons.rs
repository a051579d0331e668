//! Numbers for buttons. A number means one button of one card, as it was labelled, for as long as the console is open: it is
//! never given away again, so that a number typed late cannot click something else.

use crate::model::ids::MessageRef;
use crate::model::view::View;

/// The buttons seen so far; a button's number is its place, from 1.
#[derive(Debug, Default)]
pub(super) struct Buttons(Vec<Seen>);

#[derive(Debug)]
struct Seen {
    message: MessageRef,
    action: String,
    label: String,
    /// The card still shows it.
    there: bool,
}

/// What a number stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Numbered<'a> {
    /// A button that its card shows.
    There {
        /// The card.
        message: &'a MessageRef,
        /// The button.
        action: &'a str,
        /// What people read on it.
        label: &'a str,
    },
    /// A button that its card no longer shows.
    Gone(&'a str),
    /// No button.
    Nothing,
}

impl Buttons {
    /// The numbers of a card's buttons as it is now; those it has lost are gone, those it keeps keep their number.
    pub(super) fn show(&mut self, message: &MessageRef, view: &View) -> Vec<usize> {
        for seen in self.0.iter_mut().filter(|seen| seen.message == *message) {
            seen.there = false;
        }
        view.buttons()
            .map(|button| {
                let same = |seen: &Seen| seen.action == button.action && seen.label == button.label;
                let again = |seen: &Seen| seen.message == *message && !seen.there && same(seen);
                let place = self.0.iter().position(again).unwrap_or_else(|| {
                    let (message, action, label) = (message.clone(), button.action.clone(), button.label.clone());
                    self.0.push(Seen { message, action, label, there: false });
                    self.0.len() - 1
                });
                self.0[place].there = true;
                place + 1
            })
            .collect()
    }

    /// What a number stands for.
    pub(super) fn find(&self, number: usize) -> Numbered<'_> {
        match number.checked_sub(1).and_then(|place| self.0.get(place)) {
            None => Numbered::Nothing,
            Some(seen) if !seen.there => Numbered::Gone(&seen.label),
            Some(seen) => Numbered::There { message: &seen.message, action: &seen.action, label: &seen.label },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::view::{Block, Button, ButtonStyle, Once};

    fn card(actions: &[&str]) -> View {
        let button = |action: &&str| {
            Block::Button(Button {
                action: (*action).to_owned(),
                label: action.to_uppercase(),
                value: String::new(),
                style: ButtonStyle::Normal,
                once: Once::Card,
            })
        };
        View { blocks: actions.iter().map(button).collect(), ..View::default() }
    }

    #[test]
    fn numbers_go_on_from_card_to_card_and_stay_with_their_button() {
        let mut buttons = Buttons::default();
        let (a, b) = (MessageRef::from("a"), MessageRef::from("b"));
        assert_eq!(buttons.show(&a, &card(&["ack", "resolve"])), [1, 2]);
        assert_eq!(buttons.show(&b, &card(&["ack"])), [3]);
        assert_eq!(buttons.show(&a, &card(&["resolve", "note"])), [2, 4]);
        assert_eq!(buttons.find(2), Numbered::There { message: &a, action: "resolve", label: "RESOLVE" });
        assert_eq!(buttons.find(1), Numbered::Gone("ACK"));
        assert_eq!(buttons.find(3), Numbered::There { message: &b, action: "ack", label: "ACK" });
        assert_eq!((buttons.find(0), buttons.find(5)), (Numbered::Nothing, Numbered::Nothing));
    }

    #[test]
    fn a_button_that_now_says_something_else_has_another_number() {
        let mut buttons = Buttons::default();
        let message = MessageRef::from("a");
        let mut view = card(&["status"]);
        assert_eq!(buttons.show(&message, &view), [1]);
        let Block::Button(button) = &mut view.blocks[0] else { unreachable!() };
        button.label = "Back".to_owned();
        assert_eq!(buttons.show(&message, &view), [2]);
        assert_eq!(buttons.find(1), Numbered::Gone("STATUS"));
    }

    #[test]
    fn two_buttons_of_one_action_have_two_numbers() {
        let mut buttons = Buttons::default();
        let card = card(&["pick", "pick"]);
        assert_eq!(buttons.show(&MessageRef::from("a"), &card), [1, 2]);
        assert_eq!(buttons.show(&MessageRef::from("a"), &card), [1, 2]);
    }
}
