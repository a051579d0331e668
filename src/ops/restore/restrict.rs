//! SQL as text goes to `psql`, to which a backslash outside of quotes is a command of its own: `\! rm …` runs a program here. Whoever
//! may write to the store could have put one into a copy, and `pg_restore` writes into a script whatever a copy's contents say. So
//! `psql` is told to take none before it is given anything (`\restrict`), under a word that nobody can know; what `pg_dump` and
//! `pg_restore` themselves write of that kind is taken out. One command it still takes, `\unrestrict`, and what stands behind that in
//! backticks it runs before it looks at the word: so that one is not let through to it at all.

use super::RestoreError;
use super::postgres::Database;
use crate::config::limits::DUMP_WORDS_BYTES;
use crate::ops::child::Ended;
use memchr::memmem;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// The oldest of each version of `psql` that knows it; those after the last all do.
const SINCE: [(u32, u32); 5] = [(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)];
/// What such a `psql` says of a command in a script.
const REFUSES: &str = "backslash commands are restricted";
/// The one command that it takes all the same.
const TAKEN: &[u8] = b"\\unrestrict";
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

impl Database {
    /// Whether SQL as text may be restored into it at all, for whoever asks before anybody is stopped for it.
    ///
    /// # Errors
    /// No `psql` was found that can be kept from its commands.
    pub async fn takes_scripts(&self) -> Result<(), RestoreError> {
        self.restricted().await.map(drop)
    }

    /// The folder of a `psql` that can be kept from its commands, and the line that does it.
    pub(super) async fn restricted(&self) -> Result<(PathBuf, String), RestoreError> {
        let first = &self.ready.folder;
        let others = self.ready.found.iter().map(|found| &found.folder).filter(|folder| *folder != first);
        for folder in std::iter::once(first).chain(others) {
            if self.tools.says(folder, "psql").await.is_some_and(|version| restricts(&version)) {
                let mut word = [0; 32];
                getrandom::fill(&mut word)
                    .map_err(|error| RestoreError::environment(format!("the system gave no random bytes: {error}")))?;
                return Ok((folder.clone(), format!("\\restrict {}\n", hex::encode(word))));
            }
        }
        Err(RestoreError::environment(
            "no psql that was found can be kept from running programs that a copy may name (\\restrict): install PostgreSQL's client \
             programs of 13.22, 14.19, 15.14, 16.10, 17.6, 18 or newer, or name their folder with pg_bin",
        ))
    }
}

/// Whether a `psql` of this version knows it: `psql (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn restricts(version: &str) -> bool {
    let number = version.split("(PostgreSQL) ").nth(1).unwrap_or_default();
    let mut parts = number.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().ok());
    let Some(major) = parts.next().flatten() else { return false };
    let minor = parts.next().flatten().unwrap_or(0);
    match SINCE.iter().find(|(of, _)| *of == major) {
        Some((_, since)) => minor >= *since,
        None => SINCE.iter().all(|(of, _)| *of < major),
    }
}

/// What is said of a copy whose script has commands of its own, where `psql` ended because of that.
pub(super) fn refused(ended: &Ended) -> Option<RestoreError> {
    let words = ended.output.last(DUMP_WORDS_BYTES);
    let line = words.split_once("psql:<stdin>:").and_then(|(_, rest)| rest.split(':').next()?.parse::<u64>().ok());
    // The line before it that restricts is ours.
    words.contains(REFUSES).then(|| refusal(line.map_or(0, |line| line.saturating_sub(1))))
}

fn refusal(line: u64) -> RestoreError {
    RestoreError::backup(format!(
        "it has a command of psql in its line {line}, with which a copy could run programs on this machine, and pg_dump writes none: \
         nothing was restored. Look who may write to the store"
    ))
}

/// The line of a script that was not let through, counted from one; none while it is.
#[derive(Clone, Default)]
pub(super) struct Stopped(Arc<AtomicU64>);

impl Stopped {
    /// # Errors
    /// It was stopped, and why.
    pub(super) fn not(&self) -> Result<(), RestoreError> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            line => Err(refusal(line)),
        }
    }
}

/// A script without the lines in which `pg_dump` and `pg_restore` tell `psql` the same: `\restrict WORD` at its head, `\unrestrict
/// WORD` at its end. They become empty lines. Any other `\unrestrict` ends it; whatever else looks like a command, `psql` refuses. It need
/// not know what is a row or a text: in a row every backslash is doubled, and before a command none can stand that `psql` has not refused.
pub(super) struct Unmarked<R> {
    from: R,
    mark: Mark,
    piece: Vec<u8>,
    /// What was read and not looked at, or may go on as a mark.
    held: Vec<u8>,
    /// What is to be handed on, from `at`.
    ready: Vec<u8>,
    at: usize,
    ended: bool,
    /// The last bytes that were handed on, which may begin what is not let through.
    last: Vec<u8>,
    /// Line breaks that were handed on.
    lines: u64,
    stopped: Stopped,
}

enum Mark {
    /// Its head has not been read to its end.
    Sought,
    None,
    /// What ends it, with the line breaks around.
    Until(Vec<u8>),
}

impl<R> Unmarked<R> {
    /// The script, and what tells whether it was let through.
    pub(super) fn of(from: R) -> (Self, Stopped) {
        let (piece, held, ready, last) = (vec![0; PIECE], Vec::new(), Vec::new(), Vec::new());
        let stopped = Stopped::default();
        let script = Self {
            from,
            mark: Mark::Sought,
            piece,
            held,
            ready,
            at: 0,
            ended: false,
            last,
            lines: 0,
            stopped: stopped.clone(),
        };
        (script, stopped)
    }

    /// Looks whether what is ready may be handed on; if not, in which line it may not.
    fn looked(&mut self) -> Result<(), u64> {
        let breaks = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        let seen = self.last.len();
        let mut all = std::mem::take(&mut self.last);
        all.extend_from_slice(&self.ready);
        // Behind a byte of a foreign letter a backslash may be that letter's second half (Shift JIS), and double nothing.
        let doubled = |at: usize| at > 0 && all[at - 1] == b'\\' && (at < 2 || all[at - 2].is_ascii());
        let is_new = |at: &usize| at + TAKEN.len() > seen;
        if let Some(at) = memmem::find_iter(&all, TAKEN).filter(is_new).find(|at| !doubled(*at)) {
            return Err(self.lines + breaks(&all[seen.min(at)..at]) + 1);
        }
        self.lines += breaks(&self.ready);
        self.last = all.split_off(all.len().saturating_sub(TAKEN.len() + 2));
        Ok(())
    }

    /// Looks at so many bytes of the piece that was read.
    fn take(&mut self, length: usize) {
        self.held.extend_from_slice(&self.piece[..length]);
        self.ready.clear();
        self.at = 0;
        if matches!(self.mark, Mark::Sought) {
            match self.head() {
                Some(mark) => self.mark = mark,
                // A head is short.
                None if self.ended || self.held.len() > PIECE => self.mark = Mark::None,
                None => return,
            }
        }
        match &self.mark {
            Mark::Until(end) => {
                let mut from = 0;
                while let Some(at) = memmem::find(&self.held[from..], end) {
                    self.ready.extend_from_slice(&self.held[from..=from + at]);
                    from += at + end.len() - 1;
                }
                let rest = self.held.len() - from;
                let keep = if self.ended { 0 } else { rest.min(end.len() - 1) };
                let until = self.held.len() - keep;
                self.ready.extend_from_slice(&self.held[from..until]);
                self.held.drain(..until);
            }
            Mark::Sought | Mark::None => self.ready.append(&mut self.held),
        }
    }

    /// Reads comments and empty lines, and takes the mark behind them out; `None` if there may be more of them.
    fn head(&mut self) -> Option<Mark> {
        let mut at = 0;
        loop {
            let end = at + memchr::memchr(b'\n', &self.held[at..])?;
            let line = &self.held[at..end];
            if line.is_empty() || line.starts_with(b"--") {
                at = end + 1;
                continue;
            }
            let word = line.strip_prefix(b"\\restrict ").filter(|word| word.iter().all(u8::is_ascii_alphanumeric));
            let Some(word) = word else { return Some(Mark::None) };
            let until = [b"\n\\unrestrict ", word, b"\n"].concat();
            self.held.drain(at..end);
            return Some(Mark::Until(until));
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Unmarked<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.at == this.ready.len() && !this.ended {
            let mut piece = ReadBuf::new(&mut this.piece);
            std::task::ready!(Pin::new(&mut this.from).poll_read(cx, &mut piece))?;
            let length = piece.filled().len();
            this.ended = length == 0;
            this.take(length);
            if let Err(line) = this.looked() {
                this.ready.clear();
                this.ended = true;
                this.stopped.0.store(line, Ordering::Relaxed);
                return Poll::Ready(Err(io::Error::other("it has a command of psql")));
            }
        }
        let now = (this.ready.len() - this.at).min(buf.remaining());
        buf.put_slice(&this.ready[this.at..this.at + now]);
        this.at += now;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    /// What is left of a script that comes a few bytes at a time.
    async fn unmarked(script: &str, at_once: usize) -> String {
        let (mut to, from) = tokio::io::duplex(at_once);
        let script = script.to_owned();
        let writing = tokio::spawn(async move {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut to, script.as_bytes()).await;
        });
        let mut left = String::new();
        let (mut script, stopped) = Unmarked::of(from);
        let read = script.read_to_string(&mut left).await;
        drop(script);
        // Nobody takes the rest of what was stopped.
        let _ = writing.await;
        match stopped.0.load(Ordering::Relaxed) {
            0 => read.map(|_| left).unwrap(),
            line => format!("stopped in line {line}"),
        }
    }

    #[tokio::test]
    async fn the_marks_of_pg_dump_are_taken_out_and_nothing_else() {
        for at_once in [1, 7, 4096] {
            let head = "--\n-- PostgreSQL database dump\n--\n\n";
            let rows = "COPY t FROM stdin;\n\\restrict b\n\\\\unrestrict b\n\\.\n";
            let marked = format!("{head}\\restrict Ab1\n\n{rows}\n\\unrestrict Ab1\n\n");
            assert_eq!(unmarked(&marked, at_once).await, format!("{head}\n\n{rows}\n\n\n"));
            for other in [format!("{head}{rows}"), rows.to_owned(), String::new(), "-- no end".to_owned()] {
                assert_eq!(unmarked(&other, at_once).await, other);
            }
            let not_first = "select 1;\n\\restrict Ab1\n";
            assert_eq!(unmarked(not_first, at_once).await, not_first, "psql refuses it");
            for (script, line) in [
                ("\\unrestrict `touch x`\n".to_owned(), 1),
                (format!("{marked}select 1 \\unrestrict `touch x`\n"), 14),
                (format!("{head}\\restrict a\n\n\\unrestrict b\n"), 7),
                (format!("{head}\\restrict a\n\\unrestrict a`touch x`\n"), 6),
                ("select 'é\\\\unrestrict `touch x`\n".to_owned(), 1),
            ] {
                assert_eq!(unmarked(&script, at_once).await, format!("stopped in line {line}"), "{script}");
            }
        }
        let long = format!("--\n\\restrict a\n{}\n\\unrestrict a\n", "x".repeat(3 * PIECE));
        assert_eq!(unmarked(&long, 4096).await, format!("--\n\n{}\n\n", "x".repeat(3 * PIECE)));
    }

    #[test]
    fn a_psql_that_knows_no_restriction_is_told_by_its_version() {
        for knows in ["15.18 (Debian 15.18-0+deb12u1)", "15.14", "17.6", "18.0", "18beta3", "19devel", "13.22"] {
            assert!(restricts(&format!("psql (PostgreSQL) {knows}\n")), "{knows}");
        }
        for old in ["15.13", "17.5 (Ubuntu)", "12.22", "9.6.24", "", "something"] {
            assert!(!restricts(&format!("psql (PostgreSQL) {old}\n")), "{old}");
        }
        assert!(!restricts("no such program"));
    }
}
