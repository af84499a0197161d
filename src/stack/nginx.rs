//! nginx: the repository's own configuration, byte for byte, with the addresses beside it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use accelerator::nginx::Front;
use anyhow::Result;
use nix::sys::signal::Signal;

use super::account::Account;
use super::child::{Speaks, Spec};
use super::keeper::Service;
use super::probe::Probe;
use super::state::write_whole;

/// The front as a reader finds it in the repository.
const CONFIGURATION: &str = include_str!("../../nginx.conf");

/// How long visitors who are being served may take when the site stops.
const DRAIN_PATIENCE: Duration = Duration::from_secs(10);

/// What nginx stands in front of.
pub(super) struct Behind {
    pub(super) listen: SocketAddr,
    pub(super) apps: Vec<PathBuf>,
    pub(super) memcached: SocketAddr,
}

/// Writes the configuration into `dir` and returns nginx as a child to keep.
pub(super) fn service(
    program: PathBuf,
    account: &Account,
    dir: &Path,
    behind: Behind,
) -> Result<Service> {
    let temp_dir = dir.join("temp");
    account.own_dir(&temp_dir, 0o700)?;
    write_whole(&dir.join("nginx.conf"), CONFIGURATION.as_bytes())?;
    let front = Front {
        user: account.names_to_become(),
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        pid: dir.join("nginx.pid"),
        error_log: "stderr".into(),
        access_log: None,
        temp_dir,
        listen: behind.listen.to_string(),
        apps: behind.apps,
        memcached: vec![behind.memcached],
    };
    front.write_to(dir)?;
    let words = ["-e", "stderr", "-c", "nginx.conf", "-p"];
    let mut args: Vec<_> = words.into_iter().map(Into::into).collect();
    args.push(dir.into());
    Ok(Service {
        spec: Spec {
            name: "nginx".to_owned(),
            program,
            args,
            envs: vec![],
            dir: dir.to_owned(),
            // The master keeps what rights we have; its workers give them up by `user`.
            account: None,
            stop: vec![
                (Signal::SIGQUIT, DRAIN_PATIENCE),
                (Signal::SIGTERM, Duration::from_secs(2)),
            ],
            speaks: Speaks::ToAll,
        },
        ready: Probe::AnyHttp(reachable(behind.listen)),
        alive: Probe::AnyHttp(reachable(behind.listen)),
        start_patience: Duration::from_secs(30),
        silence_max: Duration::from_secs(2),
        prepare: Box::new(|| Ok(())),
    })
}

/// Where we reach what listens there: 0.0.0.0 and :: are heard, not called.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen {
        SocketAddr::V4(_) if listen.ip().is_unspecified() => [127, 0, 0, 1].into(),
        SocketAddr::V6(_) if listen.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        _ => listen.ip(),
    };
    SocketAddr::new(ip, listen.port())
}
