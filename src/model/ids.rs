//! Identifiers as types, so that a message reference can never be passed where a conversation is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; the caller vouches for its form.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id!(
    /// One delivery of one event, as its sender names it (an `Idempotency-Key`, an envelope id). The inbox holds each once.
    DeliveryId
);
text_id!(
    /// A plugin's name: lower-case words joined by `-`.
    PluginId
);
text_id!(
    /// A message this bot posted, minted by the host (UUIDv7).
    MessageRef
);
text_id!(
    /// A place where messages go, `platform:name`: `console:#incidents`, `slack:C0123456789`.
    ConversationId
);
text_id!(
    /// `INC-1`, `INC-2`, …
    IncidentId
);
text_id!(
    /// A configured person's name (`ana`), or `platform:user` for an identity that no person claims.
    PersonId
);

text_id!(
    /// `A-` and eight letters or digits, minted at random: what people type to decide an approval.
    ApprovalId
);

impl ApprovalId {
    /// Without what is easily mistaken when read aloud or off a screen: I, L, O, U.
    const ALPHABET: [char; 32] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N',
        'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
    ];

    /// A fresh one: 40 random bits.
    pub fn mint() -> Self {
        let uuid = uuid::Uuid::now_v7();
        // The last five bytes are random in every UUIDv7.
        let bits = uuid.as_bytes()[11..].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let digits = (0..8).rev().map(|n| Self::ALPHABET[usize::try_from(bits >> (5 * n) & 31).unwrap_or(0)]);
        Self(format!("A-{}", digits.collect::<String>()))
    }

    /// Reads what people type: in any case, with or without its `A-`, with O for 0 and I or L for 1.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = match text.get(..2) {
            Some(prefix) if prefix.eq_ignore_ascii_case("a-") => &text[2..],
            _ => text,
        };
        let plain = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digits: String = digits.chars().take(9).map(plain).collect();
        let whole = digits.len() == 8 && digits.chars().all(|c| Self::ALPHABET.contains(&c));
        whole.then(|| Self(format!("A-{digits}")))
    }
}

impl ConversationId {
    /// The platform part: `console` of `console:#incidents`.
    pub fn platform(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(platform, _)| platform)
    }

    /// Whether it is our own name for a conversation that the bot opened on a remote platform: `slack:+inc-7`. No platform's
    /// names begin so; the console's need no second name.
    pub fn is_opened(&self) -> bool {
        self.local().starts_with('+')
    }

    /// The name within the platform: `#incidents`.
    pub fn local(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, local)| local)
    }
}

impl IncidentId {
    /// The id of the n-th incident.
    pub fn numbered(number: i64) -> Self {
        Self(format!("INC-{number}"))
    }

    /// Reads `INC-7`, `inc-7` or `7`; nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = match text.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("inc-") => &text[4..],
            _ => text,
        };
        let plain = !digits.is_empty() && digits.len() <= 12 && digits.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = if plain { digits.parse().ok()? } else { return None };
        (number > 0).then(|| Self::numbered(number))
    }

    /// The number: 7 of `INC-7`; 0 if the text is not of that form.
    pub fn number(&self) -> i64 {
        self.0.strip_prefix("INC-").and_then(|n| n.parse().ok()).unwrap_or(0)
    }
}

/// When an id from [`fresh`] was made, milliseconds since the epoch; `None` for any other.
pub fn made_ms(id: &str) -> Option<i64> {
    let (s, ns) = uuid::Uuid::parse_str(id).ok()?.get_timestamp()?.to_unix();
    i64::try_from(s.checked_mul(1000)? + u64::from(ns) / 1_000_000).ok()
}

/// A fresh UUIDv7: unique, and sortable by the time it was made.
pub fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_incident_id_in_the_forms_people_type() {
        for text in ["INC-7", "inc-7", "7", "INC-007"] {
            assert_eq!(IncidentId::parse(text), Some(IncidentId::numbered(7)), "{text}");
        }
        for text in ["", "INC-", "INC-0", "-7", "INC-x", "INC-99999999999999999999", "ÍNC-7", "🙂"] {
            assert_eq!(IncidentId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_approval_is_read_as_people_type_it_and_mints_differ() {
        let minted = ApprovalId::mint();
        assert_eq!(ApprovalId::parse(minted.as_str()), Some(minted.clone()));
        assert_ne!(ApprovalId::mint(), minted);
        for text in ["A-0123ABC1", "a-o123abcl", "o123aBCi"] {
            assert_eq!(ApprovalId::parse(text), Some(ApprovalId::from("A-0123ABC1")), "{text}");
        }
        for text in ["", "A-", "A-123", "A-123456789", "A-1234567U", "INC-7", "Ä-12345678", "a-12345678 x"] {
            assert_eq!(ApprovalId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_conversation_knows_its_platform() {
        let conversation = ConversationId::from("console:#incidents");
        assert_eq!((conversation.platform(), conversation.local()), ("console", "#incidents"));
    }
}
