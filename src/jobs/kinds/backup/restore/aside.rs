//! What is there before a restore and is too damaged to be copied: it is no reason not to restore, which is what it is done for (S4-11).
//! It is kept as it is, beside where it was.

use super::destination::{Destination, of_files};
use crate::jobs::JobContext;
use crate::jobs::kinds::backup::drill::blocking;
use crate::jobs::kinds::backup::names;
use crate::ops::restore::{RestoreError, files, sqlite};
use std::path::{Path, PathBuf};

/// Where it is kept.
pub(super) struct Aside {
    pub(super) path: PathBuf,
    /// It is moved there when the copy takes its place; until then it is where it was.
    pub(super) is_moved: bool,
}

impl Destination {
    /// What is wrong with what is there, if a copy of it cannot be taken for that; `None`: it is well, or nobody but the server can tell.
    pub(super) async fn damage(&self, job: &JobContext) -> Option<String> {
        let found = match self {
            Self::Database(..) => None,
            Self::Sqlite(file, _) => {
                let file = file.clone();
                blocking(move || Ok(sqlite::damage(&file))).await.ok().flatten()
            }
            Self::Files(root, exclude) => of_files(root, exclude, job).await.err().map(|error| error.sentence),
        };
        // What was cancelled in the middle says nothing.
        found.filter(|_| !job.cancel().is_cancelled())
    }

    /// Sees to it that what is there is kept as it is.
    ///
    /// # Errors
    /// There is no room for it, it cannot be moved to where people would find it, or it is a server's.
    pub(super) async fn keep_aside(&self, job: &JobContext, now_ms: i64) -> Result<Aside, RestoreError> {
        let stem = names::stem(now_ms, job.id());
        match self {
            Self::Database(..) => Err(RestoreError::environment("a server's files are not for others to keep")),
            Self::Sqlite(file, _) => {
                let (file, path) = (file.clone(), beside(file, &stem));
                let kept = path.clone();
                blocking(move || sqlite::keep_raw(&file, &kept)).await?;
                Ok(Aside { path, is_moved: false })
            }
            Self::Files(root, _) => {
                let root = root.clone();
                blocking(move || {
                    let path = beside(&files::movable(&root)?, &stem);
                    Ok(Aside { path, is_moved: true })
                })
                .await
            }
        }
    }
}

/// `shop.db` is kept as `shop.db.damaged-20261122T100000Z-0badcafe`.
fn beside(path: &Path, stem: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".damaged-{stem}"));
    name.into()
}
