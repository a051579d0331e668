//! A deployment in Kubernetes. `kubectl` is a program that writes down what it is asked, and keeps a deployment in a file: no cluster runs
//! here. What the deployment would run is started by `after`.

use super::assessed::way_back;
use super::{Shop, command, fails, passes, program, spec, stages};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use serde_json::json;

/// What the pods say they run.
const RUNS: &str = "registry.example.org/shop@sha256:00000000000000000000000000000000000000000000000000000000000000aa";

/// A shop whose version is the tag of an image, and the sections of a bot that sets it.
pub(super) async fn deployed() -> (Shop, String) {
    let shop = Shop::new("sed s/.*:// DIR/image");
    let dir = shop.dir().to_owned();
    std::fs::write(shop.path("image"), "registry.example.org/shop:2.0\n").unwrap();
    program(
        &shop,
        "kubectl",
        &format!(
            "echo \"$*\" >> {dir}/asked\n[ \"$1 $2\" = '--namespace prod' ] || exit 9\nshift 2\ncase \"$*\" in\n\
             *matchLabels*) echo '{{\"app\":\"web\"}}';;\n*imageID*) echo {RUNS} {RUNS};;\n\
             'get deployment web '*) cat {dir}/image;;\n\
             'set image deployment/web '*) echo \"${{4#shop=}}\" > {dir}/image;;\n\
             'rollout status '*) [ ! -e {dir}/stuck ] || {{ echo 'timed out waiting' >&2; exit 1; }};;\n*) exit 8;;\nesac"
        ),
    );
    assert_eq!(shop.start().await, "2.0");
    let sections = shop.sections(
        "[services.shop.rollback.strategies.cluster]\nkind = \"container\"\ntool = \"kubectl\"\nservice = \"web\"\n\
         container = \"shop\"\nimage = \"registry.example.org/shop\"\nnamespace = \"prod\"\nafter = [\"start\"]",
    );
    (shop, sections)
}

/// What was asked that changes something, or waits for it.
fn changes(shop: &Shop) -> Vec<String> {
    let asked = std::fs::read_to_string(shop.path("asked")).unwrap_or_default();
    let changes = asked.lines().filter(|line| !line.contains(" get ")).map(str::to_owned);
    changes.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_gets_the_old_image_and_what_ran_before_is_known_by_its_digest() {
    let (shop, sections) = deployed().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, shop.with_programs(&sections)).await;
    let digest = RUNS.split_once('@').unwrap().1;
    // Nobody here could ask the registry.
    program(&shop, "docker", "echo no such host >&2; exit 1");
    let (status, detail) = way_back(&bot).await;
    assert_eq!(status, "unknown", "{detail}");
    assert!(detail.contains(digest) && detail.contains("no such host"), "{detail}");
    for (runs, expected) in [(digest, "pass"), (&*digest.replace("aa", "bb"), "fail")] {
        let asked = "buildx imagetools inspect --format {{json .Manifest}} registry.example.org/shop:2.0";
        let told = json!({"digest": runs});
        program(&shop, "docker", &format!("[ \"$*\" = '{asked}' ] && echo '{told}'"));
        let (status, detail) = way_back(&bot).await;
        assert_eq!(status, expected, "{detail}");
        assert!(detail.contains(digest), "{detail}");
    }
    assert!(changes(&shop).is_empty(), "a look changes nothing");

    let result = passes(&bot, &spec("cluster", json!({}))).await;
    assert_eq!(stages(&result), ["check pass", "set-image pass", "rollout pass", "after: start pass", "health pass"]);
    assert_eq!((shop.get().as_deref(), &result["image"]), (Some("1.0"), &json!(digest)));
    assert_eq!(
        changes(&shop),
        [
            "--namespace prod set image deployment/web shop=registry.example.org/shop:1.0",
            "--namespace prod rollout status deployment/web --timeout=540s"
        ]
    );
    fails(&bot, &spec("cluster", json!({})), "is at 1.0 already").await;
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_somebody_else_has_turned_or_that_does_not_come_up_is_said_and_tried_again_by_the_same_way() {
    let (shop, sections) = deployed().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, shop.with_programs(&sections)).await;
    fails(&bot, &spec("cluster", json!({"from": "3.0"})), "is at 2.0, and not at 3.0").await;
    let odd = bot.ana(&command(&spec("cluster", json!({"to": "1.0;reboot"})), "no")).await;
    assert!(odd.text.contains("a version"), "{}", odd.text);
    assert!(changes(&shop).is_empty());

    std::fs::write(shop.path("stuck"), "").unwrap();
    let result = fails(&bot, &spec("cluster", json!({})), "timed out waiting").await;
    assert_eq!(stages(&result), ["check pass", "set-image pass", "rollout fail"]);
    std::fs::remove_file(shop.path("stuck")).unwrap();
    // The image is set already; that is no reason to refuse an attempt of the same.
    let result = passes(&bot, &spec("cluster", json!({"again": true}))).await;
    assert_eq!((stages(&result).len(), shop.get().as_deref()), (5, Some("1.0")));
    bot.finish().await;
}
