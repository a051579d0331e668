//! An SMTP server that does as the test says: it keeps the mails it takes, asks for TLS if it is to, and has mishaps.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What goes wrong with one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The recipient is told to come back: 451.
    Busy,
    /// The greeting is 421.
    Closing,
    /// The mail is read whole, and the connection cut instead of an answer. It counts as taken.
    CutAfterData,
    /// Nothing is ever answered to it. It does not count.
    Silent,
    /// The recipient is unknown: 550.
    Unknown,
}

/// A mail as it was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Whom it was for.
    pub to: String,
    /// Whether it came over TLS.
    pub private: bool,
    /// Who had signed in, as `AUTH PLAIN` says it.
    pub login: String,
    /// Everything between `DATA` and the dot.
    pub text: String,
}

impl Taken {
    /// A header field, unfolded.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

/// How it keeps what is said private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// Not at all.
    None,
    /// It offers STARTTLS.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// The server.
pub struct Smtp {
    /// Where it listens on this machine.
    pub port: u16,
    taken: Mutex<Vec<Taken>>,
    mishaps: Mutex<BTreeMap<usize, Mishap>>,
    calls: AtomicUsize,
    privacy: Privacy,
    tls: TlsAcceptor,
}

/// The authority that signed the server's certificate.
pub fn authority() -> PathBuf {
    fixture("ca.pem")
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

impl Smtp {
    /// Starts one; it ends with the test's runtime.
    pub async fn start(privacy: Privacy) -> Arc<Self> {
        let certificate = CertificateDer::from_pem_file(fixture("localhost.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(fixture("localhost.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            taken: Mutex::default(),
            mishaps: Mutex::default(),
            calls: AtomicUsize::new(0),
            privacy,
            tls: TlsAcceptor::from(Arc::new(config)),
        });
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                // A client that hangs up in the middle is part of the tests.
                tokio::spawn(async move { server.serve(stream).await.ok() });
            }
        });
        server
    }

    /// From now on every third call has a mishap, each time the next of these.
    pub fn every_third(&self, mishaps: &[Mishap]) {
        let from = self.calls.load(Ordering::SeqCst);
        let planned = mishaps.iter().zip(1..).map(|(mishap, n)| (from + 3 * n - 1, *mishap));
        self.mishaps.lock().unwrap().extend(planned);
    }

    /// The next calls have these mishaps.
    pub fn next(&self, mishaps: &[Mishap]) {
        let from = self.calls.load(Ordering::SeqCst);
        self.mishaps.lock().unwrap().extend(mishaps.iter().enumerate().map(|(n, mishap)| (from + n, *mishap)));
    }

    /// What it has taken.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mishap = self.mishaps.lock().unwrap().get(&self.calls.fetch_add(1, Ordering::SeqCst)).copied();
        if self.privacy == Privacy::Tls {
            let stream = self.tls.accept(stream).await?;
            return self.talk(stream, mishap, true, true).await.map(drop);
        }
        if self.talk(&mut stream, mishap, true, false).await? {
            let stream = self.tls.accept(stream).await?;
            self.talk(stream, mishap, false, true).await?;
        }
        Ok(())
    }

    /// One conversation; `true` when the client asks for TLS and nothing but TLS may follow.
    async fn talk(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        mishap: Option<Mishap>,
        greet: bool,
        private: bool,
    ) -> std::io::Result<bool> {
        let mut stream = BufReader::new(stream);
        if mishap == Some(Mishap::Closing) {
            stream.write_all(b"421 localhost closing\r\n").await?;
            return Ok(false);
        }
        if greet {
            stream.write_all(b"220 localhost\r\n").await?;
        }
        let (mut to, mut login) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(false);
            }
            let line = line.trim_end();
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            let answer = match (verb.as_str(), mishap) {
                ("EHLO", _) if self.privacy == Privacy::Starttls && !private => "250-localhost\r\n250 STARTTLS",
                ("EHLO", _) => "250-localhost\r\n250 AUTH PLAIN",
                ("STARTTLS", _) => {
                    stream.write_all(b"220 go ahead\r\n").await?;
                    return Ok(true);
                }
                ("AUTH", _) => {
                    login = line.to_owned();
                    "235 welcome"
                }
                ("RCPT", Some(Mishap::Busy)) => "451 come back later",
                ("RCPT", Some(Mishap::Unknown)) => "550 no such user",
                ("MAIL", Some(Mishap::Silent)) => std::future::pending().await,
                ("RCPT", _) => {
                    to = line.trim_start_matches("RCPT TO:<").split('>').next().unwrap_or_default().to_owned();
                    "250 ok"
                }
                ("DATA", _) => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let mut text = String::new();
                    while !text.ends_with("\r\n.\r\n") {
                        if stream.read_line(&mut text).await? == 0 {
                            return Ok(false);
                        }
                    }
                    let (to, login) = (to.clone(), login.clone());
                    self.taken.lock().unwrap().push(Taken { to, private, login, text });
                    if mishap == Some(Mishap::CutAfterData) {
                        return Ok(false);
                    }
                    "250 taken"
                }
                ("QUIT", _) => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(false);
                }
                _ => "250 ok",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}
