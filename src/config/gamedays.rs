//! `[gamedays.NAME]`: places where runbooks are practised. Each says what stands in for what a runbook names; what nothing stands in
//! for is not there. That nothing of production's stands in for itself is checked when the file is read.

use super::commands::{Arg, Command, Commands, Kind, Piece};
use super::databases::{Databases, Readable};
use super::metrics::{self, MetricsSource};
use super::origin::Origin;
use super::problem::{Refusal, did_you_mean};
use super::secrets::Secrets;
use super::section::Section;
use super::targets::{TargetPlace, Targets};
use super::values;
use secrecy::ExposeSecret;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use url::Url;

/// `[gamedays]`: by name.
#[derive(Clone, Debug, Default)]
pub struct GameDays(pub BTreeMap<String, GameDay>);

/// `[gamedays.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GameDay {
    /// What people read of it. Required.
    pub about: String,
    /// What runbooks name, and the command of `[commands]` that is run in its place.
    pub commands: BTreeMap<String, String>,
    /// The same of `[databases]`.
    pub databases: BTreeMap<String, String>,
    /// The same of `[secrets]`, for the headers and bodies of requests.
    pub secrets: BTreeMap<String, String>,
    /// Where requests of runbooks go, and where they are sent.
    pub origins: BTreeMap<String, StandIn>,
    /// The Prometheus that expressions are asked of. Default: none, and such steps are not done.
    pub prometheus: Option<Url>,
}

/// An origin and the one that stands in for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Production's.
    pub from: Origin,
    /// The one of the game day.
    pub to: Origin,
}

/// What the rest of the file says.
pub(super) struct Known<'a> {
    pub commands: &'a Commands,
    pub databases: &'a Databases,
    pub secrets: &'a Secrets,
    pub metrics: &'a MetricsSource,
    pub targets: &'a Targets,
}

impl GameDays {
    pub(super) fn read(section: &Section<'_>, known: &Known<'_>) -> Self {
        // What any game day stands in for is production's in all of them.
        let named = |key: &'static str| -> BTreeSet<&str> {
            section.named().flat_map(|(_, mut day)| day.child(key).names()).collect()
        };
        let real = Real {
            commands: named("commands"),
            databases: named("databases"),
            secrets: named("secrets"),
            origins: named("origins").into_iter().filter_map(|text| Origin::parse(text).ok()).collect(),
        };
        let mut all = BTreeMap::new();
        for (entry, day) in section.named() {
            if !values::is_name(&entry.key, "-") {
                section.refuse_name(entry, Refusal::expected("a game day's name: lower-case letters, digits, -"));
            }
            if day.is_empty() {
                day.refuse_whole(&entry.place, Refusal::expected("`about` in it, and what stands in for what"));
            }
            all.insert(entry.key.clone(), real.day(day, known));
        }
        Self(all)
    }

    pub(super) fn shown(&self) -> toml::Value {
        toml::Value::Table(self.0.iter().map(|(name, day)| (name.clone(), day.shown())).collect())
    }
}

impl GameDay {
    fn shown(&self) -> toml::Value {
        let Self { about, commands, databases, secrets, origins, prometheus } = self;
        let texts = |map: &BTreeMap<String, String>| -> toml::Value {
            toml::Value::Table(map.iter().map(|(from, to)| (from.clone(), to.clone().into())).collect())
        };
        let origins = origins.values().map(|one| (one.from.to_string(), one.to.to_string().into()));
        let mut table: toml::Table = [
            ("about".to_owned(), about.clone().into()),
            ("commands".to_owned(), texts(commands)),
            ("databases".to_owned(), texts(databases)),
            ("secrets".to_owned(), texts(secrets)),
            ("origins".to_owned(), toml::Value::Table(origins.collect())),
        ]
        .into_iter()
        .collect();
        table.extend(prometheus.as_ref().map(|url| ("prometheus".to_owned(), url.as_str().into())));
        toml::Value::Table(table)
    }
}

/// What production is, as far as game days say so.
struct Real<'a> {
    commands: BTreeSet<&'a str>,
    databases: BTreeSet<&'a str>,
    secrets: BTreeSet<&'a str>,
    origins: Vec<Origin>,
}

impl Real<'_> {
    fn day(&self, mut day: Section<'_>, known: &Known<'_>) -> GameDay {
        let about =
            day.required("about", "what it is: \"the staging shop\"", |node| values::text(node).map(str::to_owned));
        let commands = pairs(&day.child("commands"), |from, to| self.command(from, to, known));
        let databases = pairs(&day.child("databases"), |_, to| self.database(to, known));
        let secrets = pairs(&day.child("secrets"), |_, to| match self.secrets.contains(to) {
            true => Err(itself("secret")),
            false => known.secrets.check(to),
        });
        let mut origins = BTreeMap::new();
        pairs(&day.child("origins"), |from, to| {
            origins.insert(from.to_owned(), self.origin(from, to)?);
            Ok(())
        });
        let prometheus = day.read("prometheus", |node| {
            let url = metrics::address(node)?;
            match known.metrics.prometheus.as_ref().is_some_and(|real| real.origin() == url.origin()) {
                true => Err(Refusal::expected("another Prometheus than that of [metrics], which looks at production")),
                false => Ok(url),
            }
        });
        day.finish();
        GameDay { about: about.unwrap_or_default(), commands, databases, secrets, origins, prometheus }
    }

    fn command(&self, from: &str, to: &str, known: &Known<'_>) -> Result<(), Refusal> {
        if self.commands.contains(to) {
            return Err(itself("command"));
        }
        let Some(command) = known.commands.get(to) else {
            let fix = did_you_mean(to, known.commands.all.keys().map(String::as_str));
            return Err(Refusal::expected("a name of [commands]").maybe_fix(fix));
        };
        let real = self.commands.iter().filter_map(|name| known.commands.get(name));
        if let Some(real) = real.into_iter().find(|real| same(real, command)) {
            let expected =
                format!("a command that does something else than `{}`: this one runs the very same", real.name);
            return Err(Refusal::expected(expected));
        }
        if let Some(place) = host_from_outside(command, known.commands.get(from)) {
            let expected = format!(
                "a command that runs where it says itself: what a runbook puts into {{{place}}} of this one is a host of production's"
            );
            let fix = "write the host into its argv, or name those of the practice environment: type = \"choice\"";
            return Err(Refusal::expected(expected).fix(fix));
        }
        let mut handles = command.secrets.values().chain(command.secret_files.values());
        match handles.find(|handle| self.secrets.contains(handle.as_str())) {
            Some(handle) => {
                Err(Refusal::expected(format!("a command that holds no secret of production's, as `{handle}` is")))
            }
            None => Ok(()),
        }
    }

    fn database(&self, to: &str, known: &Known<'_>) -> Result<(), Refusal> {
        if self.databases.contains(to) {
            return Err(itself("database"));
        }
        let Some(scratch) = known.databases.get(to) else {
            let fix = did_you_mean(to, known.databases.0.keys().map(String::as_str));
            return Err(Refusal::expected("a name of [databases]").maybe_fix(fix));
        };
        let stood_for = self.databases.iter().filter_map(|name| known.databases.get(name)).map(at);
        let targets = known.targets.places().filter_map(|place| match place {
            TargetPlace::Postgres { url, .. } => Some(At::of(url.url.expose_secret())),
            TargetPlace::Sqlite(file) => Some(At::File(file.clone())),
            TargetPlace::Files { .. } => None,
        });
        let here = at(scratch);
        match stood_for.chain(targets).any(|real| real == here) {
            true => Err(Refusal::expected("a scratch database: this one is where one of production's is")),
            false => Ok(()),
        }
    }

    fn origin(&self, from: &str, to: &str) -> Result<StandIn, Refusal> {
        let read = |text: &str, open: bool| match Origin::parse(text) {
            Ok(origin) if text != "*" && (open || !text.contains('*')) => Ok(origin),
            Ok(_) => Err(Refusal::expected("one origin: a `*.` may stand in what is production's only")),
            Err(why) => Err(Refusal::expected(why)),
        };
        let (from, to) = (read(from, true)?, read(to, false)?);
        match self.origins.iter().any(|real| real.covers(&to)) {
            true => Err(itself("origin")),
            false => Ok(StandIn { from, to }),
        }
    }
}

/// Where a database is, whoever asks it.
#[derive(PartialEq, Eq)]
enum At {
    Server(Option<String>, Option<u16>, String),
    File(PathBuf),
    Text(String),
}

impl At {
    fn of(url: &str) -> Self {
        match Url::parse(url) {
            Ok(url) => {
                let host = url.host_str().map(str::to_ascii_lowercase);
                Self::Server(host, url.port().or(Some(5432)), format!("{}?{}", url.path(), socket(&url)))
            }
            Err(_) => Self::Text(url.to_owned()),
        }
    }
}

/// Where its socket is, if the server is on this machine.
fn socket(url: &Url) -> String {
    let host = url.query_pairs().find(|(key, _)| key == "host");
    host.map(|(_, folder)| folder.into_owned()).unwrap_or_default()
}

fn at(place: &Readable) -> At {
    match place {
        Readable::Postgres(url) => At::of(url.url.expose_secret()),
        Readable::Sqlite(file) => At::File(file.clone()),
    }
}

/// Whether two commands run one thing, whatever they are called and whatever is around it: variables, secrets and folders make no
/// other machine of it.
fn same(a: &Command, b: &Command) -> bool {
    type Shape<'a> = (&'a str, bool, &'a str);
    fn arguments(of: &Command) -> impl Iterator<Item = Shape<'_>> {
        of.argv.iter().skip(1).map(|one| (one.before.as_str(), one.place.is_some(), one.after.as_str()))
    }
    same_program(&program(a), &program(b)) && arguments(a).eq(arguments(b))
}

/// Where a command's program is: a path of its own begins where it runs.
fn program(of: &Command) -> PathBuf {
    let written = Path::new(of.argv.first().and_then(Piece::fixed).unwrap_or_default());
    match &of.cwd {
        Some(folder) if !is_bare(written) => folder.join(written),
        _ => written.to_owned(),
    }
}

/// A bare name may be found anywhere, there too where the other one is.
fn same_program(a: &Path, b: &Path) -> bool {
    if is_bare(a) || is_bare(b) { a.file_name() == b.file_name() } else { a.components().eq(b.components()) }
}

fn is_bare(program: &Path) -> bool {
    program.components().count() == 1 && program.file_name().is_some()
}

/// The place of a command that a host is put into by whoever calls it: its own type says so, or that of the command it stands in for.
fn host_from_outside<'a>(stand_in: &'a Command, real: Option<&Command>) -> Option<&'a str> {
    let is_host = |arg: &Arg| arg.kind == Kind::Host;
    let meant = |name: &str| real.and_then(|real| real.args.get(name)).is_some_and(is_host);
    let open = |arg: &Arg| !matches!(arg.kind, Kind::Choice(_));
    let mut args = stand_in.args.iter();
    args.find(|(name, arg)| is_host(arg) || open(arg) && meant(name)).map(|(name, _)| name.as_str())
}

fn itself(what: &str) -> Refusal {
    Refusal::expected(format!(
        "one of the practice environment: this is the {what} of production, which a game day stands in for"
    ))
}

/// What stands in for what; what `check` refuses is noted.
fn pairs(section: &Section<'_>, mut check: impl FnMut(&str, &str) -> Result<(), Refusal>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in section.entries() {
        match values::text(&entry.node).and_then(|to| check(&entry.key, to).map(|()| to)) {
            Ok(to) => drop(all.insert(entry.key.clone(), to.to_owned())),
            Err(refusal) => section.refuse_node(&entry.key, &entry.node, refusal),
        }
    }
    all
}
