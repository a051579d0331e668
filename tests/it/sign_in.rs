//! `/drillbell login` with the whole bot, and `drillbell token` as scripts call it.

mod chats;

use crate::cli::program::call;
use crate::support::bot::{LISTENS, SEV, Setup, with_bot_of};
use crate::support::database::TestDatabase;
use crate::support::process::Home;
use drillbell::model::event::{CommandReceived, Event};
use drillbell::signin::token_caller;
use drillbell::store::OutcomeStatus;

#[test]
fn a_login_is_answered_with_a_link_for_one_persons_eyes_that_opens_once() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            let answer = bot.types("ben", "console:#incidents", "/drillbell login").await;
            assert_eq!((answer.status, answer.messages.len()), (OutcomeStatus::Ok, 1));
            assert!(answer.messages[0].private, "nobody else sees it");
            let (before, link) = answer.text.split_once("/login/").expect("a link");
            let (code, after) = link.split_once('\n').expect("an explanation");
            assert_eq!(before, format!("Sign in as Ben: {LISTENS}"));
            insta::allow_duplicates! { insta::assert_snapshot!(after, @r"
            It opens once, within 10 minutes. Whoever has it is you: pass it on to nobody.
            It works on the bot's own machine only; server.public_url would make it work elsewhere.
            "); }
            let trail = bot.trail().await;
            assert!(trail.iter().all(|record| !record.to_string().contains(code)), "the trail does not hold it");
            let store = bot.app.store();
            let who = store.take_login_code(code.to_owned()).await.unwrap().expect("it opens");
            assert_eq!((who.person.id.as_str(), who.person.name.as_str()), ("ben", "Ben"));
            assert_eq!(who.asserted_by, None);
            assert_eq!(store.take_login_code(code.to_owned()).await.unwrap(), None, "once");
        },
    );
}

#[test]
fn a_link_asked_for_by_a_token_makes_nobody_better_known() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            let by = bot.app.person("console", "ben");
            let asserted_by = Some("local token".to_owned());
            let event =
                Event::CommandReceived(CommandReceived { text: "/drillbell login".to_owned(), by, asserted_by });
            let answer = bot.delivers_event("d1", event).await;
            let code = answer.text.split_once("/login/").expect("a link").1.split_once('\n').expect("more").0;
            let who = bot.app.store().take_login_code(code.to_owned()).await.unwrap().expect("it opens");
            assert_eq!((who.person.id.as_str(), who.asserted_by.as_deref()), ("ben", Some("local token")));
        },
    );
}

#[test]
fn a_token_signs_nobody_in() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            let by = token_caller("ci");
            let event =
                Event::CommandReceived(CommandReceived { text: "/drillbell login".to_owned(), by, asserted_by: None });
            let answer = bot.delivers_event("d1", event).await;
            assert_eq!(answer.status, OutcomeStatus::Refused);
            assert_eq!(answer.text, "A token signs nobody in: the page is for people.");
        },
    );
}

/// Makes, uses, lists and revokes a token by the command line.
fn deal(folder: &std::path::Path, name: &str) {
    let made = call(folder, &["token", "new", name, "--role", "deployer", "--expires", "30d"]);
    assert_eq!(made.code, 0, "{made:?}");
    let secret = made.stdout.trim();
    assert!(secret.starts_with("drillbell_") && made.stderr.contains("only time it is shown"), "{made:?}");
    assert!(!made.stderr.contains(secret));
    let again = call(folder, &["token", "new", name]);
    assert!(
        again.code == 1 && again.stderr.to_lowercase().contains(&format!("a token `{name}` is in use")),
        "{again:?}"
    );
    let listed = call(folder, &["token", "list"]);
    assert!(listed.stdout.contains(&format!("{name}, role deployer, until ")), "{listed:?}");
    assert!(!listed.stdout.contains(secret));
    let revoked = call(folder, &["token", "revoke", name]);
    assert_eq!(revoked.stdout, format!("token {name} is revoked\n"), "{revoked:?}");
    let gone = call(folder, &["token", "revoke", name]);
    assert_eq!(gone.code, 1, "{gone:?}");
}

#[test]
fn tokens_are_dealt_with_beside_a_bot_and_without_one() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    let folder = home.folder.path();
    deal(folder, "alone");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let process = runtime.block_on(home.start(&[]));
    deal(folder, "beside");
    assert!(runtime.block_on(process.end(false)).success());
    for args in [&["token", "new", "Ci"][..], &["token", "new", "ci", "--expires", "400d"], &["token", "new", "local"]]
    {
        assert_eq!(call(folder, args).code, 2, "{args:?}");
    }
    let verified = call(folder, &["audit", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let refused = call(folder, &["run", "/drillbell login"]);
    assert!(refused.code == 1 && refused.stdout.contains("serves no web"), "{refused:?}");
}
