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
    insta::assert_snapshot!(complaint(&text), @"");
}

#[test]
fn a_list_that_is_no_list_of_rules_is_a_problem() {
    insta::assert_snapshot!(complaint("policy = \"*\""), @"");
    insta::assert_snapshot!(complaint("policy = [\"*\"]"), @"");
}
