//! Reverting in a checkout: the commits in between, newest first, then a push. A conflict leaves the checkout as it was.

use super::programs::Programs;
use super::spec::Spec;
use crate::jobs::kinds::backup::Unwell;
use std::path::Path;
use std::time::Duration;

/// How long one of git's commands may take: a fetch over a slow line.
const TIME: Duration = Duration::from_secs(300);
/// Commits that are reverted at once; beyond it another way back is the better one.
const COMMITS: usize = 200;
/// The object that git says where a file is not there.
const ABSENT: &str = "0000000000000000000000000000000000000000";
/// By this its own commits are known again.
const EMAIL: &str = "drillbell@localhost";
/// Who reverts, and nobody is asked for anything.
const ENV: [(&str, &str); 6] = [
    ("GIT_AUTHOR_NAME", "drillbell"),
    ("GIT_AUTHOR_EMAIL", EMAIL),
    ("GIT_COMMITTER_NAME", "drillbell"),
    ("GIT_COMMITTER_EMAIL", EMAIL),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];

/// A checkout.
pub(super) struct Checkout<'a> {
    pub(super) programs: Programs<'a>,
    pub(super) repo: &'a Path,
    pub(super) remote: &'a str,
    pub(super) branch: &'a str,
}

/// The two ends of what is reverted.
struct Ends {
    /// Where the branch is: the version to leave, or another commit of the same tree.
    from: String,
    to: String,
    /// Newest first; none when the tree is that of the old version already.
    commits: Vec<String>,
}

impl Checkout<'_> {
    async fn git(&self, args: &[&str]) -> Result<String, Unwell> {
        let repo = self.repo.to_str().ok_or_else(|| Unwell::failed("the checkout's path is no text"))?;
        let argv: Vec<&str> = ["git", "-C", repo].iter().chain(args).copied().collect();
        self.programs.run(&argv, &ENV, TIME).await
    }

    async fn commit(&self, version: &str, sha: &str) -> Result<String, Unwell> {
        let named = if sha.is_empty() { version } else { sha };
        let found = self.git(&["rev-parse", "--verify", "--quiet", &format!("{named}^{{commit}}")]).await;
        found.map_err(|_| Unwell::failed(format!("{} has no commit or tag {named}", self.repo.display())))
    }

    async fn tree(&self, commit: &str) -> Result<String, Unwell> {
        self.git(&["rev-parse", "--verify", "--quiet", &format!("{commit}^{{tree}}")]).await
    }

    async fn is_clean(&self) -> Result<(), Unwell> {
        let repo = self.repo.display();
        let changed = self.git(&["status", "--porcelain", "--untracked-files=no"]).await?;
        if let Some(first) = changed.lines().next() {
            return Err(Unwell::failed(format!("{repo} is not clean: {}", first.trim())));
        }
        match self.git(&["rev-parse", "--verify", "--quiet", "REVERT_HEAD"]).await {
            Ok(_) => Err(Unwell::failed(format!("{repo} is in the middle of another revert"))),
            Err(_) => Ok(()),
        }
    }

    /// Where the branch is, and what is to be reverted on it. Changes nothing.
    async fn ends(&self, spec: &Spec) -> Result<Ends, Unwell> {
        let (from, to) =
            (self.commit(&spec.from, &spec.from_commit).await?, self.commit(&spec.to, &spec.commit).await?);
        let head = self.git(&["rev-parse", "HEAD"]).await?;
        let tree = self.tree(&head).await?;
        // An earlier attempt has reverted: doing it again would bring the new version back.
        if tree == self.tree(&to).await? {
            return Ok(Ends { from: head, to, commits: Vec::new() });
        }
        // A version that came back by reverting a revert is another commit, and the same to whoever runs it.
        if head != from && tree != self.tree(&from).await? {
            let branch = self.branch;
            return Err(Unwell::failed(format!(
                "{branch} is at {}, and {} is {}: what else is on it would be run with the old version",
                short(&head),
                spec.from,
                short(&from)
            )));
        }
        if self.git(&["merge-base", "--is-ancestor", &to, &head]).await.is_err() {
            return Err(Unwell::failed(format!("{} does not come before {} on {}", spec.to, spec.from, self.branch)));
        }
        let commits = self.between(&to, &head).await?;
        match commits.len() {
            0 => {
                Err(Unwell::failed(format!("no commit lies between {} and {} on {}", spec.from, spec.to, self.branch)))
            }
            n if n > COMMITS => {
                Err(Unwell::failed(format!("{n} commits lie in between, and at most {COMMITS} are reverted")))
            }
            _ => Ok(Ends { from: head, to, commits }),
        }
    }

    /// The commits of the branch after `to`, newest first. A merge is taken back as what it brought into the branch; a commit that
    /// changed nothing is left out, since git stops at one that has nothing to revert.
    async fn between(&self, to: &str, head: &str) -> Result<Vec<String>, Unwell> {
        let listed = self.git(&["log", "--first-parent", "--format=%H %T", &format!("{to}..{head}")]).await?;
        let listed: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once(' ')).collect();
        let Some((oldest, _)) = listed.last() else { return Ok(Vec::new()) };
        let below = self.tree(&format!("{oldest}^1")).await?;
        let parents = listed.iter().skip(1).map(|(_, tree)| *tree).chain(Some(below.as_str()));
        let changed = listed.iter().zip(parents).filter(|((_, tree), parent)| tree != parent);
        Ok(changed.map(|((commit, _), _)| (*commit).to_owned()).collect())
    }

    /// Looks whether the checkout is as it must be. `again`: it may have the old version's tree already.
    pub(super) async fn check(&self, spec: &Spec, again: bool) -> Result<String, Unwell> {
        let (remote, branch) = (self.remote, self.branch);
        let on = self.git(&["symbolic-ref", "--short", "HEAD"]).await;
        if on.as_deref().ok() != Some(branch) {
            return Err(Unwell::failed(format!("{} is not on the branch {branch}", self.repo.display())));
        }
        self.is_clean().await?;
        let theirs = format!("refs/remotes/{remote}/{branch}");
        self.git(&["fetch", "--quiet", "--tags", remote, &format!("+refs/heads/{branch}:{theirs}")]).await?;
        let (ours, theirs) = (self.git(&["rev-parse", "HEAD"]).await?, self.git(&["rev-parse", &theirs]).await?);
        if ours != theirs && self.is_our_revert(&theirs, spec).await {
            return Ok(format!("an earlier attempt has reverted here, and what is not on {remote} yet is pushed"));
        }
        if ours != theirs {
            return Err(Unwell::failed(format!(
                "{branch} is at {} here and at {} on {remote}: bring them together first",
                short(&ours),
                short(&theirs)
            )));
        }
        let ends = self.ends(spec).await?;
        match ends.commits.len() {
            0 if again => Ok(format!("{branch} is at {} already", spec.to)),
            0 => Err(Unwell::failed(format!("{branch} is at {} already", spec.to))),
            n => Ok(format!("{n} commits are to be reverted on {branch}")),
        }
    }

    /// What is here and not there are reverts of ours, with which the tree is that of the old version: somebody could not be reached.
    async fn is_our_revert(&self, theirs: &str, spec: &Spec) -> bool {
        let Ok(to) = self.commit(&spec.to, &spec.commit).await else { return false };
        let trees = (self.tree("HEAD").await, self.tree(&to).await);
        let is_back = matches!(&trees, (Ok(here), Ok(old)) if here == old);
        is_back && self.only_ours_since(theirs).await
    }

    /// Whether everything after a commit that `HEAD` is built on was written by us.
    async fn only_ours_since(&self, base: &str) -> bool {
        let built_on = self.git(&["merge-base", "--is-ancestor", base, "HEAD"]).await.is_ok();
        let listed = self.git(&["log", "--format=%ae %ce", &format!("{base}..HEAD")]).await.unwrap_or_default();
        built_on && !listed.is_empty() && listed.lines().all(|line| line == format!("{EMAIL} {EMAIL}"))
    }

    /// A revert that was cut off with the bot is taken back: that none was under way was looked at before this one began.
    async fn take_back_what_was_cut_off(&self, spec: &Spec) {
        let sequencer = self.git(&["rev-parse", "--git-path", "sequencer"]).await;
        let under_way = sequencer.is_ok_and(|path| self.repo.join(path).exists());
        let one = self.git(&["rev-parse", "--verify", "--quiet", "REVERT_HEAD"]).await.is_ok();
        if self.programs.job.attempt() > 1 && (under_way || one) {
            // Whatever comes of it, what follows looks whether the checkout is clean.
            let _ = self.git(&["revert", "--abort"]).await;
        }
        if self.programs.job.attempt() > 1 {
            let _ = self.put_back_what_git_wrote(spec).await;
        }
    }

    /// Git writes files before it notes that it did: one that is as in another commit that lies between the versions was written by a
    /// revert that was cut off there. If anything else was changed, nothing is touched.
    async fn put_back_what_git_wrote(&self, spec: &Spec) -> Result<(), Unwell> {
        let changed = self.git(&["diff", "--name-only", "-z", "HEAD"]).await?;
        let changed: Vec<&str> = changed.split_terminator('\0').collect();
        let Ends { from, to, .. } = self.ends(spec).await?;
        for file in &changed {
            let known = [
                "log",
                "--first-parent",
                "-m",
                "--raw",
                "--no-abbrev",
                "--format=",
                &format!("{to}..{from}"),
                "--",
                file,
            ];
            let known = self.git(&known).await?;
            let is = match self.repo.join(file).symlink_metadata() {
                Ok(_) => self.git(&["hash-object", "--", file]).await?,
                Err(_) => ABSENT.to_owned(),
            };
            if !known.split_whitespace().any(|word| word == is) {
                return Ok(());
            }
        }
        if !changed.is_empty() {
            let args = ["restore", "--source=HEAD", "--staged", "--worktree", "--"].into_iter().chain(changed);
            self.git(&args.collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    /// Reverts; a conflict is taken back.
    pub(super) async fn revert(&self, spec: &Spec) -> Result<String, Unwell> {
        self.take_back_what_was_cut_off(spec).await;
        self.is_clean().await?;
        let Ends { from, to, commits } = self.ends(spec).await?;
        if commits.is_empty() {
            return Ok(format!("nothing is left to revert: the tree is that of {}", spec.to));
        }
        let args = ["revert", "--no-edit", "-m", "1"].into_iter().chain(commits.iter().map(String::as_str));
        if let Err(unwell) = self.git(&args.collect::<Vec<_>>()).await {
            return Err(self.taken_back(unwell, &from).await);
        }
        if self.git(&["diff", "--quiet", &to, "HEAD"]).await.is_err() {
            let back = self.git(&["reset", "--keep", &from]).await;
            let as_it_was = if back.is_ok() { "the checkout is as it was" } else { "look at the checkout" };
            return Err(Unwell::failed(format!("what came of the revert is not {}; {as_it_was}", spec.to)));
        }
        Ok(format!("{} commits were reverted; the tree is that of {}", commits.len(), spec.to))
    }

    async fn taken_back(&self, unwell: Unwell, from: &str) -> Unwell {
        if unwell.unknown || self.programs.job.cancel().is_cancelled() {
            return Unwell { sentence: format!("{}; look at {}", unwell.sentence, self.repo.display()), ..unwell };
        }
        let conflicts = self.git(&["diff", "--name-only", "--diff-filter=U"]).await.unwrap_or_default();
        let why = match conflicts.is_empty() {
            true => unwell.sentence,
            false => format!("the revert conflicts in {}", conflicts.lines().collect::<Vec<_>>().join(", ")),
        };
        let aborted = self.git(&["revert", "--abort"]).await;
        let head = self.git(&["rev-parse", "HEAD"]).await;
        let as_it_was = aborted.is_ok() && head.as_deref().ok() == Some(from) && self.is_clean().await.is_ok();
        match as_it_was {
            true => Unwell::failed(format!("{why}; the checkout is as it was")),
            false => Unwell::failed(format!("{why}, and it could not be taken back: look at {}", self.repo.display())),
        }
    }

    /// Pushes what was reverted. What the remote says no to is taken back here, so that nothing is left behind; only where nobody can
    /// tell what the remote has, it stays, and the next attempt pushes it.
    pub(super) async fn push(&self) -> Result<String, Unwell> {
        let (remote, branch, repo) = (self.remote, self.branch, self.repo.display());
        let to = format!("HEAD:refs/heads/{branch}");
        let Err(unwell) = self.git(&["push", "--quiet", remote, &to]).await else {
            return Ok(format!("the revert is on {remote}"));
        };
        let theirs = match unwell.unknown || self.programs.job.cancel().is_cancelled() {
            true => None,
            false => self.their_head().await.ok(),
        };
        let Some(theirs) = theirs else {
            let stays = format!("; the revert is in {repo}, and whether it is on {remote} is not known");
            return Err(Unwell {
                sentence: format!("{}{stays}: the next attempt pushes it", unwell.sentence),
                ..unwell
            });
        };
        let ours = self.git(&["rev-parse", "HEAD"]).await?;
        if ours == theirs {
            return Ok(format!("the revert is on {remote}, although its answer was lost"));
        }
        let base = self.git(&["merge-base", "HEAD", &theirs]).await.unwrap_or_default();
        let taken_back =
            self.only_ours_since(&base).await && self.git(&["reset", "--quiet", "--keep", &base]).await.is_ok();
        let left = match taken_back {
            true => format!("; it is not on {remote}, and the checkout is as it was"),
            false => format!("; the revert is in {repo}, and not on {remote}: look at the checkout"),
        };
        Err(Unwell::failed(format!("{}{left}", unwell.sentence)))
    }

    /// Where the branch is on the remote, as it says now.
    async fn their_head(&self) -> Result<String, Unwell> {
        let (remote, branch) = (self.remote, self.branch);
        let theirs = format!("refs/remotes/{remote}/{branch}");
        self.git(&["fetch", "--quiet", remote, &format!("+refs/heads/{branch}:{theirs}")]).await?;
        self.git(&["rev-parse", &theirs]).await
    }
}

fn short(sha: &str) -> &str {
    sha.get(..10).unwrap_or(sha)
}
