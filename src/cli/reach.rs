//! Finding the bot that runs on this machine with this data, and carrying something out through it whatever happens to the
//! connection meanwhile.

use super::client::{Client, ClientError, Ended, Progress, Request};
use super::failure::Failure;
use super::token_file;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How long a bot that went away may take to come back before we stop waiting for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(300);

/// The bot that runs with this data folder, if one does. A file left by one that died means that none does.
///
/// # Errors
/// The token file cannot be trusted, or the bot is there and does not answer.
pub async fn running(data_dir: &Path, user: &str) -> Result<Option<Client>, Failure> {
    let Some(file) = token_file::read(data_dir)? else { return Ok(None) };
    let client = client(&file, user)?;
    match client.greet().await {
        Ok(()) => Ok(Some(client)),
        Err(ClientError::Unreachable { refused: true, .. }) => Ok(None),
        // Somebody else may have the port by now, and does not know the token.
        Err(ClientError::Problem { status: 401 | 404, .. } | ClientError::Strange { .. }) => Ok(None),
        Err(_) if !is_alive(file.pid) => Ok(None),
        Err(error) => Err(Failure::new(format!(
            "process {} seems to be the bot, but {error}. Try again in a moment; if it stays so, restart it",
            file.pid
        ))),
    }
}

/// Speaks to the bot of that file.
///
/// # Errors
/// The HTTP client cannot be built.
pub fn client(file: &token_file::ApiFile, user: &str) -> Result<Client, Failure> {
    Client::new(file, user).map_err(|error| Failure::new(format!("cannot speak HTTP: {error}")))
}

/// Whether a process of that number runs. One that is not ours counts as well.
fn is_alive(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    !matches!(nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None), Err(nix::errno::Errno::ESRCH))
}

/// Carries a request out to its end, across restarts of the bot: the request has a name, so that sending it again repeats
/// nothing.
///
/// # Errors
/// The bot refuses it, or went away and did not come back.
pub async fn carry_out(client: &Client, data_dir: &Path, request: &Request) -> Result<Ended, ClientError> {
    let mut client = client.clone();
    let mut lost: Option<Instant> = None;
    loop {
        match client.offer(request).await {
            Ok(Progress::Ended(ended)) => return Ok(*ended),
            Ok(Progress::Running) => lost = None,
            Err(error) => {
                let since = *lost.get_or_insert_with(Instant::now);
                if !error.may_pass() || since.elapsed() > PATIENCE {
                    return Err(error);
                }
                tokio::time::sleep(AGAIN).await;
                // A restarted bot has written another file.
                if let Ok(Some(file)) = token_file::read(data_dir)
                    && let Ok(fresh) = Client::new(&file, client.user())
                {
                    client = fresh;
                }
            }
        }
    }
}
