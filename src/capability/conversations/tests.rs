//! The host functions called directly, without a guest.

use super::super::effects::EffectsCall;
use super::super::fake::{FakeReads, caller_on, incident};
use super::super::incidents::{IncidentsCall, NumberLane};
use super::wit::Host;
use super::*;
use crate::incident::SeverityTable;
use crate::model::changes::Changes;
use crate::model::conversation::Opened;
use crate::model::ids::IncidentId;

struct Call {
    caller: Caller,
    conversations: ConversationsCall,
    effects: EffectsCall,
    incidents: IncidentsCall,
}

fn opened(id: &str, plugin: &str) -> Opened {
    Opened {
        id: id.into(),
        shape: Shape::Channel,
        name: "x".to_owned(),
        near: "console:#ops".into(),
        plugin: plugin.into(),
        incident: None,
        topic: String::new(),
        pinned: None,
        invited: Vec::new(),
        archived: false,
        lives_in: None,
        problem: None,
        created_ms: 0,
    }
}

impl Call {
    fn of(grants: &[&str]) -> Self {
        let mut reads = FakeReads::default().with_incident(incident(7, "console:#ops"));
        for (id, plugin) in [("console:#mine", "probe"), ("console:#theirs", "other")] {
            reads.conversations.insert(id.into(), opened(id, plugin));
        }
        let roles = [
            (
                "responder",
                vec![
                    Member::Person("ana".into()),
                    Member::Person("slack:U1".into()),
                    Member::Group("slack".to_owned(), "S1".to_owned()),
                ],
            ),
            ("far", vec![Member::Person("slack:U1".into())]),
        ];
        let places = Places {
            roles: roles.map(|(role, members)| (role.to_owned(), members)).into(),
            taken: ["console:#ops".into()].into(),
            on: [("ana".into(), ["console".to_owned()].into()), ("ben".into(), ["slack".to_owned()].into())].into(),
            ..Places::default()
        };
        Self {
            caller: caller_on(grants, reads),
            conversations: ConversationsCall::new(Arc::new(places)),
            effects: EffectsCall::default(),
            incidents: IncidentsCall::new(Arc::new(SeverityTable::default()), None, NumberLane::default()),
        }
    }

    fn host(&mut self) -> ConversationsHost<'_> {
        let Self { caller, conversations, effects, incidents } = self;
        ConversationsHost { caller, conversations, effects, incidents }
    }

    fn changes(self) -> Changes {
        let mut changes = Changes::default();
        self.effects.into_changes(&mut changes);
        self.incidents.into_changes(&mut changes);
        changes
    }
}

#[tokio::test]
async fn denies_everything_but_a_severitys_home_without_the_grant() {
    let mut call = Call::of(&["incidents:write", "post:*"]);
    let mut host = call.host();
    let (mine, ops) = (|| "console:#mine".to_owned(), || "console:#ops".to_owned());
    let refusals = [
        host.open_channel(ops(), "x".into()).await.unwrap().map(drop),
        host.open_thread("m1".into(), "x".into()).await.unwrap().map(drop),
        host.move_incident("INC-7".into(), mine()).await.unwrap(),
        host.set_topic(mine(), "x".into()).await.unwrap(),
        host.invite(mine(), "responder".into()).await.unwrap(),
        host.invite_person(mine(), "ana".into()).await.unwrap(),
        host.pin(mine(), "m1".into()).await.unwrap(),
        host.unpin(mine(), "m1".into()).await.unwrap(),
        host.archive(mine()).await.unwrap(),
        host.unarchive(mine()).await.unwrap(),
    ];
    for refused in refusals {
        assert!(
            matches!(&refused, Err(HostError::Denied(text)) if text.starts_with("conversations is not")),
            "{refused:?}"
        );
    }
    assert_eq!(host.home_of("gone".into()).unwrap().archive_after_ms, 0);
    assert_eq!(call.changes(), Changes::default());
}

#[tokio::test]
async fn what_another_plugin_opened_or_nobody_did_does_not_exist() {
    let mut call = Call::of(&["conversations", "incidents:write"]);
    for foreign in ["console:#theirs", "console:#ops", "slack:C1", "nonsense"] {
        let refused = call.host().set_topic(foreign.into(), "mine now".into()).await.unwrap();
        assert!(matches!(refused, Err(HostError::NotFound(_))), "{foreign}: {refused:?}");
        let refused = call.host().move_incident("INC-7".into(), foreign.into()).await.unwrap();
        assert!(matches!(refused, Err(HostError::NotFound(_))), "{foreign}: {refused:?}");
    }
    assert!(matches!(
        call.host().open_channel("console:#secrets".into(), "x".into()).await.unwrap(),
        Err(HostError::Denied(text)) if text.contains("post:console:#secrets")
    ));
    assert!(call.caller.place("console:#theirs".into()).await.is_err());
    assert!(call.caller.place("console:#mine".into()).await.is_ok(), "what it opened it may post to");
}

#[tokio::test]
async fn names_that_are_taken_get_a_number_and_configured_channels_are_never_taken_over() {
    let mut call = Call::of(&["conversations"]);
    let mut opened = Vec::new();
    for name in ["Ops", "mine", "MINE!", "new"] {
        opened.push(call.host().open_channel("console:#ops".into(), name.into()).await.unwrap().unwrap());
    }
    assert_eq!(opened, ["console:#ops-2", "console:#mine-2", "console:#mine-3", "console:#new"]);
    let refused = call.host().open_channel("console:#ops".into(), "!!".into()).await.unwrap();
    assert!(matches!(refused, Err(HostError::Invalid(_))));
    let mut remote = Call::of(&["conversations", "post:slack:*"]);
    let there = remote.host().open_channel("slack:C1".into(), "ops".into()).await.unwrap().unwrap();
    assert_eq!(there, "slack:+ops", "no name that the platform itself could have");
    assert!(ConversationId::new(there).is_opened());
}

#[tokio::test]
async fn only_those_who_are_on_the_platform_are_invited() {
    let mut call = Call::of(&["conversations", "post:*"]);
    let here = call.host().open_channel("console:#ops".into(), "a".into()).await.unwrap().unwrap();
    let there = call.host().open_channel("slack:C1".into(), "a".into()).await.unwrap().unwrap();
    for place in [here.clone(), there] {
        call.host().invite(place, "responder".into()).await.unwrap().unwrap();
    }
    call.host().invite(here.clone(), "far".into()).await.unwrap().unwrap();
    assert!(matches!(call.host().invite(here, "nobody".into()).await.unwrap(), Err(HostError::Invalid(_))));
    let invited: Vec<_> = call
        .changes()
        .effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Place { act: PlaceAct::Invite { people, groups }, .. } => Some((people, groups)),
            _ => None,
        })
        .collect();
    let expected: [(Vec<PersonId>, Vec<String>); 2] =
        [(vec!["ana".into()], vec![]), (vec!["slack:U1".into()], vec!["S1".to_owned()])];
    assert_eq!(invited, expected);
}

#[tokio::test]
async fn an_incident_moves_only_with_the_right_to_change_it() {
    let mut call = Call::of(&["conversations"]);
    let refused = call.host().move_incident("INC-7".into(), "console:#mine".into()).await.unwrap();
    assert!(matches!(&refused, Err(HostError::Denied(text)) if text.contains("incidents:write")), "{refused:?}");
    let mut call = Call::of(&["conversations", "incidents:write"]);
    call.host().move_incident("INC-7".into(), "console:#mine".into()).await.unwrap().unwrap();
    let changes = call.changes();
    assert_eq!(changes.incidents[&IncidentId::numbered(7)].conversation.as_str(), "console:#mine");
}

#[tokio::test]
async fn a_topic_is_one_line_of_bounded_length() {
    let mut call = Call::of(&["conversations"]);
    call.host().set_topic("console:#mine".into(), " all\nis\t well ".into()).await.unwrap().unwrap();
    let long = call.host().set_topic("console:#mine".into(), "x".repeat(TOPIC_CHARS + 1)).await.unwrap();
    assert!(matches!(long, Err(HostError::TooLarge(_))));
    let effects = call.changes().effects;
    assert!(matches!(&effects[..], [Effect::Place { act: PlaceAct::Topic { topic }, .. }] if topic == "all is well"));
}

#[tokio::test]
async fn a_foreign_message_is_neither_pinned_nor_threaded() {
    let mut call = Call::of(&["conversations"]);
    assert!(matches!(call.host().pin("console:#mine".into(), "m9".into()).await.unwrap(), Err(HostError::NotFound(_))));
    assert!(matches!(call.host().open_thread("m9".into(), "x".into()).await.unwrap(), Err(HostError::NotFound(_))));
    let mut elsewhere = Call::of(&["conversations"]);
    let reads = FakeReads::default().with_message("m1", "probe", "console:#ops");
    let mut reads = FakeReads { conversations: Default::default(), ..reads };
    reads.conversations.insert("console:#mine".into(), opened("console:#mine", "probe"));
    elsewhere.caller.reads = Arc::new(reads);
    let refused = elsewhere.host().pin("console:#mine".into(), "m1".into()).await.unwrap();
    assert!(matches!(refused, Err(HostError::Invalid(_))), "it stands somewhere else: {refused:?}");
    // Where it stands it may be pinned, though nobody opened that for an incident.
    elsewhere.host().pin("console:#ops".into(), "m1".into()).await.unwrap().unwrap();
    elsewhere.host().unpin("console:#ops".into(), "m1".into()).await.unwrap().unwrap();
    let effects = elsewhere.changes().effects;
    let acts: Vec<_> = effects.iter().map(|effect| effect.kind()).collect();
    assert_eq!(acts, ["pin", "unpin"]);
}

#[tokio::test]
async fn a_person_is_invited_once_and_only_where_they_are() {
    let mut call = Call::of(&["conversations"]);
    for person in ["ana", "ana", "ben"] {
        call.host().invite_person("console:#mine".into(), person.into()).await.unwrap().unwrap();
    }
    let refused = call.host().invite_person("console:#mine".into(), "oncall".into()).await.unwrap();
    assert!(matches!(refused, Err(HostError::NotFound(_))), "{refused:?}");
    let refused = call.host().invite_person("console:#theirs".into(), "ana".into()).await.unwrap();
    assert!(matches!(refused, Err(HostError::NotFound(_))), "{refused:?}");
    call.host().invite("console:#mine".into(), "responder".into()).await.unwrap().unwrap();
    let effects = call.changes().effects;
    let expected: Vec<PersonId> = vec!["ana".into()];
    assert!(
        matches!(&effects[..], [Effect::Place { act: PlaceAct::Invite { people, .. }, .. }] if *people == expected),
        "{effects:?}"
    );
}
