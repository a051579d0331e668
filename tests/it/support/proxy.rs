//! A wire between browser and bot, or bot and database, that can be cut and mended.

use super::postgres;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The wire.
pub struct Proxy {
    /// Where to connect, `http://127.0.0.1:1234`.
    pub address: String,
    cuts: watch::Sender<u64>,
    up: Arc<AtomicBool>,
}

impl Proxy {
    /// To a bot at `http://127.0.0.1:1234`.
    pub async fn to(bot: &str) -> Self {
        let bot = bot.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (cuts, heard) = watch::channel(0);
        let up = Arc::new(AtomicBool::new(true));
        let open = up.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let (bot, mut heard) = (bot.clone(), heard.clone());
                tokio::spawn(async move {
                    heard.mark_unchanged();
                    let Ok(mut far) = TcpStream::connect(bot).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = heard.changed() => {}
                    }
                });
            }
        });
        Self { address, cuts, up }
    }

    /// Before a PostgreSQL server: the database's address through the wire, and the wire.
    pub async fn before(url: &str) -> (String, Self) {
        let server = postgres::server_of(url);
        let wire = Self::to(server).await;
        (url.replace(server, wire.address.trim_start_matches("http://")), wire)
    }

    /// Breaks every connection, and takes none until it is mended.
    pub fn cut(&self) {
        self.up.store(false, Ordering::SeqCst);
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.up.store(true, Ordering::SeqCst);
    }
}
