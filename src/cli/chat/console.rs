//! The console at a terminal: what others do is printed above the line being typed.

use super::Seat;
use super::completer::{Here, Words};
use super::editor::{Editor, Key};
use super::feed::{Feed, News};
use super::transcript::Transcript;
use super::typed::{self, Typed};
use crate::cli::client::{ClientError, Ended, Request, What};
use crate::cli::failure::Failure;
use crate::cli::output::columns;
use crate::cli::reach;
use crate::cli::signals::Stop;
use crate::platform::console::{Look, Style, clean, clean_line};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Lines of the past that a newcomer sees.
const PAST: i64 = 20;
/// After this long somebody wonders whether the command was heard.
const QUIET: Duration = Duration::from_secs(2);
/// The history's file in the data folder.
const HISTORY: &str = "chat-history";

/// Runs the console until it is left (Ctrl-D, `/quit`) or the program is told to stop.
///
/// # Errors
/// The terminal cannot be used.
pub async fn interactive(seat: Seat, stop: &mut Stop) -> Result<(), Failure> {
    let here: Here = Arc::new(Mutex::new(seat.channel.clone()));
    let words = Words {
        client: seat.client.clone(),
        here: here.clone(),
        channels: seat.channels.clone(),
        runtime: Handle::current(),
    };
    let Some(editor) = Editor::start(words, seat.data_dir.join(HISTORY))? else {
        return super::piped::run(seat, stop).await;
    };
    let (answers, answered) = mpsc::unbounded_channel();
    let feed = seat.feed(PAST);
    let transcript = Transcript::new(seat.look, false);
    let mut console = Console { seat, here, editor, feed, transcript, answers, connected: None };
    console.run(stop, answered).await;
    Ok(())
}

/// What came of a request.
enum Heard {
    /// It takes a while.
    Still(String),
    /// It ended, or did not.
    Ended(Result<Box<Ended>, ClientError>),
}

struct Console {
    seat: Seat,
    here: Here,
    editor: Editor,
    feed: Feed,
    transcript: Transcript,
    answers: mpsc::UnboundedSender<Heard>,
    /// Whether the stream is there; not known at first.
    connected: Option<bool>,
}

impl Seat {
    /// The stream of the channel we are in.
    pub(super) fn feed(&self, last: i64) -> Feed {
        Feed::start(self.client.clone(), self.data_dir.clone(), self.channel.clone(), last)
    }
}

impl Console {
    async fn run(&mut self, stop: &mut Stop, mut answered: mpsc::UnboundedReceiver<Heard>) {
        self.ask();
        loop {
            tokio::select! {
                key = self.editor.next() => {
                    if !self.key(key) {
                        return;
                    }
                    self.ask();
                }
                news = self.feed.next() => self.news(news),
                Some(heard) = answered.recv() => self.heard(heard),
                // Between two lines Ctrl-C is a signal; there is no line to clear then.
                interrupted = stop.asked() => if !interrupted {
                    return;
                },
            }
        }
    }

    fn ask(&self) {
        self.editor.ask(&format!("{}> ", self.seat.channel));
    }

    fn note(&self, text: &str) {
        self.editor.print(&self.transcript.look().ink.paint(Style::Dim, &clean_line(text)));
    }

    /// Does what was typed; `false` ends the console.
    fn key(&mut self, key: Key) -> bool {
        let line = match key {
            Key::Line(line) => line,
            Key::Interrupt => return true,
            Key::End => return false,
        };
        match typed::read(&line) {
            Typed::Nothing => {}
            Typed::Command(text) => {
                let channel = self.seat.channel.clone();
                self.send(What::Command { text, channel }, &line);
            }
            Typed::Click(number) => match self.transcript.click(number) {
                Ok(click) => self.send(click, &line),
                Err(why) => self.note(&why),
            },
            Typed::Channel(Some(channel)) => self.go_to(&channel),
            Typed::Channel(None) => self.note(&format!("There are: {}", self.seat.channels.join(", "))),
            Typed::Quit => return false,
            Typed::Explain(why) => self.note(why),
        }
        true
    }

    fn go_to(&mut self, channel: &str) {
        let bare = channel.trim_start_matches('#');
        let Some(known) = self.seat.known(bare) else {
            self.note(&format!("There is no channel {channel}; there are: {}", self.seat.channels.join(", ")));
            return;
        };
        *self.here.lock().unwrap_or_else(PoisonError::into_inner) = known.clone();
        self.seat.channel = known;
        self.feed = self.seat.feed(PAST);
        self.connected = None;
        self.transcript.forget();
    }

    /// Sends a request; its answer comes back by the channel, so that one can go on typing.
    fn send(&mut self, what: What, line: &str) {
        let request = Request::new(what);
        self.transcript.typed_here(&request.key);
        let (client, data_dir) = (self.seat.client.clone(), self.seat.data_dir.clone());
        let (answers, line) = (self.answers.clone(), line.trim().to_owned());
        tokio::spawn(async move {
            let mut carried = std::pin::pin!(reach::carry_out(&client, &data_dir, &request));
            let ended = match tokio::time::timeout(QUIET, carried.as_mut()).await {
                Ok(ended) => ended,
                Err(_) => {
                    // Nobody listens any more only when the console is ending.
                    let _ = answers.send(Heard::Still(line));
                    carried.await
                }
            };
            let _ = answers.send(Heard::Ended(ended.map(Box::new)));
        });
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Still(line) => self.note(&format!("still at work on {line}")),
            // The stream shows what it posted; a text without any message only we have.
            Heard::Ended(Ok(ended)) if ended.answer.messages.is_empty() => {
                if !ended.answer.text.is_empty() {
                    self.editor.print(&clean(&ended.answer.text));
                }
            }
            Heard::Ended(Ok(_)) => {}
            Heard::Ended(Err(error)) => self.editor.print(&clean(&error.to_string())),
        }
    }

    fn news(&mut self, news: News) {
        match news {
            News::Connected => {
                if self.connected == Some(false) {
                    self.note("The bot is back; what happened meanwhile follows.");
                }
                self.connected = Some(true);
            }
            News::Lost(why) => {
                self.connected = Some(false);
                self.note(&format!("The bot is gone ({why}). Trying again; Ctrl-D leaves."));
            }
            News::Refused(why) => self.note(&format!("Messages cannot be shown: {why}")),
            News::Item(item) => {
                let look = self.transcript.look();
                self.transcript.set_look(Look::new(columns(), look.ink.colour));
                let lines = self.transcript.item(&item);
                if !lines.is_empty() {
                    self.editor.print(&lines.join("\n"));
                }
            }
        }
    }
}
