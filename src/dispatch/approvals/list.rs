//! `/drillbell approve` and `deny` as typed: which approval and what is said of it; and what waits, when none is named.

use super::card;
use crate::config::limits::APPROVAL_WORDS_CHARS;
use crate::dispatch::{House, Trouble};
use crate::model::approval::Verdict;
use crate::model::ids::ApprovalId;
use crate::model::view::{Block, Tone, View};
use serde_json::{Value, json};

/// Open approvals listed at most; with more, the oldest come first.
const LISTED: i64 = 20;

/// What a line says: nothing of any approval, or which, what and why. The error is a sentence.
///
/// `words` are the id and the reason; a reason's words after `--break-glass` belong to it, quoted or not.
pub(in crate::dispatch) fn decision(
    command: &str,
    words: [Option<&str>; 2],
    break_glass: Option<&str>,
) -> Result<Option<(ApprovalId, Verdict, String)>, String> {
    let [id, reason] = words;
    let Some(id) = id else {
        return match break_glass {
            None => Ok(None),
            Some(_) => Err("Say which approval: `/drillbell approve` lists those that wait.".to_owned()),
        };
    };
    let Some(id) = ApprovalId::parse(id) else {
        let id = crate::router::shown(id);
        return Err(format!(
            "{id} is no approval: expected A- and eight letters or digits. `/drillbell approve` lists them."
        ));
    };
    let (verdict, parts) = match (command, break_glass) {
        (_, Some(why)) => (Verdict::BreakGlass, [Some(why), reason]),
        ("deny", None) => (Verdict::Deny, [reason, None]),
        _ => (Verdict::Approve, [reason, None]),
    };
    let reason =
        parts.into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let chars = reason.chars().count();
    if chars > APPROVAL_WORDS_CHARS {
        return Err(format!("A reason may have {APPROVAL_WORDS_CHARS} characters; this one has {chars}."));
    }
    Ok(Some((id, verdict, reason)))
}

impl House {
    /// What waits for an approval.
    pub(in crate::dispatch) async fn waiting(&self) -> Result<(View, Value), Trouble> {
        let now_ms = self.store.now_ms();
        let mut open = self.store.open_approvals(LISTED).await?;
        open.retain(|approval| approval.until_ms > now_ms);
        let mut view = View { title: "Waiting for an approval".to_owned(), tone: Tone::Info, blocks: Vec::new() };
        if open.is_empty() {
            view.blocks.push(Block::Text { text: "Nothing waits for an approval.".to_owned() });
        }
        for approval in &open {
            let value = card::entry(&self.policy, approval);
            view.blocks.push(Block::Field { name: approval.id.to_string(), value });
        }
        let data: Vec<_> = open.iter().map(|approval| card::data(approval)["approval"].take()).collect();
        Ok((view, json!({"approvals": data})))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_approval_what_and_why() {
        let read = |command, id, reason, glass| decision(command, [id, reason], glass);
        let id = || ApprovalId::from("A-0123ABCD");
        let is = |verdict, reason: &str| Ok(Some((id(), verdict, reason.to_owned())));
        let known = Some("a-0123abcd");
        assert_eq!(read("approve", known, None, None), is(Verdict::Approve, ""));
        assert_eq!(read("deny", known, Some("too late "), None), is(Verdict::Deny, "too late"));
        assert_eq!(read("approve", known, Some("is on fire"), Some("db")), is(Verdict::BreakGlass, "db is on fire"));
        assert_eq!(read("approve", None, None, None), Ok(None));
        assert!(read("approve", None, None, Some("now")).is_err());
        let long = "x".repeat(501);
        assert!(read("deny", known, Some(&long), None).is_err());
        insta::assert_snapshot!(read("deny", Some("it\u{202e}"), None, None).unwrap_err(), @r"'it\u{202e}' is no approval: expected A- and eight letters or digits. `/drillbell approve` lists them.");
    }
}
