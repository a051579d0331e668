//! The doctor on where copies lie (S0-24): one on the disk of the bot, or of what it is a copy of, is gone when that disk is.

use crate::config::Config;
use crate::config::artifacts::ArtifactPlace;
use crate::config::targets::{Target, TargetPlace};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What is wrong with where the copies of a target lie; nothing is known against a bucket.
pub(super) fn near(target: &Target, config: &Config) -> Option<String> {
    let ArtifactPlace::Folder(store) = &config.artifacts.place else { return None };
    let data_dir = &config.server.data_dir;
    let on_disk_of = |path: &Path| disk(store).is_some_and(|store| Some(store) == disk(path));
    let own = match &target.place {
        TargetPlace::Sqlite(path) | TargetPlace::Files { path, .. } => on_disk_of(path),
        TargetPlace::Postgres { .. } => false,
    };
    let whose = match (own, store.starts_with(data_dir) || on_disk_of(data_dir)) {
        (true, _) => "on the disk of what they are copies of",
        (false, true) => "on the bot's own disk",
        (false, false) => return None,
    };
    Some(format!(
        "copies lie in {}, {whose}, and are gone when it is: set store in [artifacts] to a bucket, or to a folder on another disk",
        store.display()
    ))
}

/// The disk on which a path is, or would be made.
fn disk(path: &Path) -> Option<u64> {
    let there = |path: &Path| std::fs::metadata(if path.as_os_str().is_empty() { Path::new(".") } else { path }).ok();
    path.ancestors().find_map(there).map(|meta| meta.dev())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;

    #[test]
    fn a_folder_on_a_disk_that_fails_with_the_original_is_told_and_a_bucket_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let near = |store: &str, target: &str| {
            let text = format!("{store}[server]\ndata_dir = \"data\"\n[targets.shop]\n{target}\n");
            let config = Config::parse(&text, &folder.path().join("drillbell.toml"), &Env::none()).unwrap();
            near(&config.targets.0["shop"], &config)
        };
        let (files, server) = ("kind = \"files\"\npath = \"media\"", "kind = \"postgres\"\nurl = \"postgres://a@b/c\"");
        assert!(
            near("", files).is_some_and(|said| said.contains("data/artifacts, on the disk of what they are copies of"))
        );
        assert!(near("", server).is_some_and(|said| said.contains("data/artifacts, on the bot's own disk")));
        assert_eq!(near("[artifacts]\nstore = \"s3://copies\"\n", files), None);
        // What the kernel shows of itself is on no disk that anybody writes to.
        let elsewhere = "[artifacts]\nstore = \"dir:/proc/copies\"\n";
        assert_eq!((near(elsewhere, files), near(elsewhere, server)), (None, None));
    }
}
