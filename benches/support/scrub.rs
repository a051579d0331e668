//! What the scrubber costs each message that leaves.

use drillbell::model::view::{Block, View};
use drillbell::scrub::Scrub;
use std::time::Instant;

/// Messages in each measurement.
const ROUNDS: u32 = 20_000;

/// Microseconds for a card of ten blocks (about a kilobyte) with fifty known secrets: without one in it, and with one.
pub fn per_view_us() -> (f64, f64) {
    let secrets = (0..50).map(|n| (format!("secret-{n}"), format!("correct-horse-battery-{n:03}").into()));
    let (scrub, _) = Scrub::new(secrets);
    let line = "Checkout answers 502 for one in five customers since 10:02; @ana looks at web-3, INC-7, https://x.example/a?b=c";
    let mut view = View::text(line);
    view.title = "INC-7 checkout is down".to_owned();
    view.blocks.extend((0..9).map(|n| Block::Field { name: format!("Field {n}"), value: line.to_owned() }));
    let clean = measure(&scrub, &view);
    view.blocks.push(Block::Text { text: format!("{line} with correct-horse-battery-007") });
    (clean, measure(&scrub, &view))
}

fn measure(scrub: &Scrub, view: &View) -> f64 {
    let mut views: Vec<View> = (0..ROUNDS).map(|_| view.clone()).collect();
    let began = Instant::now();
    views.iter_mut().for_each(|view| scrub.view(view));
    began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
}
