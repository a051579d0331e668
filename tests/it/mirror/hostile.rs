//! Words that mean something on one platform are words on the other: they mention nobody, link nowhere and break nothing.

use super::*;

const NASTY: &str = "<!channel> <@U00000000BEN> @everyone <@&1> [x](https://evil.example) ```";

#[test]
fn what_is_typed_on_one_platform_pings_and_links_nobody_on_the_other() {
    on_sqlite(async |database| {
        let both = Both::start(database, BOTH).await;
        let (slack, discord) = (&both.slack, &both.discord);
        slack.ana().types("#incidents", &format!("/sev declare sev1 down {NASTY}")).await;
        discord.finds(BEN, INCIDENTS, "INC-1 · sev1").await;
        discord.uses(BEN, INCIDENTS, "sev update", &[("text", NASTY)]).await;
        slack.ana().reads("#incidents", "From Discord.").await;
        both.settled().await;
        for message in &slack.state().messages {
            // Blocks hold words as words; what falls back to markup has them escaped.
            let (text, whole) = (message.body["text"].as_str().unwrap_or_default(), message.body.to_string());
            assert!(!text.contains("<!channel") && !text.contains("<@") && !text.contains("<https://evil"), "{text}");
            for meaning in ["broadcast", "user", "usergroup", "link"] {
                assert!(!whole.contains(&format!("\"type\":\"{meaning}\"")), "{whole}");
            }
        }
        let heard: String = slack.state().messages.iter().map(|one| one.body["text"].to_string()).collect();
        assert!(heard.contains("&lt;!channel&gt;"), "{heard}");
        let calls = discord.journal();
        let posts: Vec<_> = calls.iter().filter(|call| call.body.to_string().contains("evil.example")).collect();
        assert!(posts.len() >= 2, "the card and its edits");
        for post in posts {
            assert_eq!(post.body["allowed_mentions"]["parse"], serde_json::json!([]), "{:#}", post.body);
            assert!(!post.body.to_string().contains("[x](https://evil.example)"), "{:#}", post.body);
        }
        both.end().await;
    });
}
