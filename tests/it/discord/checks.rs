//! What `drillbell check` says of a Discord that is there, that does not answer, and that refuses.

use super::on_discord;
use crate::support::discord::{FakeDiscord, Mishap};
use drillbell::clock::Clock;
use drillbell::config::Config;
use drillbell::model::verdict::Verdict;

async fn verdicts(discord: &FakeDiscord, config: &Config, path: &'static str, mishap: Option<Mishap>) -> Vec<String> {
    discord.faults(move |_, asked| mishap.filter(|_| asked.starts_with(path)));
    let found = drillbell::platform::discord::check(config, &Clock::system(), &[]).await;
    discord.no_faults();
    let shown = |verdict: &Verdict| verdict.as_str().to_owned();
    found.iter().map(|one| format!("{} {}", shown(&one.verdict), one.name)).collect()
}

#[test]
fn only_discords_own_word_is_a_failure() {
    on_discord("gateway", async |world| {
        let (discord, config) = (&world.discord, world.bot.app.config());
        let all = ["token", "events", "server", "channels", "commands"].map(|what| format!("pass discord {what}"));
        assert_eq!(verdicts(discord, config, "-", None).await, all);
        let server = async |mishap| verdicts(discord, config, "guilds/", Some(mishap)).await[2..4].to_vec();
        assert_eq!(server(Mishap::Status(503)).await, ["unknown discord server", "unknown discord channels"]);
        assert_eq!(server(Mishap::Refused(403, 50001)).await, ["fail discord server", "fail discord channels"]);
        let token = async |mishap| verdicts(discord, config, "applications/@me", Some(mishap)).await;
        assert_eq!(token(Mishap::Status(502)).await, ["unknown discord token"]);
        assert_eq!(token(Mishap::Refused(401, 0)).await, ["fail discord token"]);
    });
}
