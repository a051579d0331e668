//! Services and deploys as a test says they are.

use super::FakeBot;
use crate::error::{HostError, HostResult};
use crate::ids::Conversation;
use crate::services::{Deployed, Running, Services};
use serde_json::Value;

impl FakeBot {
    /// Configures a service, as the host tells it in JSON (`wit/deps/services`).
    pub fn with_service(&mut self, service: Value) -> &mut Value {
        let name = service["name"].as_str().unwrap_or_default().to_owned();
        let known = self.services.entry(name).or_default();
        *known = service;
        known
    }

    /// Records a deploy that replaced the version before, deployed and heard of at a moment; it brought nothing.
    pub fn with_deploy(&mut self, service: &str, version: &str, at_ms: u64) -> &mut Deployed {
        let before = self.deploys.iter().find(|known| known.service == service && known.at_ms <= at_ms);
        let deployed = Deployed {
            service: service.to_owned(),
            version: version.to_owned(),
            previous: before.map(|before| before.version.clone()).unwrap_or_default(),
            schema: String::from("none"),
            at_ms,
            recorded_ms: at_ms,
            ..Deployed::default()
        };
        let at = self.deploys.iter().position(|known| known.at_ms <= at_ms).unwrap_or(self.deploys.len());
        self.deploys.insert(at, deployed);
        &mut self.deploys[at]
    }
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Services for FakeBot {
    fn services(&mut self) -> HostResult<Vec<Running>> {
        self.granted("services")?;
        let strategies = |json: &Value| {
            let all = json["rollback"]["strategies"].as_array().into_iter().flatten();
            all.filter_map(|strategy| strategy["name"].as_str()).map(str::to_owned).collect()
        };
        let running = |(name, json): (&String, &Value)| Running {
            name: name.clone(),
            strategies: strategies(json),
            targets: names(&json["targets"]),
        };
        Ok(self.services.iter().map(running).collect())
    }

    fn service(&mut self, name: &str) -> HostResult<String> {
        self.granted("services")?;
        let missing = || HostError::NotFound(format!("there is no service `{name}`"));
        self.services.get(name).map(ToString::to_string).ok_or_else(missing)
    }

    fn deploys(&mut self, service: Option<&str>, limit: u32) -> HostResult<Vec<Deployed>> {
        self.granted("services")?;
        let of = self.deploys.iter().filter(|known| service.is_none_or(|service| known.service == service));
        Ok(of.take(limit.min(100) as usize).cloned().collect())
    }

    fn services_channel(&mut self, key: &str) -> HostResult<Option<Conversation>> {
        self.granted("services")?;
        Ok(self.channels.get(key).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START_MS;
    use serde::Deserialize;
    use serde_json::json;

    #[test]
    fn a_test_says_what_runs_and_what_was_deployed() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Named {
            name: String,
        }
        let mut bot = FakeBot::new();
        bot.with_service(
            json!({ "name": "shop", "targets": ["shop-db"], "rollback": { "strategies": [{ "name": "release" }] } }),
        );
        bot.with_deploy("shop", "v1", START_MS);
        bot.with_deploy("mail", "v7", START_MS + 1);
        bot.with_deploy("shop", "v2", START_MS + 2).schema = String::from("contract");
        let running = Running {
            name: String::from("shop"),
            strategies: vec![String::from("release")],
            targets: vec![String::from("shop-db")],
        };
        assert_eq!(bot.services(), Ok(vec![running]));
        assert_eq!(bot.find_service("shop"), Ok(Some(Named { name: String::from("shop") })));
        assert_eq!(bot.find_service::<Named>("shops"), Ok(None));
        let newest = bot.deploys(Some("shop"), 100).expect("it is granted");
        let seen: Vec<_> = newest.iter().map(|known| (&*known.version, &*known.previous, &*known.schema)).collect();
        assert_eq!(seen, [("v2", "v1", "contract"), ("v1", "", "none")]);
        assert_eq!(bot.deploys(None, 2).expect("it is granted").len(), 2, "no more than were wanted");
        bot.deny("services");
        assert!(matches!(bot.deploys(None, 1), Err(HostError::Denied(_))));
        assert!(bot.find_service::<Named>("shop").is_err(), "what is denied is not nothing");
    }
}
