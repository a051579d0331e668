//! Documents: a revision for each job, counted within the incident, never changed.

use crate::support::database::{NEW_YEAR_MS, on_both};
use drillbell::model::document::Document;

fn document(job: &str, incident: &str, text: &str) -> Document {
    Document {
        job: job.to_owned(),
        incident: incident.into(),
        revision: 0,
        title: "checkout is\0 down".to_owned(),
        markdown: text.to_owned(),
        author: "ana".into(),
        at_ms: NEW_YEAR_MS,
        stored_ms: None,
    }
}

#[test]
fn each_job_is_one_revision_however_often_it_runs() {
    on_both(async |store, _| {
        let first = store.keep_document(document("j1", "INC-1", "one\0")).await.unwrap();
        assert_eq!(
            (first.revision, first.title.as_str(), first.markdown.as_str()),
            (1, "checkout is\u{fffd} down", "one\u{fffd}")
        );
        let second = store.keep_document(document("j2", "INC-1", "two")).await.unwrap();
        assert_eq!(second.revision, 2);
        let again = store.keep_document(document("j1", "INC-1", "something else")).await.unwrap();
        assert_eq!(again, first, "what is kept is never changed");
        let other = store.keep_document(document("j3", "INC-2", "other")).await.unwrap();
        assert_eq!(other.revision, 1);

        store.document_stored("j1".to_owned(), NEW_YEAR_MS + 5).await.unwrap();
        store.document_stored("j1".to_owned(), NEW_YEAR_MS + 9).await.unwrap();
        let one = store.document(&"INC-1".into(), 1).await.unwrap().unwrap();
        assert_eq!((one.stored_ms, one.markdown.as_str()), (Some(NEW_YEAR_MS + 5), "one\u{fffd}"));
        assert_eq!(store.document(&"INC-1".into(), 3).await.unwrap(), None);
        let revisions = store.document_revisions(&"INC-1".into(), 10).await.unwrap();
        assert_eq!(
            revisions.iter().map(|one| (one.revision, one.markdown.as_str())).collect::<Vec<_>>(),
            [(2, ""), (1, "")]
        );
        assert_eq!(store.document_revisions(&"INC-1".into(), 1).await.unwrap().len(), 1);
        let newest = store.documents(None, 10).await.unwrap();
        let newest: Vec<_> = newest.iter().map(|one| (one.incident.as_str(), one.revision)).collect();
        assert_eq!(newest, [("INC-2", 1), ("INC-1", 2)]);
    });
}
