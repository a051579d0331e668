//! A statement that is ready to run but has not been sent: text, parameters, and what it is for. What table modules hand to
//! the writer, which sends many of them in one trip (`script`).

use super::sql::{Engine, Sql};
use std::fmt::Write;

/// A value for a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Text(String),
    Number(i64),
}

/// A statement with its parameters. Its text never varies with how many rows it is about; those go in one JSON parameter.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) text: &'static str,
    pub(super) parameters: Vec<Parameter>,
    /// For the error message: `the database failed while …`.
    pub(super) doing: &'static str,
}

impl Statement {
    pub(super) fn new(text: &'static str, doing: &'static str) -> Self {
        Self { text, parameters: Vec::new(), doing }
    }

    /// The next parameter is a text. PostgreSQL keeps no NUL in one, so it becomes the character for what cannot be shown.
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.contains('\0') {
            text = text.replace('\0', "\u{fffd}");
        }
        self.parameters.push(Parameter::Text(text));
        self
    }

    /// The next parameter is a number.
    pub(super) fn number(mut self, number: i64) -> Self {
        self.parameters.push(Parameter::Number(number));
        self
    }
}

impl Sql {
    /// This statement, to be given its parameters. `doing` completes `the database failed while …`.
    pub(super) fn statement(self, engine: Engine, doing: &'static str) -> Statement {
        Statement::new(self.on(engine), doing)
    }
}

/// The statements as one text for SQLite, whose driver binds one list of parameters across all of them: every placeholder
/// is moved on by as many as came before it.
pub(super) fn joined(opening: Option<&str>, statements: &[Statement], closing: Option<&str>) -> String {
    let mut all = String::new();
    let mut before = 0;
    if let Some(opening) = opening {
        all.push_str(opening);
        all.push(';');
    }
    for statement in statements {
        renumber(statement.text, before, &mut all);
        all.push(';');
        before += statement.parameters.len();
    }
    all.push_str(closing.unwrap_or_default());
    all
}

fn renumber(text: &str, by: usize, into: &mut String) {
    let mut pieces = text.split('$');
    into.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        into.push('$');
        match piece[..digits].parse::<usize>() {
            // Writing to a string cannot fail.
            Ok(number) => _ = write!(into, "{}", number + by),
            // `$` within a JSON path.
            Err(_) => into.push_str(&piece[..digits]),
        }
        into.push_str(&piece[digits..]);
    }
}

/// `execute NAME(…)` with the parameters as literals, for PostgreSQL, which takes several statements in one message only
/// without separate parameters.
pub(super) fn execution(name: &str, parameters: &[Parameter], into: &mut String) {
    into.push_str("execute ");
    into.push_str(name);
    for (at, parameter) in parameters.iter().enumerate() {
        into.push(if at == 0 { '(' } else { ',' });
        match parameter {
            Parameter::Text(text) => literal(text, into),
            // Writing to a string cannot fail.
            Parameter::Number(number) => _ = write!(into, "{number}"),
        }
    }
    if !parameters.is_empty() {
        into.push(')');
    }
}

/// A string literal. Doubling the quote is all there is to it: `standard_conforming_strings` is on for every connection of
/// ours, so a backslash means itself, and `Statement::text` lets no NUL through.
fn literal(text: &str, into: &mut String) {
    into.push('\'');
    for (at, piece) in text.split('\'').enumerate() {
        if at > 0 {
            into.push_str("''");
        }
        into.push_str(piece);
    }
    into.push('\'');
}

/// `prepare NAME (types) as …` for PostgreSQL.
pub(super) fn preparation(name: &str, statement: &Statement) -> String {
    let types: Vec<_> = statement
        .parameters
        .iter()
        .map(|parameter| match parameter {
            Parameter::Text(_) => "text",
            Parameter::Number(_) => "bigint",
        })
        .collect();
    match types.is_empty() {
        true => format!("prepare {name} as {}", statement.text),
        false => format!("prepare {name} ({}) as {}", types.join(","), statement.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn placeholders_of_joined_statements_go_on_counting() {
        let statements = [
            Statement::new("insert into a select $1, $2 from json_each($1)", "a").text("x").number(1),
            Statement::new("select body->>'$.name' from b where c = $1 and d = $10", "b").text("y"),
        ];
        insta::assert_snapshot!(
            joined(Some("begin immediate"), &statements, Some("commit")),
            @"begin immediate;insert into a select $1, $2 from json_each($1);select body->>'$.name' from b where c = $3 and d = $12;commit"
        );
    }

    #[test]
    fn an_execution_carries_its_parameters_as_literals() {
        let mut text = String::new();
        execution("d1", &[Parameter::Text("it's \\ '';".to_owned()), Parameter::Number(i64::MIN)], &mut text);
        insta::assert_snapshot!(text, @r"execute d1('it''s \ '''';',-9223372036854775808)");
        let statement = Statement::new("select $1, $2", "asking").text("a").number(1);
        insta::assert_snapshot!(preparation("d1", &statement), @"prepare d1 (text,bigint) as select $1, $2");
        insta::assert_snapshot!(preparation("d2", &Statement::new("select 1", "asking")), @"prepare d2 as select 1");
    }

    proptest! {
        /// Read back by the rules of the database: a quote within is doubled, and only the last one stands alone.
        #[test]
        fn nothing_breaks_out_of_a_literal(text in "[\u{0}'\\\\;$a-cé\n]{0,40}") {
            let statement = Statement::new("", "").text(text.as_str());
            let Parameter::Text(kept) = &statement.parameters[0] else { panic!() };
            prop_assert_eq!(kept, &text.replace('\0', "\u{fffd}"));
            let mut written = String::new();
            literal(kept, &mut written);
            prop_assert!(!written.contains('\0'));
            let within = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
            let mut read = String::new();
            let mut characters = within.chars();
            while let Some(character) = characters.next() {
                if character == '\'' {
                    prop_assert_eq!(characters.next(), Some('\''), "a lone quote would end the literal");
                }
                read.push(character);
            }
            prop_assert_eq!(&read, kept);
        }
    }
}
