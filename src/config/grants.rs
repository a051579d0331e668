//! The grammar of grants. What a grant allows is decided where it is asked (`crate::capability`), not here.

use super::problem::did_you_mean;

/// Grants without a parameter of the operator's choice.
pub const PLAIN_GRANTS: [&str; 15] = [
    "kv",
    "timers",
    "schedules",
    "incidents:read",
    "incidents:write",
    "approvals",
    "conversations",
    "backups",
    "runbooks",
    "services",
    "status",
    "escalation",
    "alerts",
    "deploys",
    "reactions",
];

/// Platforms that a conversation's name may begin with.
pub const PLATFORMS: [&str; 3] = ["console", "slack", "discord"];

/// Checks a grant's form: one of the plain ones, `post:` and a conversation, or `page:` and a notifier; the only wildcard of
/// either is a `*` at its end. The error is what to do about it.
pub fn check_grant(grant: &str) -> Result<(), String> {
    if PLAIN_GRANTS.contains(&grant) {
        return Ok(());
    }
    let known = || {
        format!(
            "grants are {}, post:CONVERSATION, page:NOTIFIER, jobs:KIND, command:NAME, sql:NAME, secret:HANDLE, http:ORIGIN, http-private:ORIGIN",
            PLAIN_GRANTS.join(", ")
        )
    };
    match grant.split_once(':') {
        Some(("post", pattern)) => check_pattern(pattern),
        Some(("page", pattern)) => check_notifier(pattern),
        Some(("jobs", kinds)) => check_kinds(kinds),
        Some(("command" | "secret" | "sql", name)) => check_name(grant, name),
        Some((word @ ("http" | "http-private"), origin)) => {
            super::origin::Origin::parse(origin).map(drop).map_err(|fix| format!("{fix}, after {word}:"))
        }
        None if grant == "page" => Err("say whom: page:oncall, or page:* for every [notify.NAME]".to_owned()),
        None if grant == "jobs" => Err("say which kind: jobs:steps, or jobs:* for all".to_owned()),
        Some(("incidents", _)) => Err("write incidents:read or incidents:write".to_owned()),
        None if grant == "incidents" => Err("write incidents:read or incidents:write".to_owned()),
        None if grant == "post" => {
            Err("say where to: post:console:#ops, post:console:*, or post:* for everywhere".to_owned())
        }
        _ => Err(did_you_mean(grant, PLAIN_GRANTS).unwrap_or_else(known)),
    }
}

fn check_notifier(pattern: &str) -> Result<(), String> {
    let fixed = pattern.strip_suffix('*').unwrap_or(pattern);
    if fixed.contains('*') {
        return Err("a `*` may stand at the end only".to_owned());
    }
    match pattern == "*" || super::values::is_name(fixed, "-_") {
        true => Ok(()),
        false => Err("write page: and the name of a [notify.NAME], such as page:oncall".to_owned()),
    }
}

fn check_name(grant: &str, name: &str) -> Result<(), String> {
    let fixed = name.strip_suffix('*').unwrap_or(name);
    match name == "*" || super::values::is_name(fixed, "-_") {
        true => Ok(()),
        false => Err(format!(
            "after the colon of {} comes a configured name; a `*` may stand at its end",
            super::mask::clip(grant, 40)
        )),
    }
}

fn check_kinds(kinds: &str) -> Result<(), String> {
    let name = kinds.strip_suffix('*').unwrap_or(kinds);
    match name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        false => Err("a kind of job is lower-case letters, digits and `-`; a `*` may stand at the end".to_owned()),
        true if kinds.is_empty() => Err("say which kind: jobs:steps, or jobs:* for all".to_owned()),
        true => Ok(()),
    }
}

fn check_pattern(pattern: &str) -> Result<(), String> {
    let fixed = pattern.strip_suffix('*').unwrap_or(pattern);
    if fixed.contains('*') {
        return Err("a `*` may stand at the end only".to_owned());
    }
    if pattern == "*" {
        return Ok(());
    }
    match fixed.split_once(':') {
        Some((platform, _)) if !PLATFORMS.contains(&platform) => Err(did_you_mean(platform, PLATFORMS)
            .unwrap_or_else(|| format!("a conversation begins with its platform: {}", PLATFORMS.join(", ")))),
        Some((_, name)) if name.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            Err("a conversation's name has no spaces".to_owned())
        }
        Some((platform, "")) if pattern == fixed => {
            Err(format!("say which conversation: post:{platform}:#ops, or post:{platform}:* for all"))
        }
        Some(_) => Ok(()),
        None => Err("write post:PLATFORM:CONVERSATION, such as post:console:#ops or post:console:*".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_every_documented_grant() {
        let posts = [
            "jobs:*",
            "jobs:steps",
            "jobs:backup-*",
            "post:*",
            "post:console:*",
            "post:console:#ops",
            "post:slack:C012",
            "post:console:#inc-*",
            "page:*",
            "page:oncall",
            "page:db-*",
        ];
        for grant in PLAIN_GRANTS.into_iter().chain(posts) {
            assert_eq!(check_grant(grant), Ok(()), "{grant}");
        }
    }

    #[test]
    fn refuses_what_grants_nothing_and_says_what_would() {
        for (grant, fix) in [
            ("kvs", "did you mean `kv`?"),
            ("incident:write", "did you mean `incidents:write`?"),
            ("incidents", "write incidents:read or incidents:write"),
            ("post", "say where to: post:console:#ops, post:console:*, or post:* for everywhere"),
            ("post:consol:#ops", "did you mean `console`?"),
            ("post:console:", "say which conversation: post:console:#ops, or post:console:* for all"),
            ("jobs", "say which kind: jobs:steps, or jobs:* for all"),
            ("jobs:", "say which kind: jobs:steps, or jobs:* for all"),
            ("jobs:St*", "a kind of job is lower-case letters, digits and `-`; a `*` may stand at the end"),
            ("post:*:#ops", "a `*` may stand at the end only"),
            ("post:console:#o ps", "a conversation's name has no spaces"),
            ("page", "say whom: page:oncall, or page:* for every [notify.NAME]"),
            ("page:", "write page: and the name of a [notify.NAME], such as page:oncall"),
            ("page:On Call", "write page: and the name of a [notify.NAME], such as page:oncall"),
            ("page:*-db", "a `*` may stand at the end only"),
            ("post:", "write post:PLATFORM:CONVERSATION, such as post:console:#ops or post:console:*"),
        ] {
            assert_eq!(check_grant(grant), Err(fix.to_owned()), "{grant}");
        }
        assert!(check_grant("everything").is_err_and(|fix| fix.starts_with("grants are kv, timers,")));
        assert!(check_grant("").is_err());
    }
}
