//! What is known to go wrong with operations documents, by its number, with advice. Each is found by what is written, on its line.

use super::document::{Document, Line};
use regex::Regex;
use std::collections::BTreeSet;

/// Something dangerous, or that will not work as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hazard {
    /// The line, from 1.
    pub line: usize,
    /// `H4`.
    pub id: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

const ADVICE: [(&str, &str); 16] = [
    (
        "H1",
        "this is plain SQL, and pg_restore reads archives only: dump with -Fc, or restore it with psql; drillbell tells the format by its content",
    ),
    ("H2", "a pipe hides the exit status of what stands before it: a step counts every status, run the command alone"),
    (
        "H3",
        "how old a copy may be is the policy's business: [targets.NAME.backup] max_age, by default twice the interval",
    ),
    (
        "H4",
        "this wipes or opens a shared service, or shows a secret to whoever lists processes: configure a command with a secret's handle, and have it approved",
    ),
    ("H5", "this locks tables: only in a maintenance window, never as a check"),
    (
        "H6",
        "this ends whatever runs long, the bot's own backups and restores too: leave sessions out whose application_name begins with drillbell",
    ),
    (
        "H7",
        "older code and newer migrations differ: going back does not migrate forward; check which migrations lie between the two versions",
    ),
    ("H8", "severities are written in two vocabularies: [severities.NAME] aliases says which means which"),
    ("H9", "a threshold without a window says nothing: write for how long, such as over 5 minutes"),
    ("H10", "the command is missing: fill it in, the runbook is not ready without"),
    ("H11", "a contact without hours: say when they can be reached, [people.NAME] availability"),
    ("H12", "this is requests per second, not a share: divide by the rate of all requests, and show the unit"),
    ("H13", "these are counters of activity, not numbers of rows: count the rows"),
    ("H14", "read-only and maintenance are two modes: maintenance answers 503 to everybody outside the admin area"),
    (
        "H15",
        "a restore stops writers first, and decrypts what is encrypted, on every host: a step of these is missing before it",
    ),
    ("H16", "a total or ratio that is written down is not measured: leave it out, runs measure it"),
];

/// The patterns, compiled once for a document.
pub(super) struct Rules {
    masked: Vec<(&'static str, Regex)>,
}

/// By name, so that a rule reads as what it looks for.
const PATTERNS: [(&str, &str); 30] = [
    ("dump", r"\bpg_dump\b"),
    ("archive", r"-F\s*[cdt]|--format[= ]\s*[cdt]"),
    ("into", r"(?:>|-f|--file[= ])\s*(\S+)"),
    ("restore", r"\bpg_restore\b"),
    ("plain file", r"\S+\.sql(?:\.gz|\.zst)?\b"),
    ("psql restore", r"\bpsql\b.*(?:<\s*\S+|-f\s+\S+|--file[= ]\S+)"),
    ("psql archive", r"\bpsql\b.*(?:<|-f)\s*\S+\.dump\b"),
    (
        "hides",
        r"(?i)\b(?:pg_restore|pg_dump|migrate|make|pytest|check|curl|verify)\b.*\|\s*(?:head|tail|tee|less|cat)\b",
    ),
    ("age", r"(?i)(?:older than|younger than|less than|no more than|within|<|-mmin|-mtime).{0,12}\d+"),
    ("copy", r"(?i)\b(?:backup|backups|dump|dumps|copy|copies)\b"),
    ("span", r"(?i)\d+\s*(?:h\b|hours?|minutes?|min\b|days?)|-m(?:min|time)"),
    ("wipes", r"(?i)\b(?:flushall|flushdb)\b"),
    (
        "secret",
        r"(?i)redis-cli\b.*\s-a\s+\S|--password[= ]\S|\bmysql\w*\b.*\s-p\S|\b(?:PGPASSWORD|MYSQL_PWD|AWS_SECRET_ACCESS_KEY)=\S|-k\s+\S+\s.*openssl|openssl\b.*\s(?:-k\s+\S|-pass\s+pass:)|://[^/\s:@]+:[^/\s@]+@",
    ),
    ("locks", r"(?i)\bvacuum\s+full\b|\breindex\b"),
    ("concurrently", r"(?i)\bconcurrently\b"),
    ("ends sessions", r"(?i)\bpg_(?:cancel|terminate)_backend\b"),
    ("checkout", r"\bgit\s+(?:checkout|reset\s+--hard)\b"),
    ("migrates forward", r"\bmigrate\s*(?:$|[;|&]|--)"),
    ("sev", r"\bSEV-?[0-4]\b"),
    ("p", r"\bP[0-4]\b"),
    ("word", r"(?i)\bseverity\s*[:=]\s*(?:warning|critical)\b"),
    (
        "threshold",
        r"(?i)\b(?:error rate|p95|p99|latency|response time)\b.{0,20}(?:>|above|over|exceeds|more than)\s*\d",
    ),
    (
        "window",
        r"(?i)\b(?:for|last|over|in|within|of)\s+(?:the\s+)?(?:last\s+)?\d+\s*(?:m|min|minutes?|s|sec|seconds?|h|hours?)\b|\[\d+[smh]\]",
    ),
    (
        "asks for a command",
        r"(?i)^\s*(?:\d+[.)]|[-*])?\s*\**(?:run|execute|provision|start|stop|restore|reverse|apply|restart)\b.*:\**\s*$",
    ),
    ("contact", r"(?i)\b(?:contacts?|escalation)\b"),
    ("address", r"\S+@\S+|(?:^|\s)@\w+|\+\d[\d ()-]{6,}"),
    ("hours", r"(?i)24/7|\bhours?\b|on.?call|business|always|weekdays|\b(?:mon|sat)\b|\d{1,2}:\d\d"),
    ("rate of errors", r#"(?i)\brate\(.*(?:5xx|5\.\.|5\[0-9\]|"5\d\d")"#),
    ("counters", r"\bn_tup_(?:ins|upd|del)\b"),
    ("total", r"(?i)\btotal\b.*\d+\s*[-–]\s*\d+\s*(?:min|minutes|h|hours)\b|\b\d+:1\b"),
];

impl Rules {
    /// Compiles them.
    pub fn new() -> Self {
        let compiled = PATTERNS.iter().filter_map(|(name, pattern)| Some((*name, Regex::new(pattern).ok()?)));
        Self { masked: compiled.collect() }
    }

    /// Whether a text has what a pattern looks for.
    fn has(&self, name: &str, text: &str) -> bool {
        self.masked.iter().find(|(known, _)| *known == name).is_some_and(|(_, pattern)| pattern.is_match(text))
    }

    fn first(&self, name: &str, text: &str) -> Option<String> {
        let (_, pattern) = self.masked.iter().find(|(known, _)| *known == name)?;
        Some(pattern.captures(text)?.get(1)?.as_str().to_owned())
    }

    /// All hazards of a document, in the order of its lines.
    pub fn find(&self, document: &Document) -> Vec<Hazard> {
        let mut found = BTreeSet::new();
        let mut add = |line: &Line, id: &'static str| {
            let advice = ADVICE.iter().find(|(known, _)| *known == id).map_or("", |(_, advice)| *advice);
            found.insert(Hazard { line: line.number, id, advice });
        };
        for line in &document.lines {
            self.of_a_line(line, &mut add);
        }
        self.of_commands(document, &mut add);
        self.of_sections(document, &mut add);
        self.of_words(document, &mut add);
        found.into_iter().collect()
    }

    /// What one line says by itself.
    fn of_a_line(&self, line: &Line, add: &mut dyn FnMut(&Line, &'static str)) {
        let text = line.text.as_str();
        if line.block.is_some() && self.has("hides", text) {
            add(line, "H2");
        }
        if self.has("age", text) && self.has("copy", text) && self.has("span", text) {
            add(line, "H3");
        }
        if self.has("wipes", text) || self.has("secret", text) {
            add(line, "H4");
        }
        if self.has("locks", text) && !self.has("concurrently", text) {
            add(line, "H5");
        }
        if self.has("threshold", text) && !self.has("window", text) {
            add(line, "H9");
        }
        if self.has("rate of errors", text) && !divided(text) {
            add(line, "H12");
        }
        if self.has("counters", text) {
            add(line, "H13");
        }
        if self.has("total", text) {
            add(line, "H16");
        }
    }

    /// What commands say together.
    fn of_commands(&self, document: &Document, add: &mut dyn FnMut(&Line, &'static str)) {
        let mut plain: BTreeSet<String> = BTreeSet::new();
        for line in document.code() {
            let text = line.text.as_str();
            if self.has("dump", text) && !self.has("archive", text) {
                plain.extend(self.first("into", text));
            }
            let reads_plain = plain.iter().any(|file| text.contains(file.as_str())) || self.has("plain file", text);
            if (self.has("restore", text) && reads_plain) || self.has("psql archive", text) {
                add(line, "H1");
            }
            if self.has("ends sessions", text) {
                let same = document.code().filter(|other| other.block == line.block);
                let near = |other: &&Line| other.number.abs_diff(line.number) <= 4;
                let all: String = same.filter(near).map(|other| other.text.as_str()).collect::<Vec<_>>().join("\n");
                if all.contains("pg_stat_activity") && !all.contains("application_name") {
                    add(line, "H6");
                }
            }
        }
    }

    /// What a section says, or fails to say.
    fn of_sections(&self, document: &Document, add: &mut dyn FnMut(&Line, &'static str)) {
        let lower = |line: &Line| line.text.to_lowercase();
        let encrypts = |text: &str| {
            ["openssl enc", "gpg ", "age -r", "age -e"].iter().any(|word| text.contains(word))
                && !["-d ", "--decrypt"].iter().any(|word| text.contains(word))
        };
        let encrypted = document.code().any(|line| encrypts(&lower(line)));
        for heading in 0..document.headings.len() {
            let lines: Vec<&Line> = document.lines.iter().filter(|line| line.heading == heading).collect();
            let (mut back, mut stopped, mut decrypted) = (false, false, false);
            for (at, line) in lines.iter().enumerate() {
                let text = lower(line);
                let code = line.block.is_some();
                back |= code && self.has("checkout", &line.text);
                stopped |= ["stop", "maintenance", "scale", "pause"].iter().any(|word| text.contains(word));
                decrypted |= ["openssl enc -d", "openssl aes", "gpg -d", "gpg --decrypt", "age -d"]
                    .iter()
                    .any(|word| text.contains(word));
                if code && back && self.has("migrates forward", &line.text) {
                    add(line, "H7");
                }
                let lists = text.contains("--list") || text.contains(" -l ");
                let restores =
                    code && !lists && (self.has("restore", &line.text) || self.has("psql restore", &line.text));
                if restores && (!stopped || (encrypted && !decrypted)) {
                    add(line, "H15");
                }
                if line.text.contains("MAINTENANCE_MODE") {
                    let near = lines[at.saturating_sub(3)..=at].iter().any(|line| is_read_only(&lower(line)));
                    if near || is_read_only(&document.headings[heading].text.to_lowercase()) {
                        add(line, "H14");
                    }
                }
                if !code
                    && self.has("contact", &document.above(line))
                    && self.has("address", &line.text)
                    && !self.has("hours", &line.text)
                {
                    add(line, "H11");
                }
                if self.is_unfilled(document, line) {
                    add(line, "H10");
                }
            }
        }
    }

    /// A command is announced, or its block opened, and there is none.
    pub fn is_unfilled(&self, document: &Document, line: &Line) -> bool {
        let rest = &document.lines[line.number..];
        if line.fence && rest.first().is_some_and(|next| next.block.is_some() || next.fence) {
            let opened = line.text.trim_start().trim_start_matches(['`', '~']);
            let shell = ["", "sh", "bash", "shell", "console", "sql"].contains(&opened.trim());
            let mut inside = rest.iter().take_while(|next| next.block.is_some());
            let closes =
                rest.iter().find(|next| next.fence).is_some_and(|next| next.text.trim_start().starts_with(['`', '~']));
            let says = |next: &Line| !next.text.trim().is_empty() && !next.text.trim_start().starts_with('#');
            // A closing fence is followed by prose, or by the next block's opening one with a word.
            let opening = document.lines[..line.number - 1].iter().filter(|before| before.fence).count() % 2 == 0;
            return shell && closes && opening && !inside.any(says);
        }
        if line.block.is_some() || !self.has("asks for a command", &line.text) {
            return false;
        }
        let next = rest.iter().find(|next| !next.text.trim().is_empty());
        next.is_none_or(|next| {
            !next.fence && !next.text.starts_with("    ") && !next.text.contains('`') && next.heading != line.heading
                || next.text.trim_start().starts_with(|c: char| c.is_ascii_digit())
        })
    }

    /// Words that are used in two ways.
    fn of_words(&self, document: &Document, add: &mut dyn FnMut(&Line, &'static str)) {
        let mut known: Option<&str> = None;
        for line in &document.lines {
            for vocabulary in ["sev", "p", "word"] {
                if self.has(vocabulary, &line.text) {
                    match known {
                        None => known = Some(vocabulary),
                        Some(one) if one == vocabulary => {}
                        Some(_) => return add(line, "H8"),
                    }
                }
            }
        }
    }
}

fn is_read_only(text: &str) -> bool {
    text.contains("read-only") || text.contains("read only") || text.contains("readonly")
}

/// Whether a rate is divided by something; slashes within labels and ranges do not count.
fn divided(text: &str) -> bool {
    let mut depth = 0_usize;
    text[text.find("rate(").unwrap_or_default()..].chars().any(|c| {
        match c {
            '{' | '[' | '"' if depth == 0 => depth = 1,
            '}' | ']' => depth = 0,
            _ => {}
        }
        c == '/' && depth == 0
    })
}
