//! Text from outside pings nobody, forges nothing and breaks nothing; what does not fit comes along as a file.

use super::on_discord;
use crate::support::discord::{ANA, INCIDENTS};

#[test]
fn a_hostile_title_is_shown_as_it_is() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        let title = "@everyone **down** [click](https://evil.example) <@&1> `x`";
        discord.uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", title)]).await;
        let card = discord.finds(ANA, INCIDENTS, "INC-1").await;
        assert!(
            card.text.contains("@\u{200b}everyone \\*\\*down\\*\\* \\[click\\]\\(https://evil.example\\) \\<@"),
            "{}",
            card.text
        );
        assert!(!card.text.contains("@everyone"));
    });
}

#[test]
fn a_message_of_thousands_of_lines_comes_with_a_file_that_holds_all_of_them() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        let long = "a line of a log that says much\n".repeat(180);
        discord.uses(ANA, INCIDENTS, "misbehave echo", &[("first", &long)]).await;
        let shown = discord.finds(ANA, INCIDENTS, "[message.txt]").await;
        assert!(shown.text.contains("all of it is in message.txt"), "{}", shown.text);
    });
}
