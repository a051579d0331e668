//! `[targets]`: what is understood, what follows from what is not written, and what is said of what is wrong.

use super::*;
use crate::config::targets::{Keep, RUN_LIMIT, TargetPlace};

fn hours(n: u64) -> Option<Duration> {
    Some(Duration::from_secs(n * 3600))
}

#[test]
fn a_kind_and_a_place_are_enough_for_a_target() {
    let targets = parse("[targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"").unwrap().targets;
    let shop = targets.get("shop").unwrap();
    assert!(matches!(&shop.place, TargetPlace::Sqlite(file) if file == Path::new("/etc/drillbell/shop.db")));
    let backup = &shop.backup;
    assert_eq!((backup.run_limit, backup.keep, backup.checksums), (RUN_LIMIT, Keep::default(), true));
    assert_eq!((&backup.schedule, backup.start_by, backup.max_age), (&None, None, None));
    let same = parse("[targets.shop]\nkind = \"sqlite\"\nurl = \"sqlite:shop.db\"").unwrap().effective();
    assert_eq!(same, parse("[targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"").unwrap().effective());
}

#[test]
fn what_is_not_written_follows_from_the_schedule() {
    let cases = [
        ("0 * * * *", hours(1), hours(2)),
        ("@daily", hours(24), hours(48)),
        ("30 2 * * mon-fri", hours(72), hours(144)),
        ("@monthly", hours(31 * 24), hours(62 * 24)),
    ];
    for (schedule, interval, max_age) in cases {
        let text = format!("[targets.a]\nkind = \"files\"\npath = \"m\"\nbackup.schedule = \"{schedule}\"");
        let backup = parse(&text).unwrap().targets.get("a").unwrap().backup.clone();
        assert_eq!((backup.interval, backup.max_age), (interval, max_age), "{schedule}");
        assert_eq!(backup.start_by, interval.map(|interval| interval / 2));
    }
}

#[test]
fn the_longest_gap_of_any_schedule_is_found_and_no_schedule_is_asked_to_wait_longer_than_it_can() {
    let minutes = |n: u64| Some(Duration::from_secs(n * 60));
    let cases = [
        ("* * * * *", "UTC", minutes(1)),
        ("*/5 9-17 * * mon-fri", "UTC", minutes(63 * 60 + 5)),
        ("*/5 9-17 * * mon-fri", "Pacific/Auckland", minutes(64 * 60 + 5)),
        ("* 3 * * *", "UTC", minutes(23 * 60 + 1)),
        ("30 2 * * *", "Europe/Lisbon", hours(25)),
        ("0 * 1-20 * *", "UTC", hours(11 * 24 + 1)),
        ("0 2 * 1-6 *", "UTC", hours(185 * 24)),
        ("0 0 31 * *", "UTC", hours(61 * 24)),
        ("0 0 1 */3 *", "UTC", hours(92 * 24)),
        ("0 0 1 1 *", "UTC", hours(366 * 24)),
        ("0 0 29 2 *", "UTC", hours(1461 * 24)),
    ];
    for (schedule, zone, interval) in cases {
        let text = format!(
            "[targets.a]\nkind = \"files\"\npath = \"m\"\nbackup.schedule = \"{schedule}\"\nbackup.zone = \"{zone}\""
        );
        let backup = parse(&text).unwrap().targets.get("a").unwrap().backup.clone();
        assert_eq!(backup.interval, interval, "{schedule} in {zone}");
        let most = Duration::from_millis(crate::config::limits::SCHEDULE_MS.unsigned_abs());
        assert_eq!(backup.start_by, interval.map(|interval| (interval / 2).min(most)), "{schedule}");
    }
    let late = "[targets.a]\nkind = \"files\"\npath = \"m\"\nbackup.start_by = \"32d\"";
    assert!(format!("{}", parse(late).unwrap_err()).contains("targets.a.backup.start_by"));
}

#[test]
fn a_password_is_masked_wherever_the_url_stands() {
    let text = "[targets.a]\nkind = \"postgres\"\nurl = { env = \"SHOP\" }\n\
                [targets.b]\nkind = \"postgres\"\nurl = \"postgres://app:hunter3@db/b\"\ndrill.into = \"postgres://app:hunter4@db/x\"";
    let config = parse_with(text, [("SHOP", "postgres://app:hunter2@db/a")]).unwrap();
    let shown = format!("{}{:?}", config.effective(), config.targets);
    assert!(!shown.contains("hunter"), "{shown}");
    let secrets: Vec<_> =
        config.all_secrets().into_iter().map(|(_, secret)| secret.expose_secret().to_owned()).collect();
    for password in ["hunter2", "hunter3", "hunter4"] {
        assert!(secrets.iter().any(|secret| secret == password), "{password}");
    }
    let written = "holds a password: write { env = \"NAME\" } or { file = \"PATH\" } instead";
    assert_eq!(config.warnings(), [format!("targets.b.url {written}"), format!("targets.b.drill.into {written}")]);
}

#[test]
fn the_keys_of_age_are_understood_and_never_shown() {
    let pair = age::x25519::Identity::generate();
    let (public, private) =
        (pair.to_public().to_string(), age::secrecy::ExposeSecret::expose_secret(&pair.to_string()).to_owned());
    let text = format!("[artifacts]\nencrypt_to = [\"{public}\"]\nidentity = {{ env = \"KEYS\" }}");
    let file = format!("# created: today\n# public key: {public}\n{private}\n");
    let config = parse_with(&text, [("KEYS", file.as_str())]).unwrap();
    assert_eq!(config.artifacts.encryption.encrypt_to, [public]);
    assert_eq!(config.artifacts.encryption.identity.as_ref().unwrap().keys().len(), 1);
    assert!(!format!("{}{config:?}", config.effective()).contains(&private));
    assert!(config.all_secrets().iter().any(|(_, secret)| secret.expose_secret() == private));
}

#[test]
fn what_is_wrong_with_a_target_is_said_with_a_fix() {
    let text = r#"
[artifacts]
encrypt_to = ["AGE-SECRET-KEY-1QQQ", "age1nonsense"]
[targets.Shop]
kind = "postgres"
[targets.cache]
kind = "redis"
path = "x"
[targets.media]
kind = "files"
path = "/srv/media"
exclude = ["/tmp/**", "a***"]
service = "the shop"
[targets.media.backup]
schedule = "61 * * * *"
zone = "Europe/Lisbonn"
min_size = "0B"
run_limit = 2
[targets.media.backup.keep]
hourly = 0
daily = 0
weekly = 0
[targets.shop]
kind = "postgres"
url = "mysql://db/shop"
path = "x"
"#;
    let said = complaint(text);
    for part in [
        "artifacts.encrypt_to\n     found:    a private key",
        "targets.Shop\n     found:    this name",
        "no `url`",
        "fix:      caches and queues are not backed up: they are filled again",
        "fix:      leave out the slash in front: patterns begin at the folder",
        "targets.media.service\n     found:    \"the shop\"",
        "targets.media.backup.schedule",
        "did you mean Europe/Lisbon?",
        "targets.media.backup.min_size",
        "fix:      write a unit and quotes: ",
        "expected: at least one copy that is kept, in any of the tiers",
        "targets.shop.path\n     found:    a key that drillbell",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains("AGE-SECRET-KEY-1QQQ"), "{said}");
}

#[test]
fn a_service_names_commands_that_need_no_values() {
    let commands = "[commands.stop-shop]\nargv = [\"true\"]\n[commands.scale]\nargv = [\"scale\", \"{n}\"]\nargs.n = { type = \"int\" }\n";
    let read = |service: &str| parse(&format!("{commands}[services.shop]\n{service}"));
    let config = read("stop = \"stop-shop\"\nstart = \"stop-shop\"\nhealth = \"http://127.0.0.1:1/\"").unwrap();
    let shop = config.services.get("shop").unwrap();
    assert_eq!((shop.stop.as_deref(), &shop.migrate), (Some("stop-shop"), &None));
    for (service, said) in [
        ("migrate = \"stop-shoo\"", "stop-shop"),
        ("migrate = \"scale\"", "give [commands.scale.args.n] a default"),
        ("stop = \"stop-shop\"", "`start` beside it"),
        ("health = \"ftp://x\"", "begin with http://"),
        ("helth = \"http://x\"", "health"),
    ] {
        let error = read(service).unwrap_err().to_string();
        assert!(error.contains(said), "{service}: {error}");
    }
}

#[test]
fn people_are_reminded_a_day_and_an_hour_before_a_drill_unless_it_says_otherwise() {
    let read =
        |remind: &str| parse(&format!("[targets.a]\nkind = \"files\"\npath = \"m\"\n[targets.a.drill]\n{remind}"));
    let remind = |text: &str| read(text).unwrap().targets.get("a").unwrap().drill.remind.clone();
    assert_eq!(remind(""), [24 * 3600, 3600].map(Duration::from_secs));
    assert_eq!((remind("remind = []"), remind("remind = [\"2h\"]")), (vec![], vec![Duration::from_secs(7200)]));
    assert!(read("remind = [\"soon\"]").unwrap_err().to_string().contains("a duration from"));
}

#[test]
fn a_drill_runs_only_commands_that_change_nothing_but_its_copy() {
    let target = "[targets.a]\nkind = \"sqlite\"\npath = \"a.db\"\ndrill.run = [\"x\"]\n";
    let command = "[commands.x]\nargv = [\"x\", \"{scratch}\"]\nargs.scratch.type = \"word\"\n";
    let config = parse(&format!("{target}{command}changes = false")).unwrap();
    assert_eq!(config.targets.get("a").unwrap().drill.run, ["x"]);
    let server = target.replace("sqlite", "postgres").replace("path = \"a.db\"", "url = \"postgres://u@h/a\"");
    for (text, said) in [
        (target.to_owned(), "the name of a section of [commands]"),
        (format!("{target}{command}"), "a command with `changes = false`"),
        (
            format!("{target}{command}changes = false\nargs.other.type = \"word\"")
                .replace("\"{scratch}\"", "\"{scratch}\", \"{other}\""),
            "needs no values but scratch",
        ),
        (format!("{server}{command}changes = false"), "`into` as well"),
    ] {
        let problems = parse(&text).unwrap_err().to_string();
        assert!(problems.contains(said), "{text}: {problems}");
    }
}
