//! Forms that a button opens: declared with the message, shown without the plugin, and checked by the host before the plugin
//! sees what was entered.

use std::fmt;

/// What a button opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Its heading.
    pub title: String,
    /// What the button that submits it says.
    pub submit: String,
    /// The command to type instead where no form can be shown; may be empty.
    pub command: String,
    /// What is asked, in order; at most five, which is what the strictest platform shows.
    pub fields: Vec<FormField>,
}

/// Something that a form asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormField {
    /// What the plugin calls it.
    pub name: String,
    /// What people read beside it.
    pub label: String,
    /// A line of explanation; may be empty.
    pub hint: String,
    /// It must be filled in.
    pub required: bool,
    /// What it holds.
    pub input: Input,
    /// For [`Input::Select`]: value and label of each option.
    pub options: Vec<(String, String)>,
    /// What stands in it at first; may be empty.
    pub initial: String,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// One line of text.
    #[default]
    Text,
    /// Several lines.
    Paragraph,
    /// A whole number.
    Number,
    /// One of the field's options.
    Select,
}

impl Form {
    /// A form without fields yet.
    pub fn new(title: impl Into<String>, submit: impl Into<String>) -> Self {
        Self { title: title.into(), submit: submit.into(), ..Self::default() }
    }

    /// What to type instead where no form can be shown.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// Asks for something more.
    #[must_use]
    pub fn field(mut self, field: FormField) -> Self {
        self.fields.push(field);
        self
    }
}

impl FormField {
    /// A line of text that may be left empty.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), ..Self::default() }
    }

    /// It must be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Several lines.
    #[must_use]
    pub fn paragraph(mut self) -> Self {
        self.input = Input::Paragraph;
        self
    }

    /// A whole number.
    #[must_use]
    pub fn number(mut self) -> Self {
        self.input = Input::Number;
        self
    }

    /// One of these (value, label).
    #[must_use]
    pub fn select<V: Into<String>, L: Into<String>>(mut self, options: impl IntoIterator<Item = (V, L)>) -> Self {
        self.input = Input::Select;
        self.options = options.into_iter().map(|(value, label)| (value.into(), label.into())).collect();
        self
    }

    /// A line of explanation.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What stands in it at first.
    #[must_use]
    pub fn initial(mut self, initial: impl Into<String>) -> Self {
        self.initial = initial.into();
        self
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|field| format!("{}{}", field.name, if field.required { "!" } else { "" }))
            .collect();
        write!(f, "({}: {})", self.title, fields.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reads_as_its_heading_and_fields() {
        let form = Form::new("Report", "Send")
            .field(FormField::new("title", "Title").required())
            .field(FormField::new("level", "Level").select([("low", "Low")]).hint("how bad").initial("low"));
        assert_eq!(form.to_string(), "(Report: title!, level)");
        assert_eq!((form.fields[1].input, form.fields[1].options.len()), (Input::Select, 1));
    }
}
