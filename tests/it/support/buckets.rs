//! S3 servers of two makes: s3s-fs in this process, and moto as a child that dies with us. Each test gets a fresh bucket.

use super::eventually;
use super::postgres::free_port;
use drillbell::artifacts::{Artifacts, Bucket, Patience};
use drillbell::clock::Clock;
use drillbell::config::artifacts::ArtifactPlace;
use drillbell::config::{Config, Env};
use hyper_util::rt::TokioIo;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Bytes of a part in tests, where the server takes it: many parts of little.
pub const PART: usize = 64 * 1024;
/// A signature that does not count, which moto does not mind.
const NOBODY: &str =
    "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x";

/// An S3 server with a bucket of our own in it.
pub struct S3Server {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// Least bytes of a part that it takes.
    pub part: usize,
    /// Where s3s-fs keeps it; moto keeps it in memory.
    pub folder: Option<tempfile::TempDir>,
}

impl S3Server {
    /// s3s-fs, serving for as long as the test's runtime lives.
    pub async fn s3s() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("artifacts")).expect("a bucket");
        let files = s3s_fs::FileSystem::new(folder.path()).expect("a file system");
        let mut service = s3s::service::S3ServiceBuilder::new(files);
        service.set_auth(s3s::auth::SimpleAuth::from_single("id-of-ours", "hunter2-hunter2"));
        let service = service.build();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                let serve = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
                tokio::spawn(serve);
            }
        });
        Self { endpoint, bucket: "artifacts".to_owned(), part: 5 * 1024 * 1024, folder: Some(folder) }
    }

    /// moto: one child for all tests of this process.
    pub async fn moto() -> Self {
        static MOTO: OnceLock<u16> = OnceLock::new();
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let endpoint = format!("http://127.0.0.1:{}", MOTO.get_or_init(start_moto));
        let bucket = format!("artifacts-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let client = plain_client();
        eventually("moto makes a bucket", async || {
            let made = client.put(format!("{endpoint}/{bucket}")).header("Content-Length", 0).send().await;
            made.ok().filter(|made| made.status().is_success())
        })
        .await;
        Self { endpoint, bucket, part: PART, folder: None }
    }

    /// The store in it, as a bot would be configured for it.
    pub fn artifacts(&self) -> Artifacts {
        self.artifacts_at(&self.endpoint, quick(), Clock::system())
    }

    /// The same behind another address, such as a proxy's.
    pub fn artifacts_at(&self, endpoint: &str, patience: Patience, clock: Clock) -> Artifacts {
        let config = self.config(endpoint, "");
        let ArtifactPlace::Bucket { bucket, prefix } = &config.artifacts.place else { panic!("a bucket") };
        let patience = Patience { part_bytes: self.part as u64, unhinted_part_bytes: self.part as u64, ..patience };
        Artifacts::in_bucket(Bucket::new(bucket, prefix, &config.artifacts.s3, patience, clock))
    }

    /// The configuration for it, with further keys of `[artifacts.s3]`.
    pub fn config(&self, endpoint: &str, more: &str) -> Config {
        let text = format!(
            "[artifacts]\nstore = \"s3://{}/the/prefix\"\n[artifacts.s3]\nendpoint = \"{endpoint}\"\n\
             access_key = {{ env = \"ID\" }}\nsecret_key = {{ env = \"SECRET\" }}\n{more}",
            self.bucket
        );
        let env: Env = [("ID", "id-of-ours"), ("SECRET", "hunter2-hunter2")].into_iter().collect();
        Config::parse(&text, Path::new("drillbell.toml"), &env).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What is kept under a name is from now on this, behind our back: on the disk, or put there by somebody else.
    pub async fn rots(&self, name: &str, bytes: &[u8]) {
        if let Some(folder) = &self.folder {
            return std::fs::write(folder.path().join("artifacts/the/prefix").join(name), bytes).expect("a file");
        }
        let url = format!("{}/{}/the/prefix/{name}", self.endpoint, self.bucket);
        // What was noted beside it stays: it is the bytes that rot.
        let there = plain_client().head(&url).header("Authorization", NOBODY).send().await.expect("the server answers");
        let mut put = plain_client().put(url).header("Authorization", NOBODY).body(bytes.to_vec());
        for (name, value) in there.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-")) {
            put = put.header(name, value);
        }
        let put = put.send().await;
        let status = put.expect("the server answers").status();
        assert!(status.is_success(), "{status}");
    }

    /// The headers of an object, asked for without a signature that counts.
    pub async fn headers(&self, name: &str) -> reqwest::header::HeaderMap {
        let url = format!("{}/{}/the/prefix/{name}", self.endpoint, self.bucket);
        let asked = plain_client().head(url).header("Authorization", NOBODY);
        let answer = asked.send().await.expect("the server answers");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.headers().clone()
    }

    /// Uploads that were begun and neither ended nor taken back.
    pub async fn open_uploads(&self) -> usize {
        match &self.folder {
            Some(folder) => {
                let names =
                    std::fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.unwrap().file_name());
                names.filter(|name| name.to_string_lossy().starts_with(".upload")).count()
            }
            None => {
                let listed = plain_client().get(format!("{}/{}?uploads", self.endpoint, self.bucket)).send().await;
                listed.expect("moto answers").text().await.expect("a text").matches("<UploadId>").count()
            }
        }
    }
}

/// Tries often and soon, with small parts.
pub fn quick() -> Patience {
    Patience {
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(30),
        stall: Duration::from_secs(10),
        attempts: 4,
        backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(5),
        ..Patience::default()
    }
}

fn plain_client() -> reqwest::Client {
    // Fails only if one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().expect("a client")
}

fn start_moto() -> u16 {
    let port = free_port();
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/python3");
    assert!(python.exists(), "moto is not in target/moto: run scripts/prepare.sh s3, as `make test` does");
    // The parent-death signal follows the thread that spawned, so that thread must live as long as we do.
    std::thread::spawn(move || {
        let server = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env("S3_UPLOAD_PART_MIN_SIZE", "256")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        server.expect("run moto");
    });
    port
}
