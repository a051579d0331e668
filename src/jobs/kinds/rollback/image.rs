//! The image that a service runs, by the name that does not move: a tag can be pushed anew, or be gone when it is wanted back. Looks only.

use super::code::{TIME, kubectl, text};
use super::programs::Programs;
use super::spec::Spec;
use crate::config::services::{Container, Does};
use crate::jobs::kinds::backup::Unwell;
use serde_json::Value;

type Said = Result<String, Unwell>;

impl Programs<'_> {
    /// The digest of the image that runs now. None of several is the one.
    pub(super) async fn image(&self) -> Said {
        match &self.strategy.does {
            Does::Container(Container::Compose { file, env_file, service, .. }) => {
                let argv = ["docker", "compose", "-f", text(file)?, "--env-file", text(env_file)?];
                let argv: Vec<&str> = argv.into_iter().chain(["images", "--quiet", service]).collect();
                let ids = self.run(&argv, &[], TIME).await?;
                let id = only(ids.split_whitespace(), service)?;
                self.here(&id).await
            }
            Does::Container(Container::Kubectl { service, container, namespace, .. }) => {
                let path = "jsonpath={.spec.selector.matchLabels}";
                let labels =
                    self.run(&kubectl(namespace, &["get", "deployment", service, "-o", path]), &[], TIME).await?;
                let selector = selector(&labels).ok_or_else(|| {
                    Unwell::failed(format!("the deployment {service} does not say which pods are its"))
                })?;
                let path =
                    format!("jsonpath={{.items[*].status.containerStatuses[?(@.name==\"{container}\")].imageID}}");
                let argv = kubectl(namespace, &["get", "pods", "--selector", &selector, "-o", &path]);
                let ids = self.run(&argv, &[], TIME).await?;
                let id = only(ids.split_whitespace(), service)?;
                digest(&id).ok_or_else(|| Unwell::failed(format!("{service} does not say the digest of its image")))
            }
            _ => Err(Unwell::failed("the strategy runs no image")),
        }
    }

    /// The digest of an image that is on this machine.
    async fn here(&self, image: &str) -> Said {
        let found = self.run(&["docker", "image", "inspect", "--format", "{{.Id}}", image], &[], TIME).await?;
        digest(&found).ok_or_else(|| Unwell::failed(format!("{image} does not say its digest")))
    }

    /// The digest of the image of the old version, if it is on this machine although the registry does not give it.
    pub(super) async fn kept_here(&self, spec: &Spec) -> Said {
        let Does::Container(Container::Compose { service, .. }) = &self.strategy.does else {
            return Err(Unwell::failed("the strategy has no compose file"));
        };
        let names = self.compose(spec, &["config", "--images"]).await?;
        let name = only(names.split_whitespace(), service)?;
        match name.starts_with('-') {
            true => Err(Unwell::failed(format!("{name} is no image"))),
            false => self.here(&name).await,
        }
    }
}

/// The one that all of them are.
fn only<'a>(mut found: impl Iterator<Item = &'a str>, service: &str) -> Said {
    let Some(first) = found.next() else { return Err(Unwell::failed(format!("{service} runs nothing"))) };
    match found.all(|other| other == first) {
        true => Ok(first.to_owned()),
        false => Err(Unwell::failed(format!("{service} runs more than one image"))),
    }
}

/// The digest at the end of an image's id, `docker-pullable://registry.example.org/shop@sha256:…`.
fn digest(id: &str) -> Option<String> {
    let digest = id.trim().rsplit(['@', '/']).next()?;
    let hex = digest.strip_prefix("sha256:")?;
    (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| digest.to_owned())
}

/// `{"app": "web"}` as it is asked for: `app=web`.
fn selector(labels: &str) -> Option<String> {
    let labels: serde_json::Map<String, Value> = serde_json::from_str(labels).ok()?;
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let pairs: Option<Vec<String>> = labels
        .iter()
        .map(|(key, value)| {
            let value = value.as_str().filter(|value| plain(value) && plain(key))?;
            Some(format!("{key}={value}"))
        })
        .collect();
    pairs.filter(|pairs| !pairs.is_empty()).map(|pairs| pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::{digest, only, selector};

    #[test]
    fn only_a_whole_digest_is_one_and_of_two_images_neither() {
        let hex = "0badcafe".repeat(8);
        for id in [format!("sha256:{hex}"), format!("docker-pullable://r.example.org/shop@sha256:{hex}\n")] {
            assert_eq!(digest(&id), Some(format!("sha256:{hex}")));
        }
        for id in ["", "sha256:", "sha256:0bad", "shop:2.0", &format!("sha512:{hex}"), &format!("sha256:{hex}x")] {
            assert_eq!(digest(id), None, "{id}");
        }
        assert!(only("a a a".split(' '), "web").is_ok_and(|one| one == "a"));
        assert!(only("a b".split(' '), "web").is_err() && only("".split_whitespace(), "web").is_err());
    }

    #[test]
    fn labels_become_a_selector_and_nothing_else_does() {
        assert_eq!(selector(r#"{"app":"web","tier":"front"}"#).as_deref(), Some("app=web,tier=front"));
        for odd in ["", "{}", "[]", r#"{"app":1}"#, r#"{"app":"a,b=c"}"#, r#"{"a=b":"c"}"#] {
            assert_eq!(selector(odd), None, "{odd}");
        }
    }
}
