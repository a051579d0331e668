//! The shop's folder, in which everything about it is written: its releases, the link that says which one runs, its port, what is
//! wrong with it, and which process it is. Whoever wants something of the shop writes it here; its keeper and the process look.

use super::release::{FILE, FIRST, GOOD, Release};
use crate::ops::child::{Process, tree};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

/// The folder of the releases, and the link to the one that runs.
const RELEASES: &str = "releases";
const CURRENT: &str = "current";
/// Files: the port; what is wrong with it; that it is meant to stand still; which process it is.
const PORT: &str = "port";
const TROUBLE: &str = "trouble";
const STOPPED: &str = "stopped";
const PROCESS: &str = "process.json";
/// What is wrong, by word: of a hundred pages so many fail; a page takes so long.
const ERRORS: u64 = 50;
const SLOW_MS: u64 = 1500;

/// The shop, by its folder.
#[derive(Clone, Debug)]
pub struct Shop {
    folder: PathBuf,
}

/// What can be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A release that is no good runs.
    Release,
    /// Every second page fails.
    Errors,
    /// Every page takes long.
    Slow,
    /// It stands still.
    Down,
}

impl Fault {
    /// All of them; the first is what happens when nothing is chosen.
    pub const ALL: [Self; 4] = [Self::Release, Self::Errors, Self::Slow, Self::Down];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Errors => "errors",
            Self::Slow => "slow",
            Self::Down => "down",
        }
    }

    /// The one of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == word)
    }
}

/// The process that is the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pid: i32,
    start_time: u64,
    /// The release that it runs.
    pub version: String,
}

impl Running {
    fn is_alive(&self) -> bool {
        tree::is_alive(Process { pid: self.pid, start_time: self.start_time })
    }

    /// Asks it to end.
    pub(super) fn end(&self) {
        tree::signal(&[self.pid], Signal::SIGTERM);
    }
}

impl Shop {
    /// The shop of this folder.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The shop that lies beside a demo's configuration.
    pub fn beside(config: &Path) -> Self {
        Self::at(config.parent().unwrap_or(Path::new(".")).join("shop"))
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lays the releases, the link and a port where they are missing. What is there stays as it is.
    ///
    /// # Errors
    /// The folder cannot be written, or no port is free.
    pub fn lay(&self) -> io::Result<()> {
        let releases = self.folder.join(RELEASES);
        if !releases.exists() {
            // Under another name first: what was cut off in between begins anew.
            let unfinished = self.folder.join("releases.new");
            if unfinished.exists() {
                fs::remove_dir_all(&unfinished)?;
            }
            for (version, text) in FIRST {
                write_release(&unfinished.join(version), text)?;
            }
            fs::rename(&unfinished, &releases)?;
        }
        if fs::symlink_metadata(self.folder.join(CURRENT)).is_err() {
            self.switch(GOOD)?;
        }
        if self.port().is_err() {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            self.write(PORT, &format!("{port}\n"))?;
        }
        Ok(())
    }

    /// The port that it listens on.
    ///
    /// # Errors
    /// None is written down.
    pub fn port(&self) -> io::Result<u16> {
        let text = fs::read_to_string(self.folder.join(PORT))?;
        text.trim().parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file `port` holds no port"))
    }

    /// The release that the link names, as its file describes it.
    ///
    /// # Errors
    /// There is none, or its file makes no sense.
    pub fn release(&self) -> io::Result<Release> {
        let text = fs::read_to_string(self.folder.join(CURRENT).join(FILE))?;
        Release::parse(&text).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))
    }

    /// How the shop is to behave now: its release, and what was made wrong with it since it runs.
    pub(super) fn behaviour(&self, release: &Release) -> Release {
        let mut now = release.clone();
        match self.trouble() {
            Some(Fault::Errors) => now.errors = now.errors.max(ERRORS),
            Some(Fault::Slow) => now.delay_ms = now.delay_ms.max(SLOW_MS),
            _ => {}
        }
        now
    }

    /// Puts a release's folder among the others.
    pub(super) fn put(&self, version: &str, text: &str) -> io::Result<()> {
        write_release(&self.folder.join(RELEASES).join(version), text)
    }

    /// Lets the link name another release, at once: whoever looks sees the one or the other.
    ///
    /// # Errors
    /// The link cannot be written.
    pub fn switch(&self, version: &str) -> io::Result<()> {
        let new = self.folder.join("current.new");
        remove(&new)?;
        std::os::unix::fs::symlink(Path::new(RELEASES).join(version), &new)?;
        fs::rename(&new, self.folder.join(CURRENT))
    }

    /// What is wrong with it, by what is written in its folder.
    pub fn fault(&self) -> Option<Fault> {
        if !self.is_wanted() {
            return Some(Fault::Down);
        }
        self.trouble().or_else(|| self.has_bad_release().then_some(Fault::Release))
    }

    /// Whether the link leads to nothing that is any good.
    pub(super) fn has_bad_release(&self) -> bool {
        self.release().map_or(true, |release| release.is_bad())
    }

    /// Whether it is meant to run.
    pub(super) fn is_wanted(&self) -> bool {
        !self.folder.join(STOPPED).exists()
    }

    /// Writes down whether it is meant to run.
    pub(super) fn want(&self, wanted: bool) -> io::Result<()> {
        match wanted {
            true => remove(&self.folder.join(STOPPED)),
            false => self.write(STOPPED, ""),
        }
    }

    fn trouble(&self) -> Option<Fault> {
        Fault::of(fs::read_to_string(self.folder.join(TROUBLE)).ok()?.trim())
    }

    /// Writes down what is wrong with its pages, or that nothing is any more.
    pub(super) fn set_trouble(&self, fault: Option<Fault>) -> io::Result<()> {
        match fault {
            Some(fault) => self.write(TROUBLE, fault.as_str()),
            None => remove(&self.folder.join(TROUBLE)),
        }
    }

    /// The process that is the shop, if one is.
    pub fn running(&self) -> Option<Running> {
        let text = fs::read_to_string(self.folder.join(PROCESS)).ok()?;
        serde_json::from_str::<Running>(&text).ok().filter(Running::is_alive)
    }

    /// Writes down that this process is the shop, now that it can be asked.
    pub(super) fn note_running(&self, version: &str) -> io::Result<()> {
        let pid = i32::try_from(std::process::id()).map_err(io::Error::other)?;
        let start_time = tree::stat(pid).map_or(0, |stat| stat.start_time);
        let text = serde_json::to_string(&Running { pid, start_time, version: version.to_owned() })?;
        self.write(PROCESS, &text)
    }

    /// Writes a file whole: whoever reads it meanwhile reads the old one.
    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let new = self.folder.join(format!("{name}.new"));
        fs::write(&new, text)?;
        fs::rename(new, self.folder.join(name))
    }
}

fn write_release(folder: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(FILE), text)
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
