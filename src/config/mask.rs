//! What may be shown of a value: everything, except what a key's name or a URL's form gives away as secret.

/// Words in a key's name that make its value a secret.
const SENSITIVE: [&str; 8] =
    ["token", "secret", "password", "passwd", "passphrase", "credential", "private_key", "api_key"];

/// What stands in place of something secret.
pub(super) const HIDDEN: &str = "***";

/// The value of a key of this name (or path) is nobody's business.
pub(super) fn is_sensitive(key: &str) -> bool {
    let plain = key.to_lowercase().replace('-', "_");
    SENSITIVE.iter().any(|word| plain.contains(word))
}

/// A name whose end says that its value is a secret: `--db-password`, but not `--password-file`.
pub(super) fn ends_sensitive(name: &str) -> bool {
    let plain = name.to_lowercase().replace('-', "_");
    SENSITIVE.iter().any(|word| plain.ends_with(word))
}

/// The text with the password of a URL, and query parameters with a sensitive name, replaced by `***`.
pub(super) fn credentials(text: &str) -> String {
    let mut shown = text.to_owned();
    if let Some(scheme) = shown.find("://") {
        let start = scheme + 3;
        // The last `@`, not the first `/`: an unescaped `/` in a password must not end the part that is hidden.
        if let Some(at) = shown[start..].rfind('@') {
            let authority = &shown[start..start + at];
            let kept = authority.split_once(':').map_or("", |(user, _)| user);
            let kept = if kept.contains(['/', '?', '#']) { "" } else { kept };
            let hidden = if kept.is_empty() { HIDDEN.to_owned() } else { format!("{kept}:{HIDDEN}") };
            shown.replace_range(start..start + at, &hidden);
        }
    }
    match shown.split_once('?') {
        Some((head, query)) => format!("{head}?{}", query.split('&').map(parameter).collect::<Vec<_>>().join("&")),
        None => shown,
    }
}

fn parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) if is_sensitive(name) => format!("{name}={HIDDEN}"),
        _ => pair.to_owned(),
    }
}

/// A line of the file as far as it can be shown: what follows a sensitive key, and what might be the inside of a text of
/// several lines, is cut. `None` when nothing may be shown.
pub(super) fn line(before: &str, line: &str) -> Option<String> {
    let inside_text = before.matches("\"\"\"").count() % 2 == 1 || before.matches("'''").count() % 2 == 1;
    let trimmed = line.trim_end();
    if inside_text || trimmed.trim().is_empty() {
        return None;
    }
    if is_sensitive(trimmed) {
        let key = trimmed.split_once('=').map(|(key, _)| key.trim_end())?;
        return Some(format!("{key} = {HIDDEN}"));
    }
    let shown = credentials(trimmed);
    let structural = shown.contains('=') || shown.trim_start().starts_with('[');
    structural.then(|| clip(&shown, 100))
}

/// The text with control characters escaped, cut to `max` characters.
pub(super) fn clip(text: &str, max: usize) -> String {
    let mut shown: String = text.chars().take(max).flat_map(printable).collect();
    if text.chars().nth(max).is_some() {
        shown.push('…');
    }
    shown
}

fn printable(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_password_to_itself() {
        let cases = [
            ("postgres://bot:pa/ss@db:5432/x", "postgres://bot:***@db:5432/x"),
            ("postgres://bot:p@ss:w@db/x", "postgres://bot:***@db/x"),
            ("https://token@host/x", "https://***@host/x"),
            ("postgres://db/x?user=a&password=hunter2", "postgres://db/x?user=a&password=***"),
            ("sqlite:data/drillbell.db", "sqlite:data/drillbell.db"),
        ];
        for (text, shown) in cases {
            assert_eq!(credentials(text), shown);
        }
    }

    #[test]
    fn an_excerpt_never_shows_what_follows_a_sensitive_key() {
        assert_eq!(line("", "bot_token = \"xoxb-1"), Some("bot_token = ***".to_owned()));
        assert_eq!(line("", "auth = { API-Key = \"abc\" "), Some("auth = ***".to_owned()));
        assert_eq!(line("key = \"\"\"\n", "abc=="), None);
        assert_eq!(line("", "the rest of a secret"), None);
        assert_eq!(line("", "listen = 127.0.0.1:1"), Some("listen = 127.0.0.1:1".to_owned()));
    }
}
