//! The fake's Web API: what Slack's pages say of each method that the bot uses, as strictly, and no other method.
//! <https://docs.slack.dev/reference/methods>

use super::state::{Fault, File, Message, State};
use super::{APP_TOKEN, BOT, BOT_TOKEN, ORGANISATION, Slack, TEAM, arguments, parts, rules, ways, words};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State as Extracted};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::net::TcpListener;

/// Scopes that the token has unless a test says otherwise: all that a manifest asks for.
const SCOPES: &str = "app_mentions:read,channels:history,channels:join,channels:manage,channels:read,chat:write,chat:write.public,\
                      commands,files:write,groups:history,groups:read,groups:write,im:history,im:write,pins:write,\
                      reactions:read,reactions:write,usergroups:read";

pub(super) type Shared = Weak<Slack>;
type Answer = Result<Value, String>;

pub(super) async fn serve(slack: Arc<Slack>, listener: TcpListener) {
    let stop = slack.stop.clone();
    let router = Router::new()
        .route("/api/{method}", any(method))
        .route("/response/{*way}", post(ways::respond))
        .route("/upload/{id}", post(ways::upload))
        .with_state(Arc::downgrade(&slack));
    drop(slack);
    tokio::select! {
        served = axum::serve(listener, router) => served.unwrap(),
        () = stop.cancelled() => {}
    }
}

async fn method(
    Extracted(slack): Extracted<Shared>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(slack) = slack.upgrade() else { return StatusCode::GONE.into_response() };
    let (arguments, token, as_text) = arguments::read(query.as_deref(), &headers, &body);
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = header.map(str::to_owned).or(token);
    let fault = {
        let mut state = slack.state();
        let writes = method.starts_with("chat.");
        state.writes += usize::from(writes);
        let limited = writes && state.limit_every > 0 && state.writes.is_multiple_of(state.limit_every);
        let own = state.faults.get_mut(&method).and_then(std::collections::VecDeque::pop_front);
        let fault = own.or_else(|| state.faults.get_mut("*").and_then(std::collections::VecDeque::pop_front));
        let fault = fault.or_else(|| state.decides.as_mut().and_then(|decides| decides(&method, &arguments)));
        fault.or(limited.then_some(Fault::Limited(0)))
    };
    let note = |done: bool| slack.state().note(&method, done, &arguments, as_text);
    match &fault {
        Some(Fault::Limited(seconds)) => {
            note(false);
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response();
        }
        Some(Fault::Status(status)) => {
            note(false);
            let status = StatusCode::from_u16(*status).unwrap();
            return (status, "<html>upstream connect error</html>").into_response();
        }
        Some(Fault::Refused(code)) => {
            note(false);
            return answer(&slack, Err((*code).to_owned()));
        }
        _ => {}
    }
    let needed = if method == "apps.connections.open" { APP_TOKEN } else { BOT_TOKEN };
    let result = match token {
        Some(given) if given == needed => call(&slack, &method, &arguments),
        Some(_) => Err("invalid_auth".to_owned()),
        None => Err("not_authed".to_owned()),
    };
    note(result.is_ok());
    match fault {
        Some(Fault::DoneButCut) => {
            let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
            Body::from_stream(broken).into_response()
        }
        Some(Fault::DoneButSilent) => std::future::pending().await,
        _ => answer(&slack, result),
    }
}

fn answer(slack: &Slack, result: Answer) -> Response {
    let scopes = Some(slack.state().scopes.clone()).filter(|scopes| !scopes.is_empty());
    let scopes = scopes.unwrap_or_else(|| SCOPES.to_owned());
    let body = match result {
        Ok(mut body) => {
            body["ok"] = json!(true);
            body
        }
        Err(code) => json!({"ok": false, "error": code}),
    };
    ([("content-type", "application/json; charset=utf-8"), ("x-oauth-scopes", scopes.as_str())], body.to_string())
        .into_response()
}

fn text<'a>(arguments: &'a Value, name: &str) -> &'a str {
    arguments[name].as_str().unwrap_or_default()
}

fn call(slack: &Slack, method: &str, a: &Value) -> Answer {
    let mut state = slack.state();
    let state = &mut *state;
    match method {
        "auth.test" => {
            let organisation = state.organisation;
            let (team, enterprise) =
                if organisation { (ORGANISATION, json!(ORGANISATION)) } else { (TEAM, Value::Null) };
            Ok(
                json!({"user_id": BOT, "user": "drillbell", "url": "https://test.slack.com/", "team": "Test", "team_id": team, "bot_id": "B0000000001",
                "enterprise_id": enterprise, "is_enterprise_install": organisation}),
            )
        }
        "auth.teams.list" => match state.organisation {
            true => Ok(json!({"teams": [{"id": TEAM, "name": "Test"}], "response_metadata": {"next_cursor": ""}})),
            false => Err("not_allowed_token_type".to_owned()),
        },
        "apps.connections.open" => {
            let ticket = format!("ticket-{}", state.unique());
            state.tickets.insert(ticket.clone());
            Ok(json!({"url": format!("ws://127.0.0.1:{}/link/?ticket={ticket}&app_id=A1", slack.socket_port)}))
        }
        "chat.postMessage" => {
            let channel = there(state, text(a, "channel"), None)?;
            checked(state, method, rules::message_of(a, state.whose))?;
            let ts = state.moment();
            let thread = a["thread_ts"].as_str().map(str::to_owned);
            if let Some(thread) = &thread
                && !state.messages.iter().any(|message| message.channel == channel && message.ts == *thread)
            {
                return Err("thread_not_found".to_owned());
            }
            put(state, &channel, &ts, thread, None, a);
            Ok(json!({"channel": channel, "ts": ts, "message": {"type": "message", "ts": ts, "text": text(a, "text")}}))
        }
        "chat.postEphemeral" => {
            let user = text(a, "user").to_owned();
            let channel = there(state, text(a, "channel"), Some(&user))?;
            checked(state, method, rules::message_of(a, state.whose))?;
            let ts = state.moment();
            put(state, &channel, &ts, a["thread_ts"].as_str().map(str::to_owned), Some(user), a);
            Ok(json!({"message_ts": ts}))
        }
        "chat.update" => {
            checked(state, method, rules::message_of(a, state.whose))?;
            let (channel, ts) = (text(a, "channel"), text(a, "ts"));
            let mut body = a.clone();
            parts::named(state, body.get_mut("blocks"));
            let mut of = state.messages.iter_mut();
            let found = of.find(|one| one.channel == channel && one.ts == ts && one.only_for.is_none());
            let message = found.ok_or("message_not_found")?;
            message.body = body;
            message.edits += 1;
            Ok(
                json!({"channel": channel, "ts": ts, "text": text(a, "text"), "message": {"type": "message", "text": text(a, "text")}}),
            )
        }
        "views.open" => {
            let trigger = text(a, "trigger_id").to_owned();
            let (made, used) = state.triggers.get_mut(&trigger).ok_or("invalid_trigger_id")?;
            if made.elapsed() > Duration::from_secs(3) {
                return Err("expired_trigger_id".to_owned());
            }
            if std::mem::replace(used, true) {
                return Err("exchanged_trigger_id".to_owned());
            }
            checked(state, method, rules::modal_of(&a["view"], state.whose))?;
            let mut view = a["view"].clone();
            parts::named(state, view.get_mut("blocks"));
            view["id"] = json!(format!("V{:010}", state.unique()));
            view["hash"] = json!(format!("{}.abc", state.unique()));
            state.modals.insert(trigger, view.clone());
            Ok(json!({"view": view}))
        }
        "reactions.add" => {
            let (channel, ts, name) = (text(a, "channel"), text(a, "timestamp"), text(a, "name").to_owned());
            if name.is_empty() || name.contains(':') {
                return Err("invalid_name".to_owned());
            }
            let message = find(state, channel, ts).ok_or("message_not_found")?;
            if message.reactions.contains(&name) {
                return Err("already_reacted".to_owned());
            }
            message.reactions.push(name);
            Ok(json!({}))
        }
        // https://docs.slack.dev/reference/methods/pins.remove: `no_pin` where there is none; older pages say `not_pinned`.
        "pins.add" | "pins.remove" => {
            let (channel, ts) = (text(a, "channel"), text(a, "timestamp").to_owned());
            let stands = find(state, channel, &ts).is_some();
            let pins = &mut state.channels.get_mut(channel).ok_or("channel_not_found")?.pins;
            match (method, pins.iter().position(|pinned| *pinned == ts)) {
                ("pins.add", _) if !stands => return Err("message_not_found".to_owned()),
                ("pins.add", Some(_)) => return Err("already_pinned".to_owned()),
                ("pins.add", None) => pins.push(ts),
                (_, Some(at)) => drop(pins.remove(at)),
                (_, None) => return Err("no_pin".to_owned()),
            }
            Ok(json!({}))
        }
        "usergroups.users.list" => {
            let group = text(a, "usergroup");
            let users = state.groups.get(group).ok_or("no_such_subteam")?;
            Ok(json!({"users": users}))
        }
        "files.getUploadURLExternal" => {
            let id = format!("F{:010}", state.unique());
            let file = File { name: text(a, "filename").to_owned(), bytes: Vec::new(), shared: None };
            if file.name.is_empty() || text(a, "length").parse::<u64>().is_err() {
                return Err("invalid_arguments".to_owned());
            }
            state.files.insert(id.clone(), file);
            Ok(json!({"file_id": id, "upload_url": format!("http://127.0.0.1:{}/upload/{id}", slack.port)}))
        }
        "files.completeUploadExternal" => {
            let channel = there(state, text(a, "channel_id"), None)?;
            let thread = a["thread_ts"].as_str().map(str::to_owned);
            for one in a["files"].as_array().ok_or("invalid_arguments")? {
                let file = state.files.get_mut(text(one, "id")).ok_or("file_not_found")?;
                file.shared = Some((channel.clone(), thread.clone()));
            }
            Ok(json!({"files": a["files"]}))
        }
        other => conversations(state, other, a),
    }
}

fn conversations(state: &mut State, method: &str, a: &Value) -> Answer {
    let id = text(a, "channel").to_owned();
    let shown = |id: &str, state: &State| {
        let channel = &state.channels[id];
        json!({"id": id, "name": channel.name, "is_member": channel.members.contains(BOT), "is_archived": channel.archived, "creator": BOT,
            "created": std::time::UNIX_EPOCH.elapsed().unwrap().as_secs(),
            "topic": {"value": channel.topic}})
    };
    if method.starts_with("conversations.")
        && !["conversations.open", "conversations.list", "conversations.create"].contains(&method)
        && !state.channels.contains_key(&id)
    {
        return Err("channel_not_found".to_owned());
    }
    match method {
        "conversations.open" => {
            let direct = state.direct(text(a, "users"));
            Ok(json!({"channel": {"id": direct}}))
        }
        "conversations.list" => {
            let all: Vec<String> = state.channels.keys().filter(|id| id.starts_with('C')).cloned().collect();
            // Pages of two, so that whoever does not turn them is found out.
            let at: usize = text(a, "cursor").parse().unwrap_or(0);
            let page: Vec<Value> = all.iter().skip(at).take(2).map(|id| shown(id, state)).collect();
            let next = if at + 2 < all.len() { (at + 2).to_string() } else { String::new() };
            Ok(json!({"channels": page, "response_metadata": {"next_cursor": next}}))
        }
        "conversations.info" => Ok(json!({"channel": shown(&id, state)})),
        "conversations.join" => {
            state.channels.entry(id).and_modify(|channel| _ = channel.members.insert(BOT.to_owned()));
            Ok(json!({}))
        }
        "conversations.create" => {
            let name = text(a, "name").to_owned();
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
            if name.is_empty() || name.len() > 80 || !name.chars().all(good) {
                return Err("invalid_name_specials".to_owned());
            }
            if state.channels.values().any(|channel| channel.name == name) {
                return Err("name_taken".to_owned());
            }
            let id = format!("C{:010}", 1000 + state.unique());
            state.add_channel(&id, &name, &[BOT]);
            Ok(json!({"channel": shown(&id, state)}))
        }
        "conversations.invite" => {
            let users: Vec<&str> = text(a, "users").split(',').filter(|user| !user.is_empty()).collect();
            let members = &mut state.channels.get_mut(&id).ok_or("channel_not_found")?.members;
            if users.is_empty() {
                return Err("no_user".to_owned());
            }
            if users.iter().all(|user| members.contains(*user)) {
                return Err("already_in_channel".to_owned());
            }
            members.extend(users.into_iter().map(str::to_owned));
            Ok(json!({}))
        }
        "conversations.setTopic" => {
            let topic = text(a, "topic").to_owned();
            if topic.encode_utf16().count() > 250 {
                return Err("too_long".to_owned());
            }
            state.channels.entry(id).and_modify(|channel| channel.topic = topic);
            Ok(json!({}))
        }
        "conversations.archive" | "conversations.unarchive" => {
            let archive = method.ends_with(".archive");
            let channel = state.channels.get_mut(&id).ok_or("channel_not_found")?;
            if channel.archived == archive {
                return Err(if archive { "already_archived" } else { "not_archived" }.to_owned());
            }
            channel.archived = archive;
            Ok(json!({}))
        }
        "conversations.history" | "conversations.replies" => {
            let root = a["ts"].as_str();
            let (oldest, latest) = (text(a, "oldest"), text(a, "latest"));
            let limit = text(a, "limit").parse().unwrap_or(100);
            let at = |message: &&Message| match root {
                Some(root) => message.thread.as_deref() == Some(root) || message.ts == root,
                None => message.thread.is_none(),
            };
            let of = state
                .messages
                .iter()
                .filter(|one| one.channel == id && one.only_for.is_none() && one.ts.as_str() >= oldest)
                .filter(|one| latest.is_empty() || one.ts.as_str() <= latest);
            let found: Vec<Value> = of
                .filter(at)
                .rev()
                .take(limit)
                .map(|one| {
                    let mut shown = json!({"type": "message", "ts": one.ts, "text": one.body["text"], "metadata": one.body["metadata"]});
                    // What a person wrote is shown as its event tells it, and what stands in a thread says in which.
                    if one.body["user"].is_string() {
                        shown["text"] = json!(words::escaped(one.body["text"].as_str().unwrap_or_default()));
                    }
                    if let Some(thread) = &one.thread {
                        shown["thread_ts"] = json!(thread);
                    }
                    shown
                })
                .collect();
            Ok(json!({"messages": found}))
        }
        other => {
            state.refused.push(format!("unknown method {other}"));
            Err("unknown_method".to_owned())
        }
    }
}

/// A channel that may be spoken in, and in which whoever is spoken to is.
fn there(state: &mut State, id: &str, user: Option<&str>) -> Result<String, String> {
    let channel = state.channels.get(id).ok_or("channel_not_found")?;
    if channel.archived {
        return Err("is_archived".to_owned());
    }
    if !channel.members.contains(BOT) {
        return Err("not_in_channel".to_owned());
    }
    match user.is_none_or(|user| channel.members.contains(user)) {
        true => Ok(id.to_owned()),
        false => Err("user_not_in_channel".to_owned()),
    }
}

pub(super) fn checked(state: &mut State, method: &str, wrong: Vec<String>) -> Result<(), String> {
    if wrong.is_empty() {
        return Ok(());
    }
    state.refused.push(format!("{method}: {}", wrong.join("; ")));
    Err("invalid_blocks".to_owned())
}

fn find<'a>(state: &'a mut State, channel: &str, ts: &str) -> Option<&'a mut Message> {
    state.messages.iter_mut().find(|one| one.channel == channel && one.ts == ts)
}

pub(super) fn put(
    state: &mut State,
    channel: &str,
    ts: &str,
    thread: Option<String>,
    only_for: Option<String>,
    body: &Value,
) {
    let mut body = body.clone();
    parts::named(state, body.get_mut("blocks"));
    state.messages.push(Message {
        channel: channel.to_owned(),
        ts: ts.to_owned(),
        thread,
        only_for,
        body,
        edits: 0,
        reactions: Vec::new(),
    });
}
