//! Walks the trail row by row, in constant memory, and says which record is the first that is not as it was written.

use super::checkpoint::{Checkpoint, Checkpoints};
use super::{GENESIS, chain, link};
use std::collections::VecDeque;

/// Where the trail ends by the database's own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last record's number; 0 for an empty trail.
    pub seq: i64,
    /// The last record's hash; [`GENESIS`] for an empty trail.
    pub hash: String,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first record that is not as it was written.
    pub seq: i64,
    /// The same for people, in one sentence.
    pub sentence: String,
}

/// From where on nothing outside the database vouches for the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanchored {
    /// The first record after the last agreeing checkpoint.
    pub seq: i64,
    /// When that record was written, RFC 3339.
    pub at: String,
}

/// What a walk through the whole trail found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// Nothing is wrong. An unanchored end is not wrong, only weaker.
    pub ok: bool,
    /// Records walked whose link holds.
    pub checked: u64,
    /// The first bad record, if any.
    pub first_bad: Option<Finding>,
    /// The last checkpoint that agrees with the trail.
    pub last_checkpoint: Option<Checkpoint>,
    /// Where the anchored part ends; `None` when the last record is anchored or the trail is empty.
    pub unanchored_since: Option<Unanchored>,
}

/// Takes the rows in ascending order with [`Verifier::row`], then the head with [`Verifier::finish`].
///
/// Rows and head must come from one snapshot of the database, or records written meanwhile look like tampering.
#[derive(Debug)]
pub struct Verifier {
    last: Head,
    checked: u64,
    finding: Option<Finding>,
    /// Checkpoints still ahead, ascending.
    ahead: VecDeque<Checkpoint>,
    agreed: Option<Checkpoint>,
    unanchored: Option<Unanchored>,
    bad_line: Option<Finding>,
}

impl Verifier {
    /// A walk from the first record, against these checkpoints.
    pub fn new(checkpoints: Checkpoints) -> Self {
        Self {
            last: Head { seq: 0, hash: GENESIS.to_owned() },
            checked: 0,
            finding: None,
            // One signed before the first record says nothing about any.
            ahead: checkpoints.valid.into_iter().filter(|checkpoint| checkpoint.seq > 0).collect(),
            agreed: None,
            unanchored: None,
            bad_line: checkpoints.bad,
        }
    }

    /// Checks the next row. `false` once a bad record is known: further rows can be spared.
    pub fn row(&mut self, seq: i64, record: &str, hash: &str) -> bool {
        if self.finding.is_none() {
            match self.check(seq, record, hash) {
                Ok(at) => self.accept(seq, hash, at),
                Err(finding) => self.finding = Some(finding),
            }
        }
        self.finding.is_none()
    }

    /// Says of the next row what is wrong with it, where it does not even hold a number and two texts; without a number it is the one
    /// that belongs there. Always `false`, as [`Verifier::row`].
    pub fn mangled(&mut self, seq: Option<i64>, what: &str) -> bool {
        let seq = seq.unwrap_or(self.last.seq + 1);
        self.finding.get_or_insert_with(|| Finding { seq, sentence: format!("record {seq} {what}") });
        false
    }

    fn check(&self, seq: i64, record: &str, hash: &str) -> Result<String, Finding> {
        let last = self.last.seq;
        let bad = |seq: i64, sentence: String| Err(Finding { seq, sentence });
        if seq <= last {
            return bad(seq, format!("record {seq} stands after record {last}, where {} belongs", last + 1));
        }
        if seq != last + 1 {
            let missing = last + 1;
            return bad(missing, format!("record {missing} is missing: the next one found is {seq}"));
        }
        if link(&self.last.hash, record) != hash {
            return bad(seq, format!("record {seq} was changed: its text and its hash no longer belong together"));
        }
        let Some(reading) = chain::read(record).filter(|reading| reading.canonical) else {
            return bad(seq, format!("record {seq} is not in the form this program writes"));
        };
        match reading.seq {
            Some(own) if own == seq => Ok(reading.at),
            Some(own) => bad(seq, format!("record {seq} says of itself that it is record {own}")),
            None => bad(seq, format!("record {seq} does not say which number it has")),
        }
    }

    fn accept(&mut self, seq: i64, hash: &str, at: String) {
        self.last = Head { seq, hash: hash.to_owned() };
        self.checked += 1;
        if self.unanchored.is_none() {
            self.unanchored = Some(Unanchored { seq, at });
        }
        while let Some(checkpoint) = self.ahead.front().filter(|checkpoint| checkpoint.seq <= seq) {
            if checkpoint.seq < seq || checkpoint.hash != hash {
                self.finding = Some(self.disagrees(checkpoint));
                return;
            }
            self.agreed = self.ahead.pop_front();
            self.unanchored = None;
        }
    }

    fn disagrees(&self, checkpoint: &Checkpoint) -> Finding {
        let seq = checkpoint.seq;
        let since = self.agreed.as_ref().map_or(1, |agreed| agreed.seq + 1);
        let sentence = format!(
            "record {seq} is not the one that was signed at {}: the chain was rewritten somewhere between records {since} and {seq}",
            checkpoint.at
        );
        Finding { seq, sentence }
    }

    /// Compares the end with the head row (`None`: there is none) and with the checkpoints beyond it, and reports.
    pub fn finish(self, head: Option<&Head>) -> VerifyReport {
        let trail = self.finding.clone().or_else(|| self.end(head));
        // A bad line names no record of the trail for certain; it decides only where the trail itself gives no earlier reason.
        let first_bad = match (trail, self.bad_line) {
            (Some(trail), Some(line)) if line.seq < trail.seq && line.seq > 0 => Some(line),
            (Some(trail), _) => Some(trail),
            (None, line) => line,
        };
        VerifyReport {
            ok: first_bad.is_none(),
            checked: self.checked,
            first_bad,
            last_checkpoint: self.agreed,
            unanchored_since: self.unanchored,
        }
    }

    fn end(&self, head: Option<&Head>) -> Option<Finding> {
        let last = &self.last;
        let next = last.seq + 1;
        let cut = |seq: i64, who: String| {
            let present = if last.seq == 0 {
                "none is present".to_owned()
            } else {
                format!("the last one present is {}", last.seq)
            };
            let sentence =
                format!("record {next} is missing, the end was cut off: {who} says there are {seq} records, {present}");
            Some(Finding { seq: next, sentence })
        };
        match head {
            None => {
                let sentence = "the head row, which says where the trail ends, is missing or no longer one".to_owned();
                return Some(Finding { seq: next, sentence });
            }
            Some(head) if head.seq > last.seq => return cut(head.seq, "the head row".to_owned()),
            Some(head) if head.seq < last.seq => {
                let seq = head.seq + 1;
                let sentence =
                    format!("record {seq} stands beyond the end: the head row says the trail ends at {}", head.seq);
                return Some(Finding { seq, sentence });
            }
            Some(head) if head.hash != last.hash => {
                let sentence = format!("record {} is not the one the head row names: their hashes differ", last.seq);
                return Some(Finding { seq: last.seq, sentence });
            }
            _ => {}
        }
        let beyond = self.ahead.front()?;
        cut(beyond.seq, format!("the checkpoint signed at {}", beyond.at))
    }
}

#[cfg(test)]
mod tests;
