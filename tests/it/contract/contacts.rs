//! How contact tests went: kept with the end of the page that was the test, whichever way it took, and of nothing else.

use crate::support::commits::{commit, delivery};
use crate::support::database::on_both;
use drillbell::model::effect::Effect;
use drillbell::model::page::{CONTACT_TEST, PageAction};
use drillbell::model::view::View;
use drillbell::store::{CommitOutcome, OutboxRow, PageEnd, Store};

fn page(notifier: &str, to: &str, key: &str, action: PageAction) -> Effect {
    Effect::Page {
        message: format!("{notifier}-{key}-{}", action.as_str()).as_str().into(),
        to: to.into(),
        view: View::text("TEST"),
        private_to: None,
        notifier: notifier.to_owned(),
        key: key.to_owned(),
        action,
        incident: None,
    }
}

async fn rows(store: &Store, id: &str, effects: Vec<Effect>) -> Vec<OutboxRow> {
    store.accept(delivery(id)).await.unwrap();
    match store.commit(drillbell::store::Commit { effects, ..commit(id) }).await.unwrap() {
        CommitOutcome::Committed(committed) => committed.into_rows(),
        other => panic!("{other:?}"),
    }
}

async fn told(store: &Store) -> String {
    let rows = store.contacts().await.unwrap();
    let line = |row: &drillbell::store::ContactRow| format!("{} {} {}", row.notifier, row.reached, row.detail);
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_last_test_of_each_way_is_kept_and_nothing_else_counts() {
    on_both(async |store, _| {
        let trigger = |to: &str, key: &str| page(to.rsplit(':').next().unwrap(), to, key, PageAction::Trigger);
        let first = rows(
            &store,
            "d1",
            vec![
                trigger("notify:duty", CONTACT_TEST),
                page("duty", "notify:duty", CONTACT_TEST, PageAction::Resolve),
                trigger("notify:hook", CONTACT_TEST),
                trigger("notify:other", "INC-1"),
                trigger("console:#ops", CONTACT_TEST),
            ],
        )
        .await;
        assert_eq!(told(&store).await, "#ops true ", "a page to the console ends with its commit");
        for row in first {
            let dead = row.effect.conversation().as_str() == "notify:hook";
            let error = "HTTP 410: it's \"gone\"".to_owned();
            let end = if dead { PageEnd::Dead { error } } else { PageEnd::Sent { native: None } };
            assert!(store.page_ended(row, end).await.unwrap());
        }
        assert_eq!(told(&store).await, "#ops true \nduty true \nhook false HTTP 410: it's \"gone\"");
        let again = rows(&store, "d2", vec![trigger("notify:hook", CONTACT_TEST)]).await;
        assert!(store.page_ended(again[0].clone(), PageEnd::Sent { native: None }).await.unwrap());
        assert_eq!(told(&store).await, "#ops true \nduty true \nhook true ");
    });
}
