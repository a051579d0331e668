//! The host functions called directly, without a guest.

use super::super::fake::{FakeReads, caller, caller_on};
use super::wit::Host;
use super::*;

/// One call's state, and the requests in it.
struct Call {
    caller: Caller,
    approvals: ApprovalsCall,
    table: ResourceTable,
}

impl Call {
    fn new(caller: Caller) -> Self {
        let roles = Arc::new(BTreeSet::from(["commander".to_owned()]));
        Self { caller, approvals: ApprovalsCall::new(roles), table: ResourceTable::new() }
    }

    fn host(&mut self) -> ApprovalsHost<'_> {
        ApprovalsHost { caller: &mut self.caller, approvals: &mut self.approvals, table: &mut self.table }
    }

    fn view(&mut self) -> Resource<ViewDraft> {
        let mut view = View::text("look closely");
        let (action, label, value) = ("yes".to_owned(), "Yes".to_owned(), String::new());
        view.blocks.push(Block::Button(crate::model::view::Button {
            action,
            label,
            value,
            style: Default::default(),
            once: Default::default(),
        }));
        self.table.push(ViewDraft { view, bytes: 10, overfull: false }).unwrap()
    }

    async fn ask(&mut self, title: &str, subject: &str, role: &str, needed: u32) -> Result<String, HostError> {
        self.ask_until(title, subject, role, needed, 1_000 + 60_000, None).await
    }

    async fn ask_until(
        &mut self,
        title: &str,
        subject: &str,
        role: &str,
        needed: u32,
        until: u64,
        to: Option<&str>,
    ) -> Result<String, HostError> {
        let (view, to) = (self.view(), to.map(str::to_owned));
        let host = &mut self.host();
        host.request(title.into(), subject.into(), role.into(), needed, until, to, view).await.unwrap()
    }

    fn changes(self) -> Vec<Approval> {
        let mut changes = Changes::default();
        self.approvals.into_changes(&mut changes);
        changes.approvals.into_values().collect()
    }
}

pub(in crate::capability) fn kept(id: &str, plugin: &str, holds: Holds, state: State) -> Approval {
    let subject = subject(&Value::String("x".to_owned()));
    let ana = Person { id: "ana".into(), name: "Ana".to_owned() };
    Approval {
        id: id.into(),
        title: "x".to_owned(),
        root: "d".into(),
        card: "m".into(),
        state,
        revision: 4,
        ..Approval::open(plugin.into(), ana, "console:#ops".into(), subject, holds, [0, 100_000])
    }
}

#[tokio::test]
async fn denies_every_function_without_the_grant() {
    let mut call = Call::new(caller(&["kv"]));
    let refused = call.ask("t", "s", "", 1).await.unwrap_err();
    assert!(matches!(&refused, HostError::Denied(text) if text.contains("`approvals`")), "{refused:?}");
    assert!(matches!(call.host().get("A-00000000".into()).await.unwrap(), Err(HostError::Denied(_))));
    assert!(matches!(call.host().cancel("A-00000000".into(), "r".into()).await.unwrap(), Err(HostError::Denied(_))));
    assert!(call.changes().is_empty());
}

#[tokio::test]
async fn what_is_asked_is_kept_whole_with_one_digest_for_one_meaning_and_without_the_plugins_buttons() {
    let mut call = Call::new(caller(&["approvals"]));
    let id = call.ask("Restore shop", r#"{"to": "v1", "from":"v2"}"#, "commander", 2).await.unwrap();
    call.ask("Restore shop", r#"{"from":"v2","to":"v1"}"#, "", 1).await.unwrap();
    let seen = call.host().get(id.clone()).await.unwrap().unwrap();
    assert_eq!((seen.status.as_str(), seen.needed, seen.role.as_str()), ("open", 2, "commander"));
    let all = call.changes();
    let asked = all.iter().find(|approval| approval.id.as_str() == id).unwrap();
    assert_eq!(asked.subject, r#"{"from":"v2","to":"v1"}"#);
    assert!(all.iter().all(|approval| approval.digest == asked.digest));
    assert_eq!((asked.requester.id.as_str(), asked.conversation.as_str()), ("ana", "console:#ops"));
    assert_eq!((asked.revision, asked.until_ms, asked.plea.buttons().count()), (0, 61_000, 0));
}

#[tokio::test]
async fn denies_a_card_where_the_plugin_may_not_post_and_knows_no_place_of_its_own_for_a_timer() {
    let mut call = Call::new(caller(&["approvals"]));
    let elsewhere = call.ask_until("t", "s", "", 1, 61_000, Some("console:#elsewhere")).await;
    assert!(matches!(elsewhere, Err(HostError::Denied(_))));
    call.caller.by = None;
    assert!(matches!(call.ask("t", "s", "", 1).await, Err(HostError::Invalid(text)) if text.contains("`to`")));
    let here = call.ask_until("t", "s", "", 1, 61_000, Some("console:#ops")).await.unwrap();
    let asked = call.changes().remove(0);
    assert_eq!((asked.id.as_str(), asked.requester.id.as_str()), (here.as_str(), "plugin:probe"));
}

#[tokio::test]
async fn refuses_what_makes_no_sense_and_what_is_too_much() {
    let mut call = Call::new(caller(&["approvals"]));
    for (title, role, needed) in [("", "", 1), ("a\nb", "", 1), ("t", "comander", 1), ("t", "", 0), ("t", "", 11)] {
        assert!(
            matches!(call.ask(title, "s", role, needed).await, Err(HostError::Invalid(_))),
            "{title} {role} {needed}"
        );
    }
    for until in [0, 1_000, 1_000 + 29_999, 1_000 + 8 * 86_400_000, u64::MAX] {
        let refused = call.ask_until("t", "s", "", 1, until, None).await;
        assert!(matches!(refused, Err(HostError::Invalid(_))), "{until}");
    }
    assert!(matches!(call.ask(&"t".repeat(501), "s", "", 1).await, Err(HostError::TooLarge(_))));
    assert!(matches!(call.ask("t", &"s".repeat(70_000), "", 1).await, Err(HostError::TooLarge(_))));
    for _ in 0..APPROVALS_PER_CALL {
        call.ask("t", "s", "", 1).await.unwrap();
    }
    assert!(matches!(call.ask("t", "s", "", 1).await, Err(HostError::TooLarge(_))));
}

#[tokio::test]
async fn approvals_of_others_and_those_that_hold_a_command_are_not_there() {
    let mut reads = FakeReads::default();
    let job = Holds::Job { job: "j".to_owned(), production: true };
    for approval in [
        kept("A-0000000M", "probe", Holds::Question, State::Open),
        kept("A-0000000T", "other", Holds::Question, State::Open),
        kept("A-0000000H", "probe", job, State::Open),
        kept("A-0000000D", "probe", Holds::Question, State::Denied),
    ] {
        reads.approvals.insert(approval.id.clone(), approval);
    }
    let mut call = Call::new(caller_on(&["approvals"], reads));
    for id in ["A-0000000T", "A-0000000H", "A-00000000", "nonsense"] {
        assert!(matches!(call.host().get(id.into()).await.unwrap(), Err(HostError::NotFound(_))), "{id}");
        let refused = call.host().cancel(id.into(), "r".into()).await.unwrap();
        assert!(matches!(refused, Err(HostError::NotFound(_))), "{id}");
    }
    assert!(matches!(call.host().cancel("A-0000000D".into(), "r".into()).await.unwrap(), Err(HostError::Invalid(_))));
    assert!(matches!(call.host().cancel("A-0000000M".into(), " ".into()).await.unwrap(), Err(HostError::Invalid(_))));
    call.host().cancel("a-0000000m".into(), "no need".into()).await.unwrap().unwrap();
    assert_eq!(call.host().get("A-0000000M".into()).await.unwrap().unwrap().status, "void");
    let mut changes = Changes::default();
    call.approvals.into_changes(&mut changes);
    assert_eq!(changes.reads.cells.get(&Cell::Approval("A-0000000M".into())), Some(&4));
    let taken = changes.approvals.into_values().next().unwrap();
    assert_eq!((taken.state, taken.reason.as_str(), taken.revision), (State::Void, "no need", 4));
}
