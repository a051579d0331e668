//! An alert's expression as it can be drawn: `rate(x[5m]) > 0.05` answers only while it fires, so that what is compared is drawn, and
//! what it is compared with is the threshold. What is not understood is drawn as it is.

/// Operators that compare, the longer ones first.
const COMPARES: [&str; 6] = ["==", "!=", ">=", "<=", ">", "<"];
/// Words that join several comparisons, which no single line shows.
const JOINS: [&str; 3] = ["and", "or", "unless"];

/// What is drawn of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    pub(super) expr: String,
    /// Whether above it is too much, else below is too little; and the number.
    pub(super) threshold: Option<(bool, f64)>,
}

/// Takes an expression apart.
pub(super) fn drawn(expr: &str) -> Drawn {
    let whole = || Drawn { expr: expr.trim().to_owned(), threshold: None };
    let Some((left, operator, right)) = compared(expr) else { return whole() };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let above = match operator {
        ">" | ">=" => true,
        "<" | "<=" => false,
        _ => return whole(),
    };
    match (number(left), number(right)) {
        (None, Some(number)) => Drawn { expr: left.trim().to_owned(), threshold: Some((above, number)) },
        (Some(number), None) => Drawn { expr: right.trim().to_owned(), threshold: Some((!above, number)) },
        _ => whole(),
    }
}

/// The two sides of the only comparison outside of parentheses and quotes.
fn compared(expr: &str) -> Option<(&str, &str, &str)> {
    let (mut depth, mut quote, mut found, mut skip) = (0_i32, None, None, 0_usize);
    let mut word = String::new();
    for (at, c) in expr.char_indices().chain([(expr.len(), ' ')]) {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if let Some(open) = quote {
            match c {
                // Between backquotes nothing is escaped.
                '\\' if open != '`' => skip = 1,
                c if c == open => quote = None,
                _ => {}
            }
            continue;
        }
        if c.is_alphanumeric() || c == '_' || c == ':' {
            word.push(c);
            continue;
        }
        if depth == 0 && JOINS.contains(&word.to_ascii_lowercase().as_str()) {
            return None;
        }
        word.clear();
        match c {
            '"' | '\'' | '`' => quote = Some(c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            // A comment.
            '#' => return None,
            _ if depth == 0 => {
                if let Some(operator) = COMPARES.into_iter().find(|operator| expr[at..].starts_with(operator)) {
                    if found.is_some() {
                        return None;
                    }
                    found = Some((at, operator));
                    skip = operator.len() - 1;
                }
            }
            _ => {}
        }
    }
    let (at, operator) = found?;
    Some((&expr[..at], operator, &expr[at + operator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_compared_is_drawn_and_what_it_is_compared_with_is_the_threshold() {
        for (expr, drawn_as, threshold) in [
            ("rate(errors[5m]) / rate(all[5m]) > 0.05", "rate(errors[5m]) / rate(all[5m])", Some((true, 0.05))),
            ("up<1", "up", Some((false, 1.0))),
            ("100 <= x", "x", Some((true, 100.0))),
            ("0.5 > hits", "hits", Some((false, 0.5))),
            (r#"sum(x{code=~"5..",path!="/a>b"}) >= 3e2"#, r#"sum(x{code=~"5..",path!="/a>b"})"#, Some((true, 300.0))),
            (r#"x{a="\">"} > 1"#, r#"x{a="\">"}"#, Some((true, 1.0))),
        ] {
            assert_eq!(drawn(expr), Drawn { expr: drawn_as.to_owned(), threshold }, "{expr}");
        }
    }

    #[test]
    fn what_is_not_understood_is_drawn_as_it_is() {
        for expr in ["up", "up == 0", "a > 1 and b > 2", "a > b", "a > 1 > 0", "up > bool 1", "a > Inf", "a # > 1", ""]
        {
            assert_eq!(drawn(expr), Drawn { expr: expr.to_owned(), threshold: None }, "{expr}");
        }
    }

    proptest! {
        #[test]
        fn no_expression_makes_it_panic(expr in "\\PC{0,60}|[a-z0-9<>=!(){}\\[\\]\"'`\\\\# ]{0,60}") {
            let _ = drawn(&expr);
        }
    }
}
