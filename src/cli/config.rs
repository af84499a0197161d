//! `flickr-killr config`: every setting, its value and where it came from.

use anyhow::Result;
use domain::settings::{Origin, Setting, Settings};
use stack::supervisor::{HeldSetting, Running, StateDir};
use terminal_size::{Width, terminal_size};

use super::output::print_line;

/// How many columns a terminal needs to show the table with the names of the variables.
const WIDTH_WITH_VARIABLES: u16 = 100;

/// Prints the settings of the site in the state directory: those a running site was started with, else those that
/// `up` would use from here.
pub(super) fn run(settings: &Settings, here: Vec<Setting>) -> Result<()> {
    let here = with_derived_values(settings, here);
    let state = StateDir::find(&settings.place.state_dir)?;
    match Running::read(&state)?.filter(Running::is_alive) {
        Some(running) => show_running(&state, &running, &here),
        None => {
            print_line!(
                "no site runs in {}; `flickr-killr up` would use, from here:\n",
                state.path().display()
            );
            show(&here);
        }
    }
    Ok(())
}

/// Fills in the values that `up` derives when it starts, and leaves out `no-lab`, which only negates `lab`.
pub(super) fn with_derived_values(settings: &Settings, here: Vec<Setting>) -> Vec<Setting> {
    let no_lab = here.iter().find(|setting| setting.name == "no-lab");
    let no_lab_origin = no_lab
        .filter(|_| settings.no_lab)
        .map(|setting| setting.origin);
    here.into_iter()
        .filter(|setting| setting.name != "no-lab")
        .map(|mut setting| {
            match setting.name.as_str() {
                "workers" => setting.value = Some(settings.app_processes().to_string()),
                "lab" => {
                    setting.value = Some(settings.shows_lab().to_string());
                    setting.origin = no_lab_origin.unwrap_or(setting.origin);
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

/// The settings in the form that `running.json` stores.
pub(super) fn for_run_file(settings: &[Setting]) -> Vec<HeldSetting> {
    let held = |setting: &Setting| HeldSetting {
        name: setting.name.clone(),
        value: setting.value.clone(),
        origin: setting.origin.to_string(),
    };
    settings.iter().map(held).collect()
}

fn show_running(state: &StateDir, running: &Running, here: &[Setting]) {
    print_line!(
        "the site in {} runs, with these settings since its start:\n",
        state.path().display()
    );
    print_line!("{:<22} {:<28} from", "setting", "value");
    let value_of = |held: &HeldSetting| match held.name.as_str() {
        // `up` replaces port 0 by a free port, and may have moved the state directory.
        "listen" => running.listen.to_string(),
        "state-dir" => state.path().display().to_string(),
        _ => held.value.clone().unwrap_or_default(),
    };
    for held in &running.settings {
        print_line!("{:<22} {:<28} {}", held.name, value_of(held), held.origin);
    }
    if running.settings.is_empty() {
        // An older version, which did not store its settings, started this site.
        print_line!("{:<22} {:<28} -", "listen", running.listen);
        print_line!("{:<22} {:<28} -", "rung", running.rung);
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
        print_line!("\nset here, and not what runs; a restart would use:\n");
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
    print_line!(
        "{:<22} {:<28} {:<11}{}",
        "setting",
        "value",
        "from",
        variable("variable")
    );
    for setting in settings {
        print_line!(
            "{:<22} {:<28} {:<11}{}",
            setting.name,
            setting.value.as_deref().unwrap_or("-"),
            setting.origin,
            variable(setting.variable.as_deref().unwrap_or("-")),
        );
    }
}
