//! What Slack sends, as far as we listen: types of our own, in which everything may be missing, be null or be more than the pages
//! say, because what cannot be read is an event lost. <https://docs.slack.dev/reference/interaction-payloads>

use super::modal::State;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// `null` is the same as nothing.
fn lenient<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A slash command. <https://docs.slack.dev/interactivity/implementing-slash-commands>
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Command {
    #[serde(deserialize_with = "lenient")]
    pub(super) command: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) text: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) user_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) user_name: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) channel_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) channel_name: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) response_url: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) trigger_id: String,
}

/// A click, a submitted modal, and what else people do with what we show. <https://docs.slack.dev/reference/interaction-payloads>
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Interaction {
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(super) kind: String,
    /// Where the app is installed; `null` in an organisation's install.
    #[serde(deserialize_with = "lenient")]
    pub(super) team: Team,
    #[serde(deserialize_with = "lenient")]
    pub(super) user: User,
    #[serde(deserialize_with = "lenient")]
    pub(super) channel: Channel,
    #[serde(deserialize_with = "lenient")]
    pub(super) container: Container,
    #[serde(deserialize_with = "lenient")]
    pub(super) actions: Vec<Action>,
    #[serde(deserialize_with = "lenient")]
    pub(super) response_url: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) trigger_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) view: View,
}

/// A workspace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Team {
    #[serde(deserialize_with = "lenient")]
    pub(super) id: String,
}

/// Who did it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct User {
    #[serde(deserialize_with = "lenient")]
    pub(super) team_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) username: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) name: String,
}

/// Where.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Channel {
    #[serde(deserialize_with = "lenient")]
    pub(super) id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) name: String,
}

/// In what.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    #[serde(deserialize_with = "lenient")]
    pub(super) channel_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) message_ts: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) thread_ts: String,
}

/// What was used. Each kind of element puts what was chosen into a field of its own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Action {
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(super) kind: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) action_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) action_ts: String,
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Value>,
}

/// A modal as it was submitted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct View {
    #[serde(deserialize_with = "lenient")]
    pub(super) id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) hash: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) callback_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) private_metadata: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) state: ViewState,
}

/// Block to element to what is in it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ViewState {
    #[serde(deserialize_with = "lenient")]
    values: BTreeMap<String, BTreeMap<String, BTreeMap<String, Value>>>,
}

/// What the Events API sends. <https://docs.slack.dev/apis/events-api>
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct EventCallback {
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(super) kind: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) challenge: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) event_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) team_id: String,
    /// It happened in a channel that two workspaces share.
    #[serde(deserialize_with = "lenient")]
    pub(super) is_ext_shared_channel: bool,
    #[serde(deserialize_with = "lenient")]
    pub(super) event: Happened,
    /// How often Slack has sent it before, which stands beside the payload.
    #[serde(skip)]
    pub(super) retry: u64,
}

/// What happened. <https://docs.slack.dev/reference/events>
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Happened {
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(super) kind: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) user: Value,
    /// The workspace of whoever did it; another one in a channel that two share.
    #[serde(deserialize_with = "lenient")]
    pub(super) user_team: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) bot_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) text: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) ts: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) thread_ts: String,
    /// Of a message its id; of a channel's own events the channel.
    #[serde(deserialize_with = "lenient")]
    pub(super) channel: Value,
    /// Of a message that is nothing more than said, nothing.
    #[serde(deserialize_with = "lenient")]
    pub(super) subtype: String,
    /// Of one that was changed: how it stands now.
    #[serde(deserialize_with = "lenient")]
    pub(super) message: Written,
    /// How it stood before.
    #[serde(deserialize_with = "lenient")]
    pub(super) previous_message: Written,
    #[serde(deserialize_with = "lenient")]
    pub(super) deleted_ts: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) reaction: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) item: Item,
}

/// A message as somebody wrote it. <https://docs.slack.dev/reference/events/message/message_changed>
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    #[serde(deserialize_with = "lenient")]
    pub(super) subtype: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) user: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) team: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) bot_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) text: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) ts: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) thread_ts: String,
}

/// What was reacted to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Item {
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(super) kind: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) channel: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) ts: String,
}

impl User {
    /// What the person is called.
    pub(super) fn shown(&self) -> &str {
        [&self.username, &self.name, &self.id].into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }
}

impl Happened {
    /// The id of whoever did it: a text, or in some events an object.
    pub(super) fn user_id(&self) -> &str {
        self.user.as_str().or_else(|| self.user["id"].as_str()).unwrap_or_default()
    }

    /// The channel's id: a text, or in some events an object.
    pub(super) fn channel_id(&self) -> &str {
        self.channel.as_str().or_else(|| self.channel["id"].as_str()).unwrap_or_default()
    }
}

impl Action {
    /// What was chosen, whatever kind of element it was; of several their values with a comma between.
    pub(super) fn chosen(&self) -> String {
        chosen(&self.rest).unwrap_or_default()
    }
}

impl ViewState {
    /// Block to what was entered in it; what was left empty is left out.
    pub(super) fn entered(&self) -> State {
        let of_block = |elements: &BTreeMap<String, BTreeMap<String, Value>>| elements.values().find_map(chosen);
        self.values.iter().filter_map(|(block, elements)| Some((block.clone(), of_block(elements)?))).collect()
    }
}

/// The value of an element, by the field in which its kind puts it.
/// <https://docs.slack.dev/reference/block-kit/block-elements>
fn chosen(element: &BTreeMap<String, Value>) -> Option<String> {
    const ONE: [&str; 7] = [
        "value",
        "selected_user",
        "selected_channel",
        "selected_conversation",
        "selected_date",
        "selected_time",
        "selected_date_time",
    ];
    const MANY: [&str; 4] = ["selected_users", "selected_channels", "selected_conversations", "files"];
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => {
            object.get("value").or_else(|| object.get("id")).and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    };
    let of_list = |list: &Value| {
        let all: Vec<String> = list.as_array()?.iter().filter_map(text).collect();
        (!all.is_empty()).then(|| all.join(","))
    };
    if let Some(option) = element.get("selected_option").and_then(text) {
        return Some(option);
    }
    if let Some(options) = element.get("selected_options").and_then(of_list) {
        return Some(options);
    }
    if let Some(rich) = element.get("rich_text_value").filter(|value| !value.is_null()) {
        return Some(rich.to_string());
    }
    let one = ONE.iter().find_map(|name| element.get(*name).and_then(text));
    one.or_else(|| MANY.iter().find_map(|name| element.get(*name).and_then(of_list))).filter(|text| !text.is_empty())
}

/// Reads bytes as everything that Slack sends, and returns what was found of actions and entries. For fuzzing.
pub fn reads(bytes: &[u8]) -> Vec<String> {
    let command = serde_json::from_slice::<Command>(bytes).map(|command| command.text);
    let event = serde_json::from_slice::<EventCallback>(bytes).map(|told| told.event.user_id().to_owned());
    let happened = serde_json::from_slice::<Interaction>(bytes).unwrap_or_default();
    let named = happened.actions.iter().filter_map(|action| super::controls::named(&action.action_id));
    let names = named.map(|named| named.action);
    let chosen = happened.actions.iter().map(Action::chosen);
    let entered = happened.view.state.entered();
    command.into_iter().chain(event).chain(names).chain(chosen).chain(entered.into_values()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn no_kind_of_element_loses_what_was_chosen() {
        let elements = [
            json!({"type": "button", "value": "v"}),
            json!({"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": "X"}, "value": "o"}}),
            json!({"type": "multi_static_select", "selected_options": [{"value": "a"}, {"value": "b"}]}),
            json!({"type": "users_select", "selected_user": "U1"}),
            json!({"type": "multi_users_select", "selected_users": ["U1", "U2"]}),
            json!({"type": "channels_select", "selected_channel": "C1"}),
            json!({"type": "multi_channels_select", "selected_channels": ["C1"]}),
            json!({"type": "conversations_select", "selected_conversation": "D1"}),
            json!({"type": "multi_conversations_select", "selected_conversations": ["D1", "C1"]}),
            json!({"type": "datepicker", "selected_date": "2026-01-01"}),
            json!({"type": "timepicker", "selected_time": "03:12", "timezone": "Europe/Lisbon"}),
            json!({"type": "datetimepicker", "selected_date_time": 1767225600}),
            json!({"type": "plain_text_input", "value": null}),
            json!({"type": "file_input", "files": [{"id": "F1"}]}),
        ];
        let all: Vec<String> =
            elements.into_iter().map(|one| serde_json::from_value::<Action>(one).unwrap().chosen()).collect();
        insta::assert_snapshot!(all.join("|"), @"v|o|a,b|U1|U1,U2|C1|C1|D1|D1,C1|2026-01-01|03:12|1767225600||F1");
    }

    #[test]
    fn an_organisations_install_has_no_team_and_that_is_fine() {
        let click = json!({"type": "block_actions", "team": null, "enterprise": {"id": "E1"}, "is_enterprise_install": true,
            "user": {"id": "U1", "username": "ana", "team_id": "T1"}, "channel": null, "view": null,
            "actions": [{"type": "button", "action_id": "x", "value": null}]});
        let click: Interaction = serde_json::from_value(click).unwrap();
        assert_eq!(
            (click.user.shown(), click.channel.id.as_str(), click.actions[0].chosen().as_str()),
            ("ana", "", "")
        );
    }

    proptest! {
        #[test]
        fn no_json_makes_it_panic(text in "\\{(\"(type|user|event|view|actions|text)\":(null|1|\"x\"|\\[\\]|\\{\\}),?){0,4}\\}") {
            let text = text.replace(",}", "}");
            let _ = serde_json::from_str::<Interaction>(&text);
            let _ = serde_json::from_str::<EventCallback>(&text);
            let _ = serde_json::from_str::<Command>(&text);
        }
    }
}
