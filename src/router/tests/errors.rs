//! What people are told when a line makes no sense.

use super::{parse, read};

#[test]
fn says_what_is_unknown_and_what_was_probably_meant() {
    insta::assert_snapshot!(read("/sve declare"), @"
    There is no command '/sve'; did you mean '/sev'?
    Usage: /drillbell help
    ");
    insta::assert_snapshot!(read("/frobnicate"), @"
    There is no command '/frobnicate'.
    Usage: /drillbell help
    ");
    insta::assert_snapshot!(read("/sev delcare sev1 x"), @"
    /sev has no subcommand 'delcare'; did you mean 'declare'?
    Usage: /sev declare|level|note|list
    ");
    insta::assert_snapshot!(read("/drillbell sve list"), @r"
    /drillbell has no subcommand 'sve'; did you mean 'sev'?
    Usage: /drillbell help|whoami|status|oncall|contacts|route|plugins|approve|deny|login|audit
    ");
    insta::assert_snapshot!(read("/drillbell drillbell help"), @r"
    /drillbell has no subcommand 'drillbell'.
    Usage: /drillbell help|whoami|status|oncall|contacts|route|plugins|approve|deny|login|audit
    ");
    insta::assert_snapshot!(read("/sev declare sev1 x --servce shop"), @"
    There is no option '--servce'; did you mean '--service'? To say it as text, put -- before the text.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev list --al"), @"
    There is no option '--al'; did you mean '--all'?
    Usage: /sev list [LIMIT] [--all]
    ");
    insta::assert_snapshot!(read("/sev level --reason why sev1"), @"
    REASON is given without --reason.
    Usage: /sev level LEVEL [REASON]
    ");
    insta::assert_snapshot!(read("/drillbell status --incident 3"), @r"
    There is no option '--incident'.
    Usage: /drillbell status [--cancel CANCEL] [--retry RETRY]
    ");
}

#[test]
fn says_what_is_missing_and_what_is_too_much() {
    insta::assert_snapshot!(read("/sev declare"), @"
    LEVEL and TITLE are missing.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev declare sev1 --quiet"), @"
    TITLE is missing.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev declare sev1 x --service"), @"
    --service needs a value.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev declare sev1 x --service --quiet"), @"
    --service needs a value, but '--quiet' follows it; if that is the value, put it in quotes.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev list --all=yes"), @"
    --all takes no value.
    Usage: /sev list [LIMIT] [--all]
    ");
    insta::assert_snapshot!(read("/sev list 5 6"), @"
    Nothing more is expected at '6'.
    Usage: /sev list [LIMIT] [--all]
    ");
    insta::assert_snapshot!(read("/sev level sev1 because it hurts"), @"
    Nothing more is expected at 'it'; put several words that belong together in quotes.
    Usage: /sev level LEVEL [REASON]
    ");
    insta::assert_snapshot!(read("/sev declare sev1 x --service shop --service 'front desk'"), @"
    --service is given twice.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev note --incident 1 --incident 2 x"), @"
    --incident is given twice.
    Usage: /sev note TEXT…
    ");
    insta::assert_snapshot!(read("/sev note \"\""), @"
    TEXT is empty.
    Usage: /sev note TEXT…
    ");
}

#[test]
fn names_the_place_of_a_quote_that_is_never_closed() {
    insta::assert_snapshot!(read("/sev level sev1 \"because it hurts"), @"
    The quote at character 17 is never closed; close it at the end of a word.
    Usage: /sev level LEVEL [REASON]
    ");
    insta::assert_snapshot!(read("/sev declare --service=\"shop sev1 x"), @"
    The quote at character 24 is never closed; close it at the end of a word.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev \"declare"), @"
    The quote at character 6 is never closed; close it at the end of a word.
    Usage: /sev declare|level|note|list
    ");
    insta::assert_snapshot!(read("\"sev"), @"
    The quote at character 1 is never closed; close it at the end of a word.
    Usage: /drillbell help
    ");
}

#[test]
fn empty_enormous_and_hostile_lines_get_one_clear_sentence() {
    insta::assert_snapshot!(read(""), @"
    No command was typed.
    Usage: /drillbell help
    ");
    insta::assert_snapshot!(read(" / "), @"
    No command was typed.
    Usage: /drillbell help
    ");
    insta::assert_snapshot!(read(&"/sev note ".repeat(100_000)), @"That command is 1000000 bytes long; the limit is 8192.");
    insta::assert_snapshot!(read("/sev note \u{0} x"), @"The command contains a control character (U+0000) at position 11; take it out.");
    insta::assert_snapshot!(read("/sev\u{202e}tluser declare"), @r"
    There is no command '/sev\u{202e}tluser'.
    Usage: /drillbell help
    ");
    insta::assert_snapshot!(read(&format!("/{}", "a".repeat(8_000))), @"
    There is no command '/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…'.
    Usage: /drillbell help
    ");
    insta::assert_snapshot!(read("/sev declare \u{200b}sev1 x"), @r"
    LEVEL '\u{200b}sev1' is not a configured severity; did you mean 'sev1'?
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev declare sev1 x --service 'sh\u{202e}op'"), @r"
    --service 'sh\u{202e}op' is not a configured service; did you mean 'shop'?
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
    insta::assert_snapshot!(read("/sev declare <!channel> x"), @"
    LEVEL '<!channel>' is not a configured severity; choose sev1 or sev2.
    Usage: /sev declare LEVEL TITLE… [--service NAME] [--quiet]
    ");
}

#[test]
fn an_error_is_displayed_as_its_sentence() {
    let error = parse("/sve").expect_err("there is no such command");
    assert_eq!(error.to_string(), error.message);
}
