//! What holds for every line there could be.

use super::{catalog, with_world};
use crate::model::event::Argument;
use crate::router::{MAX_LINE_BYTES, Routed, quote};
use proptest::prelude::*;

/// Lines made of the pieces that the grammar knows, in any order, so that most of them get far.
fn likely_line() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/sev",
        "declare",
        "sev1",
        "note",
        "every",
        "kind",
        "--service",
        "--service=",
        "shop",
        "--quiet",
        "--",
        "—",
        "—quiet",
        "–",
        "\"",
        "'",
        "“",
        "”",
        "’",
        "\\",
        "--incident",
        "INC-7",
        "--help",
        "help",
        "/drillbell",
        "audit",
        "=",
        "\n",
        "\u{202e}",
        "isn't",
        "--time",
        "+15m",
        "14:30",
        "--user",
        "<@U1|x>",
        "@ana",
        "--channel",
        "<#C1>",
        "🙂",
        "\u{a0}",
        "9",
        "-9",
        "",
    ]);
    let piece = (pieces, prop::sample::select(vec![" ", "", "  "])).prop_map(|(piece, gap)| format!("{piece}{gap}"));
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// Checks what every answer promises.
fn check(line: &str) -> Result<(), TestCaseError> {
    with_world(|world| {
        let catalog = catalog();
        let completion = catalog.complete(line, world);
        prop_assert!(line.is_char_boundary(completion.start), "{line:?}");
        let offered = completion.candidates.iter().all(|candidate| !candidate.value.is_empty());
        prop_assert!(offered && completion.start <= line.len());
        match catalog.parse(line, world) {
            Ok(_) => prop_assert!(line.len() <= MAX_LINE_BYTES),
            Err(error) => {
                let visible = |c: char| !c.is_control() && !matches!(c, '\u{202e}' | '\u{200b}');
                prop_assert!(error.message.chars().all(visible), "{:?}", error.message);
                prop_assert!(
                    error.message.chars().count() < 400 && error.message.ends_with(['.', '?']),
                    "{}",
                    error.message
                );
            }
        }
        Ok(())
    })
}

/// `name`, what is typed for it and what that becomes.
fn typed_option() -> impl Strategy<Value = (String, String, String)> {
    let same = |name: &'static str, values: &'static [&'static str]| {
        prop::sample::select(values).prop_map(move |value| (name.to_owned(), value.to_owned(), value.to_owned()))
    };
    prop_oneof![
        any::<i64>().prop_map(|n| ("int".to_owned(), n.to_string(), n.to_string())),
        (0..315_360_000_000_i64).prop_map(|ms| ("duration".to_owned(), format!("{ms}ms"), ms.to_string())),
        (0..253_402_300_799_000_i64).prop_map(|ms| {
            let at = crate::clock::rfc3339(ms);
            ("time".to_owned(), at.clone(), at)
        }),
        (1..1_000_000_i64).prop_map(|n| ("about".to_owned(), format!("INC-{n}"), format!("INC-{n}"))),
        same("user", &["ana", "slack:U77", "discord:123"]),
        same("channel", &["console:#ops", "slack:C0123", "discord:9"]),
        same("choice", &["Up", "down", "half-way"]),
        same("target", &["orders-db"]),
        same("service", &["shop", "front desk"]),
        same("severity", &["sev1", "sev2"]),
    ]
}

/// Text that an argument may hold: no control characters but line breaks and tabs, and not blank.
fn text() -> impl Strategy<Value = String> {
    let chars = prop::collection::vec(
        prop_oneof![4 => prop::sample::select("ab \n\t\"'“”’\\-—=".chars().collect::<Vec<_>>()), 1 => any::<char>()],
        1..40,
    );
    let text = chars.prop_map(|chars| chars.into_iter().collect::<String>());
    text.prop_filter("blank or refused", |text| {
        !text.trim().is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    })
}

fn parsed(line: &str) -> Result<Vec<Argument>, String> {
    with_world(|world| match catalog().parse(line, world) {
        Ok(Routed::Call { invocation, .. }) => Ok(invocation.args),
        other => Err(format!("{line:?} became {other:?}")),
    })
}

#[test]
fn what_the_fuzz_target_starts_from_holds() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/command_grammar");
    let mut lines = 0;
    for seed in std::fs::read_dir(seeds).expect("the seeds are part of the repository") {
        let bytes = std::fs::read(seed.expect("a readable entry").path()).expect("a readable file");
        check(&String::from_utf8_lossy(&bytes)).expect("a seed holds");
        lines += 1;
    }
    assert!(lines > 10, "only {lines} seeds");
}

proptest! {
    #[test]
    fn no_line_makes_the_grammar_panic(line in prop_oneof![r"(?s).{0,200}", likely_line()]) {
        check(&line)?;
    }

    #[test]
    fn what_is_rendered_and_quoted_parses_as_the_same(
        first in text(),
        options in prop::collection::btree_map("[a-j]", typed_option(), 0..4),
    ) {
        let mut expected = vec![("text".to_owned(), first.clone())];
        let mut line = format!("/every kind {}", quote(&first));
        for (name, typed, canonical) in options.into_values() {
            if expected.iter().any(|(known, _)| *known == name) {
                continue;
            }
            line.push_str(&format!(" --{name} {}", quote(&typed)));
            expected.push((name, canonical));
        }
        if !expected.iter().any(|(name, _)| name == "duration") {
            expected.push(("duration".to_owned(), "900000".to_owned()));
        }
        let mut got: Vec<_> = parsed(&line).map_err(TestCaseError::fail)?.into_iter().map(|arg| (arg.name, arg.value)).collect();
        got.sort();
        expected.sort();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn quoted_text_as_the_rest_of_a_line_is_that_text(title in text(), service in any::<bool>()) {
        let tail = if service { " --service shop" } else { "" };
        let args = parsed(&format!("/sev declare sev1 {}{tail}", quote(&title))).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&args[1].value, &title);
        prop_assert_eq!(args.len(), if service { 3 } else { 2 });
    }

    #[test]
    fn text_after_lone_dashes_is_never_an_option(words in prop::collection::vec(prop::sample::select(vec!["--service", "shop", "--quiet", "x", "--help"]), 1..6)) {
        let text = words.join(" ");
        let args = parsed(&format!("/sev declare sev1 -- {text}")).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&args[1].value, &text);
    }

    #[test]
    fn a_moment_is_the_same_when_read_at_another_time(ms in 0..253_402_300_799_000_i64) {
        let line = format!("/every kind x --time {}", crate::clock::rfc3339(ms));
        let args = parsed(&line).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&args[2].value, &crate::clock::rfc3339(ms));
    }
}
