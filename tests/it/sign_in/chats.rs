//! `/drillbell login` typed on Slack and on Discord, with the shipped program: a link that only its person is shown, which signs that
//! person in with the roles that the platform gives them, once.

use crate::support::bot::SEV;
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, FakeDiscord, OPS};
use crate::support::eventually;
use crate::support::process::{Home, Process};
use crate::support::slack::Slack;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::{Value, json};

/// A group of Slack's and a role of Discord's, which Ana is in and Ben is not.
const GROUP: &str = "S0123456789";
const ROLE: &str = "1100000000000000077";
/// Who may declare is decided by where people are known from.
const RULES: &str = "[channels]\nincidents = \"console:#incidents\"\n[severities.sev2]\n\
                     [[policy]]\ncommand = \"sev declare\"\nrole = \"responder\"\n";

fn sections(chat: &str, ana: &str, ben: &str, member: &str) -> String {
    format!(
        "{chat}{RULES}[roles.responder]\nmembers = [{member:?}]\n[people.ana]\nname = \"Ana\"\n{ana}\n\
         [people.ben]\nname = \"Ben\"\n{ben}\n{SEV}\n"
    )
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A browser's doings, without its pages.
struct Browser<'a> {
    client: Client,
    process: &'a Process,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Opens a link; what came of it, and the browser if it is signed in now.
    async fn opens(process: &'a Process, link: &str) -> (u16, Option<Self>) {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let answer = client.get(link).send().await.unwrap();
        let cookie = answer.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
        let cookie = cookie.map(|cookie| cookie.split(';').next().unwrap().to_owned());
        (answer.status().as_u16(), cookie.map(|cookie| Self { client, process, cookie }))
    }

    async fn who(&self) -> Response {
        let asked = self.client.get(format!("{}/api/v1/whoami", self.process.url())).header("Cookie", &self.cookie);
        asked.send().await.unwrap()
    }

    /// Types a command in the console, as the page does.
    async fn types(&self, text: &str) -> Value {
        let url = self.process.url();
        let asked = self.client.post(format!("{url}/api/v1/commands")).header("Cookie", &self.cookie);
        let asked = asked.header("Origin", url).json(&json!({"text": text, "channel": "#incidents"}));
        asked.send().await.unwrap().json().await.unwrap()
    }
}

/// The link opens once, as this person, who may or may not declare.
async fn opens_once(process: &Process, link: &str, person: &str, may_declare: bool) {
    let (status, browser) = Browser::opens(process, link).await;
    let browser = browser.unwrap_or_else(|| panic!("{person} is not signed in: {status}"));
    assert_eq!(status, 303);
    let who: Value = browser.who().await.json().await.unwrap();
    assert_eq!((&who["person"]["id"], &who["via"]), (&json!(person), &json!("session")), "{who}");
    let declared = browser.types("/sev declare sev2 from the web").await;
    let expected = if may_declare { "ok" } else { "refused" };
    assert_eq!(declared["status"], expected, "{person}: {declared}");

    let (again, nobody) = Browser::opens(process, link).await;
    assert!(again == 403 && nobody.is_none(), "a second use is refused: {again}");
    assert_eq!(browser.who().await.status(), 200, "and takes nothing from whoever used it first");
}

/// The sign-in link in whatever was sent.
fn link(sent: &str, url: &str) -> String {
    let (_, rest) = sent.split_once(&format!("{url}/login/")).unwrap_or_else(|| panic!("no link to {url}: {sent}"));
    let code: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    assert_eq!(code.len(), 43, "256 bits: {sent}");
    format!("{url}/login/{code}")
}

#[test]
fn on_slack_only_whoever_asked_is_shown_the_link_and_it_opens_once_with_their_roles() {
    runtime().block_on(async {
        let (database, slack) = (TestDatabase::sqlite(), Slack::start().await);
        slack.state().groups.insert(GROUP.to_owned(), vec!["U00000000ANA".to_owned()]);
        let home = Home::new(&database);
        let chat = slack.config(home.folder.path(), "socket");
        let (ana, ben) = ("slack = \"U00000000ANA\"", "slack = \"U00000000BEN\"");
        home.configure(&database.url, &sections(&chat, ana, ben, &format!("slack:group:{GROUP}")));
        let process = home.start(&[]).await;
        slack.connected().await;
        eventually("the group is read", async || (slack.state().done("usergroups.users.list") > 0).then_some(())).await;
        let (ana, ben) = (slack.ana(), slack.ben());
        for (who, person, may) in [(&ana, "ana", true), (&ben, "ben", false)] {
            let before = slack.state().messages.len();
            who.types("#ops", "/drillbell login").await;
            let shown = who.reads("#ops", "It opens once, within 10 minutes").await;
            assert_eq!(shown.only_for.as_deref(), Some(who.id), "for one person's eyes: {shown:?}");
            let link = link(&shown.body.to_string(), process.url());
            let code = link.rsplit('/').next().unwrap().to_owned();
            let told: Vec<_> = slack.state().messages[before..]
                .iter()
                .filter(|message| message.body.to_string().contains(&code))
                .map(|message| message.only_for.clone())
                .collect();
            assert_eq!(told, [Some(who.id.to_owned())], "nobody else was sent it");
            opens_once(&process, &link, person, may).await;
        }
        assert!(process.end(false).await.success());
        slack.was_strict();
    });
}

#[test]
fn on_discord_only_whoever_asked_is_shown_the_link_and_it_opens_once_with_their_roles() {
    runtime().block_on(async {
        let (database, discord) = (TestDatabase::sqlite(), FakeDiscord::start().await);
        discord.has_roles(ANA, &[ROLE]);
        let home = Home::new(&database);
        let chat = discord.config(home.folder.path(), "gateway");
        let (ana, ben) = (format!("discord = \"{ANA}\""), format!("discord = \"{BEN}\""));
        home.configure(&database.url, &sections(&chat, &ana, &ben, &format!("discord:role:{ROLE}")));
        let process = home.start(&[]).await;
        eventually("it is up", async || (discord.is_connected() && !discord.commands().is_empty()).then_some(())).await;
        for (who, other, person, may) in [(ANA, BEN, "ana", true), (BEN, ANA, "ben", false)] {
            discord.uses(who, OPS, "drillbell login", &[]).await;
            let shown = discord.finds(who, OPS, "It opens once, within 10 minutes").await;
            assert!(shown.text.starts_with("(only for you)"), "for one person's eyes: {shown:?}");
            let link = link(&shown.text, process.url());
            let others = discord.sees(other, OPS);
            assert!(others.iter().all(|seen| seen.id != shown.id && !seen.text.contains(&link)), "{others:#?}");
            opens_once(&process, &link, person, may).await;
        }
        assert!(process.end(false).await.success());
        assert_eq!(discord.complaints(), Vec::<String>::new());
    });
}
