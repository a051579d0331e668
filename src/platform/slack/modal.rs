//! Forms as modals: opened from the card's declaration with no plugin running, and read back against that same declaration.
//! <https://docs.slack.dev/surfaces/modals>

use super::controls::{choices, plain};
use super::text::{clip, label, length};
use crate::config::limits::{
    SLACK_INITIAL_CHARS, SLACK_LABEL_CHARS, SLACK_METADATA_CHARS, SLACK_MODAL_TITLE_CHARS, SLACK_OPTION_VALUE_CHARS,
    SLACK_PLACEHOLDER_CHARS,
};
use crate::model::event::Argument;
use crate::model::form::{Form, FormField, Input, entered};
use crate::model::ids::MessageRef;
use crate::platform::choice::chosen;
use serde::{Deserialize, Serialize};
use slack_morphism::blocks::{
    SlackBlock, SlackBlockId, SlackBlockNumberInputElement, SlackBlockPlainTextInputElement,
    SlackBlockStaticSelectElement, SlackInputBlock, SlackInputBlockElement, SlackModalView,
};
use slack_morphism::{SlackActionId, SlackCallbackId};
use std::collections::BTreeMap;

/// What our modals are called.
pub(super) const CALLBACK: &str = "drillbell.form";
/// What the one element of each of their blocks is called.
const ELEMENT: &str = "v";
/// Characters of a field's name in its block's id; the number before it tells fields of longer names apart.
const NAME_CHARS: usize = 200;

/// What a modal carries along: which form it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Carried {
    /// The card.
    pub(super) card: MessageRef,
    /// The form's action.
    pub(super) action: String,
    /// Where the card stands, for a private answer: `C…` or `C…/ts`.
    pub(super) place: String,
}

/// A form as a modal; `None` if it cannot be one.
pub(super) fn modal(form: &Form, carried: &Carried) -> Option<SlackModalView> {
    let carried = serde_json::to_string(carried).ok().filter(|text| length(text) <= SLACK_METADATA_CHARS)?;
    let mut blocks: Vec<SlackBlock> = Vec::new();
    if label(&form.title, usize::MAX, "") != label(&form.title, SLACK_MODAL_TITLE_CHARS, "") {
        blocks.push(super::render::note(&label(&form.title, SLACK_LABEL_CHARS, "")));
    }
    blocks.extend(form.fields.iter().enumerate().map(|(number, field)| input(number, field)));
    if blocks.is_empty() {
        blocks.push(super::render::note("There is nothing to fill in."));
    }
    let mut view = SlackModalView::new(plain(label(&form.title, SLACK_MODAL_TITLE_CHARS, "Form")), blocks);
    view.submit = Some(plain(label(&form.submit, SLACK_MODAL_TITLE_CHARS, "Submit")));
    view.close = Some(plain("Cancel".to_owned()));
    view.private_metadata = Some(carried);
    view.callback_id = Some(SlackCallbackId(CALLBACK.to_owned()));
    Some(view)
}

/// `0:title`.
fn block_id(number: usize, field: &FormField) -> String {
    clip(&format!("{number}:{}", field.name), NAME_CHARS)
}

fn input(number: usize, field: &FormField) -> SlackBlock {
    let action = Some(SlackActionId(ELEMENT.to_owned()));
    let mut hint = label(&field.hint, SLACK_LABEL_CHARS - 100, "");
    let initial = clip(&field.initial, SLACK_INITIAL_CHARS);
    if initial != field.initial {
        hint = format!("{hint} (What stood here was longer; its end is cut.)").trim().to_owned();
    }
    let element = match field.input {
        Input::Text | Input::Paragraph => {
            let mut element = SlackBlockPlainTextInputElement::new();
            element.action_id = action;
            element.multiline = Some(field.input == Input::Paragraph);
            element.initial_value = (!initial.is_empty()).then_some(initial);
            SlackInputBlockElement::PlainTextInput(element)
        }
        Input::Number => {
            let mut element = SlackBlockNumberInputElement::new(false);
            element.action_id = action;
            element.initial_value = initial.parse::<i64>().ok().map(|number| number.to_string());
            SlackInputBlockElement::NumberInput(element)
        }
        // A select without choices is refused by Slack; there is nothing to choose either.
        Input::Select if field.options.is_empty() => {
            return super::render::note(&format!(
                "{}: there is nothing to choose from.",
                label(&field.label, SLACK_LABEL_CHARS - 100, "Field")
            ));
        }
        Input::Select => {
            let mut element = SlackBlockStaticSelectElement::new();
            let options = choices(&field.options);
            element.action_id = action;
            element.placeholder = Some(plain(label(&field.label, SLACK_PLACEHOLDER_CHARS, "Choose")));
            let first = field.options.iter().position(|option| option.value == field.initial);
            element.initial_option = first.and_then(|at| options.get(at).cloned());
            element.options = Some(options);
            SlackInputBlockElement::StaticSelect(element)
        }
    };
    let mut block = SlackInputBlock::new(plain(label(&field.label, SLACK_LABEL_CHARS, "Field")), element);
    block.block_id = Some(SlackBlockId(block_id(number, field)));
    block.hint = (!hint.is_empty()).then(|| plain(hint));
    block.optional = Some(!field.required);
    block.into()
}

/// What was entered: block to value, as Slack tells it; nothing for what was left empty.
pub(super) type State = BTreeMap<String, String>;

/// What was entered, as the form's fields; else what is wrong, by block.
pub(super) fn submitted(form: &Form, state: &State) -> Result<Vec<Argument>, BTreeMap<String, String>> {
    let mut wrong = BTreeMap::new();
    let mut found = Vec::new();
    let known: Vec<String> = form.fields.iter().enumerate().map(|(n, field)| block_id(n, field)).collect();
    if let Some(unknown) = state.keys().find(|block| !known.contains(block)) {
        let words = "The form has changed meanwhile. Close it, and open it again.";
        return Err(BTreeMap::from([(unknown.clone(), words.to_owned())]));
    }
    for (block, field) in known.into_iter().zip(&form.fields) {
        let value = match (state.get(&block), field.input) {
            (Some(value), Input::Select) => match chosen(&field.options, value, SLACK_OPTION_VALUE_CHARS) {
                Some(choice) => Some(choice.value.clone()),
                None => {
                    wrong.insert(
                        block,
                        "The choices have changed meanwhile. Close the form, and open it again.".to_owned(),
                    );
                    continue;
                }
            },
            (value, _) => value.cloned(),
        };
        let given: Vec<Argument> =
            value.into_iter().map(|value| Argument { name: field.name.clone(), value }).collect();
        match entered(std::slice::from_ref(field), &given) {
            Ok(fields) => found.extend(fields),
            Err(sentence) => drop(wrong.insert(block, sentence)),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::form::Choice;
    use crate::model::view::{ButtonStyle, Once};
    use proptest::prelude::*;

    fn field(name: &str, input: Input, required: bool) -> FormField {
        let option = |value: &str| Choice { value: value.to_owned(), label: value.to_uppercase() };
        FormField {
            name: name.to_owned(),
            label: name.to_uppercase(),
            hint: String::new(),
            required,
            input,
            options: if input == Input::Select { vec![option("low"), option("high")] } else { Vec::new() },
            initial: String::new(),
        }
    }

    fn form(fields: Vec<FormField>) -> Form {
        let text = |text: &str| text.to_owned();
        Form {
            action: text("declare"),
            label: text("Declare"),
            value: String::new(),
            style: ButtonStyle::Normal,
            once: Once::Never,
            title: text("Declare an incident"),
            submit: text("Declare"),
            command: String::new(),
            fields,
        }
    }

    fn state(pairs: &[(&str, &str)]) -> State {
        pairs.iter().map(|(block, value)| ((*block).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_was_entered_comes_back_by_name_and_what_is_wrong_by_block() {
        let form = form(vec![
            field("title", Input::Text, true),
            field("level", Input::Select, true),
            field("n", Input::Number, false),
        ]);
        let good =
            submitted(&form, &state(&[("0:title", "checkout is down"), ("1:level", "1:high"), ("2:n", "3")])).unwrap();
        let good: Vec<_> = good.into_iter().map(|one| format!("{}={}", one.name, one.value)).collect();
        assert_eq!(good, ["title=checkout is down", "level=high", "n=3"]);
        let wrong = submitted(&form, &state(&[("1:level", "0:high"), ("2:n", "many")])).unwrap_err();
        insta::assert_snapshot!(wrong.iter().map(|(block, why)| format!("{block}: {why}")).collect::<Vec<_>>().join("\n"), @r"
        0:title: TITLE must be filled in.
        1:level: The choices have changed meanwhile. Close the form, and open it again.
        2:n: N must be a whole number.
        ");
        assert!(submitted(&form, &state(&[("0:other", "x")])).is_err(), "a field that is not there any more");
    }

    proptest! {
        #[test]
        fn any_form_fits(title in "\\PC{0,60}", name in "\\PC{1,300}", words in "\\PC{0,2500}", initial in "\\PC{0,3500}") {
            let mut one = field(&name, Input::Paragraph, true);
            one.label.clone_from(&words);
            one.hint = words;
            one.initial = initial;
            let mut form = form(vec![one, field("level", Input::Select, false)]);
            form.title = title;
            let carried = Carried { card: "c".into(), action: "a".to_owned(), place: "C1".to_owned() };
            let view = serde_json::to_value(modal(&form, &carried).unwrap()).unwrap();
            let chars = |value: &serde_json::Value| length(value.as_str().unwrap_or_default());
            prop_assert!((1..=SLACK_MODAL_TITLE_CHARS).contains(&chars(&view["title"]["text"])));
            for block in view["blocks"].as_array().unwrap() {
                prop_assert!(chars(&block["label"]["text"]) <= SLACK_LABEL_CHARS);
                prop_assert!(chars(&block["hint"]["text"]) <= SLACK_LABEL_CHARS);
                prop_assert!(chars(&block["block_id"]) <= 255);
                prop_assert!(chars(&block["element"]["initial_value"]) <= SLACK_INITIAL_CHARS);
            }
        }
    }
}
