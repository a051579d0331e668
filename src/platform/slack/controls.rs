//! Buttons, forms and selects of a card: how they are shown, and the ids by which a click is recognised. An id names the card and
//! the action, nothing more: values are the host's own.

use super::text::{label, length};
use crate::config::limits::{
    SLACK_ACTION_ID_CHARS, SLACK_BUTTON_CHARS, SLACK_OPTION_CHARS, SLACK_OPTION_VALUE_CHARS, SLACK_OPTIONS,
    SLACK_PLACEHOLDER_CHARS,
};
use crate::model::form::{Choice, Select};
use crate::model::ids::MessageRef;
use crate::model::view::{ButtonStyle, Control};
use crate::platform::choice::numbered;
use slack_morphism::SlackActionId;
use slack_morphism::blocks::{
    SlackActionBlockElement, SlackBlockButtonElement, SlackBlockButtonStyle, SlackBlockChoiceItem, SlackBlockPlainText,
    SlackBlockPlainTextOnly, SlackBlockStaticSelectElement,
};

/// What a control is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Clicking it is the action.
    Button,
    /// Clicking it opens a form.
    Form,
    /// Choosing from it is the action.
    Select,
}

/// What a click says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: Kind,
    pub(super) card: MessageRef,
    pub(super) action: String,
}

/// The id of a control: `b0|NONCE|REF|ACTION`. The number makes it unique in its message, the nonce in its rendering: Slack keeps
/// what was chosen in a select as long as its id stays.
fn id(kind: Kind, number: usize, nonce: &str, card: &MessageRef, action: &str) -> Option<String> {
    let letter = match kind {
        Kind::Button => 'b',
        Kind::Form => 'f',
        Kind::Select => 's',
    };
    let id = format!("{letter}{number}|{nonce}|{card}|{action}");
    (length(&id) <= SLACK_ACTION_ID_CHARS && !action.is_empty()).then_some(id)
}

/// Reads such an id; `None` for what is not ours.
pub(super) fn named(id: &str) -> Option<Named> {
    let mut parts = id.splitn(4, '|');
    let (lead, _nonce, card, action) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let kind = match lead.chars().next()? {
        'b' => Kind::Button,
        'f' => Kind::Form,
        's' => Kind::Select,
        _ => return None,
    };
    let numbered = lead.get(1..).is_some_and(|number| number.parse::<usize>().is_ok());
    let whole = numbered && !card.is_empty() && !action.is_empty();
    whole.then(|| Named { kind, card: MessageRef::from(card), action: action.to_owned() })
}

/// Plain text of Slack's: no markup, no emoji by name.
pub(super) fn plain(text: String) -> SlackBlockPlainTextOnly {
    SlackBlockPlainText::new(text).with_emoji(false).into()
}

/// A control as Slack shows it; what it cannot show is told in words.
pub(super) fn element(
    control: Control<'_>,
    number: usize,
    nonce: &str,
    card: &MessageRef,
) -> Result<SlackActionBlockElement, String> {
    let kind = match control {
        Control::Button(_) => Kind::Button,
        Control::Form(_) => Kind::Form,
        Control::Select(_) => Kind::Select,
    };
    let shown = || label(control.label(), SLACK_PLACEHOLDER_CHARS, "(no label)");
    let id = id(kind, number, nonce, card, control.action())
        .ok_or_else(|| format!("{}: its name is too long for Slack; use the console", shown()))?;
    let style = match control {
        Control::Button(button) => button.style,
        Control::Form(form) => form.style,
        Control::Select(select) => return self::select(select, id).ok_or_else(|| format!("{}: no choices", shown())),
    };
    let mut button = SlackBlockButtonElement::new(plain(label(control.label(), SLACK_BUTTON_CHARS, "…")));
    button.action_id = Some(SlackActionId(id));
    button.style = match style {
        ButtonStyle::Normal => None,
        ButtonStyle::Primary => Some(SlackBlockButtonStyle::Primary),
        ButtonStyle::Danger => Some(SlackBlockButtonStyle::Danger),
    };
    Ok(SlackActionBlockElement::Button(button))
}

fn select(select: &Select, id: String) -> Option<SlackActionBlockElement> {
    let options = choices(&select.options);
    let mut element = SlackBlockStaticSelectElement::new();
    element.action_id = Some(SlackActionId(id));
    element.placeholder = Some(plain(label(&select.label, SLACK_PLACEHOLDER_CHARS, "Choose")));
    element.options = (!options.is_empty()).then_some(options);
    element.options.is_some().then_some(SlackActionBlockElement::StaticSelect(element))
}

/// Choices as options. Their values are numbered, since Slack's are short: what is chosen is looked up in the host's own copy.
pub(super) fn choices(choices: &[Choice]) -> Vec<SlackBlockChoiceItem<SlackBlockPlainTextOnly>> {
    let shown = choices.iter().enumerate().take(SLACK_OPTIONS);
    shown
        .map(|(number, choice)| {
            let text = plain(label(&choice.label, SLACK_OPTION_CHARS, "…"));
            SlackBlockChoiceItem::new(text, numbered(number, &choice.value, SLACK_OPTION_VALUE_CHARS))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_names_its_card_and_action(action in "[^\\x00]{1,40}", number in 0_usize..200) {
            let card = MessageRef::from("019b76da-a800-7000-8000-000000000001");
            let id = id(Kind::Select, number, "ab12", &card, &action).unwrap();
            prop_assert_eq!(named(&id), Some(Named { kind: Kind::Select, card, action }));
        }

        #[test]
        fn no_id_makes_it_panic(id in "\\PC{0,300}|[bfs][0-9|]{0,20}") {
            let _ = named(&id);
        }
    }
}
