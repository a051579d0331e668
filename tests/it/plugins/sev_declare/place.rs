//! Where an incident lives, on the console: a channel or thread of its own, from its opening to its archiving.

use crate::support::bot::{HERE, NO_CLOCKS, PEOPLE, SEV_TIMED, Setup, TestBot, with_bot_of};
use crate::support::eventually;
use crate::support::script::SameOnBoth;
use drillbell::store::OutcomeStatus;

const PLACES: &str = "[roles.responder]\nmembers = [\"ben\", \"console:eve\", \"slack:U7\"]\n\
                      [severities.sev1]\nplace = \"channel\"\ninvite = [\"responder\"]\narchive_after = \"1h\"\n\
                      [severities.sev2]\nplace = \"thread\"\n[severities.sev3]";
/// Nobody is reminded, so that a test may move the clock and only what it is about happens.
const CALM: &str = "settings = { nudge_minutes = 0 }";
const OWN: &str = "console:#inc-1-checkout-is-down";

fn setup() -> Setup {
    calm(SEV_TIMED)
}

fn calm(sev: &str) -> Setup {
    let places = PLACES.replace("]\nplace", &format!("]\n{NO_CLOCKS}\nplace"));
    Setup { config: format!("{sev}\n{CALM}\n{places}\n{NO_CLOCKS}\n{PEOPLE}"), ..Setup::default() }
}

/// What a person sees of the stream, a line each.
async fn seen(bot: &TestBot, reader: &str) -> String {
    let items = bot.app.store().stream_after(0, None, &reader.into(), 100).await.unwrap();
    let line = |item: &drillbell::store::StreamItem| {
        let what = match item.kind.as_str() {
            "post" | "edit" => item.payload["title"].as_str().unwrap_or_default().to_owned(),
            _ => item.payload.to_string(),
        };
        let what = if what.is_empty() { item.payload["blocks"][0]["text"].to_string() } else { what };
        format!("{} {} {}: {what}", item.conversation.local(), item.author, item.kind)
    };
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn archived(bot: &TestBot, wanted: bool) {
    let store = bot.app.store();
    eventually(&format!("archived is {wanted}"), async || {
        let opened = store.conversation(&OWN.into()).await.unwrap().expect("it was opened");
        (opened.archived == wanted).then_some(())
    })
    .await;
}

#[test]
fn an_incident_gets_a_channel_that_follows_it_to_its_end() {
    let both = SameOnBoth::default();
    with_bot_of(setup, async |bot| {
        let answer = bot.ana("/sev declare sev1 Checkout is down!").await;
        assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
        let incident = bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap();
        assert_eq!(incident.conversation.as_str(), OWN);
        // There, it is the one that is meant, whatever else is open.
        bot.ana("/sev declare sev3 another").await;
        assert_eq!(bot.types("ben", OWN, "/sev update looking --status identified").await.incident, incident.id.into());
        assert_eq!(bot.types("ben", OWN, "/sev resolve it was dns").await.status, OutcomeStatus::Ok);
        bot.clock.advance(3_599_000);
        archived(&bot, false).await;
        bot.clock.advance(1_000);
        archived(&bot, true).await;
        bot.clock.advance(60_000);
        assert_eq!(bot.ana("/sev reopen INC-1 --reason \"not quite\"").await.status, OutcomeStatus::Ok);
        archived(&bot, false).await;
        let opened = bot.app.store().conversation(&OWN.into()).await.unwrap().unwrap();
        let card = bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap().card;
        assert_eq!((opened.topic.as_str(), opened.pinned), ("sev1 · investigating · Checkout is down!", card));
        both.saw(seen(&bot, "ben").await);
        assert!(!seen(&bot, "ana").await.contains("\"conversation\""), "only the invited are told");
    });
    insta::assert_snapshot!(both.text(), @r#"
    #incidents ana typed: {"text":"/sev declare sev1 Checkout is down!"}
    #inc-1-checkout-is-down sev-declare opened: {"name":"inc-1-checkout-is-down","near":"console:#incidents","shape":"channel"}
    #inc-1-checkout-is-down sev-declare invited: {"people":["ben","console:eve"]}
    #incidents drillbell invited: {"conversation":"console:#inc-1-checkout-is-down","name":"inc-1-checkout-is-down","people":["ben"]}
    #inc-1-checkout-is-down sev-declare topic: {"topic":"sev1 · investigating · Checkout is down!"}
    #inc-1-checkout-is-down sev-declare post: INC-1 · sev1 · Checkout is down!
    #inc-1-checkout-is-down sev-declare pinned: {}
    #incidents sev-declare post: INC-1 · sev1 · Checkout is down!
    #incidents ana typed: {"text":"/sev declare sev3 another"}
    #incidents sev-declare post: INC-2 · sev3 · another
    #inc-1-checkout-is-down ben typed: {"text":"/sev update looking --status identified"}
    #inc-1-checkout-is-down sev-declare post: "INC-1: looking"
    #inc-1-checkout-is-down sev-declare topic: {"topic":"sev1 · identified · Checkout is down!"}
    #inc-1-checkout-is-down sev-declare edit: INC-1 · sev1 · Checkout is down!
    #inc-1-checkout-is-down ben typed: {"text":"/sev resolve it was dns"}
    #inc-1-checkout-is-down sev-declare post: "INC-1 is resolved after 0 s: it was dns"
    #inc-1-checkout-is-down sev-declare topic: {"topic":"sev1 · resolved · Checkout is down!"}
    #inc-1-checkout-is-down sev-declare edit: INC-1 · sev1 · Checkout is down!
    #inc-1-checkout-is-down sev-declare archived: {}
    #incidents ana typed: {"text":"/sev reopen INC-1 --reason \"not quite\""}
    #incidents sev-declare post: "INC-1 is open again (investigating): not quite"
    #inc-1-checkout-is-down sev-declare unarchived: {}
    #inc-1-checkout-is-down sev-declare topic: {"topic":"sev1 · investigating · Checkout is down!"}
    #inc-1-checkout-is-down sev-declare post: INC-1 · sev1 · Checkout is down!
    #inc-1-checkout-is-down sev-declare edit: INC-1 · sev1 · Checkout is down!
    #inc-1-checkout-is-down sev-declare pinned: {}
    "#);
}

#[test]
fn resolved_again_before_the_time_it_is_not_archived_too_early() {
    with_bot_of(setup, async |bot| {
        bot.ana("/sev declare sev1 checkout is down").await;
        bot.types("ana", OWN, "/sev resolve").await;
        bot.clock.advance(1_800_000);
        bot.ana("/sev reopen INC-1").await;
        assert_eq!(bot.app.store().next_timer_ms().await.unwrap(), None, "nothing is going to archive it");
        bot.types("ana", OWN, "/sev resolve").await;
        let due = bot.app.store().next_timer_ms().await.unwrap().unwrap();
        assert_eq!(due, bot.clock.now_ms() + 3_600_000);
    });
}

#[test]
fn a_severity_without_a_place_and_a_plugin_without_the_grant_declare_where_they_are() {
    with_bot_of(setup, async |bot| {
        bot.ana("/sev declare sev3 a small one").await;
        let incident = bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap();
        assert_eq!(incident.conversation.as_str(), HERE);
    });
    let without = || calm(&SEV_TIMED.replace(", \"conversations\"", ""));
    with_bot_of(without, async |bot| {
        for level in ["sev1", "sev2"] {
            let answer = bot.ana(&format!("/sev declare {level} a big one")).await;
            assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
        }
        for incident in bot.app.store().incidents(true, 5).await.unwrap() {
            assert_eq!(incident.conversation.as_str(), HERE);
            assert!(incident.card.is_some());
        }
    });
}

#[test]
fn a_thread_and_a_channel_of_the_same_words_do_not_meet() {
    with_bot_of(setup, async |bot| {
        bot.ana("/sev declare sev2 checkout is down").await;
        let opened = bot.app.store().conversation(&OWN.into()).await.unwrap().unwrap();
        assert_eq!((opened.shape.as_str(), opened.near.as_str()), ("thread", HERE));
        bot.ana("/sev declare sev1 checkout is down").await;
        let second = bot.app.store().incident(&"INC-2".into()).await.unwrap().unwrap();
        assert_eq!(second.conversation.as_str(), "console:#inc-2-checkout-is-down");
    });
}

#[test]
fn whoever_is_on_call_is_invited_with_the_first_page() {
    let ladder = "[rotations.primary]\nmembers = [\"ana\", \"ben\"]\nfrom = \"2025-12-22\"\n\
                  [escalation.default]\nseverities = [\"sev1\"]\nlevels = [{ notify = [\"primary\"] }]";
    let setup = || {
        let calm = calm(SEV_TIMED);
        Setup { config: format!("{}\n{ladder}", calm.config), ..calm }
    };
    with_bot_of(setup, async |bot| {
        bot.ana("/sev declare sev1 checkout is down").await;
        let opened = bot.app.store().conversation(&OWN.into()).await.unwrap().unwrap();
        let invited: Vec<&str> = opened.invited.iter().map(|person| person.as_str()).collect();
        // Ben is a responder and on call: invited once.
        assert!(invited.contains(&"ben") && !invited.contains(&"ana"), "{invited:?}");
        let stream = seen(&bot, "ben").await;
        assert_eq!(stream.matches("sev-declare invited").count(), 1, "{stream}");
        bot.ana("/sev page ana --incident INC-1 look at the certificate").await;
        let opened = bot.app.store().conversation(&OWN.into()).await.unwrap().unwrap();
        assert!(opened.invited.iter().any(|person| person.as_str() == "ana"), "{:?}", opened.invited);
    });
}
