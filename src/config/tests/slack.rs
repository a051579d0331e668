//! `[chat.slack]`: what is understood, and what is refused before a token goes anywhere.

use super::*;
use slack::Mode;

const ENV: [(&str, &str); 4] =
    [("BOT", "xoxb-1-abc"), ("APP", "xapp-1-abc"), ("SIGN", "8f742231b10e8888abcd99yyyzzz85a5"), ("SHORT", "short")];
const SOCKET: &str = "[chat.slack]\nbot_token.env = \"BOT\"\napp_token.env = \"APP\"\n";

fn refused(text: &str) -> String {
    let errors = parse_with(text, ENV).unwrap_err();
    let lines = errors.problems.iter().map(|p| format!("{}: {}; {}", p.key, p.found, p.expected));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn it_is_connected_once_its_section_is_there() {
    let config = parse_with(SOCKET, ENV).unwrap_or_else(|e| panic!("{e}"));
    let slack = config.slack.as_ref().unwrap();
    assert_eq!((slack.mode, slack.api_url.as_str()), (Mode::Socket, slack::API_URL));
    assert!(!format!("{config:?}").contains("xoxb-1-abc") && !config.effective().contains("xoxb-1-abc"));
    assert!(parse("").unwrap().slack.is_none());
    let http = "[chat.slack]\nmode = \"http\"\nbot_token.env = \"BOT\"\nsigning_secret.env = \"SIGN\"\n";
    assert_eq!(parse_with(http, ENV).unwrap_or_else(|e| panic!("{e}")).slack.unwrap().mode, Mode::Http);
}

#[test]
fn a_token_of_another_kind_and_an_address_in_the_clear_are_refused() {
    let all = [
        "[chat.slack]\nbot_token.env = \"APP\"\napp_token.env = \"BOT\"",
        "[chat.slack]\nbot_token.env = \"BOT\"",
        "[chat.slack]\nmode = \"http\"\nbot_token.env = \"BOT\"\nsigning_secret.env = \"SHORT\"",
        &format!("{SOCKET}api_url = \"http://slack.example.org/api\""),
        &format!("{SOCKET}api_url = \"https://user:pw@slack.example.org/api\""),
        &format!("{SOCKET}[channels]\nops = \"slack:ops\""),
        &format!("{SOCKET}[channels]\nops = \"slack:#Ops!\""),
        "[channels]\nops = \"slack:#ops\"",
    ];
    let said: Vec<_> = all.into_iter().map(refused).collect();
    let has = |n: usize, words: &str| assert!(said[n].contains(words), "{words} in {}", said[n]);
    has(0, "chat.slack.bot_token: the variable APP, which holds a token of another kind (xapp-…)");
    has(0, "chat.slack.app_token: the variable BOT, which holds a token of another kind (xox…)");
    has(1, "no `app_token`");
    has(2, "which is too short to be one");
    has(3, "chat.slack.api_url");
    has(4, "chat.slack.api_url");
    has(5, "channels.ops: \"slack:ops\"; a Slack channel such as");
    has(6, "channels.ops");
    has(7, "[chat.slack] is not");
}

#[test]
fn what_is_written_by_name_anywhere_is_known_and_people_are_paged_there() {
    let text = format!(
        "{SOCKET}[channels]\nops = \"slack:#ops\"\n[people.ana]\nslack = \"U0ANA\"\nconsole = \"ana\"\n\
         [notify.room]\nkind = \"chat\"\nto = \"slack:#duty\"\n[notify.ana]\nkind = \"chat\"\nto = \"slack:@ana\"\n\
         [plugins.a]\nsource = \"builtin:a\"\ngrants = [\"post:slack:#news\", \"post:slack:*\"]\n\
         [plugins.a.settings]\nroom = \"slack:#set\""
    );
    let config = parse_with(&text, ENV).unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<_> = config.names_on("slack").into_iter().collect();
    assert_eq!(names, ["#duty", "#news", "#ops", "#set"]);
    let routes = config.notify.routes().0;
    assert_eq!(routes["ana"].to.as_str(), "slack:@U0ANA");
    let own = notify::chat_route(&config.chats(), &config.people, "ana").unwrap();
    assert_eq!((own.to.as_str(), own.private_to), ("slack:@U0ANA", None), "away from the console first");
}
