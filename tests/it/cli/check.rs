//! The doctor on targets, through the program: every line that a policy deserves, and the exit code.

use super::program::call;
use std::path::Path;

const PLUGIN: &str = "[plugins.backup]\nsource = \"builtin:backup\"\ngrants = [\"backups\", \"jobs:*\", \"schedules\", \"timers\", \"kv\", \"post:*\"]\n";

/// The doctor's exit code, and what it says of targets.
fn checked(folder: &Path, sections: &str) -> (i32, String) {
    std::fs::write(folder.join("drillbell.toml"), format!("{sections}{PLUGIN}")).unwrap();
    let checked = call(folder, &["check"]);
    let lines = checked.stdout.lines().filter(|line| line.contains(" target")).map(|line| format!("{line}\n"));
    (checked.code, lines.collect::<String>().replace(&*folder.to_string_lossy(), "/here"))
}

#[test]
fn the_doctor_names_all_that_each_target_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let bare = "[targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"\n[targets.pages]\nkind = \"files\"\npath = \"var/cache/pages\"\n\
                [targets.pages.backup]\nschedule = \"@hourly\"\n[targets.pages.backup.keep]\ndaily = 1\nweekly = 0\n";
    let (code, said) = checked(folder.path(), bare);
    insta::assert_snapshot!(said, @r#"
    unknown  target pages  files, `0 * * * *` UTC, keeps 24 hourly and 1 daily copies, in dir:data/artifacts; copies are kept for 2d, and what is noticed later is lost: set daily and weekly in [targets.pages.backup.keep]; copies lie in data/artifacts, on the disk of what they are copies of, and are gone when it is: set store in [artifacts] to a bucket, or to a folder on another disk; copies are not encrypted: set encrypt_to in [artifacts]; nobody says when it is restored to see whether it can be: set schedule in [targets.pages.drill]; var/cache/pages looks like what is made anew when it is gone (cache, queue, static or build output), by the name cache: leave it out if it is
    fail     target shop  sqlite, no schedule, keeps 24 hourly, 7 daily and 4 weekly copies, in dir:data/artifacts; nobody says how often it is backed up: write schedule = "0 * * * *" (hourly) into [targets.shop.backup]; copies lie in data/artifacts, on the disk of what they are copies of, and are gone when it is: set store in [artifacts] to a bucket, or to a folder on another disk; copies are not encrypted: set encrypt_to in [artifacts]; nobody says when it is restored to see whether it can be: set schedule in [targets.shop.drill]
    "#);
    assert_eq!(code, 1, "nobody says how often the shop is backed up");

    let key = age::x25519::Identity::generate().to_public();
    let good = format!(
        "[artifacts]\nstore = \"dir:/proc/copies\"\nencrypt_to = [\"{key}\"]\n[targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"\n\
         [targets.shop.backup]\nschedule = \"@hourly\"\n[targets.shop.drill]\nschedule = \"0 5 1 * *\"\n"
    );
    let (code, said) = checked(folder.path(), &good);
    insta::assert_snapshot!(said, @"pass     target shop  sqlite, `0 * * * *` UTC, keeps 24 hourly, 7 daily and 4 weekly copies, in dir:/proc/copies, encrypted, restored to see whether it can be");
    assert_eq!(code, 0, "a store that is not there yet is made by the first copy");
}
