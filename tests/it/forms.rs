//! Forms and selects of a card, with the whole bot: what is entered is held to what the card declares before a plugin sees it.

use crate::support::bot::{MISBEHAVING, PATIENCE, Setup, TestBot, with_bot_of};
use drillbell::commands::CommandAnswer;
use drillbell::model::event::{ActionReceived, Argument, Event};
use drillbell::model::ids::{MessageRef, fresh};
use drillbell::platform::console::{Look, Numbers, card};
use drillbell::store::OutcomeStatus;

async fn submits(
    bot: &TestBot,
    card: &MessageRef,
    action: &str,
    value: &str,
    fields: &[(&str, &str)],
) -> CommandAnswer {
    let event = Event::ActionReceived(ActionReceived {
        card: card.clone(),
        action: action.to_owned(),
        value: value.to_owned(),
        fields: fields.iter().map(|(n, v)| Argument { name: (*n).to_owned(), value: (*v).to_owned() }).collect(),
        by: bot.app.person("console", "ana"),
        asserted_by: None,
    });
    tokio::time::timeout(PATIENCE, bot.delivers_event(&fresh(), event)).await.expect("it is handled")
}

#[test]
fn a_form_reaches_its_plugin_only_as_the_card_declares_it() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let posted = bot.ana("/misbehave form-card").await;
            let message = &posted.messages[0].message;
            let drawn = card(&posted.messages[0].view, Look::new(Some(80), false), Numbers::Given(&[]), &[]);
            insta::allow_duplicates! { insta::assert_snapshot!(drawn.join("\n"), @r"
            | Fill this in
            | Report…: type /misbehave echo TEXT
            | Colour (Red, Green): on the console's page
            "); }

            let sent =
                submits(&bot, message, "report", "forged", &[("level", "high"), ("title", " fire "), ("count", "")])
                    .await;
            assert_eq!(
                (sent.status, sent.text.as_str()),
                (OutcomeStatus::Ok, "Ana sent report (v5): title=fire, level=high")
            );
            for (fields, says) in [
                (&[("count", "1")][..], "Title must be filled in."),
                (&[("title", "x"), ("count", "many")], "Count must be a whole number."),
                (&[("title", "x"), ("level", "worst")], "Level must be one of its choices."),
                (
                    &[("title", "x"), ("admin", "1")],
                    "The form has no field `admin`; it may have changed. Open it again.",
                ),
            ] {
                let refused = submits(&bot, message, "report", "", fields).await;
                assert_eq!((refused.status, refused.text.as_str()), (OutcomeStatus::Refused, says));
            }
            let odd = submits(&bot, message, "pick", "blue", &[]).await;
            assert_eq!(odd.text, "Colour must be one of its choices; look at the message as it is now.");
            let picked = submits(&bot, message, "pick", "green", &[("title", "ignored")]).await;
            assert_eq!(picked.text, "Ana pressed pick (green)");
            let again = submits(&bot, message, "pick", "red", &[]).await;
            assert!(again.text.starts_with("Colour: already done by Ana at "), "{}", again.text);
        },
    );
}
