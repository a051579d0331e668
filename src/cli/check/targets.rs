//! The doctor on what is backed up: whether each target's policy says how often, how long, whether encrypted and when it is restored to see
//! whether it can be (S0-24), whether it is worth a backup at all (S0-01), and whether any plugin would take one.

use super::Check;
use crate::cli::bot;
use crate::config::Config;
use crate::config::targets::{Target, TargetPlace};
use crate::ops::backup::can_make_servers;
use crate::plugin::{PluginInfo, PluginState};
use crate::recurrence::Recurrence;

/// How long a drill may be ahead: once a month (S0-05, S4-06).
const DRILL_WITHIN_MS: i64 = 31 * 86_400_000;
/// Where the gaps of a drill's schedule are measured from: 1 January 2025, so that the answer is always the same.
const MEASURED_FROM_MS: i64 = 1_735_689_600_000;
/// Moments that are looked at: more than a year of a monthly schedule.
const MEASURED: usize = 15;
/// What a plugin needs to take backups by itself.
const WANTED: [&str; 3] = ["backups", "jobs:backup", "schedules"];
/// Names of folders whose contents are made anew when they are gone.
const MADE_ANEW: [&str; 10] =
    ["static", "staticfiles", "static_root", "cache", ".cache", "celery", "queue", "queues", "node_modules", "tmp"];

/// Each target, and whether anybody looks after them.
pub(super) async fn all(config: &Config) -> Vec<Check> {
    let encrypted = !config.artifacts.encryption.encrypt_to.is_empty();
    let own = |target: &Target| match &target.place {
        TargetPlace::Postgres { pg_bin, .. } => can_make_servers(&config.commands.path, pg_bin.as_deref()),
        TargetPlace::Sqlite(_) | TargetPlace::Files { .. } => false,
    };
    let mut checks: Vec<_> = config.targets.0.values().map(|target| one(target, encrypted, own(target))).collect();
    if !checks.is_empty()
        && let Ok(plugins) = bot::plugins(config).await
    {
        checks.extend(untended(&plugins));
    }
    checks
}

/// `own`: drills can make a server of their own where none is configured.
fn one(target: &Target, encrypted: bool, own: bool) -> Check {
    let name = format!("target {}", target.name);
    let kind = target.place.kind();
    let Some(schedule) = &target.backup.schedule else {
        let section = format!("[targets.{}.backup]", target.name);
        return Check::fail(
            &name,
            format!(
                "{kind}: nobody says how often it is backed up: write schedule = \"0 * * * *\" (hourly) into {section}"
            ),
        );
    };
    let keep = target.backup.keep;
    let kept = format!("{}+{}+{}+{}", keep.hourly, keep.daily, keep.weekly, keep.monthly);
    let policy = format!("{kind}, `{schedule}` {}, keeps {kept} copies", target.backup.zone);
    let mut lacking = Vec::new();
    if !encrypted {
        lacking.push("copies are not encrypted: set encrypt_to in [artifacts]".to_owned());
    }
    lacking.extend(drill(target, own));
    lacking.extend(made_anew(target));
    match lacking.is_empty() {
        true => Check::pass(&name, format!("{policy}, encrypted, restored to see whether it can be")),
        false => Check::unknown(&name, format!("{policy}; {}", lacking.join("; "))),
    }
}

/// What is wrong with when it is restored to see whether it can be.
fn drill(target: &Target, own: bool) -> Option<String> {
    let section = format!("[targets.{}.drill]", target.name);
    let Some(schedule) = &target.drill.schedule else {
        return Some(format!("nobody says when it is restored to see whether it can be: set schedule in {section}"));
    };
    if matches!(target.place, TargetPlace::Postgres { .. }) && !own && target.drill.into.is_none() {
        return Some(format!(
            "drills have nowhere to restore to: set into in {section} to the URL of a server, or install PostgreSQL's server programs"
        ));
    }
    // It was understood when the configuration was read.
    let recurrence = Recurrence::parse(schedule, &target.drill.zone).ok()?;
    let moments = std::iter::successors(recurrence.next(MEASURED_FROM_MS), |at| recurrence.next(*at)).take(MEASURED);
    let moments: Vec<_> = moments.collect();
    let longest = moments.windows(2).map(|pair| pair[1] - pair[0]).max()?;
    let days = longest / 86_400_000;
    (longest > DRILL_WITHIN_MS)
        .then(|| format!("up to {days} days pass between two drills: make {section} schedule monthly"))
}

/// What is made anew when it is gone needs no backup, and takes the place of what does.
fn made_anew(target: &Target) -> Option<String> {
    let TargetPlace::Files { path, .. } = &target.place else { return None };
    let last = path.file_name()?.to_string_lossy().to_lowercase();
    MADE_ANEW.contains(&last.as_str()).then(|| {
        format!("{} looks like what is made anew when it is gone (cache, queue, static output)", path.display())
    })
}

/// Targets that no plugin looks after are backed up by nobody.
fn untended(plugins: &[PluginInfo]) -> Option<Check> {
    let covers = |granted: &String, wanted: &str| {
        granted == wanted || granted.strip_suffix('*').is_some_and(|prefix| wanted.starts_with(prefix))
    };
    let may = |plugin: &PluginInfo| {
        matches!(plugin.state, PluginState::Loaded)
            && WANTED.iter().all(|wanted| plugin.effective.iter().any(|granted| covers(granted, wanted)))
    };
    (!plugins.iter().any(may)).then(|| {
        let wanted = WANTED.join(", ");
        Check::fail("targets", format!("nothing would be backed up: no plugin that runs is granted {wanted} together"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;
    use std::path::Path;

    #[test]
    fn each_target_is_told_what_its_policy_lacks() {
        let text = "[targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"\n\
                    [targets.media]\nkind = \"files\"\npath = \"media\"\n[targets.media.backup]\nschedule = \"@daily\"\n\
                    [targets.media.drill]\nschedule = \"0 5 1 */2 *\"\n\
                    [targets.pages]\nkind = \"files\"\npath = \"var/STATIC\"\n[targets.pages.backup]\nschedule = \"@hourly\"\n\
                    [targets.pages.drill]\nschedule = \"0 5 1 * *\"\n\
                    [targets.till]\nkind = \"postgres\"\nurl = \"postgres://a@b/c\"\n[targets.till.backup]\nschedule = \"@hourly\"\n\
                    [targets.till.drill]\nschedule = \"0 5 1 * *\"\n";
        let config = Config::parse(text, Path::new("/x/drillbell.toml"), &Env::none()).unwrap();
        let told = |encrypted| {
            let all = config.targets.0.values().map(|target| one(target, encrypted, false));
            all.map(|check| format!("{} {}: {}", check.status.as_str(), check.name, check.text))
                .collect::<Vec<_>>()
                .join("\n")
        };
        insta::assert_snapshot!(told(true), @r#"
        unknown target media: files, `0 0 * * *` UTC, keeps 24+7+4+0 copies; up to 62 days pass between two drills: make [targets.media.drill] schedule monthly
        unknown target pages: files, `0 * * * *` UTC, keeps 24+7+4+0 copies; /x/var/STATIC looks like what is made anew when it is gone (cache, queue, static output)
        fail target shop: sqlite: nobody says how often it is backed up: write schedule = "0 * * * *" (hourly) into [targets.shop.backup]
        unknown target till: postgres, `0 * * * *` UTC, keeps 24+7+4+0 copies; drills have nowhere to restore to: set into in [targets.till.drill] to the URL of a server, or install PostgreSQL's server programs
        "#);
        assert!(told(false).contains("copies are not encrypted"));
        assert!(untended(&[]).is_some());
    }
}
