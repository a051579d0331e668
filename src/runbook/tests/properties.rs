//! Whatever stands in a file: reading it never panics, and every finding lies within it.

use super::super::*;
use super::example;
use proptest::prelude::*;

fn holds(text: &str) -> Result<(), TestCaseError> {
    let lines = text.lines().count() + 1;
    let (_, findings) = read("x", text, &BTreeMap::new());
    for finding in &findings {
        prop_assert!((1..=lines).contains(&finding.line), "{finding} of {lines} lines");
        prop_assert!(finding.text.len() < 2000 && !finding.text.contains(char::is_control), "{finding:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,400}") {
        holds(&text)?;
    }

    #[test]
    fn nor_a_runbook_of_which_something_is_missing_or_said_twice(cuts in prop::collection::vec((0_usize..2000, 0_usize..80, any::<bool>()), 1..6)) {
        let mut text = example();
        for (at, length, twice) in cuts {
            let at = text.floor_char_boundary(at.min(text.len()));
            let end = text.floor_char_boundary((at + length).min(text.len()));
            let piece = text[at..end].to_owned();
            text.replace_range(at..end, &if twice { piece.repeat(2) } else { String::new() });
        }
        holds(&text)?;
    }
}
