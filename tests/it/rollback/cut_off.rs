//! The shipped program, killed in every program that a way back of the code runs, right before it does its work and right after it has. A
//! finished stage is never done again; one in doubt asks first, unless doing it twice is as once.

use super::cut::{HOLD, Way, each};
use super::git::Repo;
use super::{Shop, cluster, spec};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

/// Two releases behind a link, by commands that are counted.
pub(super) async fn released() -> Way {
    let shop = Shop::released().await;
    let dir = shop.dir().to_owned();
    let sections = shop.sections(&format!(
        "[services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"{dir}/current\"\n\
         releases = \"{dir}/releases\"\nafter = [\"mark\"]"
    ));
    let sections = shop.held_commands(&sections);
    Way { shop, sections, spec: spec("release", json!({})), once: &["stop", "start", "mark"] }
}

/// A shop that Compose runs, by a `docker` that counts what it is asked: no daemon runs here.
pub(super) async fn composed() -> Way {
    let shop = Shop::new("sed -n s/^SHOP_TAG=//p DIR/.env");
    let dir = shop.dir().to_owned();
    std::fs::write(shop.path("compose.yml"), "services: {}\n").unwrap();
    std::fs::write(shop.path(".env"), "SHOP_TAG=2.0\n").unwrap();
    shop.holdable("docker", "case \"$*\" in *' pull '*) held pull true;; *' up '*) held up true;; *) exit 1;; esac");
    assert_eq!(shop.start().await, "2.0");
    let sections = shop.sections(&format!(
        "[services.shop.rollback.strategies.image]\nkind = \"container\"\ntool = \"compose\"\n\
         file = \"{dir}/compose.yml\"\nservice = \"web\"\nvariable = \"SHOP_TAG\"\nafter = [\"start\"]"
    ));
    let sections = shop.held_commands(&sections);
    Way { shop, sections, spec: spec("image", json!({})), once: &["pull", "up", "start"] }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_cut_off_in_a_command_does_none_of_the_finished_ones_again() {
    let points = [
        ("before stop", true),
        ("after stop", true),
        ("before start", true),
        ("after start", true),
        ("before mark", true),
        ("after mark", true),
    ];
    each(&points, released, |way, at| {
        assert_eq!(std::fs::read_link(way.shop.path("current")).unwrap(), way.shop.path("releases/1.0"), "{at}");
        let marks = way.shop.marks();
        let marked = marks.iter().filter(|mark| *mark == "1.0").count();
        let most = if at.ends_with("mark") { 2 } else { 1 };
        assert!((1..=most).contains(&marked), "{at}: {marks:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_that_is_cut_off_is_made_once_and_pushed_once() {
    let way = async || {
        let Repo { shop, sections } = Repo::new().await;
        shop.holdable(
            "git",
            "case \"$3 $4\" in 'revert --no-edit') held revert /usr/bin/git \"$@\"; exit $?;;\n\
             'push --quiet') held push /usr/bin/git \"$@\"; exit $?;; esac\nexec /usr/bin/git \"$@\"",
        );
        // In the middle of a revert: the second of its commits is being made.
        let hook = shop.path("repo/.git/hooks/prepare-commit-msg");
        let script = "echo x >> DIR/commits; [ \"$(wc -l < DIR/commits)\" -ne 2 ] || hold 'in revert'\n";
        let script = format!("#!/bin/sh\n{HOLD}{script}").replace("DIR", shop.dir());
        std::fs::write(&hook, script).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        let sections = shop.held_commands(&sections);
        Way { shop, sections, spec: spec("git", json!({})), once: &["revert", "push", "stop", "start"] }
    };
    let points = [
        ("before revert", false),
        ("in revert", false),
        ("after revert", false),
        ("before push", true),
        ("after push", true),
        ("before stop", true),
        ("after start", true),
    ];
    each(&points, way, |way, at| {
        let there = |args: &[&str]| super::says(&way.shop.path("remote.git"), "git", args);
        assert_eq!(there(&["rev-parse", "main^{tree}"]), there(&["rev-parse", "1.0^{tree}"]), "{at}");
        assert_eq!(there(&["rev-list", "--count", "2.0..main"]), "4", "{at}: each commit is reverted once");
        let here = super::says(&way.shop.path("repo"), "git", &["status", "--porcelain", "--branch"]);
        assert_eq!(here, "## main...origin/main", "{at}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_cut_off_is_run_anew_only_after_somebody_was_asked() {
    let points = [
        ("before pull", false),
        ("after pull", false),
        ("before up", true),
        ("after up", true),
        ("before start", true),
        ("after start", true),
    ];
    each(&points, composed, |way, at| {
        assert_eq!(std::fs::read_to_string(way.shop.path(".env")).unwrap(), "SHOP_TAG=1.0\n", "{at}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_cut_off_is_set_anew_only_after_somebody_was_asked() {
    let way = async || {
        let (shop, sections) = cluster::deployed().await;
        std::fs::rename(shop.path("bin/kubectl"), shop.path("bin/real-kubectl")).unwrap();
        let real = format!("{}/bin/real-kubectl", shop.dir());
        shop.holdable(
            "kubectl",
            &format!(
                "case \"$*\" in *' set image '*) held set-image {real} \"$@\";; *' rollout '*) held rollout {real} \"$@\";;\n\
                 *) exec {real} \"$@\";; esac"
            ),
        );
        let sections = shop.held_commands(&sections);
        Way { shop, sections, spec: spec("cluster", json!({})), once: &["set-image", "rollout", "start"] }
    };
    let points = [
        ("before set-image", true),
        ("after set-image", true),
        ("before rollout", false),
        ("after rollout", false),
        ("after start", true),
    ];
    each(&points, way, |way, at| {
        let image = std::fs::read_to_string(way.shop.path("image")).unwrap();
        assert_eq!(image, "registry.example.org/shop:1.0\n", "{at}");
    })
    .await;
}
