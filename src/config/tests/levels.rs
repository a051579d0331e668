//! `[severities]`: the four levels that ship, other people's words for them, and what goes onto the public page.

use super::*;
use crate::model::public::OnPage;

#[test]
fn the_four_levels_ship_with_their_meaning_and_everybody_elses_words_for_them() {
    let config = parse("").unwrap();
    let told: Vec<_> = config.severities.0.iter().map(|it| format!("{}: {}", it.title, it.description)).collect();
    assert_eq!(
        told,
        [
            "SEV-1: Service down, major data leak, or payments broken",
            "SEV-2: A major feature is degraded",
            "SEV-3: A partial outage or a minor feature",
            "SEV-4: Small, with no impact on users",
        ]
    );
    for (name, words) in [
        ("sev1", ["SEV-1", "P0", "critical"]),
        ("sev2", ["sev2", "p1", "Major"]),
        ("sev3", ["SEV_3", "P2", "warning"]),
        ("sev4", ["sev-4", "p3", "info"]),
    ] {
        for word in words {
            assert_eq!(config.severities.find(word).map(|it| it.name.as_str()), Some(name), "{word}");
        }
    }
}

#[test]
fn the_page_knows_which_severities_go_onto_it() {
    assert!(parse("").unwrap().severities.0.iter().all(|it| it.status_page == OnPage::Ask));
    let text = "[severities.sev1]\nstatus_page = \"propose\"\n[severities.sev2]\n[severities.sev4]\nstatus_page = \"never\"\n[status]\ntitle = \"Shop\"";
    let config = parse(text).unwrap();
    let page = config.status.as_ref().unwrap();
    let rules: Vec<_> = page.on_page.iter().map(|(name, rule)| (name.as_str(), *rule)).collect();
    assert_eq!(rules, [("sev1", OnPage::Propose), ("sev2", OnPage::Ask), ("sev4", OnPage::Never)]);
    // What applies reads back as the same.
    assert_eq!(parse(&config.effective()).unwrap().severities, config.severities);
}

#[test]
fn what_goes_onto_the_page_is_one_of_three_words() {
    let said = complaint("[severities.sev1]\nstatus_page = \"propse\"");
    assert!(said.contains("\"never\", \"ask\" or \"propose\"") && said.contains("status_page"), "{said}");
    assert!(complaint("[severities.sev1]\nstatus_page = true").contains("status_page"));
}

#[test]
fn a_number_at_the_end_of_a_name_is_its_rank_if_it_can_be_one() {
    let config = parse("[severities.p7]\n[severities.year2026]\n[severities.p0b555555]").unwrap();
    let ranks: Vec<_> = config.severities.0.iter().map(|it| (it.name.as_str(), it.rank)).collect();
    assert_eq!(ranks, [("year2026", 2), ("p0b555555", 3), ("p7", 7)]);
    let shown = parse(&config.effective()).expect("what is shown reads back");
    assert_eq!(shown.severities, config.severities);
}
