//! The configured names that the command grammar needs, owned once and lent to every parse.

use crate::config::Config;
use crate::config::targets::Target;
use crate::incident::SeverityTable;
use crate::model::ids::{ConversationId, PersonId};
use crate::router::{Named, World};

/// People, severities, targets and channels as commands name them.
pub struct Names {
    severities: Vec<Named>,
    people: Vec<Named>,
    targets: Vec<Named>,
    channels: Vec<(String, ConversationId)>,
    person: Box<PersonOf>,
}

/// Who an identity (platform, user) belongs to.
type PersonOf = dyn Fn(&str, &str) -> Option<PersonId> + Send + Sync;

impl Names {
    /// Reads them out of the configuration.
    pub fn new(config: &Config, table: &SeverityTable) -> Self {
        let severities = table
            .iter()
            .map(|severity| Named {
                name: severity.name.clone(),
                title: severity.title.clone(),
                also: table.aliases(severity).into_iter().map(str::to_owned).collect(),
            })
            .collect();
        let people = config
            .people
            .0
            .iter()
            .map(|(name, person)| Named {
                name: name.clone(),
                title: person.name.clone().unwrap_or_default(),
                also: Vec::new(),
            })
            .collect();
        let target = |target: &Target| Named {
            name: target.name.clone(),
            title: target.place.kind().to_owned(),
            also: Vec::new(),
        };
        let known = config.people.clone();
        Self {
            severities,
            people,
            targets: config.targets.0.values().map(target).collect(),
            channels: config
                .channels
                .all()
                .into_iter()
                .filter_map(|(name, id)| Some((name.to_owned(), id?.clone())))
                .collect(),
            person: Box::new(move |platform, user| Some(known.resolve(platform, user))),
        }
    }

    /// The world as a line typed in `conversation` at `now_ms` sees it.
    pub fn world<'a>(&'a self, conversation: &'a ConversationId, now_ms: i64) -> World<'a> {
        World {
            now_ms,
            conversation: Some(conversation),
            severities: &self.severities,
            people: &self.people,
            targets: &self.targets,
            channels: &self.channels,
            person: &*self.person,
            ..World::default()
        }
    }
}
