//! Forms and selects of a message: declared with it, so that a platform can open them without asking a plugin; what is entered
//! is checked against the declaration before a plugin sees it.

use super::event::Argument;
use super::view::{ButtonStyle, Once};
use serde::{Deserialize, Serialize};

/// A button that opens a form. Its submission is an action with the fields' values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Form {
    /// What the plugin calls it.
    pub action: String,
    /// What people read on the button.
    pub label: String,
    /// Given back to the plugin with the submission.
    pub value: String,
    /// How the button looks.
    #[serde(default)]
    pub style: ButtonStyle,
    /// How often a submission counts.
    #[serde(default)]
    pub once: Once,
    /// The form's heading.
    pub title: String,
    /// What the button that submits it says.
    pub submit: String,
    /// The command to type instead where no form can be shown; may be empty.
    #[serde(default)]
    pub command: String,
    /// What is asked, in order.
    pub fields: Vec<FormField>,
}

/// Something that a form asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FormField {
    /// What the plugin calls it.
    pub name: String,
    /// What people read beside it.
    pub label: String,
    /// A line of explanation; may be empty.
    #[serde(default)]
    pub hint: String,
    /// It must be filled in.
    #[serde(default)]
    pub required: bool,
    /// What it holds.
    #[serde(rename = "type")]
    pub input: Input,
    /// For `select`: what to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// What stands in it at first; may be empty.
    #[serde(default)]
    pub initial: String,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// One line of text.
    #[default]
    Text,
    /// Several lines.
    Paragraph,
    /// A whole number in decimal.
    Number,
    /// One of `options`.
    Select,
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Choice {
    /// What the plugin gets.
    pub value: String,
    /// What people read.
    pub label: String,
}

/// A choice that stands on the card itself; choosing is an action with the chosen value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Select {
    /// What the plugin calls it.
    pub action: String,
    /// What people read beside it.
    pub label: String,
    /// How often choosing counts.
    #[serde(default)]
    pub once: Once,
    /// What to choose from.
    pub options: Vec<Choice>,
}

/// What was entered, if it fits the fields, in their order; what was left empty is left out. The error is a sentence for
/// whoever filled it in.
pub fn entered(fields: &[FormField], given: &[Argument]) -> Result<Vec<Argument>, String> {
    if let Some(unknown) = given.iter().find(|one| !fields.iter().any(|field| field.name == one.name)) {
        let shown: String = unknown.name.chars().take(40).collect();
        return Err(format!("The form has no field `{shown}`; it may have changed. Open it again."));
    }
    let mut found = Vec::new();
    for field in fields {
        let mut values = given.iter().filter(|one| one.name == field.name).map(|one| one.value.trim());
        let value = values.next().unwrap_or_default();
        if values.next().is_some() {
            return Err(format!("{} was filled in twice.", field.label));
        }
        if value.is_empty() {
            if field.required {
                return Err(format!("{} must be filled in.", field.label));
            }
            continue;
        }
        let fits = match field.input {
            Input::Text => !value.contains('\n'),
            Input::Paragraph => true,
            Input::Number => value.parse::<i64>().is_ok(),
            Input::Select => field.options.iter().any(|option| option.value == value),
        };
        if !fits {
            let expected = match field.input {
                Input::Text | Input::Paragraph => "one line of text",
                Input::Number => "a whole number",
                Input::Select => "one of its choices",
            };
            return Err(format!("{} must be {expected}.", field.label));
        }
        found.push(Argument { name: field.name.clone(), value: value.to_owned() });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(name: &str, input: Input, required: bool) -> FormField {
        let options = ["low", "high"].map(|value| Choice { value: value.to_owned(), label: value.to_uppercase() });
        FormField {
            name: name.to_owned(),
            label: name.to_uppercase(),
            hint: String::new(),
            required,
            input,
            options: if input == Input::Select { options.to_vec() } else { Vec::new() },
            initial: String::new(),
        }
    }

    fn fields() -> Vec<FormField> {
        vec![
            field("title", Input::Text, true),
            field("more", Input::Paragraph, false),
            field("count", Input::Number, false),
            field("level", Input::Select, false),
        ]
    }

    fn given(pairs: &[(&str, &str)]) -> Vec<Argument> {
        pairs.iter().map(|(name, value)| Argument { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
    }

    #[test]
    fn what_fits_comes_in_the_order_of_the_fields_and_what_is_empty_not_at_all() {
        let found = entered(&fields(), &given(&[("level", "high"), ("more", " "), ("count", "-7"), ("title", " x ")]));
        assert_eq!(found, Ok(given(&[("title", "x"), ("count", "-7"), ("level", "high")])));
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_label() {
        let refused = [
            &[("count", "1")][..],
            &[("title", " ")],
            &[("title", "a\nb")],
            &[("title", "x"), ("count", "many")],
            &[("title", "x"), ("level", "other")],
            &[("title", "x"), ("hidden", "1")],
            &[("title", "x"), ("title", "y")],
        ]
        .map(|pairs| entered(&fields(), &given(pairs)).unwrap_err());
        insta::assert_snapshot!(refused.join("\n"), @r"
        TITLE must be filled in.
        TITLE must be filled in.
        TITLE must be one line of text.
        COUNT must be a whole number.
        LEVEL must be one of its choices.
        The form has no field `hidden`; it may have changed. Open it again.
        TITLE was filled in twice.
        ");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_only_declared_fields_come_out(pairs in prop::collection::vec(("[a-z]{0,6}", "\\PC{0,20}"), 0..6)) {
            let pairs: Vec<Argument> = pairs.into_iter().map(|(name, value)| Argument { name, value }).collect();
            if let Ok(found) = entered(&fields(), &pairs) {
                prop_assert!(found.iter().all(|one| fields().iter().any(|field| field.name == one.name)));
                prop_assert!(found.iter().any(|one| one.name == "title"));
            }
        }
    }
}
