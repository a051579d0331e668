//! The whole bot with a secret that people and plugins repeat: it is in the database that they read from nowhere, on both engines.

use crate::support::bot::{HERE, PEOPLE, SEV, Setup, with_bot_of};
use crate::support::eventually;
use crate::support::public::STATUS;
use drillbell::model::ids::{ConversationId, IncidentId};
use serde_json::json;
use std::sync::Arc;

const SECRET: &str = "correct horse battery";

fn setup() -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db-password");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let config = format!("{SEV}\n{PEOPLE}\n[secrets]\ndb = {{ file = {file:?} }}");
    Setup { config, folder: Arc::new(folder), ..Setup::default() }
}

#[test]
fn a_secret_in_what_has_to_be_approved_is_on_no_card() {
    let ruled = || {
        let plain = setup();
        let rule = "[[policy]]\ncommand = \"sev\"\napprovals = 1\n[roles.x]\nmembers = [\"ben\"]";
        Setup { config: format!("{}\n{rule}", plain.config), ..plain }
    };
    with_bot_of(ruled, |bot| async move {
        let answer = bot.ana(&format!("/sev declare sev1 login with {SECRET} fails")).await;
        let approval = bot.app.store().open_approvals(1).await.unwrap().remove(0);
        let card = bot.app.store().message(&approval.card).await.unwrap().expect("a card").view.to_plain();
        let stream = bot.app.store().stream_after(0, None, &"ben".into(), 1000).await.unwrap();
        let shown = format!(
            "{} {card} {} {:?} {:?} {:?}",
            answer.text,
            approval.title,
            approval.plea,
            stream.iter().map(|item| item.payload.to_string()).collect::<Vec<_>>(),
            bot.trail().await
        );
        assert!(shown.contains("[secret db]") && !shown.contains("horse"), "{shown}");
        // What was asked for is done as it was asked for.
        bot.types("ben", HERE, &format!("/drillbell approve {}", approval.id)).await;
        eventually("the incident is declared", async || bot.app.store().incidents(true, 10).await.unwrap().pop()).await;
    });
}

#[test]
fn a_secret_in_words_for_everybody_is_on_no_public_page() {
    let with_page = || {
        let plain = setup();
        Setup { config: format!("{}\n{STATUS}", plain.config), ..plain }
    };
    with_bot_of(with_page, |bot| async move {
        bot.ana("/sev declare sev1 login fails").await;
        bot.ana(&format!("/sev update --public --title \"Not {SECRET}\" We changed {SECRET} again.")).await;
        let approval = bot.app.store().open_approvals(1).await.unwrap().remove(0);
        let card = bot.app.store().message(&approval.card).await.unwrap().expect("a card").view.to_plain();
        bot.types("ben", HERE, &format!("/drillbell approve {}", approval.id)).await;
        let shown = eventually("it is public", async || {
            let files = &bot.app.board().unwrap().shown().site.files;
            let all: String = files.values().map(|file| String::from_utf8_lossy(&file.body).into_owned()).collect();
            all.contains("again.").then_some(all)
        })
        .await;
        assert!(!shown.contains("horse") && !card.contains("horse"), "{card}");
        assert!(shown.contains("We changed [secret db] again.") && card.contains("We changed [secret db] again."));
    });
}

#[test]
fn a_secret_that_somebody_types_is_kept_nowhere_where_people_read() {
    with_bot_of(setup, |bot| async move {
        let answer = bot.ana(&format!("/sev declare sev1 login with {SECRET} fails")).await;
        let shown = json!(answer).to_string();
        assert!(shown.contains("login with [secret db] fails") && !shown.contains("horse"), "{shown}");
        bot.ana(&format!("/sev task add rotate {SECRET}")).await;
        bot.ana(&format!("/sev note we tried postgres://bot:hunter2@db/x and {SECRET}")).await;
        let list = bot.ana("/sev list").await;
        assert!(list.text.contains("[secret db]") && !list.text.contains("horse"), "{}", list.text);

        let store = bot.app.store();
        let incident = IncidentId::numbered(1);
        let timeline = store.timeline(&incident, 100).await.unwrap();
        let stream = store.stream_after(0, Some(&ConversationId::from(HERE)), &"ana".into(), 1000).await.unwrap();
        let kept = format!(
            "{timeline:?}{:?}{:?}{:?}",
            store.incident(&incident).await.unwrap(),
            stream.iter().map(|item| item.payload.to_string()).collect::<Vec<_>>(),
            bot.trail().await
        );
        assert!(!kept.contains("horse") && !kept.contains("hunter2"), "{kept}");
        assert!(kept.contains("postgres://bot:[secret]@db/x and [secret db]"), "{kept}");
    });
}
