//! Generates the files with paths and addresses that `nginx.conf` includes; all else is in `nginx.conf` itself
//! and in the folder `shared` beside it.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::configuration::write_whole;

/// How long a path of a unix socket may be, because the kernel keeps it in 108 bytes with a zero at the end.
pub const SOCKET_PATH_LEN_MAX: usize = 107;

/// The paths and addresses of one nginx: what differs between two machines, and between two tests.
#[derive(Clone, Debug)]
pub struct Front {
    /// The user that the workers run as, followed by a space and their group if that has another name, as with
    /// Debian's `nobody nogroup`. Only for an nginx that is started as root.
    pub user: Option<String>,
    /// How many worker processes; one per core.
    pub workers: usize,
    /// The file with the master's process id.
    pub pid: PathBuf,
    /// Where errors go: a file, or `stderr`.
    pub error_log: PathBuf,
    /// Where requests are logged; `None` logs nothing, which is faster.
    pub access_log: Option<PathBuf>,
    /// The name of the site on the pages that nginx answers by itself; without `<`, `>` and `&`.
    pub site: String,
    /// A folder that the workers can write to, for bodies that do not fit into memory.
    pub temp_dir: PathBuf,
    /// What to listen on, such as `127.0.0.1:8080`.
    pub listen: String,
    /// The unix sockets of the application's processes; at least one.
    pub apps: Vec<PathBuf>,
    /// The memcached servers, as given to [`Options`](crate::Options); may be empty.
    pub memcached: Vec<SocketAddr>,
    /// How many servers hold an item, as given to [`Options::copies`](crate::Options::copies): with 2 nginx asks
    /// the next server as well before it asks the application.
    pub copies: usize,
    /// Where each request is logged while a program watches; `None` if none ever does.
    pub watch: Option<Watch>,
}

/// How nginx logs requests for a watching program: see `shared/watch.conf`.
#[derive(Clone, Debug)]
pub struct Watch {
    /// A file that exists while a program watches, in a folder that the workers can enter.
    pub flag: PathBuf,
    /// A datagram socket that a process holds open as long as nginx runs: nginx logs an error for every
    /// line that it cannot send, but not for a line that a full socket drops.
    pub socket: PathBuf,
}

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// A value would change its meaning in an nginx configuration.
    #[error(
        "{0:?} cannot be written into an nginx configuration; use a value without quotes, `$`, `\\` and control characters"
    )]
    Unwritable(String),
    /// A path is too long for a unix socket.
    #[error("{} is longer than the {SOCKET_PATH_LEN_MAX} bytes that the path of a unix socket may have; use a shorter folder", .0.display())]
    SocketTooLong(PathBuf),
    /// nginx refuses an upstream without servers.
    #[error("no application socket given; nginx needs at least one server in its upstream")]
    NoApp,
    /// A file could not be written.
    #[error("cannot write {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
}

impl Front {
    /// Writes `main.conf`, `paths.conf`, `listen.conf`, `app.conf`, `memcached.conf`, `copies.conf` and `watch.conf` into a folder.
    ///
    /// Each is written under another name and renamed, so that a reloading nginx never reads half of one.
    ///
    /// # Errors
    /// When a value cannot be written, a socket path is too long, there is no app, or a file cannot be written.
    pub fn write_to(&self, dir: &Path) -> Result<(), FrontError> {
        for (name, text) in self.files()? {
            let path = dir.join(name);
            write_whole(&path, &text).map_err(|source| FrontError::Io { path, source })?;
        }
        Ok(())
    }

    /// Returns the names and texts of the files.
    ///
    /// # Errors
    /// As [`Front::write_to`], without those of the disk.
    pub fn files(&self) -> Result<[(&'static str, String); 7], FrontError> {
        Ok([
            ("main.conf", self.main()?),
            ("paths.conf", self.paths()?),
            ("listen.conf", format!("listen {};\n", word(&self.listen)?)),
            ("app.conf", self.app()?),
            ("memcached.conf", self.memcached()),
            ("copies.conf", self.copies()),
            ("watch.conf", self.watch()?),
        ])
    }

    fn main(&self) -> Result<String, FrontError> {
        let mut text = String::new();
        if let Some(user) = &self.user {
            let names: Result<Vec<String>, _> = user.split(' ').map(word).collect();
            line(&mut text, &["user", &names?.join(" ")]);
        }
        line(
            &mut text,
            &["worker_processes", &self.workers.max(1).to_string()],
        );
        line(&mut text, &["pid", &path(&self.pid)?]);
        line(&mut text, &["error_log", &path(&self.error_log)?]);
        line(&mut text, &["daemon", "off"]);
        Ok(text)
    }

    fn paths(&self) -> Result<String, FrontError> {
        let mut text = String::new();
        let access_log = self
            .access_log
            .as_deref()
            .map_or(Ok("off".to_owned()), path)?;
        line(&mut text, &["access_log", &access_log]);
        // nginx creates all five at its start, used or not, and by default where only root may write.
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            let temp = path(&self.temp_dir.join(kind))?;
            line(&mut text, &[&format!("{kind}_temp_path"), &temp]);
        }
        // A map costs nothing until a page uses it; `set` would cost something for every request.
        if self.site.contains(['<', '>', '&']) {
            return Err(FrontError::Unwritable(self.site.clone()));
        }
        line(&mut text, &["map \"\" $site { default", &word(&self.site)?]);
        text.push_str("}\n");
        Ok(text)
    }

    fn app(&self) -> Result<String, FrontError> {
        if self.apps.is_empty() {
            return Err(FrontError::NoApp);
        }
        let sockets: Result<Vec<String>, FrontError> = self
            .apps
            .iter()
            .map(|socket| word(&format!("unix:{}", short(socket)?)))
            .collect();
        let sockets = sockets?;
        let mut text = String::new();
        if let [only] = sockets.as_slice() {
            // nginx counts no failures of a single server. A second line of it would ask a process that hangs twice.
            line(&mut text, &["server", only, "max_fails=0"]);
            return Ok(text);
        }
        // A process that fails is skipped for a second: a dead one costs a line or two of the error log a second,
        // not one a request. nginx counts whole seconds, so it is back after one to two.
        for socket in &sockets {
            line(
                &mut text,
                &["server", socket, "max_fails=1", "fail_timeout=1s"],
            );
        }
        // Backups are asked when all others are skipped, and are never skipped themselves: a living process is always
        // found. Without them the site is down for up to two seconds after all its processes were replaced (10 by
        // nginx's default), and a client that makes each process fail once a second takes the site down.
        for socket in &sockets {
            line(&mut text, &["server", socket, "max_fails=0", "backup"]);
        }
        Ok(text)
    }

    fn memcached(&self) -> String {
        let mut text = String::new();
        let mut server = |address: &SocketAddr| {
            line(
                &mut text,
                &[
                    "server",
                    &address.to_string(),
                    "max_fails=2",
                    "fail_timeout=2s",
                ],
            );
        };
        match self.memcached.as_slice() {
            [] => text.push_str("server 127.0.0.1:1 down;\n"),
            // nginx counts no failures of a single server; listed twice it is skipped when it hangs.
            [only] => [only, only].into_iter().for_each(&mut server),
            several => several.iter().for_each(&mut server),
        }
        text
    }

    /// Returns when to ask a second server.
    fn copies(&self) -> String {
        let mut text = String::new();
        if self.copies > 1 && self.memcached.len() > 1 {
            line(
                &mut text,
                &["memcached_next_upstream", "error", "timeout", "not_found"],
            );
            line(&mut text, &["memcached_next_upstream_timeout", "500ms"]);
        } else {
            // A kept connection that turns out closed is tried once more.
            line(&mut text, &["memcached_next_upstream", "error"]);
        }
        text
    }

    /// Returns where to log requests. Logs at the server level replace those of `main.conf` and `paths.conf`, so these
    /// are repeated.
    fn watch(&self) -> Result<String, FrontError> {
        let Some(watch) = &self.watch else {
            return Ok("# No program watches this site.\n".to_owned());
        };
        let syslog = |tag: &str| {
            let socket = short(&watch.socket)?;
            word(&format!("syslog:server=unix:{socket},nohostname,tag={tag}"))
        };
        let mut text = String::new();
        line(&mut text, &["set", "$watch_flag", &path(&watch.flag)?]);
        line(&mut text, &["error_log", &path(&self.error_log)?]);
        line(&mut text, &["error_log", &syslog("begin")?, "notice"]);
        if let Some(access_log) = &self.access_log {
            line(&mut text, &["access_log", &path(access_log)?]);
        }
        line(
            &mut text,
            &["access_log", &syslog("end")?, "watch", "if=$watched"],
        );
        line(&mut text, &["include", "shared/watch.conf"]);
        Ok(text)
    }
}

/// Returns the path of a socket, if it is short enough for the kernel.
fn short(socket: &Path) -> Result<String, FrontError> {
    if socket.as_os_str().len() > SOCKET_PATH_LEN_MAX {
        return Err(FrontError::SocketTooLong(socket.to_owned()));
    }
    Ok(socket.display().to_string())
}

fn line(text: &mut String, words: &[&str]) {
    // Writing into a String cannot fail.
    let _infallible = writeln!(text, "{};", words.join(" "));
}

fn path(path: &Path) -> Result<String, FrontError> {
    word(&path.display().to_string())
}

/// Quotes a word for an nginx configuration.
///
/// # Errors
/// When it is empty, or contains a character with a meaning inside quotes.
pub fn word(word: &str) -> Result<String, FrontError> {
    let has_meaning = |c: char| c.is_control() || matches!(c, '"' | '\\' | '$' | '\u{fffd}');
    if word.is_empty() || word.contains(has_meaning) {
        return Err(FrontError::Unwritable(word.to_owned()));
    }
    Ok(format!("\"{word}\""))
}
