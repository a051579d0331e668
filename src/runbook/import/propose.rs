//! What a document's commands become: steps that look where that is clear, and commands that somebody has still to configure. Of a
//! command's text no secret is repeated.

use super::document::{Document, Line};
use super::hazards::{Hazard, Rules};
use regex::Regex;
use std::fmt::Write;

/// A step that is proposed.
struct Proposal {
    line: usize,
    name: String,
    looks: bool,
    dangerous: bool,
    shown: String,
    block: String,
    /// A value that has to be configured.
    value: Option<(String, String)>,
}

/// Finds what is secret in a command.
pub(super) struct Mask(Vec<Regex>);

impl Mask {
    pub fn new() -> Self {
        // A value in quotes goes whole, one without up to where a shell or an address ends it.
        let plain = r#"(?:\\.|[^\s&;|'"\\])+"#;
        let text = r#"\\?"(?:[^"\\]|\\.)*"|'[^']*'"#;
        let one = format!(r#"(?:{text}|["'][^\n]*|{plain})"#);
        let all = format!("{one}(?:{text}|{plain})*");
        let names = "(?:password|passwd|secret|token|key|pwd|pass)";
        let logins = "(?:docker|podman|buildah|skopeo|nerdctl|helm|oras|crane)";
        let user = r"\s(?:-u|-U|--user|--proxy-user)[=\s]*";
        let patterns = [
            // Addresses first: what follows masks up to a space.
            r#"(://[^/\s:@]*:)[^\s'"]+(@)"#.to_owned(),
            r#"(?i)(\b(?:authorization|cookie)\s*:\s*)[^'"\n]+"#.to_owned(),
            format!(r"(?i)(\b(?:bearer|basic)\s+){one}"),
            format!(r"(?i)(\b[\w-]*{names}[\w-]*\s*=\s*){all}"),
            format!(r#"(?i)(\b[\w-]*{names}[\w-]*\\?["']?\s*:\s*){one}"#),
            format!(r"(?i)(\s--?(?:[\w-]*-)?{names}\s+){all}"),
            r"(?i)(\b(?:password|identified\s+by)\s+)E?'(?:[^'\\]|''|\\.)*'?".to_owned(),
            format!(r"(redis-cli\b.*?\s-a\s*){all}"),
            format!(r"(\bmysql\w*\b.*?\s-p){all}"),
            format!(r"(\bsshpass\b.*?\s-p\s*){all}"),
            format!(r"(\b{logins}\b.*?\blogin\b.*?\s-p[\s=]*){all}"),
            format!(r"(\s-(?:k|pass)\s+){all}"),
            format!(r#"({user}"[^":]+:)[^"]*"#),
            format!(r"({user}'[^':]+:)[^']*"),
            format!(r#"({user}[^\s:"'/]+:){one}"#),
        ];
        Self(patterns.into_iter().filter_map(|pattern| Regex::new(&pattern).ok()).collect())
    }

    /// The text without what is secret.
    pub fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, pattern| pattern.replace_all(&text, "${1}[secret]${2}").into_owned())
    }
}

/// The document as a runbook that is not ready.
pub(super) fn runbook(name: &str, file: &str, document: &Document, rules: &Rules, hazards: &[Hazard]) -> String {
    let mask = Mask::new();
    let proposals = proposals(document, rules, &mask, hazards);
    let title =
        document.headings.iter().find(|heading| heading.level == 1).map_or(name, |heading| heading.text.as_str());
    let risk = if proposals.iter().any(|one| one.dangerous) { "dangerous" } else { "change" };
    let mut out = format!(
        "+++\ntitle = {:?}\nowner = \"say who\"\nreview = \"2000-01-01\"\nrisk = \"{risk}\"\n\n[values]\n",
        clip(&mask.text(title), 90)
    );
    for (value, about) in proposals.iter().filter_map(|one| one.value.as_ref()) {
        let _ = writeln!(out, "{value} = {about:?}");
    }
    if proposals.iter().any(|one| one.block.contains("\"{database}\"")) {
        out.push_str("database = \"the name of a [databases.NAME]\"\n");
    }
    let _ = write!(out, "+++\n\nImported from {file}. Read every step against the document before it is used.\n");
    for (heading, looks) in [("Symptoms", None), ("Diagnosis", Some(true)), ("Mitigation", Some(false))] {
        let _ = write!(out, "\n## {heading}\n\nSay here what the document says of it.\n");
        for one in proposals.iter().filter(|one| looks == Some(one.looks)) {
            let _ = write!(out, "\n### {}\n\nLine {} of {file}:\n\n", one.name, one.line);
            for hazard in hazards.iter().filter(|hazard| hazard.line == one.line) {
                let _ = write!(out, "{} {}.\n\n", hazard.id, hazard.advice);
            }
            let _ = write!(out, "~~~\n{}\n~~~\n\n{}\n", one.shown, one.block);
        }
    }
    out.push_str("\n## Escalation contacts\n\nSay who, and when they can be reached.\n");
    out.push_str("\n## Post-incident actions\n\nSay what is to be done afterwards.\n");
    out
}

fn proposals(document: &Document, rules: &Rules, mask: &Mask, hazards: &[Hazard]) -> Vec<Proposal> {
    let mut all: Vec<Proposal> = Vec::new();
    let mut whole: Option<(usize, String)> = None;
    for line in &document.lines {
        if rules.is_unfilled(document, line) {
            let bare = line.text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || ".)-*` ".contains(c));
            let text = mask.text(bare.trim_end_matches(['`', '*', ':']));
            all.push(command(line, all.len() + 1, &clip(&text, 60), "the document names no command", false));
        }
        let Some(_) = line.block else { continue };
        let text = line.text.trim().trim_start_matches("$ ");
        if whole.is_none() && (text.is_empty() || text.starts_with('#')) {
            continue;
        }
        let (number, mut so_far) = whole.take().unwrap_or((line.number, String::new()));
        if let Some(part) = text.strip_suffix('\\') {
            so_far.push_str(part);
            whole = Some((number, so_far));
            continue;
        }
        so_far.push_str(text);
        let risky = hazards.iter().any(|hazard| hazard.line == number && matches!(hazard.id, "H4" | "H5" | "H6"));
        all.push(one(document, line, number, &so_far, all.len() + 1, risky, mask));
    }
    all
}

fn one(document: &Document, line: &Line, number: usize, text: &str, nth: usize, risky: bool, mask: &Mask) -> Proposal {
    let shown = mask.text(text);
    let program = shown.split_whitespace().find(|word| !word.contains('=') && *word != "sudo").unwrap_or("command");
    let program: String = program
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .take(30)
        .collect();
    let name = format!("{nth}. {}", if program.is_empty() { "command" } else { &program });
    let looking = ["diagnos", "check", "verif", "symptom", "identif", "investigat"];
    let below = document.above(line).to_lowercase();
    let looks = looking.iter().any(|word| below.contains(word));
    let plain = |kind: &str, body: String, looks: bool| Proposal {
        line: number,
        name: name.clone(),
        looks,
        dangerous: false,
        shown: shown.clone(),
        block: format!("```{kind}\n{body}\n```"),
        value: None,
    };
    if let Some(seconds) = text
        .strip_prefix("sleep ")
        .and_then(|rest| rest.trim().trim_end_matches('s').parse::<u32>().ok().filter(|n| *n > 0))
    {
        return plain("wait", format!("wait = \"{seconds}s\""), false);
    }
    if let Some(url) = asked_url(text).filter(|_| shown == text) {
        return plain("http", format!("url = {url:?}"), looks);
    }
    if let Some(query) = asked_query(text).filter(|_| shown == text) {
        return plain("sql", format!("database = \"{{database}}\"\nquery = {query:?}"), looks);
    }
    let words = [
        "rm -rf",
        "drop ",
        "truncate",
        "flush",
        "--clean",
        "terminate",
        "delete ",
        "vacuum full",
        "reindex",
        "mkfs",
        "dd if",
    ];
    let lower = text.to_lowercase();
    let dangerous = risky || words.iter().any(|word| lower.contains(word));
    let mut proposal = command(
        line,
        nth,
        &name,
        &format!("the name of a [commands.NAME] that does what line {number} says"),
        dangerous,
    );
    (proposal.line, proposal.name, proposal.shown) = (number, name, shown);
    proposal
}

/// A command that somebody has to configure: until then the runbook is not ready.
fn command(line: &Line, nth: usize, name: &str, about: &str, dangerous: bool) -> Proposal {
    let value = format!("step_{nth}");
    let risk = if dangerous { "dangerous" } else { "change" };
    let name = format!("{nth}. {}", if name.is_empty() { "command" } else { name });
    Proposal {
        line: line.number,
        name: name.trim_end().to_owned(),
        looks: false,
        dangerous,
        shown: "(unfilled)".to_owned(),
        block: format!("```command\ncommand = \"{{{value}}}\"\nrisk = \"{risk}\"\n```"),
        value: Some((value, about.to_owned())),
    }
}

/// The address of a `curl` that only asks, without anything a shell would fill in.
fn asked_url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("curl ")?;
    let long = ["--fail", "--silent", "--show-error", "--location"];
    let harmless = |word: &str| {
        long.contains(&word)
            || word.strip_prefix('-').is_some_and(|short| short.chars().all(|c| "fsSLkiIv".contains(c)))
    };
    let words: Vec<&str> = rest.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let (options, others): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| word.starts_with('-'));
    // Whatever is not known to only look is left to people.
    let [url] = others[..] else { return None };
    if !options.into_iter().all(harmless) || rest.contains(['|', '$', '<', '>', '{', '`', ';', '&', '\\']) {
        return None;
    }
    let bare = !url.contains('#')
        && url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty());
    bare.then(|| url.to_owned())
}

/// The statement of a `psql -c` that only reads.
fn asked_query(text: &str) -> Option<String> {
    let rest = text.strip_prefix("psql ")?;
    let (_, rest) = rest.split_once("-c ")?;
    let rest = rest.trim();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let query = rest[1..].strip_suffix(quote)?.trim_end_matches(';').trim();
    (!query.contains(['$', '`', quote, '{', '\\']) && crate::ops::sql::check(query).is_ok()).then(|| query.to_owned())
}

fn clip(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}
