//! Whatever bytes come in, the reader answers; it never panics.

use super::*;
use proptest::prelude::*;

/// Text that is TOML more often than not: real sections and keys with values of every kind.
fn toml_like() -> impl Strategy<Value = String> {
    let head = prop::sample::select(vec![
        "",
        "[server]",
        "[database]",
        "[chat.console]",
        "[people.ana]",
        "[people.ana]",
        "[channels]",
        "[severities.p0]",
        "[severities.p1]",
        "[plugins.a]",
        "[plugins.a.limits]",
        "[plugins.a.settings]",
        "[limits]",
        "[probes.a]",
        "[probes.a.also]",
        "[metrics]",
        "[retention]",
        "[x]",
    ]);
    let key = prop::sample::select(vec![
        "listen",
        "public_url",
        "data_dir",
        "url",
        "enabled",
        "channels",
        "email",
        "ops",
        "rank",
        "aliases",
        "source",
        "grants",
        "sha256",
        "limits",
        "settings",
        "lanes",
        "expr",
        "above",
        "window",
        "of",
        "unit",
        "call_time",
        "call_memory",
        "memory",
        "time",
        "inbox",
        "a.b",
    ]);
    let value = prop_oneof![
        "[0-9]{1,25}[a-zKMB]{0,3}".prop_map(|text| format!("\"{text}\"")),
        "\\PC{0,12}".prop_map(|text| format!("{text:?}")),
        "(sqlite|postgres|file|builtin|console|post):[a-z#:/@?*%.]{0,12}".prop_map(|text| format!("\"{text}\"")),
        "\\[(\"[a-z#:*]{0,9}\", ){0,3}\\]",
        "-?[0-9]{1,22}(\\.[0-9]{1,9})?",
        Just("{ env = \"X\" }".to_owned()),
        Just("{ a = [inf, 1979-05-27, { b = true }] }".to_owned()),
        "\\PC{0,9}",
    ];
    let line =
        prop_oneof![1 => head.prop_map(str::to_owned), 3 => (key, value).prop_map(|(k, v)| format!("{k} = {v}"))];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![toml_like(), "(?s).{0,300}"]) {
        match parse_with(&text, [("X", "postgres://u:p@h/d")]) {
            Ok(config) => {
                let shown = config.effective();
                prop_assert!(parse_with(&shown, [("X", "postgres://u:p@h/d")]).is_ok(), "{}", shown);
            }
            Err(errors) => prop_assert!(!errors.problems.is_empty() && errors.to_string().contains("expected: ")),
        }
    }

    #[test]
    fn no_environment_makes_it_panic(name in "(SERVER|PLUGINS|[A-Z_\\-é]{0,9})(__[A-Za-z_\\-]{0,9}){0,14}", value in "\\PC{0,20}") {
        let _ = parse_with("[plugins.a]\nsource = \"builtin:a\"", [(&*format!("DRILLBELL__{name}"), &*value)]);
    }
}

#[test]
fn nesting_without_end_is_refused() {
    for text in
        [format!("a = {}", "[".repeat(200_000)), "a.".repeat(200_000) + "b = 1", format!("[{}b]", "a.".repeat(200_000))]
    {
        assert!(parse_with(&text, []).is_err());
    }
}
