//! Counting votes. Every rule about who counts stands here: never the requester, nobody twice, nobody whom only a token
//! vouches for, nobody of another role, nothing after the end.

use super::people::either;
use super::{Need, Policy};
use crate::clock::rfc3339;
use crate::model::approval::{Approval, State, Verdict, Vote};
use crate::model::event::Person;
use crate::model::ids::{ConversationId, PersonId};

/// A vote about to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Ballot<'a> {
    /// Who.
    pub by: &'a Person,
    /// What they say.
    pub verdict: Verdict,
    /// Why; may be empty, except when the glass is broken.
    pub reason: &'a str,
    /// Where.
    pub via: &'a ConversationId,
    /// Who vouches for them, if they did not sign in themselves.
    pub asserted_by: Option<&'a str>,
    /// Now, milliseconds since the epoch.
    pub now_ms: i64,
}

/// What became of a vote.
#[derive(Clone, Debug, PartialEq)]
pub enum Tally {
    /// It counts; the approval as it stands now.
    Counted(Box<Approval>),
    /// It came too late: the approval had run out, which is now on record.
    TooLate(Box<Approval>),
    /// It does not count; the sentence says why, and who could.
    Refused(String),
}

impl Policy {
    /// Counts a vote.
    pub fn vote(&self, approval: &Approval, ballot: Ballot<'_>) -> Tally {
        if approval.state != State::Open {
            return Tally::Refused(over(approval));
        }
        if ballot.now_ms >= approval.until_ms {
            return Tally::TooLate(Box::new(expired(approval, ballot.now_ms)));
        }
        let own = self.is_same(&approval.requester.id, &ballot.by.id);
        let refusal = match ballot.verdict {
            Verdict::Deny if own => None,
            Verdict::Deny => self.not_asked(approval, ballot.by, "deny"),
            Verdict::Approve if own => Some(self.own_request(approval)),
            Verdict::Approve => self
                .not_asked(approval, ballot.by, "approve")
                .or_else(|| self.twice(approval, ballot.by))
                .or_else(|| self.vouched(ballot.asserted_by)),
            Verdict::BreakGlass => self.no_glass(approval, &ballot),
        };
        if let Some(sentence) = refusal {
            return Tally::Refused(sentence);
        }
        let mut next = approval.clone();
        next.votes.push(Vote {
            by: ballot.by.clone(),
            verdict: ballot.verdict,
            at_ms: ballot.now_ms,
            via: ballot.via.clone(),
            reason: ballot.reason.to_owned(),
            asserted_by: ballot.asserted_by.map(str::to_owned),
        });
        let state = match ballot.verdict {
            Verdict::Deny if own => State::Void,
            Verdict::Deny => State::Denied,
            Verdict::BreakGlass => State::Approved,
            Verdict::Approve if next.given() >= next.needed => State::Approved,
            Verdict::Approve => State::Open,
        };
        if state == State::Void {
            next.reason = format!("{} took it back", ballot.by.name);
        }
        if state != State::Open {
            end(&mut next, state, ballot.now_ms);
        }
        Tally::Counted(Box::new(next))
    }

    /// Whether a person's click on the card could count at all; for showing whom an approval waits for.
    pub fn waits_for(&self, approval: &Approval) -> String {
        let mut but: Vec<&PersonId> = approval.votes.iter().map(|vote| &vote.by.id).collect();
        but.push(&approval.requester.id);
        either(&self.named(approval.role.as_deref(), &but))
    }

    fn not_asked(&self, approval: &Approval, by: &Person, what: &str) -> Option<String> {
        let role = approval.role.as_deref();
        if self.is_asked(&by.id, role) {
            return None;
        }
        let could = self.waits_for(approval);
        Some(match role {
            Some(role) => format!("Only the role {role} can {what} {}: ask {could}.", approval.id),
            None => {
                format!("Only people of [people] can {what} {}, and you are not among them: ask {could}.", approval.id)
            }
        })
    }

    fn own_request(&self, approval: &Approval) -> String {
        let mut sentence = format!(
            "You asked for {} yourself, so somebody else has to approve it: {}.",
            approval.id,
            self.waits_for(approval)
        );
        if approval.break_glass.as_ref().is_some_and(|role| self.has_role(&approval.requester.id, role)) {
            sentence
                .push_str(&format!(" If it cannot wait: /drillbell approve {} --break-glass \"why\".", approval.id));
        }
        sentence
    }

    fn twice(&self, approval: &Approval, by: &Person) -> Option<String> {
        let before = approval.votes.iter().find(|vote| self.is_same(&vote.by.id, &by.id))?;
        let left = approval.needed.saturating_sub(approval.given());
        let (at, could) = (time(before.at_ms), self.waits_for(approval));
        Some(format!("You approved {} at {at} already; it waits for {left} more, by {could}.", approval.id))
    }

    /// Why somebody does not count as the second person for what `asker` began; `None` if they do.
    pub fn not_second(&self, need: &Need, asker: &PersonId, by: &Person, asserted_by: Option<&str>) -> Option<String> {
        let role = need.role.as_deref();
        if self.is_same(asker, &by.id) || !self.is_asked(&by.id, role) {
            let could = either(&self.named(role, &[asker]));
            return Some(format!("It changes production, so somebody else has to have it run again: ask {could}."));
        }
        self.vouched(asserted_by)
    }

    fn vouched(&self, asserted_by: Option<&str>) -> Option<String> {
        let token = asserted_by.filter(|_| !self.demo)?;
        Some(format!(
            "Only the {token} says that this is you, and that does not count as a second person: approve in chat, or signed in \
             on the web by a link from there."
        ))
    }

    fn no_glass(&self, approval: &Approval, ballot: &Ballot<'_>) -> Option<String> {
        let Some(role) = &approval.break_glass else {
            return Some(format!(
                "The policy lets nobody go without an approval here: ask {}.",
                self.waits_for(approval)
            ));
        };
        if !self.has_role(&ballot.by.id, role) {
            let could = either(&self.named(Some(role), &[]));
            return Some(format!("Only the role {role} may break the glass here: ask {could}."));
        }
        let needs =
            "Breaking the glass needs a reason, which everybody will read: --break-glass \"why it cannot wait\".";
        ballot.reason.trim().is_empty().then(|| needs.to_owned())
    }
}

/// The approval, run out.
pub fn expired(approval: &Approval, now_ms: i64) -> Approval {
    let mut next = approval.clone();
    end(&mut next, State::Expired, now_ms);
    next
}

/// The approval, void.
pub fn void(approval: &Approval, reason: &str, now_ms: i64) -> Approval {
    let mut next = approval.clone();
    next.reason = reason.to_owned();
    end(&mut next, State::Void, now_ms);
    next
}

fn end(approval: &mut Approval, state: State, now_ms: i64) {
    approval.state = state;
    approval.ended_ms = Some(now_ms);
}

/// What is said of an approval that has ended.
fn over(approval: &Approval) -> String {
    let at = time(approval.ended_ms.unwrap_or(approval.until_ms));
    let by: Vec<_> = approval.decided_by().into_iter().map(|by| by.name).collect();
    let by = by.join(" and ");
    let id = &approval.id;
    match approval.state {
        State::Approved => format!("{id} was approved by {by} at {at} already."),
        State::Denied => format!("{id} was denied by {by} at {at}."),
        State::Expired => format!("{id} ran out at {at}: nobody decided in time. Whoever needs it asks anew."),
        State::Void | State::Open => format!("{id} is void since {at}: {}.", approval.reason),
    }
}

/// `10:02 UTC`.
fn time(at_ms: i64) -> String {
    let at = rfc3339(at_ms);
    format!("{} UTC", at.get(11..16).unwrap_or(&at))
}
