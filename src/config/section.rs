//! Reading a section key by key: every complaint is noted, none ends the reading, and what nobody asked for is unknown.

use super::env::Env;
use super::problem::{Problem, Refusal, did_you_mean};
use super::tree::{Entry, Node, Place, Table, Value};
use secrecy::SecretString;
use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};

/// What all sections share: where the file is, the environment, and the problems so far.
pub(super) struct Context<'a> {
    pub file: &'a str,
    pub base: &'a Path,
    pub env: &'a Env,
    problems: RefCell<Vec<(Place, Problem)>>,
    secrets: RefCell<Vec<(String, SecretString)>>,
}

impl<'a> Context<'a> {
    pub fn new(file: &'a str, base: &'a Path, env: &'a Env) -> Self {
        Self { file, base, env, problems: RefCell::default(), secrets: RefCell::default() }
    }

    /// Notes a problem.
    pub fn note(&self, place: &Place, key: &str, found: String, refusal: Refusal) {
        let found = refusal.found.unwrap_or(found);
        let (expected, fix) = (refusal.expected, refusal.fix);
        let problem = Problem { place: place.show(self.file), key: key.to_owned(), found, expected, fix };
        self.problems.borrow_mut().push((place.clone(), problem));
    }

    /// Notes a secret that was read, under the name it is masked by. No section can forget to: `Secret` does it.
    pub fn note_secret(&self, name: &str, value: &str) {
        self.secrets.borrow_mut().push((name.to_owned(), value.into()));
    }

    /// Notes a variable that is handed on; a secret one by its name is a secret.
    pub fn note_variable(&self, name: &str, value: &str) {
        if super::mask::is_sensitive(name) {
            self.note_secret(name, value);
        }
    }

    /// The secrets that were read so far.
    pub fn secrets(&self) -> Vec<(String, SecretString)> {
        self.secrets.borrow().clone()
    }

    /// All problems, in the order of the file.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|(a, _), (b, _)| a.cmp(b));
        problems.into_iter().map(|(_, problem)| problem).collect()
    }

    /// A path as written, relative to the folder of the file.
    pub fn resolve(&self, path: &str) -> PathBuf {
        let whole = self.base.join(path);
        let plain: PathBuf = whole.components().filter(|part| !matches!(part, Component::CurDir)).collect();
        if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
    }
}

/// One table of the file; absent and empty are the same.
pub(super) struct Section<'a> {
    pub cx: &'a Context<'a>,
    path: String,
    entries: &'a [Entry],
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub fn root(cx: &'a Context<'a>, table: &'a Table) -> Self {
        Self { cx, path: String::new(), entries: &table.0, known: Vec::new() }
    }

    fn of(cx: &'a Context<'a>, path: String, node: Option<&'a Node>) -> Self {
        let entries = match node {
            None => &[][..],
            Some(Node { value: Value::Table(table), .. }) => &table.0,
            Some(node) => {
                let refusal = Refusal::expected(format!("a table, written [{path}]"));
                cx.note(&node.place, &path, node.describe(&path), refusal);
                &[]
            }
        };
        Self { cx, path, entries, known: Vec::new() }
    }

    /// The path of a key: `server.listen`.
    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Nothing is written in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key, which is thereby known.
    pub fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The table under a key.
    pub fn child(&mut self, key: &'static str) -> Section<'a> {
        let path = self.path(key);
        Section::of(self.cx, path, self.node(key))
    }

    /// The tables under names that the operator chose.
    pub fn named(&self) -> impl Iterator<Item = (&'a Entry, Section<'a>)> {
        self.entries.iter().map(|entry| {
            let path = self.path(&entry.key);
            (entry, Section::of(self.cx, path, Some(&entry.node)))
        })
    }

    /// The tables of a list of tables (`[[policy]]`), each with its place. What else stands in the list is noted.
    pub fn tables(&mut self, key: &'static str) -> Vec<(&'a Place, Section<'a>)> {
        let (cx, path) = (self.cx, self.path(key));
        let Some(node) = self.node(key) else { return Vec::new() };
        let Value::List(items) = &node.value else {
            self.refuse_node(key, node, Refusal::expected(format!("a list of tables: [[{path}]]")));
            return Vec::new();
        };
        let section = |(item, n): (&'a Node, usize)| (&item.place, Section::of(cx, format!("{path}.{n}"), Some(item)));
        items.iter().zip(1..).map(section).collect()
    }

    /// Whether a key is written, readable or not.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Notes a problem with the section as a whole.
    pub fn refuse_whole(&self, place: &Place, refusal: Refusal) {
        self.cx.note(place, &self.path, "this section".to_owned(), refusal);
    }

    /// The names that stand in it.
    pub fn names(&self) -> Vec<&'a str> {
        self.entries.iter().map(|entry| entry.key.as_str()).collect()
    }

    /// The entries under names that the operator chose, where they are no tables.
    pub fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// Reads a key; what `parse` refuses is noted.
    pub fn read<T>(&mut self, key: &'static str, parse: impl FnOnce(&'a Node) -> Result<T, Refusal>) -> Option<T> {
        let node = self.node(key)?;
        parse(node).map_err(|refusal| self.refuse_node(key, node, refusal)).ok()
    }

    /// Reads a key that a section, once it is there, cannot do without.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        what: &str,
        parse: impl FnOnce(&'a Node) -> Result<T, Refusal>,
    ) -> Option<T> {
        if self.node(key).is_none()
            && let Some(first) = self.entries.first()
        {
            self.cx.note(&first.place, &self.path, format!("no `{key}`"), Refusal::expected(what));
        }
        self.read(key, parse)
    }

    /// Reads a list; every item that `parse` refuses is noted, and there is no list then.
    pub fn read_list<T>(
        &mut self,
        key: &'static str,
        of_what: &str,
        parse: impl Fn(&'a Node) -> Result<T, Refusal>,
    ) -> Option<Vec<T>> {
        let node = self.node(key)?;
        let Value::List(items) = &node.value else {
            self.refuse_node(key, node, Refusal::expected(of_what));
            return None;
        };
        let read = |item| parse(item).map_err(|refusal| self.refuse_node(key, item, refusal)).ok();
        // Every item is read, though one refused is enough: all of them are to be named.
        let items: Vec<Option<T>> = items.iter().map(read).collect();
        items.into_iter().collect()
    }

    /// Notes that a value, as it stands, cannot be.
    pub fn refuse_node(&self, key: &str, node: &Node, refusal: Refusal) {
        let path = self.path(key);
        self.cx.note(&node.place, &path, node.describe(&path), refusal);
    }

    /// Notes a problem with a key that was read before and turned out not to fit the rest.
    pub fn refuse(&self, key: &str, refusal: Refusal) {
        if let Some(entry) = self.entries.iter().find(|entry| entry.key == key) {
            self.refuse_node(key, &entry.node, refusal);
        }
    }

    /// Notes a problem with the name of an entry.
    pub fn refuse_name(&self, entry: &Entry, refusal: Refusal) {
        self.cx.note(&entry.place, &self.path(&entry.key), "this name".to_owned(), refusal);
    }

    /// Notes every key that nobody asked for.
    pub fn finish(self) {
        let known = self.known.join(", ");
        let what = if self.path.is_empty() { "section" } else { "key" };
        let of = if self.path.is_empty() { String::new() } else { format!(" of [{}]", self.path) };
        for entry in self.entries.iter().filter(|entry| !self.known.contains(&entry.key.as_str())) {
            let fix = did_you_mean(&entry.key, self.known.iter().copied()).unwrap_or_else(|| match &entry.place {
                Place::File(..) => "remove it, or see docs/config.md for what this version knows".to_owned(),
                Place::Variable(_) => "unset it, or see docs/config.md for what this version knows".to_owned(),
            });
            let found = format!("a {what} that drillbell {} does not know", env!("CARGO_PKG_VERSION"));
            let refusal = Refusal::expected(format!("a {what}{of}: {known}")).fix(fix);
            self.cx.note(&entry.place, &self.path(&super::mask::clip(&entry.key, 60)), found, refusal);
        }
    }
}
