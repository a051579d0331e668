//! The shipped program, killed within the stages that it does itself: where a link, or a file of variables, takes the place of the one
//! before. Nobody ever sees half of it, nobody is asked, and nothing is left behind.

use super::command;
use super::cut::Way;
use super::cut_off::{composed, released};
use crate::support::database::TestDatabase;
use crate::support::process::{Home, preloads, shim};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

/// Kills it there; what lay at the place then.
async fn killed(way: &Way, place: &Path, when: &str, looks: impl Fn(&Path) -> String) -> String {
    let database = TestDatabase::sqlite();
    let home = Home::of(&database, &way.config());
    let (library, to, path) = (preloads(&shim("kill_at_rename")), place.to_str().unwrap(), way.path());
    let env = [("LD_PRELOAD", &*library), ("KILL_RENAME_TO", to), ("KILL_RENAME", when), ("PATH", &*path)];
    let process = home.start(&env).await;
    let answer = process.command("doomed", &command(&way.spec, "back")).await;
    assert_eq!(process.end(answer.is_none()).await.signal(), Some(9), "{when}: it was killed there");
    let found = looks(place);
    way.goes_on(&database, &home, when, false).await;
    for (word, begun, ended) in way.ran() {
        assert_eq!((begun, ended), (1, 1), "{when}: {word} ran once: {:?}", way.shop.done());
    }
    let left = std::fs::read_dir(place.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains(".drillbell-")).collect();
    assert!(left.is_empty(), "{when}: {left:?}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_the_old_release_or_the_new_one_wherever_it_is_cut_off() {
    for (when, expected) in [("before", "releases/2.0"), ("after", "releases/1.0")] {
        let way = released().await;
        let leads = |link: &Path| std::fs::read_link(link).unwrap().display().to_string();
        let found = killed(&way, &way.shop.path("current"), when, leads).await;
        assert!(found.ends_with(expected), "{when}: {found}");
        assert_eq!(std::fs::read_link(way.shop.path("current")).unwrap(), way.shop.path("releases/1.0"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_names_the_old_tag_or_the_new_one_wherever_it_is_cut_off() {
    for (when, expected) in [("before", "SHOP_TAG=2.0\n"), ("after", "SHOP_TAG=1.0\n")] {
        let way = composed().await;
        let says = |file: &Path| std::fs::read_to_string(file).unwrap();
        assert_eq!(killed(&way, &way.shop.path(".env"), when, says).await, expected, "{when}");
        assert_eq!(says(&way.shop.path(".env")), "SHOP_TAG=1.0\n");
    }
}
