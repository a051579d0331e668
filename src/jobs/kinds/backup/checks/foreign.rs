//! The checks of a copy that something else made. There is no manifest to compare it with, so they claim no more than that it can be read
//! to its end and is of a kind that can be restored.

use super::{Check, Weight};
use crate::ops::backup::format::Format;
use crate::ops::backup::inspect::{Stopped, Unpacked};

/// That there is no manifest, said to whoever relies on it.
pub(in super::super) fn manifest() -> Check {
    let sentence = "Something else made it and there is no manifest: whether it is as it was stored is not known.";
    Check::of("manifest", None, Weight::Said, sentence)
}

/// It was not opened.
pub(super) fn closed(stopped: &Stopped) -> Check {
    match stopped {
        Stopped::NoPassphrase => Check::doubtful(
            "decrypt",
            "It is encrypted with openssl, and there is no passphrase for it ([targets.NAME.adopt]): what is inside was not looked at.",
        ),
        _ => Check {
            ok: Some(false),
            ..Check::doubtful(
                "decrypt",
                "It is encrypted with openssl, and nothing known comes out: the passphrase is another one, or `digest` and `iterations` are \
                 ([targets.NAME.adopt]); or its very beginning was changed.",
            )
        },
    }
}

/// What is inside, for a target of a kind.
pub(super) fn unpacked(plain: &Unpacked, kind: &'static str) -> Vec<Check> {
    let words = plain.format.words();
    let format = match plain.format.suits(kind) {
        true => Check::passed("format", format!("It holds {words}, by its content.")),
        false => {
            Check::broken("format", format!("It holds {words}, from which nothing of the kind {kind} can be restored."))
        }
    };
    let contents = match (&plain.cut_off, &plain.contents) {
        (Some(why), _) => Check::broken("contents", format!("It is cut off: {why}.")),
        (None, Ok(contents)) => match (&contents.tables, &contents.files) {
            (Some(tables), _) => {
                let rows = contents.rows().unwrap_or_default();
                Check::passed("contents", format!("It holds {} tables with {rows} rows.", tables.len()))
            }
            (None, Some(files)) => {
                Check::passed("contents", format!("It holds {} files with {} bytes.", files.files, files.bytes))
            }
            (None, None) => Check::unknown("contents", "Its rows are counted when it is restored."),
        },
        // What is wrong with these would have shown.
        (None, Err(why)) if matches!(plain.format, Format::PgCustom | Format::PgTar | Format::Sql) => {
            Check::unknown("contents", format!("Its rows were not counted: {why}."))
        }
        (None, Err(why)) => Check::broken("contents", format!("What it holds cannot be read: {why}.")),
    };
    vec![format.with(plain.format.as_str(), kind), contents]
}

/// Whether what was found inside is SQL as text.
pub(in super::super) fn is_text(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.name == "format" && check.value.as_deref() == Some(Format::Sql.as_str()))
}
