//! What people can do on a message, as rows of components; and the ids that come back when they do it.

use super::text::{plain, units};
use crate::config::limits::{
    DISCORD_BUTTON_LABEL, DISCORD_CUSTOM_ID, DISCORD_OPTION, DISCORD_OPTIONS, DISCORD_PLACEHOLDER, DISCORD_ROW_BUTTONS,
    DISCORD_ROWS,
};
use crate::model::form::Select;
use crate::model::ids::MessageRef;
use crate::model::view::{Block, ButtonStyle, Control, View};
use crate::platform::choice::{self, numbered};
use serenity::all::ButtonStyle as Look;
use serenity::builder::{
    CreateActionRow, CreateButton, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption,
};
use std::collections::BTreeSet;

/// Rows, and the labels of what found no room.
pub(super) struct Rows {
    pub(super) rows: Vec<CreateActionRow>,
    pub(super) hidden: Vec<String>,
}

/// What a component's id says. It comes back from Discord as it was sent, but anybody could have made it up: it names things, and
/// grants nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ComponentId {
    pub(super) message: MessageRef,
    pub(super) kind: ComponentKind,
    /// Empty for `More`.
    pub(super) action: String,
}

/// What was used, or submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ComponentKind {
    Button,
    /// The button that opens a form, and the form itself.
    Form,
    Select,
    /// The menu of what found no room as buttons; what was chosen is [`More::value`].
    More,
}

impl ComponentKind {
    const ALL: [(char, Self); 4] = [('b', Self::Button), ('f', Self::Form), ('s', Self::Select), ('m', Self::More)];

    fn letter(self) -> char {
        Self::ALL.into_iter().find(|(_, kind)| *kind == self).map_or('b', |(letter, _)| letter)
    }

    fn of(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| letter.chars().eq([*known])).map(|(_, kind)| kind)
    }
}

impl ComponentId {
    /// `REF:KIND:NUMBER:ACTION`; the number makes it unique in its message, which Discord demands. `None` when it is too long.
    pub(super) fn write(&self, number: usize) -> Option<String> {
        let text = format!("{}:{}:{number}:{}", self.message, self.kind.letter(), self.action);
        (units(&text) <= DISCORD_CUSTOM_ID && !self.message.as_str().contains(':')).then_some(text)
    }

    /// Reads one of ours.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let message = parts.next().filter(|message| !message.is_empty())?;
        let kind = ComponentKind::of(parts.next()?)?;
        parts.next().filter(|number| number.bytes().all(|b| b.is_ascii_digit()))?;
        Some(Self { message: MessageRef::from(message), kind, action: parts.next()?.to_owned() })
    }
}

/// A choice of the menu of further buttons.
pub(super) struct More {
    pub(super) kind: ComponentKind,
    pub(super) action: String,
}

impl More {
    fn value(kind: ComponentKind, action: &str) -> String {
        format!("{}:{action}", kind.letter())
    }

    pub(super) fn read(value: &str) -> Option<Self> {
        let (kind, action) = value.split_once(':')?;
        Some(Self { kind: ComponentKind::of(kind)?, action: action.to_owned() })
    }
}

/// What a select's option is called: its own value where that can be sent, else its number and what tells whether it still stands
/// there when it comes back.
pub(super) fn option_value(select: &Select, number: usize) -> String {
    let value = &select.options[number].value;
    let twice = select.options.iter().filter(|option| option.value == *value).count() > 1;
    match super::text::units(value) < DISCORD_OPTION && !twice {
        true => format!("={value}"),
        false => numbered(number, value, DISCORD_OPTION),
    }
}

/// The value that was chosen, by what came back; the options are those of the select as it stands now. `None` if it is no choice, or
/// another one by now.
pub(super) fn chosen<'a>(came: &'a str, options: &'a [crate::model::form::Choice]) -> Option<&'a str> {
    if let Some(value) = came.strip_prefix('=') {
        return Some(value);
    }
    choice::chosen(options, came, DISCORD_OPTION).map(|option| option.value.as_str())
}

/// The rows of a view.
pub(super) fn rows(message: &MessageRef, view: &View) -> Rows {
    let mut out = Rows { rows: Vec::new(), hidden: Vec::new() };
    let controls = view.blocks.iter().enumerate().filter_map(|(number, block)| match block {
        Block::Button(button) => Some((number, Control::Button(button))),
        Block::Form(form) => Some((number, Control::Form(form))),
        Block::Select(select) => Some((number, Control::Select(select))),
        _ => None,
    });
    let (mut buttons, mut selects, mut order) = (Vec::new(), Vec::new(), Vec::new());
    for (number, control) in controls {
        let Some(part) = Part::of(message, number, control, &mut out.hidden) else { continue };
        match part {
            Part::Select(menu, label) => {
                order.push(Placed::Select(selects.len()));
                selects.push((menu, label));
            }
            Part::Button(button) => {
                order.push(Placed::Button(buttons.len()));
                buttons.push(button);
            }
        }
    }
    let in_order = in_order(&order);
    if in_order.len() <= DISCORD_ROWS {
        out.rows = in_order
            .into_iter()
            .map(|row| match row {
                Placed::Select(at) => CreateActionRow::SelectMenu(selects[at].0.clone()),
                Placed::Buttons(from, to) => buttons_row(&buttons[from..to]),
                Placed::Button(at) => buttons_row(&buttons[at..=at]),
            })
            .collect();
        return out;
    }
    packed(message, &buttons, selects, &mut out);
    out
}

/// Where something stands: its number among its like.
#[derive(Clone, Copy)]
enum Placed {
    Select(usize),
    Button(usize),
    Buttons(usize, usize),
}

/// Rows in the order of the view.
fn in_order(order: &[Placed]) -> Vec<Placed> {
    let mut rows = Vec::new();
    for placed in order {
        match (*placed, rows.last_mut()) {
            (Placed::Button(at), Some(Placed::Buttons(from, to))) if at - *from < DISCORD_ROW_BUTTONS => *to = at + 1,
            (Placed::Button(at), _) => rows.push(Placed::Buttons(at, at + 1)),
            (other, _) => rows.push(other),
        }
    }
    rows
}

/// Buttons first, then menus; what is left over goes into one more menu.
fn packed(message: &MessageRef, buttons: &[Clickable], selects: Vec<(CreateSelectMenu, String)>, out: &mut Rows) {
    let wanted = buttons.len().div_ceil(DISCORD_ROW_BUTTONS);
    let kept = selects.len().min(if buttons.is_empty() { DISCORD_ROWS } else { DISCORD_ROWS - 1 });
    let room = DISCORD_ROWS - kept;
    let direct = if wanted <= room { buttons.len() } else { (room - 1) * DISCORD_ROW_BUTTONS };
    let (direct, rest) = buttons.split_at(direct.min(buttons.len()));
    out.rows.extend(direct.chunks(DISCORD_ROW_BUTTONS).map(buttons_row));
    let mut selects = selects.into_iter();
    out.rows.extend(selects.by_ref().take(kept).map(|(menu, _)| CreateActionRow::SelectMenu(menu)));
    out.hidden.extend(selects.map(|(_, label)| label));
    let mut seen = BTreeSet::new();
    let mut options = Vec::new();
    for button in rest {
        let value = More::value(button.kind, &button.action);
        let fits = options.len() < DISCORD_OPTIONS && super::text::units(&value) <= DISCORD_OPTION;
        match fits && seen.insert(value.clone()) {
            true => options.push(CreateSelectMenuOption::new(plain(&button.label, DISCORD_OPTION), value)),
            false => out.hidden.push(button.label.clone()),
        }
    }
    let more = ComponentId { message: message.clone(), kind: ComponentKind::More, action: String::new() };
    match more.write(0).filter(|_| !options.is_empty()) {
        Some(id) => {
            let menu = CreateSelectMenu::new(id, CreateSelectMenuKind::String { options }).placeholder("More…");
            out.rows.push(CreateActionRow::SelectMenu(menu));
        }
        None if options.is_empty() => {}
        None => out.hidden.extend(rest.iter().map(|button| button.label.clone())),
    }
}

/// A button, of a form or for itself.
struct Clickable {
    id: String,
    kind: ComponentKind,
    action: String,
    label: String,
    style: ButtonStyle,
}

enum Part {
    Button(Clickable),
    Select(CreateSelectMenu, String),
}

impl Part {
    /// `None`, and a label more in `hidden`, for what Discord cannot show.
    fn of(message: &MessageRef, number: usize, control: Control<'_>, hidden: &mut Vec<String>) -> Option<Self> {
        let kind = match control {
            Control::Button(_) => ComponentKind::Button,
            Control::Form(_) => ComponentKind::Form,
            Control::Select(_) => ComponentKind::Select,
        };
        let (action, label) = (control.action().to_owned(), plain(control.label(), DISCORD_OPTION));
        let id = ComponentId { message: message.clone(), kind, action: action.clone() }.write(number);
        let style = match control {
            Control::Button(button) => button.style,
            Control::Form(form) => form.style,
            Control::Select(select) => {
                let Some(menu) = id.and_then(|id| menu(id, select)) else {
                    hidden.push(label);
                    return None;
                };
                if select.options.len() > DISCORD_OPTIONS {
                    hidden.push(format!("{} choices of {label}", select.options.len() - DISCORD_OPTIONS));
                }
                return Some(Self::Select(menu, label));
            }
        };
        let Some(id) = id else {
            hidden.push(label);
            return None;
        };
        Some(Self::Button(Clickable { id, kind, action, label, style }))
    }
}

fn menu(id: String, select: &Select) -> Option<CreateSelectMenu> {
    let option = |number: usize| {
        let label = plain(&select.options[number].label, DISCORD_OPTION);
        CreateSelectMenuOption::new(label, option_value(select, number))
    };
    let options: Vec<_> = (0..select.options.len().min(DISCORD_OPTIONS)).map(option).collect();
    let placeholder = plain(&select.label, DISCORD_PLACEHOLDER);
    (!options.is_empty())
        .then(|| CreateSelectMenu::new(id, CreateSelectMenuKind::String { options }).placeholder(placeholder))
}

fn buttons_row(buttons: &[Clickable]) -> CreateActionRow {
    let button = |button: &Clickable| {
        let look = match button.style {
            ButtonStyle::Normal => Look::Secondary,
            ButtonStyle::Primary => Look::Primary,
            ButtonStyle::Danger => Look::Danger,
        };
        CreateButton::new(&button.id).label(plain(&button.label, DISCORD_BUTTON_LABEL)).style(look)
    };
    CreateActionRow::Buttons(buttons.iter().map(button).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_comes_back_as_it_was_written() {
        let id = |kind, action: &str| ComponentId { message: "0199-a".into(), kind, action: action.to_owned() };
        for (_, kind) in ComponentKind::ALL {
            let id = id(kind, "claim:commander");
            assert_eq!(ComponentId::read(&id.write(3).unwrap()), Some(id));
        }
        assert_eq!(id(ComponentKind::Button, &"x".repeat(100)).write(0), None, "Discord takes 100 characters");
    }

    #[test]
    fn a_choice_whose_value_cannot_be_sent_is_known_by_its_number() {
        let choice = |value: &str| crate::model::form::Choice { value: value.to_owned(), label: "x".to_owned() };
        let options = vec![choice("db"), choice(&"v".repeat(200)), choice("a"), choice("a")];
        let select = Select { action: "pick".into(), label: "Pick".into(), once: Default::default(), options };
        let values: Vec<_> = (0..4).map(|n| option_value(&select, n)).collect();
        assert_eq!((values[0].as_str(), values[2].as_str(), values[3].as_str()), ("=db", "2:a", "3:a"));
        assert!(values.iter().all(|value| units(value) <= DISCORD_OPTION), "{values:?}");
        let back: Vec<_> = values.iter().map(|came| chosen(came, &select.options).unwrap()).collect();
        assert_eq!(back, ["db", &"v".repeat(200), "a", "a"]);
        assert_eq!((chosen("9:a", &select.options), chosen("db", &select.options)), (None, None));
        assert_eq!(chosen("1:a", &select.options), None, "another stands there");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_as_an_id_is_read_or_refused(text in "\\PC{0,120}|[a-f0-9-]{1,36}:[bfsm]:[0-9]{1,3}:\\PC{0,60}") {
            if let Some(id) = ComponentId::read(&text) {
                prop_assert!(!id.message.as_str().is_empty());
            }
            More::read(&text);
        }
    }
}
