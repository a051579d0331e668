//! How places and variables are called.

/// A place's name: a lower-case letter, then such letters, digits and `_`; at most 40. `item` is taken by `each`.
pub(super) fn is_place(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase();
    text.len() <= 40
        && text.starts_with(letter)
        && text.chars().all(|c| letter(c) || c.is_ascii_digit() || c == '_')
        && text != "item"
}

/// A variable that a command may be given.
pub(super) fn is_variable(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.len() <= 100 && text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// Variables that make a program load or run something else; nobody's to set but the operator's, outside drillbell.
pub(super) fn is_dangerous(text: &str) -> bool {
    text.starts_with("LD_") || text.starts_with("DYLD_") || ["PATH", "IFS", "BASH_ENV", "ENV"].contains(&text)
}
