//! What plugins are told of a target beyond its rules: what its service can do, and who its owner is.

use super::*;
use crate::config::env::Env;
use std::path::Path;

const SLACK: &str = "[chat.slack]\nbot_token.env = \"BOT\"\napp_token.env = \"APP\"\n[people.ana]\nname = \"Ana\"\nslack = \"U0ANA\"\n\
                     [people.ben]\nconsole = \"ben\"\n";

/// The policy of the one target of a configuration.
fn policy_of(text: &str) -> Value {
    let env: Env = [("BOT", "xoxb-1-abc"), ("APP", "xapp-1-abc")].into_iter().collect();
    let text = format!("{SLACK}[targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"\n{text}");
    let config = Config::parse(&text, Path::new("drillbell.toml"), &env).unwrap_or_else(|error| panic!("{error}"));
    setup(&config).targets.remove(0).policy
}

#[test]
fn a_plugin_knows_what_the_service_of_a_target_can_do() {
    let config = "service = \"shop\"\n[services.shop]\nstop = \"stop\"\nstart = \"stop\"\nhealth = \"http://127.0.0.1:1/\"\n[commands.stop]\nargv = [\"true\"]\n";
    let service = json!({"stop": true, "start": true, "migrate": false, "health": true});
    assert_eq!(policy_of(config)["service"], service);
    assert_eq!(policy_of("service = \"shop\"\n").get("service"), None, "no such section");
    assert_eq!(policy_of("").get("service"), None);
}

#[test]
fn an_owner_who_is_somebody_is_told_apart_from_words() {
    let ana = json!({"person": "ana", "name": "Ana", "chat": "slack:@U0ANA"});
    assert_eq!(policy_of("owner = \"ana\"\n")["owner"], ana);
    assert_eq!(policy_of("owner = \"@ana\"\n")["owner"], ana);
    assert_eq!(policy_of("owner = \"ben\"\n")["owner"], json!({"person": "ben", "name": "ben"}), "no direct message");
    assert_eq!(policy_of("owner = \"the shop team\"\n").get("owner"), None);
}

#[test]
fn limits_are_what_s4_03_gives_unless_the_target_says_otherwise() {
    let limits = |text: &str| {
        let policy = policy_of(text);
        let (backup, drill) = (&policy["backup"], &policy["drill"]);
        [&backup["run_limit_ms"], &backup["verify_limit_ms"], &drill["run_limit_ms"]]
            .map(|ms| ms.as_u64().unwrap() / 60_000)
    };
    assert_eq!(limits(""), [55, 30, 120]);
    let more =
        "[targets.shop.backup]\nrun_limit = \"2h\"\nverify_limit = \"3h\"\n[targets.shop.drill]\nrun_limit = \"6h\"\n";
    assert_eq!(limits(more), [120, 180, 360]);
}
