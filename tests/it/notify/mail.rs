//! E-mail: TLS as asked, the certificate checked, never in the clear by accident; one bad address keeps it from nobody else.

use super::{ended, mail, pages, setup, story};
use crate::support::bot::{TestBot, with_database};
use crate::support::eventually;
use crate::support::smtp::{Mishap, Privacy, Smtp, authority};

/// What `[smtp]` says of TLS.
fn private(tls: &str) -> String {
    format!("tls = \"{tls}\"\nca = {:?}\nuser = \"bot\"\npassword.file = \"smtp\"", authority())
}

#[test]
fn a_mail_goes_over_starttls_or_tls_and_signs_in() {
    with_database(async |database| {
        for (count, privacy, tls) in [(1, Privacy::Starttls, "starttls"), (2, Privacy::Tls, "tls")] {
            let server = Smtp::start(privacy).await;
            let config = mail(server.port, &["oncall@example.org"], &private(tls));
            let bot = TestBot::start(database, setup(&config, &["smtp"])).await;
            pages(&bot, "mail", &["INC-1"]).await;
            ended(&bot, count).await;
            let taken = server.taken();
            assert!(taken.len() == 1 && taken[0].private, "{taken:?}");
            // \0bot\0the secret smtp of this test
            assert_eq!(taken[0].login, "AUTH PLAIN AGJvdAB0aGUgc2VjcmV0IHNtdHAgb2YgdGhpcyB0ZXN0");
            assert!(taken[0].text.contains("https://example.org/graph"), "{}", taken[0].text);
            bot.finish().await;
        }
    });
}

#[test]
fn nothing_is_said_to_a_server_that_is_not_who_it_should_be_or_cannot_be_private() {
    with_database(async |database| {
        let stranger = Smtp::start(Privacy::Starttls).await;
        let open = Smtp::start(Privacy::None).await;
        let unknown = "tls = \"starttls\"\nuser = \"bot\"\npassword.file = \"smtp\"".to_owned();
        for (count, server, smtp) in [(1, &stranger, unknown), (2, &open, private("starttls"))] {
            let config = mail(server.port, &["oncall@example.org"], &smtp);
            let bot = TestBot::start(database, setup(&config, &["smtp"])).await;
            pages(&bot, "mail", &["INC-1"]).await;
            let waits = eventually("the page was tried", async || {
                let page = bot.app.store().open_pages(i64::MAX, 10).await.unwrap().pop();
                page.filter(|page| page.attempts > 0)
            })
            .await;
            let status = bot.ana("/drillbell status").await.text;
            assert!(status.contains("page waiting for mail: trigger INC-1 for 0 s, tried"), "{status}");
            assert!(!waits.given_up && !waits.error.contains("the secret smtp"), "{waits:?}");
            assert!(server.taken().is_empty(), "neither mail nor password");
            // What waits is given up after hours.
            bot.clock.advance(7 * 3_600_000);
            let records = ended(&bot, count).await;
            assert_eq!(records[count - 1]["outcome"], "failed", "{records:?}");
            bot.finish().await;
        }
    });
}

#[test]
fn one_bad_address_keeps_a_page_from_nobody_else_and_nobody_gets_it_twice() {
    with_database(async |database| {
        let server = Smtp::start(Privacy::None).await;
        let to = ["gone@example.org", "ana@example.org", "ben@example.org"];
        let bot = TestBot::start(database, setup(&mail(server.port, &to, "tls = \"none\""), &[])).await;
        // The third call, to Ben, must be made again; the first address stays wrong.
        server.next(&[Mishap::Unknown]);
        server.every_third(&[Mishap::Busy]);
        server.next(&[Mishap::Unknown]);
        pages(&bot, "mail", &["INC-1"]).await;
        let records = ended(&bot, 1).await;
        let told = story(&bot, &records).await;
        assert!(told.starts_with("INC-1 ok after 2\n  1 later: "), "{told}");
        let whom: Vec<_> = server.taken().into_iter().map(|taken| taken.to).collect();
        assert_eq!(whom.iter().filter(|to| *to == "ana@example.org").count(), 1, "{whom:?}");
        assert!(whom.contains(&"ben@example.org".to_owned()), "{whom:?}");
        bot.finish().await;
    });
}

#[test]
fn a_mail_that_nobody_takes_is_given_up_and_said_so() {
    with_database(async |database| {
        let server = Smtp::start(Privacy::None).await;
        let config = mail(server.port, &["gone@example.org"], "tls = \"none\"");
        let bot = TestBot::start(database, setup(&config, &[])).await;
        server.next(&[Mishap::Unknown]);
        pages(&bot, "mail", &["INC-1", "INC-2"]).await;
        let records = ended(&bot, 2).await;
        assert_eq!((&records[0]["outcome"], &records[1]["outcome"]), (&"failed".into(), &"ok".into()), "{records:?}");
        let status = bot.ana("/drillbell status").await.text;
        assert!(
            status.contains("page given up to mail: trigger INC-1, tried once: gone@example.org refused"),
            "{status}"
        );
        bot.finish().await;
    });
}
