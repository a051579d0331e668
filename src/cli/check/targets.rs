//! The doctor on what is backed up: everything that each target's policy lacks of frequency, retention, location, encryption and drills
//! (S0-05, S0-24), whether it is worth a backup at all (S0-01), and whether any plugin would take one.

use super::Check;
use super::location;
use crate::cli::bot;
use crate::config::Config;
use crate::config::show_duration;
use crate::config::targets::{BackupPolicy, Keep, Target, TargetPlace};
use crate::ops::backup::can_make_servers;
use crate::plugin::{PluginInfo, PluginState};
use crate::recurrence::Recurrence;
use std::path::Path;
use std::time::Duration;

/// How long a drill may be ahead: once a month (S0-05, S4-06).
const DRILL_WITHIN_MS: i64 = 31 * 86_400_000;
/// Where the gaps of a drill's schedule are measured from: 1 January 2025, so that the answer is always the same.
const MEASURED_FROM_MS: i64 = 1_735_689_600_000;
/// Moments that are looked at: more than a year of a monthly schedule.
const MEASURED: usize = 15;
/// How long may pass between two copies: a day (S0-05), and the hour by which one is longer when clocks change.
const COPY_WITHIN: Duration = Duration::from_secs(25 * 3600);
/// For how long copies are kept at least: 7 to 30 days, and some for longer (S0-05).
const KEPT_DAYS: u64 = 7;
/// What a plugin needs to take backups by itself.
const WANTED: [&str; 3] = ["backups", "jobs:backup", "schedules"];
/// What folders and files are called, by a word of their names, whose contents are made anew when they are gone.
const MADE_ANEW: [&str; 14] = [
    "cache",
    "caches",
    "pycache",
    "redis",
    "memcached",
    "celery",
    "celerybeat",
    "queue",
    "queues",
    "spool",
    "tmp",
    "temp",
    "staticfiles",
    "htmlcov",
];
/// The same by their whole names: a word of them is as well one of what nobody can make anew.
const MADE_ANEW_WHOLE: [&str; 3] = ["static", "static_root", "node_modules"];
/// Names of what a build makes, which a folder on the way may have as well.
const BUILT: [&str; 5] = ["build", "dist", "out", "output", "target"];

/// Each target, and whether anybody looks after them.
pub(super) async fn all(config: &Config) -> Vec<Check> {
    let own = |target: &Target| match &target.place {
        TargetPlace::Postgres { pg_bin, .. } => can_make_servers(&config.commands.path, pg_bin.as_deref()),
        TargetPlace::Sqlite(_) | TargetPlace::Files { .. } => false,
    };
    let one = |target: &Target| one(target, config, own(target), location::near(target, config));
    let mut checks: Vec<_> = config.targets.0.values().map(one).collect();
    if !checks.is_empty()
        && let Ok(plugins) = bot::plugins(config).await
    {
        checks.extend(untended(&plugins));
    }
    checks
}

/// `own`: drills can make a server of their own where none is configured. `near`: what is wrong with where its copies lie.
fn one(target: &Target, config: &Config, own: bool, near: Option<String>) -> Check {
    let policy = &target.backup;
    let mut lacking = Vec::new();
    lacking.extend(frequency(target));
    lacking.extend(retention(target));
    lacking.extend(near);
    if config.artifacts.encryption.encrypt_to.is_empty() {
        lacking.push("copies are not encrypted: set encrypt_to in [artifacts]".to_owned());
    }
    lacking.extend(drills(target, own));
    lacking.extend(made_anew(&target.place, config.file.parent()));
    let when = match &policy.schedule {
        Some(schedule) => format!("`{schedule}` {}", policy.zone),
        None => "no schedule".to_owned(),
    };
    let said = format!("{}, {when}, keeps {}, in {}", target.place.kind(), kept(policy), config.artifacts.shown());
    let name = format!("target {}", target.name);
    let lacks = format!("{said}; {}", lacking.join("; "));
    match (policy.schedule.is_some(), lacking.is_empty()) {
        (false, _) => Check::fail(&name, lacks),
        (true, false) => Check::unknown(&name, lacks),
        (true, true) => Check::pass(&name, format!("{said}, encrypted, restored to see whether it can be")),
    }
}

/// What is wrong with how often it is copied.
fn frequency(target: &Target) -> Option<String> {
    let section = format!("[targets.{}.backup]", target.name);
    let Some(interval) = target.backup.interval.filter(|_| target.backup.schedule.is_some()) else {
        let write = format!("write schedule = \"0 * * * *\" (hourly) into {section}");
        return Some(format!("nobody says how often it is backed up: {write}"));
    };
    let passes = format!("up to {} pass between two copies", show_duration(interval));
    match target.rpo.filter(|rpo| interval > *rpo) {
        Some(rpo) => {
            Some(format!("{passes}, and its rpo allows {}: make {section} schedule denser", show_duration(rpo)))
        }
        None if interval > COPY_WITHIN => Some(format!("{passes}: make {section} schedule daily or denser")),
        None => None,
    }
}

/// `24 hourly, 7 daily and 4 weekly copies`.
fn kept(policy: &BackupPolicy) -> String {
    let Keep { hourly, daily, weekly, monthly } = policy.keep;
    let tiers = [(hourly, "hourly"), (daily, "daily"), (weekly, "weekly"), (monthly, "monthly")];
    let tiers: Vec<_> =
        tiers.into_iter().filter(|(count, _)| *count > 0).map(|(count, tier)| format!("{count} {tier}")).collect();
    let tiers = match tiers.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => tiers.concat(),
    };
    let expires = policy.expires.map(|expires| format!(", none older than {}", show_duration(expires)));
    format!("{tiers} copies{}", expires.unwrap_or_default())
}

/// What is wrong with how long copies are kept.
fn retention(target: &Target) -> Option<String> {
    let Keep { hourly, daily, weekly, monthly } = target.backup.keep;
    let section = format!("[targets.{}.backup", target.name);
    let expires = target.backup.expires.map_or(u64::MAX, |expires| expires.as_secs() / 86_400);
    let [hourly, daily, weekly, monthly] = [hourly, daily, weekly, monthly].map(u64::from);
    let days = (hourly / 24 + daily + 7 * weekly + 30 * monthly).min(expires);
    if days >= KEPT_DAYS {
        return (weekly + monthly == 0)
            .then(|| format!("nothing is kept weekly or monthly: set weekly in {section}.keep]"));
    }
    let how = match expires < KEPT_DAYS {
        true => format!("raise expires in {section}]"),
        false => format!("set daily and weekly in {section}.keep]"),
    };
    Some(format!("copies are kept for {days}d, and what is noticed later is lost: {how}"))
}

/// What is wrong with when and where it is restored to see whether it can be.
fn drills(target: &Target, own: bool) -> Vec<String> {
    let section = format!("[targets.{}.drill]", target.name);
    let mut lacking = Vec::new();
    match &target.drill.schedule {
        None => {
            lacking.push(format!("nobody says when it is restored to see whether it can be: set schedule in {section}"))
        }
        Some(schedule) => {
            let longest = longest_ms(schedule, &target.drill.zone).filter(|longest| *longest > DRILL_WITHIN_MS);
            lacking.extend(longest.map(|longest| {
                let days = longest / 86_400_000;
                format!("up to {days} days pass between two drills: make {section} schedule monthly")
            }));
        }
    }
    if matches!(target.place, TargetPlace::Postgres { .. }) && !own && target.drill.into.is_none() {
        lacking.push(format!(
            "drills have nowhere to restore to: set into in {section} to the URL of a server, or install PostgreSQL's server programs"
        ));
    }
    lacking
}

/// The longest time between two moments of a schedule, which was understood when the configuration was read.
fn longest_ms(schedule: &str, zone: &str) -> Option<i64> {
    let recurrence = Recurrence::parse(schedule, zone).ok()?;
    let moments = std::iter::successors(recurrence.next(MEASURED_FROM_MS), |at| recurrence.next(*at)).take(MEASURED);
    let moments: Vec<_> = moments.collect();
    moments.windows(2).map(|pair| pair[1] - pair[0]).max()
}

/// What is made anew when it is gone needs no backup, and takes the place of what does. The folders above the configuration's own say
/// where somebody works, not what it is.
fn made_anew(place: &TargetPlace, home: Option<&Path>) -> Option<String> {
    let path: &Path = match place {
        TargetPlace::Postgres { .. } => return None,
        TargetPlace::Sqlite(file) => file,
        TargetPlace::Files { path, .. } => path,
    };
    let telling = home.and_then(|home| path.strip_prefix(home).ok()).unwrap_or(path);
    let parts = || telling.iter().map(|part| part.to_string_lossy().to_lowercase());
    let built = parts().next_back().filter(|last| BUILT.contains(&last.as_str()));
    let name = parts().find(|part| is_made_anew(part)).or(built)?;
    Some(format!(
        "{} looks like what is made anew when it is gone (cache, queue, static or build output), by the name {name}: leave it out \
         if it is",
        path.display()
    ))
}

fn is_made_anew(part: &str) -> bool {
    let mut words = part.split(|c: char| !c.is_alphanumeric());
    MADE_ANEW_WHOLE.contains(&part) || words.any(|word| MADE_ANEW.contains(&word))
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
    use age::x25519::Identity;

    fn told(text: &str) -> String {
        let config = Config::parse(text, Path::new("/x/drillbell.toml"), &Env::none()).unwrap();
        // Where things lie is the disk's to say.
        let all = config.targets.0.values().map(|target| one(target, &config, false, None));
        all.map(|check| format!("{} {}: {}", check.status.as_str(), check.name, check.text))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn each_target_is_told_all_that_its_policy_lacks() {
        let text = "[targets.bare]\nkind = \"postgres\"\nurl = \"postgres://a@b/c\"\n\
                    [targets.media]\nkind = \"files\"\npath = \"media\"\nrpo = \"1h\"\n[targets.media.backup]\nschedule = \"@daily\"\n\
                    [targets.media.backup.keep]\nhourly = 30\ndaily = 0\nweekly = 0\n[targets.media.drill]\nschedule = \"0 5 1 */2 *\"\n\
                    [targets.pages]\nkind = \"files\"\npath = \"var/STATIC/v2\"\n[targets.pages.backup]\nschedule = \"@weekly\"\nexpires = \"3d\"\n\
                    [targets.pages.drill]\nschedule = \"0 5 1 * *\"\n\
                    [targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"\n[targets.shop.backup]\nschedule = \"@hourly\"\n[targets.shop.drill]\nschedule = \"@monthly\"\n\
                    [targets.till]\nkind = \"postgres\"\nurl = \"postgres://a@b/c\"\n[targets.till.backup]\nschedule = \"@hourly\"\n\
                    [targets.till.backup.keep]\nweekly = 0\n[targets.till.drill]\nschedule = \"0 5 1 * *\"\n";
        let key = Identity::generate().to_public();
        insta::assert_snapshot!(told(&format!("[artifacts]\nstore = \"s3://copies\"\nencrypt_to = [\"{key}\"]\n{text}")), @r#"
        fail target bare: postgres, no schedule, keeps 24 hourly, 7 daily and 4 weekly copies, in s3://copies; nobody says how often it is backed up: write schedule = "0 * * * *" (hourly) into [targets.bare.backup]; nobody says when it is restored to see whether it can be: set schedule in [targets.bare.drill]; drills have nowhere to restore to: set into in [targets.bare.drill] to the URL of a server, or install PostgreSQL's server programs
        unknown target media: files, `0 0 * * *` UTC, keeps 30 hourly copies, in s3://copies; up to 1d pass between two copies, and its rpo allows 1h: make [targets.media.backup] schedule denser; copies are kept for 1d, and what is noticed later is lost: set daily and weekly in [targets.media.backup.keep]; up to 62 days pass between two drills: make [targets.media.drill] schedule monthly
        unknown target pages: files, `0 0 * * 0` UTC, keeps 24 hourly, 7 daily and 4 weekly copies, none older than 3d, in s3://copies; up to 7d pass between two copies: make [targets.pages.backup] schedule daily or denser; copies are kept for 3d, and what is noticed later is lost: raise expires in [targets.pages.backup]; /x/var/STATIC/v2 looks like what is made anew when it is gone (cache, queue, static or build output), by the name static: leave it out if it is
        pass target shop: sqlite, `0 * * * *` UTC, keeps 24 hourly, 7 daily and 4 weekly copies, in s3://copies, encrypted, restored to see whether it can be
        unknown target till: postgres, `0 * * * *` UTC, keeps 24 hourly and 7 daily copies, in s3://copies; nothing is kept weekly or monthly: set weekly in [targets.till.backup.keep]; drills have nowhere to restore to: set into in [targets.till.drill] to the URL of a server, or install PostgreSQL's server programs
        "#);
        assert_eq!(told(text).matches("copies are not encrypted").count(), 5);
        assert!(untended(&[]).is_some());
    }

    #[test]
    fn what_is_made_anew_is_told_by_any_part_of_its_path() {
        let files = |path: &str| TargetPlace::Files { path: path.into(), exclude: Vec::new() };
        let sqlite = |path: &str| TargetPlace::Sqlite(path.into());
        let anew = [
            files("/var/cache/nginx"),
            files("/srv/app/node_modules/left-pad"),
            files("/var/spool/mail"),
            files("/srv/tmp"),
            files("/srv/app/dist"),
            files("/srv/app/STATIC_ROOT"),
            files("/srv/nginx-cache"),
            sqlite("/srv/app/celery-queue.db"),
            sqlite("/srv/app/cache.sqlite3"),
        ];
        for place in anew {
            assert!(made_anew(&place, None).is_some(), "{place:?}");
        }
        for place in [
            files("/home/build/shop/media"),
            files("/srv/ecstatic"),
            sqlite("/srv/shop.db"),
            files("/srv/cached-by-hand"),
        ] {
            assert_eq!(made_anew(&place, None), None, "{place:?}");
        }
        let home = Some(Path::new("/tmp/tried"));
        assert_eq!(made_anew(&files("/tmp/tried/media"), home), None);
        assert!(
            made_anew(&files("/tmp/tried/cache"), home).is_some() && made_anew(&files("/tmp/media"), home).is_some()
        );
    }
}
