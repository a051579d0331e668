//! Text from people who are tired, in a hurry or hostile, all the way through: kept as typed, shown as typed, harmless.

use crate::support::bot::{HERE, SEV, Setup, with_bot_of};
use drillbell::model::ids::IncidentId;
use drillbell::store::OutcomeStatus;

const TITLES: [&str; 12] = [
    "@everyone <!channel> <@U123>",
    "*bold* ~no~ `code` [link](javascript:alert(1))",
    "<script>alert(1)</script> & <https://evil.example|safe>",
    "'; drop table incidents; --",
    "{{title}} %s %n ${HOME} $(reboot)",
    "\u{200b}zero\u{200d}width",
    "🔥🔥🔥 ﷽ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G",
    "INC-2 sev1 is not --this",
    "{\"json\": [\"and\", \\\\u0000]}",
    "it's \"fine\"",
    "-- --incident INC-1",
    "שלום عالم",
];

#[test]
fn hostile_titles_are_kept_and_shown_as_they_were_typed() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            for (title, number) in TITLES.into_iter().zip(1..) {
                let answer = bot.ana(&format!("/sev declare sev3 {title}")).await;
                assert_eq!(answer.status, OutcomeStatus::Ok, "{title}: {answer:?}");
                let incident = bot.app.store().incident(&IncidentId::numbered(number)).await.unwrap().unwrap();
                // A lone `--` only says that what follows is text.
                let kept = title.strip_prefix("-- ").unwrap_or(title);
                assert_eq!(incident.title, kept);
                let shown = bot.ana(&format!("/sev show INC-{number}")).await;
                assert!(shown.text.contains(kept), "{}", shown.text);
            }
            let listed = bot.ana("/sev list --limit 50").await;
            assert!(TITLES[..8].iter().all(|title| listed.text.contains(title)), "{}", listed.text);
            assert_eq!(bot.app.store().incidents(true, 100).await.unwrap().len(), TITLES.len());
        },
    );
}

#[test]
fn too_much_text_or_a_control_character_is_refused_in_one_sentence() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev3 trouble").await;
            let (title, text, huge) = ("x".repeat(201), "ü".repeat(4001), "x".repeat(2_000_000));
            for words in [title.as_str(), "\u{1b}[2J", "a\u{0}b", "\u{7}", huge.as_str(), "   ", "\u{2028}"] {
                let answer = bot.ana(&format!("/sev declare sev3 {words}")).await;
                let start: String = words.chars().take(10).collect();
                assert_eq!(answer.status, OutcomeStatus::Refused, "{start:?}: {answer:?}");
                assert!(answer.text.len() < 400, "{start:?}: {}", answer.text);
            }
            for line in
                [format!("/sev note {text}"), format!("/sev update {text}"), format!("/sev level sev1 --reason {text}")]
            {
                let answer = bot.ana(&line).await;
                assert_eq!(answer.status, OutcomeStatus::Refused, "{}", answer.text);
            }
            assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 2);
            assert_eq!(bot.app.store().timeline(&IncidentId::numbered(1), 50).await.unwrap().len(), 1);
        },
    );
}

#[test]
fn strangers_with_strange_names_are_recorded_under_their_platforms_name() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            for (name, number) in ["<@everyone>", "ana'--", "Ana", "console:ana", "🔥", "a b"].into_iter().zip(1..) {
                let answer = bot.types(name, HERE, "/sev declare sev3 trouble").await;
                assert_eq!(answer.status, OutcomeStatus::Ok, "{name}: {answer:?}");
                let incident = bot.app.store().incident(&IncidentId::numbered(number)).await.unwrap().unwrap();
                assert_eq!(incident.declared_by.as_str(), format!("console:{name}"), "not the configured ana");
            }
        },
    );
}
