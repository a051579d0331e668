//! A command through the whole house: typed, routed, handled in the sandbox, committed, answered.

use crate::support::bot::{HERE, TestBot, with_bot};
use drillbell::model::ids::IncidentId;
use drillbell::store::OutcomeStatus;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn declaring_an_incident_posts_its_card_and_keeps_its_record() {
    with_bot(async |bot| {
        let answer = bot.ana("/sev declare sev1 checkout is down").await;
        assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
        assert_eq!(answer.incident, Some(IncidentId::numbered(1)));
        let incident = bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
        assert_eq!((incident.title.as_str(), incident.severity.as_str()), ("checkout is down", "sev1"));
        assert_eq!(incident.declared_by.as_str(), "ana");
        let card = incident.card.expect("a card");
        assert!(answer.messages.iter().any(|m| m.message == card && m.text.contains("checkout is down")));
        let lines = bot.app.store().timeline(&IncidentId::numbered(1), 10).await.unwrap();
        assert_eq!(lines.iter().map(|l| l.kind.as_str()).collect::<Vec<_>>(), ["declared"]);
    });
}

#[test]
fn one_delivery_five_times_is_one_effect_and_one_answer() {
    with_bot(async |bot| {
        let deliver = || bot.delivers("same", "ana", HERE, "/sev declare sev2 slow");
        let answers = futures::future::join_all((0..5).map(|_| deliver())).await;
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 2);
    });
}

#[test]
fn sixty_four_declare_at_once_and_the_numbers_have_neither_gaps_nor_twins() {
    with_bot(async |bot| {
        let declares =
            (0..64).map(|n| {
                let bot: Arc<TestBot> = bot.clone();
                async move {
                    bot.types("ana", &format!("console:#room-{n}"), &format!("/sev declare sev3 trouble {n}")).await
                }
            });
        let answers = futures::future::join_all(declares).await;
        let failed: Vec<_> = answers.iter().filter(|a| a.status != OutcomeStatus::Ok).collect();
        assert!(failed.is_empty(), "{failed:?}");
        let numbers: BTreeSet<i64> = answers.iter().map(|a| a.incident.as_ref().unwrap().number()).collect();
        assert_eq!(numbers, (1..=64).collect());
    });
}

#[test]
fn a_button_counts_once_and_a_second_click_is_told_who_was_first() {
    with_bot(async |bot| {
        bot.ana("/sev declare sev1 checkout is down").await;
        let incident = bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
        let card = incident.card.unwrap();
        let message = bot.app.store().message(&card).await.unwrap().unwrap();
        let button = message.view.buttons().find(|b| b.action.contains("resolve")).expect("a resolve button").clone();
        let first = bot.clicks("ana", &card, &button.action).await;
        assert_eq!(first.status, OutcomeStatus::Ok, "{first:?}");
        let (a, b) = tokio::join!(bot.clicks("ben", &card, &button.action), bot.clicks("ana", &card, &button.action));
        for again in [a, b] {
            assert!(again.text.contains("Ana") || again.status == OutcomeStatus::Refused, "{again:?}");
        }
        let lines = bot.app.store().timeline(&IncidentId::numbered(1), 50).await.unwrap();
        assert_eq!(
            lines.iter().filter(|line| line.text.contains("resolved") || line.kind == "status").count(),
            1,
            "{lines:?}"
        );
    });
}

#[test]
fn calls_that_keep_losing_end_all_the_same() {
    with_bot(async |bot| {
        let counts = (0..24).map(|n| {
            let bot: Arc<TestBot> = bot.clone();
            async move { bot.types("ana", &format!("console:#room-{n}"), "/misbehave kv-counter").await }
        });
        let answers = futures::future::join_all(counts).await;
        assert!(answers.iter().all(|a| a.status == OutcomeStatus::Ok), "{answers:?}");
        let last = bot.types("ana", HERE, "/misbehave kv-counter").await;
        assert!(last.text.contains("25"), "{last:?}");
    });
}

#[test]
fn nonsense_is_answered_with_one_clear_sentence() {
    with_bot(async |bot| {
        let long = format!("/sev note {}", "x".repeat(1_000_000));
        for line in [
            "",
            "/",
            "sev",
            "/sve list",
            "/sev decalre sev1 x",
            "/sev declare",
            "/sev declare sev9 x",
            "/sev show INC-99",
            "/sev note \"unclosed",
            "/sev list --nope",
            "\u{202e}/sev list",
            "/sev declare sev1 \u{0}",
            &long,
        ] {
            let answer = bot.ana(line).await;
            let shown: String = line.chars().take(40).collect();
            assert!(!answer.text.is_empty() && answer.text.len() < 2_000, "{shown:?}: {answer:?}");
            // A command's name alone asks how it is written.
            let is_help = line == "sev";
            assert_eq!(answer.status == OutcomeStatus::Refused, !is_help, "{shown:?}: {answer:?}");
        }
        assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 1, "nothing was declared by mistake");
    });
}

#[test]
fn the_hosts_own_commands_answer() {
    with_bot(async |bot| {
        for (line, expected) in [
            ("/drillbell help", "/sev"),
            ("/drillbell whoami", "Ana"),
            ("/drillbell status", "database"),
            ("/drillbell plugins", "sev-declare"),
            ("/drillbell audit", "whoami"),
            ("/drillbell audit --verify", "as they were written"),
            ("/drillbell sev list", "declare"),
        ] {
            let answer = bot.ana(line).await;
            assert_eq!(answer.status, OutcomeStatus::Ok, "{line}: {answer:?}");
            assert!(answer.text.contains(expected), "{line}: {}", answer.text);
        }
    });
}

#[test]
fn what_the_writers_do_and_what_waits_for_a_platform_is_told_to_prometheus() {
    with_bot(async |bot| {
        let of = |name: &str| {
            let text = bot.app.house().metrics.render();
            let sample = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
            sample.unwrap_or_else(|| panic!("{name} in {text}"))
        };
        let before = of("drillbell_commits_total");
        bot.ana("/sev declare sev1 checkout is down").await;
        let commits = of("drillbell_commits_total");
        assert!(commits > before, "{commits}");
        assert!(of("drillbell_commit_duration_seconds_count") >= commits);
        assert!(of("drillbell_commit_batch_size_sum") >= 1.0);
    });
}
