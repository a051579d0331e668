//! What can be asked of the fake Discord.

use super::slack::Person;
use crate::discord::{ANA, BEN, Cut, FakeDiscord, Mishap, Used};
use crate::eventually;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wrong {
    Limited {
        after: f64,
        #[serde(default)]
        global: bool,
    },
    Status(u16),
    Refused {
        status: u16,
        code: u64,
    },
    Cut,
    CarriedOutAndSilent,
}

/// How a socket ends.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Drop,
    Close(Option<u16>),
    Reconnect,
    Invalid { resumable: bool },
}

/// One request.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    /// Waits until a session has a socket.
    Connected {},
    /// A thread more under a channel.
    Thread {
        channel: String,
    },
    /// Uses a command, and waits for the first answer.
    Uses {
        user: Person,
        channel: String,
        command: String,
        #[serde(default)]
        options: BTreeMap<String, String>,
    },
    /// Types into an option; what is offered.
    Types {
        user: Person,
        channel: String,
        command: String,
        #[serde(default)]
        options: BTreeMap<String, String>,
        option: String,
        text: String,
    },
    Clicks {
        user: Person,
        message: String,
        label: String,
    },
    Chooses {
        user: Person,
        message: String,
        menu: String,
        option: String,
    },
    /// Clicks a button that opens a form, fills it in and submits it.
    Fills {
        user: Person,
        message: String,
        label: String,
        entries: BTreeMap<String, String>,
    },
    Says {
        user: Person,
        channel: String,
        text: String,
    },
    Reacts {
        user: Person,
        message: String,
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
    /// An interaction of any form.
    Sends {
        user: Person,
        channel: String,
        kind: u64,
        data: Value,
    },
    /// Roles that somebody has from now on.
    Roles {
        user: Person,
        roles: Vec<String>,
    },
    /// From now on interactions go there by HTTP, signed; `null`: by the gateway again.
    Calls {
        url: Option<String>,
    },
    /// Posts this to an address with a signature that is none; its status.
    Forged {
        url: String,
        body: String,
    },
    /// So many of the next requests whose `METHOD path` begins so go wrong.
    Fault {
        begins: String,
        times: usize,
        how: Wrong,
    },
    Cut {
        how: End,
    },
    /// Every socket ends so as soon as it has said who it is.
    TurnsAway {
        how: Option<End>,
    },
    /// So many connections break before anything is said.
    RefusesSockets {
        n: usize,
    },
    Heartbeats {
        every_ms: u64,
        answered: bool,
    },
}

pub(super) async fn carry_out(discord: &Arc<FakeDiscord>, asked: Asked) -> Value {
    match asked {
        Asked::Connected {} => {
            eventually("a session has a socket", async || discord.is_connected().then_some(())).await;
        }
        Asked::Thread { channel } => return json!({"id": discord.opens_thread(&channel)}),
        Asked::Uses { user, channel, command, options } => {
            let used = discord.uses(who(user), &channel, &command, &pairs(&options)).await;
            return answered(discord, &used);
        }
        Asked::Types { user, channel, command, options, option, text } => {
            let typed = (option.as_str(), text.as_str());
            return json!(discord.types(who(user), &channel, &command, &pairs(&options), typed).await);
        }
        Asked::Clicks { user, message, label } => {
            let used = discord.clicks(who(user), &message, &label).await;
            return answered(discord, &used);
        }
        Asked::Chooses { user, message, menu, option } => {
            let used = discord.chooses(who(user), &message, &menu, &option).await;
            return answered(discord, &used);
        }
        Asked::Fills { user, message, label, entries } => {
            let used = discord.fills(who(user), &message, &label, &pairs(&entries)).await;
            return answered(discord, &used);
        }
        Asked::Says { user, channel, text } => return json!({"id": discord.says(who(user), &channel, &text)}),
        Asked::Reacts { user, message, emoji } => discord.reacts(who(user), &message, &emoji),
        Asked::Sees { user, channel } => return json!(discord.sees(who(user), &channel)),
        Asked::Reads { user, channel, words } => return json!(discord.finds(who(user), &channel, &words).await),
        Asked::Sends { user, channel, kind, data } => {
            let used = discord.sends(who(user), &channel, kind, data, None);
            discord.first_answer_to(&used).await;
            return answered(discord, &used);
        }
        Asked::Roles { user, roles } => {
            discord.has_roles(who(user), &roles.iter().map(String::as_str).collect::<Vec<_>>());
        }
        Asked::Calls { url: Some(url) } => discord.interactions_go_to(url),
        Asked::Calls { url: None } => discord.interactions_go_nowhere(),
        Asked::Forged { url, body } => {
            return json!(discord.posts(&url, &body, Some((&"0".repeat(128), "1"))).await.0);
        }
        Asked::Fault { begins, mut times, how } => discord.faults(move |method, path| {
            let hit = times > 0 && format!("{method} {path}").starts_with(&begins);
            times -= usize::from(hit);
            hit.then(|| mishap(how))
        }),
        Asked::Cut { how } => discord.cut(cut(how)),
        Asked::TurnsAway { how } => discord.ends_at_once(how.map(cut)),
        Asked::RefusesSockets { n } => discord.refuses_sockets(n),
        Asked::Heartbeats { every_ms, answered } => {
            discord.heartbeat_ms.store(every_ms, Ordering::SeqCst);
            discord.answers_beats(answered);
        }
    }
    Value::Null
}

/// Everything that came in, and what was registered.
pub(super) fn journal(discord: &FakeDiscord) -> Value {
    let calls = discord.journal();
    let shown = calls
        .iter()
        .map(|call| json!({"method": call.method, "path": call.path, "body": call.body, "status": call.status}));
    let (opened, identified) = discord.sockets();
    json!({"calls": shown.collect::<Vec<_>>(), "complaints": discord.complaints(), "commands": discord.commands(),
        "sockets": {"opened": opened, "identified": identified, "resumed": discord.resumed()}})
}

fn who(user: Person) -> &'static str {
    match user {
        Person::Ana => ANA,
        Person::Ben => BEN,
    }
}

fn answered(discord: &FakeDiscord, used: &Used) -> Value {
    json!({"id": used.id, "answer": discord.answer_now(used)})
}

fn pairs(of: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    of.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn mishap(how: Wrong) -> Mishap {
    match how {
        Wrong::Limited { after, global } => Mishap::Limited(after, global),
        Wrong::Status(status) => Mishap::Status(status),
        Wrong::Refused { status, code } => Mishap::Refused(status, code),
        Wrong::Cut => Mishap::Cut,
        Wrong::CarriedOutAndSilent => Mishap::CarriedOutAndSilent,
    }
}

fn cut(how: End) -> Cut {
    match how {
        End::Drop => Cut::Drop,
        End::Close(code) => Cut::Close(code),
        End::Reconnect => Cut::Reconnect,
        End::Invalid { resumable } => Cut::Invalid(resumable),
    }
}
