//! `/rollback deploys`: what was deployed of a service, and what of it stands in the way back.

use crate::{chain, memory, service};
use drillbell_sdk::{Bot, Command, Deployed, Result, Tone, View, time};
use serde_json::json;

/// Deploys that are listed.
const LISTED: u32 = 20;

/// `/rollback deploys SERVICE`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    let name = &service.name;
    let deploys = bot.deploys(Some(name), LISTED)?;
    let runs = memory::ran(bot, name)?.now(&deploys);
    bot.set_data(&json!({ "service": name, "runs": runs, "deploys": deploys }))?;
    if deploys.is_empty() {
        let text = format!("Whoever deploys it says so: `drillbell deploy record {name} --version V --previous P`.");
        bot.reply(View::titled(format!("No deploy of {name} is recorded")).tone(Tone::Warning).text(text))?;
        return Ok(());
    }
    let mut view = View::titled(format!("Deploys of {name}"));
    if let Some(runs) = runs {
        view = view.field("Runs now", runs);
    }
    view = view.code(deploys.iter().map(line).collect::<Vec<_>>().join("\n"));
    for deploy in &deploys {
        if !deploy.disagrees.is_empty() {
            view = view.text(format!("{}: {}", deploy.version, deploy.disagrees));
        }
    }
    bot.reply(view)?;
    Ok(())
}

fn line(deploy: &Deployed) -> String {
    let mut said = vec![format!("{}  {:<10}", time::day_hour_minute(deploy.at_ms), deploy.version)];
    if !deploy.previous.is_empty() {
        let word = if chain::is_rollback(&deploy.by) { "back from" } else { "after" };
        said.push(format!("{word} {}", deploy.previous));
    }
    if !deploy.commit.is_empty() {
        let short: String = deploy.commit.chars().take(10).collect();
        said.push(format!("commit {short}"));
    }
    if !deploy.by.is_empty() {
        said.push(format!("by {}", deploy.by));
    }
    if deploy.schema != "none" || !deploy.migrations.is_empty() {
        said.push(format!("schema {}", schema(deploy)));
    }
    said.join("  ")
}

/// What a deploy did to the schema: `expand: 0042_add_tax (safe)`; of a rollback what it left there: `keeps: 0042_add_tax (safe)`.
pub fn schema(deploy: &Deployed) -> String {
    let names: Vec<_> = deploy.migrations.iter().map(|one| format!("{} ({})", one.name, one.risk)).collect();
    let word = if chain::is_rollback(&deploy.by) { "keeps" } else { &deploy.schema };
    match names.is_empty() {
        true => deploy.schema.clone(),
        false => format!("{word}: {}", names.join(", ")),
    }
}
