//! The host functions called directly, without a guest.

use super::super::fake::{FakeReads, caller_on, incident};
use super::wit::Host;
use super::*;
use crate::capability::incidents::NumberLane;
use crate::config::{Config, Env};
use crate::incident::SeverityTable;
use crate::model::manifest::ReplyMode;
use crate::model::page::Routes;
use std::path::Path;

/// One call's state, and the requests in it.
struct Call {
    caller: Caller,
    setup: EscalationSetup,
    effects: EffectsCall,
    incidents: IncidentsCall,
    table: ResourceTable,
}

const CONFIG: &str = r##"
[people.ana]
name = "Ana"
console = "ana"
[people.ben]
availability = "business"
notify = ["room"]
[people.mute]
[notify.room]
kind = "chat"
to = "console:#ops"
[notify.other]
kind = "chat"
to = "console:#ops"
[escalation.default]
severities = ["sev1"]
levels = [{ notify = ["ana", "ben", "room"] }, { after = "5m", notify = ["ben"], repeat = 1 }]
"##;

impl Call {
    fn new(grants: &[&str]) -> Self {
        let config = Config::parse(CONFIG, Path::new("drillbell.toml"), &Env::none()).unwrap();
        let reads = FakeReads::default().with_incident(incident(7, "console:#inc-7"));
        let setup = EscalationSetup {
            roster: Arc::new(Roster::of(&config)),
            ops: Some("console:#ops".into()),
            base_url: Some("https://bell.example.org".to_owned()),
        };
        Self {
            caller: caller_on(grants, reads),
            setup,
            effects: EffectsCall::new(ReplyMode::Channel, Arc::new(Routes::default())),
            incidents: IncidentsCall::new(Arc::new(SeverityTable::new(Vec::new())), None, NumberLane::default()),
            table: ResourceTable::new(),
        }
    }

    fn host(&mut self) -> EscalationHost<'_> {
        EscalationHost {
            caller: &mut self.caller,
            setup: &self.setup,
            effects: &mut self.effects,
            incidents: &mut self.incidents,
            table: &mut self.table,
        }
    }

    fn view(&mut self) -> Resource<ViewDraft> {
        let mut view = View::text("checkout is down");
        let once = crate::model::view::Once::Never;
        let style = crate::model::view::ButtonStyle::Normal;
        let (action, label, value) = ("ack".to_owned(), "Acknowledge".to_owned(), "INC-7".to_owned());
        view.blocks.push(Block::Button(crate::model::view::Button { action, label, value, style, once }));
        self.table.push(ViewDraft { view, bytes: 16, overfull: false }).unwrap()
    }

    async fn page(&mut self, who: &str, incident: &str) -> Result<Vec<String>, HostError> {
        let view = self.view();
        self.host().page(who.into(), incident.into(), WitAction::Trigger, view).await.unwrap()
    }

    async fn tell(&mut self, incident: &str, alarm: bool) -> Result<String, HostError> {
        let view = self.view();
        self.host().tell(incident.into(), alarm, view).await.unwrap()
    }

    fn effects(self) -> Vec<Effect> {
        let mut changes = crate::model::changes::Changes::default();
        self.effects.into_changes(&mut changes);
        changes.effects
    }
}

#[tokio::test]
async fn denies_escalation_without_the_grant() {
    let mut call = Call::new(&["page:*", "post:*", "incidents:write"]);
    let named = |refused: HostError| matches!(&refused, HostError::Denied(text) if text.contains("`escalation`"));
    assert!(named(call.page("ana", "INC-7").await.unwrap_err()));
    assert!(named(call.tell("INC-7", true).await.unwrap_err()));
    let mut host = call.host();
    assert!(named(host.ladder_for("sev1".into(), None).await.unwrap().unwrap_err()));
    assert!(named(host.steps("default".into()).await.unwrap().unwrap_err()));
    assert!(named(host.level("default".into(), 1, "sev1".into()).await.unwrap().unwrap_err()));
    assert!(named(host.find("ana".into(), "sev1".into()).await.unwrap().unwrap_err()));
    assert!(call.effects().is_empty());
}

#[tokio::test]
async fn a_page_goes_to_a_persons_own_way_under_the_incidents_key_with_a_link_to_it() {
    let mut call = Call::new(&["escalation"]);
    assert_eq!(call.page("ana", "INC-7").await.unwrap(), ["@ana"]);
    assert_eq!(call.page("ben", "INC-7").await.unwrap(), ["room"], "whoever insists pages them at any hour");
    let effects = call.effects();
    let [Effect::Page { to, private_to, key, incident, view, notifier, .. }, other] = effects.as_slice() else {
        panic!()
    };
    assert_eq!((to.as_str(), private_to.as_ref().unwrap().as_str()), ("console:#incidents", "ana"));
    assert_eq!((key.as_str(), notifier.as_str(), incident.as_ref().unwrap().as_str()), ("INC-7", "@ana", "INC-7"));
    let link = view
        .blocks
        .iter()
        .any(|block| matches!(block, Block::Link { url, .. } if url == "https://bell.example.org/incidents/INC-7"));
    assert!(link && other.private_to().is_none(), "{view:?}");
}

#[tokio::test]
async fn nobody_and_nothing_that_is_not_there_is_paged() {
    let mut call = Call::new(&["escalation"]);
    let Err(HostError::NotFound(text)) = call.page("anna", "INC-7").await else { panic!() };
    insta::assert_snapshot!(text, @"nobody is called `anna`: expected a person, a rotation, or a notifier that a ladder names; did you mean `ana`?");
    assert!(matches!(call.page("ana", "INC-8").await, Err(HostError::NotFound(_))));
    assert!(matches!(call.page("ana", "INC-\u{0}").await, Err(HostError::NotFound(_))));
    assert!(matches!(call.page("other", "INC-7").await, Err(HostError::NotFound(_))), "no ladder names it");
    let Err(HostError::Invalid(text)) = call.page("mute", "INC-7").await else { panic!() };
    insta::assert_snapshot!(text, @"mute cannot be reached: [people.mute] has no `notify` and no chat");
    assert!(call.effects().is_empty());
}

#[tokio::test]
async fn an_alarm_is_read_where_the_incident_lives_and_by_the_operators_there_without_buttons() {
    let mut call = Call::new(&["escalation"]);
    let message = call.tell("INC-7", true).await.unwrap();
    call.tell("INC-7", false).await.unwrap();
    assert!(call.effects.own_message(&mut call.caller, &message.as_str().into()).await.is_ok(), "its own to edit");
    let told: Vec<_> = call
        .effects()
        .iter()
        .map(|effect| {
            let Effect::PostMessage { to, view, .. } = effect else { panic!() };
            (to.to_string(), view.blocks.iter().filter(|block| matches!(block, Block::Button(_))).count())
        })
        .collect();
    let expected = [("console:#inc-7", 1), ("console:#ops", 0), ("console:#inc-7", 1)];
    assert_eq!(told, expected.map(|(to, buttons)| (to.to_owned(), buttons)));
}

#[tokio::test]
async fn a_level_says_who_is_left_out_and_why() {
    let mut call = Call::new(&["escalation"]);
    let mut host = call.host();
    assert_eq!(host.ladder_for("sev1".into(), None).await.unwrap().unwrap().as_deref(), Some("default"));
    assert_eq!(host.ladder_for("sev2".into(), Some("x".into())).await.unwrap().unwrap(), None);
    // Midnight of 1 January 1970, a Thursday.
    let level = host.level("default".into(), 1, "sev1".into()).await.unwrap().unwrap();
    let told: Vec<_> = level.iter().map(|c| format!("{} {}", c.title, c.left_out.as_deref().unwrap_or("-"))).collect();
    assert_eq!(told, ["Ana -", "ben only in business hours, Mon-Fri 09:00-17:00 UTC", "room -"]);
    let steps = host.steps("default".into()).await.unwrap().unwrap();
    let told: Vec<_> = steps.iter().map(|step| (step.after_ms, step.level, step.round)).collect();
    assert_eq!(told, [(0, 1, 0), (300_000, 2, 0), (600_000, 2, 1)]);
    for (ladder, level) in [("default", 0), ("default", 3), ("nothing", 1), ("default", u32::MAX)] {
        let missing = host.level(ladder.into(), level, "sev1".into()).await.unwrap();
        assert!(matches!(missing, Err(HostError::NotFound(_))), "{ladder} {level}");
    }
}
