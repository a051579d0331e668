//! Roles and rules: what operators write, and what they are told when a safeguard would not be one.

use super::*;
use crate::config::policy::What;
use crate::config::roles::Member;

const PEOPLE: &str = "[people.ana]\nslack = \"U1\"\n[people.ben]\n";

#[test]
fn members_are_people_whatever_they_are_named_by() {
    let roles = "[roles.all]\nmembers = [\"ana\", \"slack:U1\", \"slack:U2\", \"slack:group:S3\", \"discord:role:4\", \"email:X@y.org\"]";
    let config = parse(&format!("{PEOPLE}{roles}")).unwrap();
    let person = |id: &str| Member::Person(id.into());
    let group = |platform: &str, id: &str| Member::Group(platform.to_owned(), id.to_owned());
    let expected =
        [person("ana"), person("email:x@y.org"), person("slack:U2"), group("discord", "4"), group("slack", "S3")];
    assert_eq!(config.roles.0["all"], expected);
}

#[test]
fn a_rule_says_what_it_is_about_and_takes_defaults() {
    let rules = "[[policy]]\ncommand = \"rollback run\"\napprovals = 2\n[[policy]]\ncommand = \"*\"\n[[policy]]\njob = \"steps\"";
    let config = parse(rules).unwrap();
    let rule = &config.policy[0];
    assert_eq!(rule.what, What::Subcommand("rollback".to_owned(), "run".to_owned()));
    assert_eq!((rule.approvals, rule.approval_timeout), (2, Duration::from_secs(900)));
    assert_eq!((&rule.role, &rule.approver, &rule.break_glass, rule.channels.len()), (&None, &None, &None, 0));
    assert_eq!([&config.policy[1].what, &config.policy[2].what], [&What::Everything, &What::Job("steps".to_owned())]);
}

#[test]
fn a_safeguard_that_would_be_none_is_a_problem() {
    let text = format!(
        "{PEOPLE}[roles.commander]\nmembers = [\"anna\", \"slak:U1\", \"slack:group:x\", 7]\n[roles.empty]\n\
         [[policy]]\ncommand = \"/rollback\"\nrole = \"comander\"\n\
         [[policy]]\ncommand = \"backup\"\njob = \"steps\"\nrol = \"commander\"\n[[policy]]\napprovals = 11\n\
         [[policy]]\ncommand = \"sev\"\nbreak_glass = \"commander\"\nchannels = [\"#ops\"]\n[[policy]]\ncommand = \"sev\"\n\
         [[policy]]\ncommand = \"drillbell approve\"\n[[policy]]\ncommand = \"drillbell audit\"\napprovals = 1"
    );
    insta::assert_snapshot!(complaint(&text), @r##"
    drillbell.toml has 16 problems:

      1. drillbell.toml:5:12: roles.commander.members
         found:    "anna"
         expected: a person of [people], or an identity with its platform
         fix:      did you mean `ana`?

      2. drillbell.toml:5:20: roles.commander.members
         found:    "slak:U1"
         expected: an identity: slack, discord, email, console, each with a `:`
         fix:      did you mean `slack`?

      3. drillbell.toml:5:31: roles.commander.members
         found:    "slack:group:x"
         expected: a Slack user group such as "slack:group:S0123456789"

      4. drillbell.toml:5:48: roles.commander.members
         found:    7
         expected: a text in quotes

      5. drillbell.toml:6:8: roles.empty
         found:    no `members`
         expected: members = ["ana", …]: an empty role would lock out everybody

      6. drillbell.toml:8:11: policy.1.command
         found:    "/rollback"
         expected: "*", a command ("rollback"), its subcommand ("rollback run") or button ("rollback action confirm")
         fix:      write "rollback", without the slash

      7. drillbell.toml:9:8: policy.1.role
         found:    "comander"
         expected: a role of [roles]: commander, empty
         fix:      did you mean `commander`?

      8. drillbell.toml:10:1: policy.2
         found:    command and job
         expected: one of `command`, `job`, `capability`

      9. drillbell.toml:13:1: policy.2.rol
         found:    a key that drillbell 0.1.0 does not know
         expected: a key of [policy.2]: command, job, capability, role, channels, approvals, approver, approval_timeout, break_glass
         fix:      did you mean `role`?

     10. drillbell.toml:14:1: policy.3
         found:    none of them
         expected: one of `command`, `job`, `capability`

     11. drillbell.toml:15:13: policy.3.approvals
         found:    11
         expected: a whole number from 0 to 10

     12. drillbell.toml:18:15: policy.4.break_glass
         found:    "commander"
         expected: `approvals` beside it, or it has no effect
         fix:      write approvals = 1, or remove it

     13. drillbell.toml:19:13: policy.4.channels
         found:    "#ops"
         expected: a conversation with its platform, such as "console:#ops"
         fix:      write "console:#ops"

     14. drillbell.toml:20:1: policy.5
         found:    a rule that never applies
         expected: one rule for each; rule 4 is about the same and goes first
         fix:      join the two

     15. drillbell.toml:23:11: policy.6.command
         found:    "drillbell approve"
         expected: no rule for help, whoami, approve, deny, login: everybody has them
         fix:      remove it

     16. drillbell.toml:26:13: policy.7.approvals
         found:    1
         expected: no approvals for the bot's own commands: they change nothing outside
         fix:      use role and channels
    "##);
}

#[test]
fn a_list_that_is_no_list_of_rules_is_a_problem() {
    insta::assert_snapshot!(complaint("policy = \"*\""), @r#"
    drillbell.toml has 1 problem:

      1. drillbell.toml:1:10: policy
         found:    "*"
         expected: a list of tables: [[policy]]
    "#);
    insta::assert_snapshot!(complaint("policy = [\"*\"]"), @r#"
    drillbell.toml has 2 problems:

      1. drillbell.toml:1:11: policy.1
         found:    "*"
         expected: a table, written [policy.1]

      2. drillbell.toml:1:11: policy.1
         found:    none of them
         expected: one of `command`, `job`, `capability`
    "#);
}
