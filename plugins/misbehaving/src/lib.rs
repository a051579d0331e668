//! The test guest: each subcommand of `/misbehave` does one thing that a plugin must not do, or may do only if granted,
//! and says what became of it where it lives to tell. It handles every kind of event and remembers what it got, so that
//! the host's tests can see each kind arrive. Never shipped.

mod asks;
mod floods;
mod harm;
mod jobs;

use drillbell_sdk::{
    Action, Alert, Approval, ApprovalId, Bot, Button, Command, Conversation, Declared, Deploy, Form, FormField,
    HostResult, Job, Level, OnAction, OnAlert, OnApproval, OnCommand, OnDeploy, OnIncident, OnJob, OnReaction, OnTimer,
    Once, Query, Reaction, Result, Schedule, Suggest, Suggestion, Timer, View, internal, user,
};
use serde::Serialize;

/// The plugin.
pub struct Misbehaving;

impl OnCommand for Misbehaving {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        let told = match cmd.subcommand.as_str() {
            "ok" => String::from("ok"),
            "echo" => {
                bot.set_data(&cmd)?;
                cmd.args.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
            }
            "loop" => harm::spin(),
            "memory" => harm::take_memory(),
            "stack" => harm::recurse(),
            "panic" => panic!("misbehaving on purpose"),
            "exit" => std::process::exit(3),
            "sleep" => harm::sleep(),
            "slow-but-fine" => harm::work_a_while(),
            "stderr-flood" => harm::flood_stderr(),
            "huge-output" => floods::huge_output(bot),
            "many-views" => floods::many_views(),
            "many-blocks" => floods::many_blocks(bot),
            "chart" if cmd.flag("many") => floods::many_points(bot),
            "chart" => {
                bot.reply(floods::chart(120))?;
                return Ok(());
            }
            "call-flood" => floods::calls(bot),
            "effect-flood" => floods::effects(bot),
            "log-flood" => floods::log(bot),
            "ask-kv" => asks::kv(bot),
            "ask-post" => asks::post(bot, cmd.required("to")?),
            "ask-page" => asks::page(bot, &cmd)?,
            "spoil-incident" => asks::spoil(bot, &cmd)?,
            "ask-incidents" => asks::incidents(bot, &cmd),
            "ask-approvals" => asks::approvals(bot),
            "ask-status" => asks::status(bot),
            "approval" => asks::approval(bot, &cmd)?,
            "approval-cancel" => {
                let id = ApprovalId::from(cmd.required("id")?);
                format!("get {}\ncancel {}", outcome(bot.approval(&id)), outcome(bot.cancel_approval(&id, "no need")))
            }
            "ask-conversations" => asks::conversations(bot, &cmd),
            "ask-backups" => format!("{}\n{}", asks::backups(bot), asks::runbooks(bot)),
            "ask-services" => asks::services(bot, cmd.text("service").unwrap_or_default())?,
            "ask-escalation" => asks::escalation(bot, cmd.text("who").unwrap_or("ana")),
            "ask-timers" => asks::timers(bot),
            "ask-schedules" => asks::schedules(bot),
            "ask-jobs" => jobs::ask(bot),
            "job" => jobs::start(bot, &cmd)?,
            "jobs" => jobs::list(bot)?,
            "cancel-job" => {
                bot.cancel_job(cmd.required("id")?)?;
                String::from("told to end")
            }
            "ask-outside" => asks::outside(),
            "forge-ref" => asks::forged_message(bot),
            "bad-data" => asks::bad_data(),
            "user-error" => return Err(after_doing_something(bot, user("that was your mistake, on purpose"))?),
            "internal-error" => return Err(after_doing_something(bot, internal("that was my trouble, on purpose"))?),
            "kv-counter" => {
                let count: u64 = bot.get_json("counter")?.unwrap_or(0) + 1;
                bot.set_json("counter", &count)?;
                bot.set_data(&count)?;
                format!("the counter is {count}")
            }
            "clock" => {
                let (first, second) = (bot.now(), bot.now());
                let greeting: Option<String> = bot.setting("greeting")?;
                format!("{first} {second} {}", greeting.unwrap_or_default())
            }
            "seen" => {
                let seen = bot.list("seen:", 1000)?;
                bot.set_data(&seen)?;
                seen.into_iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join("\n")
            }
            "set-timer" => {
                let name = cmd.required("name")?;
                let after = cmd.duration("after")?.unwrap_or_default();
                let at_ms = bot.now() + u64::try_from(after.as_millis()).unwrap_or(u64::MAX / 2);
                bot.set_timer(name, at_ms, &format!("payload of {name}"))?;
                format!("timer {name} is set for {at_ms}")
            }
            "set-schedule" => {
                let name = cmd.required("name")?;
                let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                let schedule = Schedule {
                    start_by_ms: cmd.duration("start-by")?.map(ms),
                    run_limit_ms: cmd.duration("run-limit")?.map(ms),
                    ..Schedule::new(cmd.required("expression")?)
                        .zone(cmd.text("zone").unwrap_or_default())
                        .payload(format!("payload of {name}"))
                };
                let next = bot.set_schedule(name, &schedule)?;
                format!("schedule {name} is due first at {}", next.unwrap_or_default())
            }
            "cancel-schedule" => {
                bot.cancel_schedule(cmd.required("name")?)?;
                String::from("cancelled")
            }
            "cancel-timer" => {
                bot.cancel_timer(cmd.required("name")?)?;
                String::from("cancelled")
            }
            "card" => {
                let card = View::titled("Press these")
                    .button(Button::new("card", "Once").value("v1"))
                    .button(Button::new("user", "Once each").value("v2").once(Once::User))
                    .button(Button::new("never", "As often as you like").value("v3").once(Once::Never))
                    .button(Button::new("fail", "Fails").value("v4").danger());
                bot.reply(card)?;
                return Ok(());
            }
            "form-card" => {
                let form = Form::new("Report", "Send")
                    .command("/misbehave echo TEXT")
                    .field(FormField::new("title", "Title").required())
                    .field(FormField::new("more", "More").paragraph().hint("As much as you like"))
                    .field(FormField::new("count", "Count").number())
                    .field(FormField::new("level", "Level").select([("low", "Low"), ("high", "High")]));
                let card = View::titled("Fill this in")
                    .form(Button::new("report", "Report…").value("v5").primary().once(Once::Never), form)
                    .select("pick", "Colour", Once::Card, [("red", "Red"), ("green", "Green")]);
                bot.reply(card)?;
                return Ok(());
            }
            other => return Err(internal(format!("nothing handles {other}"))),
        };
        bot.reply(told)?;
        Ok(())
    }
}

impl OnAction for Misbehaving {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        if action.action == "fail" {
            return Err(after_doing_something(bot, user("that button fails, on purpose"))?);
        }
        remember(bot, "action", &action.action, &action);
        let entered = ["title", "more", "count", "level"];
        let told: Vec<_> =
            entered.iter().filter_map(|name| Some(format!("{name}={}", action.fields.text(name)?))).collect();
        if !told.is_empty() {
            bot.reply(format!("{} sent {} ({}): {}", action.by.name, action.action, action.value, told.join(", ")))?;
            return Ok(());
        }
        bot.reply(format!("{} pressed {} ({})", action.by.name, action.action, action.value))?;
        Ok(())
    }
}

impl OnIncident for Misbehaving {
    fn on_incident(bot: &mut impl Bot, declared: Declared) -> Result {
        bot.log(Level::Info, &format!("heard of {} by {}", declared.incident, declared.by));
        Ok(())
    }
}

impl OnAlert for Misbehaving {
    fn on_alert(bot: &mut impl Bot, alert: Alert) -> Result {
        remember(bot, "alert", &alert.fingerprint, &alert);
        match alert.labels.text("alertname") {
            Some("fail") => Err(internal("that alert is my trouble, on purpose")),
            // As anybody's plugin may that is granted it.
            Some("declare") if alert.status == "firing" => {
                bot.declare(&alert.title, "sev2", &"console:#ops".into(), alert.labels.text("service")).map(drop)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl OnDeploy for Misbehaving {
    fn on_deploy(bot: &mut impl Bot, deploy: Deploy) -> Result {
        remember(bot, "deploy", &deploy.service, &deploy);
        Ok(())
    }
}

impl OnTimer for Misbehaving {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        remember(bot, "timer", &timer.name, &timer);
        match timer.name.as_str() {
            "panics" => panic!("a timer that panics on purpose"),
            "replies" => {
                bot.reply("to nobody")?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl OnJob for Misbehaving {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        remember(bot, "job", &job.id, &job);
        if let Some((_, room)) = job.detail.split_once("say it in ") {
            let room = Conversation::from(room.split('"').next().unwrap_or_default());
            bot.post(&room, format!("a job of {} has ended: {}", job.kind, job.status))?;
        }
        Ok(())
    }
}

impl OnApproval for Misbehaving {
    fn on_approval(bot: &mut impl Bot, approval: Approval) -> Result {
        remember(bot, "approval", &approval.id, &approval);
        Ok(())
    }
}

impl OnReaction for Misbehaving {
    fn on_reaction(bot: &mut impl Bot, reaction: Reaction) -> Result {
        remember(bot, "reaction", &reaction.emoji, &reaction);
        Ok(())
    }
}

impl Suggest for Misbehaving {
    fn suggest(bot: &mut impl Bot, query: Query) -> Result<Vec<Suggestion>> {
        // Whatever a completion asks to be done must be dropped.
        remember(bot, "suggest", &query.argument, &query);
        let label = format!("{} {} {}", query.command, query.subcommand, query.argument);
        Ok(vec![Suggestion { value: format!("{}-completed", query.prefix), label }])
    }
}

/// Keeps the event under `seen:KIND:WHICH` and tells `console:#ops`; either may be denied, which only goes to the log.
fn remember(bot: &mut impl Bot, kind: &str, which: &str, event: &impl Serialize) {
    let text = serde_json::to_string(event).unwrap_or_default();
    bot.log(Level::Info, &format!("{kind} {text}"));
    if let Err(error) = bot.set(&format!("seen:{kind}:{which}"), &text) {
        bot.log(Level::Info, &outcome::<()>(Err(error)));
    }
    if let Err(error) = bot.post(&"console:#ops".into(), format!("{kind} {which}")) {
        bot.log(Level::Info, &outcome::<()>(Err(error)));
    }
}

/// What a handler does before it fails; none of it must remain.
fn after_doing_something(bot: &mut impl Bot, error: drillbell_sdk::Error) -> Result<drillbell_sdk::Error> {
    bot.reply("this must never be seen")?;
    if let Err(refused) = bot.set("must-not-remain", "1") {
        bot.log(Level::Info, &outcome::<()>(Err(refused)));
    }
    Ok(error)
}

/// `allowed`, or `denied: why`.
fn outcome<T>(answer: HostResult<T>) -> String {
    match answer {
        Ok(_) => String::from("allowed"),
        Err(error) => format!("{}: {error}", error.kind()),
    }
}

drillbell_sdk::export!(
    Misbehaving: on_command, on_action, on_alert, on_deploy, on_timer, on_job, on_approval, on_reaction, on_incident, suggest;
    manifest "plugin.toml"
);
