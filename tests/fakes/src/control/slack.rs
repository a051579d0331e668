//! What can be asked of the fake Slack.

use crate::slack::{Callee, Fault, Member, Message, Modal, Slack, Wire};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// One of the two people there.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Person {
    Ana,
    Ben,
}

/// What goes wrong with one call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mishap {
    Limited(u32),
    Status(u16),
    Refused(String),
    DoneButCut,
    DoneButSilent,
    Nothing,
}

/// One request.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    /// Waits until a socket is open.
    Connected {},
    /// A channel more, with these members beside Ana, Ben and the bot.
    Channel {
        name: String,
    },
    Types {
        user: Person,
        channel: String,
        line: String,
    },
    Says {
        user: Person,
        channel: String,
        text: String,
    },
    Mentions {
        user: Person,
        channel: String,
        text: String,
        thread: Option<String>,
    },
    Reacts {
        user: Person,
        channel: String,
        ts: String,
        emoji: String,
    },
    Sees {
        user: Person,
        channel: String,
    },
    /// Waits for a message with these words.
    Reads {
        user: Person,
        channel: String,
        words: String,
    },
    Clicks {
        user: Person,
        channel: String,
        ts: String,
        label: String,
    },
    Chooses {
        user: Person,
        channel: String,
        ts: String,
        select: String,
        option: String,
    },
    /// Clicks, and waits for the modal.
    Opens {
        user: Person,
        channel: String,
        ts: String,
        label: String,
    },
    Submits {
        user: Person,
        view: Value,
        entries: BTreeMap<String, String>,
    },
    /// An event of any form.
    Tells {
        user: Person,
        event: Value,
    },
    /// An envelope of any form; waits for its acknowledgement.
    Envelope {
        kind: String,
        payload: Value,
        #[serde(default)]
        accepts_response_payload: bool,
    },
    /// From now on signed requests go there instead of envelopes; `null`: envelopes again.
    Calls {
        url: Option<String>,
    },
    /// A request with a signature that is none; its status.
    Forged {
        body: String,
    },
    Fault {
        method: String,
        faults: Vec<Mishap>,
    },
    /// Every n-th writing call is answered 429.
    LimitEvery {
        n: usize,
    },
    /// Says `disconnect` on the newest socket.
    Disconnect {
        reason: String,
        #[serde(default)]
        debug_info: bool,
    },
    /// Closes the newest socket with a code.
    Close {
        code: u16,
    },
    /// Cuts every socket.
    Cut {},
    /// Every socket is turned away for this reason as soon as it was greeted.
    TurnsAway {
        reason: Option<String>,
    },
}

pub(super) async fn carry_out(slack: &Arc<Slack>, asked: Asked) -> Value {
    match asked {
        Asked::Connected {} => slack.connected().await,
        Asked::Channel { name } => {
            let mut state = slack.state();
            let id = format!("C{:010}", 100 + state.channels.len());
            state.add_channel(&id, name.trim_start_matches('#'), &[crate::slack::BOT, "U00000000ANA", "U00000000BEN"]);
            return json!({"id": id});
        }
        Asked::Types { user, channel, line } => who(slack, user).types(&channel, &line).await,
        Asked::Says { user, channel, text } => drop(who(slack, user).says(&channel, None, &text).await),
        Asked::Mentions { user, channel, text, thread } => {
            who(slack, user).mentions(&channel, thread.as_deref(), &text).await;
        }
        Asked::Reacts { user, channel, ts, emoji } => {
            let user = who(slack, user);
            user.reacts(&message(slack, &user, &channel, &ts), &emoji).await;
        }
        Asked::Sees { user, channel } => return json!(slack.state().seen(&channel, who(slack, user).id)),
        Asked::Reads { user, channel, words } => return json!(who(slack, user).reads(&channel, &words).await),
        Asked::Clicks { user, channel, ts, label } => {
            let user = who(slack, user);
            user.clicks(&message(slack, &user, &channel, &ts), &label).await;
        }
        Asked::Chooses { user, channel, ts, select, option } => {
            let user = who(slack, user);
            user.chooses(&message(slack, &user, &channel, &ts), &select, &option).await;
        }
        Asked::Opens { user, channel, ts, label } => {
            let user = who(slack, user);
            return user.opens(&message(slack, &user, &channel, &ts), &label).await.view;
        }
        Asked::Submits { user, view, entries } => {
            let entries: Vec<_> = entries.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
            return who(slack, user).submits(&Modal { view }, &entries).await;
        }
        Asked::Tells { user, event } => who(slack, user).tells(event).await,
        Asked::Envelope { kind, payload, accepts_response_payload } => {
            return slack.envelope(&kind, payload, accepts_response_payload).await;
        }
        Asked::Calls { url: Some(url) } => slack.calls(Callee { url, now_ms: Arc::new(now_ms) }),
        Asked::Calls { url: None } => slack.calls_nobody(),
        Asked::Forged { body } => return json!(slack.forged(&body).await),
        Asked::Fault { method, faults } => {
            let faults: Vec<Fault> = faults.into_iter().map(fault).collect();
            slack.state().fault(&method, &faults);
        }
        Asked::LimitEvery { n } => slack.state().limit_every = n,
        Asked::Disconnect { reason, debug_info } => {
            let mut frame = json!({"type": "disconnect", "reason": reason});
            if debug_info {
                frame["debug_info"] = json!({"host": "applink-1"});
            }
            slack.state().on_newest(Wire::Text(frame.to_string()));
        }
        Asked::Close { code } => slack.state().on_newest(Wire::Close(code)),
        Asked::Cut {} => slack.state().cut_all(),
        Asked::TurnsAway { reason } => slack.state().turned_away = reason.map(kept),
    }
    Value::Null
}

/// Everything that came in, and what stands there.
pub(super) fn journal(slack: &Slack) -> Value {
    let state = slack.state();
    json!({"calls": state.calls, "refused": state.refused, "acks": state.acks, "messages": state.messages,
        "sockets": {"opened": state.opened.len(), "open": state.open_sockets()}})
}

fn who(slack: &Arc<Slack>, user: Person) -> Member {
    match user {
        Person::Ana => slack.ana(),
        Person::Ben => slack.ben(),
    }
}

fn message(slack: &Slack, user: &Member, channel: &str, ts: &str) -> Message {
    let seen = slack.state().seen(channel, user.id);
    seen.into_iter().find(|one| one.ts == ts).unwrap_or_else(|| panic!("{} sees no message {ts} there", user.name))
}

fn fault(mishap: Mishap) -> Fault {
    match mishap {
        Mishap::Limited(seconds) => Fault::Limited(seconds),
        Mishap::Status(status) => Fault::Status(status),
        Mishap::Refused(code) => Fault::Refused(kept(code)),
        Mishap::DoneButCut => Fault::DoneButCut,
        Mishap::DoneButSilent => Fault::DoneButSilent,
        Mishap::Nothing => Fault::Nothing,
    }
}

/// A word that lives as long as the process, which is as long as a test.
fn kept(word: String) -> &'static str {
    Box::leak(word.into_boxed_str())
}

fn now_ms() -> i64 {
    i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}
