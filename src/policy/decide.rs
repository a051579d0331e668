//! Which rule applies to something, and what it says. Of the rules that are about it the most specific one applies: a named
//! button before a subcommand, that before its command, that before `*`.

use super::Policy;
use super::people::either;
use crate::config::limits::APPROVAL_TIME;
use crate::config::policy::{Rule, What};
use crate::model::event::Person;
use crate::model::ids::ConversationId;
use std::time::Duration;

/// Something that somebody wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A plugin's command.
    Command {
        /// Without the slash.
        command: &'a str,
        /// Empty where there is none.
        subcommand: &'a str,
    },
    /// One of the bot's own commands; `*` does not reach them.
    Host {
        /// `audit`, `plugins`, …
        subcommand: &'a str,
    },
    /// A button of a plugin's card. A rule for a subcommand of the same name is about it too.
    Action {
        /// The commands of the plugin.
        commands: &'a [String],
        /// What the plugin calls the button.
        action: &'a str,
    },
    /// A job.
    Job {
        /// What kind of job.
        kind: &'a str,
        /// What it uses: `command:restart-shop`. Each rule about one of them counts.
        capabilities: &'a [String],
        /// It changes what users see. Without a rule such a job needs one approval.
        production: bool,
    },
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be done.
    Allow,
    /// It may be done once others agree.
    NeedsApproval(Need),
    /// It may not; the sentence says who could, or where.
    Refuse(String),
}

/// What approvals are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// How many; never 0.
    pub needed: u32,
    /// Of which role; none: of anybody in `[people]`.
    pub role: Option<String>,
    /// How long they may take.
    pub timeout: Duration,
    /// The role that may go without.
    pub break_glass: Option<String>,
}

impl Policy {
    /// May `by` (`None`: nobody asked, a timer did) do this here?
    pub fn decide(&self, subject: Subject<'_>, by: Option<&Person>, here: &ConversationId) -> Decision {
        let Subject::Job { capabilities, production, .. } = subject else {
            return self.rule_for(subject).map_or(Decision::Allow, |rule| self.apply(rule, subject, by, here));
        };
        let mut rules: Vec<_> = self.rules.iter().filter(|rule| is_of(&rule.what, capabilities)).collect();
        if rules.is_empty() {
            rules.extend(self.rule_for(subject));
        }
        if rules.is_empty() && production {
            // Nobody said that it may be done by one person alone.
            let need = Need { needed: 1, role: None, timeout: APPROVAL_TIME, break_glass: None };
            return self.possible(need, subject, by);
        }
        let decisions = rules.into_iter().map(|rule| self.apply(rule, subject, by, here));
        decisions.reduce(stricter).unwrap_or(Decision::Allow)
    }

    fn rule_for(&self, subject: Subject<'_>) -> Option<&Rule> {
        let mut best: Option<(u8, &Rule)> = None;
        for rule in &self.rules {
            let fits = specificity(&rule.what, subject);
            if fits > best.map_or(0, |(fits, _)| fits) {
                best = Some((fits, rule));
            }
        }
        best.map(|(_, rule)| rule)
    }

    fn apply(&self, rule: &Rule, subject: Subject<'_>, by: Option<&Person>, here: &ConversationId) -> Decision {
        if let Some(role) = &rule.role
            && !by.is_some_and(|by| self.has_role(&by.id, role))
        {
            let could = either(&self.named(Some(role), &[]));
            let what = shown(subject);
            return Decision::Refuse(match by {
                Some(_) => format!("{what} is for the role {role}: ask {could}."),
                None => format!("{what} is for the role {role} ({could}), and nobody of it asked for this."),
            });
        }
        if !rule.channels.is_empty() && !rule.channels.contains(here) {
            let places: Vec<_> = rule.channels.iter().map(ToString::to_string).collect();
            return Decision::Refuse(format!("{} is kept to {}: use it there.", shown(subject), either(&places)));
        }
        if rule.approvals == 0 {
            return Decision::Allow;
        }
        let need = Need {
            needed: rule.approvals,
            role: rule.approver.clone().or_else(|| rule.role.clone()),
            timeout: rule.approval_timeout,
            break_glass: rule.break_glass.clone(),
        };
        self.possible(need, subject, by)
    }

    /// Nobody shall wait for what can never come.
    fn possible(&self, need: Need, subject: Subject<'_>, by: Option<&Person>) -> Decision {
        let role = need.role.as_deref();
        let others = self.named(role, by.map(|by| &by.id).as_slice());
        let enough = usize::try_from(need.needed).is_ok_and(|needed| others.len() >= needed);
        if enough || self.has_groups(role) || need.break_glass.is_some() {
            return Decision::NeedsApproval(need);
        }
        let (of, section) = match role {
            Some(role) => (format!("the role {role}"), format!("[roles.{role}]")),
            None => ("the people it knows".to_owned(), "[people]".to_owned()),
        };
        let most = match others.len() {
            0 => "there is nobody else".to_owned(),
            _ => format!("only {} could give one", either(&others)),
        };
        Decision::Refuse(format!(
            "{} needs {} from others of {of}, and {most}: an operator has to add somebody to {section}.",
            shown(subject),
            approvals(need.needed),
        ))
    }

    /// `Ben or Carla`: who could give what is needed, but for some.
    pub fn who_could(&self, role: Option<&str>, but: &[&crate::model::ids::PersonId]) -> String {
        either(&self.named(role, but))
    }
}

/// `1 approval`, `2 approvals`.
fn approvals(count: u32) -> String {
    if count == 1 { "1 approval".to_owned() } else { format!("{count} approvals") }
}

/// How closely a rule is about something; 0: not at all.
fn specificity(what: &What, subject: Subject<'_>) -> u8 {
    match (what, subject) {
        (What::Everything, Subject::Command { .. } | Subject::Action { .. }) => 1,
        (What::Command(rule), Subject::Command { command, .. }) if rule == command => 2,
        (What::Command(rule), Subject::Host { .. }) if rule == "drillbell" => 2,
        (What::Command(rule), Subject::Action { commands, .. }) if commands.contains(rule) => 2,
        (What::Job(rule), Subject::Job { kind, .. }) if rule == kind => 2,
        (What::Subcommand(rule, sub), Subject::Command { command, subcommand })
            if rule == command && sub == subcommand =>
        {
            3
        }
        (What::Subcommand(rule, sub), Subject::Host { subcommand }) if rule == "drillbell" && sub == subcommand => 3,
        (What::Subcommand(rule, sub), Subject::Action { commands, action })
            if commands.contains(rule) && sub == action =>
        {
            3
        }
        (What::Action(rule, name), Subject::Action { commands, action })
            if commands.contains(rule) && name == action =>
        {
            4
        }
        _ => 0,
    }
}

/// Whether a rule is about one of these capabilities.
fn is_of(what: &What, capabilities: &[String]) -> bool {
    matches!(what, What::Capability(capability) if capabilities.contains(capability))
}

/// Of two decisions about one thing: a refusal before anything, more approvals before fewer.
fn stricter(one: Decision, other: Decision) -> Decision {
    match (&one, &other) {
        (Decision::Refuse(_), _) | (_, Decision::Allow) => one,
        (Decision::NeedsApproval(a), Decision::NeedsApproval(b)) if a.needed >= b.needed => one,
        _ => other,
    }
}

/// Something as a sentence begins with it.
fn shown(subject: Subject<'_>) -> String {
    match subject {
        Subject::Command { command, subcommand: "" } => format!("/{command}"),
        Subject::Command { command, subcommand } => format!("/{command} {subcommand}"),
        Subject::Host { subcommand } => format!("/drillbell {subcommand}"),
        Subject::Action { commands, action } => match commands.first() {
            Some(command) => format!("The button `{action}` of /{command}"),
            None => format!("The button `{action}`"),
        },
        Subject::Job { kind, .. } => format!("A `{kind}` job"),
    }
}
