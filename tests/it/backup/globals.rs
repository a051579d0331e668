//! Roles of a whole server, kept beside a copy of one of its databases: made anew on another server by tools that never heard of the
//! bot. Passwords are not among them.

use super::{Keys, copied, piped, psql, setup, store_of, verdict};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::{Cluster, binaries};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::Read;
use std::process::Command;

const MEMBERS: &str = "select m.rolname || ' in ' || g.rolname || ', ' || array_to_string(m.rolconfig, ';') from pg_auth_members a \
                       join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid where m.rolname = 'cashier'";

/// The manifest of a copy, as it lies in the store.
pub(super) fn manifest(bot: &TestBot, object: &str) -> Value {
    let file = store_of(bot).join(format!("{object}.manifest.json"));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_kept_where_that_is_asked_for_and_a_stranger_makes_them_anew() {
    let (old, new, keys) = (Cluster::start(false), Cluster::start(false), Keys::new());
    let (source, empty, folder) = (old.create(), new.create(), tempfile::tempdir().unwrap());
    psql(
        &source,
        "create role staff; create role cashier login password 'hunter2-hunter2'; grant staff to cashier; \
         alter role cashier set work_mem = '7MB'; create table t (n int); grant select on t to staff",
    );
    // Programs without `pg_dumpall` among them.
    for tool in ["pg_dump", "psql"] {
        std::os::unix::fs::symlink(binaries().join(tool), folder.path().join(tool)).unwrap();
    }
    let target = |name: &str, more: &str, globals: bool| {
        let head = format!("[targets.{name}]\nkind = \"postgres\"\nurl = {source:?}\n{more}");
        format!("{head}[targets.{name}.backup]\nglobals = {globals}\n")
    };
    let sections = [
        keys.section(),
        target("shop", "", true),
        target("plain", "", false),
        target("lacking", &format!("pg_bin = {:?}\n", folder.path()), true),
    ];
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections.concat())).await;

    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let sealed = BASE64_STANDARD.decode(manifest(&bot, &object)["globals"].as_str().unwrap()).unwrap();
    let (opened, mut packed) = (age::Decryptor::new(&sealed[..]).unwrap(), Vec::new());
    let key = std::iter::once(&keys.identity as &dyn age::Identity);
    opened.decrypt(key).unwrap().read_to_end(&mut packed).unwrap();
    let sql = piped(Command::new("zstd").args(["-d", "-c", "-q"]), &packed);
    let text = String::from_utf8(sql.clone()).unwrap();
    assert!(text.contains("CREATE ROLE cashier") && !text.contains("SCRAM") && !text.contains("hunter2"), "{text}");
    assert_eq!(verdict(&bot, &object).await.0, "verified");

    piped(Command::new("psql").args(["-X", "-q", "-d", &empty]), &sql);
    assert_eq!(psql(&empty, MEMBERS), psql(&source, MEMBERS));
    assert_eq!(psql(&empty, MEMBERS), "cashier in staff, work_mem=7MB");

    let plain = copied(&bot, "plain").await;
    assert_eq!(manifest(&bot, plain["object"].as_str().unwrap())["globals"], Value::Null);
    // The rows are worth more than the roles: there is a copy, and it says what is not beside it.
    let lacking = copied(&bot, "lacking").await;
    assert!(lacking["notes"][0].as_str().unwrap().starts_with("the roles were not kept: pg_dumpall of "), "{lacking}");
    let beside = manifest(&bot, lacking["object"].as_str().unwrap());
    assert_eq!((&beside["globals"], &beside["contents"]["tables"][0]["rows"]), (&Value::Null, &json!(0)));
    bot.finish().await;
}

#[test]
fn only_a_server_has_roles() {
    let text = "[targets.media]\nkind = \"files\"\npath = \"media\"\n[targets.media.backup]\nglobals = true\n";
    let env: drillbell::config::Env = Default::default();
    let file = std::path::Path::new("/etc/drillbell/drillbell.toml");
    let said = drillbell::config::Config::parse(text, file, &env).unwrap_err().to_string();
    assert!(said.contains("targets.media.backup.globals"), "{said}");
}
