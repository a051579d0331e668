//! What the public reads of a service that is closed can be taken down when the configuration knows nothing of it any more, and the
//! doctor names it until then.

use super::bot::beside_a_bot;
use super::program::call;
use crate::support::database::TestDatabase;
use crate::support::process::Home;

const PAGE: &str = "[status]\ntitle = \"Shop status\"\n[plugins.rollback]\nsource = \"builtin:rollback\"\n\
    grants = [\"services\", \"deploys\", \"jobs:*\", \"approvals\", \"backups\", \"timers\", \"kv\", \"incidents:write\", \"escalation\", \
    \"status\", \"post:*\", \"page:*\", \"command:*\"]\n\
    [people.ana]\nconsole = \"ana\"\n";
const NOTICE: &str = "[services.shop.notice]\ntext = \"The shop is closed.\"\n";

#[test]
fn a_notice_that_the_configuration_has_lost_is_named_and_can_be_taken_down() {
    for database in TestDatabase::both() {
        let home = Home::of(&database, &format!("{PAGE}{NOTICE}"));
        beside_a_bot(&home, |folder| {
            assert!(!call(folder, &["check"]).stdout.contains("notice shop"), "none is up");
            let on = call(folder, &["run", "/rollback maintenance shop on"]);
            assert_eq!(on.code, 0, "{on:?}");
            let checked = call(folder, &["check"]);
            let line =
                "notice shop  the public page says that shop is closed; `/rollback maintenance shop off` takes it down";
            assert!(checked.code == 0 && checked.stdout.contains(line), "{checked:?}");
        });
        home.configure(&database.url, PAGE);
        beside_a_bot(&home, |folder| {
            let checked = call(folder, &["check"]);
            assert!(checked.code == 1 && checked.stdout.contains("has no notice of it any more"), "{checked:?}");
            let other = call(folder, &["run", "/rollback maintenance search off"]);
            assert_eq!(other.code, 1, "{other:?}");
            assert!(call(folder, &["check"]).stdout.contains("notice shop"), "another service's is not this one");
            let off = call(folder, &["run", "/rollback maintenance shop off"]);
            assert_eq!(off.code, 0, "{off:?}");
            let checked = call(folder, &["check"]);
            assert!(checked.code == 0 && !checked.stdout.contains("notice shop"), "{checked:?}");
            let again = call(folder, &["run", "/rollback maintenance shop off"]);
            assert!(again.code == 1 && format!("{again:?}").contains("none is up"), "{again:?}");
        });
    }
}
