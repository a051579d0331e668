//! Where the options begin that stand after free text: `/sev declare sev1 checkout is down --service shop`.
//! Only declared options at the very end count; anywhere else, and after a lone `--`, dashes are text.

use super::args::INCIDENT;
use super::line::{Word, loose_words, option_body};
use super::shown::nearest;
use crate::model::manifest::{ArgKind, ArgSpec};

/// The index of the option of that name, in any case, `_` read as `-`.
pub(super) fn find_option(specs: &[ArgSpec], name: &str) -> Option<usize> {
    let name = name.to_lowercase().replace('_', "-");
    specs.iter().position(|spec| spec.option && spec.name == name)
}

/// What a word of the text may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Text,
    /// An option that is complete: a flag, or `--name=value`.
    Whole,
    /// An option whose value is the next word.
    WantsValue,
}

/// The offset in `line` at which nothing but options follows the text that begins at `from`; the line's length if there
/// are none. A slip in an option's name counts as the option, so that it is reported rather than become text.
pub(super) fn options_start(line: &str, from: usize, specs: &[ArgSpec], takes_incident: bool) -> usize {
    let words = loose_words(line, from);
    if words.iter().any(|word| !word.quoted && word.text == "--") {
        return line.len();
    }
    // only_options[k]: the words from k on are options and their values, to the end.
    let mut only_options = vec![false; words.len() + 1];
    only_options[words.len()] = true;
    let mut start = line.len();
    for k in (0..words.len()).rev() {
        only_options[k] = match role(&words[k], specs, takes_incident) {
            Role::Text => false,
            Role::Whole => only_options[k + 1],
            // A value that is missing altogether is an option's error, not text.
            Role::WantsValue => match words.get(k + 1) {
                None => true,
                Some(next) if role(next, specs, takes_incident) != Role::Text => only_options[k + 1],
                Some(_) => only_options[k + 2],
            },
        };
        if only_options[k] {
            start = words[k].start;
        }
    }
    start
}

fn role(word: &Word, specs: &[ArgSpec], takes_incident: bool) -> Role {
    let Some(body) = option_body(&word.text).filter(|body| !word.quoted && !body.is_empty()) else { return Role::Text };
    let (name, inline) = body.split_once('=').map_or((body, false), |(name, _)| (name, true));
    let declared =
        |index: usize| if inline || specs[index].kind == ArgKind::Flag { Role::Whole } else { Role::WantsValue };
    let valued = if inline { Role::Whole } else { Role::WantsValue };
    if let Some(index) = find_option(specs, name) {
        return declared(index);
    }
    if takes_incident && name.eq_ignore_ascii_case(INCIDENT) {
        return valued;
    }
    if !word.text.starts_with("--") {
        return Role::Text;
    }
    let options = specs.iter().filter(|spec| spec.option).map(|spec| spec.name.as_str());
    match nearest(name, options.chain(takes_incident.then_some(INCIDENT))) {
        None => Role::Text,
        Some(near) => find_option(specs, near).map_or(valued, declared),
    }
}
