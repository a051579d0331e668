//! `[services.NAME]` with its rollbacks: what cannot be carried out is refused when the file is read.

use super::*;
use crate::config::services::{Container, Does, Risk};

/// A service with everything that its strategies lean on; `{}` stands for what a test writes.
const BASE: &str = r#"
[metrics]
prometheus = "http://127.0.0.1:9090"
[channels]
alerts = "console:#ops"
[notify.desk]
kind = "chat"
to = "console:#ops"
[commands.stop]
argv = ["true"]
[commands.start]
argv = ["true"]
[commands.save]
argv = ["save", "{from}"]
args.from = { type = "version" }
[commands.down]
argv = ["down", "{migration}"]
args.migration = { type = "version" }
[commands.scale]
argv = ["scale", "{n}"]
args.n = { type = "int" }
[targets.shop-db]
kind = "sqlite"
path = "shop.db"
service = "shop"
[targets.other-db]
kind = "sqlite"
path = "other.db"
[probes.errors]
expr = "rate(errors[$window]) / rate(requests[$window])"
unit = "ratio"
window = "5m"
above = "5%"
[probes.per-second]
expr = "rate(errors[$window])"
unit = "errors/s"
window = "5m"
above = 5
[probes.answers]
url = "http://127.0.0.1:1/"
[services.shop]
stop = "stop"
start = "start"
"#;

fn with(text: &str) -> Result<Config, ConfigErrors> {
    parse(&format!("{BASE}{text}"))
}

const ALL: &str = r#"
vendors = ["desk"]
maintenance = { on = "stop", off = "start" }
[services.shop.criteria.errors]
probe = "errors"
when = "> 5%"
[services.shop.criteria.gone]
probe = "answers"
[services.shop.verify.errors]
probe = "errors"
expect = "< 0.01"
[services.shop.rollback]
order = ["release", "image", "schema", "full", "git"]
deploy_windows = ["mon-thu 09:00-16:00"]
smoke = [{ url = "http://127.0.0.1:1/me" }]
[services.shop.rollback.strategies]
git = { kind = "git", repo = "/srv/shop" }
release = { kind = "release", link = "/srv/current", releases = "/srv/releases", after = ["stop"] }
image = { kind = "container", tool = "compose", file = "/srv/compose.yml", service = "web", variable = "TAG" }
schema = { kind = "migration", preserve = "save", migrate_down = "down", code = "release" }
full = { kind = "restore", target = "shop-db", code = "git", takes = "2h" }
"#;

#[test]
fn a_service_says_when_and_how_it_is_rolled_back() {
    let config = with(ALL).unwrap_or_else(|error| panic!("{error}"));
    let shop = config.services.get("shop").unwrap();
    assert_eq!(shop.restarts(), ["stop", "start"], "nothing else makes it run what was put there");
    let errors = shop.criteria.iter().find(|criterion| criterion.name == "errors").unwrap();
    let limit = errors.limit.as_ref().unwrap();
    assert!(limit.bound.holds(0.051) && !limit.bound.holds(0.05));
    assert_eq!(limit.bound.show(|n| format!("{} %", n * 100.0)), "> 5 %");
    assert!(shop.criteria.iter().any(|criterion| criterion.probe == "answers" && criterion.limit.is_none()));
    let rollback = shop.rollback.as_ref().unwrap();
    assert_eq!((rollback.asks.len(), rollback.against.len(), rollback.checklist.len()), (5, 4, 4));
    assert_eq!((rollback.watch, rollback.smoke[0].status), (Duration::from_secs(900), 200));
    let of = |name: &str| shop.strategy(name).unwrap();
    let env_file = Path::new("/srv/.env");
    assert!(matches!(&of("image").does, Does::Container(Container::Compose { env_file: at, .. }) if at == env_file));
    assert_eq!((of("schema").risk, of("git").risk), (Risk::Medium, Risk::Low));
    assert_eq!(of("full").takes, Duration::from_secs(7200));
    let again = with(ALL).unwrap().effective();
    assert_eq!(parse(&again).unwrap().effective(), again, "what is shown reads back as the same");
}

#[test]
fn what_a_rollback_could_not_do_is_refused_when_the_file_is_read() {
    let strategies = "\n[services.shop.rollback.strategies]\n";
    for (text, said) in [
        ("[services.shop.criteria.e]\nprobe = \"erors\"\nwhen = \"> 5%\"".to_owned(), "did you mean `errors`?"),
        ("[services.shop.criteria.e]\nprobe = \"errors\"".to_owned(), "`when` beside it"),
        ("[services.shop.criteria.e]\nprobe = \"answers\"\nwhen = \"> 5\"".to_owned(), "no `when`"),
        ("[services.shop.criteria.e]\nprobe = \"errors\"\nwhen = \"5%\"".to_owned(), "a sign and a number"),
        ("[services.shop.criteria.e]\nprobe = \"per-second\"\nwhen = \"> 5%\"".to_owned(), "unit = \"ratio\""),
        ("[services.shop.verify.e]\nprobe = \"errors\"\nwhen = \"> 5%\"".to_owned(), "`expect` beside it"),
        ("vendors = [\"desc\"]".to_owned(), "did you mean `desk`?"),
        ("maintenance = { on = \"stop\" }".to_owned(), "two commands that undo each other"),
        ("maintenance = { on = \"down\", off = \"stop\" }".to_owned(), "no values but service"),
        (format!("{strategies}a = {{ kind = \"relese\" }}"), "did you mean `release`?"),
        (format!("{strategies}a = {{ kind = \"release\", link = \"/l\" }}"), "no `releases`"),
        (
            format!("{strategies}a = {{ kind = \"git\", repo = \"/r\", branch = \"--all\" }}"),
            "begin with a letter or digit",
        ),
        (
            format!("{strategies}a = {{ kind = \"git\", repo = \"/r\", branch = \"a/../b\" }}"),
            "begin with a letter or digit",
        ),
        (format!("{strategies}a = {{ kind = \"git\", repo = \"/r\", after = [\"scale\"] }}"), "args.n] a default"),
        (format!("{strategies}a = {{ kind = \"restore\", target = \"other-db\" }}"), "`service` is this one"),
        (
            format!("{strategies}a = {{ kind = \"restore\", target = \"shop-db\", code = \"a\" }}"),
            "git, release or container",
        ),
        (
            format!("{strategies}a = {{ kind = \"migration\", preserve = \"save\", migrate_down = \"down\" }}"),
            "no `code`",
        ),
        (
            format!("{strategies}a = {{ kind = \"container\", tool = \"kubectl\", service = \"w\", image = \"x:1\" }}"),
            "without its tag",
        ),
        (
            format!("{strategies}a = {{ kind = \"git\", repo = \"/a\" }}\nb = {{ kind = \"git\", repo = \"/b\" }}"),
            "`order` beside them",
        ),
        ("[services.shop.rollback]\ndeploy_windows = [\"whenever\"]".to_owned(), "a time in UTC"),
        ("[services.shop.rollback]\nsmoke = [{ url = \"http://h/\", post = \"[1]\" }]".to_owned(), "an object as JSON"),
    ] {
        let error = with(&text).expect_err(&text).to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn what_is_to_run_needs_something_that_makes_it_run() {
    let without = BASE.replace("stop = \"stop\"\nstart = \"start\"\n", "");
    for (strategy, said) in [
        ("{ kind = \"git\", repo = \"/r\" }", "what is put there is to be run"),
        ("{ kind = \"restore\", target = \"shop-db\" }", "nobody may write meanwhile"),
    ] {
        let error = parse(&format!("{without}[services.shop.rollback.strategies]\na = {strategy}")).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_notice_has_words_and_a_page_to_stand_on() {
    let page = "[status]\n[status.components.shop]\n";
    let notice = |keys: &str| format!("[services.shop.notice]\n{keys}\n");
    let config = with(&format!("{page}{}", notice("text = \"We repair it.\"\ncomponents = [\"shop\"]")));
    let notice_of = |config: &Config| config.services.get("shop").unwrap().notice.clone().unwrap();
    let read = notice_of(&config.unwrap_or_else(|error| panic!("{error}")));
    assert_eq!((read.title.as_str(), read.text.as_str(), read.lasts_ms), ("Maintenance", "We repair it.", 1_800_000));
    assert!(read.components.contains("shop"));
    for (page, keys, expected) in [
        ("", "text = \"We repair it.\"", "a [status] page"),
        (page, "lasts = \"30m\"", "no `text`"),
        (page, "", "`text` in it"),
        (page, "text = \"x\"\ncomponents = [\"shap\"]", "did you mean `shop`?"),
        (page, "text = \"\"", "a text that is not empty"),
        (page, "text = \"x\"\nlasts = \"10s\"", "1m"),
    ] {
        let refused = with(&format!("{page}{}", notice(keys))).expect_err(keys).to_string();
        assert!(refused.contains(expected), "{keys}: {refused}");
    }
}
