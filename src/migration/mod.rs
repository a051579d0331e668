//! What a migration's statements do: safe, risky or unknown, with the line meant. Pure. Statements are read as PostgreSQL and SQLite
//! read them; where the two would read differently, nothing is said to be safe.

mod scan;
mod statement;

#[cfg(test)]
mod tests;

use crate::config::limits::deploys::MIGRATION_FINDINGS;
use crate::model::deploy::Risk;
use std::collections::BTreeSet;

/// What was made of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The worst of its statements.
    pub risk: Risk,
    /// Why it is not safe, a sentence each without a full stop, with the line meant; the first of them.
    pub findings: Vec<String>,
    /// The first that code from before cannot live with.
    pub takes_away: Option<String>,
}

/// Looks at the text of a migration.
pub fn judge(text: &str) -> Judged {
    let tokens = match scan::tokens(text) {
        Ok(tokens) => tokens,
        Err(scan::Unreadable { line, why }) => return unknown(format!("line {line} cannot be read: {why}")),
    };
    let statements: Vec<_> = tokens.split(|token| token.is(';')).filter(|statement| !statement.is_empty()).collect();
    if statements.is_empty() {
        return unknown("there is no statement in it".to_owned());
    }
    let (mut created, mut found, mut takes_away) = (BTreeSet::new(), Vec::new(), None);
    let mut risk = Risk::Safe;
    for statement in statements {
        for finding in statement::judge(statement, &mut created) {
            let told = format!("line {} {}", finding.line, finding.text);
            if finding.takes_away && takes_away.is_none() {
                takes_away = Some(told.clone());
            }
            risk = match (risk, finding.risk) {
                (Risk::Risky, _) | (_, Risk::Risky) => Risk::Risky,
                (Risk::Unknown, _) | (_, Risk::Unknown) => Risk::Unknown,
                (Risk::Safe, Risk::Safe) => Risk::Safe,
            };
            found.push((finding.risk, told));
        }
    }
    // What is risky first, so that no flood of other things hides it.
    found.sort_by_key(|(risk, _)| *risk != Risk::Risky);
    let findings = found.into_iter().map(|(_, told)| told).take(MIGRATION_FINDINGS).collect();
    Judged { risk, findings, takes_away }
}

fn unknown(why: String) -> Judged {
    Judged { risk: Risk::Unknown, findings: vec![why], takes_away: None }
}
