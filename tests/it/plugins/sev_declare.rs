//! `sev-declare` in the sandbox: a whole incident, the same under another name, and nothing without it.

mod cards;
mod data;
mod deploys;
mod dossier;
mod hostile;
mod incident;
mod place;
mod reminders;
mod timeline;
mod told;
mod which;

use crate::support::bot::{PEOPLE, SEV, Setup, TestBot, with_bot_of};
use crate::support::plugins::renamed;
use drillbell::store::OutcomeStatus;
use std::sync::Mutex;

/// An incident from its declaration to its reopening, with slips in between.
const INCIDENT: [&str; 14] = [
    "/sev declare sev2 checkout is down",
    "/sev note two of three replicas are gone",
    "/sev update traffic moved --status identified",
    "/sev level sev1 --reason \"payments too\"",
    "/sev list",
    "/sev show INC-1",
    "/sev declare sev3 a second one",
    "/sev note which of the two?",
    "/sev resolve --incident INC-1 replicas are back",
    "/sev list --all",
    "/sev reopen INC-1 --reason \"not quite\"",
    "/sev timeline INC-1",
    "/sev decalre sev1 a slip",
    "/sev show INC-9",
];

/// What everybody saw, a minute between commands: each one's status and answer, and what else it posted.
async fn transcript(bot: &TestBot) -> Vec<String> {
    let mut seen = Vec::new();
    for line in INCIDENT {
        let answer = bot.ana(line).await;
        bot.clock.advance(60_000);
        let more = answer.messages.iter().filter(|post| post.text != answer.text);
        let more: String = more.map(|post| format!("\n{}: {}", post.conversation, post.text)).collect();
        seen.push(format!("{line}\n{:?}: {}{more}", answer.status, answer.text));
    }
    seen
}

fn setup(config: &str) -> Setup {
    Setup { config: format!("{config}\n{PEOPLE}"), ..Setup::default() }
}

/// The same component under another name.
fn replica(folder: &std::path::Path) -> String {
    let path = renamed("sev-declare", "sev-replica", folder);
    SEV.replace("[plugins.sev-declare]", "[plugins.sev-replica]")
        .replace("\"builtin:sev-declare\"", &format!("{:?}", format!("file:{}", path.display())))
}

/// What is seen on each engine, which must be the same.
fn on_both(setup: impl Fn() -> Setup, see: impl AsyncFn(&TestBot) -> Vec<String>) -> Vec<String> {
    let seen: Mutex<Vec<Vec<String>>> = Mutex::default();
    with_bot_of(setup, async |bot| {
        let new = see(&bot).await;
        seen.lock().unwrap().push(new);
    });
    let mut seen = seen.into_inner().unwrap();
    let last = seen.pop().unwrap();
    seen.iter().for_each(|other| assert_eq!(other, &last, "one engine tells it differently"));
    last
}

#[test]
fn an_incident_goes_from_declared_to_reopened() {
    insta::assert_snapshot!(on_both(|| setup(SEV), transcript).join("\n\n"), @r#"
    /sev declare sev2 checkout is down
    Ok: INC-1 · sev2 · checkout is down
    No update yet.
    Status: investigating
    Severity: sev2 (P1, major): A major feature is degraded
    Declared by: ana
    Declared: 2026-01-01T00:00:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-01-01T00:15:00.000Z
    Decide by: 2026-01-01T00:10:00.000Z
    Roll back by: 2026-01-01T00:30:00.000Z
    Next update by: 2026-01-01T01:00:00.000Z
    Left at 00:00 UTC: 15 min to acknowledge, 10 min to decide, 30 min to roll back, 1 h to the next update.
    Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    Next: press Acknowledge, so that everybody knows that somebody is on it.

    /sev note two of three replicas are gone
    Ok: INC-1: two of three replicas are gone
    Noted in the timeline by Ana. All of it: /sev timeline INC-1

    /sev update traffic moved --status identified
    Ok: INC-1: traffic moved
    Update by Ana. Now identified (was investigating).
    What now: restore the service, then press Monitoring.
    Next update by: 2026-01-01T01:02:00.000Z

    /sev level sev1 --reason "payments too"
    Ok: INC-1 is now sev1 (was sev2): payments too
    Changed by Ana. What now: the card says it, with the clocks of sev1.

    /sev list
    Ok: 1 open incident
    INC-1 · sev1: checkout is down · identified, open for 4 min, declared by ana
    How one stands and what is next: /sev show INC-1

    /sev show INC-1
    Ok: INC-1 · sev1 · checkout is down
    traffic moved
    Status: identified
    Severity: sev1 (P0, critical): Service down, major data leak, or payments broken
    Declared by: ana
    Declared: 2026-01-01T00:00:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-01-01T00:05:00.000Z
    Decided: after 2 min, in time
    Roll back by: 2026-01-01T00:15:00.000Z
    Next update by: 2026-01-01T00:33:00.000Z
    Left at 00:05 UTC: 0 s to acknowledge, 10 min to roll back, 28 min to the next update.
    Last: 00:02 UTC ana update: traffic moved
    00:02 UTC ana status: investigating → identified
    00:03 UTC ana severity: sev2 → sev1: payments too
    How it went: /sev timeline INC-1

    /sev declare sev3 a second one
    Ok: INC-2 · sev3 · a second one
    No update yet.
    Status: investigating
    Severity: sev3 (P2, warning): A partial outage or a minor feature
    Declared by: ana
    Declared: 2026-01-01T00:06:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-01-01T01:06:00.000Z
    Roll back by: 2026-01-01T02:06:00.000Z
    Next update by: 2026-01-01T04:06:00.000Z
    Left at 00:06 UTC: 1 h to acknowledge, 2 h to roll back, 4 h to the next update.
    Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    Next: press Acknowledge, so that everybody knows that somebody is on it.

    /sev note which of the two?
    Refused: Which incident? Open now: INC-2 (a second one), INC-1 (checkout is down). Add, for example, --incident INC-2.

    /sev resolve --incident INC-1 replicas are back
    Ok: INC-1 is resolved after 8 min: replicas are back
    Resolved by Ana. If that was too early: /sev reopen INC-1

    /sev list --all
    Ok: 2 incidents
    INC-2 · sev3: a second one · investigating, open for 3 min, declared by ana
    INC-1 · sev1: checkout is down · resolved after 8 min, declared by ana
    How one stands and what is next: /sev show INC-2

    /sev reopen INC-1 --reason "not quite"
    Ok: INC-1 is open again (investigating): not quite
    Reopened by Ana. What now: its new card says it.
    console:#incidents: INC-1 · sev1 · checkout is down
    not quite
    Status: investigating
    Severity: sev1 (P0, critical): Service down, major data leak, or payments broken
    Declared by: ana
    Declared: 2026-01-01T00:00:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-01-01T00:15:00.000Z
    Decide by: 2026-01-01T00:20:00.000Z
    Roll back by: 2026-01-01T00:25:00.000Z
    Next update by: 2026-01-01T00:40:00.000Z
    Left at 00:10 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    Last: 00:08 UTC ana status: identified → resolved
    00:10 UTC ana status: reopened: resolved → investigating
    00:10 UTC ana update: not quite
    Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    Next: press Acknowledge, so that everybody knows that somebody is on it.

    /sev timeline INC-1
    Ok: Timeline of INC-1 · checkout is down
    2026-01-01T00:00:00.000Z ana declared: sev2: checkout is down
    2026-01-01T00:01:00.000Z ana note: two of three replicas are gone
    2026-01-01T00:02:00.000Z ana update: traffic moved
    2026-01-01T00:02:00.000Z ana status: investigating → identified
    2026-01-01T00:03:00.000Z ana severity: sev2 → sev1: payments too
    2026-01-01T00:05:00.000Z ana command: /sev show INC-1
    2026-01-01T00:08:00.000Z ana update: replicas are back
    2026-01-01T00:08:00.000Z ana status: identified → resolved
    2026-01-01T00:10:00.000Z ana status: reopened: resolved → investigating
    2026-01-01T00:10:00.000Z ana update: not quite
    From the beginning.

    /sev decalre sev1 a slip
    Refused: /sev has no subcommand 'decalre'; did you mean 'declare'?
    /sev declare|update|maintenance|components|level|ack|page|role|task|merge|stats|note|list|show|timeline|resolve|reopen

    /sev show INC-9
    Refused: There is no INC-9; the newest is INC-2.
    "#);
}

#[test]
fn a_copy_under_another_name_with_the_same_grants_behaves_the_same() {
    let copy = || {
        let setup = setup("");
        let config = format!("{}\n{PEOPLE}", replica(setup.folder.path()));
        Setup { config, ..setup }
    };
    assert_eq!(on_both(copy, transcript), on_both(|| setup(SEV), transcript));
}

#[test]
fn without_it_there_is_no_sev_and_the_rest_answers() {
    let seen = on_both(
        || setup(""),
        async |bot| {
            let answer = bot.ana("/sev declare sev1 checkout is down").await;
            assert_eq!(answer.status, OutcomeStatus::Refused, "{answer:?}");
            let help = bot.ana("/drillbell help").await;
            assert_eq!(help.status, OutcomeStatus::Ok, "{help:?}");
            assert!(!help.text.contains("/sev"), "{}", help.text);
            vec![answer.text]
        },
    );
    insta::assert_snapshot!(seen.join("\n"), @r"
    There is no command '/sev'.
    /drillbell help
    ");
}
