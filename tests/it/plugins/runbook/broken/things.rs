//! Things that a test breaks and heals: servers and processes of its own, which end with it however it ends.

use crate::support::postgres::{as_user, binaries, free_port, initdb, server, server_user, until};
use drillbell::clock::Clock;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};

/// A process that is killed when it is let go of.
pub struct Running(Child);

impl Running {
    pub fn start(program: &str, args: &[&str]) -> Self {
        let child =
            Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(child.unwrap_or_else(|error| panic!("{program}: {error}")))
    }

    /// Writes its number down where `service-status` looks.
    pub fn noted(self, file: PathBuf) -> Self {
        std::fs::write(file, self.0.id().to_string()).unwrap();
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A PostgreSQL server with twenty connections, and a role that only looks.
pub struct Postgres {
    pub port: u16,
    folder: tempfile::TempDir,
}

impl Postgres {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("drillbell-broken-").tempdir().unwrap();
        if let Some((uid, gid)) = server_user() {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let server = Self { port: free_port(), folder };
        initdb(&server.data());
        server.heal();
        assert!(server.asks("create role reader login; grant pg_monitor to reader; create table carts (id int)"));
        server
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the server writes its number down.
    pub fn pid_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// Starts it again.
    pub fn heal(&self) {
        let mut server = server(&self.data(), self.folder.path(), self.port, 20, false);
        std::thread::spawn(move || server.spawn().expect("start postgres").wait());
        until("the server takes questions", || self.asks("select 1"));
    }

    /// Stops it at once.
    pub fn stop(&self) {
        let mut stop = as_user(server_user(), &binaries().join("pg_ctl"));
        stop.arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]).stdout(Stdio::null());
        assert!(stop.status().unwrap().success());
    }

    fn psql(&self, sql: &str) -> Vec<String> {
        let port = self.port.to_string();
        let args = ["-h", "127.0.0.1", "-p", &port, "-U", "drillbell", "-qAt", "-d", "postgres", "-c", sql];
        args.map(str::to_owned).to_vec()
    }

    /// Says something to the server; whether it did it.
    pub fn asks(&self, sql: &str) -> bool {
        let status = Command::new("psql").args(self.psql(sql)).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.expect("run psql").success()
    }

    /// A session that says this; it ends when it is let go of.
    pub fn session(&self, sql: &str) -> Running {
        let args = self.psql(sql);
        Running::start("psql", &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Waits until a condition holds in the server.
    pub fn until(&self, condition: &str) {
        let asked = format!("do $$ begin if not ({condition}) then raise 'not yet'; end if; end $$");
        until(condition, || self.asks(&asked));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = as_user(server_user(), &binaries().join("pg_ctl"));
        let _ = stop
            .arg("-D")
            .arg(self.data())
            .args(["-m", "immediate", "stop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// A real Redis.
pub struct Redis {
    pub port: u16,
    pub folder: PathBuf,
    server: Option<Running>,
}

impl Redis {
    pub fn start(state: &Path) -> Self {
        let folder = state.join("redis");
        std::fs::create_dir_all(&folder).unwrap();
        let mut redis = Self { port: free_port(), folder, server: None };
        redis.heal();
        redis
    }

    pub fn heal(&mut self) {
        let (port, folder) = (self.port.to_string(), self.folder.to_str().unwrap().to_owned());
        let pid = self.folder.parent().unwrap().join("redis-server.pid");
        let args = [
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--enable-protected-configs",
            "yes",
            "--dir",
            &folder,
        ];
        self.server = Some(Running::start("redis-server", &args).noted(pid));
        until("Redis answers", || self.says(&["ping"]).contains("PONG"));
    }

    pub fn stop(&mut self) {
        self.server = None;
    }

    pub fn says(&self, words: &[&str]) -> String {
        let said = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(words).output();
        String::from_utf8(said.expect("run redis-cli").stdout).unwrap()
    }

    /// Writes a snapshot and waits until that has ended.
    pub fn snapshot(&self) {
        self.says(&["bgsave"]);
        until("the snapshot is over", || self.says(&["info", "persistence"]).contains("rdb_bgsave_in_progress:0"));
    }
}

/// Workers and schedulers, each a process.
pub struct Workers(Vec<Running>);

impl Workers {
    pub fn start(state: &Path, names: &[&str]) -> Self {
        let one = |name: &&str| Running::start("sleep", &["600"]).noted(state.join(format!("{name}.pid")));
        Self(names.iter().map(one).collect())
    }

    pub fn stop(&mut self) {
        self.0.clear();
    }
}

/// A page that answers with a status, after a while by the bot's clock; 0 hangs up.
#[derive(Clone)]
pub struct Page {
    pub port: u16,
    pub status: Arc<AtomicU16>,
    pub takes_ms: Arc<AtomicI64>,
}

impl Page {
    pub fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let page = Self { port, status: Arc::new(AtomicU16::new(200)), takes_ms: Arc::default() };
        let own = page.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(mut stream), status) = (stream, own.status.load(Ordering::SeqCst)) else { continue };
                if status == 0 {
                    continue;
                }
                let _ = stream.read(&mut [0; 4096]);
                clock.advance(own.takes_ms.load(Ordering::SeqCst));
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
                let _ = stream.write_all(head.as_bytes());
            }
        });
        page
    }
}
