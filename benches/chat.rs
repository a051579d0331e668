//! A command of Slack until its answer is there, 32 in flight: the shipped program, with its sandbox, journal and audit, beside a bot on
//! `@slack/bolt` with a durable row for each. One fake and one driver for both, in turn, in one run. Prints a table and the ratios;
//! asserts nothing about time.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]

mod support {
    pub mod bots;
    pub mod cpu;
    pub mod pings;
}

use support::bots::{self, Bot, Memory};
use support::cpu::Spent;
use support::pings::Pings;

/// Commands in flight, each in a channel of its own, as people are.
const IN_FLIGHT: usize = 32;
/// Commands in a round, and before the first one.
const COMMANDS: usize = 3_000;
/// Commands in a round with one in flight.
const SINGLE: usize = 300;
/// Rounds of each bot.
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` runs this too; there is nothing to test in it.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    if let Some(missing) = bots::missing() {
        println!("chat: not measured: {missing}");
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(compare());
}

async fn compare() {
    let folder = tempfile::tempdir().expect("a folder");
    let [mut ours, mut theirs] = [Side::new("drillbell", "/ping back").await, Side::new("bolt", "/ping").await];
    // One after the other, so that neither starts while the other is looked at.
    let house = ours.at_rest(Bot::house(folder.path(), &ours.pings).await).await;
    let bolt = theirs.at_rest(Bot::bolt(folder.path(), &theirs.pings).await).await;
    println!("{IN_FLIGHT} in flight, {ROUNDS} rounds of {COMMANDS} commands, in turn:");
    for side in [&mut ours, &mut theirs] {
        side.pings.run(IN_FLIGHT, COMMANDS).await;
    }
    for _ in 0..ROUNDS {
        ours.round().await;
        theirs.round().await;
    }
    for (side, bot) in [(&mut ours, &house), (&mut theirs, &bolt)] {
        side.loaded = bot.memory();
    }
    table(&ours, &theirs);
    ours.pings.was_strict();
    theirs.pings.was_strict();
}

/// What was measured of one bot.
struct Side {
    name: &'static str,
    pings: Pings,
    idle: Memory,
    loaded: Memory,
    rounds: Vec<Round>,
}

/// What was measured in one round.
struct Round {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    alone_ms: f64,
    cpu_us: f64,
    driver_us: f64,
}

impl Side {
    async fn new(name: &'static str, command: &'static str) -> Self {
        let pings = Pings::start(command, IN_FLIGHT).await;
        Self { name, pings, idle: Memory::default(), loaded: Memory::default(), rounds: Vec::new() }
    }

    /// Looks at a bot that has just connected and has nothing to do.
    async fn at_rest(&mut self, bot: Bot) -> Bot {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        self.idle = bot.memory();
        bot
    }

    async fn round(&mut self) {
        let alone = self.pings.run(1, SINGLE).await;
        let spent = Spent::now();
        let busy = self.pings.run(IN_FLIGHT, COMMANDS).await;
        // The other bot does nothing meanwhile.
        let spent = Spent::now().each_since(&spent, COMMANDS);
        self.rounds.push(Round {
            per_second: busy.per_second,
            p50_ms: busy.percentile(50),
            p99_ms: busy.percentile(99),
            alone_ms: alone.percentile(50),
            cpu_us: spent.others,
            driver_us: spent.own,
        });
    }

    /// The one in the middle.
    fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        let mut all: Vec<f64> = self.rounds.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }
}

fn table(ours: &Side, theirs: &Side) {
    println!(
        "{:<10} {:>11} {:>10} {:>10} {:>10} {:>9} {:>11} {:>9} {:>9} {:>11}",
        "bot", "responds/s", "p50", "p99", "alone p50", "cpu", "driver cpu", "idle", "own", "after load"
    );
    for side in [ours, theirs] {
        println!(
            "{:<10} {:>11.0} {:>7.2} ms {:>7.2} ms {:>7.2} ms {:>6.0} µs {:>8.0} µs {:>6.1} MB {:>6.1} MB {:>8.1} MB",
            side.name,
            side.median(|round| round.per_second),
            side.median(|round| round.p50_ms),
            side.median(|round| round.p99_ms),
            side.median(|round| round.alone_ms),
            side.median(|round| round.cpu_us),
            side.median(|round| round.driver_us),
            side.idle.resident_mb,
            side.idle.own_mb,
            side.loaded.resident_mb
        );
    }
    let ratio = |of: fn(&Round) -> f64| ours.median(of) / theirs.median(of);
    let verdict = |holds: bool| if holds { "holds" } else { "DOES NOT HOLD" };
    let per_second = ratio(|round| round.per_second);
    println!("responds a second: {per_second:.2} of bolt's; at least 1.50: {}", verdict(per_second >= 1.5));
    for (name, latency) in [("p50", ratio(|round| round.p50_ms)), ("p99", ratio(|round| round.p99_ms))] {
        println!("latency, {name}: {latency:.2} of bolt's; at most 1.00: {}", verdict(latency <= 1.0));
    }
    println!("latency alone, p50: {:.2} of bolt's", ratio(|round| round.alone_ms));
    let idle = ours.idle.resident_mb / theirs.idle.resident_mb;
    let own = ours.idle.own_mb / theirs.idle.own_mb;
    println!(
        "idle memory: {idle:.2} of bolt's; at most 0.50: {}; without what is a file's: {own:.2}",
        verdict(idle <= 0.5)
    );
}
