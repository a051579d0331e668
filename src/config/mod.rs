//! The configuration: one TOML file plus `DRILLBELL__SECTION__KEY` from the environment, all problems at once.
//! The only code that reads the environment; it opens nothing but the file and the secrets it names.

pub mod alerts;
pub mod artifacts;
pub mod availability;
pub mod channels;
pub mod chat;
pub mod commands;
pub mod console;
pub mod database;
pub mod databases;
mod demo;
pub mod discord;
mod effective;
pub mod encryption;
pub mod env;
pub mod escalation;
pub mod gamedays;
pub mod grants;
pub mod limits;
mod mask;
pub mod metrics;
pub mod notify;
pub mod origin;
mod overrides;
pub mod people;
pub mod plugins;
pub mod policy;
pub mod probes;
mod problem;
mod quantity;
pub mod retention;
pub mod roles;
pub mod rotations;
pub mod runbooks;
pub mod secret;
pub mod secrets;
mod section;
pub mod server;
pub mod services;
pub mod severities;
pub mod slack;
pub mod smtp;
pub mod status;
pub mod targets;
mod tree;
mod values;

#[cfg(test)]
mod tests;

pub use demo::demo;
pub use env::Env;
pub use problem::{ConfigErrors, Problem, did_you_mean};
pub use quantity::{parse_bytes, parse_duration, show_bytes, show_duration};

use secrecy::SecretString;
use section::{Context, Section};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The configuration of one bot, checked as a whole.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from, as it was named to us.
    pub file: PathBuf,
    /// `[server]`.
    pub server: server::Server,
    /// `[database]`.
    pub database: database::Database,
    /// `[artifacts]`.
    pub artifacts: artifacts::Artifacts,
    /// `[chat.console]`.
    pub console: console::Console,
    /// `[chat.slack]`, if Slack is connected.
    pub slack: Option<slack::Slack>,
    /// `[chat.discord]`, if there is one.
    pub discord: Option<discord::Discord>,
    /// `[people.NAME]`.
    pub people: people::People,
    /// `[roles.NAME]`.
    pub roles: roles::Roles,
    /// `[[policy]]`, in the order of the file.
    pub policy: Vec<policy::Rule>,
    /// `[channels]`.
    pub channels: channels::Channels,
    /// `[alerts.NAME]`.
    pub alerts: alerts::Alerts,
    /// `[probes.NAME]`.
    pub probes: probes::Probes,
    /// `[metrics]`.
    pub metrics: metrics::MetricsSource,
    /// `[notify.NAME]`.
    pub notify: notify::Notify,
    /// `[rotations.NAME]`.
    pub rotations: rotations::Rotations,
    /// `[escalation.NAME]`.
    pub escalation: escalation::Escalation,
    /// `[smtp]`.
    pub smtp: Option<smtp::Smtp>,
    /// `[severities.NAME]`.
    pub severities: severities::Severities,
    /// `[plugins.NAME]`, in the order of the file.
    pub plugins: Vec<plugins::Plugin>,
    /// `[secrets]`.
    pub secrets: secrets::Secrets,
    /// `[targets.NAME]`.
    pub targets: targets::Targets,
    /// `[databases.NAME]`.
    pub databases: databases::Databases,
    /// `[commands.NAME]`.
    pub commands: commands::Commands,
    /// `[services.NAME]`.
    pub services: services::Services,
    /// `[runbooks]`.
    pub runbooks: runbooks::Runbooks,
    /// `[gamedays.NAME]`.
    pub gamedays: gamedays::GameDays,
    /// `[limits]`.
    pub limits: limits::Limits,
    /// `[retention]`.
    pub retention: retention::Retention,
    /// `[status]`, if there is one.
    pub status: Option<status::StatusPage>,
    /// It is the demo's, where one human plays everybody: an asserted name counts as that person. In no file.
    pub demo: bool,
    /// Every secret that was read, under the name it is masked by.
    known: Vec<(String, SecretString)>,
}

impl Config {
    /// Reads the file, the secrets it names, and the overrides in `env`.
    pub fn load(file: &Path, env: &Env) -> Result<Self, ConfigErrors> {
        let text = read_file(file).map_err(|(found, fix)| {
            let name = file.display().to_string();
            let expected = "a configuration file in TOML".to_owned();
            let problem = Problem { place: name.clone(), key: String::new(), found, expected, fix: Some(fix) };
            ConfigErrors { file: name, problems: vec![problem] }
        })?;
        Self::parse(&text, file, env)
    }

    /// The same for a text; relative paths in it start from the folder of `file`, which need not exist.
    pub fn parse(text: &str, file: &Path, env: &Env) -> Result<Self, ConfigErrors> {
        let name = file.display().to_string();
        let mut table = match tree::parse(text, &name) {
            Ok(table) => table,
            Err(problem) => return Err(ConfigErrors { file: name, problems: vec![problem] }),
        };
        let cx = Context::new(&name, file.parent().unwrap_or(Path::new("")), env);
        overrides::apply(&cx, &mut table);
        let config = Self::read(file, Section::root(&cx, &table));
        let problems = cx.into_problems();
        if problems.is_empty() { Ok(config) } else { Err(ConfigErrors { file: name, problems }) }
    }

    fn read(file: &Path, mut root: Section<'_>) -> Self {
        let server = server::Server::read(root.child("server"));
        let database = database::Database::read(root.child("database"));
        let artifacts = artifacts::Artifacts::read(root.child("artifacts"));
        let mut chat = root.child("chat");
        let console = console::Console::read(chat.child("console"));
        let slack_is_there = chat.has("slack");
        let slack = slack::Slack::read(chat.child("slack"));
        let discord_is_there = chat.has("discord");
        let discord = discord::Discord::read(chat.child("discord"));
        chat.finish();
        // A section that cannot be read is one problem, not as many as there are conversations on it.
        let chats = chat::Chats { console: &console, remote: chat::remote(slack_is_there, discord_is_there) };
        let notifiers = root.child("notify").names();
        let people = people::People::read(root.child("people"), &notifiers);
        let roles = roles::Roles::read(root.child("roles"), &people);
        let policy = policy::Rule::read_all(&mut root, &roles, &chats);
        let channels = channels::Channels::read(root.child("channels"), &chats);
        let has_smtp = root.node("smtp").is_some();
        let smtp = smtp::Smtp::read(root.child("smtp"));
        let notify = notify::Notify::read(&root.child("notify"), &chats, &people, has_smtp);
        let ladders = root.child("escalation").names();
        let severities = severities::Severities::read(root.child("severities"), &roles, &ladders);
        let alerts = alerts::Alerts::read(&root.child("alerts"), &chats, &channels, &severities);
        let metrics = metrics::MetricsSource::read(root.child("metrics"));
        let prometheus = metrics.prometheus.is_some();
        let known = probes::Known { chats: &chats, channels: &channels, severities: &severities, prometheus };
        let probes = probes::Probes::read(&root.child("probes"), &known);
        let rotations = rotations::Rotations::read(&root.child("rotations"), &people);
        let known =
            escalation::Known { people: &people, rotations: &rotations, notify: &notify, severities: &severities };
        let escalation = escalation::Escalation::read(&root.child("escalation"), &known);
        let limits = limits::Limits::read(root.child("limits"));
        let plugins = plugins::Plugin::read_all(&root.child("plugins"), &limits);
        let retention = retention::Retention::read(root.child("retention"));
        let secrets = secrets::Secrets::read(&root.child("secrets"));
        let commands = commands::Commands::read(&root.child("commands"), &secrets);
        let targets = targets::Targets::read(&root.child("targets"), &commands);
        let databases = databases::Databases::read(&root.child("databases"));
        let status = status::StatusPage::read(root.child("status"), &severities);
        let services = {
            let pagers = [root.child("notify").names(), root.child("people").names()].concat();
            let known = services::Known {
                commands: &commands,
                probes: &probes,
                targets: &targets,
                secrets: &secrets,
                pagers: &pagers,
                page: status.as_ref(),
            };
            services::Services::read(&root.child("services"), &known)
        };
        let runbooks = runbooks::Runbooks::read(root.child("runbooks"));
        let gamedays = {
            let known = gamedays::Known {
                commands: &commands,
                databases: &databases,
                secrets: &secrets,
                metrics: &metrics,
                targets: &targets,
            };
            gamedays::GameDays::read(&root.child("gamedays"), &known)
        };
        let cx = root.cx;
        root.finish();
        let (file, known) = (file.to_owned(), cx.secrets());
        Self {
            file,
            server,
            database,
            artifacts,
            console,
            slack,
            discord,
            people,
            roles,
            policy,
            channels,
            alerts,
            probes,
            metrics,
            notify,
            rotations,
            escalation,
            smtp,
            severities,
            plugins,
            secrets,
            targets,
            databases,
            commands,
            services,
            runbooks,
            gamedays,
            limits,
            retention,
            status,
            demo: false,
            known,
        }
    }

    /// The configuration as it applies, as TOML: defaults filled in, secrets masked.
    pub fn effective(&self) -> String {
        effective::text(self)
    }

    /// Every secret of the configuration under the name it is masked by: all that came from a variable or a file, and the
    /// password in the database's URL.
    pub fn all_secrets(&self) -> Vec<(String, SecretString)> {
        self.known.iter().cloned().chain(self.database.passwords()).collect()
    }

    /// What is allowed but unwise, each a sentence, for `drillbell check`.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.database.has_written_password() {
            warnings.push(
                "database.url holds a password: write url = { env = \"NAME\" } or { file = \"PATH\" } instead"
                    .to_owned(),
            );
        }
        if let artifacts::ArtifactPlace::Bucket { .. } = self.artifacts.place
            && self.artifacts.s3.keys.is_none()
        {
            warnings.push(format!(
                "{} is asked without keys: set artifacts.s3.access_key and secret_key, or AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY",
                self.artifacts.shown()
            ));
        }
        if !self.server.listen.ip().is_loopback() && self.server.public_url.is_none() {
            let listen = self.server.listen;
            warnings.push(format!("server.listen is {listen}, reachable from other machines, without a public_url"));
        }
        if self.status.is_some() && self.server.public_url.is_none() {
            let listen = self.server.listen;
            warnings
                .push(format!("[status] without server.public_url: the links in its feeds lead to http://{listen}"));
        }
        warnings.extend(self.notify.warnings());
        warnings.extend(self.targets.warnings());
        warnings.extend(self.probes.warnings());
        warnings.extend(self.status.iter().flat_map(|page| page.warnings(&self.probes)));
        for plugin in self.plugins.iter().filter(|plugin| plugin.enabled && plugin.sha256.is_none()) {
            if let plugins::Source::File(path) = &plugin.source {
                let (name, path) = (&plugin.name, path.display());
                warnings
                    .push(format!("plugins.{name} has no sha256: whatever {path} holds at the next start will run"));
            }
        }
        warnings
    }
}

/// The file's text, or what was found instead and what to do.
fn read_file(file: &Path) -> Result<String, (String, String)> {
    let cannot = |error: std::io::Error| {
        let fix = "name another with --config, start from drillbell.example.toml, or try `drillbell demo`";
        (format!("nothing that can be read ({error})"), fix.to_owned())
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(cannot)?;
    opened.take(limits::CONFIG_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > limits::CONFIG_FILE_BYTES {
        let most = show_bytes(limits::CONFIG_FILE_BYTES);
        return Err((format!("more than {most}"), "check that it is the right file".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        (format!("bytes that are not UTF-8, on line {line}"), "save it as UTF-8".to_owned())
    })
}
