//! The artifacts of a folder, in the order of their names' bytes, read while they are asked for.

use super::files::modified_ms;
use super::{ArtifactError, Folder, Key, Listed};
use futures::stream::{self, BoxStream, StreamExt};
use std::fs::DirEntry;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How far the walk may be ahead of its reader.
const AHEAD: usize = 256;

type Item = Result<Listed, ArtifactError>;

/// Everything that begins with `prefix`, which has been checked.
pub(super) fn walk(folder: Folder, prefix: String) -> BoxStream<'static, Item> {
    stream::unfold(State::New(folder, prefix), |state| async move {
        let mut items = match state {
            State::Walking(items) => items,
            // The walk begins when somebody asks for the first.
            State::New(folder, prefix) => {
                let (found, items) = channel(AHEAD);
                tokio::task::spawn_blocking(move || Walk { folder, prefix, found }.run());
                items
            }
        };
        let item = items.recv().await?;
        Some((item, State::Walking(items)))
    })
    .boxed()
}

enum State {
    New(Folder, String),
    Walking(Receiver<Item>),
}

struct Walk {
    folder: Folder,
    prefix: String,
    found: Sender<Item>,
}

/// Nobody is reading any more.
struct Gone;

impl Walk {
    fn run(&self) {
        // What lies beside the prefix's own folder cannot begin with it.
        let below = self.prefix.rfind('/').map_or("", |at| &self.prefix[..at]);
        let _ = self.folder_of(below, &self.folder.root.join(below));
    }

    fn folder_of(&self, name: &str, path: &Path) -> Result<(), Gone> {
        let entries = match read_sorted(path) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) => {
                let what = format!("{} below {}", if name.is_empty() { "everything" } else { name }, self.folder.shown);
                return self.say(Err(ArtifactError::from_os("list", &what, &error))).and(Err(Gone));
            }
        };
        for (entry_name, entry, is_folder) in entries {
            let own = entry_name.trim_end_matches('/');
            let whole = if name.is_empty() { own.to_owned() } else { format!("{name}/{own}") };
            // A folder may hold what is meant though it is shorter than the prefix.
            let may_hold = is_folder && self.prefix.starts_with(&whole);
            if !may_hold && !whole.starts_with(&self.prefix) {
                continue;
            }
            let Ok(key) = Key::new(&whole) else { continue };
            if is_folder {
                self.folder_of(&whole, &entry.path())?;
            } else if let Ok(found) = entry.metadata()
                && found.is_file()
            {
                self.say(Ok(Listed { key, size: found.size(), modified_ms: modified_ms(&found) }))?;
            }
        }
        Ok(())
    }

    fn say(&self, item: Item) -> Result<(), Gone> {
        self.found.blocking_send(item).map_err(|_| Gone)
    }
}

/// The entries of a folder as a bucket would order them: a folder counts as its name with the `/`.
fn read_sorted(path: &Path) -> io::Result<Vec<(String, DirEntry, bool)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        // What is not UTF-8 is no name of ours.
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((if is_folder { format!("{name}/") } else { name }, entry, is_folder));
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}
