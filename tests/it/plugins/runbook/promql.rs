//! A step asks a Prometheus that is well, that is not, and that knows nothing; and one without the grant asks nobody.

use super::{book_of, configured, says};
use crate::support::bot::{Setup, with_bot_of};
use crate::support::prometheus::{Prometheus, vector};
use drillbell::store::OutcomeStatus;
use serde_json::json;
use std::sync::Arc;

const BLOCK: &str = "```promql\nquery = '100 * sum(rate(e{code=~\"5..\"}[$window])) / sum(rate(e[$window]))'\n\
                     window = \"5m\"\nunit = \"% of requests\"\nexpect = { value = \"< {most}\", previous = \"not-higher\" }\n```";

fn setup(prometheus: &Prometheus, grant: &str) -> Setup {
    let book =
        book_of("read-only", "most = { about = \"how many may fail\", default = 5 }", &[("It fails little", BLOCK)]);
    let more = format!("[metrics]\nprometheus = {:?}\n", prometheus.url);
    configured(&Arc::new(tempfile::tempdir().unwrap()), &[("errors", &book)], &more, grant)
}

#[test]
fn an_expression_fails_on_what_is_broken_passes_on_what_is_healed_and_is_unknown_where_nothing_is_known() {
    let prometheus = Prometheus::start();
    with_bot_of(
        || setup(&prometheus, "\"promql\""),
        async |bot| {
            let now_s = bot.clock.now_ms() as f64 / 1000.0;
            let refused = json!({"status": "error", "error": "parse error at char 3"});
            let mut partial = vector(now_s, &["1"]);
            partial["warnings"] = json!(["one store is away"]);
            for (status, body, state, said) in [
                (200, vector(now_s, &["1", "7.5"]), "fail", "the value is 7.5 % of requests, expected < 5"),
                (200, vector(now_s, &[]), "unknown", "no series matches"),
                (200, vector(now_s, &["NaN"]), "unknown", "a series has no finite number"),
                (200, vector(now_s - 3600.0, &["1"]), "unknown", "which is not now"),
                (200, partial, "unknown", "Prometheus warns: one store is away"),
                (400, refused, "unknown", "Prometheus refuses: parse error at char 3"),
                (502, json!("bad gateway"), "unknown", "Prometheus refuses"),
                (200, vector(now_s, &["1.5"]), "pass", "the value is 1.5"),
                (200, vector(now_s, &["2.5"]), "fail", "in the run before it was 1.5"),
            ] {
                prometheus.says(status, body);
                says(&bot, "/runbook start errors").await;
                // Whoever asks hears that the step failed, if it did.
                bot.ana("/runbook run").await;
                let step = says(&bot, "/runbook report").await["steps"][0].clone();
                assert_eq!(step["state"], state, "{said}: {step}");
                assert!(step["said"].as_str().unwrap().contains(said), "{said}: {step}");
            }
            let asked = prometheus.asked().pop().unwrap();
            assert_eq!(asked, "100 * sum(rate(e{code=~\"5..\"}[300000ms])) / sum(rate(e[300000ms]))");
        },
    );
}

#[test]
fn without_the_grant_nobody_is_asked_and_the_step_is_unknown() {
    let prometheus = Prometheus::start();
    with_bot_of(
        || setup(&prometheus, "\"secret:none\""),
        async |bot| {
            says(&bot, "/runbook start errors").await;
            assert_eq!(bot.ana("/runbook run").await.status, OutcomeStatus::Ok);
            let step = says(&bot, "/runbook report").await["steps"][0].clone();
            assert_eq!(step["state"], "unknown", "{step}");
            assert!(step["said"].as_str().unwrap().contains("promql is not granted to `runbook`"), "{step}");
            assert!(prometheus.asked().is_empty());
        },
    );
}
