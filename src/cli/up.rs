//! `flickr-killr up`: the whole site.

use anyhow::Result;
use domain::settings::{Demo, Settings};
use stack::supervisor::{self, HeldSetting, Plan};

/// Runs the site until a signal stops it.
pub(super) fn run(settings: &Settings, held: Vec<HeldSetting>) -> Result<()> {
    supervisor::up(&plan(settings, held))
}

fn plan(settings: &Settings, held: Vec<HeldSetting>) -> Plan {
    // `up` estimates from these numbers how much disk a new database takes.
    let (users, photos) = match settings.demo {
        Some(Demo::None) => (0, 0),
        Some(Demo::Full) | None => (settings.users, settings.photos),
    };
    Plan {
        state_dir: settings.place.state_dir.clone(),
        user: settings.place.user.clone(),
        rung: settings.rung,
        listen: settings.listen,
        users,
        photos,
        app_processes: settings.app_processes(),
        database_url: settings.database_url.clone(),
        database_connections: settings.database_connections,
        memcached_mb: settings.memcached_mb,
        derivatives_max_bytes: settings.derivatives_max_bytes(),
        disk_reserve: settings.disk_reserve,
        lab: settings.shows_lab(),
        lab_hosts: settings.lab_host.clone(),
        demo_logins: settings.demo_logins,
        settings: held,
        prepare: super::db::prepare_arguments(settings),
    }
}
