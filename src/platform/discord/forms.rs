//! A declared form as Discord's modal (components/reference, `label`), and what was entered as the form's values. serenity has no
//! labels, so that this is written as JSON.

use super::rows::{ComponentId, ComponentKind};
use super::text::plain;
use super::wire;
use crate::config::limits::{
    DISCORD_CUSTOM_ID, DISCORD_INPUT, DISCORD_LABEL, DISCORD_LABEL_DESCRIPTION, DISCORD_MODAL_PARTS,
    DISCORD_MODAL_TITLE, DISCORD_OPTION, DISCORD_OPTIONS,
};
use crate::model::event::Argument;
use crate::model::form::{Form, FormField, Input};
use crate::model::ids::MessageRef;
use crate::platform::choice::{chosen, numbered};
use serde_json::{Value, json};

/// The modal of a form; `None` for one that Discord cannot show, whose command is the way then.
pub(super) fn modal(message: &MessageRef, form: &Form) -> Option<Value> {
    let id =
        ComponentId { message: message.clone(), kind: ComponentKind::Form, action: form.action.clone() }.write(0)?;
    if form.fields.is_empty() || form.fields.len() > DISCORD_MODAL_PARTS {
        return None;
    }
    let parts: Option<Vec<_>> = form.fields.iter().enumerate().map(|(number, field)| part(number, field)).collect();
    let title = plain(&form.title, DISCORD_MODAL_TITLE);
    Some(json!({"custom_id": id, "title": title, "components": parts?}))
}

/// A field's id is its number and what tells whether it still stands there: names may be longer than an id.
fn field_id(number: usize, field: &FormField) -> String {
    numbered(number, &field.name, DISCORD_CUSTOM_ID)
}

fn part(number: usize, field: &FormField) -> Option<Value> {
    let id = field_id(number, field);
    let input = match field.input {
        Input::Select => {
            let option = |(number, option): (usize, &crate::model::form::Choice)| {
                json!({
                    "label": plain(&option.label, DISCORD_OPTION), "value": numbered(number, &option.value, DISCORD_OPTION),
                    "default": option.value == field.initial,
                })
            };
            let options: Vec<_> = field.options.iter().take(DISCORD_OPTIONS).enumerate().map(option).collect();
            if options.is_empty() {
                return None;
            }
            json!({"type": 3, "custom_id": id, "required": field.required, "options": options})
        }
        Input::Text | Input::Paragraph | Input::Number => {
            let style = if field.input == Input::Paragraph { 2 } else { 1 };
            let mut input = json!({
                "type": 4, "custom_id": id, "style": style, "required": field.required, "max_length": DISCORD_INPUT,
            });
            // What would be cut must not be sent back as if somebody had written it so.
            if !field.initial.is_empty() && super::text::units(&field.initial) <= DISCORD_INPUT {
                input["value"] = json!(field.initial);
            }
            input
        }
    };
    let mut label = json!({"type": 18, "label": plain(&field.label, DISCORD_LABEL), "component": input});
    if !field.hint.trim().is_empty() {
        label["description"] = json!(plain(&field.hint, DISCORD_LABEL_DESCRIPTION));
    }
    Some(label)
}

/// What was entered, by the form's own names. What is no field of it is kept under the id it came with, and refused when it is
/// handled.
///
/// # Errors
/// The choices of a menu are others than those that were shown; what to tell whoever chose.
pub(super) fn fields(form: &Form, components: &[Value]) -> Result<Vec<Argument>, String> {
    let named = |(id, value): (String, String)| {
        let number = id.split_once(':').and_then(|(number, _)| number.parse::<usize>().ok());
        let field = number.and_then(|number| Some((number, form.fields.get(number)?)));
        let Some((_, field)) = field.filter(|(number, field)| field_id(*number, field) == id) else {
            return Ok(Argument { name: id, value });
        };
        let value = match field.input {
            // Nothing was chosen.
            Input::Select if value.is_empty() => value,
            Input::Select => match chosen(&field.options, &value, DISCORD_OPTION) {
                Some(choice) => choice.value.clone(),
                None => {
                    let label = plain(&field.label, DISCORD_LABEL);
                    return Err(format!("The choices of {label} have changed meanwhile. Open the form again."));
                }
            },
            Input::Text | Input::Paragraph | Input::Number => value,
        };
        Ok(Argument { name: field.name.clone(), value })
    };
    wire::entered(components).into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::form::Choice;
    use crate::model::view::{ButtonStyle, Once};

    fn field(name: &str, input: Input) -> FormField {
        let options =
            ["low", "high"].map(|value| Choice { value: value.to_owned(), label: value.to_uppercase() }).to_vec();
        FormField {
            name: name.into(),
            label: name.to_uppercase(),
            hint: "why".into(),
            required: true,
            input,
            options,
            initial: "high".into(),
        }
    }

    fn form(fields: Vec<FormField>) -> Form {
        Form {
            action: "update".into(),
            label: "Update".into(),
            value: "v".into(),
            style: ButtonStyle::Normal,
            once: Once::Never,
            title: "What is new in the incident that has a very long name".into(),
            submit: "Post".into(),
            command: String::new(),
            fields,
        }
    }

    #[test]
    fn a_form_is_shown_within_the_limits_and_its_entries_come_back_by_name() {
        let form = form(vec![field("text", Input::Paragraph), field("level", Input::Select)]);
        let modal = modal(&MessageRef::from("019b"), &form).unwrap();
        assert_eq!(modal["custom_id"], "019b:f:0:update");
        assert_eq!(super::super::text::units(modal["title"].as_str().unwrap()), 45);
        insta::assert_snapshot!(modal["components"].to_string(), @r##"[{"component":{"custom_id":"0:text","max_length":4000,"required":true,"style":2,"type":4,"value":"high"},"description":"why","label":"TEXT","type":18},{"component":{"custom_id":"1:level","options":[{"default":false,"label":"LOW","value":"0:low"},{"default":true,"label":"HIGH","value":"1:high"}],"required":true,"type":3},"description":"why","label":"LEVEL","type":18}]"##);
        let entered = fields(
            &form,
            &[
                json!({"type": 18, "component": {"custom_id": "0:text", "value": "it works"}}),
                json!({"type": 18, "component": {"custom_id": "1:level", "values": ["1:high"]}}),
                json!({"type": 18, "component": {"custom_id": "x", "value": "forged"}}),
            ],
        )
        .unwrap();
        let shown: Vec<_> = entered.iter().map(|one| format!("{}={}", one.name, one.value)).collect();
        assert_eq!(shown, ["text=it works", "level=high", "x=forged"]);
    }

    #[test]
    fn what_was_shown_is_what_is_chosen_though_the_choices_have_moved_meanwhile() {
        let shown = form(vec![field("level", Input::Select)]);
        let came = |value: &str| [json!({"type": 18, "component": {"custom_id": "0:level", "values": [value]}})];
        let mut now = shown.clone();
        now.fields[0].options.insert(0, Choice { value: "lowest".into(), label: "Lowest".into() });
        assert_eq!(fields(&shown, &came("1:high")).unwrap()[0].value, "high");
        assert_eq!(
            fields(&now, &came("1:high")).unwrap_err(),
            "The choices of LEVEL have changed meanwhile. Open the form again."
        );
        assert_eq!(fields(&now, &came("")).unwrap()[0].value, "", "nothing was chosen");
        now.fields.insert(0, field("text", Input::Text));
        assert_eq!(fields(&now, &came("1:high")).unwrap()[0].name, "0:level", "another field stands there");
    }

    #[test]
    fn a_form_that_discord_cannot_show_is_none() {
        assert_eq!(modal(&MessageRef::from("019b"), &form(Vec::new())), None);
        assert_eq!(modal(&MessageRef::from("019b"), &form(vec![field("a", Input::Text); 6])), None);
    }
}
