//! The host functions called directly, without a guest.

use super::super::fake::{FakeReads, caller, caller_on, incident};
use super::super::incidents::NumberLane;
use super::wit::Host;
use super::*;
use crate::config::{Config, Env};
use crate::incident::SeverityTable;
use crate::model::changes::Changes;
use std::path::Path;

struct Call {
    caller: Caller,
    approvals: ApprovalsCall,
    incidents: IncidentsCall,
    page: PublicPage,
}

fn page() -> PublicPage {
    let text = "[status.components.api]\ntitle = \"Public API\"\n[status.components.web]";
    Config::parse(text, Path::new("drillbell.toml"), &Env::none()).unwrap().status.map(Arc::new)
}

impl Call {
    fn new(caller: Caller) -> Self {
        let incidents = IncidentsCall::new(Arc::new(SeverityTable::new(Vec::new())), None, NumberLane::default());
        Self { caller, approvals: ApprovalsCall::new(Arc::default()), incidents, page: page() }
    }

    fn host(&mut self) -> StatusHost<'_> {
        let Self { caller, approvals, incidents, page } = self;
        StatusHost { caller, approvals, incidents, page }
    }

    async fn propose(
        &mut self,
        of: &str,
        title: &str,
        status: &str,
        text: &str,
        states: &[(&str, &str)],
    ) -> Result<String, HostError> {
        let mut host = self.host();
        let states =
            states.iter().map(|(name, state)| wit::ComponentState { name: (*name).into(), state: (*state).into() });
        host.propose(of.into(), title.into(), status.into(), text.into(), states.collect()).await.unwrap()
    }

    fn asked(self) -> Vec<Approval> {
        let mut changes = Changes::default();
        self.approvals.into_changes(&mut changes);
        changes.approvals.into_values().collect()
    }
}

fn with_incident() -> Caller {
    caller_on(&["status"], FakeReads::default().with_incident(incident(1, "console:#ops")))
}

#[tokio::test]
async fn denies_proposing_without_the_grant() {
    let mut call = Call::new(caller(&["kv", "approvals", "incidents:write"]));
    let refused = call.propose("INC-1", "t", "identified", "x", &[]).await.unwrap_err();
    assert!(matches!(&refused, HostError::Denied(text) if text.contains("`status`")), "{refused:?}");
    let mut host = call.host();
    let refused =
        host.propose_maintenance("m".into(), "t".into(), "scheduled".into(), "x".into(), vec![], 1, 2, true).await;
    assert!(matches!(refused.unwrap(), Err(HostError::Denied(_))));
    let refused = host.propose_components("r".into(), vec![]).await;
    assert!(matches!(refused.unwrap(), Err(HostError::Denied(_))));
    assert!(call.asked().is_empty());
}

#[tokio::test]
async fn a_proposal_is_an_approval_that_shows_every_word_and_holds_them_back() {
    let mut call = Call::new(with_incident());
    call.propose("INC-1", " Slow API ", "identified", "A disk is full.", &[("api", "degraded")]).await.unwrap();
    let asked = call.asked().remove(0);
    let Block::Code { text } = &asked.plea.blocks[1] else { panic!("{:?}", asked.plea) };
    assert_eq!(text, "Slow API\nIdentified: A disk is full.\nPublic API: Degraded performance");
    assert_eq!((asked.needed, asked.requester.id.as_str(), asked.incident), (1, "ana", Some("INC-1".into())));
    let Holds::Publication { publication } = asked.holds else { panic!("{:?}", asked.holds) };
    assert_eq!(proposal_text(&publication, &page().unwrap().components), *text);
}

fn ruled(rule: OnPage) -> PublicPage {
    page().map(|page| Arc::new(StatusPage { on_page: [("sev2".to_owned(), rule)].into(), ..(*page).clone() }))
}

#[tokio::test]
async fn denies_what_the_operator_keeps_off_the_page_unless_it_is_public_already() {
    let mut call = Call { page: ruled(OnPage::Never), ..Call::new(with_incident()) };
    let refused = call.propose("INC-1", "t", "identified", "x", &[]).await.unwrap_err();
    assert!(matches!(&refused, HostError::Invalid(text) if text.contains("[severities.sev2]")), "{refused:?}");
    assert!(call.asked().is_empty());
}

#[tokio::test]
async fn who_may_not_propose_is_refused_at_once_so_that_what_else_is_done_can_be_kept() {
    for by_somebody in [true, false] {
        let mut call = Call::new(with_incident());
        call.caller.public_refusal = Some("Ask Ben.".to_owned());
        if !by_somebody {
            (call.caller.by, call.caller.incident) = (None, Some("INC-1".into()));
        }
        let refused = call.propose("INC-1", "t", "identified", "x", &[]).await.unwrap_err();
        assert!(matches!(&refused, HostError::Invalid(text) if text == "Ask Ben."), "{refused:?}");
        let mut host = call.host();
        let state = wit::ComponentState { name: "api".into(), state: "operational".into() };
        let refused = host.propose_components("looked".into(), vec![state]).await.unwrap();
        assert!(matches!(refused, Err(HostError::Invalid(_))), "{refused:?}");
        let refused =
            host.propose_maintenance("m".into(), "t".into(), "scheduled".into(), "x".into(), vec![], 1, 2, true).await;
        assert!(matches!(refused.unwrap(), Err(HostError::Invalid(_))));
        assert!(call.asked().is_empty(), "there is nothing for the commit to refuse");
    }
}

#[tokio::test]
async fn the_rule_is_told_as_it_is_for_whoever_caused_the_event() {
    let told = |page: PublicPage, may: bool, of: &str| {
        let mut call = Call { page, ..Call::new(caller(&[])) };
        call.caller.public_refusal = (!may).then(|| "Ask Ben.".to_owned());
        call.host().rule_of(of.into()).unwrap()
    };
    assert_eq!(told(ruled(OnPage::Propose), true, "sev2"), wit::Rule::Propose);
    assert_eq!(
        told(ruled(OnPage::Propose), false, "sev2"),
        wit::Rule::Ask,
        "nobody is refused for what they did not ask"
    );
    assert_eq!(told(ruled(OnPage::Never), true, "sev2"), wit::Rule::Never);
    assert_eq!(told(ruled(OnPage::Never), true, "sev9"), wit::Rule::Ask, "what is configured no longer");
    assert_eq!(told(None, true, "sev2"), wit::Rule::Never, "there is no page");
}

#[tokio::test]
async fn components_are_proposed_with_a_reason_that_only_the_approver_reads() {
    let mut call = Call::new(with_incident());
    let mut host = call.host();
    let state = |name: &str, state: &str| wit::ComponentState { name: name.into(), state: state.into() };
    let all = vec![state("api", "operational"), state("web", "unknown")];
    host.propose_components("looked at all of it".into(), all).await.unwrap().unwrap();
    for wrong in [vec![], vec![state("apy", "operational")], vec![state("api", "fine")]] {
        let refused = host.propose_components("looked".into(), wrong).await.unwrap();
        assert!(matches!(refused, Err(HostError::Invalid(_))), "{refused:?}");
    }
    let asked = call.asked().remove(0);
    assert_eq!(asked.title, "how components stand on the public page");
    let why = Block::Field { name: "why".into(), value: "looked at all of it".into() };
    assert_eq!(asked.plea.blocks.last(), Some(&why));
    let Block::Code { text } = &asked.plea.blocks[1] else { panic!("{:?}", asked.plea) };
    assert_eq!(text, "Public API: Operational\nweb: Unknown");
}

#[tokio::test]
async fn what_cannot_be_public_is_refused_before_anybody_is_asked() {
    let mut call = Call::new(with_incident());
    for (of, title, status, text, states) in [
        ("INC-1", "a\nb", "identified", "x", vec![]),
        ("INC-1", "t", "finished", "x", vec![]),
        ("INC-1", "t", "identified", "", vec![]),
        ("INC-1", "t", "identified", "hid\u{202e}den", vec![]),
        ("INC-1", "t", "identified", "x", vec![("apy", "operational")]),
        ("INC-1", "t", "identified", "x", vec![("api", "fine")]),
    ] {
        let refused = call.propose(of, title, status, text, &states).await;
        assert!(matches!(refused, Err(HostError::Invalid(_))), "{title} {status} {text}: {refused:?}");
    }
    assert!(matches!(call.propose("INC-9", "t", "identified", "x", &[]).await, Err(HostError::NotFound(_))));
    call.page = None;
    let refused = call.propose("INC-1", "t", "identified", "x", &[]).await;
    assert!(matches!(refused, Err(HostError::Invalid(text)) if text.contains("[status]")));
    assert!(call.asked().is_empty());
}
