//! Asking for what it may not have: refused where it asks, told by name of the grant, and written down.

use super::misbehaving;
use crate::support::bot::{HERE, Setup, TestBot, with_bot_of};
use crate::support::script::SameOnBoth;
use drillbell::store::OutcomeStatus;

async fn asks(bot: &TestBot, what: &[&str]) -> String {
    let mut all = Vec::new();
    for what in what {
        let answer = bot.ana(&format!("/misbehave {what}")).await;
        assert_eq!(answer.status, OutcomeStatus::Ok, "a refusal is an answer, not a failure: {answer:?}");
        all.push(format!("> {what}\n{}", answer.text));
    }
    all.join("\n\n")
}

#[test]
fn nonsense_about_an_incident_is_refused_and_leaves_it_whole() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", &["incidents:write"], "")),
        async |bot| {
            seen.saw(asks(&bot, &["spoil-incident"]).await);
            let incident = bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap();
            let facts = incident.facts;
            assert_eq!((facts.roles.len(), facts.tasks.len(), facts.merged_into), (0, 100, None));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > spoil-incident
    role invalid: A role is one lower-case word such as `commander`, of at most 32 characters.
    huge role invalid: A role is one lower-case word such as `commander`, of at most 32 characters.
    person invalid: The note contains a control character (U+001B); take it out.
    task invalid: The title contains a control character (U+0000); take it out.
    no task invalid: INC-1 has no task 4294967295; /sev task list shows them.
    merge invalid: INC-1 cannot be merged into itself; name another: --into INC-…
    into nothing not-found: there is no incident `INC-\'; drop`
    update invalid: An update can only be put off until later than now.
    forged line invalid: Lines of the kind `acknowledged` are written by the change itself; choose another word.
    history allowed
    too many too-large: INC-1 has 100 tasks, which is the limit.
    never allowed
    ");
}

#[test]
fn without_grants_everything_is_refused_by_name() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", &[], "")),
        async |bot| {
            seen.saw(
                asks(
                    &bot,
                    &[
                        "ask-kv",
                        "ask-post",
                        "ask-incidents",
                        "ask-conversations",
                        "ask-timers",
                        "ask-jobs",
                        "ask-schedules",
                        "forge-ref",
                        "bad-data",
                    ],
                )
                .await,
            );
            assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 1);
            assert_eq!(bot.app.store().next_timer_ms().await.unwrap(), None);
            assert!(bot.app.store().kv_list(&"misbehaving".into(), "", 10).await.unwrap().is_empty());
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > ask-kv
    get denied: kv is not granted to `misbehaving`: it needs the grant `kv` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    set denied: kv is not granted to `misbehaving`: it needs the grant `kv` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    delete denied: kv is not granted to `misbehaving`: it needs the grant `kv` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    list denied: kv is not granted to `misbehaving`: it needs the grant `kv` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > ask-post
    post denied: post:console:#ops is not granted to `misbehaving`: it needs the grant `post:console:#ops` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > ask-incidents
    read denied: incidents:read is not granted to `misbehaving`: it needs the grant `incidents:read` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    write denied: incidents:write is not granted to `misbehaving`: it needs the grant `incidents:write` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > ask-conversations
    topic denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    archive denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    invite denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    pin denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    move denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    far denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    nameless denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    thread denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    open denied: conversations is not granted to `misbehaving`: it needs the grant `conversations` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > ask-timers
    set denied: timers is not granted to `misbehaving`: it needs the grant `timers` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    cancel denied: timers is not granted to `misbehaving`: it needs the grant `timers` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > ask-jobs
    start denied: jobs:scripted is not granted to `misbehaving`: it needs the grant `jobs:scripted` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    unknown denied: jobs:rm is not granted to `misbehaving`: it needs the grant `jobs:rm` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    list denied: jobs:KIND is not granted to `misbehaving`: it needs the grant `jobs:KIND` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    get denied: jobs:KIND is not granted to `misbehaving`: it needs the grant `jobs:KIND` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    cancel denied: jobs:KIND is not granted to `misbehaving`: it needs the grant `jobs:KIND` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > ask-schedules
    set denied: schedules is not granted to `misbehaving`: it needs the grant `schedules` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    cancel denied: schedules is not granted to `misbehaving`: it needs the grant `schedules` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)
    list denied: schedules is not granted to `misbehaving`: it needs the grant `schedules` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > forge-ref
    edit not-found: this plugin posted no message `0190c0de-0000-7000-8000-000000000000`
    react not-found: this plugin posted no message `0190c0de-0000-7000-8000-000000000000`

    > bad-data
    data invalid: the data is no JSON: key must be a string at line 1 column 2
    ");
}

#[test]
fn files_network_and_environment_are_nobodys() {
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", &["kv", "timers", "incidents:write", "post:*"], "")),
        async |bot| {
            let told = asks(&bot, &["ask-outside"]).await;
            assert!(!told.contains("allowed") && told.matches("denied").count() >= 8, "{told}");
            assert!(told.ends_with("\nenv []\nargs []"), "{told}");
        },
    );
}

#[test]
fn the_operators_grant_alone_does_not_suffice_nor_does_the_plugins_request() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", &["post:console:#secrets"], "")),
        async |bot| {
            seen.saw(asks(&bot, &["ask-post console:#secrets", "ask-post console:#ops", "ask-post nonsense"]).await);
            let stream = bot.app.store().stream_after(0, None, &"ana".into(), 100).await.unwrap();
            assert!(stream.iter().all(|item| item.conversation.as_str() == HERE), "{stream:?}");
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > ask-post console:#secrets
    post denied: post:console:#secrets is not granted to `misbehaving`: it needs the grant `post:console:#secrets` requested in its plugin.toml (it is not) and listed under [plugins.misbehaving] grants (it is)

    > ask-post console:#ops
    post denied: post:console:#ops is not granted to `misbehaving`: it needs the grant `post:console:#ops` requested in its plugin.toml (it is) and listed under [plugins.misbehaving] grants (it is not)

    > ask-post nonsense
    post invalid: `nonsense` is no conversation: expected PLATFORM:NAME, such as `console:#ops`, of at most 200 bytes
    ");
}

#[test]
fn what_is_granted_is_had() {
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", &["kv", "timers", "incidents:write", "post:console:#ops"], "")),
        async |bot| {
            let told = asks(&bot, &["ask-kv", "ask-post", "ask-incidents", "ask-timers"]).await;
            assert!(!told.contains("denied"), "{told}");
            let stream =
                bot.app.store().stream_after(0, Some(&"console:#ops".into()), &"ana".into(), 100).await.unwrap();
            assert_eq!(stream.len(), 1, "{stream:?}");
        },
    );
}

#[test]
fn a_plugin_looks_after_the_conversations_that_it_opened_and_no_others() {
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", &["conversations", "incidents:write"], "")),
        async |bot| {
            let told = asks(&bot, &["ask-conversations"]).await;
            for refused in ["topic", "archive", "invite", "pin", "move", "thread"] {
                assert!(told.contains(&format!("\n{refused} not-found: ")), "{refused}: {told}");
            }
            assert!(told.contains("\nfar denied: post:console:#secrets"), "{told}");
            assert!(told.contains("\nnameless invalid: "), "{told}");
            // `#ops` is the operator's; nobody gets it by opening it.
            assert!(told.contains("\nopened console:#ops-2\npost allowed\nlong too-large: "), "{told}");
            assert!(told.contains("\nnobody invalid: ") && told.ends_with("\nown allowed"), "{told}");
            let opened = bot.app.store().conversation(&"console:#ops-2".into()).await.unwrap().unwrap();
            assert_eq!((opened.topic.as_str(), opened.plugin.as_str()), ("all <!channel> are welcome", "misbehaving"));
        },
    );
}
