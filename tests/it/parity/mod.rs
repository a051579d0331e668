//! Every message that a bundled plugin says anywhere in its own tests, on Slack, on Discord and in a terminal: taken by both within
//! every limit of theirs, with everything there that can be done, and written down side by side in `shown/`. That nothing is missing is
//! told by the sources: each place in a plugin where a message is begun is among what its tests came by.

mod any;
mod kept;
mod platforms;

use kept::Kept;
use platforms::Platforms;
use std::fmt::Write;

/// So many of a kind, the fullest, are given to both chats: what is shorter than they are differs from them in nothing but that.
const TAKEN: usize = 25;
/// So many of these are looked at word by word.
const LOOKED_AT: usize = 4;

/// The bundled plugins.
pub fn bundled() -> Vec<String> {
    let text = include_str!("../../../plugins/bundled.txt");
    let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_message_of_every_plugin_is_shown_on_every_platform_with_all_that_can_be_done() {
    let kept = Kept::of_all_plugins();
    let missing = kept.missing();
    assert!(missing.is_empty(), "no test of its plugin comes by a message that is begun here:\n{}", missing.join("\n"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let all = bundled().into_iter().map(|plugin| {
        let views = kept.views(&plugin);
        runtime.spawn(async move {
            // The fullest of each kind are taken and looked at, and the very fullest is written down.
            let (all, fullest) = (Platforms::start().await, Platforms::start().await);
            let mut text = String::new();
            for kind in views {
                let mut last = String::new();
                for (number, view) in kind.iter().rev().take(TAKEN).enumerate() {
                    if number < LOOKED_AT {
                        let shown = fullest.show(view).await;
                        last = if number == 0 { shown } else { last };
                    } else {
                        all.take(view).await;
                    }
                }
                writeln!(text, "{last}\n").unwrap();
            }
            all.end();
            fullest.end();
            (plugin, text)
        })
    });
    let all: Vec<_> = all.collect();
    for (plugin, text) in runtime.block_on(futures::future::join_all(all)).into_iter().map(Result::unwrap) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("shown");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(plugin, text));
    }
}
