//! The fake's side of Socket Mode. <https://docs.slack.dev/apis/events-api/using-socket-mode>

use super::Slack;
use super::state::Wire;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

pub(super) async fn serve(slack: Arc<Slack>, listener: TcpListener) {
    let stop = slack.stop.clone();
    let slack = Arc::downgrade(&slack);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let (Ok((stream, _)), Some(slack)) = (accepted, slack.upgrade()) else { return };
        tokio::spawn(converse(slack, stream));
    }
}

async fn converse(slack: Arc<Slack>, stream: TcpStream) {
    // Envelopes go out as they come, not when the one before has been heard of.
    let _ = stream.set_nodelay(true);
    let tickets = slack.clone();
    #[expect(clippy::result_large_err, reason = "its shape is the library's")]
    let check = move |request: &Request, response: Response| {
        let ticket = request.uri().query().and_then(|query| query.strip_prefix("ticket=")).unwrap_or_default();
        let ticket = ticket.split('&').next().unwrap_or_default().to_owned();
        match tickets.state().tickets.remove(&ticket) {
            true => Ok(response),
            // A ticket opens one socket.
            false => Err(ErrorResponse::new(Some("this ticket is none".to_owned()))),
        }
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, check).await else { return };
    let (sender, mut told) = mpsc::unbounded_channel();
    let (number, open, turned_away) = {
        let mut state = slack.state();
        state.opened.push(Instant::now());
        let number = state.opened.len();
        state.sockets.push((number, sender));
        (number, state.sockets.len(), state.turned_away)
    };
    let hello = json!({"type": "hello", "num_connections": open, "connection_info": {"app_id": "A0000000001"},
        "debug_info": {"host": "applink-1", "approximate_connection_time": 18060}});
    let _ = socket.send(Message::text(hello.to_string())).await;
    if let Some(reason) = turned_away {
        let _ = socket.send(Message::text(json!({"type": "disconnect", "reason": reason}).to_string())).await;
    }
    loop {
        tokio::select! {
            wire = told.recv() => match wire {
                Some(Wire::Text(text)) => drop(socket.send(Message::text(text)).await),
                Some(Wire::Close(code)) => {
                    let _ = socket.close(Some(CloseFrame { code: code.into(), reason: "".into() })).await;
                    break;
                }
                Some(Wire::Cut) | None => break,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => heard(&slack, text.as_str()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            () = slack.stop.cancelled() => break,
        }
    }
    slack.state().sockets.retain(|(one, _)| *one != number);
}

/// The bot says nothing on a socket but acknowledgements.
fn heard(slack: &Slack, text: &str) {
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    let mut state = slack.state();
    match frame["envelope_id"].as_str() {
        Some(id) => {
            let kind = state.envelopes.get(id).cloned().unwrap_or_else(|| "nothing that was sent".to_owned());
            state.keeps_answer(&kind, &frame["payload"]);
            state.acks.insert(id.to_owned(), frame["payload"].clone());
        }
        None => state.refused.push(format!("a frame that is no acknowledgement: {text}")),
    }
}
