//! What is offered while a line is being typed.

use super::{catalog, with_world};
use crate::router::{Completion, Owner, SourceKind};

fn complete(line: &str) -> Completion {
    with_world(|world| catalog().complete(line, world))
}

/// The line with each candidate put in its place.
fn lines(line: &str) -> Vec<String> {
    let completion = complete(line);
    completion.candidates.iter().map(|candidate| format!("{}{}", &line[..completion.start], candidate.value)).collect()
}

#[test]
fn offers_commands_then_subcommands() {
    assert_eq!(lines(""), ["/drillbell", "/every", "/ping", "/say", "/sev"]);
    assert_eq!(lines("/s"), ["/say", "/sev"]);
    assert_eq!(lines("Se"), ["/sev"]);
    assert_eq!(lines("/sev "), ["/sev declare", "/sev level", "/sev note", "/sev list"]);
    assert_eq!(lines("/sev L"), ["/sev level", "/sev list"]);
    assert_eq!(lines("/drillbell se"), ["/drillbell sev"]);
    assert_eq!(lines("/drillbell sev d"), ["/drillbell sev declare"]);
    assert_eq!(lines("/drillbell s"), ["/drillbell status", "/drillbell say", "/drillbell sev"]);
    assert_eq!(lines("/nothing "), [""; 0]);
    assert_eq!(complete("/s").candidates[1].label, "All about sev");
}

#[test]
fn offers_the_values_of_an_argument() {
    assert_eq!(lines("/sev declare "), ["/sev declare sev1", "/sev declare sev2"]);
    assert_eq!(
        lines("/sev declare sev1 checkout down --service f"),
        ["/sev declare sev1 checkout down --service \"front desk\""]
    );
    assert_eq!(lines("/every kind x --service=\"fr"), ["/every kind x --service=\"front desk\""]);
    assert_eq!(
        lines("/every kind x --choice "),
        ["/every kind x --choice Up", "/every kind x --choice down", "/every kind x --choice half-way"]
    );
    assert_eq!(lines("/every kind x --user a"), ["/every kind x --user @ana"]);
    assert_eq!(lines("/every kind x --user @b"), ["/every kind x --user @ben"]);
    assert_eq!(lines("/every kind x --channel slack:"), ["/every kind x --channel slack:#operations"]);
    assert_eq!(lines("/every kind x --target o"), ["/every kind x --target orders-db"]);
}

#[test]
fn offers_options_that_are_not_used_yet() {
    assert_eq!(
        lines("/sev declare sev1 down --"),
        [
            "/sev declare sev1 down --service",
            "/sev declare sev1 down --quiet",
            "/sev declare sev1 down --incident",
            "/sev declare sev1 down --help"
        ]
    );
    assert_eq!(lines("/sev declare --quiet sev1 down —s"), ["/sev declare --quiet sev1 down --service"]);
    assert_eq!(lines("/sev list --all 5 "), ["/sev list --all 5 --incident", "/sev list --all 5 --help"]);
    assert_eq!(lines("/sev note -- --"), [""; 0], "after a lone -- everything is text");
    assert_eq!(lines("/drillbell audit --v"), ["/drillbell audit --verify"]);
}

#[test]
fn says_whom_to_ask_for_what_is_not_known_here() {
    let wants = |line: &str| complete(line).wants.map(|source| (source.kind, source.argument, source.prefix));
    let asked = |kind, argument: &str, prefix: &str| Some((kind, argument.to_owned(), prefix.to_owned()));
    assert_eq!(wants("/sev note --incident INC-"), asked(SourceKind::Incidents, "incident", "INC-"));
    assert_eq!(wants("/every kind x --about="), asked(SourceKind::Incidents, "about", ""));
    assert_eq!(wants("/every kind x --channel #o"), asked(SourceKind::Channels, "channel", "#o"));
    let owner = SourceKind::Owner(Owner::Plugin("test".into()));
    assert_eq!(wants("/every kind \"par"), asked(owner, "text", "par"));
    assert_eq!(wants("/sev note any"), None, "free text has no completions");
}

#[test]
fn an_enormous_line_is_not_completed() {
    assert_eq!(complete(&"/sev ".repeat(10_000)).candidates, []);
}
