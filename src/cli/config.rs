//! `flickr-killr config`: every setting, its value and where it came from.

use anyhow::Result;

use super::say::say;
use crate::settings::Setting;

/// Prints one setting a line.
pub(super) fn run(settings: &[Setting]) -> Result<()> {
    say!("{:<22} {:<32} {:<12} variable", "setting", "value", "from");
    for setting in settings {
        say!(
            "{:<22} {:<32} {:<12} {}",
            setting.name,
            setting.value.as_deref().unwrap_or("-"),
            setting.origin,
            setting.variable.as_deref().unwrap_or("-"),
        );
    }
    Ok(())
}
