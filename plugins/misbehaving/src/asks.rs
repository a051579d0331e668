//! Asking for what needs a grant, and for what nobody gets. Each says what came back.

use crate::outcome;
use drillbell_sdk::{
    ApprovalId, ApprovalRequest, Bot, Button, Command, Conversation, IncidentId, MessageRef, PageAction,
    PublicMaintenance, PublicUpdate, Result, Schedule, Status, Tone, View, user,
};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

/// The memory.
pub fn kv(bot: &mut impl Bot) -> String {
    let (get, set) = (outcome(bot.get("asked")), outcome(bot.set("asked", "1")));
    let (delete, list) = (outcome(bot.delete("asked")), outcome(bot.list("", 10)));
    format!("get {get}\nset {set}\ndelete {delete}\nlist {list}")
}

/// Another conversation.
pub fn post(bot: &mut impl Bot, to: &str) -> String {
    format!("post {}", outcome(bot.post(&Conversation::from(to), "posted where I do not belong")))
}

/// Somebody out of bed.
pub fn page(bot: &mut impl Bot, cmd: &Command) -> Result<String> {
    let action = match cmd.required("action")? {
        "acknowledge" => PageAction::Acknowledge,
        "resolve" => PageAction::Resolve,
        _ => PageAction::Trigger,
    };
    let (notifier, key) = (cmd.required("notifier")?, cmd.required("key")?);
    let view = View::titled(format!("paged about {key}"))
        .tone(Tone::Critical)
        .field("Notifier", notifier)
        .link("Graph", "https://example.org/graph")
        .button(Button::new("never", "I look").value(key));
    Ok(format!("page {}", outcome(bot.page(notifier, key, action, view))))
}

/// Incidents: reading, then writing.
pub fn incidents(bot: &mut impl Bot, cmd: &Command) -> String {
    let read = outcome(bot.incidents(false, 10));
    let severity = bot.severities().first().map_or_else(|| String::from("sev1"), |severity| severity.name.clone());
    let write = outcome(bot.declare("declared by misbehaving", &severity, &cmd.conversation, None));
    format!("read {read}\nwrite {write}")
}

/// The public page: words of an incident, a maintenance, and taking the approval for its own.
pub fn status(bot: &mut impl Bot) -> String {
    let proposed = bot.propose_public(PublicUpdate {
        incident: IncidentId::from("INC-1"),
        title: String::from("All is lost"),
        status: Status::Investigating,
        text: String::from("says misbehaving"),
        components: Vec::new(),
    });
    let id = proposed.clone().unwrap_or_else(|_| ApprovalId::from("A-00000000"));
    let starts_ms = bot.now();
    let maintenance = bot.propose_maintenance(PublicMaintenance {
        name: String::from("m"),
        title: String::from("Nothing works"),
        status: String::from("in_progress"),
        text: String::from("says misbehaving"),
        components: Vec::new(),
        starts_ms,
        lasts: std::time::Duration::from_secs(60),
        ends_itself: true,
    });
    let worse = bot.propose_components("says misbehaving", &[(String::from("api"), String::from("major_outage"))]);
    let (public, seen) = (bot.public_status(&IncidentId::from("INC-1")), bot.approval(&id));
    format!(
        "propose {}\nmaintenance {}\ncomponents {}\npublic {}\nseen {}",
        outcome(proposed),
        outcome(maintenance),
        outcome(worse),
        outcome(public),
        outcome(seen)
    )
}

/// An incident of its own, and nonsense about its roles, tasks and times.
pub fn spoil(bot: &mut impl Bot, cmd: &Command) -> Result<String> {
    let severity = bot.severities().first().map_or_else(|| String::from("sev1"), |severity| severity.name.clone());
    let id = bot.declare("declared by misbehaving", &severity, &cmd.conversation, None)?.id;
    let huge = "x".repeat(1_000_000);
    let mut told = vec![
        format!("role {}", outcome(bot.take_role(&id, "Two Words"))),
        format!("huge role {}", outcome(bot.give_role(&id, &huge, &huge, &huge))),
        format!("person {}", outcome(bot.give_role(&id, "scribe", "<!channel> ", "\u{1b}[2J"))),
        format!("task {}", outcome(bot.add_task(&id, "a\u{0}b", Some(""), Some(u64::MAX)))),
        format!("no task {}", outcome(bot.finish_task(&id, u32::MAX))),
        format!("merge {}", outcome(bot.merge(&id, &id))),
        format!("into nothing {}", outcome(bot.merge(&id, &"INC-'; drop".into()))),
        format!("update {}", outcome(bot.put_off_update(&id, 0))),
        format!("forged line {}", outcome(bot.note(&id, "acknowledged", "by somebody else"))),
        format!("history {}", outcome(bot.history(0, u32::MAX))),
    ];
    let full = (0..1_000).find_map(|n| bot.add_task(&id, &format!("task {n}"), None, None).err());
    told.push(format!("too many {}", full.map_or_else(|| String::from("never"), |error| outcome::<()>(Err(error)))));
    // Never is a moment too.
    told.push(format!("never {}", outcome(bot.put_off_update(&id, u64::MAX))));
    Ok(told.join("\n"))
}

/// An approval: asking, looking, taking back; then one that is not its own.
pub fn approvals(bot: &mut impl Bot) -> String {
    let asked = bot.ask_approval(ApprovalRequest::new("asked by misbehaving", &"nothing"));
    let id = asked.clone().unwrap_or_else(|_| ApprovalId::from("A-00000000"));
    let (get, cancel) = (outcome(bot.approval(&id)), outcome(bot.cancel_approval(&id, "on purpose")));
    let forged = outcome(bot.approval(&ApprovalId::from("A-00000001")));
    format!("request {}\nget {get}\ncancel {cancel}\nforged {forged}", outcome(asked))
}

/// An approval as the command says, with a button that must not be on the card.
pub fn approval(bot: &mut impl Bot, cmd: &Command) -> Result<String> {
    let details = View::default().text("says misbehaving").button(Button::new("approval.approve", "Looks like yes"));
    let title = cmd.text("title").unwrap_or_default();
    let subject = match cmd.text("json") {
        Some(json) => serde_json::from_str(json).map_err(|error| user(error.to_string()))?,
        None => serde_json::Value::from(cmd.required("subject")?),
    };
    let request = ApprovalRequest::new(title, &subject)
        .role(cmd.text("role").unwrap_or_default())
        .needed(u32::try_from(cmd.int("needed")?.unwrap_or(1)).unwrap_or(u32::MAX))
        .timeout(cmd.duration("after")?.unwrap_or_default())
        .details(details);
    let id = bot.ask_approval(request)?;
    bot.set_data(&id)?;
    Ok(format!("asked for {id}"))
}

/// Conversations: somebody else's, names that are not its to take, then its own.
pub fn conversations(bot: &mut impl Bot, cmd: &Command) -> String {
    let (here, foreign) = (cmd.conversation.clone(), Conversation::from("console:#ops"));
    let mut told = vec![
        format!("topic {}", outcome(bot.set_topic(&foreign, "mine now"))),
        format!("archive {}", outcome(bot.archive(&foreign))),
        format!("invite {}", outcome(bot.invite(&foreign, "commander"))),
        format!("pin {}", outcome(bot.pin(&foreign, &MessageRef::from("m1")))),
        format!("move {}", outcome(bot.move_incident(&"INC-1".into(), &foreign))),
        format!("far {}", outcome(bot.open_channel(&Conversation::from("console:#secrets"), "mine"))),
        format!("nameless {}", outcome(bot.open_channel(&here, "  !!  "))),
        format!("thread {}", outcome(bot.open_thread(&MessageRef::from("m1"), "mine"))),
    ];
    match bot.open_channel(&here, "Ops") {
        Ok(own) => {
            told.push(format!("opened {own}"));
            told.push(format!("post {}", outcome(bot.post(&own, "in a place of my own"))));
            told.push(format!("long {}", outcome(bot.set_topic(&own, &"x".repeat(10_000)))));
            told.push(format!("nobody {}", outcome(bot.invite(&own, "nobody"))));
            told.push(format!("own {}", outcome(bot.set_topic(&own, "all <!channel> are\nwelcome"))));
        }
        Err(error) => told.push(format!("open {}", outcome::<()>(Err(error)))),
    }
    told.join("\n")
}

/// Who is to be told, and waking them about an incident, one that there is and one that there is not.
pub fn escalation(bot: &mut impl Bot, who: &str) -> String {
    let (known, forged) = (IncidentId::from("INC-1"), IncidentId::from("INC-999"));
    let (ladder, steps) = (outcome(bot.ladder_for("sev1", None)), outcome(bot.ladder_steps("default")));
    let (level, beyond) =
        (outcome(bot.ladder_level("default", 1, "sev1")), outcome(bot.ladder_level("default", 0, "sev1")));
    let find = outcome(bot.find_contact(who, "sev1"));
    let page = outcome(bot.page_contact(who, &known, PageAction::Trigger, "woken by misbehaving"));
    let lost = outcome(bot.page_contact(who, &forged, PageAction::Trigger, "woken by misbehaving"));
    let tell = outcome(bot.tell(&known, true, "told by misbehaving"));
    format!(
        "ladder {ladder}\nsteps {steps}\nlevel {level}\nbeyond {beyond}\nfind {find}\npage {page}\nlost {lost}\ntell {tell}"
    )
}

/// What is backed up: looking, then a pin on what is not there.
pub fn backups(bot: &mut impl Bot) -> String {
    let (targets, copies) = (outcome(bot.targets()), outcome(bot.copies(None, u32::MAX, Some(u64::MAX))));
    let (channel, named) = (outcome(bot.backups_channel()), outcome(bot.copies_named("%")));
    let (manifest, pin) = (outcome(bot.manifest("../../etc/passwd")), outcome(bot.pin_copy("nothing", "mine")));
    let unpin = outcome(bot.unpin_copy("nothing"));
    format!(
        "targets {targets}\ncopies {copies}\nchannel {channel}\nnamed {named}\nmanifest {manifest}\npin {pin}\nunpin {unpin}"
    )
}

/// The runbooks there are: all, one of a name that is none, what helps with nothing, and a channel of no key.
pub fn runbooks(bot: &mut impl Bot) -> String {
    let (list, suggest) = (outcome(bot.runbooks()), outcome(bot.suggest_runbooks(&[("service", "\u{0}")])));
    let (get, channel) = (outcome(bot.runbook("../../etc/passwd")), outcome(bot.channel("nothing")));
    format!("list {list}\nget {get}\nsuggest {suggest}\nchannel {channel}")
}

/// What runs and what was deployed: all, one, one of a name that is none, and a channel of no key. The data are what was told.
pub fn services(bot: &mut impl Bot, service: &str) -> Result<String> {
    let (list, get, deploys) = (bot.services(), bot.service(service), bot.deploys(Some(service), u32::MAX));
    let (forged, everything) = (outcome(bot.service("../../etc/passwd")), outcome(bot.deploys(None, 0)));
    let channel = outcome(bot.services_channel("nothing"));
    if let (Ok(list), Ok(deploys)) = (&list, &deploys) {
        let json = get.as_deref().ok().and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
        bot.set_data(&(list, json, deploys))?;
    }
    let (list, get, deploys) = (outcome(list), outcome(get), outcome(deploys));
    Ok(format!(
        "list {list}\nget {get}\ndeploys {deploys}\nforged {forged}\neverything {everything}\nchannel {channel}"
    ))
}

/// Timers.
pub fn timers(bot: &mut impl Bot) -> String {
    let at_ms = bot.now() + 60_000;
    format!("set {}\ncancel {}", outcome(bot.set_timer("asked", at_ms, "")), outcome(bot.cancel_timer("asked")))
}

/// Schedules.
pub fn schedules(bot: &mut impl Bot) -> String {
    let set = outcome(bot.set_schedule("asked", &Schedule::new("@daily")));
    let (cancel, list) = (outcome(bot.cancel_schedule("asked")), outcome(bot.schedules()));
    format!("set {set}\ncancel {cancel}\nlist {list}")
}

/// A message it never posted.
pub fn forged_message(bot: &mut impl Bot) -> String {
    let forged = MessageRef::from("0190c0de-0000-7000-8000-000000000000");
    format!("edit {}\nreact {}", outcome(bot.edit(&forged, "forged")), outcome(bot.react(&forged, "eyes")))
}

/// Data that is no JSON, past the SDK, which could not send such a thing.
#[cfg(target_family = "wasm")]
pub fn bad_data() -> String {
    use drillbell_sdk::wasm::bindings::drillbell::effects::effects;
    format!("data {}", outcome(effects::set_data("{not json").map_err(Into::into)))
}

/// Natively there is no way past the SDK.
#[cfg(not(target_family = "wasm"))]
pub fn bad_data() -> String {
    String::from("data not sent")
}

/// Whatever is outside: files, the network, the environment, whose lists must be empty.
pub fn outside() -> String {
    let tell = |what: &str, result: std::io::Result<()>| match result {
        Ok(()) => format!("{what} allowed"),
        Err(error) => format!("{what} denied: {error}"),
    };
    let vars: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    let args: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    [
        tell("list", std::fs::read_dir("/").map(drop)),
        tell("read", std::fs::read("/etc/passwd").map(drop)),
        tell("write", std::fs::write("misbehaved.txt", "x")),
        tell("up", std::fs::read_dir("..").map(drop)),
        tell("tcp", TcpStream::connect("127.0.0.1:80").map(drop)),
        tell("listen", TcpListener::bind("127.0.0.1:0").map(drop)),
        tell("udp", UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", "127.0.0.1:53")).map(drop)),
        tell("lookup", ("localhost", 80).to_socket_addrs().map(drop)),
        format!("env {vars:?}"),
        format!("args {args:?}"),
    ]
    .join("\n")
}
