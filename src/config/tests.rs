//! The configuration as its users meet it: files, overrides, and above all what is said when something is wrong.

mod alerts;
mod commands;
mod discord;
mod docs;
mod escalation;
mod fuzz;
mod gamedays;
mod levels;
mod paging;
mod probes;
mod rules;
mod services;
mod slack;
mod status;
mod targets;

use super::*;
use plugins::Source;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::time::Duration;

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, Path::new("/etc/drillbell/drillbell.toml"), &Env::none())
}

fn parse_with<const N: usize>(text: &str, vars: [(&str, &str); N]) -> Result<Config, ConfigErrors> {
    Config::parse(text, Path::new("drillbell.toml"), &vars.into_iter().collect())
}

/// What is said about a file, under a short name.
fn complaint(text: &str) -> String {
    parse_with(text, []).expect_err("a problem").to_string()
}

#[test]
fn an_empty_file_is_a_bot_without_plugins() {
    let config = parse("").unwrap();
    assert_eq!(config.server.listen, SocketAddr::from(([127, 0, 0, 1], 8787)));
    assert_eq!(config.server.data_dir, Path::new("/etc/drillbell/data"));
    assert_eq!(config.database.shown(), "sqlite:/etc/drillbell/data/drillbell.db");
    assert_eq!(config.database.connect_url().expose_secret(), "sqlite:///etc/drillbell/data/drillbell.db");
    assert_eq!(config.console.channels, ["#incidents", "#ops"]);
    assert!(config.plugins.is_empty() && config.warnings().is_empty());
    assert_eq!(config.limits, limits::Limits::default());
    assert_eq!(config.retention, retention::Retention::default());
}

#[test]
fn the_demo_writes_a_file_that_holds() {
    let text = demo(SocketAddr::from(([127, 0, 0, 1], 4000)), 4001);
    // Its commands run in its own folder, which must be there.
    let folder = tempfile::tempdir().unwrap();
    let config = Config::parse(&text, &folder.path().join("drillbell.toml"), &Env::none()).unwrap();
    assert_eq!(config.server.listen.port(), 4000);
    assert_eq!(config.server.data_dir, folder.path());
    assert_eq!(config.database.shown(), format!("sqlite:{}/drillbell.db", folder.path().display()));
    assert_eq!(config.people.resolve("console", "ana").as_str(), "ana");
    for name in ["sev-declare", "backup", "restore-drill", "runbook", "alerts"] {
        let source = Source::Builtin(name.to_owned());
        assert!(config.plugins.iter().any(|plugin| plugin.source == source), "{name}");
    }
    assert_eq!(config.targets.names().collect::<Vec<_>>(), ["media", "shop"]);
    assert_eq!(config.probes.0.keys().collect::<Vec<_>>(), ["shop", "shop-errors", "shop-p95"]);
    assert!(config.probes.0.values().all(|probe| probe.service.as_deref() == Some("shop")));
    assert_eq!(config.commands.get("restart-shop").unwrap().cwd.as_deref(), Some(folder.path()));
    assert_eq!(config.warnings(), [""; 0]);
}

#[test]
fn all_problems_are_said_at_once_with_place_and_fix() {
    let text = r##"
[server]
lisen = "0.0.0.0:80"
listen = "localhost:8787"
[databse]
url = "sqlite:x.db"
[chat.console]
channels = ["ops"]
[retention]
inbox = 7
[plugins.a]
grants = ["incident:write"]
"##;
    insta::assert_snapshot!(complaint(text), @r##"
    drillbell.toml has 7 problems:

      1. drillbell.toml:3:1: server.lisen
         found:    a key that drillbell 0.1.0 does not know
         expected: a key of [server]: listen, public_url, data_dir
         fix:      did you mean `listen`?

      2. drillbell.toml:4:10: server.listen
         found:    "localhost:8787"
         expected: an IP address and a port, such as "127.0.0.1:8787"
         fix:      write "127.0.0.1:8787"

      3. drillbell.toml:5:2: databse
         found:    a section that drillbell 0.1.0 does not know
         expected: a section: server, database, artifacts, chat, notify, people, roles, policy, channels, smtp, escalation, severities, alerts, metrics, probes, rotations, limits, plugins, retention, secrets, commands, targets, databases, status, services, runbooks, gamedays
         fix:      did you mean `database`?

      4. drillbell.toml:8:13: chat.console.channels
         found:    "ops"
         expected: a channel such as "#ops": `#`, then lower-case letters, digits, - _ .
         fix:      write "#ops"

      5. drillbell.toml:10:9: retention.inbox
         found:    7
         expected: a duration from 1h to 3650d, such as "90s", "15m", "1h30m"
         fix:      write a unit and quotes: "7s" for seconds

      6. drillbell.toml:11:10: plugins.a
         found:    no `source`
         expected: a source: "builtin:NAME" or "file:PATH"

      7. drillbell.toml:12:11: plugins.a.grants
         found:    "incident:write"
         expected: a grant (docs/config.md lists them)
         fix:      did you mean `incidents:write`?
    "##);
}

#[test]
fn a_syntax_error_is_one_problem_with_its_line() {
    insta::assert_snapshot!(complaint("[server]\nlisten = 127.0.0.1:8787\n[oops"), @r##"
    drillbell.toml has 1 problem:

      1. drillbell.toml:2:15
         found:    text that is not TOML (invalid float, expected nothing)
                     listen = 127.0.0.1:8787
         expected: TOML: `[section]` lines, and `key = value` with texts in quotes
         fix:      look at line 2 near column 15, and at the end of the line above it
    "##);
}

#[test]
fn a_secret_is_never_repeated_whatever_is_wrong() {
    let words = ["hunter2", "xoxb"];
    for text in [
        "[plugins.a]\nsource = \"builtin:a\"\nsettings = { token = inf, api-key = \"hunter2\" }\n[x]\npassword = \"hunter2\"",
        "[database]\nurl = \"mysql://root:hunter2@db/x\"",
        "[database]\nurl = \"postgres://root:hun/ter2hunter2@db:x/x\"",
        "[database]\npassword = \"hunter2",
        "[chat.slack]\nbot_token = xoxb-1",
        "[database]\nurl = \"postgres://root:hunter2@db/x",
        "[database]\nurl = { env = \"hunter-hunter2\" }",
        "secret = \"\"\"\nhunter2=1\nxoxb = \\q \"\"\"",
    ] {
        let said = complaint(text);
        assert!(words.iter().all(|word| !said.contains(word)), "{said}");
    }
    let said = parse_with("[database]\nurl = { env = \"DB\" }", [("DB", "mysql://hunter2")]).unwrap_err().to_string();
    assert!(!said.contains("hunter2") && said.contains("something else in the variable DB"), "{said}");
    let said = parse_with("", [("DRILLBELL__SMTP__PASSWORD", "hunter2")]).unwrap_err().to_string();
    assert!(!said.contains("hunter2") && said.contains("DRILLBELL__SMTP__PASSWORD"), "{said}");
}

#[test]
fn a_secret_comes_from_a_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("drillbell.toml");
    std::fs::write(folder.path().join("db"), "postgres://bot:hunter2@db/drillbell\n").unwrap();
    std::fs::write(&file, "[database]\nurl = { file = \"db\" }").unwrap();
    let config = Config::load(&file, &Env::none()).unwrap();
    assert_eq!(config.database.connect_url().expose_secret(), "postgres://bot:hunter2@db/drillbell");
    assert!(config.effective().contains("file = "), "{}", config.effective());

    let config = parse_with("", [("DRILLBELL__DATABASE__URL", "{ env = \"DB\" }"), ("DB", "postgres://b:hunter2@h/d")]);
    let config = config.unwrap();
    assert_eq!(config.database.connect_url().expose_secret(), "postgres://b:hunter2@h/d");
    for shown in [config.effective(), format!("{config:?}"), config.database.shown()] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert_eq!(config.warnings(), [""; 0]);
}

#[test]
fn a_secret_that_is_not_there_is_a_problem_like_any_other() {
    insta::assert_snapshot!(complaint("[database]\nurl = { env = \"NO_SUCH\" }\n[limits]\nlanes = 0"), @r##"
    drillbell.toml has 2 problems:

      1. drillbell.toml:2:7: database.url
         found:    the variable NO_SUCH, which is not set
         expected: { env = "NAME" } or { file = "PATH" }
         fix:      set it where drillbell is started

      2. drillbell.toml:4:9: limits.lanes
         found:    0
         expected: a whole number from 1 to 1024
    "##);
    let said = complaint("[database]\nurl = { file = \"no/such\" }");
    assert!(said.contains("the file no/such, which cannot be read"), "{said}");
    let said = complaint("[database]\nurl = { file = \"/dev/zero\" }");
    assert!(said.contains("which is not a file"), "{said}");
    let said = complaint("[database]\nurl = { emv = \"DB\" }");
    assert!(said.contains("did you mean `env`?"), "{said}");
}

#[test]
fn the_environment_overrides_any_key() {
    let file = "[people.ana]\nconsole = \"ana\"\n[plugins.sev-declare]\nsource = \"builtin:sev-declare\"";
    let vars = [
        ("DRILLBELL__SERVER__LISTEN", "0.0.0.0:80"),
        ("DRILLBELL__CHAT__CONSOLE__CHANNELS", "[\"#a\"]"),
        ("DRILLBELL__PLUGINS__SEV_DECLARE__LIMITS__TIME", "2s"),
        ("DRILLBELL__PLUGINS__ON_CALL__SOURCE", "file:on-call.wasm"),
        ("DRILLBELL__PEOPLE__ANA__NAME", "1"),
        ("DRILLBELL__people__caro__Console", "caro"),
        ("DRILLBELL_LOG", "debug"),
    ];
    let config = parse_with(file, vars).unwrap();
    assert_eq!(config.server.listen.port(), 80);
    assert_eq!(config.console.channels, ["#a"]);
    assert_eq!(config.plugins[0].limits.time, Duration::from_secs(2));
    assert_eq!((config.plugins[1].name.as_str(), config.plugins.len()), ("on-call", 2));
    assert_eq!(config.people.display(&"ana".into()), "1");
    assert_eq!(config.people.resolve("console", "caro").as_str(), "caro");
}

#[test]
fn an_override_that_leads_nowhere_is_named() {
    let vars = [
        ("DRILLBELL__SERVER__LISTN", "0.0.0.0:80"),
        ("DRILLBELL__SERVER__LISTEN__PORT", "80"),
        ("DRILLBELL__", "x"),
        ("DRILLBELL__LIMITS__LANES", "many"),
    ];
    let said = parse_with("[server]\nlisten = \"127.0.0.1:1\"", vars).unwrap_err().to_string();
    insta::assert_snapshot!(said, @r##"
    drillbell.toml has 4 problems:

      1. environment variable DRILLBELL__
         found:    a variable that names no key
         expected: a section and a key, such as DRILLBELL__SERVER__LISTEN
         fix:      rename or unset it

      2. environment variable DRILLBELL__LIMITS__LANES: limits.lanes
         found:    "many"
         expected: a whole number from 1 to 1024

      3. environment variable DRILLBELL__SERVER__LISTEN__PORT
         found:    a variable that names no key
         expected: `server.listen` to be a table, but it has a single value
         fix:      drop the part of the name after it

      4. environment variable DRILLBELL__SERVER__LISTN: server.listn
         found:    a key that drillbell 0.1.0 does not know
         expected: a key of [server]: listen, public_url, data_dir
         fix:      did you mean `listen`?
    "##);
}

#[test]
fn two_people_cannot_be_the_same_person() {
    let text = "[people.ana]\nemail = \"Ana@example.org\"\n[people.ben]\nemail = \"ana@example.org\"\nslack = \"@ben\"";
    insta::assert_snapshot!(complaint(text), @r##"
    drillbell.toml has 2 problems:

      1. drillbell.toml:4:9: people.ben.email
         found:    "ana@example.org"
         expected: an identity of one person; [people.ana] has it too
         fix:      remove one of the two

      2. drillbell.toml:5:9: people.ben.slack
         found:    "@ben"
         expected: a Slack member id such as "U0123456789" (profile, ⋮, Copy member ID)
    "##);
}

#[test]
fn a_severity_is_meant_by_any_of_its_words() {
    let usual = parse("").unwrap().severities;
    for word in ["sev1", "SEV-1", "P0", "critical"] {
        assert_eq!(usual.find(word).map(|found| found.rank), Some(1), "{word}");
    }
    assert_eq!(usual.find("sev5"), None);
    let own =
        parse("[severities.low]\nrank = 9\naliases = [\"P3\"]\n[severities.p0]\n[severities.p1]").unwrap().severities;
    let names: Vec<_> = own.0.iter().map(|severity| (severity.name.as_str(), severity.rank)).collect();
    assert_eq!(names, [("p0", 0), ("p1", 1), ("low", 9)]);
    let text = "[severities.sev1]\naliases = [\"p0\", \"SEV-1\"]\n[severities.p0]\nrank = 1";
    insta::assert_snapshot!(complaint(text), @r##"
    drillbell.toml has 2 problems:

      1. drillbell.toml:3:13: severities.p0
         found:    the word "p0"
         expected: words of its own; [severities.sev1] has it too

      2. drillbell.toml:4:8: severities.p0.rank
         found:    1
         expected: a rank of its own; 1 is also that of [severities.sev1]
         fix:      write `rank = N` for both, the lower the worse
    "##);
}

#[test]
fn a_channel_is_one_that_can_be_reached() {
    let text =
        "[channels]\nincidents = \"#ops\"\nalerts = \"consol:#ops\"\nbackups = \"slack:#ops\"\nops = \"console:#op\"";
    insta::assert_snapshot!(complaint(text), @r##"
    drillbell.toml has 4 problems:

      1. drillbell.toml:2:13: channels.incidents
         found:    "#ops"
         expected: a conversation with its platform, such as "console:#ops"
         fix:      write "console:#ops"

      2. drillbell.toml:3:10: channels.alerts
         found:    "consol:#ops"
         expected: a conversation with its platform, such as "console:#ops"
         fix:      did you mean `console`?

      3. drillbell.toml:4:11: channels.backups
         found:    "slack:#ops"
         expected: a conversation of a platform that is connected; [chat.slack] is not
         fix:      use console:#…

      4. drillbell.toml:5:7: channels.ops
         found:    "console:#op"
         expected: a channel of [chat.console]: #incidents, #ops
         fix:      did you mean `#ops`?
    "##);
}

#[test]
fn a_database_that_would_not_survive_is_refused() {
    for (url, fix) in [
        ("sqlite::memory:", "would not survive a restart"),
        ("sqlite://:memory:", "would not survive a restart"),
        ("sqlite:x.db?mode=memory", "would not survive a restart"),
        ("sqlite:x.db?mode=rwc", "leave out everything from the `?`"),
        ("sqlite:data/", "name a file, not a folder"),
        ("data/x.db", "begin with sqlite: or postgres://"),
        ("mysql://db/x", "SQLite and Postgres are supported"),
        ("postgres://db", "name the database at the end"),
        ("postgres://bot:p%/w@db:x/x", "in a password write %"),
    ] {
        let said = complaint(&format!("[database]\nurl = \"{url}\""));
        assert!(said.contains(fix), "{url}: {said}");
    }
    let odd = parse("[database]\nurl = \"sqlite:a b%#.db\"");
    assert!(odd.is_err(), "`#` is refused");
    let config = parse("[database]\nurl = \"sqlite:///srv/100%.db\"").unwrap();
    assert_eq!(config.database.connect_url().expose_secret(), "sqlite:///srv/100%25.db");
}

#[test]
fn a_file_that_cannot_be_read_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("drillbell.toml");
    let said = Config::load(&file, &Env::none()).unwrap_err().to_string();
    assert!(said.contains("nothing that can be read") && said.contains("drillbell.example.toml"), "{said}");
    std::fs::write(&file, b"a = 1\nb = \"\xff\"").unwrap();
    let said = Config::load(&file, &Env::none()).unwrap_err().to_string();
    assert!(said.contains("bytes that are not UTF-8, on line 2"), "{said}");
}

#[test]
fn what_is_unwise_is_said_without_refusing_it() {
    let text = "[server]\nlisten = \"0.0.0.0:1\"\n[database]\nurl = \"postgres://u:hunter2@h/d\"\n\
                [plugins.x]\nsource = \"file:x.wasm\"";
    let config = parse_with(text, []).unwrap();
    insta::assert_snapshot!(config.warnings().join("\n"), @r##"
    database.url holds a password: write url = { env = "NAME" } or { file = "PATH" } instead
    server.listen is 0.0.0.0:1, reachable from other machines, without a public_url
    plugins.x has no sha256: whatever x.wasm holds at the next start will run
    "##);
}
