//! What a typed line means to the terminal itself; everything else is the bot's to parse.

/// A line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing.
    Nothing,
    /// For the bot.
    Command(String),
    /// Click the button of that number.
    Click(usize),
    /// Go to another channel; without one, say which there are.
    Channel(Option<String>),
    /// Leave.
    Quit,
    /// Not understood; the sentence says what to do.
    Explain(&'static str),
}

/// The terminal's own commands, for completion.
pub(super) const OWN: [(&str, &str); 3] = [
    ("/channel", "go to another channel: /channel #ops"),
    ("/click", "click a button by its number: /click 1, or just 1"),
    ("/quit", "leave the console"),
];

/// Reads a line.
pub(super) fn read(line: &str) -> Typed {
    let line = line.trim();
    if line.is_empty() {
        return Typed::Nothing;
    }
    if let Some(number) = number(line) {
        return Typed::Click(number);
    }
    if !line.starts_with('/') {
        return Typed::Explain("Commands begin with a slash, such as `/sev list`; nothing was sent.");
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    match word {
        "/quit" | "/exit" => Typed::Quit,
        "/channel" => Typed::Channel((!rest.is_empty()).then(|| rest.to_owned())),
        "/click" => match number(rest) {
            Some(number) => Typed::Click(number),
            None => Typed::Explain("`/click` takes the number that stands before a button: /click 1"),
        },
        "/help" if rest.is_empty() => Typed::Command("/drillbell help".to_owned()),
        _ => Typed::Command(line.to_owned()),
    }
}

fn number(text: &str) -> Option<usize> {
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_command_is_the_bots_unless_it_is_the_terminals_own() {
        assert_eq!(read(" /sev list "), Typed::Command("/sev list".to_owned()));
        assert_eq!(read("/quit"), Typed::Quit);
        assert_eq!(read("/channel #ops"), Typed::Channel(Some("#ops".to_owned())));
        assert_eq!(read("/channel"), Typed::Channel(None));
        assert_eq!(read("/channels"), Typed::Command("/channels".to_owned()));
        assert_eq!(read(" \t"), Typed::Nothing);
    }

    #[test]
    fn a_number_clicks_a_button() {
        assert_eq!(read("12"), Typed::Click(12));
        assert_eq!(read("/click 3"), Typed::Click(3));
        assert!(matches!(read("/click x"), Typed::Explain(_)));
        assert!(matches!(read("99999999999999999999"), Typed::Explain(_)));
    }

    #[test]
    fn plain_text_is_not_sent_but_explained() {
        assert!(matches!(read("hello"), Typed::Explain(said) if said.contains("slash")));
    }
}
