//! Deploys: a row with each delivery that is accepted, once; listed in pages, and kept though old.

use crate::support::database::{NEW_YEAR_MS, on_both};
use drillbell::model::deploy::{Migration, Risk};
use drillbell::model::event::{Delivery, DeployRecorded, Event};
use drillbell::model::ids::DeliveryId;
use drillbell::store::{Accepted, Forgotten};

fn deploy(id: &str, service: &str, version: &str, at: i64) -> Delivery {
    let risky = Migration { name: "0042".into(), risk: Risk::Risky, findings: vec!["line 1 drops users".into()] };
    let record = DeployRecorded {
        service: service.to_owned(),
        version: version.to_owned(),
        previous: String::new(),
        commit: "0badcafe".to_owned(),
        schema: "none".to_owned(),
        migrations: if version == "v2" { vec![risky] } else { Vec::new() },
        disagrees: String::new(),
        by: "ci".to_owned(),
        at_ms: NEW_YEAR_MS + at,
        rollback: false,
    };
    let id = DeliveryId::new(id.to_owned());
    Delivery {
        root: id.clone(),
        id,
        conversation: "console:#ops".into(),
        received_ms: NEW_YEAR_MS + at + 1,
        plugin: None,
        approval: None,
        event: Event::DeployRecorded(record),
    }
}

#[test]
fn a_deploy_that_is_delivered_again_is_on_record_once() {
    on_both(async |store, _| {
        assert_eq!(store.accept(deploy("d1", "shop", "v2", 0)).await.unwrap(), Accepted::New);
        let again = store.accept(deploy("d1", "shop", "v3", 9)).await.unwrap();
        assert!(matches!(again, Accepted::Duplicate(_)), "{again:?}");
        let all = store.deploys(None, 10, None).await.unwrap();
        assert_eq!(all.len(), 1);
        let record = &all[0].record;
        assert_eq!((record.version.as_str(), all[0].recorded_ms), ("v2", NEW_YEAR_MS + 1));
        assert_eq!(record.migrations[0].findings, ["line 1 drops users"]);
    });
}

#[test]
fn pages_of_deploys_of_the_same_moment_neither_repeat_nor_hide_any() {
    on_both(async |store, _| {
        for (number, service) in ["shop", "mail", "shop", "mail", "shop"].into_iter().enumerate() {
            store.accept(deploy(&format!("d.{number}"), service, "v1", 0)).await.unwrap();
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.deploys(None, 2, after.as_ref()).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place());
            seen.extend(page.into_iter().map(|deploy| deploy.delivery.as_str().to_owned()));
        }
        assert_eq!(seen, ["d.4", "d.3", "d.2", "d.1", "d.0"]);
        assert_eq!(store.deploys(Some("mail"), 9, None).await.unwrap().len(), 2);
    });
}

#[test]
fn what_lies_between_two_versions_is_read_from_the_record() {
    on_both(async |store, _| {
        for (at, version) in ["v1", "v2", "v3"].into_iter().enumerate() {
            store.accept(deploy(version, "shop", version, i64::try_from(at).unwrap())).await.unwrap();
        }
        let between = async |from: &str, to: &str| {
            let found = store.deploys_between("shop", from, to).await.unwrap();
            found.map(|found| found.iter().map(|one| one.record.version.clone()).collect::<Vec<_>>())
        };
        assert_eq!(between("v3", "v1").await, Some(vec!["v3".to_owned(), "v2".to_owned()]));
        assert_eq!(between("v3", "v0").await, None);
        let undone = store.deploys_between("shop", "v3", "v1").await.unwrap().unwrap();
        let of_v2 = &undone.iter().find(|one| one.record.version == "v2").unwrap().record.migrations;
        let risky = of_v2.iter().find(|migration| migration.risk == Risk::Risky).unwrap();
        assert_eq!((risky.name.as_str(), &risky.findings), ("0042", &vec!["line 1 drops users".to_owned()]));
    });
}

#[test]
fn the_last_five_hundred_of_a_service_are_kept_however_old() {
    on_both(async |store, _| {
        for number in 0..503 {
            store.accept(deploy(&format!("d{number}"), "shop", "v1", number)).await.unwrap();
        }
        store.accept(deploy("mail", "mail", "v1", -1)).await.unwrap();
        let mut old = store.find_forgotten(Forgotten::Deploys, NEW_YEAR_MS + 9_999).await.unwrap();
        old.sort();
        assert_eq!(old, ["d0", "d1", "d2"]);
        store.forget(Forgotten::Deploys, old).await.unwrap();
        assert_eq!(store.deploys(None, 1_000, None).await.unwrap().len(), 501);
        assert!(store.find_forgotten(Forgotten::Deploys, NEW_YEAR_MS + 9_999).await.unwrap().is_empty());
    });
}
