//! Looks at one SQL statement before it is sent: one, that reads, with its places outside of quotes. The database's own read-only
//! transaction and role stand behind this; what is refused here is refused with a sentence that helps.

use crate::config::limits::SQL_BYTES;
use crate::model::places;

/// What a statement that reads begins with.
const BEGINS: [&str; 4] = ["select", "with", "values", "table"];
/// Words that do more than read, wherever they stand.
const WRITES: [&str; 22] = [
    "insert", "update", "delete", "merge", "truncate", "drop", "alter", "create", "grant", "revoke", "copy", "call",
    "set", "reset", "lock", "into", "vacuum", "reindex", "attach", "detach", "pragma", "begin",
];
/// Functions that do something though they are called by a statement that reads; a `*` at the end stands for the rest.
const FUNCTIONS: [&str; 45] = [
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_promote",
    "pg_switch_wal",
    "pg_create_*",
    "pg_drop_*",
    "pg_backup_*",
    "pg_start_backup",
    "pg_stop_backup",
    "pg_wal_replay_*",
    "pg_advisory_*",
    "pg_try_advisory_*",
    "pg_read_*",
    "pg_ls_*",
    "pg_stat_file",
    "pg_stat_reset*",
    "pg_stat_statements_reset",
    "pg_notify",
    "pg_replication_*",
    "pg_logical_*",
    "pg_copy_*",
    "pg_sync_*",
    "pg_export_snapshot",
    "pg_import_*",
    "pg_sleep*",
    "pg_file_*",
    "lo_*",
    "lowrite",
    "set_config",
    "setval",
    "nextval",
    "dblink*",
    "query_to_*",
    "table_to_*",
    "cursor_to_*",
    "load_extension",
    "database_to_*",
    "schema_to_*",
    "ts_stat",
    "ts_rewrite",
    "crosstab*",
    "connectby",
    "xpath_table",
];
/// The end of every refusal.
const INSTEAD: &str = "a `sql` step only reads; let a `command` step do it";

/// Whether a statement may be sent.
///
/// # Errors
/// Why not, in a sentence without a full stop.
pub fn check(statement: &str) -> Result<(), String> {
    if statement.len() > SQL_BYTES {
        return Err(format!("the statement is longer than {SQL_BYTES} bytes"));
    }
    let tokens = tokens(statement)?;
    let mut words = tokens.iter().filter_map(Token::word);
    let Some(first) = words.next() else { return Err("there is no statement".to_owned()) };
    let last = tokens.iter().rposition(|token| *token != Token::Sign(';')).map_or(0, |at| at + 1);
    if tokens[..last].contains(&Token::Sign(';')) {
        return Err("there is more than one statement: a step asks one".to_owned());
    }
    if !BEGINS.contains(&first) {
        return Err(format!("`{}` is not asked here: {INSTEAD}", shown(first)));
    }
    if let Some(word) = tokens.iter().filter_map(Token::word).find(|word| WRITES.contains(word)) {
        return Err(format!("`{word}` does more than read: {INSTEAD}"));
    }
    for pair in tokens.windows(2) {
        let (Some(name), Token::Sign('(')) = (pair[0].name(), &pair[1]) else { continue };
        if FUNCTIONS.iter().any(|function| is(function, name)) {
            return Err(format!("the function `{}` does more than read: {INSTEAD}", shown(name)));
        }
    }
    Ok(())
}

fn is(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

fn shown(word: &str) -> String {
    word.chars().take(40).flat_map(char::escape_debug).collect()
}

/// A piece of a statement; comments are none.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// In lower case.
    Word(String),
    /// `"name"`, as it stands.
    Quoted(String),
    /// A literal, a number or a place.
    Other,
    /// A literal with escapes, `E'…'`.
    Escaped,
    Sign(char),
}

impl Token {
    fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

/// Cuts a statement as PostgreSQL does: what is skipped here must be a text or a comment there too.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (token, length) = match c {
            ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => (None, 1),
            '-' if rest.starts_with("--") => (None, rest.find(['\n', '\r']).unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, comment(rest)?),
            // It would go on the one before, with its escapes.
            '\'' if tokens.last() == Some(&Token::Escaped) => {
                return Err("a text stands right after E'…': write them as one".to_owned());
            }
            '\'' => (Some(Token::Other), quoted(rest, '\'', false)?),
            'e' | 'E' if rest[1..].starts_with('\'') => (Some(Token::Escaped), 1 + quoted(&rest[1..], '\'', true)?),
            'u' | 'U' if rest[1..].starts_with("&'") || rest[1..].starts_with("&\"") => {
                return Err("a text or a name with U& is not read here: write its characters".to_owned());
            }
            '"' => {
                let length = quoted(rest, '"', false)?;
                (Some(Token::Quoted(rest[1..length - 1].to_owned())), length)
            }
            '$' if dollar(rest).is_some() => {
                let (tag, length) = dollar(rest).unwrap_or_default();
                no_place(&rest[tag..length - tag])?;
                (Some(Token::Other), length)
            }
            '{' if place(rest).is_some() => (Some(Token::Other), place(rest).unwrap_or(1)),
            _ if begins_name(c) => {
                let end = rest.find(|c: char| !(begins_name(c) || c.is_ascii_digit() || c == '$'));
                let end = end.unwrap_or(rest.len());
                (Some(Token::Word(rest[..end].to_ascii_lowercase())), end)
            }
            _ => (Some(Token::Sign(c)), c.len_utf8()),
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// What a name begins with: whatever is not ASCII is a letter there, a space included.
fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

/// The length of a text in quotes, quotes included.
fn quoted(text: &str, quote: char, escapes: bool) -> Result<usize, String> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            chars.next();
        } else if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                no_place(&text[..at])?;
                return Ok(at + 1);
            }
        }
    }
    Err(format!("a {quote} has no end"))
}

/// A value is bound where its place stands; within quotes it would be text like any other.
fn no_place(text: &str) -> Result<(), String> {
    match places::names(text).first() {
        Some(name) => Err(format!("the place {{{name}}} stands in quotes: a value is bound, write it without")),
        None => Ok(()),
    }
}

/// The length of a comment; they nest.
fn comment(text: &str) -> Result<usize, String> {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Ok(at);
            }
        } else {
            at += 1;
        }
    }
    Err("a comment has no end".to_owned())
}

/// The lengths of a tag and of a whole text in dollar quotes.
fn dollar(text: &str) -> Option<(usize, usize)> {
    let tag = text[1..].find('$').map(|end| &text[..end + 2])?;
    let name = &tag[1..tag.len() - 1];
    if !name.chars().all(|c| begins_name(c) || c.is_ascii_digit()) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let end = text[tag.len()..].find(tag)?;
    Some((tag.len(), tag.len() + end + tag.len()))
}

fn place(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    places::is_name(&text[1..end]).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_reads_is_sent() {
        for statement in [
            "select 1",
            " select 1 ; -- done\n",
            "WITH x AS (select 1) select * from x",
            "select 'delete from carts; drop' as \"update\"",
            "select $$insert$$, E'it\\'s', 'it''s', /* update /* x */ */ {id}::bigint",
            "table carts",
            "select n_tup_upd, last_update from t where a = {a}",
        ] {
            assert_eq!(check(statement), Ok(()), "{statement}");
        }
    }

    #[test]
    fn what_does_more_is_refused_with_what_to_do_instead() {
        let told: Vec<String> = [
            "",
            "delete from carts",
            "with gone as (delete from carts returning *) select count(*) from gone",
            "select 1; drop table carts",
            "set role postgres",
            "select * into copy_of from carts",
            "select pg_terminate_backend(pid) from pg_stat_activity",
            "select \"pg_terminate_backend\" (1)",
            "select pg_catalog . set_config('role', 'postgres', false)",
            "select lo_export(1, '/tmp/x')",
            "select 'a{id}'",
            "select $x$ {id} $x$",
            "select 'open",
            "commit",
        ]
        .iter()
        .map(|statement| format!("{statement:?}: {}", check(statement).unwrap_err()))
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        "": there is no statement
        "delete from carts": `delete` is not asked here: a `sql` step only reads; let a `command` step do it
        "with gone as (delete from carts returning *) select count(*) from gone": `delete` does more than read: a `sql` step only reads; let a `command` step do it
        "select 1; drop table carts": there is more than one statement: a step asks one
        "set role postgres": `set` is not asked here: a `sql` step only reads; let a `command` step do it
        "select * into copy_of from carts": `into` does more than read: a `sql` step only reads; let a `command` step do it
        "select pg_terminate_backend(pid) from pg_stat_activity": the function `pg_terminate_backend` does more than read: a `sql` step only reads; let a `command` step do it
        "select \"pg_terminate_backend\" (1)": the function `pg_terminate_backend` does more than read: a `sql` step only reads; let a `command` step do it
        "select pg_catalog . set_config('role', 'postgres', false)": the function `set_config` does more than read: a `sql` step only reads; let a `command` step do it
        "select lo_export(1, '/tmp/x')": the function `lo_export` does more than read: a `sql` step only reads; let a `command` step do it
        "select 'a{id}'": the place {id} stands in quotes: a value is bound, write it without
        "select $x$ {id} $x$": the place {id} stands in quotes: a value is bound, write it without
        "select 'open": a ' has no end
        "commit": `commit` is not asked here: a `sql` step only reads; let a `command` step do it
        "#);
    }

    #[test]
    fn nothing_that_the_server_runs_is_taken_for_a_text_or_a_comment() {
        for statement in [
            "select 1 -- x\r, pg_sleep(1)",
            "select 1 \u{a0}$a$, pg_sleep(1), $a$",
            "select 1 as \u{20ac}$a$, pg_sleep(1) as \u{20ac}$a$",
            "select 1 as a$b$, pg_sleep(1) as c$b$",
            "select $1$ , pg_sleep(1) , $1$",
            "select $1a$ , pg_sleep(1) , $1a$",
            "select U&\"pg\\005fsleep\"(1)",
            "select u&'x'",
            "select E'a'\n'b\\'' , pg_sleep(1) , '",
            "select E'a' -- x\n'b\\'' , pg_sleep(1) , '",
            "select * from ts_stat('delete from carts')",
            "select * from crosstab3('delete from carts')",
            "select schema_to_xml('public', true, true, '')",
            "select ts_rewrite('a'::tsquery, 'delete from carts')",
        ] {
            assert!(check(statement).is_err(), "{statement:?}");
        }
        assert_eq!(check("select 'ü', \"é\", $é$ ; $é$, a\u{a0}b, E'x' || 'y' -- pg_sleep(1)\r\n"), Ok(()));
    }

    proptest! {
        #[test]
        fn a_call_outside_of_texts_is_found_whatever_name_or_line_is_before_it(
            name in "[a-z_é€\u{a0}][a-z0-9_$é€\u{3000}]{0,6}",
            tag in "[0-9][a-z0-9]{0,3}",
            end in "[\n\r]",
        ) {
            let call = "pg_sleep(1)";
            for text in [
                format!("select 1 as {name}$a$, {call} as {name}$a$"),
                format!("select ${tag}$, {call}, ${tag}$"),
                format!("select 1 -- {name}{end}, {call}"),
                format!("select 1 as {name}, {call}"),
            ] {
                prop_assert!(check(&text).is_err(), "{:?}", text);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(?s)[-a-eE'\"${}/*;() \n\\\\é]{0,60}") {
            let _ = check(&text);
        }

        #[test]
        fn a_second_statement_is_never_sent(first in "[a-z0-9 ,()'*]{0,20}", second in "[a-z]{1,8}") {
            let text = format!("select {first};{second}");
            prop_assert!(check(&text).is_err() || first.matches('\'').count() % 2 == 1, "{}", text);
        }
    }
}
