//! How code gets to an old version: a link or a variable is exchanged in one step, so that nobody ever sees half of it; containers are
//! run by their own tools.

use super::git::Checkout;
use super::image::image_path;
use super::programs::Programs;
use super::spec::Spec;
use crate::config::services::{Container, Does};
use crate::jobs::kinds::backup::Unwell;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long fetching an image, or running it, may take.
pub(super) const TIME: Duration = Duration::from_secs(600);
/// What a compose file's variables may hold, in bytes.
const ENV_FILE_BYTES: u64 = 1024 * 1024;

type Said = Result<String, Unwell>;

pub(super) fn text(path: &Path) -> Result<&str, Unwell> {
    path.to_str().ok_or_else(|| Unwell::failed(format!("{} is no text", path.display())))
}

impl Programs<'_> {
    fn checkout(&self) -> Result<Checkout<'_>, Unwell> {
        let Does::Git { repo, remote, branch } = &self.strategy.does else {
            return Err(Unwell::failed("the strategy has no checkout"));
        };
        let programs = Programs { of: self.of, job: self.job, strategy: self.strategy, doubts: self.doubts };
        Ok(Checkout { programs, repo, remote, branch })
    }

    /// Looks whether the code can be taken back. Changes nothing. `again`: code that is back already is no reason to refuse, as there
    /// is more to do than that, and an earlier attempt may have ended in the middle.
    pub(super) async fn check(&self, spec: &Spec, again: bool) -> Said {
        let again = again || spec.again;
        match &self.strategy.does {
            Does::Git { .. } => self.checkout()?.check(spec, again).await,
            Does::Release { link, releases } => released(link, releases, spec, again),
            Does::Container(Container::Compose { env_file, variable, file, .. }) => {
                if !file.is_file() {
                    return Err(Unwell::failed(format!("{} is not there", file.display())));
                }
                let now = value(&read(env_file)?, variable);
                is_from(now.as_deref(), spec, again, &format!("{variable} in {}", env_file.display()))
            }
            Does::Container(Container::Kubectl { service, container, image, namespace }) => {
                let path = image_path(container);
                let argv = kubectl(namespace, &["get", "deployment", service, "-o", &path]);
                let runs = self.run(&argv, &[], TIME).await?;
                let tag = runs.strip_prefix(image.as_str()).and_then(|rest| rest.strip_prefix(':'));
                is_from(tag, spec, again, &format!("the deployment {service}"))
            }
            Does::Migration { .. } | Does::Restore { .. } => Err(Unwell::failed("the strategy has no code")),
        }
    }

    pub(super) async fn revert(&self, spec: &Spec) -> Said {
        self.checkout()?.revert(spec).await
    }

    pub(super) async fn push(&self) -> Said {
        self.checkout()?.push().await
    }

    /// Sets the link to the old release, in one step.
    pub(super) fn switch(&self, spec: &Spec) -> Said {
        let Does::Release { link, releases } = &self.strategy.does else {
            return Err(Unwell::failed("the strategy has no link"));
        };
        let release = release(releases, &spec.to)?;
        let beside = beside(link, self.job.id())?;
        let cannot = |error: std::io::Error| Unwell::failed(format!("{} cannot be set: {error}", link.display()));
        // What an earlier run may have left.
        let _ = std::fs::remove_file(&beside);
        std::os::unix::fs::symlink(&release, &beside).map_err(cannot)?;
        std::fs::rename(&beside, link).map_err(|error| {
            let _ = std::fs::remove_file(&beside);
            cannot(error)
        })?;
        Ok(format!("{} leads to {}", link.display(), release.display()))
    }

    /// Lets the variable name the old tag, in one step.
    pub(super) fn variable(&self, spec: &Spec) -> Said {
        let Does::Container(Container::Compose { env_file, variable, .. }) = &self.strategy.does else {
            return Err(Unwell::failed("the strategy has no variable"));
        };
        let new = with_value(&read(env_file)?, variable, &spec.to);
        let beside = beside(env_file, self.job.id())?;
        let written = replace(env_file, &beside, &new);
        written.map_err(|error| {
            let _ = std::fs::remove_file(&beside);
            Unwell::failed(format!("{} cannot be written: {error}", env_file.display()))
        })?;
        Ok(format!("{variable} is {} in {}", spec.to, env_file.display()))
    }

    pub(super) async fn compose(&self, spec: &Spec, args: &[&str]) -> Said {
        let Does::Container(Container::Compose { file, env_file, service, variable }) = &self.strategy.does else {
            return Err(Unwell::failed("the strategy has no compose file"));
        };
        let mut argv = vec!["docker", "compose", "-f", text(file)?, "--env-file", text(env_file)?];
        argv.extend(args);
        argv.push(service);
        // Where the file does not say it yet.
        self.run(&argv, &[(variable, &spec.to)], TIME).await
    }

    /// Fetches the image: it is known to be there before anything is changed, in the registry or at least on this machine.
    pub(super) async fn pull(&self, spec: &Spec) -> Said {
        let Err(unwell) = self.compose(spec, &["pull", "--quiet"]).await else {
            return Ok(format!("the image of {} is there", spec.to));
        };
        match self.kept_here(spec).await {
            Ok(digest) => Ok(format!(
                "the registry does not give the image of {} ({}), and it is here: {digest}",
                spec.to, unwell.sentence
            )),
            Err(_) => Err(unwell),
        }
    }

    pub(super) async fn up(&self, spec: &Spec) -> Said {
        self.compose(spec, &["up", "-d"]).await.map(|_| format!("the container of {} was started", spec.to))
    }

    pub(super) async fn set_image(&self, spec: &Spec) -> Said {
        let Does::Container(Container::Kubectl { service, container, image, namespace }) = &self.strategy.does else {
            return Err(Unwell::failed("the strategy has no deployment"));
        };
        let (what, to) = (format!("deployment/{service}"), format!("{container}={image}:{}", spec.to));
        self.run(&kubectl(namespace, &["set", "image", &what, &to]), &[], TIME).await?;
        Ok(format!("{what} is to run {image}:{}", spec.to))
    }

    pub(super) async fn rollout(&self) -> Said {
        let Does::Container(Container::Kubectl { service, namespace, .. }) = &self.strategy.does else {
            return Err(Unwell::failed("the strategy has no deployment"));
        };
        let what = format!("deployment/{service}");
        self.run(&kubectl(namespace, &["rollout", "status", &what, "--timeout=540s"]), &[], TIME).await?;
        Ok(format!("{what} runs it"))
    }
}

pub(super) fn kubectl<'a>(namespace: &'a Option<String>, args: &[&'a str]) -> Vec<&'a str> {
    let mut argv = vec!["kubectl"];
    argv.extend(namespace.iter().flat_map(|namespace| ["--namespace", namespace.as_str()]));
    argv.extend(args);
    argv
}

/// Whoever deployed meanwhile is not rolled back by mistake.
fn is_from(now: Option<&str>, spec: &Spec, again: bool, what: &str) -> Said {
    match now {
        Some(now) if now == spec.from => Ok(format!("{what} is at {now}")),
        // Setting it once more comes to the same.
        Some(now) if now == spec.to && again => Ok(format!("{what} is at {now} already")),
        Some(now) if now == spec.to => Err(Unwell::failed(format!("{what} is at {now} already"))),
        Some(now) => Err(Unwell::failed(format!("{what} is at {now}, and not at {}", spec.from))),
        None => Err(Unwell::failed(format!("{what} says no version"))),
    }
}

/// The folder of a release, which is really one of them.
fn release(releases: &Path, version: &str) -> Result<PathBuf, Unwell> {
    let folder = releases.join(version);
    let real = folder.canonicalize().ok().filter(|real| real.is_dir());
    match (real, releases.canonicalize()) {
        (Some(real), Ok(root)) if real.parent() == Some(root.as_path()) => Ok(folder),
        (Some(_), _) => Err(Unwell::failed(format!("{} leads out of {}", folder.display(), releases.display()))),
        (None, _) => Err(Unwell::failed(format!("there is no release {}", folder.display()))),
    }
}

fn released(link: &Path, releases: &Path, spec: &Spec, again: bool) -> Said {
    release(releases, &spec.to)?;
    let is_link = std::fs::symlink_metadata(link).is_ok_and(|meta| meta.file_type().is_symlink());
    if !is_link {
        return Err(Unwell::failed(format!("{} is no symbolic link", link.display())));
    }
    let real = link.canonicalize().ok();
    let now = real.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    is_from(now, spec, again, &link.display().to_string())
}

/// A name of ours in the same folder.
fn beside(path: &Path, job: &str) -> Result<PathBuf, Unwell> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Unwell::failed(format!("{} has no name", path.display())))?;
    Ok(path.with_file_name(format!(".{name}.drillbell-{job}")))
}

fn read(file: &Path) -> Result<String, Unwell> {
    let cannot = |why: String| Unwell::failed(format!("{} cannot be read: {why}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| cannot(error.to_string()))?.len();
    if size > ENV_FILE_BYTES {
        return Err(cannot("it is larger than any file of variables".to_owned()));
    }
    std::fs::read_to_string(file).map_err(|error| cannot(error.to_string()))
}

fn replace(file: &Path, beside: &Path, text: &str) -> std::io::Result<()> {
    let mode = std::fs::metadata(file)?.permissions().mode();
    let _ = std::fs::remove_file(beside);
    let mut new = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    new.write_all(text.as_bytes())?;
    new.set_permissions(std::fs::Permissions::from_mode(mode))?;
    new.sync_all()?;
    std::fs::rename(beside, file)
}

/// The value that a line gives to the variable.
fn of_line<'a>(line: &'a str, variable: &str) -> Option<&'a str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    Some(line.strip_prefix(variable)?.strip_prefix('=')?.trim().trim_matches(['"', '\'']))
}

fn value(text: &str, variable: &str) -> Option<String> {
    text.lines().filter_map(|line| of_line(line, variable)).next_back().map(str::to_owned)
}

fn with_value(text: &str, variable: &str, value: &str) -> String {
    let mut lines: Vec<String> =
        text.lines().filter(|line| of_line(line, variable).is_none()).map(str::to_owned).collect();
    let at = text.lines().position(|line| of_line(line, variable).is_some()).unwrap_or(lines.len());
    lines.insert(at.min(lines.len()), format!("{variable}={value}"));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::{value, with_value};

    #[test]
    fn a_variable_is_exchanged_and_all_else_stays() {
        let text = "# tags\nSHOP_TAG_OLD=1\nexport SHOP_TAG=\"2.0\"\nOTHER=x=y";
        assert_eq!(value(text, "SHOP_TAG").as_deref(), Some("2.0"));
        let new = with_value(text, "SHOP_TAG", "1.9");
        assert_eq!(new, "# tags\nSHOP_TAG_OLD=1\nSHOP_TAG=1.9\nOTHER=x=y\n");
        assert_eq!(with_value(&new, "SHOP_TAG", "1.9"), new, "twice comes to the same");
        assert_eq!(with_value("", "A", "1"), "A=1\n");
    }
}
