//! What people do by hand: pipelines of programs, without a shell between them. What no program here does (age, and the upload where there
//! is no `aws`) is done in this process, at least as fast as by one.

use super::s3::{BUCKET, KEYS};
use age::x25519::Recipient;
use drillbell::artifacts::{Artifacts, Key, PutOptions};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tokio::net::unix::pipe;

/// Files that are in nobody's way until this is dropped, so that removing them is not measured.
pub struct Leftovers(Vec<PathBuf>);

impl Drop for Leftovers {
    fn drop(&mut self) {
        for file in &self.0 {
            std::fs::remove_file(file).expect("it goes");
        }
    }
}

/// Who takes a stream to the store.
pub enum Upload<'a> {
    /// `aws s3 cp - s3://…`, to the server at this address.
    Aws(&'a str),
    /// This process, as the bot does it.
    Here(&'a Artifacts),
}

/// Whether there is an `aws`.
pub fn has_aws() -> bool {
    Command::new("aws")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
}

fn begin(command: &mut Command, from: Stdio) -> (Child, ChildStdout) {
    let mut child = command.stdin(from).stdout(Stdio::piped()).spawn().expect("a program starts");
    let stdout = child.stdout.take().expect("its output");
    (child, stdout)
}

fn run(command: &mut Command) {
    assert!(command.status().expect("a program starts").success(), "{command:?}");
}

fn dump(url: &str, format: &str) -> Command {
    let mut command = Command::new("pg_dump");
    command.args([format, "-d", url]);
    command
}

/// `pg_dump -Fc -Z0 >/dev/null`: nothing that reads a dump can be faster.
pub fn limit(url: &str) {
    run(dump(url, "-Fc").arg("-Z0").stdout(Stdio::null()));
}

/// `pg_dump -Fc -Z0 | zstd -T2 -3 | age | sha256 | multipart upload`.
pub async fn best(url: &str, to: &Recipient, upload: Upload<'_>) {
    let (mut dumping, dumped) = begin(dump(url, "-Fc").arg("-Z0"), Stdio::null());
    let (mut packing, mut packed) = begin(Command::new("zstd").args(["-T2", "-3", "-q", "-c"]), dumped.into());
    let (from, into): (OwnedFd, OwnedFd) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).expect("a pipe");
    let to = to.clone();
    let sealing = std::thread::spawn(move || {
        struct Summed(File, Sha256);
        impl Write for Summed {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.1.update(bytes);
                self.0.write_all(bytes).map(|()| bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let sealed = age::Encryptor::with_recipients(std::iter::once(&to as &dyn age::Recipient)).expect("a recipient");
        let mut sealed = sealed.wrap_output(Summed(File::from(into), Sha256::new())).expect("a head");
        std::io::copy(&mut packed, &mut sealed).expect("it is handed on");
        sealed.finish().expect("an end").1.finalize()
    });
    const NAME: &str = "by-hand/shop.dump.zst.age";
    match upload {
        Upload::Here(store) => {
            let mut from = pipe::Receiver::from_owned_fd(from).expect("a pipe");
            let key = Key::new(NAME).expect("a name");
            store.put(&key, &mut from, &PutOptions::default()).await.expect("it is stored");
        }
        Upload::Aws(endpoint) => {
            let mut command = tokio::process::Command::new("aws");
            command.args(["s3", "cp", "--only-show-errors", "--endpoint-url", endpoint, "-"]);
            command.arg(format!("s3://{BUCKET}/by-hand/{NAME}")).stdin(from).envs(KEYS);
            // As quick as it can be: no search for a region or for other keys, no sums that nobody asked for.
            command.env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
            command.env("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required");
            assert!(command.status().await.expect("aws starts").success(), "aws s3 cp");
        }
    }
    sealing.join().expect("it is sealed");
    assert!(dumping.wait().expect("it ends").success() && packing.wait().expect("it ends").success());
}

/// `pg_dump`, `gzip -9`, `openssl`, two sums and an upload, a file after the other (S4-02).
pub async fn classic(url: &str, folder: &Path, store: &Artifacts) -> Leftovers {
    let [plain, packed, sealed] = ["a.sql", "a.sql.gz", "a.sql.gz.enc"].map(|name| folder.join(name));
    run(dump(url, "-Fp").arg("-f").arg(&plain));
    run(Command::new("gzip").args(["-9", "-k", "-f"]).arg(&plain));
    let pass = ["enc", "-aes-256-cbc", "-salt", "-pbkdf2", "-pass", "pass:hunter2", "-in"];
    run(Command::new("openssl").args(pass).arg(&packed).arg("-out").arg(&sealed));
    for sum in ["sha256sum", "md5sum"] {
        run(Command::new(sum).arg(&sealed).stdout(Stdio::null()));
    }
    let mut file = tokio::fs::File::open(&sealed).await.expect("the file");
    let key = Key::new("by-hand/shop.sql.gz.enc").expect("a name");
    store.put(&key, &mut file, &PutOptions::default()).await.expect("it is stored");
    Leftovers([plain, packed, sealed].into())
}

/// Download, decrypt, unpack, `pg_restore -j2`, a file after the other.
pub async fn restore(
    object: &str,
    key: &age::x25519::Identity,
    folder: &Path,
    store: &Artifacts,
    into: &str,
) -> Leftovers {
    let dump = folder.join("restored.dump");
    let (_, mut reader) = store.get(&Key::new(object).expect("a name")).await.expect("it is there");
    let stored = folder.join("restored.age");
    let mut file = tokio::fs::File::create(&stored).await.expect("a file");
    tokio::io::copy(&mut reader, &mut file).await.expect("it is fetched");
    file.sync_all().await.expect("it is there");
    let opened = age::Decryptor::new(File::open(&stored).expect("the file")).expect("a head");
    let opened = opened.decrypt(std::iter::once(key as &dyn age::Identity)).expect("it opens");
    let mut plain = zstd::stream::Decoder::new(opened).expect("it is zstd");
    let mut file = File::create(&dump).expect("a file");
    let mut piece = vec![0; 1024 * 1024];
    loop {
        match plain.read(&mut piece).expect("it is whole") {
            0 => break,
            length => file.write_all(&piece[..length]).expect("it is written"),
        }
    }
    run(Command::new("pg_restore").args(["--no-owner", "-j2", "-d", into]).arg(&dump));
    Leftovers([stored, dump].into())
}
