//! Any view at all, posted, put in another's place and shown to one person alone: a strict Slack and a strict Discord take it, and every
//! body that was sent for it is of the type that the platform publishes.

use super::platforms::Platforms;
use crate::support::judge::judge;
use crate::support::views::{chart, view};
use drillbell::model::view::Block;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Pairs of views that each of so many chats take.
const PAIRS: usize = 15;
const CHATS: usize = 4;

#[test]
fn any_view_is_taken_by_both_chats_and_is_of_the_types_that_they_publish() {
    let (mut runner, strategy) = (TestRunner::deterministic(), view());
    let any = |runner: &mut TestRunner| strategy.new_tree(runner).unwrap().current();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let all = (0..CHATS).map(|_| {
        let mut views: Vec<_> = (0..PAIRS).map(|_| [any(&mut runner), any(&mut runner)]).collect();
        let drawn = chart().new_tree(&mut runner).unwrap().current();
        views[0][0].blocks.insert(0, Block::Chart(Box::new(drawn)));
        runtime.spawn(async move {
            let platforms = Platforms::start().await;
            for [first, then] in &views {
                platforms.take_in_every_way([first, then]).await;
            }
            platforms.end();
            platforms.sent()
        })
    });
    let all: Vec<_> = all.collect();
    let sent: Vec<_> = runtime.block_on(futures::future::join_all(all)).into_iter().flat_map(Result::unwrap).collect();
    judge(&sent).all_fit(&[
        "ChatPostEphemeralArguments",
        "ChatPostMessageArguments",
        "ChatUpdateArguments",
        "RESTPatchAPIChannelMessageJSONBody",
        "RESTPostAPIChannelMessageJSONBody",
    ]);
}
