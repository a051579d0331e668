//! What must never survive, what must never be touched, and that no cutting into pieces changes either.

mod properties;

use super::*;
use crate::model::view::{Block, View};
use serde_json::json;

fn knowing(secrets: &[(&str, &str)]) -> Scrub {
    let (scrub, refused) =
        Scrub::new(secrets.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))));
    assert_eq!(refused, [], "all of them can be told from ordinary text");
    scrub
}

#[test]
fn a_known_secret_is_found_in_every_spelling() {
    let scrub = knowing(&[("db", "pa ss/w\"örd&1")]);
    for text in [
        "pa ss/w\"örd&1",
        "x?p=pa%20ss%2Fw%22%C3%B6rd%261&y",
        "x?p=pa+ss%2Fw%22%C3%B6rd%261&y",
        "x?p=pa%20ss%2fw%22%c3%b6rd%261&y",
        r#"{"note":"pa ss/w\"örd&1"}"#,
        r#"{"note":"pa ss\/w\"\u00f6rd&1"}"#,
        r#"{"note":"{\"n\":\"pa ss/w\\\"örd&1\"}"}"#,
    ] {
        let text = text.replace("\\/w\\\"\\u00f6", "/w\\\"\\u00f6");
        let clean = scrub.text(&text);
        assert!(clean.contains("[secret db]"), "{text} became {clean}");
    }
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    for around in ["", "u", "us", "user:"] {
        let encoded = engine.encode(format!("{around}pa ss/w\"örd&1{around}"));
        assert!(scrub.text(&encoded).contains("[secret db]"), "{encoded}");
    }
}

#[test]
fn overlapping_secrets_leave_nothing_of_either() {
    let scrub = knowing(&[("a", "abcdefgh"), ("b", "efghijkl"), ("c", "abcdefghijklmnop")]);
    assert_eq!(scrub.text("x abcdefghijkl y"), "x [secret a] y");
    assert_eq!(scrub.text("abcdefghijklmnop"), "[secret c]");
}

#[test]
fn what_cannot_be_told_from_ordinary_text_is_refused_with_a_reason() {
    let given = [("short", "12345"), ("word", "Postgres"), ("good", "correct horse")];
    let (scrub, refused) = Scrub::new(given.map(|(name, value)| (name.to_owned(), SecretString::from(value))));
    let said: Vec<_> = refused.iter().map(TooCommon::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    the secret short is shorter than six bytes, so it cannot be told from ordinary text and is not masked: choose a longer random one
    the secret word is an ordinary word, so it cannot be told from ordinary text and is not masked: choose a longer random one
    ");
    assert_eq!(scrub.text("12345 postgres correct horse"), "12345 postgres [secret good]");
}

#[test]
fn a_captured_secret_is_masked_from_then_on_and_the_oldest_are_forgotten() {
    let scrub = knowing(&[("fixed", "fixed-secret")]);
    let other = scrub.clone();
    for n in 0..=crate::config::limits::CAPTURED_SECRETS {
        other.capture(&format!("n{n}"), format!("captured-{n:04}-value").into()).unwrap();
    }
    let last = crate::config::limits::CAPTURED_SECRETS;
    assert_eq!(scrub.text(&format!("captured-{last:04}-value")), format!("[secret n{last}]"));
    assert_eq!(scrub.text("captured-0000-value fixed-secret"), "captured-0000-value [secret fixed]");
    assert!(scrub.capture("x", "1".into()).is_err());
}

/// Made up, and put together here so that no scanner of sources takes them for real ones.
fn tokens() -> Vec<String> {
    let hex = "0123456789abcdef0123456789abcdef01234567";
    vec![
        format!("{}-{}", "xoxb", "123456789012-abcdefGHIJKL"),
        format!("{}-{}", "xapp", "1-A012345-6789-abcdef"),
        format!("https://hooks.slack.com/services/{}", "T000/B000/abcdefGHIJKL0123"),
        format!("{}.{}.{}", "MTk4NjIyNDgzNDcxOTI1MjQ4", "Cl2FMQ", "ZnCjm1XVW7vRze4b7Cq4se7kKWs"),
        format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        format!("{}_{}", "ghp", &hex[..36]),
        format!("{}_{}", "github_pat", &hex[..30]),
        format!("{}-{}", "glpat", &hex[..20]),
        format!("{}_{}", "sk_live", &hex[..24]),
        format!("u+{}", "wZ1Ab2Cd3Ef4Gh5Ij6"),
        format!("Token token={}", "y_NbAkKc66ryYTWUXYEu"),
        format!("Authorization: Bearer {hex}"),
        format!("authorization: basic {}", "dXNlcjpodW50ZXIy"),
        format!("curl -H 'Bearer {hex}'"),
        format!("Cookie: session={hex}; theme=dark"),
        "password=hunter2".to_owned(),
        "PGPASSWORD=hunter2".to_owned(),
        "db_passwd = 'hunter two'".to_owned(),
        "password: hunter2".to_owned(),
        r#"{"client_secret": "hunter2", "a": 1}"#.to_owned(),
        r#"{\"apiKey\":\"hunter2\"}"#.to_owned(),
        "https://x/?access_token=hunter2&page=2".to_owned(),
        "mysql --password hunter2".to_owned(),
        "postgres://bot:hunter2@db:5432/x".to_owned(),
        format!("https://{}@github.com/x.git", &hex[..24]),
        format!("-----BEGIN RSA {} KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA {} KEY-----", "PRIVATE", "PRIVATE"),
        format!("-----BEGIN {} KEY-----\\nMIIEpAIBAAKCAQEA", "PRIVATE"),
        format!("{}.{}.{}", "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "dozjgNryP4J3jVmNHl0w"),
        format!("{}-1{}", "AGE-SECRET-KEY", &hex[..40].to_uppercase()),
    ]
}

#[test]
fn tokens_are_known_by_their_shape() {
    let scrub = Scrub::default();
    let shown: Vec<_> = tokens().iter().map(|token| scrub.text(token).replace('\n', "\\n")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
    [secret]
    [secret]
    https://hooks.slack.com/services/[secret]
    [secret]
    [secret]
    [secret]
    [secret]
    [secret]
    [secret]
    [secret]
    Token token=[secret]
    Authorization: Bearer [secret]
    authorization: basic [secret]
    curl -H 'Bearer [secret]'
    Cookie: [secret]
    password=[secret]
    PGPASSWORD=[secret]
    db_passwd = '[secret]'
    password: [secret]
    {"client_secret": "[secret]", "a": 1}
    {\"apiKey\":\"[secret]\"}
    https://x/?access_token=[secret]&page=2
    mysql --password [secret]
    postgres://bot:[secret]@db:5432/x
    https://[secret]@github.com/x.git
    [secret]
    [secret]
    [secret]
    [secret]
    "##);
}

#[test]
fn ordinary_text_is_left_as_it_is() {
    let scrub = knowing(&[("db", "correct horse")]);
    for text in [
        "",
        "The password was changed; ask Ana for the token. Basic authentication is off, bearer tokens are on.",
        "Reset the password: ask Ana",
        "Use --password to set one, --password-stdin to pipe one",
        "see https://host:8443/path/@user and ssh://git@github.com/x.git, mail ana@example.org",
        "max_tokens=100 secrets: 3 monkey=banana keyboard: us",
        "PWD=/srv/app",
        "token = { env = \"TOKEN\" }",
        "Send an API token as `Authorization: Bearer TOKEN`, or sign in; postgres://USER:PASSWORD@HOST/NAME, --token TOKEN",
        "password=$PGPASSWORD password=${PW} password=*** {\"token\": null}",
        "8cfa17f9629b3eac525570f66b31d65901c5caca7a3f 018f2b7e-1111-7aaa-8bbb-0123456789ab",
        "sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        "INC-7 declared by @ana at 2026-01-01T00:00:00.000Z: error rate 5.2 % > 1 %",
        "Made.with.dots and MNOPQR.abc, version 1.2.3-rc.1+build",
    ] {
        assert!(matches!(scrub.text(text), Cow::Borrowed(_)), "{text} became {}", scrub.text(text));
    }
}

#[test]
fn json_and_views_are_scrubbed_in_every_text() {
    let scrub = knowing(&[("db", "correct horse")]);
    let mut value = json!({
        "a": ["correct horse", 7, {"correct horse": "x"}],
        "password": "plain", "token": "ci-deploy", "api-token": "s3cret-Thing", "n": null
    });
    scrub.json(&mut value);
    let expected = json!({
        "a": ["[secret db]", 7, {"[secret db]": "x"}],
        "password": "[secret]", "token": "ci-deploy", "api-token": "[secret]", "n": null
    });
    assert_eq!(value, expected);

    let mut view = View::text("it is correct horse");
    view.title = "correct horse".to_owned();
    view.blocks.push(Block::Field { name: "Password".to_owned(), value: "hunter2".to_owned() });
    view.blocks.push(Block::Link { label: "x".to_owned(), url: "https://a:correct+horse@h/".to_owned() });
    scrub.view(&mut view);
    let shown = view.to_plain();
    assert!(!shown.contains("horse") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_stream_gives_lines_at_once_and_keys_only_as_a_marker() {
    let scrub = knowing(&[("key", "line one of it\nline two of it\nend")]);
    let mut stream = scrub.stream();
    assert_eq!(stream.push(b"hello\nwor"), "hello\n");
    assert_eq!(stream.push(b"ld\n"), "world\n");
    assert_eq!(stream.push(b"line one of it\n"), "", "it may be the secret's first line");
    assert_eq!(stream.push(b"line two of it\nend\nmore\n"), "[secret key]\nmore\n");
    assert_eq!(stream.push(b"caf\xc3"), "");
    assert_eq!(stream.push(b"\xa9\xff\n"), "caf\u{e9}\u{fffd}\n");
    let begin = format!("-----BEGIN {} KEY-----\n", "PRIVATE");
    assert_eq!(stream.push(begin.as_bytes()), "");
    for _ in 0..2000 {
        let out = stream.push(b"MIIEpAIBAAKCAQEAabcdefghijklmnop\n");
        assert!(!out.contains("MII"), "{out}");
    }
    assert_eq!(stream.push(format!("-----END {} KEY-----\nafter\n", "PRIVATE").as_bytes()), "\nafter\n");
    assert_eq!(stream.finish(), "");
}

#[test]
fn a_line_without_end_is_given_out_in_bounded_memory_and_a_token_without_end_is_dropped() {
    let scrub = knowing(&[("db", "correct horse")]);
    let mut stream = scrub.stream();
    let mut out = String::new();
    for _ in 0..1000 {
        out.push_str(&stream.push(&[b'.'; 1000]));
    }
    out.push_str(&stream.push(b"correct "));
    out.push_str(&stream.push(b"horse"));
    out.push_str(&stream.finish());
    assert_eq!(out.len(), 1_000_000 + "[secret db]".len());
    let mut stream = scrub.stream();
    let mut out = stream.push(b"a password=");
    for _ in 0..100 {
        out.push_str(&stream.push(&[b'x'; 1000]));
    }
    out.push_str(&stream.push(b" and so on\n"));
    out.push_str(&stream.finish());
    assert_eq!(out, "a password=[secret] and so on\n");
}
