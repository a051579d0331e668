//! Which words of a line become which argument.

use super::{catalog, command, parse, read};
use crate::model::ids::PluginId;
use crate::model::manifest::ReplyMode;
use crate::router::{Catalog, Owner, Routed, host_commands};

#[test]
fn declares_an_incident_in_one_line_however_it_is_typed() {
    let same = "sev declare level=sev1 title=checkout is down";
    for line in [
        "/sev declare sev1 checkout is down",
        "sev declare sev1 checkout is down",
        "  / SEV Declare SEV-1   checkout is down  ",
        "/sev declare P0 \"checkout is down\"",
        "/sev declare critical “checkout is down”",
        "/sev declare sev1 -- checkout is down",
        "/sev declare sev1 — checkout is down",
        "\u{feff}/sev declare sev1\ncheckout is down\r\n",
        "/drillbell sev declare sev1 checkout is down",
        "/drillbell /sev declare sev1 'checkout is down'",
    ] {
        assert_eq!(read(line), same, "{line}");
    }
}

#[test]
fn options_stand_before_the_text_or_at_its_end() {
    let same = "sev declare level=sev1 title=checkout is down service=shop quiet=true @INC-7";
    for line in [
        "/sev declare sev1 checkout is down --service shop --quiet --incident INC-7",
        "/sev declare --service=shop --quiet --incident=7 sev1 checkout is down",
        "/sev declare --quiet sev1 --service shop checkout is down --incident inc-7",
        "/sev declare sev1 \"checkout is down\" —service shop —quiet —incident INC-7",
        "/sev declare sev1 checkout is down –service shop –quiet –incident INC-7",
        "/sev declare sev1 checkout is down --Service 'Shop' --QUIET --quiet --incident \"INC-7\"",
    ] {
        assert_eq!(read(line), same, "{line}");
    }
    let quoted = "/sev declare sev1 checkout is down --service=\"front desk\"";
    assert_eq!(read(quoted), "sev declare level=sev1 title=checkout is down service=front desk");
}

#[test]
fn dashes_within_text_are_text() {
    for (line, title) in [
        ("deploy --service shop broke it", "deploy --service shop broke it"),
        ("it broke with --force", "it broke with --force"),
        ("see -- --service shop", "see -- --service shop"),
        ("down — maybe", "down — maybe"),
        ("-- --service shop", "--service shop"),
        ("-- --quiet", "--quiet"),
        ("\"say --quiet\"", "say --quiet"),
        ("use \"--service shop\"", "use \"--service shop\""),
        ("it isn't \"quite\" up", "it isn't \"quite\" up"),
        ("\"half\" and \"half\"", "\"half\" and \"half\""),
        ("'tis down", "'tis down"),
        ("\"never closed", "\"never closed"),
        ("two\nlines", "two\nlines"),
    ] {
        assert_eq!(
            read(&format!("/sev declare sev1 {title_typed}", title_typed = line)),
            format!("sev declare level=sev1 title={title}")
        );
    }
}

#[test]
fn an_option_after_text_with_an_apostrophe_is_still_an_option() {
    let line = "/sev declare sev1 checkout isn't up, 'tis bad --service shop";
    assert_eq!(read(line), "sev declare level=sev1 title=checkout isn't up, 'tis bad service=shop");
}

#[test]
fn what_is_left_out_is_absent_or_its_default() {
    assert_eq!(read("/sev list"), "sev list");
    assert_eq!(read("/sev list 5 --all"), "sev list all=true limit=5");
    assert_eq!(read("/every kind x"), "every kind text=x duration=900000");
    assert_eq!(read("/sev level sev2"), "sev level level=sev2");
    assert_eq!(read("/sev level sev2 'fewer users' --incident 3"), "sev level level=sev2 reason=fewer users @INC-3");
}

#[test]
fn commands_without_subcommands_take_their_arguments_directly() {
    assert_eq!(read("/ping"), "ping");
    assert_eq!(read("/ping --incident 4"), "ping @INC-4");
    assert_eq!(read("/say help me out"), "say words=help me out");
    assert_eq!(read("/say help"), "help: /say");
    assert_eq!(read("/say \"unclosed"), "say words=\"unclosed");
}

#[test]
fn the_hosts_commands_are_its_own() {
    assert_eq!(read("/drillbell whoami"), "host: drillbell whoami");
    assert_eq!(read("/drillbell audit 25 --verify"), "host: drillbell audit lines=25 verify=true");
    assert_eq!(read("drillbell audit"), "host: drillbell audit lines=10");
}

#[test]
fn who_sees_the_answer_is_known_before_the_plugin_runs() {
    let reply = |line: &str| match parse(line) {
        Ok(Routed::Call { invocation, .. }) => invocation.reply,
        other => panic!("{other:?}"),
    };
    assert_eq!(reply("/sev list"), ReplyMode::Private);
    assert_eq!(reply("/sev note x"), ReplyMode::Channel);
    assert_eq!(reply("/ping"), ReplyMode::Channel);
}

#[test]
fn a_name_claimed_twice_goes_to_the_first_plugin_and_the_operator_is_told() {
    let plugins = || {
        vec![
            (PluginId::from("zeta"), vec![command("sev", vec![]), command("drillbell", vec![])]),
            (PluginId::from("alpha"), vec![command("sev", vec![]), command("sev", vec![])]),
        ]
    };
    let (catalog, clashes) = Catalog::new(plugins(), host_commands());
    let winner = catalog.command("SEV").map(|command| command.owner.clone());
    assert_eq!(winner, Some(Owner::Plugin(PluginId::from("alpha"))));
    let sentences: Vec<String> = clashes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(sentences.join("\n"), @"
    /sev of the plugin alpha is not offered: the plugin declares it twice.
    /sev of the plugin zeta is not offered: the plugin alpha has the name; remove one of the two.
    /drillbell of the plugin zeta is not offered: the name is the bot's own.
    ");
    let reversed = plugins().into_iter().rev().collect();
    assert_eq!(Catalog::new(reversed, host_commands()), (catalog, clashes));
}

#[test]
fn the_catalog_lists_its_commands_by_name() {
    let names: Vec<String> = catalog().commands().map(|command| command.spec.name.clone()).collect();
    assert_eq!(names, ["drillbell", "every", "ping", "say", "sev"]);
}
