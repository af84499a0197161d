//! memcached: on loopback, without UDP, with a fixed memory limit.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::Signal;

use super::child::{Output, Spec};
use super::probe::Probe;
use super::supervise::Service;
use super::unix_user::UnixUser;

/// How many connections it accepts: those of nginx and of the app processes, with a margin.
const CONNECTIONS: u64 = 4096;

/// How many file descriptors memcached needs for itself.
const OWN_DESCRIPTORS: u64 = 64;

/// The largest item: a picture of 1600 pixels fits, and slab pages stay small.
const ITEM_MAX: &str = "2m";

/// How many threads it runs at most: one for two workers of nginx, which have twice its work. More threads find less
/// to do each time and only wake each other. Hits of 4 KB on two cores: 71,100/s with one thread, 65,100 with two,
/// 61,400 with four (eight blocks).
const THREADS_MAX: usize = 4;

/// Returns memcached as a service. A restart empties it, which also repairs a lost purge.
pub(super) fn service(
    program: PathBuf,
    user: UnixUser,
    address: SocketAddr,
    memory_mb: u32,
    dir: &Path,
) -> Service {
    let most = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(_, hard)| hard);
    let connections = CONNECTIONS.min(most.saturating_sub(OWN_DESCRIPTORS));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let words = [
        ("-l", address.ip().to_string()),
        ("-p", address.port().to_string()),
        ("-U", "0".to_owned()),
        ("-m", memory_mb.to_string()),
        ("-I", ITEM_MAX.to_owned()),
        ("-c", connections.to_string()),
        ("-t", (cores / 2).clamp(1, THREADS_MAX).to_string()),
    ];
    let args = words.into_iter();
    Service {
        spec: Spec {
            name: "memcached".to_owned(),
            program,
            args: args
                .flat_map(|(flag, value)| [flag.into(), value.into()])
                .collect(),
            envs: vec![],
            inherits: true,
            stdin: None,
            dir: dir.to_owned(),
            user: Some(user),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(3))],
            output: Output::Terminal,
        },
        ready: Probe::Memcached(address),
        alive: Probe::Memcached(address),
        start_timeout: Duration::from_secs(10),
        silence_timeout: Duration::from_secs(2),
        prepare: Box::new(|| Ok(())),
    }
}
