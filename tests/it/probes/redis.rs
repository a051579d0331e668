//! A Redis as far as a probe needs one: it asks for a password, and tells of itself.

use super::{cards, look, setup};
use crate::support::bot::{TestBot, with_database};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What `INFO` tells, and which passwords were shown.
#[derive(Default)]
struct Redis {
    info: Mutex<String>,
    shown: Mutex<Vec<String>>,
}

impl Redis {
    async fn start() -> (Arc<Self>, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Arc::new(Self::default());
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        (server, port)
    }

    fn tells(&self, memory: u64, hits: u64, misses: u64) {
        *self.info.lock().unwrap() = format!(
            "# Memory\r\nused_memory:{memory}\r\nused_memory_human:x\r\n# Stats\r\nkeyspace_hits:{hits}\r\nkeyspace_misses:{misses}\r\n"
        );
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut known = false;
        loop {
            let mut words = Vec::new();
            for _ in 0..number(&mut stream, '*').await? {
                let mut word = vec![0; number(&mut stream, '$').await? + 2];
                stream.read_exact(&mut word).await?;
                words.push(String::from_utf8(word).unwrap().trim_end().to_owned());
            }
            let answer = match words[0].as_str() {
                "AUTH" => {
                    known = words[1..] == ["probe", "a b"];
                    self.shown.lock().unwrap().push(words[1..].join("/"));
                    if known { "+OK\r\n".to_owned() } else { "-WRONGPASS invalid\r\n".to_owned() }
                }
                "INFO" if known => {
                    let info = self.info.lock().unwrap().clone();
                    format!("${}\r\n{info}\r\n", info.len())
                }
                _ => "-NOAUTH Authentication required.\r\n".to_owned(),
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

/// `*3`, or the end of the connection as an error.
async fn number(stream: &mut BufReader<TcpStream>, sign: char) -> std::io::Result<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let number = line.trim_end().strip_prefix(sign).and_then(|number| number.parse().ok());
    number.ok_or_else(|| std::io::Error::other("no command"))
}

#[test]
fn memory_and_the_hits_within_the_window_are_measured() {
    with_database(async |database| {
        let (redis, port) = Redis::start().await;
        redis.tells(2048, 900, 100);
        let probes = format!(
            "[probes.memory]\nurl = \"redis://probe:a%20b@127.0.0.1:{port}\"\nfield = \"used_memory\"\nunit = \"bytes\"\nwindow = \"1m\"\n\
             above = \"1KiB\"\nfail_after = 1\n\
             [probes.hits]\nurl = \"redis://probe:a%20b@127.0.0.1:{port}\"\nmeasure = \"hit-ratio\"\nwindow = \"90s\"\nbelow = \"50%\"\n\
             fail_after = 1\n\
             [probes.stranger]\nurl = \"redis://127.0.0.1:{port}\"\nmeasure = \"hit-ratio\"\nwindow = \"5m\"\nbelow = \"50%\"\n"
        );
        let bot = TestBot::start(database, setup(&probes)).await;
        for (count, hits) in [(1, 900), (2, 920)] {
            redis.tells(2048, hits, 100);
            let early = look(&bot, "hits").await;
            let few = format!("{count} looks within the window say something; 3 are needed");
            assert_eq!((early.outcome.as_str(), early.detail), ("unknown", few));
        }
        // Nine of ten ever found something, but of these hundred only thirty.
        redis.tells(2048, 930, 170);
        let third = look(&bot, "hits").await;
        assert_eq!((third.outcome.as_str(), third.value), ("fail", Some(0.3)));
        // A restart in between takes nothing from what was before it, nor from what comes after.
        redis.tells(2048, 5, 0);
        let anew = look(&bot, "hits").await;
        assert_eq!((anew.outcome.as_str(), anew.value), ("fail", Some(0.3)));
        redis.tells(2048, 25, 50);
        let after = look(&bot, "hits").await;
        assert_eq!((after.outcome.as_str(), after.value), ("fail", Some(0.2)));
        let memory = look(&bot, "memory").await;
        assert_eq!((memory.outcome.as_str(), memory.value), ("fail", Some(2048.0)));
        let stranger = look(&bot, "stranger").await;
        assert_eq!(
            (stranger.outcome.as_str(), stranger.detail.as_str()),
            ("unknown", "it refuses: NOAUTH Authentication required.")
        );
        let text = cards(&bot).await.join("\n");
        assert!(
            text.contains("hits: ") && text.contains(" % (alert below 50 %)") && text.contains("memory: 2.0 KiB"),
            "{text}"
        );
        assert!(redis.shown.lock().unwrap().iter().all(|shown| shown == "probe/a b"));
        bot.finish().await;
    });
}
