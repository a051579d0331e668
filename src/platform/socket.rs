//! A websocket to a chat platform, and when to open the next one. What goes over it is the platform's business.

use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// How long opening a socket may take.
const OPEN: Duration = Duration::from_secs(15);
/// How long a frame may take to leave, and a close to be said.
const SEND: Duration = Duration::from_secs(10);
/// Bytes of one message at most; a guild with thousands of members is a few MiB.
const MESSAGE_BYTES: usize = 16 << 20;
/// The first wait before another socket is opened; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A socket that held for so long was a good one: the next failure begins at the first wait again.
const HELD: Duration = Duration::from_secs(30);

/// An open websocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What comes out of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Text(String),
    /// The other side sent a ping; it lives.
    Alive,
    /// The other side answered a ping of ours.
    Answered,
    /// The other side closed it; `code` if it gave one (RFC 6455, section 5.5.1).
    Closed {
        /// The close code.
        code: Option<u16>,
        /// What it said, cut to what a line holds.
        reason: String,
    },
    /// It broke.
    Dropped(String),
}

/// Why a socket could not be opened, or a frame not be sent. Never holds the address: it carries a ticket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SocketError(String);

impl Socket {
    /// Opens one.
    ///
    /// # Errors
    /// The other side cannot be reached, refuses, or takes too long.
    pub async fn connect(url: &str) -> Result<Self, SocketError> {
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(MESSAGE_BYTES);
        config.max_frame_size = Some(MESSAGE_BYTES);
        let opening = connect_async_with_config(url, Some(config), true);
        match timeout(OPEN, opening).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(error)) => Err(SocketError(said(&error))),
            Err(_) => Err(SocketError(format!("no answer within {} s", OPEN.as_secs()))),
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The socket is gone, or takes nothing any more.
    pub async fn send(&mut self, text: String) -> Result<(), SocketError> {
        self.put(Message::text(text)).await
    }

    /// Asks whether the other side lives; its answer is [`Frame::Answered`].
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn ping(&mut self) -> Result<(), SocketError> {
        self.put(Message::Ping(Vec::new().into())).await
    }

    async fn put(&mut self, message: Message) -> Result<(), SocketError> {
        match timeout(SEND, self.0.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SocketError(said(&error))),
            Err(_) => Err(SocketError(format!("it took nothing for {} s", SEND.as_secs()))),
        }
    }

    /// What comes next. Safe to cancel. After [`Frame::Closed`] or [`Frame::Dropped`] nothing comes.
    pub async fn next(&mut self) -> Frame {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Frame::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => match String::from_utf8(bytes.to_vec()) {
                Ok(text) => Frame::Text(text),
                Err(_) => Frame::Dropped("it sent bytes that are no text".to_owned()),
            },
            Some(Ok(Message::Close(frame))) => closed(frame),
            Some(Ok(Message::Pong(_))) => Frame::Answered,
            Some(Ok(Message::Ping(_) | Message::Frame(_))) => Frame::Alive,
            Some(Err(error)) => Frame::Dropped(said(&error)),
            None => Frame::Dropped("it ended without a word".to_owned()),
        }
    }

    /// Says goodbye with a close code, as far as the other side still listens.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
        // It is over either way.
        let _ = timeout(SEND, self.0.close(Some(frame))).await;
    }
}

fn closed(frame: Option<CloseFrame>) -> Frame {
    match frame {
        Some(frame) => Frame::Closed { code: Some(frame.code.into()), reason: shortened(frame.reason.as_str()) },
        None => Frame::Closed { code: None, reason: String::new() },
    }
}

/// An error's sentence without any address in it.
fn said(error: &tokio_tungstenite::tungstenite::Error) -> String {
    use tokio_tungstenite::tungstenite::Error;
    match error {
        Error::Http(response) => format!("it answered {}", response.status()),
        Error::Url(_) => "its address is none of a websocket".to_owned(),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// When the next socket is opened: at once the first time, then later and later, never two bots at the same moment.
#[derive(Debug, Default)]
pub struct Reconnect {
    failures: u32,
    opened: Option<Instant>,
}

impl Reconnect {
    /// A socket is open and the platform has greeted.
    pub fn is_up(&mut self, now: Instant) {
        self.opened = Some(now);
    }

    /// How long to wait before the next one.
    pub fn wait(&mut self, now: Instant) -> Duration {
        let held = self.opened.take().is_some_and(|opened| now.duration_since(opened) >= HELD);
        if held {
            self.failures = 0;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(10)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        wait.mul_f64(jitter())
    }
}

/// Between a half and one.
pub fn jitter() -> f64 {
    let mut byte = [0_u8];
    match getrandom::fill(&mut byte) {
        Ok(()) => 0.5 + f64::from(byte[0]) / 510.0,
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A server that does one thing with its first socket.
    async fn server<F, R>(does: F) -> String
    where
        F: FnOnce(WebSocketStream<TcpStream>) -> R + Send + 'static,
        R: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            does(tokio_tungstenite::accept_async(stream).await.unwrap()).await;
        });
        format!("ws://{address}/link?ticket=secret")
    }

    #[tokio::test]
    async fn what_is_sent_comes_back_and_how_it_ended_is_told() {
        let url = server(async |mut socket| {
            let heard = socket.next().await.unwrap().unwrap();
            socket.send(Message::Ping(Vec::new().into())).await.unwrap();
            socket.send(heard).await.unwrap();
            let frame = CloseFrame { code: CloseCode::from(4004), reason: "no such\ntoken".into() };
            socket.close(Some(frame)).await.unwrap();
            while socket.next().await.is_some() {}
        })
        .await;
        let mut socket = Socket::connect(&url).await.unwrap();
        socket.send("hello".to_owned()).await.unwrap();
        assert_eq!(socket.next().await, Frame::Alive);
        assert_eq!(socket.next().await, Frame::Text("hello".to_owned()));
        assert_eq!(socket.next().await, Frame::Closed { code: Some(4004), reason: "no suchtoken".to_owned() });
    }

    #[tokio::test]
    async fn a_close_without_a_code_and_a_broken_line_are_told_apart() {
        let url = server(async |mut socket| {
            socket.close(None).await.unwrap();
            while socket.next().await.is_some() {}
        })
        .await;
        let mut socket = Socket::connect(&url).await.unwrap();
        assert_eq!(socket.next().await, Frame::Closed { code: None, reason: String::new() });
        let url = server(async |socket| drop(socket)).await;
        let mut socket = Socket::connect(&url).await.unwrap();
        assert!(matches!(socket.next().await, Frame::Dropped(_)));
    }

    #[tokio::test]
    async fn an_address_is_in_no_error() {
        for url in ["ws://127.0.0.1:1/link?ticket=secret", "nonsense://secret"] {
            let error = Socket::connect(url).await.err().unwrap().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn waits_grow_to_half_a_minute_and_begin_anew_after_a_good_time() {
        let (mut reconnect, now) = (Reconnect::default(), Instant::now());
        let waits: Vec<_> = (0..9).map(|_| reconnect.wait(now)).collect();
        assert!(waits[0] >= FIRST_WAIT / 2 && waits[0] <= FIRST_WAIT, "{waits:?}");
        assert!(waits[8] >= LONGEST_WAIT / 2 && waits[8] <= LONGEST_WAIT, "{waits:?}");
        // A socket that is closed again at once is no good one.
        reconnect.is_up(now);
        assert!(reconnect.wait(now) >= LONGEST_WAIT / 2);
        reconnect.is_up(now);
        assert!(reconnect.wait(now + HELD) <= FIRST_WAIT);
    }
}
