//! A throw-away PostgreSQL cluster for this test process, and a fresh database for each test that asks. The server runs as
//! another user when we are root, which it insists on, and dies with us however we end.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A running cluster.
pub struct Cluster {
    port: u16,
    next: AtomicU32,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

/// How the folders of clusters are called, before the number of the process that they belong to.
const PREFIX: &str = "drillbell-pg-";

/// The address of a fresh, empty database.
pub fn fresh_database() -> String {
    CLUSTER.get_or_init(|| Cluster::start(false)).create()
}

/// The address of a copy of another database of this cluster, which nobody uses.
pub fn copy_of(url: &str) -> String {
    let name = url.rsplit('/').next().expect("a database's name");
    CLUSTER.get_or_init(|| Cluster::start(false)).create_from(&format!(" template {name}"))
}

impl Cluster {
    /// Initialises and starts a cluster on a free port of the loopback interface. `durable` keeps fsync on, for benches.
    pub fn start(durable: bool) -> Self {
        Self::start_with(durable, &[])
    }

    /// The same with settings of its own, `archive_mode=on`.
    pub fn start_with(durable: bool, settings: &[&str]) -> Self {
        sweep();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let dir = tempfile::Builder::new().prefix(&prefix).tempdir().expect("a folder for the cluster").keep();
        if let Some((uid, gid)) = server_user() {
            chown(&dir, Some(uid), Some(gid)).expect("hand the folder to the server's user");
        }
        let (data, port) = (dir.join("data"), free_port());
        initdb(&data);
        let mut command = server(&data, &dir, port, 500, durable);
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        // The kernel's parent-death signal follows the thread that spawned, so that thread must live as long as we do.
        std::thread::spawn(move || {
            let mut server: Child = command.spawn().expect("start postgres");
            let _ = server.wait();
            let _ = std::fs::remove_dir_all(dir);
        });
        let cluster = Self { port, next: AtomicU32::new(1) };
        until(&format!("postgres takes questions on port {port}"), || cluster.psql("postgres", "select 1"));
        cluster
    }

    /// Creates an empty database and returns its address.
    pub fn create(&self) -> String {
        self.create_from("")
    }

    fn create_from(&self, what: &str) -> String {
        let name = format!("t{}", self.next.fetch_add(1, Ordering::Relaxed));
        let made = self.psql("postgres", &format!("create database {name}{what}"));
        assert!(made, "cannot create a database");
        format!("postgres://drillbell@127.0.0.1:{}/{name}", self.port)
    }

    fn psql(&self, database: &str, sql: &str) -> bool {
        Command::new("psql")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                "drillbell",
                "-qAt",
                "-d",
                database,
                "-c",
                sql,
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("run psql")
            .success()
    }
}

/// The server of a database's address: `127.0.0.1:1234`.
pub fn server_of(url: &str) -> &str {
    url.split(['@', '/']).find(|part| part.starts_with("127.0.0.1:")).expect("a server here")
}

/// Removes what the clusters of processes left that are no more: a process that ends has no moment left to do it.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
        if process.is_some_and(|(process, _)| !Path::new("/proc").join(process).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes an empty cluster in a folder, for the role `drillbell`, which is asked no password.
pub fn initdb(data: &Path) {
    let mut initdb = as_user(server_user(), &binaries().join("initdb"));
    initdb.args(["-A", "trust", "-U", "drillbell", "-E", "UTF8", "--locale=C.UTF-8", "-N", "-D"]).arg(data);
    let made = initdb.stdout(Stdio::null()).status().expect("run initdb");
    assert!(made.success(), "initdb failed");
}

/// The server of a cluster, on the loopback interface and with a socket in a folder, about to be started.
pub fn server(data: &Path, socket: &Path, port: u16, connections: u32, fsync: bool) -> Command {
    let sync = if fsync { "on" } else { "off" };
    let mut server = as_user(server_user(), &binaries().join("postgres"));
    server.arg("-D").arg(data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
    server.args(["-c", &format!("max_connections={connections}"), "-c", &format!("fsync={sync}")]);
    server.args(["-c", "log_min_messages=fatal", "-k"]).arg(socket).stdout(Stdio::null()).stderr(Stdio::null());
    server
}

/// Tries until it is so, without a runtime.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    panic!("never came to be: {what}");
}

/// What psql says to some statements on a database.
pub fn psql(url: &str, sql: &str) -> String {
    let mut psql = Command::new(binaries().join("psql"));
    let output = psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output().expect("run psql");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a text").trim_end().to_owned()
}

/// The folder of PostgreSQL's programs.
pub fn binaries() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL server binaries under /usr/lib/postgresql (`make test` installs them)")
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().expect("PostgreSQL server binaries (`make test` installs them)")
}

/// The user to run the server as: `None` is ourselves.
pub fn server_user() -> Option<(u32, u32)> {
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    let user = ["postgres", "nobody"].iter().find_map(|name| nix::unistd::User::from_name(name).ok().flatten());
    user.map(|user| (user.uid.as_raw(), user.gid.as_raw()))
}

/// A program as that user, killed when we end.
pub fn as_user(user: Option<(u32, u32)>, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if let Some((uid, gid)) = user {
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).current_dir("/");
    command
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind a free port");
    listener.local_addr().expect("a bound address").port()
}
