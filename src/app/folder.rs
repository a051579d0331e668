//! The data folder, which holds compiled plugins and secrets' scratch space.

use anyhow::Context;
use std::path::Path;

/// Makes a folder that only we can enter; one that others can write to is refused, because compiled plugins lie in it.
pub(super) fn make_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the data folder {}", folder.display()))?;
    let mode = std::fs::metadata(folder)
        .with_context(|| format!("cannot look at the data folder {}", folder.display()))?
        .permissions()
        .mode();
    anyhow::ensure!(
        mode & 0o022 == 0,
        "others may write to the data folder {} (mode {:o}); run: chmod go-w {}",
        folder.display(),
        mode & 0o777,
        folder.display()
    );
    Ok(())
}
