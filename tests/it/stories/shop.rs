//! The demo's shop as a service that really runs, breaks and is healed, kept running as a service manager would.

use crate::support::bot::guard;
use crate::support::eventually;
use drillbell::shop::{BAD, Fault, Shop};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::task::JoinHandle;

/// The shop, and what keeps it running; both end with this.
pub struct Kept {
    shop: Shop,
    keeper: JoinHandle<()>,
}

impl Kept {
    /// Lays it below that folder and starts it with its good release.
    pub async fn start(folder: &Path) -> Self {
        // As `main` does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shop = Shop::at(folder.join("shop"));
        std::fs::create_dir_all(shop.folder()).unwrap();
        shop.lay().unwrap();
        let place = shop.folder().to_owned();
        let keeper = tokio::spawn(async move {
            loop {
                if place.join("stopped").exists() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
                let mut serve = tokio::process::Command::new(guard());
                serve.args(["__shop", "serve"]).arg(&place).stdin(Stdio::null()).kill_on_drop(true);
                let _ = serve.stdout(Stdio::null()).stderr(Stdio::null()).status().await;
            }
        });
        let kept = Self { shop, keeper };
        kept.answers(200).await;
        kept
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.shop.port().unwrap())
    }

    /// The sections with which the bot stops, starts and rolls it back.
    pub fn sections(&self) -> String {
        let (url, folder, program) = (self.url(), self.shop.folder().display(), guard());
        let command = |word: &str| {
            format!(
                "[commands.{word}-shop]\nargv = [{program:?}, \"__shop\", \"{word}\", \"{folder}\"]\nbackground = true\n"
            )
        };
        format!(
            "{}{}{}[services.shop]\nhealth = \"{url}/readyz\"\nstop = \"stop-shop\"\nstart = \"start-shop\"\nrestart = \"restart-shop\"\n\
             [services.shop.verify.pages]\nprobe = \"shop\"\n[services.shop.rollback]\norder = [\"release\"]\n\
             [services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"{folder}/current\"\nreleases = \"{folder}/releases\"\n\
             [probes.shop]\nurl = \"{url}/\"\nevery = \"1d\"\n",
            command("restart"),
            command("stop"),
            command("start")
        )
    }

    /// A release that is no good is deployed.
    pub async fn breaks(&self) {
        self.shop.break_it(Fault::Release).await.unwrap();
        assert_eq!(self.shop.release().unwrap().version, BAD);
        self.answers(503).await;
    }

    /// The release that runs.
    pub fn version(&self) -> String {
        self.shop.release().unwrap().version
    }

    /// Waits until it says so of itself.
    pub async fn answers(&self, status: u16) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = async || client.get(format!("{}/readyz", self.url())).send().await.ok();
        eventually(&format!("the shop answers {status}"), async || {
            ask().await.filter(|answer| answer.status().as_u16() == status).map(drop)
        })
        .await;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
