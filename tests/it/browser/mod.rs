//! The pages in a real browser: what people see and do. Pictures lie in `target/screenshots/` afterwards, to be looked at.

mod accessible;
mod console;
mod drills;
mod fuzzed;
mod keyboard;
mod live;
mod pictures;
mod public;

use crate::cli::program::call;
use crate::support::browser::Browser;
use crate::support::database::TestDatabase;
use crate::support::process::{Home, Process};

/// A bot as a process of its own, which people sign in to.
struct Bell {
    home: Home,
    process: Process,
    _database: TestDatabase,
}

impl Bell {
    async fn ring() -> Self {
        Self::ring_with("").await
    }

    /// With more in its configuration.
    async fn ring_with(config: &str) -> Self {
        Self::ring_on(TestDatabase::sqlite(), config).await
    }

    /// The same, with a secret in the file `token` beside the configuration.
    async fn ring_with_token(config: &str, token: &str) -> Self {
        let database = TestDatabase::sqlite();
        let home = Home::new(&database);
        std::fs::write(home.folder.path().join("token"), token).expect("write the token");
        Self::ring_at(home, database, config).await
    }

    /// On a database that may hold something already.
    async fn ring_on(database: TestDatabase, config: &str) -> Self {
        Self::ring_at(Home::new(&database), database, config).await
    }

    async fn ring_at(home: Home, database: TestDatabase, config: &str) -> Self {
        let text = std::fs::read_to_string(&home.config).expect("read the configuration");
        std::fs::write(&home.config, format!("{text}\n{config}")).expect("write the configuration");
        let process = home.start(&[]).await;
        Self { home, process, _database: database }
    }

    fn address(&self) -> &str {
        self.process.url()
    }

    /// A command by the command line; its answer.
    fn types(&self, user: &str, text: &str) -> serde_json::Value {
        call(self.home.folder.path(), &["run", "--json", "--as", user, text]).json()
    }

    /// A fresh one-time link, as `/drillbell login` gives it.
    fn link(&self, user: &str) -> String {
        let answer = self.types(user, "/drillbell login");
        let blocks = &answer["messages"][0]["view"]["blocks"];
        blocks[0]["url"].as_str().unwrap_or_else(|| panic!("no link: {answer}")).to_owned()
    }

    /// Somebody's browser, signed in, at the console.
    async fn browser(&self, user: &str) -> Browser {
        let browser = Browser::start().await;
        browser.open(&self.link(user)).await;
        browser.sees("the console is connected", "document.getElementById('line')?.textContent === ''").await;
        browser
    }

    async fn end(self) {
        assert!(self.process.end(false).await.success());
    }
}

/// Opens the form made of `/sev declare`'s arguments, as a mouse does.
async fn opens_the_form_of_declare(browser: &Browser) {
    browser.clicks("#form").await;
    let command = browser.finds("dialog select[name=command]").await;
    command
        .select_by_label("/sev declare – Open an incident and post its card here")
        .await
        .expect("the command is offered");
    browser.presses("Next").await;
}
