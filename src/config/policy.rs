//! `[[policy]]`: which commands, jobs and capabilities are for whom, where, and with whose approval. Which rule applies is
//! decided by `crate::policy`; here only what cannot be right is refused.

use super::chat::Chats;
use super::limits::{APPROVAL_TIME, APPROVAL_TIME_MAX, APPROVAL_TIME_MIN, APPROVERS_MAX};
use super::problem::Refusal;
use super::roles::Roles;
use super::section::Section;
use super::tree::{Node, Place};
use super::values;
use crate::model::ids::ConversationId;
use std::collections::BTreeMap;
use std::time::Duration;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it is about.
    pub what: What,
    /// Who may. Default: everybody.
    pub role: Option<String>,
    /// Where. Default: everywhere.
    pub channels: Vec<ConversationId>,
    /// How many others must approve. Default: 0.
    pub approvals: u32,
    /// Who may approve. Default: `role`, else anybody in `[people]`.
    pub approver: Option<String>,
    /// How long an approval may wait. Default 15 minutes.
    pub approval_timeout: Duration,
    /// Who may go without an approval, with a reason. Default: nobody.
    pub break_glass: Option<String>,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// `*`: every command of every plugin.
    Everything,
    /// `rollback`: every subcommand, and every button of its plugin's cards.
    Command(String),
    /// `rollback run`: one subcommand, and buttons of that name.
    Subcommand(String, String),
    /// `rollback action confirm`: one button.
    Action(String, String),
    /// Jobs of a kind.
    Job(String),
    /// Jobs that use a capability: `command:restart-shop`.
    Capability(String),
}

/// The host's commands that no rule can take away: without them nobody could find out, or decide, anything.
const ALWAYS: [&str; 5] = ["help", "whoami", "approve", "deny", "login"];

impl Rule {
    pub(super) fn read_all(root: &mut Section<'_>, roles: &Roles, chats: &Chats<'_>) -> Vec<Self> {
        let mut rules = Vec::new();
        let mut first: BTreeMap<What, usize> = BTreeMap::new();
        for (number, (place, section)) in (1_usize..).zip(root.tables("policy")) {
            let Some(rule) = Self::read(place, section, roles, chats, number, &mut first) else { continue };
            rules.push(rule);
        }
        rules
    }

    fn read(
        place: &Place,
        mut section: Section<'_>,
        roles: &Roles,
        chats: &Chats<'_>,
        number: usize,
        first: &mut BTreeMap<What, usize>,
    ) -> Option<Self> {
        let subjects = [
            ("command", section.read("command", command)),
            ("job", section.read("job", |node| word(node, "-_", "a kind of job, such as \"steps\"").map(What::Job))),
            (
                "capability",
                section.read("capability", |node| {
                    word(node, "-_:.*#/", "a capability, such as \"command:restart-shop\"").map(What::Capability)
                }),
            ),
        ];
        let given: Vec<_> = subjects.iter().filter(|(key, _)| section.has(key)).map(|(key, _)| *key).collect();
        if given.len() != 1 {
            let found = if given.is_empty() { "none of them".to_owned() } else { given.join(" and ") };
            section.refuse_whole(place, Refusal::expected("one of `command`, `job`, `capability`").found(found));
        }
        let what = subjects.into_iter().find_map(|(_, what)| what);
        let role = section.read("role", |node| roles.known(node));
        let channels =
            section.read_list("channels", "a list such as [\"console:#ops\"]", |node| chats.conversation(node));
        let approvals = section.read("approvals", |node| values::integer(node, 0..=APPROVERS_MAX));
        let approver = section.read("approver", |node| roles.known(node));
        let timeout =
            section.read("approval_timeout", |node| values::duration(node, APPROVAL_TIME_MIN..=APPROVAL_TIME_MAX));
        let break_glass = section.read("break_glass", |node| roles.known(node));
        let approvals = approvals.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        if approvals == 0 && !section.has("approvals") {
            for key in ["approver", "approval_timeout", "break_glass"] {
                let refusal = Refusal::expected("`approvals` beside it, or it has no effect");
                section.refuse(key, refusal.fix("write approvals = 1, or remove it"));
            }
        }
        if let Some(what) = &what {
            if what.is_host() && approvals > 0 {
                let refusal = Refusal::expected("no approvals for the bot's own commands: they change nothing outside");
                section.refuse("approvals", refusal.fix("use role and channels"));
            }
            if let Some(earlier) = first.get(what) {
                let expected = format!("one rule for each; rule {earlier} is about the same and goes first");
                section.refuse_whole(
                    place,
                    Refusal::expected(expected).found("a rule that never applies").fix("join the two"),
                );
            } else {
                first.insert(what.clone(), number);
            }
        }
        section.finish();
        Some(Self {
            what: what?,
            role,
            channels: channels.unwrap_or_default(),
            approvals,
            approver,
            approval_timeout: timeout.unwrap_or(APPROVAL_TIME),
            break_glass,
        })
    }
}

impl What {
    /// Key and value, as in the file.
    pub fn written(&self) -> (&'static str, String) {
        match self {
            Self::Everything => ("command", "*".to_owned()),
            Self::Command(command) => ("command", command.clone()),
            Self::Subcommand(command, sub) => ("command", format!("{command} {sub}")),
            Self::Action(command, action) => ("command", format!("{command} action {action}")),
            Self::Job(kind) => ("job", kind.clone()),
            Self::Capability(capability) => ("capability", capability.clone()),
        }
    }

    /// Whether it is about the bot's own commands.
    pub fn is_host(&self) -> bool {
        matches!(self, Self::Command(command) | Self::Subcommand(command, _) if command == "drillbell")
    }
}

fn command(node: &Node) -> Result<What, Refusal> {
    let text = values::text(node)?;
    let expected = || {
        Refusal::expected(
            "\"*\", a command (\"rollback\"), its subcommand (\"rollback run\") or button (\"rollback action confirm\")",
        )
    };
    let plain = text.strip_prefix('/').unwrap_or(text);
    if plain != text {
        return Err(expected().fix(format!("write \"{plain}\", without the slash")));
    }
    let words: Vec<_> = text.split_whitespace().collect();
    if !words.iter().all(|word| *word == "*" || values::is_name(word, "-_.:")) {
        return Err(expected());
    }
    let own = |word: &str| word.to_owned();
    match words.as_slice() {
        ["*"] => Ok(What::Everything),
        ["drillbell", sub] if ALWAYS.contains(sub) => {
            Err(Refusal::expected(format!("no rule for {}: everybody has them", ALWAYS.join(", "))).fix("remove it"))
        }
        [_, ..] if words.contains(&"*") => Err(expected().fix("leave the `*` out: a command stands for all of it")),
        [command] => Ok(What::Command(own(command))),
        [command, sub] => Ok(What::Subcommand(own(command), own(sub))),
        [command, "action", action] => Ok(What::Action(own(command), own(action))),
        _ => Err(expected()),
    }
}

fn word(node: &Node, also: &str, expected: &str) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let good = text.len() <= 100 && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c));
    if good { Ok(text.to_owned()) } else { Err(Refusal::expected(expected)) }
}
