//! The image that a service runs, by the name that does not move: a tag can be pushed anew, or be gone when it is wanted back. Looks only.

use super::code::{TIME, kubectl, text};
use super::programs::Programs;
use super::spec::Spec;
use crate::config::services::{Container, Does};
use crate::jobs::kinds::backup::Unwell;
use serde_json::Value;
use std::time::Duration;

/// How long a registry may take to say where a tag leads.
const ASKING: Duration = Duration::from_secs(60);

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

    /// What can be said of the way back to the image that runs now, as a verdict: whether the name by which it would be fetched again
    /// still leads to it. A tag that was pushed anew would bring something else.
    pub(super) async fn way_back(&self) -> (&'static str, String) {
        let runs = match self.image().await {
            Ok(digest) => digest,
            Err(unwell) => return ("unknown", format!("which image it runs now is not known: {}", unwell.sentence)),
        };
        let asked = async {
            let name = self.name().await?;
            let known = self.known_as(&runs).await?;
            let leads = self.registry(&name).await?;
            Ok::<_, Unwell>((name, known, leads))
        };
        match asked.await {
            Err(unwell) => {
                let why = unwell.sentence;
                (
                    "unknown",
                    format!("what runs now is {runs}, and whether its tag still leads to it is not known: {why}"),
                )
            }
            Ok((name, known, leads)) if known.iter().any(|one| leads.contains(one)) => {
                ("pass", format!("what runs now is {runs}, and {name} still leads to it"))
            }
            Ok((name, _, leads)) => {
                let to = leads.first().map_or("something else", String::as_str);
                (
                    "fail",
                    format!("what runs now is {runs}, and {name} leads to {to} by now: going back would bring that"),
                )
            }
        }
    }

    /// The name of the image that is to run now, with its tag.
    async fn name(&self) -> Said {
        let name = match &self.strategy.does {
            Does::Container(Container::Compose { file, env_file, service, .. }) => {
                let argv = ["docker", "compose", "-f", text(file)?, "--env-file", text(env_file)?];
                // What `config` says of a service it says of those that it depends on, too.
                let argv: Vec<&str> = argv.into_iter().chain(["ps", "--format", "{{.Image}}", service]).collect();
                let names = self.run(&argv, &[], TIME).await?;
                only(names.split_whitespace(), service)?
            }
            Does::Container(Container::Kubectl { service, container, namespace, .. }) => {
                let path = image_path(container);
                self.run(&kubectl(namespace, &["get", "deployment", service, "-o", &path]), &[], TIME).await?
            }
            _ => return Err(Unwell::failed("the strategy runs no image")),
        };
        // An image that nothing leads to any more is named by its digest.
        match name.is_empty() || name.starts_with('-') || name.starts_with("sha256:") {
            true => Err(Unwell::failed(format!("{name:?} is no image's name"))),
            false => Ok(name),
        }
    }

    /// By which digests registries know an image: one that is here is called by that of its configuration.
    async fn known_as(&self, digest: &str) -> Result<Vec<String>, Unwell> {
        if !matches!(self.strategy.does, Does::Container(Container::Compose { .. })) {
            return Ok(vec![digest.to_owned()]);
        }
        let argv = ["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", digest];
        let listed: Vec<String> = serde_json::from_str(&self.run(&argv, &[], TIME).await?).unwrap_or_default();
        let known: Vec<String> = listed.iter().filter_map(|one| self::digest(one)).collect();
        match known.is_empty() {
            true => Err(Unwell::failed("no registry has ever given it")),
            false => Ok(known),
        }
    }

    /// To which digests a name leads in its registry: that of the list, and those of the platforms in it.
    async fn registry(&self, name: &str) -> Result<Vec<String>, Unwell> {
        let argv = ["docker", "buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", name];
        let told = self.run(&argv, &[], ASKING).await?;
        let leads = leads(&told);
        match leads.is_empty() {
            true => Err(Unwell::failed(format!("the registry says no digest of {name}"))),
            false => Ok(leads),
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
        // Those that the service depends on are named, too.
        let (all, tag) = (names.split_whitespace(), format!(":{}", spec.to));
        let of_this: Vec<&str> = all.clone().filter(|name| name.ends_with(&tag)).collect();
        let name = if of_this.is_empty() { only(all, service)? } else { only(of_this.into_iter(), service)? };
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

/// Where a deployment says which image it runs.
pub(super) fn image_path(container: &str) -> String {
    format!("jsonpath={{.spec.template.spec.containers[?(@.name==\"{container}\")].image}}")
}

/// The digests of what a registry says of a name, `{"digest": …, "manifests": [{"digest": …}]}`.
fn leads(told: &str) -> Vec<String> {
    let Ok(told) = serde_json::from_str::<Value>(told) else { return Vec::new() };
    let of = |one: &Value| one["digest"].as_str().and_then(digest);
    let platforms = told["manifests"].as_array().into_iter().flatten().filter_map(of);
    of(&told).into_iter().chain(platforms).collect()
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
    use super::{digest, leads, only, selector};

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
    fn a_registry_names_a_list_and_its_platforms_and_what_is_no_digest_is_none() {
        let hex = |word: &str| format!("sha256:{}", word.repeat(8));
        let told = serde_json::json!({"mediaType": "x", "digest": hex("0badcafe"), "manifests": [{"digest": hex("deadbeef")}, {}]});
        assert_eq!(leads(&told.to_string()), [hex("0badcafe"), hex("deadbeef")]);
        for odd in ["", "null", "[]", r#"{"digest":1}"#, r#"{"digest":"sha256:0bad"}"#, "not found"] {
            assert!(leads(odd).is_empty(), "{odd}");
        }
    }

    #[test]
    fn labels_become_a_selector_and_nothing_else_does() {
        assert_eq!(selector(r#"{"app":"web","tier":"front"}"#).as_deref(), Some("app=web,tier=front"));
        for odd in ["", "{}", "[]", r#"{"app":1}"#, r#"{"app":"a,b=c"}"#, r#"{"a=b":"c"}"#] {
            assert_eq!(selector(odd), None, "{odd}");
        }
    }
}
