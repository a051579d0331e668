//! `drillbell check` says who could be reached, and pages nobody.

use super::{duty, hook, mail};
use crate::support::receiver::Receiver;
use crate::support::smtp::{Privacy, Smtp, authority};
use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use drillbell::notify::Notifiers;

fn notifiers(text: &str) -> Notifiers {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    for name in ["hook", "duty", "smtp"] {
        std::fs::write(folder.path().join(name), "a secret of sufficient length").unwrap();
    }
    let config = Config::parse(text, &folder.path().join("drillbell.toml"), &Env::none()).unwrap();
    Notifiers::new(&config, &Clock::system()).unwrap()
}

#[tokio::test]
async fn whoever_answers_can_be_reached_and_hears_of_no_page() {
    let (receiver, server) = (Receiver::start().await, Smtp::start(Privacy::Starttls).await);
    let smtp = format!("ca = {:?}\nuser = \"bot\"\npassword.file = \"smtp\"", authority());
    let config = format!("{}{}{}", hook(&receiver), duty(&receiver), mail(server.port, &["a@example.org"], &smtp));
    let notifiers = notifiers(&config);
    assert_eq!(notifiers.probe("hook").await.unwrap(), "127.0.0.1 answers (HTTP 202)");
    assert_eq!(notifiers.probe("duty").await.unwrap(), "127.0.0.1 answers (HTTP 202)");
    let told = notifiers.probe("mail").await.unwrap();
    assert_eq!(told, format!("localhost:{} (starttls) answers, and lets bot in", server.port));
    assert!(server.taken().is_empty() && receiver.taken().iter().all(|taken| taken.method == "HEAD"));
}

#[tokio::test]
async fn whoever_does_not_answer_is_named_with_the_reason() {
    let server = Smtp::start(Privacy::Starttls).await;
    // A port that was free a moment ago.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let hook =
        format!("[notify.hook]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{gone}/\"\nsecret.file = \"hook\"\n");
    let notifiers = notifiers(&format!("{hook}{}", mail(server.port, &["a@example.org"], "")));
    let said = notifiers.probe("hook").await.unwrap_err();
    assert_eq!(said, "127.0.0.1: cannot connect: Connection refused (os error 111)");
    let said = notifiers.probe("mail").await.unwrap_err();
    assert!(said.contains("(starttls)") && said.to_lowercase().contains("certificate"), "{said}");
}
