//! `/rollback plan`: which way, why, what it takes and what is lost; and why not.

use super::*;

fn plan(bot: &mut FakeBot) -> String {
    run(bot, on("plan"));
    bot.transcript()
}

#[test]
fn code_goes_back_alone_when_nothing_of_the_schema_lies_between() {
    let mut bot = bot();
    insta::assert_snapshot!(plan(&mut bot), @r"
    reply m1
    Roll shop back from v2 to v1 (warning)
    By: release (release, low risk)
    No migration lies between the two versions: code alone goes back.
    ```
    1. check: look whether release can be done
    2. switch: point `current` at it
    3. restart: by restart-shop
    ```
    Expected to take: 5 min; nobody has measured it yet
    Lost: no data
    ~ Not git: it stands later in `order`.
    ~ Not schema: no migration lies between the two versions: there is nothing to migrate back.
    ~ Not full: it does more than is needed.
    [Roll back to v1] run shop|1772359320000, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to agree, and announces it, before it begins.
    ");
    let spec = &bot.data.as_ref().expect("data")["spec"];
    insta::assert_snapshot!(spec.to_string(), @r#"{"commit":"a1a1a1a1a1","from":"v2","from_commit":"b2b2b2b2b2","maintenance":false,"migrate_to":"","migrations":[],"object":"","safety":false,"service":"shop","strategy":"release","to":"v1"}"#);
    assert!(bot.jobs.is_empty() && bot.approvals.is_empty(), "a plan changes nothing");
}

#[test]
fn a_contract_migration_takes_the_schema_back_and_names_what_is_refused() {
    let mut bot = contracted();
    insta::assert_snapshot!(plan(&mut bot), @r"
    reply m1
    Roll shop back from v2 to v1 (warning)
    By: schema (migration, medium risk)
    It takes the schema back to 0041_add_tax, which undoes 1 migration: 0042_drop_email.
    ~ Migrations between the two, newest first; what goes back goes back in this order:
    ```
    risky     0042_drop_email  of v2
    ```
    ```
    1. check: look whether schema can be done
    2. switch: point `current` at it
    3. restart: by restart-shop
    ```
    Expected to take: 30 min; nobody has measured it yet
    Lost: no data
    Has to agree: 2 others
    It changes the schema: two have to agree.
    ~ Not release: v2 was recorded with the contract migration 0042_drop_email (line 1 drops the column email of users): the code of v1 may not run on the schema of v2.
    ~ Not git: v2 was recorded with the contract migration 0042_drop_email (line 1 drops the column email of users): the code of v1 may not run on the schema of v2.
    ~ Not full: it does more than is needed.
    [Roll back to v1] run shop|1772359320000, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to agree, and announces it, before it begins.
    ");
    let why = refused(&mut bot, on("plan").arg("strategy", "release"));
    insta::assert_snapshot!(why, @"release is refused: v2 was recorded with the contract migration 0042_drop_email (line 1 drops the column email of users): the code of v1 may not run on the schema of v2. schema may be used: `/rollback plan shop --strategy schema`. Nothing was done.");
    let why = refused(&mut bot, on("run").arg("strategy", "release"));
    assert!(why.contains("0042_drop_email") && why.ends_with("Nothing was done."), "{why}");
    assert!(bot.jobs.is_empty() && bot.approvals.is_empty());
}

#[test]
fn a_restore_says_in_minutes_what_is_lost_and_who_has_to_agree() {
    let mut bot = contracted();
    bot.copies[0].proven_ms = Some(bot.now_ms - 40 * DAY_MS);
    run(&mut bot, on("plan").arg("strategy", "full"));
    let data = bot.data.clone().expect("data");
    assert_eq!((&data["minutes_lost"], &data["approvals"]), (&json!(50), &json!(3)));
    assert_eq!(data["spec"]["object"], json!(bot.copies[0].object));
    assert_eq!((&data["spec"]["safety"], &data["spec"]["maintenance"]), (&json!(true), &json!(true)));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Roll shop back from v2 to v1 (warning)
    By: full (restore, high risk)
    0badcafe of 1 Mar 09:12 is the newest copy from before v2; 50 min of changes would be lost.
    ~ Migrations between the two, newest first; what goes back goes back in this order:
    ```
    risky     0042_drop_email  of v2
    ```
    ```
    1. check: look whether full can be done
    2. switch: point `current` at it
    3. restart: by restart-shop
    ```
    Expected to take: 1 h; nobody has measured it yet
    Lost: 50 min of changes
    Has to agree: 3 others
    It replaces data: two have to agree.
    A copy of shop-db was last proven 40 d ago, and a proof is to be at most 31 days old: one more has to agree.
    ~ Not release: v2 was recorded with the contract migration 0042_drop_email (line 1 drops the column email of users): the code of v1 may not run on the schema of v2.
    ~ Not git: v2 was recorded with the contract migration 0042_drop_email (line 1 drops the column email of users): the code of v1 may not run on the schema of v2.
    ~ Not schema: it may be used too, and changes less.
    [Roll back to v1] run shop|1772359320000, danger, once
    ~ Nothing has been done yet. The bot asks whoever has to agree, and announces it, before it begins.
    ");
}

#[test]
fn what_is_not_configured_is_said_to_be_missing() {
    let mut bot = contracted();
    let mut bare = shop();
    for key in ["health", "restart", "maintenance"] {
        bare[key] = json!(false);
    }
    bare["verify"] = json!([]);
    bare["rollback"]["smoke"] = json!(0);
    bot.with_service(bare);
    bot.copies[0].verdict = "unverified".to_owned();
    run(&mut bot, on("plan").arg("strategy", "schema"));
    let missing = &bot.data.as_ref().expect("data")["missing"];
    let lines: Vec<_> = missing.as_array().expect("a list").iter().map(|one| one.as_str().expect("text")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    [services.shop] names neither `restart` nor `stop` and `start`: what was switched has to take effect by itself
    [services.shop] has no `health`, no `verify` and no `smoke`: nobody can tell afterwards whether it helped
    [services.shop] has no `maintenance`: people meet errors while it lasts
    the newest copy of shop-db, 0badcafe of 1 Mar 09:12, is unverified
    ");
}

#[test]
fn how_long_it_took_is_remembered_by_stage() {
    let mut bot = bot();
    attempt(&mut bot, "release", "pass");
    later(&mut bot, 60);
    deployed(&mut bot, "v3");
    bot.transcript();
    run(&mut bot, on("plan"));
    let text = bot.transcript();
    assert!(text.contains("Expected to take: 5 min; it took 4.3 s the last time, 1 h ago"), "{text}");
    assert!(text.contains("~ Last time: check 12 ms, switch 3 ms, restart 4.2 s."), "{text}");
    assert!(text.starts_with("reply") && text.contains("Roll shop back from v3 to v1"), "v2 was rolled back: {text}");
}

#[test]
fn what_cannot_be_planned_says_what_would_help() {
    let mut bot = bot();
    let plan = |bot: &mut FakeBot, more: &[(&str, &str)]| {
        let built = on("plan");
        refused(bot, more.iter().fold(built, |built, (name, value)| built.arg(name, value)))
    };
    let mut told = vec![
        plan(&mut bot, &[("to", "v9")]),
        plan(&mut bot, &[("to", "v2")]),
        plan(&mut bot, &[("strategy", "magic")]),
        plan(&mut bot, &[("strategy", "schema")]),
        refused(&mut bot, command("rollback plan").arg("service", "mail")),
    ];
    bot.deploys[1].commit = String::new();
    run(&mut bot, on("plan").arg("strategy", "git"));
    told.push(bot.data.as_ref().expect("data")["reasons"].to_string());
    bot.deploys.truncate(1);
    bot.deploys[0].previous = String::new();
    told.push(plan(&mut bot, &[]));
    bot.deploys.clear();
    told.push(plan(&mut bot, &[]));
    let mut bare = shop();
    bare["rollback"] = Value::Null;
    bot.with_service(bare);
    told.push(plan(&mut bot, &[]));
    insta::assert_snapshot!(told.join("\n"), @r#"
    No deploy of shop v9 is recorded. v2 runs; recorded are besides: v1.
    shop is at v2 already.
    `magic` is no strategy of shop; there are: release, git, schema, full.
    schema is refused: no migration lies between the two versions: there is nothing to migrate back. release may be used: `/rollback plan shop --strategy release`. Nothing was done.
    `mail` is no service; there are: shop.
    ["no migration lies between the two versions: code alone goes back","no commit is recorded for v1: git looks for a tag of that name"]
    Nobody knows what ran before v2: its deploy names no previous version, and none before it is recorded. Say it with --to, after `drillbell deploy record shop --version V`.
    No deploy of shop is recorded, so nobody knows what runs and what ran before. Whoever deploys says so: `drillbell deploy record shop --version V --previous P`.
    shop has no strategy: [services.shop.rollback.strategies.NAME] says how it is rolled back.
    "#);
}
