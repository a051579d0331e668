//! Which rule applies to something, and what it says. Of the rules that are about it the most specific one applies: a named
//! button before a subcommand, that before its command, that before `*`. A button `run-2` falls under a rule for `run`, too.

use super::Policy;
use super::people::either;
use crate::config::limits::{APPROVAL_TIME, STATUS_APPROVAL_MS};
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
        /// `drillbell`, and in the demo `demo`.
        command: &'a str,
        /// `audit`, `plugins`, …
        subcommand: &'a str,
    },
    /// A button of a plugin's card. A rule for a subcommand of the same name, or of the name before a `-`, is about it too.
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
    /// Words for the public status page. They always need an approval; rules only say whose, and how many.
    Publication,
}

/// What rules about the public page call it: `capability = "status"`.
const PUBLIC: &str = "status";

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

/// Who asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asker<'a> {
    /// The person; nobody when a timer did.
    pub by: Option<&'a Person>,
    /// The role that the token carries by which a program asks. It is for asking: no program approves anything.
    pub carries: Option<&'a str>,
}

impl Policy {
    /// May `by` (`None`: nobody asked, a timer did) do this here?
    pub fn decide(&self, subject: Subject<'_>, by: Option<&Person>, here: &ConversationId) -> Decision {
        self.decide_for(subject, Asker { by, carries: None }, here)
    }

    /// The same for somebody who may carry a role besides those that the configuration gives.
    pub fn decide_for(&self, subject: Subject<'_>, asker: Asker<'_>, here: &ConversationId) -> Decision {
        let by = asker.by;
        if subject == Subject::Publication {
            return self.decide_words(asker, here);
        }
        let Subject::Job { capabilities, production, .. } = subject else {
            let decisions = self.rules_for(subject).into_iter().map(|rule| self.apply(rule, subject, asker, here));
            return self.all(decisions, subject, by);
        };
        let of =
            |wanted: &[String]| self.rules.iter().filter(move |rule| is_of(&rule.what, wanted)).collect::<Vec<_>>();
        let mut decisions: Vec<_> =
            of(capabilities).into_iter().map(|rule| self.apply(rule, subject, asker, here)).collect();
        // What a rule says of one thing that a job uses says nothing of the others.
        let spoken_for = |capability: &String| !of(std::slice::from_ref(capability)).is_empty();
        if capabilities.is_empty() || !capabilities.iter().all(spoken_for) {
            match self.rule_for(subject) {
                Some(rule) => decisions.push(self.apply(rule, subject, asker, here)),
                None if production => {
                    // Nobody said that it may be done by one person alone.
                    let need = Need { needed: 1, role: None, timeout: APPROVAL_TIME, break_glass: None };
                    decisions.push(Decision::NeedsApproval(need));
                }
                None => {}
            }
        }
        self.all(decisions.into_iter(), subject, by)
    }

    /// What satisfies all of them.
    fn all(&self, decisions: impl Iterator<Item = Decision>, subject: Subject<'_>, by: Option<&Person>) -> Decision {
        match decisions.reduce(|one, other| both(one, other, subject)) {
            Some(Decision::NeedsApproval(need)) => self.possible(need, subject, by),
            Some(decided) => decided,
            None => Decision::Allow,
        }
    }

    /// Nothing becomes public that only its author has read, whatever the rules say.
    fn decide_words(&self, asker: Asker<'_>, here: &ConversationId) -> Decision {
        let subject = Subject::Publication;
        let rule = self.rules.iter().find(|rule| is_of(&rule.what, &[PUBLIC.to_owned()]));
        match rule.map(|rule| self.apply(rule, subject, asker, here)) {
            Some(Decision::Allow) | None => {
                let role = rule.and_then(|rule| rule.role.clone());
                let timeout = Duration::from_millis(STATUS_APPROVAL_MS.unsigned_abs());
                self.possible(Need { needed: 1, role, timeout, break_glass: None }, subject, asker.by)
            }
            // The glass is for what must happen now; words can wait for somebody to read them.
            Some(Decision::NeedsApproval(need)) => self.possible(Need { break_glass: None, ..need }, subject, asker.by),
            Some(decided) => decided,
        }
    }

    fn rule_for(&self, subject: Subject<'_>) -> Option<&Rule> {
        self.best(subject).map(|(_, rule)| rule)
    }

    fn best(&self, subject: Subject<'_>) -> Option<(u8, &Rule)> {
        let mut best: Option<(u8, &Rule)> = None;
        for rule in &self.rules {
            let fits = specificity(&rule.what, subject);
            if fits > best.map_or(0, |(fits, _)| fits) {
                best = Some((fits, rule));
            }
        }
        best
    }

    /// The rule that applies. Where none names a button itself, those for what its name begins with apply besides: they can only ask
    /// for more than the other does, since a plugin chooses its buttons' names.
    fn rules_for(&self, subject: Subject<'_>) -> Vec<&Rule> {
        let best = self.best(subject);
        let is_named = best.is_some_and(|(fits, _)| fits >= SUBCOMMAND);
        let family = self.rules.iter().filter(|rule| !is_named && is_family(&rule.what, subject));
        best.map(|(_, rule)| rule).into_iter().chain(family).collect()
    }

    fn apply(&self, rule: &Rule, subject: Subject<'_>, asker: Asker<'_>, here: &ConversationId) -> Decision {
        let by = asker.by;
        if let Some(role) = &rule.role
            && asker.carries != Some(role)
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

/// How closely a rule for a subcommand is about it.
const SUBCOMMAND: u8 = 3;

/// Whether a rule is for the subcommand that a button's name begins with: `run` of `run-2`. Buttons of one card have a name each.
fn is_family(what: &What, subject: Subject<'_>) -> bool {
    match (what, subject) {
        (What::Subcommand(rule, sub), Subject::Action { commands, action }) => {
            commands.contains(rule) && action.strip_prefix(sub.as_str()).is_some_and(|rest| rest.starts_with('-'))
        }
        _ => false,
    }
}

/// How closely a rule is about something; 0: not at all.
fn specificity(what: &What, subject: Subject<'_>) -> u8 {
    match (what, subject) {
        (What::Everything, Subject::Command { .. } | Subject::Action { .. }) => 1,
        (What::Command(rule), Subject::Command { command, .. }) if rule == command => 2,
        (What::Command(rule), Subject::Host { command, .. }) if rule == command => 2,
        (What::Command(rule), Subject::Action { commands, .. }) if commands.contains(rule) => 2,
        (What::Job(rule), Subject::Job { kind, .. }) if rule == kind => 2,
        (What::Subcommand(rule, sub), Subject::Command { command, subcommand })
            if rule == command && sub == subcommand =>
        {
            SUBCOMMAND
        }
        (What::Subcommand(rule, sub), Subject::Host { command, subcommand })
            if rule == command && sub == subcommand =>
        {
            SUBCOMMAND
        }
        (What::Subcommand(rule, sub), Subject::Action { commands, action })
            if commands.contains(rule) && sub == action =>
        {
            SUBCOMMAND
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

/// What satisfies two decisions about one thing: a refusal before anything, and of approvals whatever either asks for.
fn both(one: Decision, other: Decision, subject: Subject<'_>) -> Decision {
    match (one, other) {
        (Decision::Refuse(sentence), _) | (_, Decision::Refuse(sentence)) => Decision::Refuse(sentence),
        (Decision::Allow, other) => other,
        (one, Decision::Allow) => one,
        (Decision::NeedsApproval(a), Decision::NeedsApproval(b)) => match (a.role, b.role) {
            (Some(a), Some(b)) if a != b => Decision::Refuse(match subject {
                Subject::Action { .. } => format!(
                    "{} falls under two rules, by which the roles {a} and {b} each have to approve it; one approval cannot say \
                     that. Type the command instead, or an operator writes a rule for the button.",
                    shown(subject)
                ),
                _ => format!(
                    "{} uses things that the roles {a} and {b} each have to approve, which one approval cannot say: start them \
                     one by one.",
                    shown(subject)
                ),
            }),
            (a_role, b_role) => Decision::NeedsApproval(Need {
                needed: a.needed.max(b.needed),
                role: a_role.or(b_role),
                timeout: a.timeout.min(b.timeout),
                break_glass: a.break_glass.filter(|role| b.break_glass.as_ref() == Some(role)),
            }),
        },
    }
}

/// Something as a sentence begins with it.
fn shown(subject: Subject<'_>) -> String {
    match subject {
        Subject::Command { command, subcommand: "" } => format!("/{command}"),
        Subject::Command { command, subcommand } => format!("/{command} {subcommand}"),
        Subject::Host { command, subcommand } => format!("/{command} {subcommand}"),
        Subject::Action { commands, action } => match commands.first() {
            Some(command) => format!("The button `{action}` of /{command}"),
            None => format!("The button `{action}`"),
        },
        Subject::Job { kind, .. } => format!("A `{kind}` job"),
        Subject::Publication => "An update of the public status page".to_owned(),
    }
}
