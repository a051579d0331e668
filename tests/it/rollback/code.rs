//! Code alone: a link, a checkout with its remote, a compose file. What would be unsafe is refused, and nothing is run then.

use super::assessed::way_back;
use super::{Shop, command, fails, is_in, passes, program, setup, spec, stages};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::eventually;
use drillbell::model::deploy::Deploy;
use drillbell::model::event::Event;
use drillbell::model::ids::fresh;
use drillbell::model::job::JobState;
use serde_json::json;

/// The two releases, and the sections of a bot that switches between them.
async fn released() -> (Shop, String) {
    let shop = Shop::released().await;
    let dir = shop.dir();
    let sections = shop.sections(&format!(
        "[services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"{dir}/current\"\n\
         releases = \"{dir}/releases\"\nafter = [\"mark\"]"
    ));
    (shop, sections)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_switched_and_the_restarted_process_answers_the_old_version() {
    let (shop, sections) = released().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let result = passes(&bot, &spec("release", json!({}))).await;
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    assert_eq!(std::fs::read_link(shop.path("current")).unwrap(), shop.path("releases/1.0"));
    assert_eq!(shop.marks(), ["stop", "stop", "start", "1.0"], "each command once, the version filled in");
    let made =
        ["check pass", "switch pass", "stop-writers pass", "start-writers pass", "after: mark pass", "health pass"];
    assert_eq!(stages(&result), made);
    assert_eq!((&result["writers"], &result["safety"]), (&json!("running"), &json!([])));
    fails(&bot, &spec("release", json!({})), "is at 1.0 already").await;
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unsafe_or_not_there_is_refused_and_nothing_is_run() {
    let (shop, sections) = released().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    for (more, words) in [
        (json!({"migrations": ["0042_drop_total"]}), "the migration 0042_drop_total lies in between"),
        (json!({"to": "0.9"}), "here is no release"),
        (json!({"from": "3.0"}), "is at 2.0, and not at 3.0"),
    ] {
        let result = fails(&bot, &spec("release", more), words).await;
        assert!(stages(&result).is_empty() || stages(&result) == ["check fail"], "{result}");
    }
    for (more, words) in [
        (json!({"to": "../../etc"}), "a version"),
        (json!({"to": "--help"}), "a version"),
        (json!({"commit": "--all"}), "is no commit"),
    ] {
        let answer = bot.ana(&command(&spec("release", more), "no")).await;
        assert!(answer.text.contains(words), "{}", answer.text);
    }
    std::os::unix::fs::symlink("/", shop.path("releases/9.9")).unwrap();
    fails(&bot, &spec("release", json!({"to": "9.9"})), "leads out of").await;
    assert_eq!((shop.get().as_deref(), shop.marks()), (Some("2.0"), Vec::new()));
    bot.finish().await;
}

/// Puts a deploy on record that brought migrations which were looked at.
async fn deploys(bot: &TestBot, version: &str, previous: &str, migrations: &[&str]) {
    let seen = |name: &&str| json!({"name": name, "sql": format!("create table t{name} (id int);")});
    let migrations: Vec<_> = migrations.iter().map(seen).collect();
    let body = json!({"version": version, "previous": previous, "schema": "expand", "migrations": migrations});
    let now_ms = bot.app.store().now_ms();
    let record = drillbell::alert::deploy::parse("shop", body.to_string().as_bytes(), now_ms).unwrap();
    bot.delivers_event(&fresh(), Event::DeployRecorded(record)).await;
    bot.clock.advance(60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_code_alone_left_in_the_schema_lies_between_later_versions_and_does_not_bar_code() {
    let (shop, sections) = released().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    deploys(&bot, "1.0", "", &["0004"]).await;
    deploys(&bot, "1.5", "1.0", &["0005"]).await;
    deploys(&bot, "2.0", "1.5", &["0006", "0007"]).await;
    let result = passes(&bot, &spec("release", json!({"migrations": ["0005", "0006", "0007"]}))).await;
    assert_eq!(result["stays"].as_array().unwrap().len(), 3, "{result}");
    let store = bot.app.store();
    let back = eventually("it is on record", async || {
        store.deploys(Some("shop"), 1, None).await.unwrap().into_iter().find(|deploy| deploy.record.rollback)
    })
    .await;
    let names = |deploy: &Deploy| deploy.record.migrations.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&back), ["0005", "0006", "0007"]);
    bot.clock.advance(60_000);
    deploys(&bot, "3.0", "1.0", &["0008"]).await;
    let between = store.deploys_between("shop", "3.0", "1.0").await.unwrap().unwrap();
    let told: Vec<_> = between.iter().map(|one| (one.record.version.as_str(), names(one).join(" "))).collect();
    assert_eq!(told, [("3.0", "0008".to_owned()), ("2.0", "0006 0007".to_owned()), ("1.5", "0005".to_owned())]);

    std::fs::create_dir_all(shop.path("releases/3.0")).unwrap();
    std::fs::write(shop.path("releases/3.0/version"), "3.0").unwrap();
    std::fs::remove_file(shop.path("current")).unwrap();
    std::os::unix::fs::symlink(shop.path("releases/3.0"), shop.path("current")).unwrap();
    let all = json!({"from": "3.0", "migrations": ["0005", "0006", "0007", "0008"]});
    let result = passes(&bot, &spec("release", all)).await;
    assert_eq!(result["stays"].as_array().unwrap().len(), 4, "{result}");
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rollbacks_of_a_service_the_second_is_refused() {
    let (shop, sections) = released().await;
    let wait = format!("\"until [ -e {}/go ]; do sleep 0.02; done; echo", shop.dir());
    let sections = sections.replace("\"echo", &wait);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    bot.sends("ana", "console:#incidents", &command(&spec("release", json!({})), "first")).await;
    is_in(&bot, "first", JobState::Running).await;
    fails(&bot, &spec("release", json!({})), "Another rollback of shop has not ended").await;
    std::fs::write(shop.path("go"), "").unwrap();
    is_in(&bot, "first", JobState::Done).await;
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    bot.finish().await;
}

/// What runs, as it is called here and in the registry, and what ran long ago, by their digests.
const RUNS: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";
const LISTED: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000cc";
const OLD: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000bb";

/// Docker is a program that writes down what it is asked: no daemon runs here, and what it would start is started by `after`.
#[tokio::test(flavor = "multi_thread")]
async fn a_compose_file_gets_the_old_tag_once_its_image_is_there() {
    let shop = Shop::new("sed -n s/^SHOP_TAG=//p DIR/.env");
    let dir = shop.dir().to_owned();
    std::fs::write(shop.path("compose.yml"), "services: {}\n").unwrap();
    std::fs::write(shop.path(".env"), "OTHER=1\nSHOP_TAG=2.0\n").unwrap();
    // It knows images by their digests; of 0.9 neither the registry nor this machine has one, 0.8 is here only.
    program(
        &shop,
        "docker",
        &format!(
            "echo \"$* $SHOP_TAG\" >> {dir}/asked
case \"$*\" in
  *' pull '*) case \"$SHOP_TAG\" in 0.[89]) echo no such tag >&2; exit 1;; esac;;
  *' images '*) echo 0badcafe;;
  *' ps '*) echo shop:$(sed -n s/^SHOP_TAG=//p {dir}/.env);;
  *' config '*) echo shop:$SHOP_TAG; echo postgres:16;;
  'buildx imagetools inspect '*' shop:1.0') cat {dir}/registry;;
  'image inspect --format {{{{json .RepoDigests}}}} {RUNS}') echo '[\"shop@{LISTED}\"]';;
  'image inspect '*'shop:0.8') echo {OLD};;
  'image inspect '*0badcafe) echo {RUNS};;
  'image inspect '*) exit 1;;
esac"
        ),
    );
    assert_eq!(shop.start().await, "2.0");
    let sections = shop.sections(&format!(
        "[services.shop.rollback.strategies.image]\nkind = \"container\"\ntool = \"compose\"\n\
         file = \"{dir}/compose.yml\"\nservice = \"web\"\nvariable = \"SHOP_TAG\"\nafter = [\"start\"]"
    ));
    let setup = shop.with_programs(&sections);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup).await;
    let result = fails(&bot, &spec("image", json!({"to": "0.9"})), "no such tag").await;
    assert_eq!(stages(&result), ["check pass", "pull fail"]);
    assert_eq!(std::fs::read_to_string(shop.path(".env")).unwrap(), "OTHER=1\nSHOP_TAG=2.0\n");
    std::fs::remove_file(shop.path("asked")).unwrap();

    let result = passes(&bot, &spec("image", json!({}))).await;
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    assert_eq!(result["image"], RUNS, "what ran before is known for ever");
    let asked = std::fs::read_to_string(shop.path("asked")).unwrap();
    let asked: String =
        asked.split_inclusive('\n').filter(|line| line.contains(" pull ") || line.contains(" up ")).collect();
    let compose = format!("compose -f {dir}/compose.yml --env-file {dir}/.env");
    assert_eq!(asked, format!("{compose} pull --quiet web 1.0\n{compose} up -d web 1.0\n"));
    assert_eq!(std::fs::read_to_string(shop.path(".env")).unwrap(), "OTHER=1\nSHOP_TAG=1.0\n");
    assert_eq!(
        stages(&result),
        ["check pass", "pull pass", "variable pass", "up pass", "after: start pass", "health pass"]
    );
    // Whoever pushed the tag anew has taken the way back away, and a registry that does not answer may have been pushed to.
    for (registry, expected, words) in [
        (Some(json!({"digest": LISTED})), "pass", "shop:1.0 still leads to it"),
        (Some(json!({"digest": OLD, "manifests": [{"digest": LISTED}]})), "pass", "shop:1.0 still leads to it"),
        (
            Some(json!({"digest": OLD})),
            "fail",
            "leads to sha256:00000000000000000000000000000000000000000000000000000000000000bb by now",
        ),
        (Some(json!("not found")), "unknown", "the registry says no digest of shop:1.0"),
        (None, "unknown", "whether its tag still leads to it is not known"),
    ] {
        let file = shop.path("registry");
        match registry {
            Some(told) => std::fs::write(file, told.to_string()).unwrap(),
            None => std::fs::remove_file(file).unwrap(),
        }
        let (status, detail) = way_back(&bot).await;
        assert_eq!(status, expected, "{detail}");
        assert!(detail.contains(RUNS) && detail.contains(words), "{words}: {detail}");
    }

    let result = passes(&bot, &spec("image", json!({"from": "1.0", "to": "0.8"}))).await;
    let pull = result["stages"][1]["sentence"].as_str().unwrap();
    assert!(pull.contains("no such tag") && pull.contains(OLD), "{pull}");
    assert_eq!(shop.get().as_deref(), Some("0.8"));
    bot.finish().await;
}
