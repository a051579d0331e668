//! Tokens known by their shape. A cheap look for tell-tale words comes first, so that ordinary text meets no pattern.

use super::{MARK, Span};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use base64::Engine;
use regex::{Captures, Regex};
use tokio::sync::OnceCell;

/// One shape. What is hidden is the group `s`, or all of the match if there is none.
struct Shape {
    /// Words, in any case, without one of which it cannot match.
    tells: &'static [&'static str],
    /// Bytes below which a text cannot hold one; for shapes whose words stand in nearly every text.
    least: usize,
    pattern: &'static str,
    /// A second look, where the pattern alone would hide ordinary text.
    sure: fn(&Captures<'_>, &str, &str) -> bool,
}

const NAMES: &str = "password|passwd|passphrase|pwd|secret|token|credentials?|(?:api|access|private|routing|integration|service)[_-]?key";

const SHAPES: [Shape; 22] = [
    // Chat.
    Shape {
        tells: &["xox", "xapp-"],
        least: 0,
        pattern: r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{10,}",
        sure: always,
    },
    Shape {
        tells: &["hooks.slack.com"],
        least: 0,
        pattern: r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9/_-]{10,})",
        sure: always,
    },
    Shape {
        tells: &["/api/webhooks/"],
        least: 0,
        pattern: r"/api/webhooks/[0-9]{5,}/(?P<s>[A-Za-z0-9_-]{20,})",
        sure: always,
    },
    Shape {
        tells: &["."],
        least: 58,
        pattern: r"(?-u:\b)(?P<s>[MNO][A-Za-z0-9_-]{23,}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,})",
        sure: random,
    },
    // Clouds and forges.
    Shape {
        tells: &["akia", "asia"],
        least: 0,
        pattern: r"(?-u:\b)(?:AKIA|ASIA)[A-Z2-7]{16}(?:[^A-Za-z0-9/+\r\n]{1,40}[A-Za-z0-9/+]{40}(?-u:\b))?",
        sure: always,
    },
    Shape {
        tells: &["gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_"],
        least: 0,
        pattern: r"gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
        sure: always,
    },
    Shape {
        tells: &["glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glagent-", "gloas-", "glcbt-"],
        least: 0,
        pattern: r"gl(?:pat|dt|rt|ptt|ft|agent|oas|cbt)-[A-Za-z0-9_.-]{16,}",
        sure: always,
    },
    Shape { tells: &["aiza"], least: 0, pattern: r"AIza[A-Za-z0-9_-]{35}", sure: always },
    Shape {
        tells: &["npm_", "hvs.", "dop_v1_", "pypi-"],
        least: 0,
        pattern: r"npm_[A-Za-z0-9]{30,}|hvs\.[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{40,}|pypi-[A-Za-z0-9_-]{40,}",
        sure: always,
    },
    Shape {
        tells: &["_live_", "_test_", "whsec_"],
        least: 0,
        pattern: r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{10,}",
        sure: always,
    },
    // PagerDuty: personal keys, and what its REST API is called with.
    Shape { tells: &["u+"], least: 0, pattern: r"(?-u:\b)(?P<s>u\+[A-Za-z0-9_+-]{18})(?-u:\b)", sure: random },
    Shape { tells: &["token token="], least: 0, pattern: r"(?i)token token=(?P<s>[^\s]{8,})", sure: always },
    // Headers.
    Shape {
        tells: &["authorization"],
        least: 0,
        pattern: r#"(?i)authorization(?:\\?["'])?[ \t]*[:=][ \t]*(?:\\?["'])?(?:(?:bearer|basic|token|negotiate|apikey|key)[ \t]+(?P<s>[^\s"'\\]+)|(?:digest|aws4-hmac-sha256)[ \t]+(?P<t>[^\r\n]+)|(?P<u>[^\s"'\\]{12,}))"#,
        sure: unlike_a_word,
    },
    Shape {
        tells: &["bearer"],
        least: 0,
        pattern: r"(?i)(?-u:\b)bearer[ \t]+(?P<s>[A-Za-z0-9._~+/=-]{12,})",
        sure: random,
    },
    Shape {
        tells: &["basic"],
        least: 0,
        pattern: r"(?i)(?-u:\b)basic[ \t]+(?P<s>[A-Za-z0-9+/_-]{6,}={0,2})",
        sure: names_a_user,
    },
    Shape {
        tells: &["cookie"],
        least: 0,
        pattern: r#"(?i)(?-u:\b)(?:set-)?cookie(?:\\?["'])?[ \t]*:[ \t]*(?:\\?["'])?(?P<s>[A-Za-z0-9_.-]+=[^"'\\\r\n]+)"#,
        sure: always,
    },
    // Whatever is given under a telling name.
    Shape {
        tells: &[
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "secret",
            "token",
            "credential",
            "_key",
            "-key",
            "apikey",
            "accesskey",
            "privatekey",
            "routingkey",
        ],
        least: 0,
        pattern: "",
        sure: given,
    },
    Shape {
        tells: &["--"],
        least: 0,
        pattern: r#"(?i)--[a-z0-9-]{0,40}(?:password|passwd|passphrase|secret|token|api-?key)[ \t]+(?P<s>[^\s"'-][^\s"']*)"#,
        sure: unlike_a_word,
    },
    Shape {
        tells: &["://"],
        least: 0,
        pattern: r#"(?i)[a-z][a-z0-9+.-]{1,20}://(?:[^\s/?#:@"'<>\\]{0,128}:(?P<s>[^\s/?#"'<>\\]{1,512})@|(?P<t>[A-Za-z0-9_~.%+-]{20,512})@)"#,
        sure: no_stand_in,
    },
    // Keys.
    Shape {
        tells: &["private key"],
        least: 0,
        pattern: r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
        sure: always,
    },
    Shape {
        tells: &["eyj"],
        least: 0,
        pattern: r"(?-u:\b)eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){2,4}",
        sure: always,
    },
    Shape {
        tells: &["age-secret-key-"],
        least: 0,
        pattern: r"(?i)age-secret-key-(?:[a-z]+-)*1[0-9a-z]{20,}",
        sure: always,
    },
];

/// `name = value` in the manner of the shell, TOML, YAML and JSON, and of JSON within JSON.
fn given_pattern() -> String {
    format!(
        r#"(?P<key>[A-Za-z0-9_.-]{{0,60}}(?i:{NAMES}))(?P<quote>\\?["'])?[ \t]*(?P<sep>=>?|:)[ \t]*(?:(?:[A-Za-z]{{1,20}}\()?(?:\\"(?P<s>[^"\\\r\n]+)|"(?P<t>(?:[^"\\\r\n]|\\.)+))|'(?P<u>[^'\r\n]+)|(?P<v>[^\s"'&;,<>\\=][^\s"'&;,<>\\]*))"#
    )
}

impl Shape {
    fn ready<'c>(&self, made: &'c OnceCell<Regex>) -> &'c Regex {
        if !made.initialized() {
            let pattern = if self.pattern.is_empty() { given_pattern() } else { self.pattern.to_owned() };
            let pattern = Regex::new(&pattern).expect("a pattern of ours is a pattern: a test makes them all");
            // Another thread may have been quicker, with the same.
            let _ = made.set(pattern);
        }
        made.get().expect("it was set just now, by us or by another thread")
    }
}

/// All shapes, ready to look.
pub(super) struct Shapes {
    tells: AhoCorasick,
    /// Which shape a word tells of.
    of: Vec<usize>,
    /// Made when they are first needed: most are needed by few texts.
    patterns: Vec<OnceCell<Regex>>,
}

impl Shapes {
    pub(super) fn new() -> Self {
        let tells = SHAPES.iter().enumerate().flat_map(|(at, shape)| shape.tells.iter().map(move |word| (at, *word)));
        let (of, words): (Vec<usize>, Vec<&str>) = tells.unzip();
        let tells = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(words);
        let patterns = SHAPES.iter().map(|_| OnceCell::new()).collect();
        Self { tells: tells.expect("a few words of ours make an automaton"), of, patterns }
    }

    pub(super) fn find(&self, text: &str, spans: &mut Vec<Span>) {
        let mut seen = 0_u32;
        for word in self.tells.find_overlapping_iter(text) {
            seen |= 1 << self.of[word.pattern().as_usize()];
        }
        for (at, (shape, pattern)) in SHAPES.iter().zip(&self.patterns).enumerate() {
            if seen & (1 << at) == 0 || text.len() < shape.least {
                continue;
            }
            for found in shape.ready(pattern).captures_iter(text) {
                let groups = ["s", "t", "u", "v"].into_iter().find_map(|name| found.name(name));
                let Some(secret) = groups.or_else(|| found.get(0)) else { continue };
                if !secret.as_str().starts_with(MARK) && (shape.sure)(&found, secret.as_str(), text) {
                    let key = secret.as_str().starts_with("-----BEGIN");
                    let open = key && !secret.as_str().contains("-----END");
                    let from = found.get(0).map_or(secret.start(), |all| all.start());
                    spans.push(Span { from, start: secret.start(), end: secret.end(), name: None, open });
                }
            }
        }
    }
}

fn always(_: &Captures<'_>, secret: &str, _: &str) -> bool {
    !secret.chars().all(|c| c == '*')
}

fn no_stand_in(found: &Captures<'_>, secret: &str, text: &str) -> bool {
    always(found, secret, text) && !is_stand_in(secret)
}

/// Digits, or capitals within: ordinary words have neither.
fn random(_: &Captures<'_>, secret: &str, _: &str) -> bool {
    secret.bytes().any(|b| b.is_ascii_digit()) || secret.bytes().skip(1).any(|b| b.is_ascii_uppercase())
}

fn unlike_a_word(_: &Captures<'_>, secret: &str, _: &str) -> bool {
    !secret.chars().all(|c| c.is_lowercase()) && !secret.chars().all(|c| c == '*') && !is_placeholder(secret)
}

/// Basic credentials are `user:password` in base64.
fn names_a_user(_: &Captures<'_>, secret: &str, _: &str) -> bool {
    let plain = base64::engine::general_purpose::STANDARD_NO_PAD.decode(secret.trim_end_matches('='));
    plain.is_ok_and(|bytes| std::str::from_utf8(&bytes).is_ok_and(|text| text.contains(':')))
}

/// Whether `key sep value` gives a secret, rather than speaking of one.
fn given(found: &Captures<'_>, secret: &str, text: &str) -> bool {
    let key = found.name("key").map_or("", |key| key.as_str());
    let bare = found.name("v").is_some();
    let null = bare && ["null", "true", "false", "None", "nil"].contains(&secret.trim_end_matches(['}', ']', ')']));
    // The shell's working directory is no secret.
    let folder = matches!(key, "PWD" | "OLDPWD") && secret.starts_with('/');
    if null || folder || secret.starts_with("//") || secret.chars().all(|c| c == '*') || is_placeholder(secret) {
        return false;
    }
    let colon = found.name("sep").is_some_and(|sep| sep.as_str() == ":");
    if !(bare && colon && found.name("quote").is_none()) {
        return true;
    }
    // `password: hunter2` alone on its line is YAML; in the middle of a sentence it is prose.
    let (start, end) = found.get(0).map_or((0, 0), |all| (all.start(), all.end()));
    let before = text[..start].rsplit(['\n', '\r']).next().unwrap_or_default();
    let after = text[end..].split(['\n', '\r']).next().unwrap_or_default();
    before.chars().all(|c| c.is_whitespace() || c == '-') && after.trim().is_empty()
}

/// The words that help and documents write where a secret is to stand, in capitals: `Authorization: Bearer TOKEN`.
fn is_stand_in(secret: &str) -> bool {
    let word = secret.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    matches!(word, "TOKEN" | "PASSWORD" | "PASSPHRASE" | "SECRET" | "KEY" | "API_KEY")
}

/// `$NAME`, `${NAME}`, `{name}`, or the beginning of a table: where a secret will be put, not the secret.
fn is_placeholder(secret: &str) -> bool {
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let braces = |text: &str| text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(name);
    matches!(secret, "{" | "[" | "(")
        || is_stand_in(secret)
        || braces(secret)
        || secret.strip_prefix('$').is_some_and(|rest| braces(rest) || (name(rest) && rest.to_uppercase() == rest))
}
