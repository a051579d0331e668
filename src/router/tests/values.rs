//! What each kind of argument accepts, and its canonical form.

use super::{NOW, catalog, parse, with_world};
use crate::model::ids::ConversationId;
use crate::router::{Routed, World};

/// The canonical value of `--option typed`, or the error's sentence.
fn value(option: &str, typed: &str) -> String {
    match parse(&format!("/every kind x --{option} {typed}")) {
        Ok(Routed::Call { invocation, .. }) => {
            let found = invocation.args.into_iter().find(|arg| arg.name == option);
            found.expect("it was given").value
        }
        Ok(Routed::Help(view)) => panic!("{view:?}"),
        Err(error) => error.message,
    }
}

#[test]
fn numbers_durations_and_times_become_canonical() {
    assert_eq!(value("int", "+007"), "7");
    assert_eq!(value("int", "-5"), "-5");
    assert_eq!(value("duration", "1h30m"), "5400000");
    assert_eq!(value("time", "14:30"), "2026-03-01T14:30:00.000Z");
    assert_eq!(value("time", "'tomorrow 09:00'"), "2026-03-02T09:00:00.000Z");
    assert_eq!(value("time", "+15m"), "2026-03-01T10:17:00.000Z");
    insta::assert_snapshot!(value("int", "1.5"), @"--int '1.5' is not a whole number.");
    insta::assert_snapshot!(value("int", "99999999999999999999"), @"--int '99999999999999999999' is too large a number.");
    insta::assert_snapshot!(value("duration", "15"), @"--duration '15' is not a duration; write one like 90s, 15m, 1h30m or 1d.");
    insta::assert_snapshot!(value("time", "noonish"), @"--time 'noonish' is not a time; write one like 14:30, 'tomorrow 09:00', +15m or 2026-03-01T14:30:00Z (UTC).");
}

#[test]
fn people_are_found_by_mention_name_and_identity() {
    assert_eq!(value("user", "@ana"), "ana");
    assert_eq!(value("user", "Ben"), "ben");
    assert_eq!(value("user", "@annie"), "ana", "the console's own name for her");
    assert_eq!(value("user", "slack:U1"), "ana");
    assert_eq!(value("user", "slack:U9"), "slack:U9");
    assert_eq!(value("user", "<@U9|zoe>"), "console:U9", "a mention is of the platform it was typed on");
    insta::assert_snapshot!(value("user", "@anna"), @"--user '@anna' is nobody known here; did you mean '@ana'?");
    assert_eq!(value("user", "@guest"), "console:guest", "an identity that no configured person claims");
    insta::assert_snapshot!(value("user", "@benn"), @"--user '@benn' is nobody known here; did you mean '@ben'?");
    assert_eq!(value("user", "console:benn"), "console:benn");
    insta::assert_snapshot!(value("user", "@zoe"), @"--user '@zoe' is nobody known here.");
    insta::assert_snapshot!(value("user", "slack:<!channel>"), @"--user 'slack:<!channel>' is not a person; write one like @ana or slack:U0123.");
}

#[test]
fn mentions_are_of_the_platform_the_line_was_typed_on() {
    let slack = ConversationId::from("slack:C1");
    let read = |line: &str| {
        with_world(|world| match catalog().parse(line, &World { conversation: Some(&slack), ..*world }) {
            Ok(Routed::Call { invocation, .. }) => invocation.args.last().map(|arg| arg.value.clone()),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(read("/every kind x --user <@U1>").as_deref(), Some("ana"));
    assert_eq!(read("/every kind x --user <@!77>").as_deref(), Some("slack:77"));
    assert_eq!(read("/every kind x --channel <#C2|ops>").as_deref(), Some("slack:C2"));
}

#[test]
fn channels_are_qualified() {
    assert_eq!(value("channel", "#dev"), "console:#dev");
    assert_eq!(value("channel", "slack:#dev"), "slack:#dev");
    assert_eq!(value("channel", "ops"), "slack:#operations", "a configured channel by its name");
    insta::assert_snapshot!(value("channel", "dev"), @"--channel 'dev' is not a channel; did you mean '#dev'?");
    insta::assert_snapshot!(value("channel", "'two words'"), @"--channel 'two words' is not a channel; write one like #ops or slack:#ops.");
}

#[test]
fn names_of_configured_things_forgive_spelling_and_suggest() {
    assert_eq!(value("choice", "UP"), "Up");
    assert_eq!(value("about", "inc-007"), "INC-7");
    assert_eq!(value("target", "Orders_DB"), "orders-db");
    assert_eq!(value("service", "'front desk'"), "front desk");
    assert_eq!(value("severity", "P1"), "sev2");
    insta::assert_snapshot!(value("choice", "donw"), @"--choice 'donw' is not a choice here; did you mean 'down'?");
    insta::assert_snapshot!(value("choice", "sideways"), @"--choice 'sideways' is not a choice here; choose Up, down or half-way.");
    insta::assert_snapshot!(value("about", "the-big-one"), @"--about 'the-big-one' is not an incident; write one like INC-7.");
    insta::assert_snapshot!(value("target", "customers"), @"--target 'customers' is not a configured backup target; the only one is orders-db.");
    insta::assert_snapshot!(value("service", "shpo"), @"--service 'shpo' is not a configured service; did you mean 'shop'?");
    insta::assert_snapshot!(value("severity", "critcal"), @"--severity 'critcal' is not a configured severity; did you mean 'sev1'?");
    insta::assert_snapshot!(value("severity", "9"), @"--severity '9' is not a configured severity; choose sev1 or sev2.");
}

#[test]
fn with_no_services_configured_any_word_is_one() {
    let empty = World { now_ms: NOW, ..World::default() };
    let parsed = catalog().parse("/every kind x --service shop", &empty);
    assert!(
        matches!(parsed, Ok(Routed::Call { invocation, .. }) if invocation.args.iter().any(|arg| arg.value == "shop"))
    );
    let refused = catalog().parse("/every kind x --target db", &empty).map_err(|error| error.message);
    assert_eq!(refused, Err("--target 'db' is not a configured backup target; there are none.".to_owned()));
}
