//! Counts what is there now, as a copy of it would be counted: the same tap, and nothing is kept.

use super::channel::pipe;
use super::contents::Contents;
use super::tap::{Meter, Tap};
use super::{Dump, DumpError};

/// Dumps into nothing; what was in it.
///
/// # Errors
/// It cannot be dumped to its end.
pub async fn count(dump: Box<dyn Dump>, meter: Meter) -> Result<Contents, DumpError> {
    let (sink, mut source) = pipe();
    let dumping = tokio::task::spawn_blocking(move || {
        let mut tap = Tap::new(sink, meter);
        let contents = dump.write(&mut tap)?;
        let ended = tap.finish().and_then(|passed| passed.to.end());
        ended.map(|()| contents).map_err(|error| DumpError::retry(format!("it could not be counted: {error}")))
    });
    let drained = tokio::io::copy(&mut source, &mut tokio::io::sink()).await;
    drop(source);
    let counted = dumping.await.map_err(|_| DumpError::retry("a thread was lost while it counted; see the log"))?;
    let contents = counted?;
    drained.map_err(|error| DumpError::retry(format!("it could not be counted: {error}")))?;
    Ok(contents)
}
