//! The one line at the end of a plugin. It makes a component's exports; natively it only checks that they could be made.

/// Exports the named handlers, and only those, and puts the manifest into the component.
///
/// ```ignore
/// drillbell_sdk::export!(Greeter: on_command, on_timer; manifest "plugin.toml");
/// ```
///
/// Handlers: `on_command`, `on_action`, `on_alert`, `on_deploy`, `on_timer`, `on_job`, `on_approval`, `on_reaction`,
/// `on_incident`, `suggest`. What is named here is what the plugin is subscribed to. The manifest's path is relative to the plugin's
/// `Cargo.toml`; its text travels in the custom section `drillbell:manifest`.
#[macro_export]
macro_rules! export {
    ($plugin:ident : $($handler:ident),+ $(,)? ; manifest $manifest:literal $(;)?) => {
        const _: () = {
            const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $manifest));
            const _: () = assert!(!TEXT.is_empty(), "the manifest is empty");

            #[cfg(target_family = "wasm")]
            #[used]
            #[unsafe(link_section = "drillbell:manifest")]
            static MANIFEST: [u8; TEXT.len()] = *TEXT.as_bytes().as_array().expect("its own length");

            $( $crate::__export_handler!($handler, $plugin); )+
        };
    };
}

/// One arm for each handler: the trait it needs, and the world that exports it.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_handler {
    (on_command, $plugin:ident) => {
        $crate::__export_event!($plugin, OnCommand, command, on_command, Command);
    };
    (on_action, $plugin:ident) => {
        $crate::__export_event!($plugin, OnAction, action, on_action, Action);
    };
    (on_alert, $plugin:ident) => {
        $crate::__export_event!($plugin, OnAlert, alert, on_alert, Alert);
    };
    (on_deploy, $plugin:ident) => {
        $crate::__export_event!($plugin, OnDeploy, deploy, on_deploy, Deploy);
    };
    (on_timer, $plugin:ident) => {
        $crate::__export_event!($plugin, OnTimer, timer, on_timer, Timer);
    };
    (on_job, $plugin:ident) => {
        $crate::__export_event!($plugin, OnJob, job, on_job, Job);
    };
    (on_approval, $plugin:ident) => {
        $crate::__export_event!($plugin, OnApproval, approval, on_approval, Approval);
    };
    (on_reaction, $plugin:ident) => {
        $crate::__export_event!($plugin, OnReaction, reaction, on_reaction, Reaction);
    };
    (on_incident, $plugin:ident) => {
        $crate::__export_event!($plugin, OnIncident, incident, on_incident, Declared);
    };
    (suggest, $plugin:ident) => {
        const _: () = {
            #[cfg(not(target_family = "wasm"))]
            const fn implements<T: $crate::Suggest>() {}
            #[cfg(not(target_family = "wasm"))]
            const _: () = implements::<$plugin>();

            #[cfg(target_family = "wasm")]
            struct Exported;
            #[cfg(target_family = "wasm")]
            impl $crate::wasm::bindings::suggest::exports::drillbell::plugin::suggest::Guest for Exported {
                fn complete(
                    query: $crate::wasm::bindings::drillbell::plugin::events::Query,
                ) -> $crate::wasm::entry::Answer<Vec<$crate::wasm::bindings::drillbell::plugin::events::Suggestion>>
                {
                    $crate::wasm::entry::suggest::<$plugin>(query)
                }
            }
            #[cfg(target_family = "wasm")]
    $crate::wasm::bindings::suggest::export!(Exported with_types_in $crate::wasm::bindings::suggest);
        };
    };
    ($unknown:ident, $plugin:ident) => {
        compile_error!(concat!(
            "`",
            stringify!($unknown),
            "` is no handler; there are on_command, on_action, on_alert, on_deploy, ",
            "on_timer, on_job, on_approval, on_reaction, on_incident and suggest"
        ));
    };
}

/// An exported `handle` that hands its event to the author's trait.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_event {
    ($plugin:ident, $handler:ident, $module:ident, $interface:ident, $event:ident) => {
        const _: () = {
            #[cfg(not(target_family = "wasm"))]
            const fn implements<T: $crate::$handler>() {}
            #[cfg(not(target_family = "wasm"))]
            const _: () = implements::<$plugin>();

            #[cfg(target_family = "wasm")]
            struct Exported;
            #[cfg(target_family = "wasm")]
            impl $crate::wasm::bindings::$module::exports::drillbell::plugin::$interface::Guest for Exported {
                fn handle(
                    event: $crate::wasm::bindings::drillbell::plugin::events::$event,
                ) -> $crate::wasm::entry::Answer {
                    $crate::wasm::entry::$module::<$plugin>(event)
                }
            }
            #[cfg(target_family = "wasm")]
    $crate::wasm::bindings::$module::export!(Exported with_types_in $crate::wasm::bindings::$module);
        };
    };
}
