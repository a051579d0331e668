//! A copy of a target in the artifact store, and what is known of it.

use super::ids::PersonId;
use serde::{Deserialize, Serialize};

/// What the looks at a copy have said so far. The later ones tell more, except `Broken` and `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CopyVerdict {
    /// It was stored; nobody has looked since.
    Unverified,
    /// It was read back, and it is what its manifest says.
    Verified,
    /// It was restored, and what came out passed every check.
    Proven,
    /// It cannot be relied on.
    Broken,
    /// Somebody looked and could not tell.
    Unknown,
}

impl CopyVerdict {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Unverified, Self::Verified, Self::Proven, Self::Broken, Self::Unknown];

    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Proven => "proven",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the lower-case word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }

    /// What stands after a look that said `said`. Not being able to tell takes nothing back, and neither does reading a copy that
    /// has been restored: only being broken does.
    #[must_use]
    pub fn after(self, said: Self) -> Self {
        match (self, said) {
            (_, Self::Unverified) | (Self::Verified | Self::Proven | Self::Broken, Self::Unknown) => self,
            (Self::Proven, Self::Verified) => Self::Proven,
            (_, said) => said,
        }
    }
}

/// Somebody wants a copy kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Who.
    pub by: PersonId,
    /// Since when, milliseconds since the epoch.
    pub at_ms: i64,
    /// Why, in their words.
    pub reason: String,
}

/// A copy as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupCopy {
    /// The object's name in the artifact store: `backups/TARGET/20261122T100000Z-0badcafe.dump.zst.age`.
    pub object: String,
    /// The `[targets.NAME]` it is a copy of.
    pub target: String,
    /// `postgres`, `sqlite` or `files`.
    pub kind: String,
    /// The moment whose state it holds, milliseconds since the epoch.
    pub taken_ms: i64,
    /// Bytes of the object.
    pub stored_bytes: i64,
    /// Bytes before compression and encryption.
    pub plain_bytes: i64,
    /// Its manifest, JSON text of at most `COPY_MANIFEST_BYTES`; empty in lists.
    pub manifest: String,
    /// What is known of it.
    pub verdict: CopyVerdict,
    /// When somebody last looked.
    pub verdict_ms: Option<i64>,
    /// What they saw, in one sentence.
    pub verdict_detail: String,
    /// When it was last found whole.
    pub verified_ms: Option<i64>,
    /// When a restore of it last passed every check.
    pub proven_ms: Option<i64>,
    /// Somebody wants it kept.
    pub pinned: Option<Pin>,
    /// When it was deleted from the artifact store.
    pub gone_ms: Option<i64>,
}

/// A drill that passed, as it measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drilled {
    /// The target.
    pub target: String,
    /// When it ended, milliseconds since the epoch.
    pub at_ms: i64,
    /// How long it took from its start until the last check, milliseconds.
    pub rto_ms: u64,
}

/// The last drill of a target, however it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastDrill {
    /// The target.
    pub target: String,
    /// When it ended, milliseconds since the epoch.
    pub at_ms: i64,
    /// `pass`, `fail` or `unknown`; or how its job ended.
    pub status: String,
    /// What says most.
    pub sentence: String,
}

impl BackupCopy {
    /// A copy of which nothing is known but that it was stored.
    pub fn taken(object: String, target: String, kind: String, taken_ms: i64) -> Self {
        Self {
            object,
            target,
            kind,
            taken_ms,
            stored_bytes: 0,
            plain_bytes: 0,
            manifest: String::new(),
            verdict: CopyVerdict::Unverified,
            verdict_ms: None,
            verdict_detail: String::new(),
            verified_ms: None,
            proven_ms: None,
            pinned: None,
            gone_ms: None,
        }
    }

    /// What people type for it; see `short_of`.
    pub fn short(&self) -> Option<&str> {
        short_of(&self.object)
    }

    /// Whether it was taken of what was there before a restore or a rollback. What that holds is what somebody wanted to be rid of: it
    /// is restored when it is named, and taken for the newest copy by nobody.
    pub fn is_safety(&self) -> bool {
        is_safety(&self.object)
    }
}

/// What stands in a safety copy's name, between the digits and what says how it is read.
pub const SAFETY: &str = "safety";

/// Whether an object is a safety copy, by its name: `backups/TARGET/20261122T100000Z-0badcafe.safety.dump.zst`.
pub fn is_safety(object: &str) -> bool {
    let ends = short_of(object).and_then(|_| object.rsplit('/').next()?.split('.').nth(1));
    object.starts_with("backups/") && ends == Some(SAFETY)
}

/// The eight hexadecimal digits in a name of ours, `backups/TARGET/20261122T100000Z-0badcafe.dump.zst`: what people type for the
/// object. An object that somebody else named has none.
pub fn short_of(object: &str) -> Option<&str> {
    let name = object.rsplit('/').next()?;
    let (stem, _) = name.split_once('.')?;
    let (_, id) = stem.rsplit_once('-')?;
    is_short(id).then_some(id)
}

/// Whether a text has the form of a short name.
pub fn is_short(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_name_is_what_stands_before_the_first_dot() {
        assert_eq!(short_of("backups/shop/20261122T100000Z-0badcafe.dump.zst.age"), Some("0badcafe"));
        for other in ["", "backups/shop/nightly.dump", "backups/a-0badcafe/x.tar", "x-0BADCAFE.tar", "x-0badcaf.tar"] {
            assert_eq!(short_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_safety_copy_is_known_by_its_name() {
        assert!(is_safety("backups/shop/20261122T100000Z-0badcafe.safety.dump.zst.age"));
        for other in [
            "backups/shop/20261122T100000Z-0badcafe.dump.zst.age",
            "backups/safety/20261122T100000Z-0badcafe.dump.zst",
            "old/shop-0badcafe.safety.dump",
            "backups/shop/my.safety.dump",
        ] {
            assert!(!is_safety(other), "{other}");
        }
    }

    #[test]
    fn only_being_broken_takes_anything_back() {
        use CopyVerdict::{Broken, Proven, Unknown, Unverified, Verified};
        for (before, said, after) in [
            (Unverified, Verified, Verified),
            (Unverified, Unknown, Unknown),
            (Unknown, Verified, Verified),
            (Verified, Unknown, Verified),
            (Verified, Proven, Proven),
            (Proven, Verified, Proven),
            (Proven, Unknown, Proven),
            (Proven, Broken, Broken),
            (Broken, Unknown, Broken),
            (Broken, Verified, Verified),
        ] {
            assert_eq!(before.after(said), after, "{before:?} after {said:?}");
        }
        for verdict in CopyVerdict::ALL {
            assert_eq!(verdict.after(Unverified), verdict, "a copy stored twice is the same copy");
            assert_eq!(CopyVerdict::parse(verdict.as_str()), Some(verdict));
        }
    }
}
