//! The state that handlers extract: use cases, the lab, files on disk, each by its own type.

use axum::extract::FromRef;
use domain::config;
use domain::rung::Rung;
use images::Shelf;
use ladder::lab::Live;
use site::Site;

use super::from_disk::FromDisk;

/// Everything that the router holds. A handler extracts the part that it needs.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub site: Site,
    /// The lab.
    pub lab: Lab,
    /// Serves files from disk before their handlers are called; none where nginx or memcached does.
    pub from_disk: Option<FromDisk>,
    /// The version of the ladder that pages name.
    pub rung: Rung,
    /// Whether `/healthz` and `/metrics` exist.
    pub probes: bool,
}

/// The lab of this process.
#[derive(Clone)]
pub struct Lab {
    /// Whether it is shown.
    pub is_shown: bool,
    /// The names of hosts under which it answers, beside addresses and `localhost`.
    pub hosts: Vec<String>,
    /// What it counts and draws.
    pub live: Live,
}

impl AppState {
    /// Assembles the state of a process; see [`Site::open`].
    ///
    /// # Errors
    ///
    /// As [`Site::open`].
    pub fn open(config: &config::Site) -> anyhow::Result<Self> {
        let site = Site::open(config)?;
        let public = config.derivatives.join(Shelf::Public.folder());
        let statics = config.files_from_disk.as_deref();
        Ok(Self {
            lab: Lab {
                is_shown: config.lab,
                hosts: config.lab_hosts.clone(),
                live: Live::new(site.db.clone(), &config.database_url, &config.memcached),
            },
            from_disk: statics.map(|statics| FromDisk::new(statics, &public)),
            rung: config.rung,
            probes: config.probes,
            site,
        })
    }
}

impl FromRef<AppState> for Site {
    fn from_ref(state: &AppState) -> Self {
        state.site.clone()
    }
}

impl FromRef<AppState> for Lab {
    fn from_ref(state: &AppState) -> Self {
        state.lab.clone()
    }
}

impl FromRef<AppState> for Option<FromDisk> {
    fn from_ref(state: &AppState) -> Self {
        state.from_disk.clone()
    }
}
