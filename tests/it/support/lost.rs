//! A wire to a PostgreSQL server that loses what the bot must know most: the server's word that a transaction is committed.

use super::postgres;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server says of a transaction that is durable.
const WORD: &[u8] = b"COMMIT\0";

/// The wire.
pub struct LosesWords {
    /// The database, through the wire.
    pub url: String,
    to_lose: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
}

impl LosesWords {
    /// To the database of that address.
    pub async fn to(url: &str) -> Self {
        let server = postgres::server_of(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address").to_string();
        let (to_lose, lost) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let wire = Self { url: url.replace(&server, &here), to_lose: to_lose.clone(), lost: lost.clone() };
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (server, to_lose, lost) = (server.clone(), to_lose.clone(), lost.clone());
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(server).await else { return };
                    let _ = carry(near, far, &to_lose, &lost).await;
                });
            }
        });
        wire
    }

    /// The next such word is lost, and with it the connection that it came on.
    pub fn lose_next(&self) {
        self.to_lose.fetch_add(1, Ordering::SeqCst);
    }

    /// How many were.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::SeqCst)
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, to_lose: &AtomicU64, lost: &AtomicU64) -> std::io::Result<()> {
    let (mut asks, mut answers) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    // The end of what was carried last, in which a word may begin.
    let mut end = Vec::new();
    loop {
        tokio::select! {
            asked = near.read(&mut asks) => match asked? {
                0 => return Ok(()),
                read => far.write_all(&asks[..read]).await?,
            },
            answered = far.read(&mut answers) => match answered? {
                0 => return Ok(()),
                read => {
                    end.extend_from_slice(&answers[..read]);
                    let has_word = end.windows(WORD.len()).any(|window| window == WORD);
                    let loses = |left: u64| left.checked_sub(1);
                    if has_word && to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, loses).is_ok() {
                        lost.fetch_add(1, Ordering::SeqCst);
                        return Ok(());
                    }
                    end.drain(..end.len().saturating_sub(WORD.len() - 1));
                    near.write_all(&answers[..read]).await?;
                }
            },
        }
    }
}
