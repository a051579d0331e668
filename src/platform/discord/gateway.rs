//! Discord's gateway: keeps one session alive over as many sockets as it takes. When to resume, when to begin anew and when to give
//! up is as documented (topics/gateway; topics/opcodes-and-status-codes); no answer of the server's makes it try without a pause.

use super::connection::{Connection, End};
use super::inbound::DISCORD;
use super::session::{InHand, Session};
use super::{Discord, publish};
use crate::platform::door::{Door, Held};
use crate::platform::http::seconds_of;
use crate::platform::pace::Pace;
use crate::platform::socket::jitter;
use reqwest::Method;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Least time between two new sessions (`rate-limiting`: one identify in five seconds).
const BETWEEN_SESSIONS: Duration = Duration::from_secs(5);
/// How often the line is taken, or looked whether it can be.
const HOLD: Duration = Duration::from_secs(1);
/// Sockets in a row that could not be opened, after which a session's address counts as gone: more than a minute of trying.
const UNREACHED: u32 = 8;
/// How long a socket may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Hears by the gateway until `stop`, or until Discord refuses us for good.
pub(super) async fn run(discord: Arc<Discord>, door: Door, stop: CancellationToken) {
    loop {
        // One process of all has the line: Discord ends the older of two sockets of one session.
        let epoch = tokio::select! {
            epoch = taken(&discord, &door) => epoch,
            () = stop.cancelled() => return,
        };
        let lost = stop.child_token();
        let session = door.kept(DISCORD).await.as_deref().and_then(Session::read);
        let (news, state) = watch::channel(session);
        let hands = InHand::default();
        let keeping = tokio::spawn(keep(door.clone(), epoch, state, hands.clone(), lost.clone()));
        publish::publish(&discord, &door, &lost);
        publish::look(&discord, &lost).await;
        let refused = sessions(&discord, &door, &news, &hands, &lost).await;
        // What is in hand is kept by the task that ends now.
        lost.cancel();
        drop(news);
        if keeping.await.is_err() {
            tracing::error!("keeping Discord's session ended by itself, which is a bug");
        }
        if stop.is_cancelled() || refused {
            door.let_go(DISCORD).await;
            return;
        }
    }
}

/// Waits until the line is ours.
async fn taken(discord: &Discord, door: &Door) -> i64 {
    loop {
        match door.hold(DISCORD).await {
            Held::Ours(epoch) => return epoch,
            Held::Others => discord.link.is_elsewhere(),
            Held::Unknown => discord.link.is_down("the database does not answer"),
        }
        tokio::time::sleep(HOLD).await;
    }
}

/// Keeps the line ours, and how far it has come. Ends it when it is ours no more.
async fn keep(
    door: Door,
    epoch: i64,
    mut state: watch::Receiver<Option<Session>>,
    hands: InHand,
    lost: CancellationToken,
) {
    let (mut kept, mut held) = (None, Instant::now());
    loop {
        let is_over = lost.is_cancelled();
        if !is_over && held.elapsed() >= HOLD {
            held = Instant::now();
            // While nobody can be asked, nobody else can take it either, and people shall still be told that it is so.
            match door.hold(DISCORD).await {
                Held::Ours(ours) if ours == epoch => {}
                Held::Unknown => {}
                Held::Ours(_) | Held::Others => {
                    tracing::warn!("another process has taken the line to Discord");
                    return lost.cancel();
                }
            }
        }
        let session = state.borrow_and_update().clone();
        let done = session.map(|session| Session { sequence: hands.done(session.sequence), ..session });
        if done != kept {
            let text = done.as_ref().map_or_else(|| "{}".to_owned(), Session::write);
            door.keep(DISCORD, epoch, text).await;
            kept = done;
        }
        if is_over {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(HOLD) => {}
            () = lost.cancelled() => {}
        }
    }
}

/// One socket after another. `true` if Discord refuses us for good.
async fn sessions(
    discord: &Arc<Discord>,
    door: &Door,
    news: &watch::Sender<Option<Session>>,
    hands: &InHand,
    stop: &CancellationToken,
) -> bool {
    let mut pace = Pace::default();
    let mut identified: Option<Instant> = None;
    let mut unreached = 0;
    loop {
        let session = news.borrow().clone();
        if session.is_none() {
            // Waited for even where the last one was good: Discord counts them.
            let wait = identified.map_or(Duration::ZERO, |at| BETWEEN_SESSIONS.saturating_sub(at.elapsed()));
            tokio::select! {
                () = tokio::time::sleep(wait) => identified = Some(Instant::now()),
                () = stop.cancelled() => return false,
            }
        }
        let one = async {
            let address = match &session {
                Some(session) => session.resume.clone(),
                None => address(discord).await?,
            };
            let connection = Connection { discord, door, news, hands, pace: &mut pace };
            connection.run(&address, session, stop).await
        };
        let end = tokio::select! {
            end = one => end.unwrap_or_else(|end| end),
            () = async { stop.cancelled().await; tokio::time::sleep(GOODBYE).await } => return false,
        };
        unreached = if matches!(end, End::Unreached(_)) { unreached + 1 } else { 0 };
        match end {
            End::Stopped => return false,
            End::Refused(reason) => {
                discord.link.is_refused(&reason);
                return true;
            }
            // Whether a session is over is the server's to say (opcode 9, a close code); its address may go before it, though.
            End::Unreached(reason) if unreached < UNREACHED => discord.link.is_down(&reason),
            End::Unreached(reason) => {
                unreached = 0;
                news.send_replace(None);
                discord.link.is_down(&reason);
            }
            End::Resume(reason) => discord.link.is_down(&reason),
            End::Anew(reason) => {
                news.send_replace(None);
                discord.link.is_down(&reason);
            }
            End::Wait(reason, wait) => {
                discord.link.is_down(&reason);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = stop.cancelled() => return false,
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pace.wait(Instant::now())) => {}
            () = stop.cancelled() => return false,
        }
    }
}

/// Where a new session begins, if one may (`get-gateway-bot`).
async fn address(discord: &Discord) -> Result<String, End> {
    let call = super::api::Call::new(Method::GET, "gateway/bot", "gateway/bot");
    let answer = discord.api.send(call).await.map_err(|refused| match refused {
        super::api::Refused::Token { reason } => End::Refused(format!("{reason}; then start the bot again")),
        super::api::Refused::Later { reason, after } => End::Wait(reason, after.unwrap_or_default()),
        super::api::Refused::Never { reason, .. } => End::Wait(reason, BETWEEN_SESSIONS),
    })?;
    let start = &answer["session_start_limit"];
    if start["remaining"].as_u64() == Some(0) {
        let wait = start["reset_after"].as_f64().and_then(|ms| seconds_of(ms / 1000.0)).unwrap_or(BETWEEN_SESSIONS);
        // Never all at the same moment, and never shorter than asked.
        let wait = wait.mul_f64(0.5 + jitter()).max(wait);
        return Err(End::Wait("Discord allows no more new sessions today".to_owned(), wait));
    }
    let url = answer["url"].as_str().unwrap_or_default();
    match url.starts_with("ws") {
        true => Ok(url.to_owned()),
        false => Err(End::Wait("Discord names no gateway; is api_url right?".to_owned(), BETWEEN_SESSIONS)),
    }
}
