//! Declaring, looking at the list and editing a card with five hundred incidents open, against a database with none.

use super::house::BenchHouse;

/// How much longer it may take.
pub const BOUND: f64 = 1.2;
/// Incidents that are open.
const OPEN: usize = 500;
/// Rounds of each measurement.
const ROUNDS: usize = 300;
/// Rounds before it.
const WARM: usize = 50;

/// What was measured: its name, milliseconds with none open, and how many times as long it takes with many.
pub async fn ratios(empty: &str, open: &str) -> Vec<(&'static str, f64, f64)> {
    let houses = [BenchHouse::start(empty, 0).await, BenchHouse::start(open, 0).await];
    for n in 0..OPEN {
        houses[1].timed(&format!("bench:#open-{n}"), "/sev declare sev3 one of many").await;
    }
    let mut took: [[Vec<f64>; 2]; 3] = Default::default();
    // In turn, so that what else the machine does meets both alike. The first rounds are for what is only slow the first time.
    for at in 0..WARM + ROUNDS {
        for (which, house) in houses.iter().enumerate() {
            let times = round(house).await;
            for (of_all, time) in took.iter_mut().zip(times).filter(|_| at >= WARM) {
                of_all[which].push(time);
            }
        }
    }
    for house in houses {
        house.stop().await;
    }
    let names = ["declare", "card edit", "list"];
    let medians = took.map(|both| both.map(median));
    names.into_iter().zip(medians).map(|(name, [empty, open])| (name, empty, open / empty)).collect()
}

/// How long declaring, editing the card, and listing took. It leaves as many open as it found.
async fn round(house: &BenchHouse) -> [f64; 3] {
    let room = "bench:#room";
    let (declare, incident) = house.timed(room, "/sev declare sev3 a bench").await;
    let incident = incident.expect("it was declared");
    let (edit, _) = house.timed(room, &format!("/sev update --incident {incident} the queue is draining")).await;
    let (list, _) = house.timed(room, "/sev list").await;
    house.timed(room, &format!("/sev resolve --incident {incident}")).await;
    [declare, edit, list]
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
