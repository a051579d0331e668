//! The console's stream as it comes, across lost connections and restarts of the bot: what came meanwhile comes afterwards,
//! and nothing comes twice.

use crate::cli::client::{Client, ClientError, From};
use crate::cli::sse::SseParser;
use crate::cli::token_file;
use crate::store::StreamItem;
use futures::StreamExt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The bot says something at least every 15 seconds; a line that is silent for longer than this is dead.
const SILENCE: Duration = Duration::from_secs(45);
/// The first pause before connecting again; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What the feed brings.
#[derive(Debug)]
pub(super) enum News {
    /// It is connected: at first, and again after a loss.
    Connected,
    /// The connection is lost, and why; it is being tried again.
    Lost(String),
    /// A line of the stream.
    Item(Box<StreamItem>),
    /// The bot will not give it to us; nothing more comes.
    Refused(String),
}

/// The stream of one channel.
pub(super) struct Feed {
    news: mpsc::Receiver<News>,
    task: JoinHandle<()>,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feed {
    /// Begins with the last few lines of a channel.
    pub(super) fn start(client: Client, data_dir: PathBuf, channel: String, last: i64) -> Self {
        let (sender, news) = mpsc::channel(64);
        let reader = Reader { client, data_dir, channel, from: From::Last(last), sender };
        Self { news, task: tokio::spawn(reader.run()) }
    }

    /// The next news; never ends before `Refused`, after which it waits for ever.
    pub(super) async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }
}

struct Reader {
    client: Client,
    data_dir: PathBuf,
    channel: String,
    from: From,
    sender: mpsc::Sender<News>,
}

impl Reader {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        let mut told = false;
        loop {
            let ended = self.read(&mut told, &mut pause).await;
            let news = match ended {
                Ok(()) => News::Lost("the bot closed the connection".to_owned()),
                Err(error) if error.may_pass() => News::Lost(error.to_string()),
                Err(error) => {
                    let _ = self.sender.send(News::Refused(error.to_string())).await;
                    return;
                }
            };
            // One sentence for each loss, however long it lasts.
            if !std::mem::replace(&mut told, true) && self.sender.send(news).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
            // A restarted bot has another token, perhaps another port.
            if let Ok(Some(file)) = token_file::read(&self.data_dir)
                && let Ok(client) = Client::new(&file, self.client.user())
            {
                self.client = client;
            }
        }
    }

    /// Connects and reads until the connection ends.
    async fn read(&mut self, told: &mut bool, pause: &mut Duration) -> Result<(), ClientError> {
        let mut bytes = self.client.stream(&self.channel, self.from).await?.bytes_stream();
        (*told, *pause) = (false, FIRST_PAUSE);
        if self.sender.send(News::Connected).await.is_err() {
            return Ok(());
        }
        let mut parser = SseParser::default();
        while let Ok(Some(Ok(piece))) = tokio::time::timeout(SILENCE, bytes.next()).await {
            let Ok(events) = parser.push(&piece) else { return Ok(()) };
            for event in events {
                let Ok(item) = serde_json::from_str::<StreamItem>(&event.data) else { continue };
                let seq = item.seq;
                if self.sender.send(News::Item(Box::new(item))).await.is_err() {
                    return Ok(());
                }
                self.from = From::After(seq);
            }
            if let Some(seq) = parser.last_id().and_then(|id| id.parse().ok()) {
                self.from = From::After(seq);
            }
        }
        Ok(())
    }
}
