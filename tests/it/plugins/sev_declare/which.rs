//! Which incident and which severity is meant: what people type, and the question when there is doubt.

use crate::support::bot::{HERE, SEV, Setup, with_bot_of};
use crate::support::script::{SameOnBoth, told};
use drillbell::store::OutcomeStatus;

/// Where and what.
const LINES: [(&str, &str); 14] = [
    (HERE, "/sev note with none open"),
    (HERE, "/sev show"),
    (HERE, "/sev declare sev3 the first"),
    ("console:#elsewhere", "/sev note the only open one is meant anywhere"),
    (HERE, "/sev declare sev3 the second"),
    (HERE, "/sev note which of the two?"),
    (HERE, "/sev show"),
    (HERE, "/sev note this one --incident inc-1"),
    ("console:#shop", "/sev declare sev3 the third"),
    ("console:#shop", "/sev note the one that lives here is meant"),
    ("console:#elsewhere", "/sev resolve"),
    (HERE, "/sev resolve --incident INC-9"),
    (HERE, "/sev resolve --incident nine"),
    (HERE, "/sev reopen"),
];

#[test]
fn the_incident_that_is_meant_is_found_or_asked_for() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            let mut all = Vec::new();
            for (conversation, line) in LINES {
                let answer = bot.types("ana", conversation, line).await;
                if !line.contains("declare") {
                    all.push(told(line, &answer));
                }
            }
            seen.saw(all.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > /sev note with none open
    [refused]
    (console:#incidents, only for you)
    No incident is open. To open one, type /sev declare LEVEL TITLE; to name an earlier one, add --incident INC-1.

    > /sev show
    [refused]
    (console:#incidents, only for you)
    No incident is open. To see an earlier one, type /sev show INC-1; /sev list --all names them.

    > /sev note the only open one is meant anywhere
    (console:#elsewhere)
    INC-1: the only open one is meant anywhere
    Noted in the timeline by Ana. All of it: /sev timeline INC-1

    > /sev note which of the two?
    [refused]
    (console:#incidents, only for you)
    Which incident? Open now: INC-2 (the second), INC-1 (the first). Add, for example, --incident INC-2.

    > /sev show
    [refused]
    (console:#incidents, only for you)
    Which incident? Open now: INC-2 (the second), INC-1 (the first). Type, for example, /sev show INC-2.

    > /sev note this one --incident inc-1
    (console:#incidents)
    INC-1: this one
    Noted in the timeline by Ana. All of it: /sev timeline INC-1

    > /sev note the one that lives here is meant
    (console:#shop)
    INC-3: the one that lives here is meant
    Noted in the timeline by Ana. All of it: /sev timeline INC-3

    > /sev resolve
    [refused]
    (console:#elsewhere, only for you)
    Which incident? Open now: INC-3 (the third), INC-2 (the second), INC-1 (the first). Add, for example, --incident INC-3.

    > /sev resolve --incident INC-9
    [refused]
    (console:#incidents, only for you)
    There is no INC-9; the newest is INC-3.

    > /sev resolve --incident nine
    [refused]
    (console:#incidents, only for you)
    --incident 'nine' is not an incident; write one like INC-7.
    /sev resolve [TEXT…]

    > /sev reopen
    [refused]
    (console:#incidents, only for you)
    No incident was resolved lately, so there is none to reopen. /sev list --all shows them all.
    ");
}

#[test]
fn a_severity_is_known_by_all_its_names() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            for (word, severity) in [
                ("sev1", "sev1"),
                ("SEV-1", "sev1"),
                ("P0", "sev1"),
                ("critical", "sev1"),
                ("Sev_2", "sev2"),
                ("p1", "sev2"),
                ("major", "sev2"),
                ("warning", "sev3"),
                ("info", "sev4"),
            ] {
                let answer = bot.ana(&format!("/sev declare {word} trouble")).await;
                let data = answer.data.unwrap_or_else(|| panic!("{word}: {}", answer.text));
                assert_eq!(data["incident"]["severity"], severity, "{word}");
            }
            for word in ["sev9", "sve1", "", "1", "\u{200b}sev1"] {
                let answer = bot.ana(&format!("/sev declare \"{word}\" trouble")).await;
                assert_eq!(answer.status, OutcomeStatus::Refused, "{word:?}: {}", answer.text);
            }
        },
    );
}
