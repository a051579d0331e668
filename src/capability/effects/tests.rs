//! The host functions called directly, without a guest.

use super::super::fake::{FakeReads, caller, caller_on};
use super::wit::Host;
use super::*;
use crate::model::page::Route;
use crate::model::view::View;

/// One call's state, and the requests in it.
struct Call {
    caller: Caller,
    effects: EffectsCall,
    table: ResourceTable,
}

impl Call {
    fn new(caller: Caller) -> Self {
        Self { caller, effects: EffectsCall::default(), table: ResourceTable::new() }
    }

    fn host(&mut self) -> EffectsHost<'_> {
        EffectsHost { caller: &mut self.caller, effects: &mut self.effects, table: &mut self.table }
    }

    fn view(&mut self, text: &str) -> Resource<ViewDraft> {
        let draft = ViewDraft { view: View::text(text), bytes: text.len(), overfull: false };
        self.table.push(draft).unwrap()
    }

    async fn post(&mut self, to: &str, text: &str) -> Result<String, HostError> {
        let view = self.view(text);
        self.host().post(to.into(), view).await.unwrap()
    }

    fn reply(&mut self, text: &str) -> Result<String, HostError> {
        let view = self.view(text);
        self.host().reply(view).unwrap()
    }

    async fn edit(&mut self, message: &str, text: &str) -> Result<(), HostError> {
        let view = self.view(text);
        self.host().edit(message.into(), view).await.unwrap()
    }
}

#[tokio::test]
async fn denies_posting_where_neither_the_event_nor_a_grant_leads() {
    let mut call = Call::new(caller(&["post:console:#other"]));
    let refused = call.post("console:#elsewhere", "hi").await.unwrap_err();
    assert!(matches!(&refused, HostError::Denied(text) if text.contains("`post:console:#elsewhere`")), "{refused:?}");
    assert!(call.effects.effects.is_empty());
    call.post("console:#other", "hi").await.unwrap();
    call.post("console:#ops", "hi").await.unwrap();
    assert_eq!(call.effects.effects.len(), 2);
}

fn page(call: &mut Call, notifier: &str, key: &str) -> Result<(), HostError> {
    let view = call.view("checkout is down");
    call.host().page(notifier.into(), key.into(), wit::PageAction::Trigger, view).unwrap()
}

fn pager(grants: &[&str]) -> Call {
    let mut call = Call::new(caller(grants));
    let route = Route { to: "notify:oncall".into(), private_to: None };
    let routes = Routes([("oncall".to_owned(), route)].into_iter().collect());
    call.effects = EffectsCall::new(ReplyMode::Channel, Arc::new(routes));
    call
}

#[test]
fn denies_a_page_that_is_not_granted_before_it_says_whether_there_is_such_a_notifier() {
    let mut call = pager(&["page:db-*"]);
    for notifier in ["oncall", "nobody"] {
        let refused = page(&mut call, notifier, "INC-1").unwrap_err();
        let named = format!("`page:{notifier}`");
        assert!(matches!(&refused, HostError::Denied(text) if text.contains(&named)), "{refused:?}");
    }
    assert!(matches!(page(&mut call, "db-1", "INC-1"), Err(HostError::NotFound(_))));
    assert!(call.effects.effects.is_empty());
}

#[test]
fn a_page_goes_where_its_notifier_leads() {
    let mut call = pager(&["page:*"]);
    page(&mut call, "oncall", "INC-1").unwrap();
    assert!(matches!(
        &call.effects.effects[..],
        [Effect::Page { to, key, action: PageAction::Trigger, .. }] if to.as_str() == "notify:oncall" && key == "INC-1"
    ));
    for key in ["", "a\nb", &"k".repeat(256)] {
        assert!(matches!(page(&mut call, "oncall", key), Err(HostError::Invalid(_))), "{key:?}");
    }
}

#[tokio::test]
async fn denies_touching_another_plugins_message() {
    let reads = FakeReads::default().with_message("theirs", "other", "console:#ops").with_message(
        "mine",
        "probe",
        "console:#a",
    );
    let mut call = Call::new(caller_on(&["post:*"], reads));
    assert!(matches!(call.edit("theirs", "x").await, Err(HostError::NotFound(_))));
    assert!(matches!(call.host().react("theirs".into(), "eyes".into()).await.unwrap(), Err(HostError::NotFound(_))));
    assert!(matches!(call.edit("nobodys", "x").await, Err(HostError::NotFound(_))));
    call.edit("mine", "x").await.unwrap();
    assert!(matches!(&call.effects.effects[..], [Effect::EditMessage { to, .. }] if to.as_str() == "console:#a"));
}

#[tokio::test]
async fn a_reference_is_valid_at_once_and_effects_keep_their_order() {
    let mut call = Call::new(caller(&[]));
    let first = call.reply("one").unwrap();
    call.edit(&first, "two").await.unwrap();
    call.host().react(first.clone(), "eyes".into()).await.unwrap().unwrap();
    let kinds: Vec<_> = call.effects.effects.iter().map(Effect::kind).collect();
    assert_eq!(kinds, ["post_message", "add_reaction"], "an edit within the call is what is posted");
    assert!(matches!(&call.effects.effects[0], Effect::PostMessage { view, .. } if view.to_plain() == "two"));
    assert!(call.effects.effects.iter().all(|effect| effect.message().as_str() == first));
}

#[tokio::test]
async fn a_private_reply_is_for_the_one_who_asked() {
    let mut call = Call::new(caller(&[]));
    call.effects = EffectsCall::new(ReplyMode::Private, Arc::default());
    let message = call.reply("psst").unwrap();
    call.edit(&message, "psst!").await.unwrap();
    call.post("console:#ops", "loud").await.unwrap();
    let readers: Vec<_> = call.effects.effects.iter().map(|effect| effect.private_to().map(PersonId::as_str)).collect();
    assert_eq!(readers, [Some("ana"), None]);
}

#[test]
fn denies_a_reply_when_nobody_asked() {
    let mut call = Call::new(caller(&[]));
    call.caller.by = None;
    assert!(matches!(call.reply("hello?"), Err(HostError::Invalid(_))));
}

#[test]
fn denies_more_effects_than_a_call_may_have() {
    let mut call = Call::new(caller(&[]));
    for _ in 0..EFFECTS_PER_CALL {
        call.reply("again").unwrap();
    }
    assert!(matches!(call.reply("again"), Err(HostError::TooLarge(_))));
}

#[tokio::test]
async fn refuses_reactions_that_are_no_short_names() {
    let mut call = Call::new(caller(&[]));
    let message = call.reply("x").unwrap();
    for name in ["", ":eyes:", "<!channel>", "a b", "👀", &"e".repeat(65)] {
        assert!(
            matches!(call.host().react(message.clone(), name.into()).await.unwrap(), Err(HostError::Invalid(_))),
            "{name}"
        );
    }
}

#[test]
fn data_is_one_bounded_json_value_and_the_last_word_counts() {
    let mut call = Call::new(caller(&[]));
    assert!(matches!(call.host().set_data("{".into()).unwrap(), Err(HostError::Invalid(_))));
    assert!(matches!(call.host().set_data("[".repeat(10_000)).unwrap(), Err(HostError::Invalid(_))));
    let long = format!("\"{}\"", "x".repeat(DATA_BYTES));
    assert!(matches!(call.host().set_data(long).unwrap(), Err(HostError::TooLarge(_))));
    call.host().set_data("1".into()).unwrap().unwrap();
    call.host().set_data("{\"incident\":\"INC-1\"}".into()).unwrap().unwrap();
    let mut changes = Changes::default();
    call.effects.into_changes(&mut changes);
    assert_eq!(changes.data, Some(serde_json::json!({ "incident": "INC-1" })));
}
