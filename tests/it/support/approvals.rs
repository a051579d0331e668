//! Approvals for store tests, and the rules, people and words that tests of the whole bot share.

use super::bot::{MISBEHAVING, SEV, Setup};
use super::commits::ana;
use super::database::NEW_YEAR_MS;
use drillbell::commands::CommandAnswer;
use drillbell::model::approval::{Approval, Holds, subject};
use drillbell::model::ids::ApprovalId;
use drillbell::model::view::View;

/// A question of the plugin `test`, as it is about to be asked.
pub fn approval(id: &str, root: &str) -> Approval {
    let subject = subject(&serde_json::json!({"restore": "shop"}));
    let time = [NEW_YEAR_MS, NEW_YEAR_MS + 900_000];
    Approval {
        id: id.into(),
        title: "Restore shop".to_owned(),
        root: root.into(),
        card: "m1".into(),
        plea: View::text("please"),
        ..Approval::open("test".into(), ana(), "console:#incidents".into(), subject, Holds::Question, time)
    }
}

/// Ana and Ben answer for things, Carla looks on, Ana is Ana in Slack too.
pub const PEOPLE: &str = r#"
[people.ana]
name = "Ana"
console = "ana"
slack = "U1"
[people.ben]
name = "Ben"
console = "ben"
[people.carla]
name = "Carla"
console = "carla"
[people.dora]
name = "Dora"
console = "dora"
[roles.commander]
members = ["ben", "carla"]
[roles.oncall]
members = ["ana"]
[channels]
ops = "console:#ops"
"#;

/// A bot with these rules.
pub fn ruled(rules: &str) -> Setup {
    Setup { config: format!("{SEV}\n{MISBEHAVING}\n{PEOPLE}\n{rules}"), ..Setup::default() }
}

/// The approval that an answer speaks of.
pub fn id_of(answer: &CommandAnswer) -> ApprovalId {
    let data = answer.data.as_ref().unwrap_or_else(|| panic!("no data: {answer:?}"));
    let id = data["approval"]["id"].as_str().or(data.as_str());
    ApprovalId::parse(id.unwrap_or_else(|| panic!("no approval: {answer:?}"))).expect("an approval's id")
}

/// A text without what differs each time.
pub fn plain(text: &str, id: &ApprovalId) -> String {
    text.replace(id.as_str(), "A-1")
}
