//! Opening the console's page in the person's own browser, where there is a screen to open it on. As good as it goes: that it
//! does not work is no reason to say anything, since the link is printed as well.

use crate::config::Env;
use std::process::Stdio;

/// What opens an address on this kind of desktop.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
/// Variables of which one says that there is a screen.
const SCREENS: [&str; 2] = ["DISPLAY", "WAYLAND_DISPLAY"];

/// Whether there is a screen.
pub(super) fn has_screen(env: &Env) -> bool {
    cfg!(target_os = "macos") || SCREENS.iter().any(|name| env.get(name).is_ok_and(|value| !value.is_empty()))
}

/// Opens an address and does not wait for it.
pub(super) fn open(url: &str) {
    let mut command = tokio::process::Command::new(OPENER);
    // In a process group of its own, so that Ctrl-C here does not end a browser there.
    command.arg(url).process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(mut child) => drop(tokio::spawn(async move { child.wait().await })),
        Err(error) => tracing::debug!(error = %error, "no browser could be opened"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_screen_nothing_is_opened() {
        let env: Env = [("DISPLAY", "")].into_iter().collect();
        assert_eq!(has_screen(&env), cfg!(target_os = "macos"));
        for name in SCREENS {
            assert!(has_screen(&[(name, ":0")].into_iter().collect()), "{name}");
        }
    }
}
