//! `[chat.discord]`: what is understood, and what is refused before a token goes anywhere.

use super::*;
use crate::config::discord::{API_URL, DiscordMode};

const GOOD: &str =
    "[chat.discord]\ntoken.env = \"TOKEN\"\napplication_id = \"80351110224678913\"\nguild_id = \"80351110224678914\"\n";

fn parsed(text: &str) -> Result<Config, ConfigErrors> {
    parse_with(text, [("TOKEN", "the.token.of-the-bot")])
}

#[test]
fn it_is_connected_once_its_section_is_there() {
    let config = parsed(&(GOOD.to_owned() + "[channels]\nops = \"discord:#ops\"\n")).unwrap_or_else(|e| panic!("{e}"));
    let settings = config.discord.as_ref().unwrap();
    assert_eq!((settings.mode, settings.api_url.as_str()), (DiscordMode::Gateway, API_URL));
    assert_eq!(config.names_on("discord").into_iter().collect::<Vec<_>>(), ["#ops"]);
    assert!(!format!("{config:?}").contains("the.token") && !config.effective().contains("the.token"));
    assert!(parse("").unwrap().discord.is_none());
}

#[test]
fn a_person_without_notifiers_is_paged_there() {
    let text = GOOD.to_owned() + "[people.ana]\nconsole = \"ana\"\ndiscord = \"80351110224678912\"\n";
    let config = parsed(&text).unwrap_or_else(|e| panic!("{e}"));
    let route = notify::chat_route(&config.chats(), &config.people, "ana").unwrap();
    assert_eq!(route.to.as_str(), "discord:@80351110224678912");
}

#[test]
fn what_could_not_work_is_refused() {
    let with = |line: &str| GOOD.to_owned() + line;
    for (text, expected) in [
        (with("mode = \"http\"\n"), "the application's public key, 64 hexadecimal digits"),
        (with("public_key = \"abc\"\n"), "64 hexadecimal digits"),
        (with("mode = \"gatway\"\n"), "did you mean `gateway`?"),
        (with("api_url = \"http://discord.example\"\n"), "the token travels with each request"),
        (GOOD.replace("\"80351110224678914\"", "\"my server\""), "an id such as"),
        (GOOD.replace("token.env = \"TOKEN\"", "token = \"in the file\""), "a value written in the file"),
        (with("[channels]\nops = \"discord:#Ops\"\n"), "a channel's name (\"discord:#ops\") or id"),
        ("[channels]\nops = \"discord:#ops\"\n".to_owned(), "[chat.discord] is not"),
    ] {
        let said = parsed(&text).unwrap_err().to_string();
        assert!(said.contains(expected), "{text}\n{said}");
    }
}

#[test]
fn incidents_are_told_elsewhere_only_where_it_is_written_once_a_platform() {
    let channels = |lines: &str| parsed(&format!("{GOOD}[channels]\n{lines}"));
    let config = channels("incidents = \"console:#incidents\"\nincidents_elsewhere = [\"discord:#incidents\"]\n");
    let config = config.unwrap_or_else(|e| panic!("{e}"));
    let all: Vec<_> = config.channels.of_incidents().iter().map(ToString::to_string).collect();
    assert_eq!(all, ["console:#incidents", "discord:#incidents"]);
    assert!(config.effective().contains("incidents_elsewhere = [\"discord:#incidents\"]"), "{}", config.effective());
    assert!(channels("incidents = \"console:#incidents\"\n").unwrap().channels.of_incidents().is_empty());
    for (lines, expected) in [
        ("incidents_elsewhere = [\"discord:#incidents\"]\n", "`incidents` beside it"),
        ("incidents = \"discord:#a\"\nincidents_elsewhere = [\"discord:#b\"]\n", "discord has two"),
        ("incidents = \"discord:#a\"\nincidents_elsewhere = [\"slack:#b\"]\n", "[chat.slack] is not"),
        ("incidents = \"discord:#a\"\nincidents_elsewhere = \"console:#ops\"\n", "a list of conversations"),
    ] {
        let said = channels(lines).unwrap_err().to_string();
        assert!(said.contains(expected), "{lines}\n{said}");
    }
}
