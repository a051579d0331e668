//! A real Alertmanager, where there is one: it sends, we group; a silence made here is known there; what ends there ends here.

use super::http::hook;
use super::token_file;
use crate::support::bot::{ALERTS, PEOPLE};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::{Home, Process};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Where Debian puts it.
pub const PROGRAM: &str = "/usr/bin/prometheus-alertmanager";

/// A running one, and where it is.
pub struct Alertmanager(Child, String);

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Alertmanager {
    /// On this port, sending to a bot.
    pub fn start(folder: &Path, port: u16, bot: &str) -> Self {
        let config = folder.join("alertmanager.yml");
        let token = folder.join("alerts-token");
        let text = format!(
            "route:\n  receiver: drillbell\n  group_by: [alertname]\n  group_wait: 100ms\n  group_interval: 200ms\n  repeat_interval: 1h\n\
             receivers:\n- name: drillbell\n  webhook_configs:\n  - url: {bot}/hooks/prom\n    send_resolved: true\n    http_config:\n      \
             authorization:\n        credentials_file: {}\n",
            token.display()
        );
        std::fs::write(&config, text).expect("write its configuration");
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(PROGRAM)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.join("alertmanager").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start it");
        Self(child, format!("http://{address}"))
    }

    async fn post(&self, client: &reqwest::Client, alerts: Value) {
        eventually("the Alertmanager takes alerts", async || {
            let sent = client.post(format!("{}/api/v2/alerts", self.1)).json(&alerts).send().await;
            sent.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
    }

    async fn silences(&self, client: &reqwest::Client) -> Vec<Value> {
        client.get(format!("{}/api/v2/silences", self.1)).send().await.unwrap().json().await.unwrap()
    }
}

/// The one group that the bot knows, if there is one that the test waits for.
async fn group(process: &Process, is: impl Fn(&Value) -> bool) -> Option<Value> {
    let answer = process.command(&drillbell::model::ids::fresh(), "/alert list --all").await.expect("an answer");
    answer["data"]["groups"].as_array()?.iter().find(|group| is(group)).cloned()
}

#[test]
fn a_real_alertmanager_fires_groups_is_silenced_and_resolves() {
    if !Path::new(PROGRAM).exists() {
        println!("skipped: there is no {PROGRAM}; scripts/prepare.sh alertmanager installs it");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::sqlite();
        let home = Home::new(&database);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let token = token_file(home.folder.path());
        let text = std::fs::read_to_string(&home.config).unwrap();
        let head = text.split("[plugins.").next().unwrap();
        let more = format!(
            "[channels]\nalerts = \"console:#incidents\"\n[alerts.prom]\nkind = \"alertmanager\"\ntoken = {token}\n\
             api_url = \"http://127.0.0.1:{port}\"\n{ALERTS}\n{PEOPLE}"
        );
        std::fs::write(&home.config, format!("{head}{more}")).unwrap();
        let process = home.start(&[]).await;
        let alertmanager = Alertmanager::start(home.folder.path(), port, process.url());
        let client = reqwest::Client::new();
        let alert = |instance: &str, more: Value| {
            let mut alert = json!({
                "labels": {"alertname": "HighErrorRate", "service": "shop", "severity": "critical", "instance": instance},
                "annotations": {"summary": "Error rate above 5%"},
            });
            alert.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            alert
        };
        alertmanager.post(&client, json!([alert("web-1", json!({})), alert("web-2", json!({}))])).await;
        let both = eventually("both are one group", async || group(&process, |group| group["firing"] == 2).await).await;
        assert_eq!((&both["severity"], &both["state"]), (&json!("sev1"), &json!("firing")));
        let id = both["id"].as_str().unwrap();

        let said = process.command("silence", &format!("/alert silence {id} --for 2h being mended")).await.expect("an answer");
        assert_eq!(said["status"], "ok", "{said}");
        let silence = eventually("the Alertmanager knows the silence", async || {
            alertmanager.silences(&client).await.into_iter().find(|silence| silence["status"]["state"] == "active")
        })
        .await;
        let matchers = silence["matchers"].as_array().unwrap();
        let has = |name: &str, value: &str| matchers.iter().any(|it| it["name"] == name && it["value"] == value);
        assert!(matchers.len() == 2 && has("alertname", "HighErrorRate") && has("service", "shop"), "{silence}");
        assert!(silence["comment"].as_str().unwrap().starts_with("being mended [drillbell "), "{silence}");
        eventually("the group is silenced", async || group(&process, |group| group["state"] == "silenced").await).await;
        let told = eventually("the silence is known by its name here", async || {
            let shown = process.command(&drillbell::model::ids::fresh(), &format!("/alert show {id}")).await?;
            let text = shown["text"].as_str()?.to_owned();
            text.contains(silence["id"].as_str()?).then(|| json!(text))
        });
        told.await;
        let said = process.command("unsilence", &format!("/alert unsilence {id}")).await.expect("an answer");
        assert_eq!(said["status"], "ok", "{said}");
        eventually("the silence is over there too", async || {
            alertmanager.silences(&client).await.into_iter().find(|silence| silence["status"]["state"] == "expired")
        })
        .await;

        let ended = json!({"endsAt": "2026-01-01T00:00:01Z", "startsAt": "2026-01-01T00:00:00Z"});
        alertmanager.post(&client, json!([alert("web-1", ended.clone()), alert("web-2", ended)])).await;
        eventually("it is over", async || group(&process, |group| group["state"] == "resolved").await).await;
        let stranger = hook(&process, &client, "prom").body("{}").send().await.unwrap();
        assert_eq!(stranger.status(), 401);
        drop(alertmanager);
        assert!(process.end(false).await.success());
    });
}
