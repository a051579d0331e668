//! Emoji by the short names that plugins use, as Discord wants and sends them: the sign itself.

/// The names that plugins and people of operations use; the same as Slack's.
const NAMES: [(&str, &str); 24] = [
    ("eyes", "👀"),
    ("white_check_mark", "✅"),
    ("heavy_check_mark", "✔️"),
    ("x", "❌"),
    ("warning", "⚠️"),
    ("rotating_light", "🚨"),
    ("fire", "🔥"),
    ("pushpin", "📌"),
    ("round_pushpin", "📍"),
    ("hourglass", "⌛"),
    ("hourglass_flowing_sand", "⏳"),
    ("+1", "👍"),
    ("thumbsup", "👍"),
    ("-1", "👎"),
    ("thumbsdown", "👎"),
    ("tada", "🎉"),
    ("rocket", "🚀"),
    ("bell", "🔔"),
    ("no_bell", "🔕"),
    ("memo", "📝"),
    ("question", "❓"),
    ("exclamation", "❗"),
    ("red_circle", "🔴"),
    ("green_circle", "🟢"),
];

/// The sign of a name; a name that is a sign already is its own.
pub(super) fn sign(name: &str) -> Option<&str> {
    let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, sign)| *sign);
    known.or_else(|| (!name.is_empty() && !name.is_ascii() && name.chars().count() <= 8).then_some(name))
}

/// The name of a sign, with or without its variation selector; one without a name is its own.
pub(super) fn name(sign: &str) -> &str {
    let bare = |text: &str| text.trim_end_matches('\u{fe0f}').to_owned();
    NAMES.iter().find(|(_, known)| bare(known) == bare(sign)).map_or(sign, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_signs_find_each_other() {
        assert_eq!((sign("pushpin"), name("📌")), (Some("📌"), "pushpin"));
        assert_eq!((name("⚠"), name("⚠️"), name("🦀")), ("warning", "warning", "🦀"));
        assert_eq!((sign("🦀"), sign("no_such_thing"), sign("")), (Some("🦀"), None, None));
    }
}
