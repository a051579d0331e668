//! A plugin as it travels: one `.wasm` with its manifest inside. Reads and judges the bytes; nothing is compiled here.

use crate::config::limits::PLUGIN_FILE_BYTES;
use crate::model::manifest::Manifest;
use sha2::{Digest, Sha256};
use std::ops::Range;
use wasmparser::{Encoding, Parser, Payload};

/// The custom section that holds the text of `plugin.toml`, in the component or in a core module inside it.
const MANIFEST_SECTION: &str = "drillbell:manifest";

/// The packages whose interfaces a plugin may import. Our own carry their grants beneath them; of WASI only what finds an
/// empty world is linked, so that ordinary standard libraries work.
const IMPORTABLE: [&str; 7] =
    ["drillbell:", "wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// Why bytes are not a plugin: one sentence, saying what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages are the meaning")]
pub enum PackageError {
    #[error("it has {size} bytes; a plugin may have {PLUGIN_FILE_BYTES}")]
    TooLarge { size: u64 },
    #[error("its SHA-256 is {found}, but the configuration pins {pinned}: it is not the file that was approved")]
    WrongDigest { found: String, pinned: String },
    #[error("it is no WebAssembly component: {0}")]
    NotAComponent(String),
    #[error("it is a core WebAssembly module, not a component: build it for the target wasm32-wasip2")]
    CoreModule,
    #[error("it carries no manifest: let the SDK's export! embed plugin.toml (custom section `{MANIFEST_SECTION}`)")]
    NoManifest,
    #[error("it carries more than one manifest")]
    TwoManifests,
    #[error("its manifest is not as expected: {0}")]
    BadManifest(String),
    #[error("it imports `{0}`, which this host does not offer to plugins")]
    ForbiddenImport(String),
}

/// A judged plugin file.
#[derive(Debug)]
pub struct Package {
    /// What it says of itself.
    pub manifest: Manifest,
    /// SHA-256 of the bytes, lower-case hex.
    pub digest: String,
}

impl Package {
    /// Reads a plugin file; `pinned` is the digest that the operator approved.
    pub fn read(wasm: &[u8], pinned: Option<&str>) -> Result<Self, PackageError> {
        let size = wasm.len() as u64;
        if size > PLUGIN_FILE_BYTES {
            return Err(PackageError::TooLarge { size });
        }
        let digest = hex::encode(Sha256::digest(wasm));
        if let Some(pinned) = pinned.filter(|pinned| !pinned.eq_ignore_ascii_case(&digest)) {
            return Err(PackageError::WrongDigest { found: digest, pinned: pinned.to_owned() });
        }
        let found = scan(wasm)?;
        if let Some(import) = found.imports.iter().find(|import| !may_import(import)) {
            return Err(PackageError::ForbiddenImport(import.clone()));
        }
        let text = found.manifest.ok_or(PackageError::NoManifest)?;
        let text = std::str::from_utf8(&wasm[text]).map_err(|error| PackageError::BadManifest(error.to_string()))?;
        let manifest = toml::from_str(text).map_err(|error| PackageError::BadManifest(error.to_string()))?;
        Ok(Self { manifest, digest })
    }
}

fn may_import(import: &str) -> bool {
    IMPORTABLE.iter().any(|package| import.starts_with(package))
}

/// What is interesting in a component.
#[derive(Default)]
struct Found {
    manifest: Option<Range<usize>>,
    imports: Vec<String>,
}

fn scan(wasm: &[u8]) -> Result<Found, PackageError> {
    let broken = |error: wasmparser::BinaryReaderError| PackageError::NotAComponent(error.to_string());
    let mut found = Found::default();
    let mut depth = 0_usize;
    let mut ended = false;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(PackageError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth == 0 => ended = true,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    found.imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                if found.manifest.is_some() {
                    return Err(PackageError::TwoManifests);
                }
                let start = section.data_offset();
                found.manifest = Some(start..start + section.data().len());
            }
            _ => {}
        }
    }
    if ended { Ok(found) } else { Err(PackageError::NotAComponent("it ends too early".to_owned())) }
}

#[cfg(test)]
mod tests;
