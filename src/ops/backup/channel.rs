//! Pieces of a stream between threads and tasks. A stream ends by saying so; one that merely stops is an error at its reader, so
//! that what broke off can never be taken for a whole.

use bytes::{Buf, Bytes};
use std::io::{self, BufRead, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes that are handed on at once.
pub(in crate::ops) const PIECE: usize = 256 * 1024;
/// Pieces that may wait: enough that neither side waits for every single one.
const WAITING: usize = 8;
/// The same between whoever dumps and whoever packs: a dump that cannot be handed on for a moment stands still in three processes.
const DUMP_WAITING: usize = 16;

enum Piece {
    Bytes(Bytes),
    End,
}

/// The writing end, for a thread.
pub(in crate::ops) struct Sink {
    to: Sender<Piece>,
    buffer: Vec<u8>,
}

/// The reading end, for a task or a thread.
pub struct Source {
    from: Receiver<Piece>,
    rest: Bytes,
    ended: bool,
}

/// Both ends.
pub(in crate::ops) fn pipe() -> (Sink, Source) {
    with_room(WAITING)
}

/// Both ends, with more room between them.
pub(super) fn deep_pipe() -> (Sink, Source) {
    with_room(DUMP_WAITING)
}

fn with_room(pieces: usize) -> (Sink, Source) {
    let (to, from) = channel(pieces);
    (Sink { to, buffer: Vec::new() }, Source { from, rest: Bytes::new(), ended: false })
}

impl Sink {
    /// Everything was written.
    pub(in crate::ops) fn end(mut self) -> io::Result<()> {
        self.flush()?;
        self.to.blocking_send(Piece::End).map_err(|_| gone())
    }

    /// Hands on a piece as it is, from a thread.
    pub(in crate::ops) fn pass(&mut self, bytes: Bytes) -> io::Result<()> {
        self.flush()?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.to.blocking_send(Piece::Bytes(bytes)).map_err(|_| gone())
    }

    /// Hands on a piece from a task, which waits for room.
    pub(in crate::ops) async fn give(&mut self, bytes: Bytes) -> io::Result<()> {
        self.to.send(Piece::Bytes(bytes)).await.map_err(|_| gone())
    }

    /// The same of the end.
    pub(in crate::ops) async fn give_end(self) -> io::Result<()> {
        self.to.send(Piece::End).await.map_err(|_| gone())
    }
}

/// Nobody reads any more; why is known there.
fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes it any more")
}

fn broke_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the stream broke off")
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE - self.buffer.len().min(PIECE);
        let now = bytes.len().min(room);
        if self.buffer.capacity() == 0 {
            self.buffer.reserve_exact(PIECE);
        }
        self.buffer.extend_from_slice(&bytes[..now]);
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(now)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.buffer);
        self.pass(piece.into())
    }
}

impl Source {
    /// What comes next, at least so many bytes if there are as many; all of it stays to be read. Where the stream breaks off is told to
    /// whoever reads it.
    pub(in crate::ops) async fn ahead(&mut self, bytes: usize) -> &[u8] {
        if self.rest.len() < bytes && !self.ended {
            let mut ahead = Vec::from(std::mem::take(&mut self.rest));
            while ahead.len() < bytes && !self.ended {
                match self.from.recv().await {
                    Some(Piece::Bytes(piece)) => ahead.extend_from_slice(&piece),
                    Some(Piece::End) => self.ended = true,
                    None => break,
                }
            }
            self.rest = ahead.into();
        }
        &self.rest
    }

    fn took(&mut self, piece: Option<Piece>) -> io::Result<()> {
        match piece {
            Some(Piece::Bytes(bytes)) => self.rest = bytes,
            Some(Piece::End) => self.ended = true,
            None => return Err(broke_off()),
        }
        Ok(())
    }
}

impl AsyncRead for Source {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.rest.is_empty() && !this.ended {
            let piece = std::task::ready!(this.from.poll_recv(cx));
            this.took(piece)?;
        }
        let piece = this.rest.split_to(this.rest.len().min(buf.remaining()));
        buf.put_slice(&piece);
        Poll::Ready(Ok(()))
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.len().min(buf.len());
        self.rest.copy_to_slice(&mut buf[..length]);
        Ok(length)
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.rest.is_empty() && !self.ended {
            let piece = self.from.blocking_recv();
            self.took(piece)?;
        }
        Ok(&self.rest)
    }

    fn consume(&mut self, length: usize) {
        self.rest.advance(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_stream_ends_only_by_saying_so() {
        let (mut sink, mut source) = pipe();
        let written = tokio::task::spawn_blocking(move || {
            sink.write_all(&[7; 3 * PIECE + 1]).unwrap();
            sink.end().unwrap();
        });
        let mut bytes = Vec::new();
        AsyncReadExt::read_to_end(&mut source, &mut bytes).await.unwrap();
        written.await.unwrap();
        assert_eq!(bytes.len(), 3 * PIECE + 1);
        let (mut sink, mut source) = pipe();
        sink.give(Bytes::from_static(b"half")).await.unwrap();
        drop(sink);
        let error = AsyncReadExt::read_to_end(&mut source, &mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn whoever_writes_hears_that_nobody_reads() {
        let (mut sink, source) = pipe();
        drop(source);
        let wrote = tokio::task::spawn_blocking(move || sink.write_all(&[7; 2 * PIECE])).await.unwrap();
        assert_eq!(wrote.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
