//! Messages that come late say so, once.

use super::{OPS, says, shown, with_slack};
use crate::support::platform::Answer;

#[test]
fn what_comes_late_says_so_once_and_keeps_its_order() {
    with_slack(async |bot, slack| {
        slack.answers(OPS, &[Answer::Later(None)]);
        says(&bot, OPS, &["a"]).await;
        slack.has_tried(OPS, 1).await;
        slack.hold(OPS);
        bot.clock.advance(8 * 60_000);
        says(&bot, OPS, &["b", "c"]).await;
        slack.release(OPS);
        let mut expected = shown(OPS, &["a", "b", "c"]);
        let late =
            "post The message above and the next 2 come late: nothing could be delivered here from 00:00 to 00:08 UTC.";
        expected.insert(1, late.to_owned());
        assert_eq!(slack.has_delivered(OPS, 4).await, expected);
        // A moment of trouble is nobody's business.
        slack.answers(OPS, &[Answer::Later(None)]);
        says(&bot, OPS, &["d"]).await;
        assert_eq!(slack.has_delivered(OPS, 5).await[4..], shown(OPS, &["d"]));
    });
}
