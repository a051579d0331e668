//! A story on the console, by what its stream shows.

use super::Given;
use super::way::{Part, Said, Seen, Who};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use drillbell::model::event::{ActionReceived, Argument, Event};
use drillbell::model::form::Input;
use drillbell::model::ids::{MessageRef, fresh};
use drillbell::model::view::{Block, Control, View};

/// The bot.
pub struct OnConsole {
    pub bot: TestBot,
}

impl OnConsole {
    /// Starts it.
    pub async fn start(database: &TestDatabase, given: Given) -> Self {
        Self { bot: TestBot::start(database, given.setup("console", "")).await }
    }

    pub async fn sees(&self, who: Who) -> Vec<Seen> {
        let read = self.bot.app.store().stream_after(0, None, &who.id().into(), 100_000).await;
        let mut all: Vec<Seen> = Vec::new();
        for item in read.expect("the database answers") {
            let Ok(view) = serde_json::from_value::<View>(item.payload.clone()) else { continue };
            let id = item.message.to_string();
            match (item.kind.as_str(), all.iter_mut().find(|known| known.id == id)) {
                ("edit", Some(known)) => known.parts = parts(&view),
                ("post", _) => {
                    let only_for = item.private_to.as_ref().map(|_| who);
                    all.push(Seen { id, place: item.conversation.local().to_owned(), only_for, parts: parts(&view) });
                }
                _ => {}
            }
        }
        all
    }

    pub async fn types(&self, who: Who, channel: &str, said: Said<'_>) {
        self.bot.types(who.id(), &format!("console:{channel}"), &said.line()).await;
    }

    /// What is called that on a message as it stands.
    async fn standing(&self, on: &Seen) -> (MessageRef, View) {
        let card = MessageRef::from(on.id.as_str());
        let message = self.bot.app.store().message(&card).await.expect("the database answers");
        (card, message.expect("the message is there").view)
    }

    pub async fn presses(&self, who: Who, on: &Seen, label: &str) {
        let (card, view) = self.standing(on).await;
        let button = view.buttons().find(|one| one.label == label);
        let button = button.unwrap_or_else(|| panic!("no button {label:?}: {}", on.drawn()));
        self.bot.clicks(who.id(), &card, &button.action).await;
    }

    pub async fn fills(&self, who: Who, on: &Seen, label: &str, entries: &[(&str, &str)]) {
        let (card, view) = self.standing(on).await;
        let form = view.blocks.iter().find_map(|block| match block {
            Block::Form(form) if form.label == label => Some(form),
            _ => None,
        });
        let form = form.unwrap_or_else(|| panic!("no form {label:?}: {}", on.drawn()));
        for (name, _) in entries {
            assert!(form.fields.iter().any(|field| field.label == *name), "{label} asks nothing called {name}");
        }
        let mut fields = Vec::new();
        for field in &form.fields {
            let given = entries.iter().find(|(name, _)| field.label == *name).map(|(_, value)| *value);
            let value = match (given, field.input) {
                (Some(chosen), Input::Select) => {
                    let option = field.options.iter().find(|one| one.label == chosen);
                    option.unwrap_or_else(|| panic!("{} has no choice {chosen}", field.label)).value.clone()
                }
                (given, _) => given.unwrap_or(&field.initial).to_owned(),
            };
            fields.push(Argument { name: field.name.clone(), value });
        }
        let by = self.bot.app.person("console", who.id());
        let (action, value) = (form.action.clone(), String::new());
        let event = ActionReceived { card, action, value, fields, by, asserted_by: None };
        self.bot.delivers_event(&fresh(), Event::ActionReceived(event)).await;
    }
}

fn parts(view: &View) -> Vec<Part> {
    let controls = view.blocks.iter().filter_map(|block| match block {
        Block::Button(button) => Some(Control::Button(button).label()),
        Block::Form(form) => Some(Control::Form(form).label()),
        Block::Select(select) => Some(Control::Select(select).label()),
        _ => None,
    });
    vec![Part::Text(view.to_plain()), Part::Controls(controls.map(str::to_owned).collect())]
}
