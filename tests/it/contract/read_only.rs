//! Looking into a database beside the one who works with it.

use crate::support::commits::{commit, delivery};
use crate::support::database::{NEW_YEAR_MS, TestDatabase, on_both};
use drillbell::audit::AuditRecord;
use drillbell::clock::Clock;
use drillbell::store::{Schema, Store, StoreError};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_reader_sees_what_the_writer_commits_and_can_write_nothing() {
    runtime().block_on(async {
        for database in TestDatabase::both() {
            let (store, closing, clock) = database.open().await;
            let reader = Store::read_only(&database.url, clock).await.unwrap();
            assert_eq!(reader.audit_head().await.unwrap().0, 0);
            store.accept(delivery("d1")).await.unwrap();
            store.commit(commit("d1")).await.unwrap();
            assert_eq!(reader.audit_head().await.unwrap().0, 1);
            assert_eq!(reader.audit_page(0, 10).await.unwrap(), store.audit_page(0, 10).await.unwrap());
            let refused = reader.audit(AuditRecord::new(NEW_YEAR_MS, "forged")).await;
            assert!(matches!(refused, Err(StoreError::Closing)), "{refused:?}");
            assert_eq!(store.audit_head().await.unwrap().0, 1);
            drop((store, reader));
            closing.wait().await;
        }
    });
}

#[test]
fn a_database_that_was_closed_well_can_be_looked_into() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let (store, closing, clock) = database.open().await;
        store.audit(AuditRecord::new(NEW_YEAR_MS, "started")).await.unwrap();
        drop(store);
        closing.wait().await;
        let reader = Store::read_only(&database.url, clock).await.unwrap();
        assert_eq!(reader.audit_tail(10).await.unwrap().len(), 1);
    });
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.db");
        let missing = Store::read_only(&format!("sqlite:{}", path.display()), Clock::system()).await;
        assert!(matches!(missing, Err(StoreError::Missing { .. })), "{missing:?}");
        assert!(!path.exists());
    });
}

#[test]
fn the_schema_of_an_open_store_is_current() {
    on_both(|store, _| async move {
        let Schema { known, applied, foreign } = store.schema().await.unwrap();
        assert!(known >= 12 && applied == known && foreign.is_empty(), "{known} {applied} {foreign:?}");
    });
}

#[test]
fn an_empty_database_has_no_migrations_yet() {
    runtime().block_on(async {
        let [_, database] = TestDatabase::both_empty();
        let reader = Store::read_only(&database.url, Clock::system()).await.unwrap();
        assert_eq!(reader.schema().await.unwrap().applied, 0);
    });
}

#[test]
fn a_database_with_an_awkward_name_is_found_by_it() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/a%23b%3Fc%25d.db", folder.path().display());
        let (store, closing) = Store::open(&url, 1, Clock::system()).await.unwrap();
        assert_eq!(Store::read_only(&url, Clock::system()).await.unwrap().audit_head().await.unwrap().0, 0);
        drop(store);
        closing.wait().await;
        for name in ["a#b?c%d.db", "a#b?c%d.db.lock"] {
            assert!(folder.path().join(name).exists(), "{name}");
        }
    });
}
