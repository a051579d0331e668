//! The rules as operators write them, and what people are told.

use super::*;
use crate::config::{Config, Env};
use crate::model::approval::{Approval, Holds, State, Verdict, subject};
use crate::model::event::Person;
use crate::model::ids::{ConversationId, PersonId};
use proptest::prelude::*;
use std::path::Path;

const PEOPLE: &str = r##"
[people.ana]
name = "Ana"
console = "ana"
slack = "U1"
[people.ben]
name = "Ben"
console = "ben"
[people.carla]
name = "Carla"
[people.dora]
[roles.commander]
members = ["ben", "carla", "slack:U9"]
[roles.responder]
members = ["ana", "ben", "slack:group:S7"]
[roles.lonely]
members = ["console:ana"]
"##;

fn policy(rules: &str) -> Policy {
    policy_of(rules, Arc::new(NoGroups), false)
}

fn policy_of(rules: &str, groups: Arc<dyn Groups>, demo: bool) -> Policy {
    let config = Config::parse(&format!("{PEOPLE}\n{rules}"), Path::new("d.toml"), &Env::none());
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    Policy::new(config.policy, config.roles, config.people, groups, demo)
}

fn person(id: &str) -> Person {
    Person { id: PersonId::from(id), name: id.to_owned() }
}

fn run(policy: &Policy, line: &str, by: &str) -> Decision {
    let (command, subcommand) = line.split_once(' ').unwrap_or((line, ""));
    policy.decide(Subject::Command { command, subcommand }, Some(&person(by)), &"console:#incidents".into())
}

fn needs(decision: Decision) -> (u32, Option<String>) {
    match decision {
        Decision::NeedsApproval(need) => (need.needed, need.role),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_a_rule_everybody_may_and_production_jobs_still_need_somebody_else() {
    let policy = policy("");
    assert_eq!(run(&policy, "rollback run", "console:stranger"), Decision::Allow);
    let job = |production| Subject::Job { kind: "steps", capabilities: &[], production };
    assert_eq!(policy.decide(job(false), None, &"timer:x".into()), Decision::Allow);
    assert_eq!(needs(policy.decide(job(true), Some(&person("ana")), &"timer:x".into())), (1, None));
    assert_eq!(needs(policy.decide(job(true), None, &"timer:x".into())), (1, None));
}

#[test]
fn the_most_specific_rule_applies_wherever_it_stands() {
    let policy = policy(
        "[[policy]]\ncommand = \"*\"\napprovals = 1\n[[policy]]\ncommand = \"rollback\"\nrole = \"responder\"\n\
         [[policy]]\ncommand = \"rollback run\"\nrole = \"responder\"\napprovals = 2\napprover = \"commander\"\n\
         [[policy]]\ncommand = \"rollback action confirm\"\napprovals = 3\napprover = \"commander\"\n\
         [[policy]]\ncommand = \"drillbell audit\"\nrole = \"commander\"",
    );
    assert_eq!(needs(run(&policy, "sev declare", "ana")), (1, None));
    assert_eq!(run(&policy, "rollback plan", "ana"), Decision::Allow);
    assert_eq!(needs(run(&policy, "rollback run", "ana")), (2, Some("commander".to_owned())));
    let commands = ["rollback".to_owned()];
    let here = ConversationId::from("console:#incidents");
    let click = |action, by| policy.decide(Subject::Action { commands: &commands, action }, Some(&person(by)), &here);
    assert_eq!(needs(click("run", "ana")).0, 2, "a button named like a subcommand falls under its rule");
    assert_eq!(needs(click("confirm", "dora")).0, 3);
    assert!(matches!(click("other", "dora"), Decision::Refuse(_)));
    let host =
        |subcommand| policy.decide(Subject::Host { command: "drillbell", subcommand }, Some(&person("ana")), &here);
    assert_eq!(host("status"), Decision::Allow, "`*` does not reach the bot's own commands");
    assert!(matches!(host("audit"), Decision::Refuse(_)));
}

#[test]
fn a_rule_for_a_subcommand_reaches_the_buttons_whose_names_begin_with_it_and_only_asks_for_more() {
    let commands = ["rollback".to_owned()];
    let here = ConversationId::from("console:#incidents");
    let click = |policy: &Policy, action, by| {
        policy.decide(Subject::Action { commands: &commands, action }, Some(&person(by)), &here)
    };
    let restricting = policy("[[policy]]\ncommand = \"rollback maintenance\"\nrole = \"commander\"");
    assert!(matches!(click(&restricting, "maintenance-notice", "dora"), Decision::Refuse(_)));
    assert_eq!(click(&restricting, "maintenance-notice", "ben"), Decision::Allow);
    assert_eq!(click(&restricting, "maintenances", "dora"), Decision::Allow, "that is another word");
    let lax = "[[policy]]\ncommand = \"rollback\"\nrole = \"commander\"\n[[policy]]\ncommand = \"rollback run\"\n";
    assert_eq!(click(&policy(lax), "run", "dora"), Decision::Allow);
    assert!(matches!(click(&policy(lax), "run-all", "dora"), Decision::Refuse(_)), "a name opens no door");
    let named = policy(&format!("{lax}[[policy]]\ncommand = \"rollback action run-all\"\napprovals = 2"));
    assert_eq!(needs(click(&named, "run-all", "dora")), (2, None), "what names the button goes alone");
    let all = policy(
        "[[policy]]\ncommand = \"*\"\napprovals = 2\n[[policy]]\ncommand = \"rollback run\"\napprovals = 1\n\
         approver = \"commander\"",
    );
    assert_eq!(needs(click(&all, "run-1", "dora")), (2, Some("commander".to_owned())));
    let torn = policy(
        "[[policy]]\ncommand = \"rollback\"\napprovals = 1\napprover = \"responder\"\n\
         [[policy]]\ncommand = \"rollback run\"\napprovals = 1\napprover = \"commander\"",
    );
    assert!(matches!(click(&torn, "run-1", "dora"), Decision::Refuse(text) if text.contains("a rule for the button")));
}

#[test]
fn a_rule_about_one_thing_that_a_job_uses_says_nothing_of_the_others() {
    let uses = |names: &[&str]| names.iter().map(|name| format!("command:{name}")).collect::<Vec<_>>();
    let decided = |policy: &Policy, names: &[&str]| {
        let capabilities = uses(names);
        let job = Subject::Job { kind: "steps", capabilities: &capabilities, production: true };
        policy.decide(job, Some(&person("ana")), &"console:#ops".into())
    };
    let harmless = "[[policy]]\ncapability = \"command:probe\"\napprovals = 0\n";
    let policy_of = policy;
    let policy = policy_of(harmless);
    assert_eq!(decided(&policy, &["probe"]), Decision::Allow);
    assert_eq!(needs(decided(&policy, &["probe", "restart"])), (1, None), "the default holds for the rest");
    let policy = policy_of(&format!("{harmless}[[policy]]\njob = \"steps\"\napprovals = 2"));
    assert_eq!(needs(decided(&policy, &["probe", "restart"])), (2, None), "and so does the rule about the kind");
    let policy = policy_of(
        "[[policy]]\ncapability = \"command:a\"\napprovals = 1\napprover = \"commander\"\nbreak_glass = \"commander\"\n\
         [[policy]]\ncapability = \"command:b\"\napprovals = 2\n\
         [[policy]]\ncapability = \"command:c\"\napprovals = 1\napprover = \"responder\"",
    );
    let Decision::NeedsApproval(both) = decided(&policy, &["a", "b"]) else { panic!() };
    assert_eq!((both.needed, both.role.as_deref(), both.break_glass), (2, Some("commander"), None));
    assert!(matches!(decided(&policy, &["a", "c"]), Decision::Refuse(text) if text.contains("one by one")));
}

#[test]
fn the_role_that_a_token_carries_is_for_asking() {
    let policy = policy("[[policy]]\ncommand = \"deploy\"\nrole = \"commander\"");
    let ci = person("token:ci");
    let deploy = Subject::Command { command: "deploy", subcommand: "" };
    let asked = |carries| policy.decide_for(deploy, Asker { by: Some(&ci), carries }, &"console:#ops".into());
    assert_eq!(asked(Some("commander")), Decision::Allow);
    assert!(matches!(asked(None), Decision::Refuse(_)) && matches!(asked(Some("responder")), Decision::Refuse(_)));
    assert!(!policy.has_role(&ci.id, "commander"), "it votes for nothing");
}

#[test]
fn a_refusal_says_who_could_and_where() {
    let policy = policy(
        "[[policy]]\ncommand = \"rollback\"\nrole = \"commander\"\n[[policy]]\ncommand = \"backup\"\nrole = \"responder\"\n\
         [[policy]]\ncommand = \"sev\"\nchannels = [\"console:#ops\"]\n[[policy]]\ncommand = \"drill run\"\nrole = \"lonely\"\n\
         approvals = 1\n[[policy]]\ncommand = \"drill\"\napprover = \"commander\"\napprovals = 4\n[[policy]]\njob = \"steps\"\nrole = \"commander\"",
    );
    let said = |decision| match decision {
        Decision::Refuse(sentence) => sentence,
        other => panic!("{other:?}"),
    };
    let mut all: Vec<_> = [
        ("rollback run", "ana"),
        ("backup run", "dora"),
        ("sev list", "ana"),
        ("drill run", "ana"),
        ("drill report", "ben"),
    ]
    .into_iter()
    .map(|(line, by)| said(run(&policy, line, by)))
    .collect();
    let job = Subject::Job { kind: "steps", capabilities: &[], production: true };
    all.push(said(policy.decide(job, None, &"timer:x".into())));
    insta::assert_snapshot!(all.join("\n"), @r"
    /rollback run is for the role commander: ask Ben, Carla or slack:U9.
    /backup run is for the role responder: ask Ana, Ben or somebody of slack:group:S7.
    /sev list is kept to console:#ops: use it there.
    /drill run needs 1 approval from others of the role lonely, and there is nobody else: an operator has to add somebody to [roles.lonely].
    /drill report needs 4 approvals from others of the role commander, and only Carla or slack:U9 could give one: an operator has to add somebody to [roles.commander].
    A `steps` job is for the role commander (Ben, Carla or slack:U9), and nobody of it asked for this.
    ");
}

#[test]
fn groups_of_a_platform_count_once_a_platform_knows_them() {
    struct S7;
    impl Groups for S7 {
        fn has(&self, group: Group<'_>, person: &PersonId) -> bool {
            group == Group { platform: "slack", id: "S7" } && person.as_str() == "dora"
        }
    }
    let rules = "[[policy]]\ncommand = \"backup\"\nrole = \"responder\"";
    assert!(matches!(run(&policy(rules), "backup run", "dora"), Decision::Refuse(_)));
    assert_eq!(run(&policy_of(rules, Arc::new(S7), false), "backup run", "dora"), Decision::Allow);
}

#[test]
fn of_several_capabilities_the_strictest_rule_counts() {
    let policy = policy(
        "[[policy]]\njob = \"steps\"\n[[policy]]\ncapability = \"command:a\"\napprovals = 1\n\
         [[policy]]\ncapability = \"command:b\"\napprovals = 2\n[[policy]]\ncapability = \"command:c\"\nrole = \"lonely\"",
    );
    let decide = |used: &[&str]| {
        let capabilities: Vec<_> = used.iter().map(|name| format!("command:{name}")).collect();
        let subject = Subject::Job { kind: "steps", capabilities: &capabilities, production: true };
        policy.decide(subject, Some(&person("ben")), &"console:#ops".into())
    };
    assert_eq!(decide(&[]), Decision::Allow, "the rule for the kind says so");
    assert_eq!(needs(decide(&["a", "b"])).0, 2);
    assert_eq!(needs(decide(&["b", "a"])).0, 2);
    assert!(matches!(decide(&["a", "c", "b"]), Decision::Refuse(_)));
}

pub(super) fn approval(needed: u32, role: Option<&str>) -> Approval {
    let subject = subject(&serde_json::json!({"run": "shop"}));
    let here = "console:#incidents".into();
    Approval {
        id: "A-0123ABCD".into(),
        title: "/rollback run shop".to_owned(),
        needed,
        role: role.map(str::to_owned),
        root: "d1".into(),
        card: "m1".into(),
        revision: 1,
        ..Approval::open("rollback".into(), person("ana"), here, subject, Holds::Question, [0, 900_000])
    }
}

fn cast(policy: &Policy, approval: &Approval, by: &str, verdict: Verdict, reason: &str) -> Tally {
    cast_as(policy, approval, by, verdict, reason, None, 60_000)
}

fn cast_as(
    policy: &Policy,
    approval: &Approval,
    by: &str,
    verdict: Verdict,
    reason: &str,
    asserted_by: Option<&str>,
    now_ms: i64,
) -> Tally {
    let (by, via) = (person(by), ConversationId::from("console:#ops"));
    policy.vote(approval, Ballot { by: &by, verdict, reason, via: &via, asserted_by, now_ms })
}

fn counted(tally: Tally) -> Approval {
    match tally {
        Tally::Counted(approval) => *approval,
        other => panic!("{other:?}"),
    }
}

fn refused(tally: Tally) -> String {
    match tally {
        Tally::Refused(sentence) => sentence,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_of_a_role_approve_and_neither_twice_nor_the_requester_under_any_name() {
    let policy = policy("");
    let first = counted(cast(&policy, &approval(2, Some("commander")), "ben", Verdict::Approve, ""));
    assert_eq!((first.state, first.given(), first.ended_ms), (State::Open, 1, None));
    let own: Vec<_> = ["ana", "console:ana", "slack:U1"]
        .into_iter()
        .map(|by| refused(cast(&policy, &first, by, Verdict::Approve, "")))
        .collect();
    assert!(own.windows(2).all(|pair| pair[0] == pair[1]), "{own:?}");
    let again = refused(cast(&policy, &first, "console:ben", Verdict::Approve, ""));
    let wrong = refused(cast(&policy, &first, "dora", Verdict::Approve, ""));
    let second = counted(cast(&policy, &first, "slack:U9", Verdict::Approve, "go"));
    assert_eq!((second.state, second.ended_ms), (State::Approved, Some(60_000)));
    let late = refused(cast(&policy, &second, "carla", Verdict::Approve, ""));
    insta::assert_snapshot!([own[0].clone(), again, wrong, late].join("\n"), @r"
    You asked for A-0123ABCD yourself, so somebody else has to approve it: Carla or slack:U9.
    You approved A-0123ABCD at 00:01 UTC already; it waits for 1 more, by Carla or slack:U9.
    Only the role commander can approve A-0123ABCD: ask Carla or slack:U9.
    A-0123ABCD was approved by ben and slack:U9 at 00:01 UTC already.
    ");
}

#[test]
fn a_no_ends_it_and_the_requester_takes_back() {
    let policy = policy("");
    let denied = counted(cast(&policy, &approval(2, None), "dora", Verdict::Deny, "too risky"));
    assert_eq!((denied.state, denied.decided_by()), (State::Denied, vec![person("dora")]));
    let stranger = refused(cast(&policy, &approval(2, None), "console:stranger", Verdict::Deny, ""));
    let taken = counted(cast(&policy, &approval(2, None), "slack:U1", Verdict::Deny, ""));
    assert_eq!(taken.state, State::Void);
    let after = [&denied, &taken].map(|ended| refused(cast(&policy, ended, "ben", Verdict::Approve, "")));
    insta::assert_snapshot!(format!("{stranger}\n{}", after.join("\n")), @r"
    Only people of [people] can deny A-0123ABCD, and you are not among them: ask Ben, Carla or dora.
    A-0123ABCD was denied by dora at 00:01 UTC.
    A-0123ABCD is void since 00:01 UTC: slack:U1 took it back.
    ");
}

#[test]
fn whom_only_a_token_vouches_for_is_no_second_person_except_in_the_demo() {
    let vote =
        |policy: &Policy| cast_as(policy, &approval(1, None), "ben", Verdict::Approve, "", Some("local token"), 1);
    insta::assert_snapshot!(refused(vote(&policy(""))), @"Only the local token says that this is you, and that does not count as a second person: approve in chat, or signed in on the web by a link from there.");
    let demo = counted(vote(&policy_of("", Arc::new(NoGroups), true)));
    assert_eq!(demo.state, State::Approved);
    assert_eq!(demo.votes[0].asserted_by.as_deref(), Some("local token"), "on record all the same");
    let own =
        cast_as(&policy_of("", Arc::new(NoGroups), true), &approval(1, None), "ana", Verdict::Approve, "", None, 1);
    assert!(matches!(own, Tally::Refused(_)), "the requester never counts, not even there");
}

#[test]
fn the_glass_is_broken_by_its_role_with_a_reason_and_by_nobody_else() {
    let policy = policy("");
    let none = refused(cast(&policy, &approval(1, None), "ben", Verdict::BreakGlass, "fire"));
    let glass = Approval { break_glass: Some("responder".to_owned()), ..approval(2, Some("commander")) };
    let wrong = refused(cast(&policy, &glass, "carla", Verdict::BreakGlass, "fire"));
    let silent = refused(cast(&policy, &glass, "ana", Verdict::BreakGlass, "  "));
    let hint = refused(cast(&policy, &glass, "ana", Verdict::Approve, ""));
    let broken = counted(cast(&policy, &glass, "ana", Verdict::BreakGlass, "fire"));
    assert_eq!((broken.state, broken.given()), (State::Approved, 0));
    insta::assert_snapshot!([none, wrong, silent, hint].join("\n"), @r#"
    The policy lets nobody go without an approval here: ask Ben, Carla or dora.
    Only the role responder may break the glass here: ask Ana, Ben or somebody of slack:group:S7.
    Breaking the glass needs a reason, which everybody will read: --break-glass "why it cannot wait".
    You asked for A-0123ABCD yourself, so somebody else has to approve it: Ben, Carla or slack:U9. If it cannot wait: /drillbell approve A-0123ABCD --break-glass "why".
    "#);
}

#[test]
fn a_vote_that_comes_too_late_puts_the_end_on_record() {
    let policy = policy("");
    let at = |now_ms| cast_as(&policy, &approval(1, None), "ben", Verdict::Approve, "", None, now_ms);
    assert!(matches!(at(899_999), Tally::Counted(next) if next.state == State::Approved));
    for now_ms in [900_000, 10_000_000] {
        match at(now_ms) {
            Tally::TooLate(next) => assert_eq!((next.state, next.ended_ms), (State::Expired, Some(now_ms))),
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    /// Whoever votes what, how often and under which name: it is approved only once enough different people other than the
    /// requester, all of them asked, said yes; and nothing counts after the end.
    #[test]
    fn an_approval_takes_as_many_people_as_it_says(
        needed in 1..4_u32,
        votes in prop::collection::vec((0..8_usize, 0..5_u8), 0..20),
    ) {
        let policy = policy("");
        let names = ["ana", "console:ana", "slack:U1", "ben", "console:ben", "carla", "slack:U9", "dora"];
        let human = |name: &str| match name {
            "console:ana" | "slack:U1" => "ana",
            "console:ben" => "ben",
            other => other,
        }.to_owned();
        let mut now = approval(needed, Some("commander"));
        let mut yes = std::collections::BTreeSet::new();
        for (who, what) in votes {
            let verdict = if what == 0 { Verdict::Deny } else { Verdict::Approve };
            let before = now.clone();
            if let Tally::Counted(next) = cast(&policy, &now, names[who], verdict, "") {
                prop_assert_eq!(before.state, State::Open, "nothing counts after the end");
                if verdict == Verdict::Approve {
                    prop_assert!(yes.insert(human(names[who])), "nobody counts twice");
                }
                now = *next;
            }
        }
        prop_assert!(!yes.contains("ana") && !yes.contains("dora"));
        prop_assert_eq!(now.state == State::Approved, yes.len() == needed as usize);
    }
}
