//! A site whose certificate is over, and renewed: looked at by the shipped program, which is told by its environment whom to trust.

use super::{setup, step_as_told};
use crate::cli::program::call;
use crate::support::database::TestDatabase;
use crate::support::process::Home;
use crate::support::proxy::Proxy;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A site that is well but for its certificate.
pub struct Site {
    pub port: u16,
    shows: Arc<Mutex<TlsAcceptor>>,
    serving: JoinHandle<()>,
}

impl Site {
    /// With one of the certificates of `tests/fixtures/tls`.
    pub async fn start(certificate: &str) -> Self {
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shows = Arc::new(Mutex::new(acceptor(certificate)));
        let now = shows.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = now.lock().unwrap().clone();
                // Whoever does not like the certificate hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, shows, serving }
    }

    /// From now on it shows another certificate.
    pub fn renews(&self, certificate: &str) {
        *self.shows.lock().unwrap() = acceptor(certificate);
    }

    /// It is gone.
    pub async fn end(self) {
        self.serving.abort();
        let _ = self.serving.await;
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(fixture(certificate)).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("localhost.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[test]
fn a_certificate_that_is_over_fails_a_renewed_one_passes_and_with_the_way_cut_it_is_unknown() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Arc::new(tempfile::tempdir().unwrap());
        let site = Site::start("expired.pem").await;
        let way = Proxy::to(&format!("127.0.0.1:{}", site.port)).await;
        let port = way.address.rsplit(':').next().unwrap();
        let values = format!("app_url = \"https://localhost:{port}\", app_host = \"localhost\"");
        let more = "[databases.app]\nurl = \"sqlite:PLACE/app.db\"\n";
        let home = Home::of(&TestDatabase::sqlite(), &setup(&place, &values, &[], more).config);
        let authority = fixture("ca.pem");
        let process = home.start(&[("SSL_CERT_FILE", authority.to_str().unwrap())]).await;
        let tell = async |line: String| call(home.folder.path(), &["run", "--json", &line]).json()["data"].clone();
        let is = async |state: &str| {
            let said = step_as_told(&tell, "security-check", "The certificate is good").await;
            assert!(said.starts_with(state), "expected {state}, it is {said}");
        };
        is("fail: got no answer: localhost cannot be reached: invalid peer certificate").await;
        site.renews("localhost.pem");
        is("pass").await;
        way.cut();
        is("unknown").await;
        way.mend();
        is("pass").await;
        site.renews("expired.pem");
        is("fail").await;
        assert!(process.end(false).await.success());
        site.end().await;
    });
}
