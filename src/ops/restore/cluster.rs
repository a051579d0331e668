//! A PostgreSQL server of a drill's own, for where there is no other to restore to: made of the programs that are installed, in a folder of its
//! own, reachable through a socket in it and through nothing else. It ends with the bot, however that ends; its folder is told by its name.

use super::postgres::Database;
use super::scratch::{self, Jobs};
use super::{Cause, RestoreError};
use crate::config::limits::{CLUSTER_LOOK, CLUSTER_PATIENCE, RESTORE_TOOL_TIME, SOCKET_PATH_BYTES};
use crate::ops::backup::find;
use crate::ops::backup::postgres::{Tools, said};
use crate::ops::child::{Ended, Program, Unwatched};
use futures::FutureExt;
use nix::unistd::{Gid, Uid, User, chown, geteuid};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Who it belongs to within.
const OWNER: &str = "drillbell";
/// Whom the server runs as when we are root, which it refuses to be.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// Sets that user.
const SETPRIV: &str = "setpriv";

/// A server that runs.
pub struct Cluster {
    folder: PathBuf,
    /// Ends it, also when a drill is given up in the middle.
    stop: DropGuard,
    /// None once it is known to be gone.
    running: Option<JoinHandle<Ended>>,
}

/// Where a server may be made, and what of.
pub struct Makings<'a> {
    /// The programs' runner.
    pub tools: &'a Tools,
    /// Their folder, where one is configured.
    pub pg_bin: Option<&'a Path>,
    /// The major version that made the dump, if that is known.
    pub made_with: Option<u32>,
    /// The folder of ours for what needs files.
    pub below: &'a Path,
    /// The server's folder is called so.
    pub name: &'a str,
    /// The moment now.
    pub now_ms: i64,
    /// Who else drills, so that what dead runs left is told apart.
    pub jobs: Jobs,
}

/// Another user's rights for programs, where ours are too many.
struct Rights {
    uid: Uid,
    gid: Gid,
    setpriv: PathBuf,
}

impl Rights {
    /// None where we are nobody special.
    fn needed(path: &str) -> Result<Option<Self>, RestoreError> {
        const REFUSES: &str = "the bot runs as root, which PostgreSQL's server refuses to be";
        if !geteuid().is_root() {
            return Ok(None);
        }
        let user = USERS.iter().find_map(|name| User::from_name(name).ok().flatten());
        let setpriv = std::env::split_paths(path).map(|folder| folder.join(SETPRIV)).find(|file| file.exists());
        match (user, setpriv) {
            (Some(user), Some(setpriv)) => Ok(Some(Self { uid: user.uid, gid: user.gid, setpriv })),
            (None, _) => {
                Err(RestoreError::environment(format!("{REFUSES}, and there is no user {}", USERS.join(" or "))))
            }
            (_, None) => Err(RestoreError::environment(format!(
                "{REFUSES}, and there is no {SETPRIV} to run it as another user: install util-linux"
            ))),
        }
    }

    fn wrap(&self, program: &mut Program) {
        let mut argv = vec![self.setpriv.to_string_lossy().into_owned()];
        argv.extend([format!("--reuid={}", self.uid), format!("--regid={}", self.gid)]);
        argv.extend(["--clear-groups", "--inh-caps=-all", "--"].map(str::to_owned));
        argv.append(&mut program.argv);
        program.argv = argv;
    }
}

impl Cluster {
    /// Makes a server, starts it, and waits until it answers; what dead runs left beside it is removed first.
    ///
    /// # Errors
    /// The programs are not there, or do not do it; nothing of it is left.
    pub async fn start(of: Makings<'_>) -> Result<(Self, Database), RestoreError> {
        let bin = programs(&of).await?;
        let rights = Rights::needed(&of.tools.path)?;
        // Another user cannot go through folders that are ours alone.
        let below = if rights.is_some() { passable(of.below)? } else { of.below.to_owned() };
        let folder = scratch::folder(&below, of.name, of.now_ms, &of.jobs)
            .map_err(|error| around(&format!("make a folder in {}", below.display()), &error))?;
        let cluster = Self::within(&of, &bin, rights.as_ref(), &folder).await;
        if cluster.is_err() {
            remove(&folder).await;
        }
        cluster
    }

    async fn within(
        of: &Makings<'_>,
        bin: &Path,
        rights: Option<&Rights>,
        folder: &Path,
    ) -> Result<(Self, Database), RestoreError> {
        let shown = folder.to_string_lossy().into_owned();
        if shown.len() > SOCKET_PATH_BYTES {
            return Err(RestoreError::environment(format!(
                "the folder {shown} is too long a name for a server's socket: set data_dir to a shorter one, or `into` of the drill to a server"
            )));
        }
        if let Some(rights) = rights {
            chown(folder, Some(rights.uid), Some(rights.gid))
                .map_err(|error| around(&format!("hand {shown} over"), &error))?;
        }
        let data = format!("{shown}/data");
        let program = |tool: &str, args: &[&str], limit| {
            let mut program = of.tools.program(bin, tool, args, None, limit);
            program.env.insert("LC_ALL".to_owned(), "C".to_owned());
            program.cwd = Some(folder.to_owned());
            if let Some(rights) = rights {
                rights.wrap(&mut program);
            }
            program
        };
        let args =
            ["--auth=trust", "--username", OWNER, "--encoding=UTF8", "--no-locale", "--no-sync", "--pgdata", &data];
        let made =
            of.tools.supervisor.run(program("initdb", &args, CLUSTER_PATIENCE), &Unwatched, &of.tools.cancel).await;
        if !made.passed() {
            return Err(RestoreError::environment(format!("initdb in {shown} {}", said(&made, CLUSTER_PATIENCE))));
        }
        let alone = ["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "logging_collector=off"];
        let args: Vec<&str> = ["-D", &data, "-k", &shown].into_iter().chain(alone).collect();
        let server = program("postgres", &args, RESTORE_TOOL_TIME);
        // Ended by itself and not with the job's programs: it is needed until what was restored is dropped.
        let (stop, supervisor) = (CancellationToken::new(), of.tools.supervisor.clone());
        let stopped = stop.clone();
        let running = tokio::spawn(async move { supervisor.run(server, &Unwatched, &stopped).await });
        let mut cluster = Self { folder: folder.to_owned(), stop: stop.drop_guard(), running: Some(running) };
        match cluster.answers(of, bin, &shown).await {
            Ok(database) => Ok((cluster, database)),
            Err(error) => {
                cluster.end().await?;
                Err(error)
            }
        }
    }

    /// Waits until it can be asked.
    async fn answers(&mut self, of: &Makings<'_>, bin: &Path, socket: &str) -> Result<Database, RestoreError> {
        let host: String = url::form_urlencoded::byte_serialize(socket.as_bytes()).collect();
        let url = format!("postgres:///postgres?host={host}&user={OWNER}").into();
        let (began, mut last) = (Instant::now(), None);
        while began.elapsed() < CLUSTER_PATIENCE {
            if of.tools.cancel.is_cancelled() {
                return Err(RestoreError::environment("it was cancelled"));
            }
            if let Some(ended) = self.running.as_mut().and_then(FutureExt::now_or_never) {
                self.running = None;
                let how = ended.map_or_else(|_| "was lost".to_owned(), |ended| said(&ended, RESTORE_TOOL_TIME));
                return Err(RestoreError::environment(format!("the server in {socket} {how}")));
            }
            if Path::new(socket).join(".s.PGSQL.5432").exists() {
                let pipes = of.below.to_owned();
                match Database::of(of.tools.clone(), &url, Some(bin), pipes, of.made_with).await {
                    Ok(database) => return Ok(database),
                    Err(error) => last = Some(error.sentence),
                }
            }
            tokio::time::sleep(CLUSTER_LOOK).await;
        }
        let last = last.map(|last| format!(": {last}")).unwrap_or_default();
        Err(RestoreError::environment(format!("the server in {socket} does not answer{last}")))
    }

    /// Ends it and removes all of it.
    ///
    /// # Errors
    /// Its folder cannot be removed; the next drill tries again.
    pub async fn end(self) -> Result<(), RestoreError> {
        let Self { folder, stop, running } = self;
        drop(stop);
        if let Some(running) = running {
            // Whoever runs it kills it when it does not end.
            let _ = tokio::time::timeout(CLUSTER_PATIENCE, running).await;
        }
        remove(&folder).await;
        match folder.exists() {
            true => Err(RestoreError::environment(format!("{} cannot be removed", folder.display()))),
            false => Ok(()),
        }
    }
}

/// Where servers lie that run as another user, who cannot go through folders that are ours alone: in the system's temporary folder, by
/// the name of this bot's data, so that no other's drills are taken for what dead ones left.
pub fn elsewhere(below: &Path) -> PathBuf {
    let name = hex::encode(&Sha256::digest(below.as_os_str().as_encoded_bytes())[..4]);
    std::env::temp_dir().join(format!("drillbell-{name}"))
}

/// That folder, made: others may go through it and not look into it.
fn passable(below: &Path) -> Result<PathBuf, RestoreError> {
    let folder = elsewhere(below);
    let failed = |error: &dyn std::fmt::Display| around(&format!("make the folder {}", folder.display()), error);
    match DirBuilder::new().mode(0o700).create(&folder) {
        // Whatever the mask of this process is.
        Ok(()) => std::fs::set_permissions(&folder, Permissions::from_mode(0o711)).map_err(|error| failed(&error))?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let known = std::fs::symlink_metadata(&folder).map_err(|error| failed(&error))?;
            // Whoever may write there could have laid something else under this name.
            if !known.is_dir() || known.uid() != geteuid().as_raw() {
                return Err(failed(&"something of somebody else's has that name"));
            }
        }
        Err(error) => return Err(failed(&error)),
    }
    Ok(folder)
}

async fn remove(folder: &Path) {
    let folder = folder.to_owned();
    // What is left shows, and the next drill removes it.
    let _ = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
}

fn around(doing: &str, error: &dyn std::fmt::Display) -> RestoreError {
    RestoreError::of(Cause::Environment, format!("cannot {doing}: {error}"))
}

/// The folder of the programs that make a server: of the version that made the dump, or else the oldest that is newer.
async fn programs(of: &Makings<'_>) -> Result<PathBuf, RestoreError> {
    let found = of.tools.servers(of.pg_bin).await?;
    let newest = found.iter().max_by_key(|found| found.major);
    let fitting = of.made_with.and_then(|major| find::best(&found, major).ok()).or(newest);
    fitting.map(|found| found.folder.clone()).ok_or_else(|| {
        RestoreError::environment(
            "nowhere to restore to: no server is configured as `into` of the drill, and PostgreSQL's server programs (initdb, postgres) \
             are not installed, of which a drill could make one of its own",
        )
    })
}
