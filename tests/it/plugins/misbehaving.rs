//! A plugin that does everything it must not do, as the people around it see it: one sentence for the user, a record in the
//! trail, nothing of it committed, and everybody else unharmed. Its limits as such are tested in `it/limits.rs`.

mod buttons;
mod events;
mod harm;
mod rights;
mod schedules;
mod shares;
mod timers;

/// The test guest under a name of the test's choice, with these grants and limits.
fn misbehaving(name: &str, grants: &[&str], limits: &str) -> String {
    let file = crate::support::bot::plugin_folder().join("misbehaving.wasm");
    format!("[plugins.{name}]\nsource = \"file:{}\"\ngrants = {grants:?}\nlimits = {{ {limits} }}\n", file.display())
}
