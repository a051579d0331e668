//! Recorded payloads of every sender, and what anybody could send instead.

mod hostile;

use super::*;
use crate::config::alerts::Mapping;

macro_rules! payload {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/alerts/", $path)).as_slice()
    };
}
pub(super) use payload;

pub(super) fn read(kind: &str, bytes: &[u8]) -> Result<Parsed, Reject> {
    parse(kind, Input { bytes, map: &Mapping::default() })
}

/// A notification as lines.
fn shown(parsed: &Parsed) -> String {
    let pairs = |map: &BTreeMap<String, String>| {
        map.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    };
    let mut lines = Vec::new();
    for alert in &parsed.alerts {
        let state = if alert.firing { "firing" } else { "resolved" };
        lines.push(format!("{state} {} | {}", alert.fingerprint, alert.title));
        lines.push(format!("  {}", pairs(&alert.labels)));
        lines.push(format!("  {}", pairs(&alert.annotations)));
        let at = |ms: Option<i64>| ms.map_or_else(|| "?".to_owned(), crate::clock::rfc3339);
        lines.push(format!("  {} to {} | {}", at(alert.started_ms), at(alert.ended_ms), alert.url));
    }
    lines.extend(
        parsed.rejects.iter().map(|reject| format!("reject {} {}: {}", reject.at, reject.field, reject.reason)),
    );
    lines.extend(parsed.name.iter().map(|name| format!("name {name}")));
    lines.join("\n")
}

fn of(kind: &str, bytes: &[u8]) -> String {
    shown(&read(kind, bytes).expect("it can be read"))
}

#[test]
fn alertmanager_is_read() {
    insta::assert_snapshot!(of("alertmanager", payload!("alertmanager/firing.json")), @r"
    firing a9a2c9f8fba5b8c3 | Error rate above 5%
      alertname=HighErrorRate, instance=web-1:9100, job=shop, service=checkout, severity=critical
      description=7.2% of requests fail over 5 minutes, runbook_url=https://runbooks.example.org/error-rate, summary=Error rate above 5%
      2026-01-01T00:02:11.303Z to ? | http://prometheus.example.org:9090/graph?g0.expr=job%3Aerrors%3Arate5m+%3E+0.05&g0.tab=1
    resolved 7f2b0d5e8c114a6d | Error rate above 5%
      alertname=HighErrorRate, instance=web-2:9100, job=shop, service=checkout, severity=critical
      summary=Error rate above 5%
      2025-12-31T23:50:00.000Z to 2026-01-01T00:01:00.000Z | http://prometheus.example.org:9090/graph?g0.tab=1
    ");
}

#[test]
fn grafana_is_read() {
    insta::assert_snapshot!(of("grafana", payload!("grafana/firing.json")), @r"
    firing 57c6d9296de2ad39 | p95 above 1 s
      alertname=Slow responses, grafana_folder=Shop, service=checkout, severity=warning
      description=p95 was 1.31 s over 5 minutes, summary=p95 above 1 s, values=A=1.31 C=1
      2026-01-01T00:03:30.000Z to ? | https://grafana.example.org/d/shop?orgId=1
    ");
}

#[test]
fn pagerduty_is_read_and_its_end_is_of_the_same_alert() {
    insta::assert_snapshot!(of("pagerduty", payload!("pagerduty/triggered.json")), @r"
    firing PGR0VU2 | Queue depth above 10000
      alertname=Queue depth above 10000, service=worker, severity=P1, urgency=high
      by=Tenex Engineer, number=2, status=triggered
      2026-01-01T00:04:59.000Z to ? | https://shop.pagerduty.com/incidents/PGR0VU2
    name 01CHN2K0G4TTRGEFKJDNUHLE2Z
    ");
    insta::assert_snapshot!(of("pagerduty", payload!("pagerduty/resolved.json")), @r"
    resolved PGR0VU2 | Queue depth above 10000
      alertname=Queue depth above 10000, service=worker, severity=P1, urgency=high
      by=Tenex Engineer, number=2, status=resolved
      2026-01-01T00:04:59.000Z to 2026-01-01T00:25:00.000Z | https://shop.pagerduty.com/incidents/PGR0VU2
    name 01CHN2K0G4TTRGEFKJDNUHLE30
    ");
    assert_eq!(of("pagerduty", payload!("pagerduty/ping.json")), "name 01CKPING");
}

#[test]
fn sentry_is_read_in_its_three_forms() {
    insta::assert_snapshot!(of("sentry", payload!("sentry/event_alert.json")), @r"
    firing 1117540176 | ConnectionError: redis refused
      alertname=Errors in production, environment=production, project=1, service=web-1, severity=error
      culprit=shop.cache in get, rule=Errors in production
      2026-01-01T00:06:17.677Z to ? | https://sentry.example.org/organizations/shop/issues/1117540176/events/e4874d664c3540c1a32eab185f12c5ab/
    name e4874d664c3540c1a32eab185f12c5ab Errors in production
    ");
    insta::assert_snapshot!(of("sentry", payload!("sentry/issue_resolved.json")), @r"
    resolved 1117540176 | ConnectionError: redis refused
      alertname=ConnectionError: redis refused, project=web, severity=error
      culprit=shop.cache in get, short id=WEB-1A
      2026-01-01T00:06:17.677Z to ? | https://sentry.example.org/organizations/shop/issues/1117540176/
    ");
    insta::assert_snapshot!(of("sentry", payload!("sentry/metric_alert.json")), @r"
    firing metric-7 | Critical: p95 above 1 s
      alertname=p95 above 1 s, project=web, severity=critical
      description=1310 p95(transaction.duration) in the last 5 minutes
      2026-01-01T00:07:17.508Z to ? | https://sentry.example.org/organizations/shop/alerts/rules/details/4/
    ");
}

#[test]
fn uptimerobot_is_read_as_form_and_as_json() {
    insta::assert_snapshot!(of("uptimerobot", payload!("uptimerobot/down.form")), @r"
    firing 777749809 | shop is down
      alertname=MonitorDown, monitor=shop, severity=critical
      description=HTTP 503
      2026-01-01T00:00:00.000Z to ? | https://shop.example.org/
    name 777749809-1-1767225600
    ");
    insta::assert_snapshot!(of("uptimerobot", payload!("uptimerobot/up.json")), @r"
    resolved 777749809 | shop is up
      alertname=MonitorDown, monitor=shop
      description=HTTP 200 - OK, down for seconds=312
      ? to 2026-01-01T00:05:12.000Z | https://shop.example.org/
    name 777749809-2-1767225912
    ");
}

#[test]
fn cloudwatch_is_read_out_of_its_envelope() {
    insta::assert_snapshot!(of("cloudwatch-sns", payload!("cloudwatch-sns/alarm.json")), @r"
    firing 5d297fc27a2f557d | replica lag
      DBInstanceIdentifier=shop-replica, account=123456789012, alertname=replica lag, metric=ReplicaLag, namespace=AWS/RDS, region=EU (Ireland), state=alarm
      description=The replica is behind., reason=Threshold Crossed: 1 datapoint [31.0] was greater than the threshold (30.0).
      2026-01-01T00:07:59.123Z to ? | 
    name 22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324
    ");
    insta::assert_snapshot!(of("cloudwatch-sns", payload!("cloudwatch-sns/ok.json")), @r"
    resolved 5d297fc27a2f557d | replica lag
      DBInstanceIdentifier=shop-replica, account=123456789012, alertname=replica lag, metric=ReplicaLag, namespace=AWS/RDS, region=EU (Ireland)
      description=The replica is behind., reason=Threshold Crossed: 1 datapoint [31.0] was greater than the threshold (30.0).
      ? to 2026-01-01T00:17:59.123Z | 
    name 22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325
    ");
}

#[test]
fn generic_is_read_by_its_mapping() {
    insta::assert_snapshot!(of("generic", payload!("generic/one.json")), @r"
    firing 4143655a8c0673ee | Disk almost full
      alertname=Disk almost full, service=db, severity=warning
      
      2026-01-01T00:00:00.000Z to ? | https://monitor.example.org/7
    ");
    let map = Mapping {
        alerts: "/payload/items".to_owned(),
        title: "/name".to_owned(),
        status: "/state".to_owned(),
        fingerprint: "/key".to_owned(),
        started: "/since".to_owned(),
        labels: [("service", "/tags/svc"), ("severity", "/tags/prio")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into(),
        ..Mapping::default()
    };
    let parsed = parse("generic", Input { bytes: payload!("generic/mapped.json"), map: &map }).expect("it can be read");
    insta::assert_snapshot!(shown(&parsed), @r"
    firing cache | Cache hit below 50%
      alertname=Cache hit below 50%, service=cache, severity=P2
      
      2026-01-01T00:00:00.000Z to ? | 
    resolved cache-2 | Cache hit below 50%
      alertname=Cache hit below 50%, service=cache, severity=P2
      
      2026-01-01T00:00:00.000Z to ? |
    ");
}

#[test]
fn a_signature_of_sns_holds_over_what_was_signed_and_nothing_else() {
    let key = sns::key_of(payload!("cloudwatch-sns/certificate.pem")).expect("a certificate");
    for bytes in [
        payload!("cloudwatch-sns/alarm.json"),
        payload!("cloudwatch-sns/ok.json"),
        payload!("cloudwatch-sns/confirmation.json"),
    ] {
        let envelope = sns::Envelope::read(bytes).expect("an envelope");
        assert_eq!(sns::verify(&envelope, &key), Ok(()), "{}", envelope.kind);
        assert!(sns::certificate_address(&envelope).is_ok());
        let text = String::from_utf8_lossy(bytes);
        for (was, is) in
            [("2026-01-01T00:08:00", "2026-01-01T00:08:01"), ("22b80b92", "22b80b93"), ("165545c9", "165545c8")]
        {
            if text.contains(was) {
                let forged = sns::Envelope::read(text.replacen(was, is, 1).as_bytes()).expect("an envelope");
                assert_eq!(sns::verify(&forged, &key), Err("its signature does not hold".to_owned()), "{was}");
            }
        }
        let elsewhere = text.replace("https://sns.eu-west-1.amazonaws.com/SimpleN", "https://sns.evil.example/SimpleN");
        let elsewhere = sns::Envelope::read(elsewhere.as_bytes()).expect("an envelope");
        assert!(sns::certificate_address(&elsewhere).is_err());
        assert!(sns::verify(&envelope, b"no key").is_err() && sns::key_of(b"no certificate").is_err());
    }
}
