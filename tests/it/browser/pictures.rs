//! Every page as it looks, in light and dark, wide and narrow: pictures for whoever reviews.

use super::{Bell, opens_the_form_of_declare};
use crate::support::browser::turn;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_has_its_picture_taken() {
    let _turn = turn().await;
    let bell = Bell::ring().await;
    for (user, text) in [
        ("ana", "/sev declare sev1 checkout is down --service shop"),
        ("ben", "/sev note the payment provider answers slowly"),
        ("ana", "/sev update we fail over to the second provider --status identified"),
        ("ben", "/sev declare sev3 search is slow"),
        ("ben", "/sev timeline --incident INC-1"),
        ("ben", "/drillbell plugins"),
    ] {
        bell.types(user, text);
    }
    let ben = bell.browser("ben").await;
    let mut taken = 0;
    for (width, height) in [(1200, 860), (360, 740)] {
        ben.sized(width, height).await;
        for scheme in ["light", "dark"] {
            ben.scheme(scheme).await;
            for (name, path) in [
                ("overview", "/"),
                ("incidents", "/incidents"),
                ("incident", "/incidents/INC-1"),
                ("console", "/console"),
                ("backups", "/backups"),
                ("drills", "/drills"),
                ("plugins", "/plugins"),
                ("audit", "/audit"),
                ("account", "/account"),
            ] {
                ben.open(&format!("{}{path}", bell.address())).await;
                if name == "console" {
                    ben.reads("Plugins").await;
                    ben.sees("it is connected", "document.getElementById('line').textContent === ''").await;
                }
                ben.picture(&format!("{name}-{scheme}-{width}")).await;
                taken += 1;
            }
            ben.open(&format!("{}/console", bell.address())).await;
            opens_the_form_of_declare(&ben).await;
            ben.finds("dialog select[name=level]").await;
            ben.picture(&format!("form-{scheme}-{width}")).await;
        }
    }
    assert_eq!(taken, 36);
    ben.closed().await;
    bell.end().await;
}
