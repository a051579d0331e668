//! Debian's Chromium without a window, driven by its own driver: what a person sees and does, and pictures to look at.

use super::waiting::eventually;
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tokio::sync::{Mutex, MutexGuard};

/// One test at a time: a browser is the heaviest thing here, and two starve each other.
static TURN: Mutex<()> = Mutex::const_new(());

/// Waits for this test's turn.
pub async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// A browser with a profile of its own.
pub struct Browser {
    client: Client,
    driver: Child,
    address: String,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one, as wide as a laptop.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let (driver, address) = driver();
        let args = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--window-size=1200,860".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let mut capabilities = Map::new();
        capabilities.insert("browserName".to_owned(), json!("chrome"));
        capabilities.insert("goog:chromeOptions".to_owned(), json!({"args": args, "binary": "/usr/bin/chromium"}));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .expect("Chromium starts; `scripts/prepare.sh browser` installs it");
        let session = client.session_id().await.expect("a session").expect("a session");
        Self { client, driver, address, session, _profile: profile }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// The page's address.
    pub async fn url(&self) -> String {
        self.client.current_url().await.expect("an address").to_string()
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script:.200}: {error}"))
    }

    /// What a script passes to its last argument, a function.
    pub async fn run_until_told(&self, script: &str) -> Value {
        self.client.execute_async(script, vec![]).await.unwrap_or_else(|error| panic!("{script:.200}: {error}"))
    }

    /// Waits until a script's answer is true.
    pub async fn sees(&self, what: &str, script: &str) {
        let script = format!("return Boolean({script});");
        eventually(what, async || (self.run(&script).await == json!(true)).then_some(())).await;
    }

    /// Waits until this text is on the page.
    pub async fn reads(&self, text: &str) {
        self.sees(&format!("the page says {text:?}"), &format!("document.body.innerText.includes({})", json!(text)))
            .await;
    }

    /// Waits for an element.
    pub async fn finds(&self, css: &str) -> Element {
        let found = self.client.wait().for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Clicks it.
    pub async fn clicks(&self, css: &str) {
        self.finds(css).await.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Clicks the newest button of that name.
    pub async fn presses(&self, label: &str) {
        let script = format!(
            "[...document.querySelectorAll('button')].filter((b) => b.textContent === {} && !b.disabled).at(-1)",
            json!(label)
        );
        self.sees(&format!("there is a button {label:?}"), &script).await;
        self.run(&format!("({script}).click();")).await;
    }

    /// Types into whatever has the focus.
    pub async fn types(&self, keys: &str) {
        let active = self.client.active_element().await.expect("something has the focus");
        active.send_keys(keys).await.unwrap_or_else(|error| panic!("{keys:?}: {error}"));
    }

    /// A command of Chromium's own protocol.
    pub async fn protocol(&self, command: &str, parameters: Value) {
        let url = format!("{}/session/{}/goog/cdp/execute", self.address, self.session);
        let body = json!({"cmd": command, "params": parameters});
        let answer = reqwest::Client::new().post(url).json(&body).send().await.expect("the driver answers");
        assert!(answer.status().is_success(), "{command}: {}", answer.text().await.unwrap_or_default());
    }

    /// As wide and high as that.
    pub async fn sized(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.protocol("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// In light or dark.
    pub async fn scheme(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.protocol("Emulation.setEmulatedMedia", features).await;
    }

    /// Keeps a picture under `target/screenshots/`, for whoever reviews.
    pub async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let png = self.client.screenshot().await.expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("write the picture");
    }

    /// The same of the whole page, however long it is.
    pub async fn whole_picture(&self, name: &str) {
        let height = self.run("return document.documentElement.scrollHeight").await;
        let width = self.run("return innerWidth").await;
        let (width, height) = (width.as_u64().unwrap_or(1200), height.as_u64().unwrap_or(860));
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.protocol("Emulation.setDeviceMetricsOverride", metrics).await;
        self.picture(name).await;
    }

    /// What the page's console complained of.
    pub async fn closed(mut self) {
        let _ = self.client.clone().close().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A test that failed leaves nothing running: the driver's children go with its process group.
        let group = nix::unistd::Pid::from_raw(i32::try_from(self.driver.id()).unwrap_or(i32::MAX));
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.driver.wait();
    }
}

/// Starts the driver on a free port; it, and where it is. It takes a port for IPv4 and then wants the same for IPv6, which somebody else
/// may have by then: it ends, and is started again.
fn driver() -> (Child, String) {
    (0..5).find_map(|_| started()).expect("chromedriver tells its port")
}

fn started() -> Option<(Child, String)> {
    use std::os::unix::process::CommandExt;
    let mut driver = Command::new(program("chromedriver"))
        .arg("--port=0")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts; `scripts/prepare.sh browser` installs it");
    let out = BufReader::new(driver.stdout.take().expect("a pipe"));
    let port = out.lines().map_while(Result::ok).find_map(|line| {
        let rest = line.split("started successfully on port ").nth(1)?;
        rest.trim_end_matches('.').parse::<u16>().ok()
    });
    if port.is_none() {
        let _ = driver.kill();
        let _ = driver.wait();
    }
    Some((driver, format!("http://127.0.0.1:{}", port?)))
}

fn program(name: &str) -> PathBuf {
    PathBuf::from("/usr/bin").join(name)
}
