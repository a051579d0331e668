//! `[gamedays]` as operators meet them: what stands in for production must not be production.

use super::*;

/// A shop, and what it is practised on.
const WORLD: &str = r#"
[secrets]
token = { env = "SHOP_TOKEN" }
practice-token = { env = "PRACTICE_TOKEN" }
[metrics]
prometheus = "http://prometheus.example:9090"
[commands.restart]
argv = ["systemctl", "restart", "shop"]
secrets = { TOKEN = "token" }
[commands.restart-again]
argv = ["systemctl", "restart", "shop"]
secrets = { TOKEN = "token" }
[commands.restart-practice]
argv = ["systemctl", "--host=practice", "restart", "shop"]
secrets = { TOKEN = "practice-token" }
[commands.restart-with-token]
argv = ["systemctl", "--host=practice", "restart", "shop.service"]
secrets = { TOKEN = "token" }
[databases.shop]
url = "postgres://reader@db.example/shop"
[databases.same-place]
url = "postgres://somebody@DB.example:5432/shop"
[databases.practice]
url = "postgres://reader@practice.example/shop"
[databases.backed-up]
url = "sqlite:orders.db"
[targets.orders]
kind = "sqlite"
path = "orders.db"
"#;

fn env() -> Env {
    [("SHOP_TOKEN", "hunter2 at sufficient length"), ("PRACTICE_TOKEN", "hunter3 at sufficient length")]
        .into_iter()
        .collect()
}

fn read(days: &str) -> Result<Config, ConfigErrors> {
    Config::parse(&format!("{WORLD}{days}"), Path::new("drillbell.toml"), &env())
}

#[test]
fn a_game_day_says_what_stands_in_for_what() {
    let config = read(
        r#"
[gamedays.practice]
about = "the practice shop"
prometheus = "http://practice.example:9090"
secrets = { token = "practice-token" }
commands = { restart = "restart-practice" }
databases = { shop = "practice" }
origins = { "https://shop.example" = "http://practice.example:8000" }
"#,
    )
    .unwrap_or_else(|errors| panic!("{errors}"));
    let day = &config.gamedays.0["practice"];
    assert_eq!(
        (day.about.as_str(), &day.commands["restart"], &day.databases["shop"]),
        ("the practice shop", &"restart-practice".to_owned(), &"practice".to_owned())
    );
    assert_eq!(day.origins["https://shop.example"].to.to_string(), "http://practice.example:8000");
    let again = Config::parse(&config.effective(), Path::new("drillbell.toml"), &env())
        .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(again.gamedays.0, config.gamedays.0);
}

/// What is expected of each key that is refused.
fn refused(days: &str) -> String {
    let errors = read(days).expect_err("it is refused");
    errors.problems.iter().map(|one| format!("{}: {}", one.key, one.expected)).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_productions_cannot_stand_in_for_anything() {
    insta::assert_snapshot!(refused(
        r#"
[gamedays.Prod]
about = "in all"
prometheus = "http://prometheus.example:9090/"
secrets = { token = "token", other = "no-such" }
commands = { restart = "restart", a = "restart-again", b = "restart-with-token", c = "no-such" }
databases = { shop = "shop", a = "same-place", b = "backed-up", c = "no-such" }
origins = { "https://shop.example" = "https://shop.example:443", "https://*.example" = "http://practice.example", "https://a.b" = "somewhere" }
[gamedays.other]
about = "what one stands in for is production's in the other too"
commands = { restart-practice = "restart-with-token" }
[gamedays.first]
about = "so this cannot be"
commands = { wipe = "restart-practice" }
[gamedays.none]
"#
    ), @r"
    gamedays.Prod: a game day's name: lower-case letters, digits, -
    gamedays.Prod.prometheus: another Prometheus than that of [metrics], which looks at production
    gamedays.Prod.secrets.token: one of the practice environment: this is the secret of production, which a game day stands in for
    gamedays.Prod.secrets.other: a handle of [secrets]
    gamedays.Prod.commands.restart: one of the practice environment: this is the command of production, which a game day stands in for
    gamedays.Prod.commands.a: a command that does something else than `restart`: this one runs the very same
    gamedays.Prod.commands.b: a command that holds no secret of production's, as `token` is
    gamedays.Prod.commands.c: a name of [commands]
    gamedays.Prod.databases.shop: one of the practice environment: this is the database of production, which a game day stands in for
    gamedays.Prod.databases.a: a scratch database: this one is where one of production's is
    gamedays.Prod.databases.b: a scratch database: this one is where one of production's is
    gamedays.Prod.databases.c: a name of [databases]
    gamedays.Prod.origins.https://shop.example: one of the practice environment: this is the origin of production, which a game day stands in for
    gamedays.Prod.origins.https://*.example: write an origin: https://HOST, https://HOST:PORT or https://*.HOST
    gamedays.Prod.origins.https://a.b: write an origin: https://HOST, https://HOST:PORT or https://*.HOST
    gamedays.other.commands.restart-practice: a command that holds no secret of production's, as `token` is
    gamedays.first.commands.wipe: one of the practice environment: this is the command of production, which a game day stands in for
    gamedays.none: `about` in it, and what stands in for what
    ");
}

/// Commands that differ from production's in what is around them, or that take their host from whoever calls them.
const ALIKE: &str = r#"
[commands.restart-elsewhere]
argv = ["/usr/bin/systemctl", "restart", "shop"]
cwd = "/usr"
env = ["SHOP_TOKEN"]
secrets = { TOKEN = "practice-token" }
[commands.reload]
argv = ["./reload", "--only={part}"]
cwd = "/usr"
args.part = { type = "word" }
[commands.reload-again]
argv = ["/usr/reload", "--only={piece}"]
args.piece = { type = "version" }
[commands.reload-practice]
argv = ["./reload", "--only={part}"]
cwd = "/tmp"
args.part = { type = "word" }
[commands.drain]
argv = ["ssh", "{host}", "drain"]
hosts = ["web-1.example"]
args.host = { type = "host" }
[commands.drain-at]
argv = ["ssh", "{at}", "drain-practice"]
args.at = { type = "host", default = "practice.example" }
[commands.drain-worded]
argv = ["ssh", "{host}", "drain-practice"]
args.host = { type = "word" }
[commands.drain-practice]
argv = ["ssh", "{host}", "drain-practice"]
hosts = ["practice.example"]
args.host = { type = "choice", values = ["practice.example"] }
"#;

#[test]
fn what_stands_in_runs_something_else_whatever_is_around_it_and_takes_no_host_from_a_runbook() {
    insta::assert_snapshot!(refused(&format!(
        r#"{ALIKE}
[gamedays.one]
about = "production under other names"
commands = {{ restart = "restart-elsewhere", reload = "reload-again", drain = "drain-at" }}
[gamedays.two]
about = "a host is a word, too"
commands = {{ drain = "drain-worded" }}
"#
    )), @r"
    gamedays.one.commands.restart: a command that does something else than `restart`: this one runs the very same
    gamedays.one.commands.reload: a command that does something else than `reload`: this one runs the very same
    gamedays.one.commands.drain: a command that runs where it says itself: what a runbook puts into {at} of this one is a host of production's
    gamedays.two.commands.drain: a command that runs where it says itself: what a runbook puts into {host} of this one is a host of production's
    ");
    let good = format!(
        "{ALIKE}[gamedays.practice]\nabout = \"the practice shop\"\n\
         commands = {{ restart = \"restart-practice\", reload = \"reload-practice\", drain = \"drain-practice\" }}\n"
    );
    let config = read(&good).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.gamedays.0["practice"].commands.len(), 3);
}
