//! Sources of alerts: each alert has somewhere to go, or the configuration is refused.

use super::*;

const TOKEN: (&str, &str) = ("ALERTS_TOKEN", "a-token-of-some-length");

/// A source with these routes, and no channel of its own.
fn source(routes: &str) -> Result<Config, ConfigErrors> {
    let text = format!("[alerts.prom]\nkind = \"alertmanager\"\ntoken = {{ env = \"ALERTS_TOKEN\" }}\n{routes}");
    parse_with(&text, [TOKEN])
}

#[test]
fn a_route_without_a_channel_is_refused_where_nothing_else_says_where_its_alerts_go() {
    let everything = "[[alerts.prom.routes]]\nchannel = \"console:#ops\"\n";
    let critical = "[[alerts.prom.routes]]\nmatch = [\"severity=critical\"]\n";
    let refused =
        source(&format!("{critical}{everything}")).expect_err("what is critical has nowhere to go").to_string();
    insta::assert_snapshot!(refused, @r#"
    drillbell.toml has 1 problem:

      1. drillbell.toml:1:9: alerts.prom
         found:    no `channel`
         expected: a `channel` for its alerts, here or as `alerts` of [channels]; without one every route has its own `channel`, and one of them takes everything
    "#);
    assert!(source("").is_err() && source(critical).is_err());
    assert!(source(&format!("{critical}channel = \"console:#ops\"\n")).is_err(), "and what is not critical?");
    assert!(source(everything).is_ok());
    assert!(source(&format!("{critical}channel = \"console:#incidents\"\n{everything}")).is_ok());
    assert!(source(&format!("{critical}[channels]\nalerts = \"console:#ops\"\n")).is_ok());
    assert!(source(&format!("channel = \"console:#ops\"\n{critical}")).is_ok());
}
