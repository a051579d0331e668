//! Too much of what is allowed in moderation.

use crate::outcome;
use drillbell_sdk::{Bot, Chart, HostResult, Level, Unit, View};

/// More than 8 MB in one host call.
pub fn huge_output(bot: &mut impl Bot) -> String {
    outcome(bot.reply("x".repeat(9 << 20)))
}

/// Begins 100 000 views on the host's side and drops none of them.
#[cfg(target_family = "wasm")]
pub fn many_views() -> String {
    use drillbell_sdk::wasm::bindings::drillbell::view::view::View as HostView;
    let views: Vec<HostView> = (0..100_000).map(|n| HostView::new(&format!("view {n}"))).collect();
    format!("{} views", views.len())
}

/// Natively there is no host to hold them.
#[cfg(not(target_family = "wasm"))]
pub fn many_views() -> String {
    String::from("0 views")
}

/// 100 000 blocks in one view.
pub fn many_blocks(bot: &mut impl Bot) -> String {
    let view = (0..100_000).fold(View::titled("many"), |view, n| view.text(n.to_string()));
    outcome(bot.reply(view))
}

/// A chart of so many minutes, with a gap, a threshold, a mark, and what is no number.
pub fn chart(points: u64) -> View {
    const START_MS: u64 = 1_767_261_600_000;
    let value = |n: u64| match n {
        40..=50 => None,
        60 => Some(f64::NAN),
        n => Some(100.0 + (n % 7) as f64),
    };
    let chart = Chart::new("Latency <b>", Unit::Milliseconds)
        .series("api", (0..points).map(|n| (START_MS + n * 60_000, value(n))))
        .threshold("objective", 150.0)
        .mark(START_MS + 1_800_000, "deploy");
    View::titled("A chart").chart(chart)
}

/// A chart of 100 000 points.
pub fn many_points(bot: &mut impl Bot) -> String {
    outcome(bot.reply(chart(100_000)))
}

/// A million host calls.
pub fn calls(bot: &mut impl Bot) -> String {
    let last = (0..1_000_000).fold(0, |_, _| bot.now());
    format!("a million calls, the last at {last}")
}

/// 100 000 replies.
pub fn effects(bot: &mut impl Bot) -> String {
    let replies = |bot: &mut _, n: u32| -> HostResult<_> { Bot::reply(bot, format!("reply {n}")) };
    let refused = (0..100_000).find_map(|n| replies(bot, n).err().map(|error| (n, error)));
    match refused {
        Some((n, error)) => format!("refused after {n}: {}", outcome::<()>(Err(error))),
        None => String::from("allowed"),
    }
}

/// 500 log lines, which is within the budget of host calls and beyond that of lines.
pub fn log(bot: &mut impl Bot) -> String {
    for n in 0..500 {
        bot.log(Level::Info, &format!("line {n}"));
    }
    String::from("logged 500 lines")
}
