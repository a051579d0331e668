//! What wit-bindgen makes of `wit/`. Imports once; each handler in a world of its own, so that a component exports the
//! handlers its author named and no others (exports are subscriptions). Not part of the SDK's public face.

#![expect(missing_docs, reason = "generated: what has docs takes them from the WIT, and not everything has")]

wit_bindgen::generate!({ path: "../../wit", world: "plugin", generate_all });

/// A world with one handler, whose `export!` also carries the type of that world alone. Its types are those above.
macro_rules! handler {
    ($module:ident, $world:literal, $wit:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../wit",
                world: $world,
                inline: $wit,
                pub_export_macro: true,
                export_macro_name: "export",
                with: {
                    "drillbell:types/types@0.1.0": crate::wasm::bindings::drillbell::types::types,
                    "drillbell:plugin/events@0.1.0": crate::wasm::bindings::drillbell::plugin::events,
                },
            });
        }
    };
}

handler!(
    command,
    "drillbell:sdk-command/exports-command",
    "package drillbell:sdk-command; world exports-command { export drillbell:plugin/on-command@0.1.0; }"
);
handler!(
    action,
    "drillbell:sdk-action/exports-action",
    "package drillbell:sdk-action; world exports-action { export drillbell:plugin/on-action@0.1.0; }"
);
handler!(
    alert,
    "drillbell:sdk-alert/exports-alert",
    "package drillbell:sdk-alert; world exports-alert { export drillbell:plugin/on-alert@0.1.0; }"
);
handler!(
    deploy,
    "drillbell:sdk-deploy/exports-deploy",
    "package drillbell:sdk-deploy; world exports-deploy { export drillbell:plugin/on-deploy@0.1.0; }"
);
handler!(
    timer,
    "drillbell:sdk-timer/exports-timer",
    "package drillbell:sdk-timer; world exports-timer { export drillbell:plugin/on-timer@0.1.0; }"
);
handler!(
    job,
    "drillbell:sdk-job/exports-job",
    "package drillbell:sdk-job; world exports-job { export drillbell:plugin/on-job@0.1.0; }"
);
handler!(
    approval,
    "drillbell:sdk-approval/exports-approval",
    "package drillbell:sdk-approval; world exports-approval { export drillbell:plugin/on-approval@0.1.0; }"
);
handler!(
    reaction,
    "drillbell:sdk-reaction/exports-reaction",
    "package drillbell:sdk-reaction; world exports-reaction { export drillbell:plugin/on-reaction@0.1.0; }"
);
handler!(
    incident,
    "drillbell:sdk-incident/exports-incident",
    "package drillbell:sdk-incident; world exports-incident { export drillbell:plugin/on-incident@0.1.0; }"
);
handler!(
    suggest,
    "drillbell:sdk-suggest/exports-suggest",
    "package drillbell:sdk-suggest; world exports-suggest { export drillbell:plugin/suggest@0.1.0; }"
);
