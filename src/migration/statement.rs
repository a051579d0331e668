//! What one statement does. Whatever is not known here is unknown; a word in the wrong place never makes it safe.

use super::scan::{Piece, Token};
use crate::model::deploy::Risk;
use crate::model::unseen::is_invisible;
use std::collections::BTreeSet;

/// Characters of a name that are shown.
const SHOWN: usize = 60;

/// Something to be said of a statement.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) line: usize,
    pub(super) risk: Risk,
    /// Goes on `line 3 `.
    pub(super) text: String,
    /// Code from before cannot live with it.
    pub(super) takes_away: bool,
}

/// A statement that is being read from its beginning.
pub(super) struct Reader<'t> {
    rest: &'t [Token],
    line: usize,
}

impl<'t> Reader<'t> {
    /// Goes over these words, if they come next.
    fn take(&mut self, words: &[&str]) -> bool {
        let fits =
            self.rest.len() >= words.len() && self.rest.iter().zip(words).all(|(token, word)| token.word() == *word);
        if fits {
            self.rest = &self.rest[words.len()..];
        }
        fits
    }

    fn next(&self) -> &'t str {
        self.rest.first().map_or("", Token::word)
    }

    /// Goes over a name with the schemas before it; as it is compared and shown.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(token) = self.rest.first() {
            match &token.piece {
                Piece::Word(word) => name.push_str(word),
                Piece::Quoted(quoted) => name.push_str(quoted),
                _ => break,
            }
            self.rest = &self.rest[1..];
            if !self.rest.first().is_some_and(|token| token.is('.')) {
                break;
            }
            name.push('.');
            self.rest = &self.rest[1..];
        }
        name
    }

    fn say(&self, risk: Risk, text: String, takes_away: bool) -> Vec<Finding> {
        vec![Finding { line: self.line, risk, text, takes_away }]
    }

    fn risky(&self, text: impl Into<String>) -> Vec<Finding> {
        self.say(Risk::Risky, text.into(), false)
    }

    fn takes(&self, text: impl Into<String>) -> Vec<Finding> {
        self.say(Risk::Risky, text.into(), true)
    }

    fn unknown(&self, text: impl Into<String>) -> Vec<Finding> {
        self.say(Risk::Unknown, text.into(), false)
    }
}

/// The words outside of parentheses.
fn outside<'t>(tokens: &'t [Token]) -> impl Iterator<Item = &'t str> {
    let mut depth = 0_usize;
    tokens.iter().filter_map(move |token| {
        if token.is('(') {
            depth += 1;
        } else if token.is(')') {
            depth = depth.saturating_sub(1);
        }
        (depth == 0 && !token.word().is_empty()).then(|| token.word())
    })
}

fn has(tokens: &[Token], words: &[&str]) -> bool {
    let all: Vec<_> = outside(tokens).collect();
    all.windows(words.len()).any(|window| window == words)
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(SHOWN).collect()
}

/// What is to be said of a statement; nothing if it is safe. `created` are the tables that were made before it in the same text.
pub(super) fn judge(tokens: &[Token], created: &mut BTreeSet<String>) -> Vec<Finding> {
    let Some(first) = tokens.first() else { return Vec::new() };
    let mut reader = Reader { rest: &tokens[1..], line: first.line };
    match first.word() {
        "create" => create(&mut reader, created),
        "alter" if reader.take(&["table"]) => alter(&mut reader, created),
        "alter" => match tokens.iter().any(|token| token.word() == "rename") {
            true => reader.takes(format!("renames a {}", shown(reader.next()))),
            false => reader.unknown(format!("alters a {}", shown(reader.next()))),
        },
        "drop" => {
            let what = dropped(&mut reader);
            reader.takes(what)
        }
        "truncate" => reader.takes("empties a table"),
        "revoke" => reader.takes("takes rights away"),
        "cluster" | "lock" => reader.risky("locks a table"),
        "delete" | "update" => match has(tokens, &["where"]) {
            true => reader.unknown(format!("changes rows (`{}`)", first.word())),
            false => reader.takes(format!("changes every row of a table: a `{}` without `where`", first.word())),
        },
        "insert" => {
            let into = reader.take(&["into"]);
            let name = reader.name();
            let plain = into && created.contains(&name) && !tokens.iter().any(|token| token.word() == "select");
            if plain { Vec::new() } else { reader.unknown(format!("writes rows into {}", shown(&name))) }
        }
        "comment" | "analyze" => Vec::new(),
        "begin" | "commit" | "end" if tokens.len() == 1 || (tokens.len() == 2 && reader.next() == "transaction") => {
            Vec::new()
        }
        "set" => {
            let _ = reader.take(&["local"]) || reader.take(&["session"]);
            match reader.next() {
                "lock_timeout" | "statement_timeout" | "idle_in_transaction_session_timeout" => Vec::new(),
                _ => reader.unknown("sets something that what follows may depend on"),
            }
        }
        "reindex" if !tokens.iter().any(|token| token.word() == "concurrently") => {
            reader.risky("makes an index anew without `concurrently`")
        }
        "vacuum" if tokens.iter().any(|token| token.word() == "full") => reader.risky("writes a table anew"),
        "" => reader.unknown("begins with no word that is known"),
        other => reader.unknown(format!("is a `{}`, of which nothing is known", shown(other))),
    }
}

fn dropped(reader: &mut Reader<'_>) -> String {
    let mut what = shown(reader.next());
    let _ = reader.name();
    if what == "materialized" {
        what = format!("materialized {}", shown(&reader.name()));
    }
    let _ = reader.take(&["concurrently"]);
    let _ = reader.take(&["if", "exists"]);
    format!("drops the {what} {}", shown(&reader.name()))
}

fn create(reader: &mut Reader<'_>, created: &mut BTreeSet<String>) -> Vec<Finding> {
    let _ = reader.take(&["temp"]) || reader.take(&["temporary"]) || reader.take(&["unlogged"]);
    if reader.take(&["table"]) {
        let maybe = reader.take(&["if", "not", "exists"]);
        let name = reader.name();
        let plain = reader.rest.first().is_some_and(|token| token.is('('))
            && !outside(reader.rest).any(|word| matches!(word, "as" | "inherits" | "of" | "select" | "execute"));
        if !plain {
            return reader.unknown(format!("creates the table {} out of something else", shown(&name)));
        }
        if !maybe && !name.is_empty() {
            created.insert(name);
        }
        return Vec::new();
    }
    let unique = reader.take(&["unique"]);
    if reader.take(&["index"]) {
        return index(reader, unique, created);
    }
    let what = reader.next();
    match what {
        "schema" | "sequence" | "extension" if !reader.rest.iter().any(|token| token.word() == "create") => Vec::new(),
        "type" if has(reader.rest, &["as", "enum"]) => Vec::new(),
        _ => reader.unknown("creates something of which it is not read what it does"),
    }
}

fn index(reader: &mut Reader<'_>, unique: bool, created: &BTreeSet<String>) -> Vec<Finding> {
    let concurrently = reader.take(&["concurrently"]);
    let _ = reader.take(&["if", "not", "exists"]);
    if reader.next() != "on" {
        let _ = reader.name();
    }
    if !reader.take(&["on"]) {
        return reader.unknown("creates an index in a way that is not read");
    }
    let _ = reader.take(&["only"]);
    let table = reader.name();
    let on = shown(&table);
    if created.contains(&table) {
        return Vec::new();
    }
    match (unique, concurrently) {
        (true, _) => reader.takes(format!("lets {on} have no equal rows any more: a unique index")),
        (false, true) => Vec::new(),
        (false, false) => {
            reader.risky(format!("creates an index on {on} without `concurrently`: nobody writes meanwhile"))
        }
    }
}

fn alter(reader: &mut Reader<'_>, created: &BTreeSet<String>) -> Vec<Finding> {
    let _ = reader.take(&["if", "exists"]);
    let _ = reader.take(&["only"]);
    let table = reader.name();
    if reader.rest.first().is_some_and(|token| token.is('*')) {
        reader.rest = &reader.rest[1..];
    }
    let mut depth = 0_usize;
    let actions = reader.rest.split(move |token| {
        if token.is('(') {
            depth += 1;
        } else if token.is(')') {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && token.is(',')
    });
    let known = created.contains(&table);
    let mut found = Vec::new();
    for action in actions {
        let line = action.first().map_or(reader.line, |token| token.line);
        found.extend(act(Reader { rest: action, line }, &shown(&table), known));
    }
    found
}

/// One action of an `alter table`; `own` when the same text made the table, so that nobody uses it yet.
fn act(mut reader: Reader<'_>, table: &str, own: bool) -> Vec<Finding> {
    if reader.take(&["drop"]) {
        let _ = reader.take(&["constraint"]) || reader.take(&["column"]);
        let _ = reader.take(&["if", "exists"]);
        let what = shown(&reader.name());
        return reader.takes(format!("drops {what} of {table}"));
    }
    if reader.take(&["rename"]) {
        return reader.takes(format!("renames {table} or a part of it"));
    }
    if reader.take(&["validate", "constraint"]) {
        return Vec::new();
    }
    if reader.take(&["add"]) {
        return if own { Vec::new() } else { add(&mut reader, table) };
    }
    if reader.take(&["alter"]) {
        let _ = reader.take(&["column"]);
        let column = shown(&reader.name());
        return match () {
            () if own => Vec::new(),
            () if reader.take(&["set", "not", "null"]) => {
                reader.takes(format!("lets {column} of {table} be null no more"))
            }
            () if reader.take(&["type"]) || reader.take(&["set", "data", "type"]) => {
                reader.takes(format!("changes the type of {column} of {table}"))
            }
            () if reader.take(&["set", "default"]) => Vec::new(),
            () if reader.take(&["drop", "not", "null"]) => {
                reader.unknown(format!("lets {column} of {table} be null, which code from before may not expect"))
            }
            () if reader.take(&["drop"]) => {
                reader.takes(format!("drops {} of {column} of {table}", shown(reader.next())))
            }
            () => reader.unknown(format!("alters {column} of {table} in a way that is not known")),
        };
    }
    if reader.take(&["set", "schema"]) {
        return reader.takes(format!("moves {table} to another schema"));
    }
    reader.unknown(format!("alters {table} in a way that is not known"))
}

fn add(reader: &mut Reader<'_>, table: &str) -> Vec<Finding> {
    if matches!(reader.next(), "constraint" | "primary" | "unique" | "foreign" | "check" | "exclude") {
        return match has(reader.rest, &["not", "valid"]) {
            true => reader.unknown(format!("adds a rule to {table} that code from before may not keep")),
            false => reader.takes(format!("adds a rule to {table} that all of its rows must keep")),
        };
    }
    let _ = reader.take(&["column"]);
    let _ = reader.take(&["if", "not", "exists"]);
    let column = shown(&reader.name());
    let rest = reader.rest;
    let default = outside(rest).any(|word| word == "default");
    let computed = default && rest.iter().skip_while(|token| token.word() != "default").any(|token| token.is('('));
    let filled = ["generated", "serial", "bigserial", "smallserial", "autoincrement"];
    if column.is_empty() || rest.is_empty() {
        return reader.unknown(format!("adds something to {table} that is not read"));
    }
    match () {
        () if outside(rest).any(|word| filled.contains(&word)) => {
            reader.risky(format!("adds the column {column} to {table} and fills all of its rows"))
        }
        () if has(rest, &["primary", "key"]) || outside(rest).any(|word| word == "unique") => {
            reader.takes(format!("adds the column {column} to {table} with a rule that all of its rows must keep"))
        }
        () if has(rest, &["not", "null"]) && !default => {
            reader.takes(format!("adds the column {column} to {table}, which may not be null and has no default"))
        }
        () if has(rest, &["default", "null"]) && has(rest, &["not", "null"]) => {
            reader.takes(format!("adds the column {column} to {table}, which may not be null and has no default"))
        }
        () if computed => {
            reader.unknown(format!("adds the column {column} to {table} with a default that is worked out"))
        }
        () if outside(rest).any(|word| word == "check") || (default && has(rest, &["references"])) => {
            reader.unknown(format!("adds the column {column} to {table} with a rule"))
        }
        () => Vec::new(),
    }
}
