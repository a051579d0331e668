//! The console without a terminal: lines in, messages out, one command after the other. After the last line it waits for what
//! is still to be said, then ends.

use super::Seat;
use super::feed::{Feed, News};
use super::transcript::Transcript;
use super::typed::{self, Typed};
use crate::cli::client::{Ended, Request, What};
use crate::cli::failure::Failure;
use crate::cli::output::{print, tell};
use crate::cli::reach;
use crate::cli::signals::Stop;
use std::io::{BufRead, Read};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long the stream may take to connect, or to bring what an answer says was posted.
const PATIENCE: Duration = Duration::from_secs(5);
/// A line longer than this is no command.
const MOST_BYTES: usize = 64 * 1024;

/// Carries out the lines of stdin.
pub(super) async fn run(seat: Seat, stop: &mut Stop) -> Result<(), Failure> {
    let feed = seat.feed(0);
    let transcript = Transcript::new(seat.look, true);
    let mut session = Session { seat, feed, transcript };
    tokio::select! {
        ended = session.run() => ended,
        _ = stop.asked() => Ok(()),
    }
}

struct Session {
    seat: Seat,
    feed: Feed,
    transcript: Transcript,
}

impl Session {
    async fn run(&mut self) -> Result<(), Failure> {
        self.connect().await?;
        let mut lines = lines();
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    None => return Ok(()),
                    Some(Err(why)) => tell(why),
                    Some(Ok(line)) => if !self.line(&line).await? {
                        return Ok(());
                    },
                },
                news = self.feed.next() => self.news(news)?,
            }
        }
    }

    /// Before the first command, so that nothing it says can be missed.
    async fn connect(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout_at(deadline, self.feed.next()).await {
                Ok(News::Connected) => return Ok(()),
                Ok(other) => self.news(other)?,
                Err(_) => return Err(Failure::new("the bot does not show its messages; see its log")),
            }
        }
    }

    /// Does what a line says; `false` ends the session.
    async fn line(&mut self, line: &str) -> Result<bool, Failure> {
        match typed::read(line) {
            Typed::Nothing => {}
            Typed::Command(text) => {
                let channel = self.seat.channel.clone();
                self.carry_out(What::Command { text, channel }).await?;
            }
            Typed::Click(number) => match self.transcript.click(number) {
                Ok(click) => self.carry_out(click).await?,
                Err(why) => tell(&why),
            },
            Typed::Channel(Some(channel)) => {
                let bare = channel.trim_start_matches('#');
                match self.seat.known(bare) {
                    Some(known) => {
                        self.seat.channel = known;
                        self.feed = self.seat.feed(0);
                        self.connect().await?;
                    }
                    None => {
                        tell(&format!("There is no channel {channel}; there are: {}", self.seat.channels.join(", ")))
                    }
                }
            }
            Typed::Channel(None) => tell(&format!("There are: {}", self.seat.channels.join(", "))),
            Typed::Quit => return Ok(false),
            Typed::Explain(why) => tell(why),
        }
        Ok(true)
    }

    async fn carry_out(&mut self, what: What) -> Result<(), Failure> {
        let request = Request::new(what);
        self.transcript.typed_here(&request.key);
        let (client, data_dir) = (self.seat.client.clone(), self.seat.data_dir.clone());
        let mut carried = std::pin::pin!(reach::carry_out(&client, &data_dir, &request));
        let ended = loop {
            tokio::select! {
                ended = carried.as_mut() => break ended,
                news = self.feed.next() => self.news(news)?,
            }
        };
        match ended {
            Ok(ended) => self.rest_of(&ended).await,
            Err(error) if error.may_pass() => Err(Failure::new(error.to_string())),
            Err(error) => {
                tell(&error.to_string());
                Ok(())
            }
        }
    }

    /// Waits until the stream has shown what the answer says was posted here; what it does not bring is shown from the answer.
    async fn rest_of(&mut self, ended: &Ended) -> Result<(), Failure> {
        let here = crate::cli::place::conversation(&self.seat.channel);
        let posted: Vec<_> = ended.answer.messages.iter().filter(|message| message.conversation == here).collect();
        let deadline = Instant::now() + PATIENCE;
        while posted.iter().any(|message| !self.transcript.has(&message.message)) {
            match tokio::time::timeout_at(deadline, self.feed.next()).await {
                Ok(news) => self.news(news)?,
                Err(_) => break,
            }
        }
        for message in posted {
            let lines = self.transcript.message(message);
            show(&lines)?;
        }
        if ended.answer.messages.is_empty() && !ended.answer.text.is_empty() {
            print(&crate::platform::console::clean(&ended.answer.text))?;
        }
        Ok(())
    }

    fn news(&mut self, news: News) -> Result<(), Failure> {
        match news {
            News::Connected => Ok(()),
            News::Lost(why) => {
                tell(&format!("The bot is gone ({why}). Trying again."));
                Ok(())
            }
            News::Refused(why) => Err(Failure::new(format!("the bot does not show its messages: {why}"))),
            News::Item(item) => show(&self.transcript.item(&item)),
        }
    }
}

fn show(lines: &[String]) -> Result<(), Failure> {
    if lines.is_empty() { Ok(()) } else { print(&lines.join("\n")) }
}

type Line = Result<String, &'static str>;

/// The lines of stdin, read by a thread of its own: a blocked read must not keep the program from ending.
fn lines() -> mpsc::Receiver<Line> {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        while let Some(line) = next_line(&mut stdin) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The next line, or a sentence on why it is none; `None` at the end.
fn next_line(input: &mut impl BufRead) -> Option<Line> {
    let mut bytes = Vec::new();
    let read = input.by_ref().take(MOST_BYTES as u64).read_until(b'\n', &mut bytes).ok()?;
    if read == 0 {
        return None;
    }
    if bytes.len() == MOST_BYTES && bytes.last() != Some(&b'\n') {
        // The rest of it is no command of its own.
        input.skip_until(b'\n').ok()?;
        return Some(Err("A line is longer than any command; nothing was sent."));
    }
    Some(String::from_utf8(bytes).map_err(|_| "A line is not UTF-8 text; nothing was sent."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_text_are_named_and_the_next_one_is_read() {
        let mut input = b"/sev list\n\xff\xfe\n".to_vec();
        input.extend(vec![b'x'; MOST_BYTES * 2]);
        input.extend(b"\n/sev show");
        let mut input = input.as_slice();
        let read: Vec<_> = std::iter::from_fn(|| next_line(&mut input)).collect();
        assert_eq!(read.len(), 4);
        assert_eq!(read[0], Ok("/sev list\n".to_owned()));
        assert!(read[1].as_ref().is_err_and(|why| why.contains("UTF-8")));
        assert!(read[2].as_ref().is_err_and(|why| why.contains("longer")));
        assert_eq!(read[3], Ok("/sev show".to_owned()));
    }
}
