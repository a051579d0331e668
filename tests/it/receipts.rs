//! Receipts: whatever a plugin asked of the host stands on one, refused or not, and the trail holds its digest.

use crate::support::bot::{HERE, MISBEHAVING, SEV, Setup, TestBot, with_bot_of};
use crate::support::script::SameOnBoth;
use drillbell::model::receipt::{HostRequest, Receipt};
use sha2::{Digest, Sha256};

/// The receipt of a call, checked against the digest in the trail.
async fn receipt(bot: &TestBot, id: &str, line: &str) -> Receipt {
    bot.delivers(id, "ana", HERE, line).await;
    let mut receipts = bot.app.store().receipts(&id.into()).await.unwrap();
    assert_eq!(receipts.len(), 1, "one call, one receipt: {receipts:?}");
    let receipt = receipts.remove(0);
    let digest = hex::encode(Sha256::digest(serde_json::to_string(&receipt).unwrap()));
    assert_eq!(bot.record(id).await["detail"]["receipt"], digest, "{line}");
    receipt
}

/// A receipt as lines, without how long things took.
fn lines(receipt: &Receipt) -> String {
    let line = |request: &HostRequest| {
        let HostRequest { function, destination, count, bytes, denied, .. } = request;
        let denied = if *denied { " DENIED" } else { "" };
        format!("{function}({destination}) ×{count}, {bytes} bytes{denied}")
    };
    receipt.requests.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_receipt_lists_every_request_with_destination_bytes_and_refusals() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(&format!("{SEV}\n{MISBEHAVING}")),
        async |bot| {
            let mut all = Vec::new();
            for (id, line) in [
                ("declare", "/sev declare sev1 checkout is down"),
                ("note", "/sev note seen"),
                ("kv", "/misbehave ask-kv"),
                ("post", "/misbehave ask-post console:#secrets"),
                ("incidents", "/misbehave ask-incidents"),
                ("forged", "/misbehave forge-ref"),
            ] {
                all.push(format!("> {line}\n{}", lines(&receipt(&bot, id, line).await)));
            }
            seen.saw(all.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > /sev declare sev1 checkout is down
    incidents.declare(console:#incidents) ×1, 182 bytes
    incidents.facts-of(INC-1) ×1, 133 bytes
    incidents.clocks-of() ×1, 68 bytes
    incidents.words-of() ×1, 196 bytes
    incidents.severities() ×1, 256 bytes
    settings.get(roles) ×1, 5 bytes
    status.rule-of() ×2, 8 bytes
    clock.now() ×1, 8 bytes
    conversations.home-of() ×1, 4 bytes
    view.build() ×24, 1838 bytes
    effects.reply(console:#incidents) ×1, 1874 bytes
    incidents.set-card(INC-1) ×1, 41 bytes
    conversations.pin(console:#incidents) ×1, 36 bytes
    effects.set-data() ×1, 477 bytes
    settings.get(nudge_minutes) ×1, 13 bytes
    timers.set() ×1, 17 bytes DENIED
    log.write() ×1, 176 bytes
    incidents.digest() ×2, 128 bytes
    escalation.ladder-for(sev1) ×1, 4 bytes

    > /sev note seen
    incidents.facts-of(INC-1) ×2, 266 bytes
    incidents.note(INC-1) ×1, 13 bytes
    view.build() ×28, 2112 bytes
    effects.reply(console:#incidents) ×1, 203 bytes
    incidents.get(INC-1) ×1, 149 bytes
    incidents.timeline(INC-1) ×1, 159 bytes
    incidents.clocks-of() ×1, 68 bytes
    incidents.words-of() ×1, 196 bytes
    incidents.severities() ×1, 256 bytes
    settings.get(roles) ×1, 5 bytes
    status.rule-of() ×1, 4 bytes
    clock.now() ×1, 8 bytes
    effects.set-data() ×1, 477 bytes
    effects.edit() ×1, 1981 bytes
    settings.get(nudge_minutes) ×1, 13 bytes
    timers.set() ×1, 17 bytes DENIED
    log.write() ×1, 176 bytes

    > /misbehave ask-kv
    kv.get(asked) ×1, 5 bytes
    kv.set(asked) ×1, 6 bytes
    kv.delete(asked) ×1, 5 bytes
    kv.list() ×1, 0 bytes
    view.build() ×2, 115 bytes
    effects.reply(console:#incidents) ×1, 151 bytes

    > /misbehave ask-post console:#secrets
    view.build() ×4, 365 bytes
    effects.post(console:#secrets) ×1, 92 bytes DENIED
    effects.reply(console:#incidents) ×1, 309 bytes

    > /misbehave ask-incidents
    incidents.listing() ×1, 0 bytes DENIED
    incidents.severities() ×1, 256 bytes
    incidents.declare(console:#incidents) ×1, 45 bytes DENIED
    view.build() ×2, 450 bytes
    effects.reply(console:#incidents) ×1, 486 bytes

    > /misbehave forge-ref
    view.build() ×4, 304 bytes
    effects.edit() ×1, 106 bytes
    effects.react() ×1, 40 bytes
    effects.reply(console:#incidents) ×1, 270 bytes
    ");
}

#[test]
fn a_call_that_fails_leaves_its_receipt_all_the_same() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let flood = receipt(&bot, "flood", "/misbehave call-flood").await;
            let mistake = receipt(&bot, "mistake", "/misbehave user-error").await;
            seen.saw(format!("{}\n\n{}", lines(&flood), lines(&mistake)));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    clock.now() ×1000, 8000 bytes

    view.build() ×2, 87 bytes
    effects.reply(console:#incidents) ×1, 123 bytes
    kv.set(must-not-remain) ×1, 16 bytes
    ");
}

#[test]
fn what_the_host_answers_itself_has_none() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            for (id, line) in [("help", "/drillbell help"), ("wrong", "/misbehave nonsense"), ("unknown", "/nobody")] {
                bot.delivers(id, "ana", HERE, line).await;
                assert!(bot.app.store().receipts(&id.into()).await.unwrap().is_empty(), "{line}");
                assert!(bot.record(id).await["detail"]["receipt"].is_null(), "{line}");
            }
        },
    );
}
