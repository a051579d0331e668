//! What programs get: the shape of each command's data, which is only ever added to.

use crate::support::bot::{SEV, Setup, with_bot_of};
use crate::support::script::SameOnBoth;
use serde_json::Value;

/// One command for each shape.
const LINES: [&str; 4] = [
    "/sev declare sev1 checkout is down --service shop",
    "/sev update it is the database",
    "/sev list",
    "/sev timeline INC-1",
];

/// Ids that differ each time.
fn without_ids(value: &mut Value) {
    match value {
        Value::String(text) if uuid::Uuid::parse_str(text).is_ok() => "UUID".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        Value::Object(fields) => fields.values_mut().for_each(without_ids),
        _ => {}
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

#[test]
fn the_shapes_of_answers_stay_as_they_are() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            let mut all = Vec::new();
            for line in LINES {
                let mut data = bot.ana(line).await.data.expect("data");
                without_ids(&mut data);
                all.push(format!("{line}\n{data:#}"));
            }
            seen.saw(all.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r#"
    /sev declare sev1 checkout is down --service shop
    {
      "changed": true,
      "facts": {
        "merged_into": null,
        "next_update_at": "2026-01-01T00:30:00.000Z",
        "roles": [],
        "spans": [
          {
            "acknowledged": null,
            "decided_at": null,
            "opened_at": "2026-01-01T00:00:00.000Z",
            "resolved_at": null,
            "restored_at": null
          }
        ],
        "tasks": []
      },
      "incident": {
        "conversation": "console:#incidents",
        "declared_at": "2026-01-01T00:00:00.000Z",
        "declared_by": "ana",
        "id": "INC-1",
        "latest": "",
        "resolved_at": null,
        "service": "shop",
        "severity": "sev1",
        "status": "investigating",
        "title": "checkout is down"
      }
    }

    /sev update it is the database
    {
      "changed": true,
      "facts": {
        "merged_into": null,
        "next_update_at": "2026-01-01T00:30:00.000Z",
        "roles": [],
        "spans": [
          {
            "acknowledged": null,
            "decided_at": null,
            "opened_at": "2026-01-01T00:00:00.000Z",
            "resolved_at": null,
            "restored_at": null
          }
        ],
        "tasks": []
      },
      "incident": {
        "conversation": "console:#incidents",
        "declared_at": "2026-01-01T00:00:00.000Z",
        "declared_by": "ana",
        "id": "INC-1",
        "latest": "it is the database",
        "resolved_at": null,
        "service": "shop",
        "severity": "sev1",
        "status": "investigating",
        "title": "checkout is down"
      }
    }

    /sev list
    {
      "incidents": [
        {
          "conversation": "console:#incidents",
          "declared_at": "2026-01-01T00:00:00.000Z",
          "declared_by": "ana",
          "id": "INC-1",
          "latest": "it is the database",
          "resolved_at": null,
          "service": "shop",
          "severity": "sev1",
          "status": "investigating",
          "title": "checkout is down"
        }
      ]
    }

    /sev timeline INC-1
    {
      "entries": [
        {
          "at": "2026-01-01T00:00:00.000Z",
          "author": "ana",
          "id": "UUID",
          "kind": "declared",
          "text": "sev1: checkout is down (shop)"
        },
        {
          "at": "2026-01-01T00:00:00.000Z",
          "author": "ana",
          "id": "UUID",
          "kind": "update",
          "text": "it is the database"
        }
      ],
      "incident": {
        "conversation": "console:#incidents",
        "declared_at": "2026-01-01T00:00:00.000Z",
        "declared_by": "ana",
        "id": "INC-1",
        "latest": "it is the database",
        "resolved_at": null,
        "service": "shop",
        "severity": "sev1",
        "status": "investigating",
        "title": "checkout is down"
      }
    }
    "#);
}

#[test]
fn every_command_that_changes_something_says_what_and_whether() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            for (line, changed) in [
                ("/sev declare sev1 checkout is down", true),
                ("/sev note seen", true),
                ("/sev level sev1", false),
                ("/sev level sev2", true),
                ("/sev update words", true),
                ("/sev ack", true),
                ("/sev ack", false),
                ("/sev role scribe", true),
                ("/sev role scribe @ana", false),
                ("/sev role scribe --release", true),
                ("/sev role scribe --release", false),
                ("/sev task add restart it --owner @ben --due +30m", true),
                ("/sev task done 1", true),
                ("/sev task done 1", false),
                ("/sev reopen INC-1", false),
                ("/sev resolve", true),
                ("/sev resolve --incident INC-1", false),
                ("/sev reopen INC-1", true),
            ] {
                let answer = bot.ana(line).await;
                let data = answer.data.unwrap_or_else(|| panic!("{line}: {}", answer.text));
                assert_eq!(keys(&data), ["changed", "facts", "incident"], "{line}");
                assert_eq!(data["changed"], changed, "{line}: {}", answer.text);
                assert_eq!(data["incident"]["id"], "INC-1", "{line}");
                assert_eq!(answer.incident.expect("an incident").as_str(), "INC-1", "{line}");
            }
            let shown = bot.ana("/sev show INC-1").await.data.unwrap();
            assert_eq!(keys(&shown), ["facts", "incident"]);
        },
    );
}
