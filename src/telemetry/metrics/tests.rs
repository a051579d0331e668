//! A scrape is what a scraper can read, and holds what happened.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn used() -> Metrics {
    let metrics = Metrics::new();
    let plugin = PluginId::from("sev-declare");
    metrics.took_in(Intake::Accepted);
    metrics.took_in(Intake::Duplicate);
    metrics.called(&plugin, Duration::from_micros(300));
    metrics.answered("sev-declare", None);
    metrics.answered("drillbell", Some(Blame::User));
    metrics.denied(&plugin);
    metrics.conflicted(&plugin);
    metrics.committed(12, Duration::from_millis(2));
    metrics.delivered("console", Delivery::Delivered);
    metrics.pending([("slack", 7)]);
    metrics.pending([("console", 3)]);
    metrics.jobs_running(2);
    metrics.jobs_waiting("held", 1);
    metrics.job_ended("steps", "done");
    metrics.job_took("steps", Duration::from_secs(40));
    metrics
}

/// Samples by series, after checking each line's form.
fn scrape(text: &str) -> BTreeMap<String, f64> {
    let mut typed = BTreeSet::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        match line.strip_prefix("# ") {
            Some(comment) => {
                let words: Vec<_> = comment.splitn(3, ' ').collect();
                assert!(matches!(words[0], "HELP" | "TYPE") && words.len() == 3, "{line}");
                assert!(words[1].starts_with("drillbell_") && !words[2].trim().is_empty(), "{line}");
                typed.insert(words[1].to_owned());
            }
            None => {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let name = series.split('{').next().unwrap();
                let parts = ["_bucket", "_sum", "_count"];
                let base = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
                assert!(typed.contains(name) || typed.contains(base), "{line} has no HELP and TYPE");
                assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{line} twice");
            }
        }
    }
    samples
}

#[test]
fn every_sample_of_a_scrape_has_its_help_and_type() {
    let metrics = used();
    let flying = metrics.in_flight();
    let samples = scrape(&metrics.render());
    for (series, value) in [
        ("drillbell_inbox_deliveries_total{answer=\"accepted\"}", 1.0),
        ("drillbell_commands_total{plugin=\"sev-declare\",outcome=\"ok\"}", 1.0),
        ("drillbell_commands_total{plugin=\"drillbell\",outcome=\"user\"}", 1.0),
        ("drillbell_call_duration_seconds_count{plugin=\"sev-declare\"}", 1.0),
        ("drillbell_denied_requests_total{plugin=\"sev-declare\"}", 1.0),
        ("drillbell_conflict_reruns_total{plugin=\"sev-declare\"}", 1.0),
        ("drillbell_commits_total", 1.0),
        ("drillbell_commit_duration_seconds_count", 1.0),
        ("drillbell_commit_batch_size_sum", 12.0),
        ("drillbell_outbox_deliveries_total{platform=\"console\",outcome=\"delivered\"}", 1.0),
        ("drillbell_outbox_pending{platform=\"console\"}", 3.0),
        ("drillbell_outbox_pending{platform=\"slack\"}", 0.0),
        ("drillbell_commands_in_flight", 1.0),
        ("drillbell_jobs_running", 2.0),
        ("drillbell_jobs_waiting{state=\"held\"}", 1.0),
        ("drillbell_jobs_ended_total{kind=\"steps\",outcome=\"done\"}", 1.0),
        ("drillbell_job_duration_seconds_sum{kind=\"steps\"}", 40.0),
        (concat!("drillbell_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series}: {samples:#?}");
    }
    drop(flying);
    assert_eq!(scrape(&metrics.render())["drillbell_commands_in_flight"], 0.0);
}

#[test]
fn a_fresh_bot_already_shows_what_can_be_alerted_on() {
    let samples = scrape(&Metrics::new().render());
    for series in ["drillbell_inbox_deliveries_total{answer=\"busy\"}", "drillbell_commits_total"] {
        assert_eq!(samples.get(series), Some(&0.0), "{series}");
    }
}
