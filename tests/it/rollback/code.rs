//! Code alone: a link, a checkout with its remote, a compose file. What would be unsafe is refused, and nothing is run then.

use super::{Shop, command, fails, is_in, passes, says, setup, spec, stages};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use drillbell::model::job::JobState;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

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

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_reverted_and_pushed_and_a_checkout_that_is_not_as_it_must_be_is_left_alone() {
    let shop = Shop::new("cat DIR/repo/version");
    let dir = shop.dir().to_owned();
    says(shop.folder.path(), "git", &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    says(shop.folder.path(), "git", &["clone", "-q", "remote.git", "repo"]);
    let repo = shop.path("repo");
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"];
        says(&repo, "git", &[&who, args].concat())
    };
    let commit = |version: &str, text: &str| {
        std::fs::write(repo.join("version"), version).unwrap();
        std::fs::write(repo.join("notes"), text).unwrap();
        git(&["add", "."]);
        git(&["commit", "-q", "-m", text]);
    };
    git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    commit("1.0", "one");
    git(&["tag", "1.0"]);
    // Two commits and a merge lie in between.
    commit("1.5", "half");
    git(&["checkout", "-q", "-b", "side"]);
    std::fs::write(repo.join("side"), "side").unwrap();
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "side"]);
    git(&["checkout", "-q", "main"]);
    commit("1.9", "nearly");
    git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    commit("2.0", "two");
    git(&["tag", "2.0"]);
    git(&["push", "-q", "--tags", "origin", "main"]);
    assert_eq!(shop.start().await, "2.0");
    let sections =
        shop.sections(&format!("[services.shop.rollback.strategies.git]\nkind = \"git\"\nrepo = \"{dir}/repo\""));
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let head = git(&["rev-parse", "HEAD"]);

    std::fs::write(repo.join("notes"), "changed by hand").unwrap();
    let result = fails(&bot, &spec("git", json!({})), "is not clean").await;
    assert_eq!(stages(&result), ["check fail"]);
    git(&["checkout", "-q", "notes"]);
    fails(&bot, &spec("git", json!({"to": "0.1"})), "no commit or tag 0.1").await;
    git(&["checkout", "-q", "-b", "other"]);
    fails(&bot, &spec("git", json!({})), "not on the branch main").await;
    git(&["checkout", "-q", "main"]);

    // The remote refuses: the revert stands here, nothing was restarted, and both are said.
    let hook = shop.path("remote.git/hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    fails(&bot, &spec("git", json!({})), "and not on origin").await;
    assert_eq!((shop.get().as_deref(), shop.marks()), (Some("2.0"), Vec::new()));
    std::fs::remove_file(&hook).unwrap();
    git(&["reset", "-q", "--hard", &head]);

    let result = passes(&bot, &spec("git", json!({"from_commit": head}))).await;
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    let of = |what: &str| says(&shop.path("remote.git"), "git", &["rev-parse", what]);
    assert_eq!(of("main^{tree}"), of("1.0^{tree}"), "the remote has the old version's tree");
    assert_eq!(of("main"), git(&["rev-parse", "HEAD"]));
    assert_eq!(git(&["rev-list", "--count", &format!("{head}..HEAD")]), "4", "one revert a commit of the branch");
    assert_eq!(&stages(&result)[..3], ["check pass", "revert pass", "push pass"]);
    fails(&bot, &spec("git", json!({})), "is at 1.0 already").await;

    // The new version comes back by reverting the reverts, and leaves once more: another commit of the same tree.
    git(&["revert", "--no-edit", "HEAD~4..HEAD"]);
    git(&["push", "-q", "origin", "main"]);
    assert_eq!(of("main^{tree}"), of("2.0^{tree}"));
    passes(&bot, &spec("git", json!({}))).await;
    assert_eq!((shop.get().as_deref(), of("main^{tree}")), (Some("1.0"), of("1.0^{tree}")));
    bot.finish().await;
}

/// Docker is a program that writes down what it is asked: no daemon runs here, and what it would start is started by `after`.
#[tokio::test(flavor = "multi_thread")]
async fn a_compose_file_gets_the_old_tag_once_its_image_is_there() {
    let shop = Shop::new("sed -n s/^SHOP_TAG=//p DIR/.env");
    let dir = shop.dir().to_owned();
    std::fs::write(shop.path("compose.yml"), "services: {}\n").unwrap();
    std::fs::write(shop.path(".env"), "OTHER=1\nSHOP_TAG=2.0\n").unwrap();
    std::fs::create_dir(shop.path("bin")).unwrap();
    let docker = shop.path("bin/docker");
    std::fs::write(
        &docker,
        format!("#!/bin/sh\necho \"$* $SHOP_TAG\" >> {dir}/asked\n[ \"$SHOP_TAG\" != 0.9 ] || {{ echo no such tag >&2; exit 1; }}\n"),
    )
    .unwrap();
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(shop.start().await, "2.0");
    let sections = shop.sections(&format!(
        "[services.shop.rollback.strategies.image]\nkind = \"container\"\ntool = \"compose\"\n\
         file = \"{dir}/compose.yml\"\nservice = \"web\"\nvariable = \"SHOP_TAG\"\nafter = [\"start\"]"
    ));
    let path = format!("{dir}/bin:/usr/local/bin:/usr/bin:/bin");
    let setup = crate::support::bot::Setup { path: Some(path), ..setup(&sections) };
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup).await;
    let result = fails(&bot, &spec("image", json!({"to": "0.9"})), "no such tag").await;
    assert_eq!(stages(&result), ["check pass", "pull fail"]);
    assert_eq!(std::fs::read_to_string(shop.path(".env")).unwrap(), "OTHER=1\nSHOP_TAG=2.0\n");
    std::fs::remove_file(shop.path("asked")).unwrap();

    let result = passes(&bot, &spec("image", json!({}))).await;
    assert_eq!(shop.get().as_deref(), Some("1.0"));
    let asked = std::fs::read_to_string(shop.path("asked")).unwrap();
    let compose = format!("compose -f {dir}/compose.yml --env-file {dir}/.env");
    assert_eq!(asked, format!("{compose} pull --quiet web 1.0\n{compose} up -d web 1.0\n"));
    assert_eq!(std::fs::read_to_string(shop.path(".env")).unwrap(), "OTHER=1\nSHOP_TAG=1.0\n");
    assert_eq!(
        stages(&result),
        ["check pass", "pull pass", "variable pass", "up pass", "after: start pass", "health pass"]
    );
    bot.finish().await;
}
