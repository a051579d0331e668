//! `[commands]` and `[secrets]` as operators meet them: what could inject or leak is refused when the file is read.

use super::*;
use crate::config::commands::{Kind, OnLost};
use proptest::prelude::*;

fn with_argv(argv: &str, rest: &str) -> String {
    format!("[commands.x]\nargv = {argv}\n{rest}")
}

#[test]
fn a_command_is_a_list_of_arguments_with_typed_places() {
    let text = with_argv(
        r#"["deploy", "--to={version}", "--", "{host}", "{{literal}}"]"#,
        "changes = false\n[commands.x.args]\nversion.type = \"version\"\nhost = { type = \"host\", default = \"a.example\" }",
    );
    let config = parse(&text).unwrap();
    let command = config.commands.get("x").unwrap();
    let shown: Vec<_> = command.argv.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["deploy", "--to={version}", "--", "{host}", "{{literal}}"]);
    assert_eq!(command.argv[1].filled("1.2"), "--to=1.2");
    assert_eq!((command.changes, command.on_lost), (false, OnLost::Repeat));
    assert_eq!(command.timeout, Duration::from_secs(60));
}

#[test]
fn all_that_is_wrong_with_a_command_is_said_at_once() {
    let text = r#"
[secrets]
db = "hunter2"
[commands.Restart]
argv = ["{program}", "x"]
[commands.b]
argv = ["run", "{a}", "{b}{c}", "{"]
timeout = "0s"
secrets = { PGPASSWORD = "db-pasword", LD_PRELOAD = "x" }
[commands.c]
argv = ["run", "{a}"]
undo = "d"
on_lost = "aks"
env = ["NO_SUCH"]
cwd = "/no/such"
[commands.c.args]
a = { type = "wrod" }
z = { type = "path", under = "srv/../x" }
"#;
    insta::assert_snapshot!(complaint(text), @r##"
    drillbell.toml has 15 problems:

      1. drillbell.toml:3:6: secrets.db
         found:    a value written in the file
         expected: { env = "NAME" } or { file = "PATH" }
         fix:      a secret in this file ends up in backups and in version control: keep it in a variable or a file

      2. drillbell.toml:4:11: commands.Restart
         found:    this name
         expected: a command's name: lower-case letters, digits, -

      3. drillbell.toml:5:8: commands.Restart.argv
         found:    a list of 2
         expected: a program's name or path first, without a place in it

      4. drillbell.toml:7:23: commands.b.argv
         found:    "{b}{c}"
         expected: an argument
         fix:      put one place into an argument

      5. drillbell.toml:7:33: commands.b.argv
         found:    "{"
         expected: an argument
         fix:      a place is called in lower-case letters, digits and _; write {{ and }} for braces that are no place

      6. drillbell.toml:8:11: commands.b.timeout
         found:    "0s"
         expected: a duration from 1s to 1d, such as "90s", "15m", "1h30m"

      7. drillbell.toml:9:26: commands.b.secrets.PGPASSWORD
         found:    a value that is not shown here
         expected: a handle of [secrets]
         fix:      write db-pasword = { env = "NAME" } under [secrets]

      8. drillbell.toml:9:53: commands.b.secrets.LD_PRELOAD
         found:    a value that is not shown here
         expected: a variable that does not decide what code is run

      9. drillbell.toml:11:8: commands.c.argv
         found:    a list of 2
         expected: a type for the place {a}
         fix:      write [commands.c.args.a] with a type

     10. drillbell.toml:12:8: commands.c.undo
         found:    "d"
         expected: the name of another command

     11. drillbell.toml:13:11: commands.c.on_lost
         found:    "aks"
         expected: "repeat" or "ask"
         fix:      did you mean `ask`?

     12. drillbell.toml:14:8: commands.c.env
         found:    NO_SUCH, which is not set
         expected: variables that are set where drillbell is started

     13. drillbell.toml:15:7: commands.c.cwd
         found:    "/no/such"
         expected: a folder that is there

     14. drillbell.toml:17:14: commands.c.args.a.type
         found:    "wrod"
         expected: a type: choice, word, int, path, host, version
         fix:      did you mean `word`?

     15. drillbell.toml:18:30: commands.c.args.z.under
         found:    "srv/../x"
         expected: a folder other than / by its whole path, without `..`, such as "/srv/app"
    "##);
}

#[test]
fn a_secret_cannot_be_an_argument() {
    for (argv, rest) in [
        (r#"["redis-cli", "--password", "{p}"]"#, "[commands.x.args.p]\ntype = \"word\""),
        (r#"["x", "--auth-token=abc"]"#, ""),
        (r#"["env", "PGPASSWORD=abc", "psql"]"#, ""),
        (r#"["x", "{p}"]"#, "[commands.x.args.p]\ntype = \"secret\""),
    ] {
        let said = complaint(&with_argv(argv, rest));
        assert!(said.contains("everybody who can list processes") && said.contains("secrets = {"), "{said}");
    }
    for argv in [
        r#"["psql", "--no-password", "-h", "db"]"#,
        r#"["x", "--password-file", "/run/x"]"#,
        r#"["x", "--token", "-q"]"#,
    ] {
        parse(&with_argv(argv, "")).unwrap_or_else(|said| panic!("{said}"));
    }
}

#[test]
fn a_place_cannot_become_part_of_a_script() {
    let args = "[commands.x.args.v]\ntype = \"word\"";
    for argv in [
        r#"["sh", "-c", "echo {v}"]"#,
        r#"["/bin/bash", "-ec", "{v}"]"#,
        r#"["sudo", "python3.12", "-c", "print('{v}')"]"#,
        r#"["psql", "-c", "select {v}"]"#,
    ] {
        let said = complaint(&with_argv(argv, args));
        assert!(said.contains("the place {v} in the text of a program"), "{argv}: {said}");
    }
    parse(&with_argv(r#"["sh", "-c", "echo \"$1\"", "--", "{v}"]"#, args)).unwrap();
}

#[test]
fn an_undo_needs_nothing_that_the_command_was_not_given() {
    let text =
        "[commands.a]\nargv = [\"a\"]\nundo = \"b\"\n[commands.b]\nargv = [\"b\", \"{x}\"]\nargs.x.type = \"word\"";
    assert!(complaint(text).contains("[commands.b] needs {x}"), "{}", complaint(text));
    assert!(
        complaint("[commands.a]\nargv = [\"a\"]\nundo = \"bb\"\n[commands.b]\nargv = [\"b\"]")
            .contains("did you mean `b`?")
    );
}

#[test]
fn every_secret_of_the_file_is_known_to_the_scrubber_and_shown_nowhere() {
    let text = "[database]\nurl = { env = \"DB\" }\n[secrets]\ntoken = { env = \"T\" }\n\
                [commands.x]\nargv = [\"x\"]\nenv = [\"API_TOKEN\", \"LANG\"]\nsecrets = { A = \"token\" }";
    let vars =
        [("DB", "postgres://b:hun%2Fter2@h/d"), ("T", "sesame-1"), ("API_TOKEN", "sesame-2"), ("LANG", "C.UTF-8")];
    let config = parse_with(text, vars).unwrap();
    let known: Vec<_> =
        config.all_secrets().into_iter().map(|(name, value)| (name, value.expose_secret().to_owned())).collect();
    let expected = [
        ("DB", "postgres://b:hun%2Fter2@h/d"),
        ("token", "sesame-1"),
        ("API_TOKEN", "sesame-2"),
        ("database.url", "hun%2Fter2"),
        ("database.url", "hun/ter2"),
    ];
    assert_eq!(known, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(config.secrets.get("token").unwrap().expose_secret(), "sesame-1");
    for shown in [config.effective(), format!("{config:?}")] {
        assert!(["hun", "sesame"].iter().all(|word| !shown.contains(word)), "{shown}");
    }
}

/// What people and exploits have typed into such places.
const ESCAPES: [&str; 30] = [
    "; rm -rf /",
    "a; rm",
    "$(reboot)",
    "`reboot`",
    "${IFS}",
    "a && b",
    "a | b",
    "a > b",
    "../etc/passwd",
    "a/../../etc/passwd",
    "/etc/passwd",
    "..",
    "./a",
    "a//b",
    "-rf",
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=reboot",
    "a b",
    " a",
    "a ",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\tb",
    "\u{1b}[31m",
    "a'b",
    "a\"b",
    "a\\b",
    "ａ",
    "",
];

fn kinds() -> Vec<Kind> {
    let under = std::path::PathBuf::from("/srv/app");
    vec![
        Kind::Choice(vec!["web".to_owned()]),
        Kind::Word(64),
        Kind::Int(1, 9),
        Kind::Path(under),
        Kind::Host,
        Kind::Version,
    ]
}

#[test]
fn no_type_has_room_for_an_escape() {
    for kind in kinds() {
        for value in ESCAPES {
            let answer = kind.accept(value);
            assert!(answer.is_err(), "{kind:?} took {value:?}");
            assert!(!answer.unwrap_err().to_string().contains(char::is_control));
        }
    }
}

#[test]
fn every_type_takes_what_it_is_for() {
    let good: [(usize, &[(&str, &str)]); 6] = [
        (0, &[("web", "web")]),
        (1, &[("nginx", "nginx"), ("my_app-2.x", "my_app-2.x")]),
        (2, &[("1", "1"), ("9", "9")]),
        (
            3,
            &[("current/a.sql", "/srv/app/current/a.sql"), ("/srv/app/b", "/srv/app/b"), ("v=1,@x", "/srv/app/v=1,@x")],
        ),
        (
            4,
            &[
                ("db-1.example.org", "db-1.example.org"),
                ("10.0.0.7", "10.0.0.7"),
                ("::1", "::1"),
                ("localhost", "localhost"),
            ],
        ),
        (5, &[("v1.2.3-rc.1+b7", "v1.2.3-rc.1+b7"), ("8cfa17f", "8cfa17f")]),
    ];
    for (at, values) in good {
        for (given, taken) in values {
            assert_eq!(kinds()[at].accept(given).as_deref(), Ok(*taken), "{:?}", kinds()[at]);
        }
    }
    for (at, value) in [
        (2, "0"),
        (2, "10"),
        (2, "+5"),
        (2, "05"),
        (2, "５"),
        (3, "/srv/apple"),
        (3, "/srv/app"),
        (3, "a/"),
        (4, "1.2.3"),
        (4, "a..b"),
        (5, "1..2"),
    ] {
        assert!(kinds()[at].accept(value).is_err(), "{:?} {value}", kinds()[at]);
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_one_plain_argument(value in prop_oneof!["\\PC{0,20}", "[a-z0-9./_:;$-]{0,20}", "(?s).{0,9}"]) {
        for kind in kinds() {
            if let Ok(taken) = kind.accept(&value) {
                prop_assert!(taken.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+@=,:/".contains(&b)), "{:?} {}", kind, taken);
                prop_assert!(!taken.is_empty() && !taken.starts_with('-') && !taken.split('/').any(|part| part == ".."));
                prop_assert!(!matches!(kind, Kind::Path(_)) || taken.starts_with("/srv/app/"));
            }
        }
    }
}
