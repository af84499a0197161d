//! `flickr-killr config`: every setting, its value and where it came from.

use anyhow::Result;
use domain::settings::{Origin, Setting, Settings};
use stack::supervisor::{HeldSetting, Running, StateDir};
use terminal_size::{Width, terminal_size};

use super::say::say;

/// How wide a table with the names of the variables is.
const WIDTH_WITH_VARIABLES: u16 = 100;

/// Prints the settings that hold for the site in the state directory: of a running one those that it was
/// started with, else those that `up` would take from here.
pub(super) fn run(settings: &Settings, here: Vec<Setting>) -> Result<()> {
    let here = worked_out(settings, here);
    let state = StateDir::find(&settings.place.state_dir)?;
    match Running::read(&state)?.filter(Running::is_alive) {
        Some(running) => show_running(&state, &running, &here),
        None => {
            say!(
                "no site runs in {}; `flickr-killr up` would take, from here:\n",
                state.path().display()
            );
            show(&here);
        }
    }
    Ok(())
}

/// Fills in what is worked out at the start of a site, and leaves out `no-lab`, which is a word for `lab`.
pub(super) fn worked_out(settings: &Settings, here: Vec<Setting>) -> Vec<Setting> {
    let no_lab = here.iter().find(|setting| setting.name == "no-lab");
    let hidden = no_lab
        .filter(|_| settings.no_lab)
        .map(|setting| setting.origin);
    here.into_iter()
        .filter(|setting| setting.name != "no-lab")
        .map(|mut setting| {
            match setting.name.as_str() {
                "workers" => setting.value = Some(settings.app_processes().to_string()),
                "lab" => {
                    setting.value = Some(settings.shows_lab().to_string());
                    setting.origin = hidden.unwrap_or(setting.origin);
                }
                "database-url" => {
                    setting.value.get_or_insert_with(|| "private".to_owned());
                }
                "config" => {
                    setting.value.get_or_insert_with(|| "none".to_owned());
                }
                _ => {}
            }
            setting
        })
        .collect()
}

/// The settings as a running site writes them down.
pub(super) fn held(settings: &[Setting]) -> Vec<HeldSetting> {
    let held = |setting: &Setting| HeldSetting {
        name: setting.name.clone(),
        value: setting.value.clone(),
        origin: setting.origin.to_string(),
    };
    settings.iter().map(held).collect()
}

fn show_running(state: &StateDir, running: &Running, here: &[Setting]) {
    say!(
        "the site in {} runs, with these settings since its start:\n",
        state.path().display()
    );
    say!("{:<22} {:<28} from", "setting", "value");
    let value_of = |held: &HeldSetting| match held.name.as_str() {
        // Port 0 became a real one, and a state directory may have moved.
        "listen" => running.listen.to_string(),
        "state-dir" => state.path().display().to_string(),
        _ => held.value.clone().unwrap_or_default(),
    };
    for held in &running.settings {
        say!("{:<22} {:<28} {}", held.name, value_of(held), held.origin);
    }
    if running.settings.is_empty() {
        // A site that an older program started.
        say!("{:<22} {:<28} -", "listen", running.listen);
        say!("{:<22} {:<28} -", "rung", running.rung);
    }
    let place = ["state-dir", "config", "user"];
    let differs = |setting: &&Setting| {
        let held = running
            .settings
            .iter()
            .find(|held| held.name == setting.name);
        setting.origin != Origin::Default
            && !place.contains(&setting.name.as_str())
            && held.is_some_and(|held| held.value != setting.value)
    };
    let others: Vec<Setting> = here.iter().filter(differs).cloned().collect();
    if !others.is_empty() {
        say!("\nset here, and not what runs; a new start would take:\n");
        show(&others);
    }
}

fn show(settings: &[Setting]) {
    let width = terminal_size().map_or(u16::MAX, |(Width(width), _)| width);
    let with_variables = width >= WIDTH_WITH_VARIABLES;
    let variable = |name: &str| match with_variables {
        true => format!(" {name}"),
        false => String::new(),
    };
    say!(
        "{:<22} {:<28} {:<11}{}",
        "setting",
        "value",
        "from",
        variable("variable")
    );
    for setting in settings {
        say!(
            "{:<22} {:<28} {:<11}{}",
            setting.name,
            setting.value.as_deref().unwrap_or("-"),
            setting.origin,
            variable(setting.variable.as_deref().unwrap_or("-")),
        );
    }
}
