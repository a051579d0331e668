//! `[notify.NAME]` and `[smtp]`: what is understood, and what is refused before anybody depends on it.

use super::*;
use notify::Notifier;

const ENV: [(&str, &str); 3] =
    [("KEY", "a routing key"), ("SECRET", "a secret of sufficient length"), ("URL", "https://example.org/t0ken")];

fn parsed(text: &str) -> Config {
    parse_with(text, ENV).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn each_kind_leads_somewhere() {
    let config = parsed(
        "[people.ana]\nconsole = \"ana\"\n[smtp]\nhost = \"SMTP.example.org\"\nfrom = \"bot@example.org\"\n\
         [notify.room]\nkind = \"chat\"\nto = \"console:#ops\"\n[notify.ana]\nkind = \"chat\"\nto = \"console:@ana\"\n\
         [notify.mail]\nkind = \"email\"\nto = [\"a@example.org\", \"b@example.org\"]\n\
         [notify.duty]\nkind = \"pagerduty\"\nrouting_key.env = \"KEY\"\n\
         [notify.hook]\nkind = \"webhook\"\nurl.env = \"URL\"\nsecret.env = \"SECRET\"\n",
    );
    let routes: Vec<_> = config
        .notify
        .routes()
        .0
        .into_iter()
        .map(|(name, route)| format!("{name} {} {:?}", route.to, route.private_to.map(|id| id.into_string())))
        .collect();
    insta::assert_snapshot!(routes.join("\n"), @r#"
    ana console:#incidents Some("ana")
    duty notify:duty None
    hook notify:hook None
    mail notify:mail None
    room console:#ops None
    "#);
    let Some(Notifier::PagerDuty { url, timeout, .. }) = config.notify.0.get("duty") else { panic!() };
    assert_eq!((url.as_str(), *timeout), (notify::PAGERDUTY, limits::NOTIFY_TIME));
    let smtp = config.smtp.as_ref().unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.tls), ("smtp.example.org", 587, smtp::Tls::Starttls));
    assert!(config.warnings().is_empty());
    let shown = config.effective();
    assert!(!shown.contains("t0ken") && !shown.contains("sufficient"), "{shown}");
}

#[test]
fn what_nobody_could_page_with_is_refused() {
    insta::assert_snapshot!(complaint(
        r#"
[people.ben]
slack = "U1"
[notify.a]
to = "x"
[notify.b]
kind = "emial"
[notify.c]
kind = "email"
to = ["nobody", "a@b.example\nBcc: c@d.example"]
[notify.d]
kind = "chat"
to = "console:@anna"
[notify.e]
kind = "chat"
to = "console:@ben"
[notify.f]
kind = "pagerduty"
url = "http://events.example.org/"
[notify.g]
kind = "webhook"
url = "ftp://example.org/"
routing_key = "x"
[notify."On Call"]
kind = "chat"
to = "console:#ops"
"#
    ), @r#"
    drillbell.toml has 13 problems:

      1. drillbell.toml:4:9: notify.a
         found:    no `kind`
         expected: a kind: "chat", "email", "pagerduty" or "webhook"

      2. drillbell.toml:7:8: notify.b.kind
         found:    "emial"
         expected: one of chat, email, pagerduty, webhook
         fix:      did you mean `email`?

      3. drillbell.toml:8:9: notify.c
         found:    no `[smtp]`
         expected: a section [smtp] that says which server sends e-mail

      4. drillbell.toml:10:7: notify.c.to
         found:    "nobody"
         expected: an address such as "oncall@example.org"

      5. drillbell.toml:10:17: notify.c.to
         found:    "a@b.example\nBcc: c@d.example"
         expected: a text on one line, without control characters

      6. drillbell.toml:13:6: notify.d.to
         found:    "console:@anna"
         expected: a person of [people]

      7. drillbell.toml:16:6: notify.e.to
         found:    "console:@ben"
         expected: somebody with a login: [people.ben] has no `console`

      8. drillbell.toml:17:9: notify.f
         found:    no `routing_key`
         expected: the integration's key: { env = "NAME" } or { file = "PATH" }

      9. drillbell.toml:19:7: notify.f.url
         found:    "http://events.example.org/"
         expected: an https:// address: the routing key travels with each event

     10. drillbell.toml:20:9: notify.g
         found:    no `secret`
         expected: what signs the requests: { env = "NAME" } or { file = "PATH" }

     11. drillbell.toml:22:7: notify.g.url
         found:    "ftp://example.org/"
         expected: an address such as "https://example.org/page"
         fix:      begin with https://

     12. drillbell.toml:23:1: notify.g.routing_key
         found:    a key that drillbell 0.1.0 does not know
         expected: a key of [notify.g]: kind, url, secret, timeout, availability, hours, timezone
         fix:      remove it, or see docs/config.md for what this version knows

     13. drillbell.toml:24:9: notify.On Call
         found:    this name
         expected: a name of lower-case letters, digits, - _, such as oncall
    "#);
}

#[test]
fn a_secret_that_is_too_short_or_written_in_the_file_is_refused_without_being_shown() {
    let hook = "[notify.hook]\nkind = \"webhook\"\nurl = \"https://example.org/\"\nsecret";
    for secret in ["= \"hunter2-hunter2-hunter2\"", ".env = \"SHORT\""] {
        let said = parse_with(&format!("{hook}{secret}"), [("SHORT", "hunter2")]).unwrap_err().to_string();
        assert!(said.contains("notify.hook.secret") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn mail_in_the_clear_to_another_machine_must_be_meant() {
    let smtp = |more: &str| format!("[smtp]\nfrom = \"bot@example.org\"\ntls = \"none\"\n{more}");
    insta::assert_snapshot!(complaint(&smtp("host = \"smtp.example.org\"\nuser = \"x\"")), @r#"
    drillbell.toml has 2 problems:

      1. drillbell.toml:3:7: smtp.tls
         found:    "none"
         expected: "starttls" or "tls": without, whoever is on the way reads pages and password
         fix:      if that is how it must be, write plaintext = true

      2. drillbell.toml:5:8: smtp.user
         found:    "x"
         expected: a `password` with it
    "#);
    for good in ["host = \"localhost\"", "host = \"127.0.0.1\"", "host = \"smtp.example.org\"\nplaintext = true"] {
        assert_eq!(parsed(&smtp(good)).smtp.map(|smtp| smtp.port), Some(25), "{good}");
    }
}

#[test]
fn a_webhook_that_can_be_read_on_the_way_is_warned_of() {
    let config = parsed("[notify.hook]\nkind = \"webhook\"\nurl = \"http://example.org/\"\nsecret.env = \"SECRET\"\n");
    let warned = config.warnings();
    assert!(warned.len() == 1 && warned[0].starts_with("notify.hook.url is http://"), "{warned:?}");
}
