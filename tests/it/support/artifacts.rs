//! Putting things into an artifact store and getting them back.

use drillbell::artifacts::{ArtifactError, Artifacts, Folder, Key, Meta, PutOptions, Stored};
use tokio::io::AsyncReadExt;

/// A folder of artifacts that is gone with the guard.
pub fn folder() -> (tempfile::TempDir, Artifacts) {
    let folder = tempfile::tempdir().expect("a folder");
    let artifacts = Artifacts::in_folder(Folder::new(folder.path().join("artifacts")));
    (folder, artifacts)
}

/// A name.
pub fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// Bytes that no two places of have the same.
pub fn bytes(size: usize, seed: u8) -> Vec<u8> {
    (0..size).map(|at| (at / 251 + at % 251) as u8 ^ seed).collect()
}

/// Stores these bytes.
pub async fn put(artifacts: &Artifacts, name: &str, bytes: &[u8]) -> Result<Stored, ArtifactError> {
    artifacts.put(&key(name), &mut &*bytes, &PutOptions::default()).await
}

/// Everything, with its checksum verified.
pub async fn read(artifacts: &Artifacts, name: &str) -> Result<(Meta, Vec<u8>), ArtifactError> {
    let (meta, mut reader) = artifacts.get_verified(&key(name)).await?;
    let mut bytes = Vec::new();
    match reader.read_to_end(&mut bytes).await {
        Ok(_) => Ok((meta, bytes)),
        Err(error) => Err(ArtifactError::of(&error).expect("an error of ours").clone()),
    }
}
