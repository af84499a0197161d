//! Finds the third-party programs that a version needs, and names the Debian packages of missing ones.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use domain::rung::{Files, Front, Rung};

/// Debian's folder with one subfolder for each PostgreSQL version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Every program that a version needs, located before any is started; `None` for one that it does not need.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) nginx: Option<PathBuf>,
    pub(super) memcached: Option<PathBuf>,
    pub(super) fcgiwrap: Option<PathBuf>,
    /// Ties the life of a child to the supervisor's (util-linux).
    pub(super) setpriv: PathBuf,
    /// The folder of `postgres` and `initdb`; `None` with an external database.
    pub(super) postgres: Option<PathBuf>,
}

impl Binaries {
    /// Locates all programs; the error lists every missing package. `cluster` is the path of the private PostgreSQL
    /// cluster, existing or not; `None` with an external database.
    pub(super) fn find(rung: Rung, cluster: Option<&Path>) -> Result<Self> {
        let mut missing = Vec::new();
        let mut found = |program: Option<PathBuf>, package| {
            if program.is_none() {
                missing.push(package);
            }
            program
        };
        let mut needed = |is_needed: bool, name| {
            let program = is_needed.then(|| found(on_path(name), name));
            program.flatten()
        };
        let nginx = needed(rung.front() != Front::App, "nginx");
        let memcached = needed(rung.files() == Files::Memcached, "memcached");
        let fcgiwrap = needed(rung.front() == Front::NginxAndCgi, "fcgiwrap");
        let setpriv = found(on_path("setpriv"), "util-linux");
        let postgres = match cluster {
            Some(cluster) => found(postgres_for(cluster)?, "postgresql"),
            None => None,
        };
        match setpriv {
            Some(setpriv) if missing.is_empty() => Ok(Self {
                nginx,
                memcached,
                fcgiwrap,
                setpriv,
                postgres,
            }),
            _ => bail!(
                "version {rung} needs programs that are missing; install the Debian packages: \
                 apt-get install {}",
                missing.join(" ")
            ),
        }
    }
}

/// Finds a program on the PATH, or in Debian's folders for the administrator, which are not on an ordinary user's
/// PATH.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|dir| dir.join(name))
        .find(|program| program.is_file())
}

/// Returns the program folder for a cluster: of its own version if it exists, else the newest installed.
fn postgres_for(cluster: &Path) -> Result<Option<PathBuf>> {
    let made = cluster.join("PG_VERSION");
    if !made.exists() {
        return Ok(newest());
    }
    let version = std::fs::read_to_string(&made)
        .with_context(|| format!("cannot read {}", made.display()))?;
    let version = version.trim();
    let own = Path::new(POSTGRES_VERSIONS).join(version).join("bin");
    if own.join("postgres").is_file() {
        return Ok(Some(own));
    }
    match on_path("postgres").and_then(|program| program.parent().map(Path::to_owned)) {
        Some(dir) if newest().is_none() => Ok(Some(dir)),
        _ => bail!(
            "the database in {} was made by PostgreSQL {version}, which is not installed; \
             install the Debian package: apt-get install postgresql-{version}",
            cluster.display()
        ),
    }
}

fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten();
    let newest = versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            let whole = ["postgres", "initdb"];
            let whole = whole.iter().all(|program| bin.join(program).is_file());
            whole.then_some((version, bin))
        })
        .max();
    let on_path = || {
        let initdb = on_path("initdb")?;
        initdb.parent().map(Path::to_owned)
    };
    newest.map(|(_, bin)| bin).or_else(on_path)
}
