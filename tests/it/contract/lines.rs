//! How far the lines to chat platforms have come: kept under the epoch of whoever has them.

use crate::support::database::on_both;

#[test]
fn a_line_is_kept_for_whoever_takes_it_over_and_not_by_whoever_had_it() {
    on_both(async |store, _| {
        assert_eq!(store.line("discord").await.unwrap(), None);
        store.keep_line("discord", 2, "seven".to_owned()).await.unwrap();
        store.keep_line("discord", 2, "eight".to_owned()).await.unwrap();
        store.keep_line("discord", 1, "of the dead".to_owned()).await.unwrap();
        assert_eq!(store.line("discord").await.unwrap().as_deref(), Some("eight"));
        store.keep_line("discord", 3, "nine".to_owned()).await.unwrap();
        assert_eq!(store.line("discord").await.unwrap().as_deref(), Some("nine"));
    });
}
