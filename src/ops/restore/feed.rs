//! A stream into a program. Its last piece is held back until it is known that the stream is whole, so that a program which commits
//! at the end commits nothing that is not.

use super::RestoreError;
use super::pipe::NamedPipe;
use crate::ops::backup::channel::PIECE;
use crate::ops::backup::postgres::Tools;
use crate::ops::child::{Ended, Input, Program};
use std::future::Future;
use std::io;
use std::path::Path;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How a program took a stream.
pub(super) struct Fed {
    /// How the program ended.
    pub(super) ended: Ended,
    /// Whether the stream was whole.
    pub(super) whole: Result<(), RestoreError>,
}

/// What a program is fed with.
pub(super) struct Food<R, F> {
    /// The stream.
    pub(super) from: R,
    /// Whether it was whole, asked once it has ended or was dropped.
    pub(super) whole: F,
    /// What is written after it, if it was.
    pub(super) last: Vec<u8>,
}

/// Starts a program and writes a stream into it. What it says goes to `stdout`, if somebody takes it.
pub(super) async fn feed<R, F>(
    tools: &Tools,
    scratch: &Path,
    mut program: Program,
    food: Food<R, F>,
    stdout: Option<oneshot::Sender<ChildStdout>>,
) -> Result<Fed, RestoreError>
where
    R: AsyncRead + Unpin,
    F: Future<Output = Result<(), RestoreError>>,
{
    let cannot =
        |error: io::Error| RestoreError::environment(format!("cannot make a pipe in {}: {error}", scratch.display()));
    let mut pipe = NamedPipe::make(scratch).map_err(cannot)?;
    program.stdin = Some(Input::Pipe(pipe.path().to_owned()));
    let stop = tools.cancel.child_token();
    let running = async {
        match stdout {
            Some(stdout) => tools.supervisor.run_into(program, &*tools.watch, &stop, stdout).await,
            None => tools.supervisor.run(program, &*tools.watch, &stop).await,
        }
    };
    tokio::pin!(running);
    let Food { mut from, whole, last } = food;
    let mut writing = Box::pin(pour(&mut from, &mut pipe, &stop));
    let early = tokio::select! {
        ended = &mut running => Ok(ended),
        held = &mut writing => Err(held),
    };
    drop(writing);
    match early {
        // It had enough, or it failed. To know whose fault that is, the rest is read as well.
        Ok(ended) => {
            if ended.cut.is_none() {
                let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
            }
            drop(from);
            Ok(Fed { ended, whole: whole.await })
        }
        Err(held) => {
            drop(from);
            let whole = whole.await;
            let held = held.ok().filter(|_| whole.is_ok());
            let Some(mut held) = held else {
                stop.cancel();
                return Ok(Fed { ended: running.await, whole });
            };
            held.extend_from_slice(&last);
            let handed_on = async {
                // A program that is gone says so by its end.
                let _ = pipe.writer().write_all(&held).await;
                pipe.taken().await;
            };
            let early = tokio::select! {
                ended = &mut running => Some(ended),
                () = handed_on => None,
            };
            // It reads the end now.
            drop(pipe);
            let ended = match early {
                Some(ended) => ended,
                None => running.await,
            };
            Ok(Fed { ended, whole })
        }
    }
}

/// Writes all but the last piece, which it returns.
async fn pour(
    from: &mut (impl AsyncRead + Unpin),
    pipe: &mut NamedPipe,
    stop: &CancellationToken,
) -> io::Result<Vec<u8>> {
    let mut held = Vec::new();
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        while piece.len() < PIECE {
            let read = tokio::select! {
                read = from.read_buf(&mut piece) => read?,
                () = stop.cancelled() => return Err(io::ErrorKind::Interrupted.into()),
            };
            if read == 0 {
                break;
            }
        }
        if piece.is_empty() {
            return Ok(held);
        }
        let ready = std::mem::replace(&mut held, piece);
        pipe.writer().write_all(&ready).await?;
    }
}
