//! A program's output, read in gulps. `pg_dump` writes a few kilobytes at a time, and whoever waits for them is woken each time: on two
//! cores the waking took a tenth of a dump. Whoever has emptied the pipe pauses instead, while the program goes on filling it.

use crate::config::limits::PIPE_BYTES;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long to pause: a pipe of `PIPE_BYTES` is not filled by then, at a gigabyte a second. A smaller one is not paused at.
const PAUSE: Duration = Duration::from_millis(1);

/// The reading end of a pipe.
pub(super) struct Gulps {
    from: File,
    is_deep: bool,
    is_empty: bool,
}

impl Gulps {
    /// Reads from a pipe, which blocks.
    pub(super) fn new(pipe: OwnedFd) -> Self {
        let is_deep = is_deep(&pipe);
        Self { from: File::from(pipe), is_deep, is_empty: false }
    }
}

impl Read for Gulps {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.is_deep && self.is_empty {
            std::thread::sleep(PAUSE);
        }
        let read = self.from.read(into)?;
        self.is_empty = read < into.len();
        Ok(read)
    }
}

/// Whether a pipe is as large as it was asked to be.
#[cfg(target_os = "linux")]
fn is_deep(pipe: &OwnedFd) -> bool {
    use nix::fcntl::{FcntlArg, fcntl};
    fcntl(pipe, FcntlArg::F_GETPIPE_SZ).is_ok_and(|bytes| bytes >= PIPE_BYTES)
}

/// Where it cannot be asked, it is not.
#[cfg(not(target_os = "linux"))]
fn is_deep(_pipe: &OwnedFd) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_written_bit_by_bit_is_read_whole() {
        for deep in [false, true] {
            let (from, into) = nix::unistd::pipe().unwrap();
            #[cfg(target_os = "linux")]
            if deep {
                nix::fcntl::fcntl(&from, nix::fcntl::FcntlArg::F_SETPIPE_SZ(PIPE_BYTES)).unwrap();
            }
            let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
            let given = bytes.clone();
            let writing = std::thread::spawn(move || {
                let mut into = File::from(into);
                given.chunks(4096).for_each(|piece| into.write_all(piece).unwrap());
            });
            let mut gulps = Gulps::new(from);
            assert_eq!(gulps.is_deep, deep && cfg!(target_os = "linux"));
            let mut read = Vec::new();
            gulps.read_to_end(&mut read).unwrap();
            writing.join().unwrap();
            assert!(read == bytes, "{} of {} bytes", read.len(), bytes.len());
        }
    }
}
