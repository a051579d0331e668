//! Keeps a socket open: opens the next one before the last is closed, waits longer the less they hold, and says how the line is.
//! Also what is read now and then from Slack: who we are, what the channels are called, who is in which group.

use super::SlackChat;
use super::api::Myself;
use super::refusal::CallError;
use super::session::{News, Session};
use crate::config::limits::{SLACK_GROUPS_EVERY, SLACK_HELLO, SLACK_SWITCHED_OFF};
use crate::config::slack::Mode;
use crate::platform::door::Door;
use crate::platform::pace::Pace;
use crate::platform::socket::Socket;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long the first look at the workspace may take before events are heard without it.
const ACQUAINT: Duration = Duration::from_secs(5);
/// How soon after a look a change that Slack tells of is looked at.
const APART: Duration = Duration::from_secs(5);
/// How soon it is looked at again after a look that failed.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A socket on which Slack has greeted.
struct Open {
    finish: CancellationToken,
    news: mpsc::UnboundedReceiver<News>,
    useful: Arc<AtomicBool>,
}

/// Why a socket is wanted anew.
struct Lost {
    reason: String,
    /// How long to wait at least.
    at_least: Duration,
    /// Only a person can mend it.
    refused: bool,
}

impl Lost {
    fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), at_least: Duration::ZERO, refused: false }
    }
}

impl From<CallError> for Lost {
    fn from(error: CallError) -> Self {
        let refused = error.is_for_good();
        let at_least = match &error {
            CallError::Busy { after } => after.unwrap_or_default(),
            _ if refused => SLACK_SWITCHED_OFF,
            _ => Duration::ZERO,
        };
        Self { reason: error.sentence(), at_least, refused }
    }
}

impl SlackChat {
    /// A first look at the workspace, so that channels are called by their names from the first event on; whether all of it was
    /// told.
    pub(super) async fn acquaint(&self, stop: &CancellationToken) -> bool {
        tokio::select! {
            looked = timeout(ACQUAINT, self.refresh()) => looked.unwrap_or_else(|_| {
                tracing::warn!("Slack does not tell yet who is who there");
                false
            }),
            () = stop.cancelled() => false,
        }
    }

    /// Looks now and then, and when Slack tells of a change; changes that come soon after a look are one. In HTTP mode these looks
    /// are also what tells how the line is: Slack calls us, and says nothing if it cannot.
    pub(super) async fn upkeep(self: Arc<Self>, mut told: bool, stop: CancellationToken) {
        let all = async {
            let mut rested = Instant::now();
            loop {
                let due = Instant::now() + if told { SLACK_GROUPS_EVERY } else { LOOK_AGAIN };
                let changed = async {
                    self.changed.notified().await;
                    sleep_until(rested).await;
                };
                tokio::select! {
                    () = sleep_until(due) => {}
                    () = changed => {}
                }
                told = self.refresh().await;
                rested = Instant::now() + APART;
            }
        };
        // By themselves, so that a role's members wait for no pages of channels.
        let groups = async {
            loop {
                self.groups_changed.notified().await;
                // What failed of it is in the log, and read again with all the rest.
                drop(self.groups.refresh(&self.api).await);
                sleep(APART).await;
            }
        };
        tokio::select! {
            () = all => {}
            () = groups => {}
            () = stop.cancelled() => {}
        }
    }

    /// Reads anew who we are, what the channels are called and who is in the groups; whether all of it was told.
    pub(super) async fn refresh(&self) -> bool {
        let me = match self.api.myself().await {
            Ok(me) => {
                let learnt = self.learn_ours(&me).await;
                let _ = self.me.set(me);
                if self.config.mode == Mode::Http {
                    self.link.is_up();
                }
                learnt
            }
            Err(error) => {
                let reason = error.sentence();
                match (self.config.mode, error.is_for_good()) {
                    (Mode::Http, true) => self.link.is_refused(&reason),
                    (Mode::Http, false) => self.link.is_down(&reason),
                    (Mode::Socket, _) => tracing::warn!(error = reason, "Slack does not say who we are"),
                }
                false
            }
        };
        // Before the channels, of which there may be more pages than Slack lets anybody turn in a minute.
        let groups = self.groups.refresh(&self.api).await.is_ok();
        let channels = match self.names.refresh(&self.api).await {
            Ok((missing, strange)) => {
                for name in missing {
                    tracing::warn!(channel = name, "there is no such channel on Slack that the bot can see");
                }
                for channel in strange {
                    self.join(&channel.id, &channel.name).await;
                }
                true
            }
            Err(error) => {
                tracing::warn!(error = error.sentence(), "Slack's channels cannot be read");
                false
            }
        };
        me && channels && groups
    }

    /// Which workspaces are ours; an organisation's are a list of their own. Whether that was told.
    async fn learn_ours(&self, me: &Myself) -> bool {
        let mut ours = BTreeSet::from([me.team_id.clone()]);
        if me.is_enterprise_install {
            ours.extend(me.enterprise_id.clone());
            match self.api.teams().await {
                Ok(teams) => ours.extend(teams),
                Err(error) => {
                    let error = error.sentence();
                    tracing::warn!(
                        error,
                        "Slack does not say which workspaces are the organisation's; it is asked again"
                    );
                    return false;
                }
            }
        }
        ours.remove("");
        self.names.are_ours(ours);
        true
    }

    /// The bot joins the public channels that the configuration names.
    async fn join(&self, id: &str, name: &str) {
        match self.api.join(id).await {
            Ok(()) => tracing::info!(channel = name, "joined a channel on Slack"),
            Err(error) => tracing::warn!(
                channel = name,
                error = error.sentence(),
                "the bot is not in a channel that the configuration names; type /invite @ and its name there"
            ),
        }
    }

    /// Hears by sockets until `stop`.
    pub(super) async fn hear_by_socket(self: Arc<Self>, door: Door, stop: CancellationToken) {
        let mut pace = Pace::default();
        let mut sessions = JoinSet::new();
        let all = CancellationToken::new();
        let mut current: Option<CancellationToken> = None;
        loop {
            let next = tokio::select! {
                next = self.next_session(&door, &mut sessions, &all) => next,
                () = stop.cancelled() => break,
            };
            let lost = match next {
                Err(lost) => lost,
                Ok(Open { finish, mut news, useful }) => {
                    pace.greeted(Instant::now());
                    self.link.is_up();
                    // Only now, so that at no moment nobody listens.
                    if let Some(old) = current.replace(finish) {
                        old.cancel();
                    }
                    let news = tokio::select! {
                        news = news.recv() => news,
                        () = stop.cancelled() => break,
                    };
                    if useful.load(Ordering::Relaxed) {
                        // A socket that did its work was no failure, however short it held; one that only greets is.
                        pace.was_useful();
                    }
                    after(news)
                }
            };
            let Lost { reason, at_least, refused } = lost;
            // One that is to be replaced still hears.
            let hears = reason.is_empty();
            match (hears, refused) {
                (true, _) => {}
                (false, true) => self.link.is_refused(&reason),
                (false, false) => self.link.is_down(&reason),
            }
            let wait = pace.wait(Instant::now()).max(at_least);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => break,
            }
            while sessions.try_join_next().is_some() {}
        }
        all.cancel();
        while sessions.join_next().await.is_some() {}
    }

    /// Opens a socket and waits until Slack has greeted on it.
    async fn next_session(
        self: &Arc<Self>,
        door: &Door,
        sessions: &mut JoinSet<()>,
        all: &CancellationToken,
    ) -> Result<Open, Lost> {
        let url = self.api.socket_url().await?;
        let socket = Socket::connect(&url).await.map_err(|error| Lost::because(format!("no socket: {error}")))?;
        let (news, mut told) = mpsc::unbounded_channel();
        let finish = all.child_token();
        let useful = Arc::new(AtomicBool::new(false));
        let session =
            Session { slack: self.clone(), door: door.clone(), news, useful: useful.clone(), finish: finish.clone() };
        sessions.spawn(session.run(socket));
        match timeout(SLACK_HELLO, told.recv()).await {
            Ok(Some(News::Hello)) => Ok(Open { finish, news: told, useful }),
            Ok(other) => {
                finish.cancel();
                let mut lost = after(other);
                if lost.reason.is_empty() {
                    lost.reason = "Slack asked for another socket before it greeted".to_owned();
                }
                Err(lost)
            }
            Err(_) => {
                finish.cancel();
                Err(Lost::because(format!("Slack did not greet within {} s", SLACK_HELLO.as_secs())))
            }
        }
    }
}

/// What to do about a session's news; an empty reason is one that still hears.
fn after(news: Option<News>) -> Lost {
    match news {
        Some(News::Replace(reason)) if reason == "link_disabled" => Lost {
            reason: "Socket Mode is switched off for the app (link_disabled); switch it on, or write mode = \"http\""
                .to_owned(),
            at_least: SLACK_SWITCHED_OFF,
            refused: true,
        },
        Some(News::Replace(reason)) if reason == "too_many_websockets" => Lost::because(
            "the app has too many sockets open (too_many_websockets); stop other bots with this app_token",
        ),
        Some(News::Replace(_) | News::Hello) => Lost::because(""),
        Some(News::Ended(reason)) => Lost::because(reason),
        None => Lost::because("the session ended without a word"),
    }
}
