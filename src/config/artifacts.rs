//! `[artifacts]`: where backups, reports and other large things are kept, a folder or a bucket.

use super::encryption::Encryption;
use super::env::Env;
use super::limits::ARTIFACT_PREFIX_CHARS;
use super::problem::Refusal;
use super::secret::Secret;
use super::section::{Context, Section};
use super::tree::Node;
use super::values;
use secrecy::SecretString;
use std::path::PathBuf;
use url::Url;

/// Default of `store`.
pub const ARTIFACTS_STORE: &str = "dir:data/artifacts";
/// Default of `s3.region`, unless `AWS_REGION` says another: what S3-compatible stores without regions expect.
pub const S3_REGION: &str = "us-east-1";

const FORMS: &str = "\"dir:PATH\" or \"s3://BUCKET/PREFIX\"";

/// `[artifacts]`.
#[derive(Clone, Debug)]
pub struct Artifacts {
    /// Which store. Default: the folder `data/artifacts` beside the file.
    pub place: ArtifactPlace,
    /// How to speak to a bucket; read even while the store is a folder.
    pub s3: S3,
    /// To whom backups are encrypted, and what opens them here.
    pub encryption: Encryption,
}

/// Which store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactPlace {
    /// A folder on this machine; it is made when it is not there.
    Folder(PathBuf),
    /// A bucket, which must be there, and what every key in it begins with: empty, or ending in `/`.
    Bucket {
        /// Its name.
        bucket: String,
        /// What every key of ours begins with.
        prefix: String,
    },
}

/// `[artifacts.s3]`.
#[derive(Clone, Debug)]
pub struct S3 {
    /// Where the store is, when it is not AWS: `http://` or `https://`.
    pub endpoint: Option<String>,
    /// The region requests are signed for. Default: `AWS_REGION`, else `us-east-1`.
    pub region: String,
    /// `https://host/bucket/key` instead of `https://bucket.host/key`. Default: when there is an `endpoint`.
    pub path_style: bool,
    /// The class objects are stored in. Default: the bucket's own.
    pub storage_class: Option<String>,
    /// How objects are encrypted by the store. Default: as the bucket says.
    pub sse: Option<Sse>,
    /// The key of `aws:kms`. Default: the account's own.
    pub kms_key: Option<String>,
    /// What the bucket should be set up to do; whether it is, is looked at. Default: nothing is expected.
    pub expect: Vec<Expected>,
    /// Id of the access key. Default: `AWS_ACCESS_KEY_ID`.
    pub access_key: Option<Secret>,
    /// The secret half of it. Default: `AWS_SECRET_ACCESS_KEY`.
    pub secret_key: Option<Secret>,
    /// Of keys that expire. Default: `AWS_SESSION_TOKEN`, with the two above.
    pub session_token: Option<Secret>,
    /// The keys that apply in the end; `None` when there are none anywhere.
    pub keys: Option<S3Keys>,
}

/// Encryption by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sse {
    /// With the store's own key.
    Aes256,
    /// With a key of the key management service.
    Kms,
}

impl Sse {
    /// As it is written in the file and in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms => "aws:kms",
        }
    }
}

/// What requests are signed with.
#[derive(Clone, Debug)]
pub struct S3Keys {
    /// Id of the access key.
    pub id: SecretString,
    /// The secret half.
    pub secret: SecretString,
    /// Of keys that expire.
    pub token: Option<SecretString>,
}

/// Something a bucket may be set up to do for what lies in it (S0-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It keeps what is overwritten or deleted.
    Versioning,
    /// It removes or moves what is old.
    Lifecycle,
    /// It copies everything to another bucket.
    Replication,
}

impl Expected {
    const ALL: [Self; 3] = [Self::Versioning, Self::Lifecycle, Self::Replication];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Versioning => "versioning",
            Self::Lifecycle => "lifecycle",
            Self::Replication => "replication",
        }
    }
}

fn expected(node: &Node) -> Result<Expected, Refusal> {
    let text = values::text(node)?;
    let found = Expected::ALL.into_iter().find(|expected| expected.as_str() == text);
    found.ok_or_else(|| Refusal::expected("\"versioning\", \"lifecycle\" or \"replication\""))
}

impl Artifacts {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let cx = section.cx;
        let place = section.read("store", |node| place(cx, values::text(node)?));
        let s3 = S3::read(section.child("s3"), matches!(place, Some(ArtifactPlace::Bucket { .. })));
        let encryption = Encryption::read(&mut section);
        section.finish();
        let default = || ArtifactPlace::Folder(cx.resolve(ARTIFACTS_STORE.trim_start_matches("dir:")));
        Self { place: place.unwrap_or_else(default), s3, encryption }
    }

    /// The store as it is written in the file; nothing in it is secret.
    pub fn shown(&self) -> String {
        match &self.place {
            ArtifactPlace::Folder(path) => format!("dir:{}", path.display()),
            ArtifactPlace::Bucket { bucket, prefix } => {
                let whole = format!("s3://{bucket}/{prefix}");
                whole.trim_end_matches('/').to_owned()
            }
        }
    }
}

impl S3 {
    fn read(mut section: Section<'_>, in_use: bool) -> Self {
        let cx = section.cx;
        let endpoint = section.read("endpoint", endpoint);
        let region = section.read("region", |node| word(node, "a region, such as \"eu-west-1\""));
        let path_style = section.read("path_style", values::boolean);
        let storage_class = section.read("storage_class", storage_class);
        let sse = section.read("sse", sse);
        let kms_key = section.read("kms_key", |node| values::text(node).map(str::to_owned));
        if kms_key.is_some() && sse != Some(Sse::Kms) {
            section
                .refuse("kms_key", Refusal::expected("sse = \"aws:kms\" beside it").fix("without it no key is used"));
        }
        let expects = section.read_list("expect", "a list, such as [\"versioning\", \"lifecycle\"]", expected);
        let mut secret = |key| section.read(key, |node| Secret::read(cx, node));
        let (access_key, secret_key, session_token) =
            (secret("access_key"), secret("secret_key"), secret("session_token"));
        for (key, has, other, has_other) in [
            ("access_key", access_key.is_some(), "secret_key", secret_key.is_some()),
            ("secret_key", secret_key.is_some(), "access_key", access_key.is_some()),
            ("session_token", session_token.is_some(), "access_key", access_key.is_some()),
        ] {
            if has && !has_other && section.node(other).is_none() {
                section.refuse(key, Refusal::expected(format!("`{other}` beside it")).found("half of a pair of keys"));
            }
        }
        section.finish();
        let written = |key: &Option<Secret>| key.as_ref().map(|key| SecretString::from(key.expose()));
        let keys = match (written(&access_key), written(&secret_key)) {
            (Some(id), Some(secret)) => Some(S3Keys { id, secret, token: written(&session_token) }),
            _ => in_use.then(|| keys_of_environment(cx)).flatten(),
        };
        let region = region.or_else(|| in_use.then(|| variable(cx.env, "AWS_REGION")).flatten());
        Self {
            path_style: path_style.unwrap_or(endpoint.is_some()),
            region: region.unwrap_or_else(|| S3_REGION.to_owned()),
            endpoint,
            storage_class,
            sse,
            kms_key,
            expect: expects.unwrap_or_default(),
            access_key,
            secret_key,
            session_token,
            keys,
        }
    }
}

fn variable(env: &Env, name: &str) -> Option<String> {
    env.get(name).ok().filter(|value| !value.trim().is_empty()).map(|value| value.trim().to_owned())
}

fn keys_of_environment(cx: &Context<'_>) -> Option<S3Keys> {
    let key = |name: &str| {
        let value = variable(cx.env, name)?;
        cx.note_secret(name, &value);
        Some(SecretString::from(value))
    };
    let (id, secret) = (key("AWS_ACCESS_KEY_ID")?, key("AWS_SECRET_ACCESS_KEY")?);
    Some(S3Keys { id, secret, token: key("AWS_SESSION_TOKEN") })
}

fn place(cx: &Context<'_>, text: &str) -> Result<ArtifactPlace, Refusal> {
    let expected = || Refusal::expected(FORMS);
    if let Some(path) = text.strip_prefix("dir:") {
        if path.trim_matches('/').is_empty() {
            return Err(expected().fix("name a folder of its own"));
        }
        return Ok(ArtifactPlace::Folder(cx.resolve(path)));
    }
    let Some(rest) = text.strip_prefix("s3://") else {
        return Err(expected().fix("begin with dir: or s3://"));
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if !is_bucket(bucket) {
        return Err(expected().fix("a bucket's name has 3 to 63 lower-case letters, digits, `-` and `.`"));
    }
    let prefix = prefix.trim_end_matches('/');
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.=+".contains(c))
    };
    if !prefix.is_empty() && (prefix.len() > ARTIFACT_PREFIX_CHARS || !prefix.split('/').all(plain)) {
        return Err(expected().fix(format!(
            "a prefix has letters, digits and `-_.=+` between single `/`, no part begins with `.`, \
             and it is at most {ARTIFACT_PREFIX_CHARS} characters long"
        )));
    }
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    Ok(ArtifactPlace::Bucket { bucket: bucket.to_owned(), prefix })
}

fn is_bucket(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.starts_with(plain)
        && name.ends_with(plain)
        && name.chars().all(|c| plain(c) || c == '-' || c == '.')
        && !name.contains("..")
}

fn endpoint(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let expected = || Refusal::expected("an address, such as \"https://s3.example.org\" or \"http://127.0.0.1:9000\"");
    let url = Url::parse(text).map_err(|why| expected().fix(format!("it is not a URL ({why})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(expected().fix("begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(expected().found("an address with a name or password in it").fix("use access_key and secret_key"));
    }
    if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
        return Err(expected().fix("end it after host and port; bucket and prefix belong into `store`"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn word(node: &Node, what: &str) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let plain = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if plain { Ok(text.to_owned()) } else { Err(Refusal::expected(what)) }
}

fn storage_class(node: &Node) -> Result<String, Refusal> {
    let class = word(node, "a storage class, such as \"STANDARD_IA\"")?;
    match class.as_str() {
        // What is put there cannot be read without a request and hours of waiting: no place for what a drill reads back.
        "GLACIER" | "DEEP_ARCHIVE" => {
            Err(Refusal::expected("a class that can be read at once, such as \"GLACIER_IR\"")
                .fix("let the bucket's own lifecycle rule move old objects there"))
        }
        _ if class.chars().any(|c| c.is_ascii_lowercase()) => {
            Err(Refusal::expected("a storage class").fix(format!("write \"{}\"", class.to_uppercase())))
        }
        _ => Ok(class),
    }
}

fn sse(node: &Node) -> Result<Sse, Refusal> {
    match values::text(node)? {
        "AES256" => Ok(Sse::Aes256),
        "aws:kms" => Ok(Sse::Kms),
        other => {
            let refusal = Refusal::expected("\"AES256\" or \"aws:kms\"");
            Err(refusal.maybe_fix(super::problem::did_you_mean(other, ["AES256", "aws:kms"])))
        }
    }
}
