//! A checkout with its remote: commits are reverted and pushed; what goes wrong leaves nothing behind that needs hands.

use super::{Shop, fails, passes, program, says, setup, spec, stages};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A shop that runs what a checkout holds, at 2.0; two commits, an empty one and a merge lie between that and 1.0.
pub(super) struct Repo {
    pub(super) shop: Shop,
    pub(super) sections: String,
}

impl Repo {
    pub(super) async fn new() -> Self {
        let shop = Shop::new("cat DIR/repo/version");
        let dir = shop.dir().to_owned();
        says(shop.folder.path(), "git", &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        says(shop.folder.path(), "git", &["clone", "-q", "remote.git", "repo"]);
        let keys = format!("[services.shop.rollback.strategies.git]\nkind = \"git\"\nrepo = \"{dir}/repo\"");
        let repo = Self { sections: shop.sections(&keys), shop };
        repo.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
        repo.commit("1.0", "one");
        repo.git(&["tag", "1.0"]);
        repo.commit("1.5", "half");
        repo.git(&["commit", "-q", "--allow-empty", "-m", "run the pipeline once more"]);
        repo.git(&["checkout", "-q", "-b", "side"]);
        std::fs::write(repo.at().join("side"), "side").unwrap();
        repo.git(&["add", "."]);
        repo.git(&["commit", "-q", "-m", "side"]);
        repo.git(&["checkout", "-q", "main"]);
        repo.commit("1.9", "nearly");
        repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
        repo.commit("2.0", "two");
        repo.git(&["tag", "2.0"]);
        repo.git(&["push", "-q", "--tags", "origin", "main"]);
        assert_eq!(repo.shop.start().await, "2.0");
        repo
    }

    pub(super) fn at(&self) -> PathBuf {
        self.shop.path("repo")
    }

    pub(super) fn git(&self, args: &[&str]) -> String {
        let who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"];
        says(&self.at(), "git", &[&who, args].concat())
    }

    fn commit(&self, version: &str, text: &str) {
        std::fs::write(self.at().join("version"), version).unwrap();
        std::fs::write(self.at().join("notes"), text).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", text]);
    }

    /// What the remote has under a name.
    pub(super) fn there(&self, what: &str) -> String {
        says(&self.shop.path("remote.git"), "git", &["rev-parse", what])
    }

    /// The remote says no to whatever is pushed, until that is over.
    fn refuses(&self, yes: bool) {
        let hook = self.shop.path("remote.git/hooks/pre-receive");
        match yes {
            false => std::fs::remove_file(hook).unwrap(),
            true => {
                std::fs::write(&hook, "#!/bin/sh\necho this branch is protected >&2\nexit 1\n").unwrap();
                std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }

    /// The checkout is at this commit, clean, and in the middle of nothing.
    fn is_as_it_was(&self, head: &str) {
        assert_eq!(self.git(&["rev-parse", "HEAD"]), head);
        assert_eq!(self.git(&["status", "--porcelain"]), "");
        assert!(!self.at().join(".git/sequencer").exists() && !self.at().join(".git/REVERT_HEAD").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_reverted_and_pushed_and_a_checkout_that_is_not_as_it_must_be_is_left_alone() {
    let repo = Repo::new().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&repo.sections)).await;
    let head = repo.git(&["rev-parse", "HEAD"]);

    std::fs::write(repo.at().join("notes"), "changed by hand").unwrap();
    let result = fails(&bot, &spec("git", json!({})), "is not clean").await;
    assert_eq!(stages(&result), ["check fail"]);
    repo.git(&["checkout", "-q", "notes"]);
    fails(&bot, &spec("git", json!({"to": "0.1"})), "no commit or tag 0.1").await;
    repo.git(&["checkout", "-q", "-b", "other"]);
    fails(&bot, &spec("git", json!({})), "not on the branch main").await;
    repo.git(&["checkout", "-q", "main"]);

    let result = passes(&bot, &spec("git", json!({"from_commit": head}))).await;
    assert_eq!(repo.shop.get().as_deref(), Some("1.0"));
    assert_eq!(repo.there("main^{tree}"), repo.there("1.0^{tree}"), "the remote has the old version's tree");
    assert_eq!(repo.there("main"), repo.git(&["rev-parse", "HEAD"]));
    let reverts = repo.git(&["rev-list", "--count", &format!("{head}..HEAD")]);
    assert_eq!(reverts, "4", "one revert a commit of the branch that changed something");
    assert_eq!(&stages(&result)[..3], ["check pass", "revert pass", "push pass"]);
    fails(&bot, &spec("git", json!({})), "is at 1.0 already").await;

    // The new version comes back by reverting the reverts, and leaves once more: another commit of the same tree.
    repo.git(&["revert", "--no-edit", "HEAD~4..HEAD"]);
    repo.git(&["push", "-q", "origin", "main"]);
    assert_eq!(repo.there("main^{tree}"), repo.there("2.0^{tree}"));
    passes(&bot, &spec("git", json!({}))).await;
    assert_eq!((repo.shop.get().as_deref(), repo.there("main^{tree}")), (Some("1.0"), repo.there("1.0^{tree}")));
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_refused_leaves_nothing_behind_and_the_next_attempt_needs_no_hands() {
    let repo = Repo::new().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&repo.sections)).await;
    let head = repo.git(&["rev-parse", "HEAD"]);
    repo.refuses(true);
    let result = fails(&bot, &spec("git", json!({})), "this branch is protected").await;
    let said = result["stages"][2]["sentence"].as_str().unwrap();
    assert!(said.contains("not on origin, and the checkout is as it was"), "{said}");
    assert_eq!(stages(&result), ["check pass", "revert pass", "push fail"]);
    repo.is_as_it_was(&head);
    assert_eq!((repo.shop.get().as_deref(), repo.shop.marks()), (Some("2.0"), Vec::new()), "nothing was restarted");
    repo.refuses(false);
    passes(&bot, &spec("git", json!({}))).await;
    assert_eq!((repo.shop.get().as_deref(), repo.there("main^{tree}")), (Some("1.0"), repo.there("1.0^{tree}")));
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_that_cannot_be_asked_gets_the_same_revert_by_the_next_attempt() {
    let repo = Repo::new().await;
    let (head, dir) = (repo.git(&["rev-parse", "HEAD"]), repo.shop.dir().to_owned());
    // The line breaks at the push, and what came of it cannot be asked.
    program(
        &repo.shop,
        "git",
        &format!(
            "[ -e {dir}/down ] && case \"$3\" in push) : > {dir}/broken;; esac\n\
             [ -e {dir}/broken ] && case \"$3\" in push|fetch) echo the line is down >&2; exit 128;; esac\nexec /usr/bin/git \"$@\""
        ),
    );
    std::fs::write(repo.shop.path("down"), "").unwrap();
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, repo.shop.with_programs(&repo.sections)).await;
    fails(&bot, &spec("git", json!({})), "whether it is on origin is not known: the next attempt pushes it").await;
    assert_eq!((repo.there("main"), repo.shop.get().as_deref()), (head.clone(), Some("2.0")));
    let reverted = repo.git(&["rev-parse", "HEAD"]);
    std::fs::remove_file(repo.shop.path("down")).unwrap();
    std::fs::remove_file(repo.shop.path("broken")).unwrap();
    // Somebody else's commit on top would be pushed, too: that is for people.
    repo.git(&["commit", "-q", "--allow-empty", "-m", "by hand"]);
    fails(&bot, &spec("git", json!({"again": true})), "bring them together first").await;
    repo.git(&["reset", "-q", "--hard", &reverted]);
    let result = passes(&bot, &spec("git", json!({"again": true}))).await;
    assert!(result["stages"][0]["sentence"].as_str().unwrap().contains("An earlier attempt has reverted"), "{result}");
    assert_eq!((repo.there("main"), repo.shop.get().as_deref()), (reverted, Some("1.0")), "no second revert");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_that_conflicts_is_taken_back_and_nothing_is_pushed() {
    let repo = Repo::new().await;
    let head = repo.git(&["rev-parse", "HEAD"]);
    // Oldest first: what came later has changed the same lines.
    program(
        &repo.shop,
        "git",
        "if [ \"$3\" = revert ] && [ \"$4\" = --no-edit ]; then where=$2; shift 6; turned=; for one; do turned=\"$one $turned\"; done\n\
         exec /usr/bin/git -C \"$where\" revert --no-edit -m 1 $turned; fi\nexec /usr/bin/git \"$@\"",
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, repo.shop.with_programs(&repo.sections)).await;
    let result = fails(&bot, &spec("git", json!({})), "The revert conflicts in notes, version").await;
    assert!(result["sentence"].as_str().unwrap().contains("the checkout is as it was"), "{result}");
    assert_eq!(stages(&result), ["check pass", "revert fail"]);
    repo.is_as_it_was(&head);
    assert_eq!((repo.there("main"), repo.shop.marks()), (head, Vec::new()), "nothing was pushed, nothing restarted");
    bot.finish().await;
}
