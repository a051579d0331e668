//! A named pipe into a program: what passes is in no file. Its folder is of ours, mode 0700, and is gone with it; what a bot that died
//! left is removed at the next start with all other folders of runs.

use crate::config::limits::PIPE_BYTES;
use crate::model::ids;
use nix::sys::stat::Mode;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

/// How often it is looked whether the program has it.
const LOOK: Duration = Duration::from_millis(5);

/// A named pipe with our end open.
pub(super) struct NamedPipe {
    folder: PathBuf,
    path: PathBuf,
    to: Sender,
    /// Held so that opening does not wait for the program. It keeps us from hearing that the program is gone, so whoever writes
    /// looks at the program too.
    _from: Receiver,
}

impl NamedPipe {
    /// Makes one below a folder of ours.
    pub(super) fn make(scratch: &Path) -> io::Result<Self> {
        let folder = scratch.join(format!("run-{}", ids::fresh()));
        DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
        Self::within(&folder).inspect_err(|_| drop(std::fs::remove_dir_all(&folder)))
    }

    fn within(folder: &Path) -> io::Result<Self> {
        let path = folder.join("dump");
        nix::unistd::mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR)?;
        let from = OpenOptions::new().open_receiver(&path)?;
        let to = OpenOptions::new().open_sender(&path)?;
        #[cfg(target_os = "linux")]
        // A smaller pipe is slower, and nothing else.
        let _ = nix::fcntl::fcntl(&to, nix::fcntl::FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
        Ok(Self { folder: folder.to_owned(), path, to, _from: from })
    }

    /// Where the program finds it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until the program has it. Before that our end must not be closed, or what was written is lost.
    pub(super) async fn taken(&self) {
        while self.path.exists() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Our end. Dropping the whole ends what the program reads.
    pub(super) fn writer(&mut self) -> &mut Sender {
        &mut self.to
    }
}

impl Drop for NamedPipe {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the bot's next start.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
