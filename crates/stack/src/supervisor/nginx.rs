//! nginx: runs the repository's own configuration of a version unchanged; the addresses are in files beside it.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use accelerator::configuration::{NGINX_CONF, SHARED};
use accelerator::nginx::{Front, word};
use anyhow::{Context as _, Result, bail};
use domain::rung::{Front as FrontOfRung, Rung};
use nix::sys::signal::Signal;

use super::child::{Output, Spec};
use super::disk_space::DiskSpace;
use super::port::reachable;
use super::probe::Probe;
use super::replace_file::write_whole;
use super::state::StateDir;
use super::supervise::Service;
use super::unix_user::UnixUser;

/// The CGI parts of the configuration, for version 0.1 only.
const CGI: [(&str, &str); 3] = [
    (
        "cgi.conf",
        include_str!("../../../../rungs/0.1-cgi/cgi.conf"),
    ),
    (
        "cgi-file.conf",
        include_str!("../../../../rungs/0.1-cgi/cgi-file.conf"),
    ),
    (
        "pass.conf",
        include_str!("../../../../rungs/0.1-cgi/pass.conf"),
    ),
];

/// How long requests in progress may take when the site stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What is behind nginx.
pub(super) struct Backend<'a> {
    pub(super) rung: Rung,
    pub(super) listen: SocketAddr,
    pub(super) apps: Vec<PathBuf>,
    pub(super) memcached: Option<SocketAddr>,
    /// Where nginx reports requests, in versions that have a request log.
    pub(super) watch: Option<accelerator::nginx::Watch>,
    /// This program, for the version that runs it by CGI.
    pub(super) program: &'a Path,
}

/// Returns nginx.conf of a version as in the repository; the one of 0.4 is in the root folder.
fn configuration(rung: Rung) -> Result<&'static str> {
    match rung {
        Rung::CgiStrawman => Ok(include_str!("../../../../rungs/0.1-cgi/nginx.conf")),
        Rung::OneServer => bail!("version {rung} has no nginx in front"),
        Rung::SharedNothing => Ok(include_str!(
            "../../../../rungs/0.3-shared-nothing/nginx.conf"
        )),
        Rung::CacheMoney => Ok(NGINX_CONF),
    }
}

/// Writes the configuration into its folder and returns nginx as a service.
pub(super) fn service(
    program: PathBuf,
    user: &UnixUser,
    state: &StateDir,
    backend: Backend<'_>,
    disk_space: DiskSpace,
) -> Result<Service> {
    let dir = state.nginx();
    recreate(&dir)?;
    // nginx's master creates folders in it and changes their owner, following symlinks: so no other user may write
    // here.
    let temp_dir = dir.join("temp");
    state.create_own_dir(&temp_dir, 0o755)?;
    let nginx_conf = configuration(backend.rung)?;
    write_whole(&dir.join("nginx.conf"), nginx_conf.as_bytes())?;
    state.create_own_dir(&dir.join("shared"), 0o755)?;
    for (name, text) in SHARED {
        write_whole(&dir.join("shared").join(name), text.as_bytes())?;
    }
    if backend.rung.front() == FrontOfRung::NginxAndCgi {
        write_cgi(&dir, backend.program)?;
        link_files(&dir, state)?;
    }
    let front = Front {
        user: user.names_to_become(),
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        pid: dir.join("nginx.pid"),
        error_log: "stderr".into(),
        access_log: None,
        site: "Flickr Killr".into(),
        temp_dir,
        listen: backend.listen.to_string(),
        apps: backend.apps,
        memcached: backend.memcached.into_iter().collect(),
        copies: 1,
        watch: backend.watch,
    };
    front.write_to(&dir)?;
    let words = ["-e", "stderr", "-c", "nginx.conf", "-p"];
    let mut args: Vec<_> = words.into_iter().map(Into::into).collect();
    args.push(dir.clone().into());
    Ok(Service {
        spec: Spec {
            name: "nginx".to_owned(),
            program,
            args,
            envs: vec![],
            inherits: true,
            stdin: None,
            dir,
            // The master keeps the caller's privileges; its workers drop them by the `user` directive.
            user: None,
            stop: vec![
                (Signal::SIGQUIT, DRAIN_TIMEOUT),
                (Signal::SIGTERM, Duration::from_secs(2)),
            ],
            output: Output::Terminal,
        },
        ready: Probe::AnyHttp(reachable(backend.listen)),
        alive: Probe::AnyHttp(reachable(backend.listen)),
        start_timeout: Duration::from_secs(30),
        silence_timeout: Duration::from_secs(2),
        // nginx must write its pid file, or it does not start.
        prepare: Box::new(move || {
            disk_space.free_for_program();
            Ok(())
        }),
    })
}

/// Empties the folder: another version may have left other files here.
fn recreate(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir(dir),
    }
    .and_then(|()| std::fs::set_permissions(dir, Permissions::from_mode(0o755)))
    .with_context(|| format!("cannot recreate {}", dir.display()))
}

fn write_cgi(dir: &Path, program: &Path) -> Result<()> {
    for (name, text) in CGI {
        write_whole(&dir.join(name), text.as_bytes())?;
    }
    let program = word(&program.display().to_string())?;
    let text = format!("fastcgi_param SCRIPT_FILENAME {program};\n");
    write_whole(&dir.join("program.conf"), text.as_bytes())
}

/// Creates the folder from which nginx serves files, with one symlink for each kind of URL.
fn link_files(dir: &Path, state: &StateDir) -> Result<()> {
    let files = dir.join("files");
    state.create_own_dir(&files, 0o755)?;
    for (name, place) in [
        ("static", state.static_files()),
        ("i", state.derivatives().join("public")),
    ] {
        std::os::unix::fs::symlink(place, files.join(name))
            .with_context(|| format!("cannot create the symlinks in {}", files.display()))?;
    }
    Ok(())
}
