//! Places in texts: `{name}`, of lower-case letters, digits and `_`. Braces around anything else are text.

/// The names of a text's places, in order.
pub fn names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    replace(text, |name| {
        found.push(name.to_owned());
        None
    });
    found
}

/// The text with places replaced by what `with` gives; those it knows nothing of stay as they are.
pub fn replace(text: &str, mut with: impl FnMut(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let name = rest[1..].split_once('}').map(|(name, _)| name).filter(|name| is_name(name));
        match name {
            Some(name) => {
                let whole = &rest[..name.len() + 2];
                out.push_str(&with(name).unwrap_or_else(|| whole.to_owned()));
                rest = &rest[whole.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether a place can be called so.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_names_in_braces_and_nothing_else() {
        assert_eq!(names("{a} {b_2}{ c} {D} {} {{e}} {f"), ["a", "b_2", "e"]);
        let known = |name: &str| (name == "a").then(|| "{x}".to_owned());
        assert_eq!(replace("1{a}2{b}3{a", known), "1{x}2{b}3{a");
    }
}
