//! Reading an artifact: the bytes with their number checked, and their SHA-256 where asked. A stream that ends early ends in
//! an error, and goes on saying so; it never looks like a short success.

use super::error::{ArtifactError, Kind};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use sha2::{Digest, Sha256};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// Pieces of an artifact, in order.
pub(super) type Chunks = BoxStream<'static, Result<Bytes, ArtifactError>>;

/// An artifact being read. What its errors carry, `ArtifactError::of` tells.
pub struct Reader {
    chunks: Chunks,
    rest: Bytes,
    failed: Option<ArtifactError>,
}

impl Reader {
    /// Checks the number of bytes, and the SHA-256 (lower-case hex) when one is given. `what` names it in errors.
    pub(super) fn new(chunks: Chunks, what: String, size: u64, sha256: Option<String>) -> Self {
        Self { chunks: checked(chunks, what, size, sha256), rest: Bytes::new(), failed: None }
    }
}

impl AsyncRead for Reader {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(error) = &this.failed {
            return Poll::Ready(Err(error.clone().into_io()));
        }
        while this.rest.is_empty() {
            match std::task::ready!(this.chunks.poll_next_unpin(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Ok(chunk)) => this.rest = chunk,
                Some(Err(error)) => {
                    this.failed = Some(error.clone());
                    return Poll::Ready(Err(error.into_io()));
                }
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(buf.remaining()));
        buf.put_slice(&piece);
        Poll::Ready(Ok(()))
    }
}

struct Check {
    chunks: Chunks,
    what: String,
    size: u64,
    seen: u64,
    sum: Option<(String, Sha256)>,
}

fn checked(chunks: Chunks, what: String, size: u64, sha256: Option<String>) -> Chunks {
    let check = Check { chunks, what, size, seen: 0, sum: sha256.map(|sum| (sum, Sha256::new())) };
    stream::try_unfold(check, |mut check| async move {
        let corrupt = |check: &Check, why| ArtifactError::new(Kind::Corrupt, "read", &check.what, why);
        let Some(chunk) = check.chunks.next().await.transpose()? else {
            let (seen, size) = (check.seen, check.size);
            if seen < size {
                return Err(corrupt(&check, format!("it ended after {seen} of {size} bytes")));
            }
            return match check.sum.take() {
                Some((expected, sum)) if hex::encode(sum.clone().finalize()) != expected => {
                    Err(corrupt(&check, format!("its SHA-256 is not {expected}, which it was stored with")))
                }
                _ => Ok(None),
            };
        };
        check.seen += chunk.len() as u64;
        if check.seen > check.size {
            return Err(corrupt(&check, format!("it has more than its {} bytes", check.size)));
        }
        if let Some((_, sum)) = &mut check.sum {
            sum.update(&chunk);
        }
        Ok(Some((chunk, check)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    async fn read(pieces: &[&'static str], size: u64, sha256: Option<&str>) -> Result<String, String> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        let chunks = stream::iter(pieces).boxed();
        let mut reader = Reader::new(chunks, "a in dir:/x".to_owned(), size, sha256.map(str::to_owned));
        let mut text = String::new();
        match reader.read_to_string(&mut text).await {
            Ok(_) => Ok(text),
            Err(first) => {
                let again = reader.read(&mut [0; 8]).await.expect_err("an error does not turn into an end");
                assert_eq!(first.to_string(), again.to_string());
                assert_eq!(ArtifactError::of(&again).map(|error| error.kind), Some(Kind::Corrupt));
                Err(first.to_string())
            }
        }
    }

    #[tokio::test]
    async fn what_is_short_long_or_different_is_an_error_and_never_an_end() {
        let sum = hex::encode(Sha256::digest("one two"));
        assert_eq!(read(&["one", "", " two"], 7, Some(&sum)).await.as_deref(), Ok("one two"));
        assert_eq!(read(&[], 0, None).await.as_deref(), Ok(""));
        let wrong = [
            read(&["one"], 7, None).await,
            read(&["one two", "!"], 7, None).await,
            read(&["one tWo"], 7, Some(&sum)).await,
        ];
        insta::assert_snapshot!(wrong.map(Result::unwrap_err).join("\n"), @"
        cannot read a in dir:/x: it ended after 3 of 7 bytes; do not rely on it, take another copy
        cannot read a in dir:/x: it has more than its 7 bytes; do not rely on it, take another copy
        cannot read a in dir:/x: its SHA-256 is not 8ab63e29a4ba14e4e1688f9c15e5af90895421358c945b0431f85d66977bd3d2, which it was stored with; do not rely on it, take another copy
        ");
    }
}
