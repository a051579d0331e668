//! A real Prometheus and a real Alertmanager, where there are both: a rule fires, and the card shows what was measured.

use super::alertmanager::{Alertmanager, PROGRAM as ALERTMANAGER};
use super::token_file;
use crate::support::bot::{ALERTS, PEOPLE};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use crate::support::sse::Events;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where Debian puts it.
const PROGRAM: &str = "/usr/bin/prometheus";

struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Prometheus {
    /// On this port, looking at a target and sending to an Alertmanager.
    fn start(folder: &Path, port: u16, target: &str, alertmanager: &str) -> Self {
        let (config, rules) = (folder.join("prometheus.yml"), folder.join("rules.yml"));
        let text = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: [{}]\n\
             scrape_configs:\n- job_name: shop\n  static_configs: [{{targets: ['{target}']}}]\n\
             alerting:\n  alertmanagers:\n  - static_configs: [{{targets: ['{alertmanager}']}}]\n",
            rules.display()
        );
        std::fs::write(&config, text).expect("write its configuration");
        let rule = "groups:\n- name: shop\n  rules:\n  - alert: ShopFails\n    expr: max by (job) (shop_errors_percent) > 5\n    \
                    labels: {severity: critical, service: shop}\n    annotations: {summary: The shop fails}\n";
        std::fs::write(&rules, rule).expect("write its rules");
        let child = Command::new(PROGRAM)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start it");
        Self(child)
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What is measured: a number that the test sets. Where it is.
async fn exporter(percent: Arc<AtomicU32>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let text = move || {
        let percent = percent.clone();
        async move { format!("shop_errors_percent {}\n", percent.load(Ordering::SeqCst)) }
    };
    let router = axum::Router::new().route("/metrics", axum::routing::get(text));
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

/// The numbers of a chart's first line, without its gaps.
fn numbers(chart: &Value) -> Vec<f64> {
    let points = chart["series"][0]["points"].as_array().expect("points");
    points.iter().filter_map(|point| point[1].as_f64()).collect()
}

/// The next card with a picture for which something holds.
async fn drawn(events: &mut Events, is: impl Fn(&Value) -> bool) -> Value {
    loop {
        let item = events.next().await.expect("the stream goes on");
        let blocks = item["payload"]["blocks"].as_array().cloned().unwrap_or_default();
        if let Some(chart) = blocks.into_iter().find(|block| block["type"] == "chart" && is(block)) {
            return chart;
        }
    }
}

#[test]
fn a_rule_of_a_real_prometheus_fires_and_its_card_shows_what_was_measured() {
    if ![PROGRAM, ALERTMANAGER].iter().all(|program| Path::new(program).exists()) {
        println!(
            "skipped: there is no {PROGRAM} or {ALERTMANAGER}; scripts/prepare.sh prometheus alertmanager installs them"
        );
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::sqlite();
        let home = Home::new(&database);
        let (port, manager_port) = (free_port(), free_port());
        let token = token_file(home.folder.path());
        let text = std::fs::read_to_string(&home.config).unwrap();
        let head = text.split("[plugins.").next().unwrap();
        let plugin = ALERTS.replace("\"jobs:silence\"", "\"jobs:silence\", \"jobs:samples\"");
        let more = format!(
            "[channels]\nalerts = \"console:#incidents\"\n[alerts.prom]\nkind = \"alertmanager\"\ntoken = {token}\n\
             [metrics]\nprometheus = \"http://127.0.0.1:{port}\"\n{plugin}\n{PEOPLE}"
        );
        std::fs::write(&home.config, format!("{head}{more}")).unwrap();
        let process = home.start(&[]).await;
        let percent = Arc::new(AtomicU32::new(2));
        let target = exporter(percent.clone()).await;
        let _alertmanager = Alertmanager::start(home.folder.path(), manager_port, process.url());
        let _prometheus = Prometheus::start(home.folder.path(), port, &target, &format!("127.0.0.1:{manager_port}"));
        let client = reqwest::Client::new();
        eventually("Prometheus has measured something", async || {
            let asked = format!("http://127.0.0.1:{port}/api/v1/query?query=shop_errors_percent");
            let answer: Value = client.get(asked).send().await.ok()?.json().await.ok()?;
            (answer["data"]["result"][0]["value"][1] == "2").then_some(())
        })
        .await;
        let stream = format!("{}/api/v1/console/stream?channel=%23incidents&as=ana&last=50", process.url());
        let mut events = Events::open(client.get(stream).bearer_auth(process.token())).await;

        percent.store(42, Ordering::SeqCst);
        let chart = drawn(&mut events, |_| true).await;
        assert_eq!(chart["title"], "max by (job) (shop_errors_percent) > 5");
        assert_eq!(chart["thresholds"], json!([{"label": "alert above", "value": 5.0}]));
        assert_eq!(chart["marks"][0]["label"], "fires");
        let values = numbers(&chart);
        assert!(!values.is_empty() && values.iter().all(|value| [2.0, 42.0].contains(value)), "{values:?}");
        let points = chart["series"][0]["points"].as_array().unwrap();
        assert!(points[0][1].is_null(), "half an hour ago nobody measured");

        percent.store(1, Ordering::SeqCst);
        let over = drawn(&mut events, |chart| chart["marks"].as_array().is_some_and(|marks| marks.len() == 2)).await;
        assert_eq!(over["marks"][1]["label"], "over");
        assert!(process.end(false).await.success());
    });
}
