//! Declaring, looking at the list and editing a card with five hundred incidents open, against a database with none.

use super::house::BenchHouse;

/// How much longer it may take.
pub const BOUND: f64 = 1.2;
/// Incidents that are open.
const OPEN: usize = 500;
/// Rounds of each measurement.
const ROUNDS: usize = 200;

/// What was measured, and how many times as long half of it takes at most.
pub async fn ratios(url: &str) -> Vec<(&'static str, f64)> {
    let house = BenchHouse::start(url, 0).await;
    // Once for what is only slow the first time.
    rounds(&house).await;
    let empty = rounds(&house).await;
    for n in 0..OPEN {
        house.timed(&format!("bench:#open-{n}"), "/sev declare sev3 one of many").await;
    }
    let full = rounds(&house).await;
    house.stop().await;
    let names = ["declare", "card edit", "list"];
    names.into_iter().zip(empty).zip(full).map(|((name, empty), full)| (name, full / empty)).collect()
}

/// Median times of declaring, editing the card, and listing. Each round leaves as many open as it found.
async fn rounds(house: &BenchHouse) -> [f64; 3] {
    let mut took = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let room = "bench:#room";
        let (declare, incident) = house.timed(room, "/sev declare sev3 a bench").await;
        let incident = incident.expect("it was declared");
        let (edit, _) = house.timed(room, &format!("/sev update --incident {incident} the queue is draining")).await;
        let (list, _) = house.timed(room, "/sev list").await;
        house.timed(room, &format!("/sev resolve --incident {incident}")).await;
        for (times, time) in took.iter_mut().zip([declare, edit, list]) {
            times.push(time);
        }
    }
    took.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}
