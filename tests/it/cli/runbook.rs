//! `drillbell runbook`: what it prints and how it exits.

use std::process::Command;

fn drillbell(folder: &std::path::Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_drillbell")).args(args).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn lint_says_line_and_problem_and_exits_accordingly() {
    let folder = tempfile::tempdir().unwrap();
    let manual = include_str!("../../../docs/runbooks.md");
    let good = manual.split("````markdown\n").nth(1).unwrap().split("````").next().unwrap();
    std::fs::write(folder.path().join("good.md"), good).unwrap();
    std::fs::write(folder.path().join("bad.md"), good.replace("status = 503", "status = 99")).unwrap();
    let lint = |args: &[&str]| drillbell(folder.path(), &[&["runbook", "lint"], args].concat());
    assert_eq!(lint(&["good.md"]), (0, String::new(), String::new()));
    let (code, out, _) = lint(&["good.md", "bad.md"]);
    assert_eq!((code, out.as_str()), (1, "bad.md:28: problem: `status` is 200, [200, 204] or \"2xx\"\n"));
    let (code, _, said) = lint(&["gone.md"]);
    assert!(code == 2 && said.contains("gone.md cannot be read"), "{code} {said}");
    std::fs::write(folder.path().join("drillbell.toml"), "[runbooks]\ndir = \".\"").unwrap();
    let (code, out, _) = lint(&[]);
    assert!(
        code == 1 && out.contains("good.md:1: note: not ready: runbooks.values.ready_url is missing"),
        "{code} {out}"
    );
}

#[test]
fn import_prints_a_runbook_and_names_hazards_without_telling_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let document = "# Cache\n\n## Clear it\n\n```sh\nredis-cli -a hunter2secret FLUSHALL\n```\n";
    std::fs::write(folder.path().join("cache.md"), document).unwrap();
    let (code, out, said) = drillbell(folder.path(), &["runbook", "import", "cache.md"]);
    assert!(code == 0 && out.starts_with("+++\ntitle = \"Cache\""), "{code} {out}");
    assert!(said.starts_with("cache.md:6: H4: "), "{said}");
    assert!(!format!("{out}{said}").contains("hunter2"), "{out}{said}");
    let (code, ..) = drillbell(folder.path(), &["runbook", "import", "cache.md", "--out", "new.md"]);
    assert_eq!((code, drillbell(folder.path(), &["runbook", "lint", "new.md"]).0), (0, 0));
    assert_eq!(drillbell(folder.path(), &["runbook", "import", "cache.md", "--out", "new.md"]).0, 1, "it is there");
    assert_eq!(drillbell(folder.path(), &["runbook", "import", "gone.md"]).0, 2);
}

#[test]
fn export_writes_nine_documents_from_the_configuration_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[targets.shop]\nkind = \"postgres\"\nurl = \"postgres://shop:hunter2secret@db.example.org/shop\"\n\
                  [targets.shop.backup]\nschedule = \"5 * * * *\"\n[severities.sev1]\ntitle = \"Everything is down\"\n\
                  [runbooks.values]\napp_url = \"https://shop.example.org\"\n";
    std::fs::write(folder.path().join("drillbell.toml"), config).unwrap();
    let (code, out, said) = drillbell(folder.path(), &["runbook", "export", "docs"]);
    assert_eq!((code, out.lines().count()), (0, 9), "{out}{said}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join("docs").join(name)).unwrap();
    for (name, told) in [
        ("backups.md", "- schedule: `5 * * * *`"),
        ("backups.md", "**Missing:** encryption at rest: [artifacts] encrypt_to"),
        ("restore-drill.md", "**Missing:** a schedule: [targets.shop.drill] schedule"),
        ("rollback.md", "## Forward fix"),
        ("incidents.md", "- title: `Everything is down`"),
        ("runbook-db-down.md", "https://shop.example.org/readyz"),
        ("runbook-redis-down.md", "### Escalation contacts"),
        ("runbook-worker-down.md", "# Worker down"),
        ("runbook-5xx-spike.md", "## Symptoms"),
        ("runbook-migration-lock.md", "pg_blocking_pids"),
    ] {
        let told_in = read(name);
        assert!(told_in.contains(told.trim_start_matches('#').trim()), "{name}: {told}: {told_in}");
        assert!(!told_in.contains("hunter2"), "{name}: {told_in}");
    }
    assert_eq!(drillbell(folder.path(), &["runbook", "export", "docs"]).0, 0, "its own are written anew");
    std::fs::write(folder.path().join("docs/rollback.md"), "ours").unwrap();
    let (code, _, said) = drillbell(folder.path(), &["runbook", "export", "docs"]);
    assert!(code == 1 && said.contains("was not written by an export") && read("rollback.md") == "ours", "{said}");
}

#[test]
fn the_bundled_ones_have_no_problem_and_each_is_in_the_catalogue() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let catalogue = include_str!("../../../docs/runbooks-bundled.md");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root.join("assets/runbooks")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(catalogue.contains(&format!("| [`{name}`](../assets/runbooks/{name}.md) |")), "{name} is not in it");
        files.push(file.to_str().unwrap().to_owned());
    }
    files.push(root.join("assets/demo/shop-looks-wrong.md").to_str().unwrap().to_owned());
    assert!(files.len() > 36, "{files:?}");
    let args: Vec<&str> = ["runbook", "lint"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let (code, out, said) = drillbell(tempfile::tempdir().unwrap().path(), &args);
    let problems: Vec<&str> = out.lines().collect();
    assert_eq!((code, problems, said.as_str()), (0, Vec::new(), ""));
}
