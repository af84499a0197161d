//! The terminal, with a name before each line, and the supervisor's own log of limited size.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The maximum size of a log before it is rotated; two files are kept of each child.
pub(super) const LOG_BYTES_MAX: u64 = 8 << 20;

/// How many lines wait for a slow terminal; further lines are dropped there. The logs hold them all.
const QUEUE_LINES_MAX: usize = 4096;

/// How long the last lines may take to reach a terminal that was stopped with Ctrl-S.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The terminal. A separate thread writes to it, so that a stopped terminal blocks no other task.
#[derive(Debug)]
pub(super) struct Console {
    lines: SyncSender<Line>,
    coloured: bool,
    /// The supervisor's own log; `None` before the state directory exists.
    log: Mutex<Option<Log>>,
}

#[derive(Debug)]
enum Line {
    Text(String),
    Flushed(SyncSender<()>),
}

impl Console {
    pub(super) fn new() -> Arc<Self> {
        let (lines, queue) = sync_channel(QUEUE_LINES_MAX);
        std::thread::spawn(move || write_out(&queue));
        let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Arc::new(Self {
            lines,
            coloured,
            log: Mutex::new(None),
        })
    }

    /// From now on, also writes the supervisor's own messages to a log.
    pub(super) fn log_to(&self, logs: &Path) {
        *locked(&self.log) = Some(Log::open(logs.join("up.log")));
    }

    /// Prints and logs a message of the supervisor.
    pub(super) fn report(&self, text: &str) {
        if let Some(log) = locked(&self.log).as_mut() {
            log.write(text);
        }
        self.print("up", "1", text);
    }

    /// Prints a line unchanged, for other programs to read.
    pub(super) fn announce(&self, text: &str) {
        if let Some(log) = locked(&self.log).as_mut() {
            log.write(text);
        }
        let _ = self.lines.try_send(Line::Text(format!("{text}\n")));
    }

    /// Waits until all lines are written, up to a timeout.
    pub(super) fn flush(&self) {
        let (written, flushed) = sync_channel(1);
        if self.lines.try_send(Line::Flushed(written)).is_ok() {
            let _ = flushed.recv_timeout(FLUSH_TIMEOUT);
        }
    }

    /// Prints a line of a child.
    pub(super) fn print(&self, name: &str, colour: &str, text: &str) {
        let line = if self.coloured {
            format!("\x1b[{colour}m{name:>9} |\x1b[0m {text}\n")
        } else {
            format!("{name:>9} | {text}\n")
        };
        let _ = self.lines.try_send(Line::Text(line));
    }
}

fn write_out(queue: &Receiver<Line>) {
    while let Ok(line) = queue.recv() {
        match line {
            Line::Text(text) => {
                let _ = std::io::stdout().write_all(text.as_bytes());
                let _ = std::io::stdout().flush();
            }
            Line::Flushed(written) => {
                let _ = written.send(());
            }
        }
    }
}

/// A log of limited size: a full log is renamed to `NAME.1`, replacing the one before.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// `None` if the log cannot be written; the site runs without it.
    file: Option<File>,
    bytes: u64,
}

impl Log {
    fn open(path: PathBuf) -> Self {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .ok();
        let bytes = file.as_ref().and_then(|file| file.metadata().ok());
        let bytes = bytes.map_or(0, |metadata| metadata.len());
        Self { path, file, bytes }
    }

    fn write(&mut self, text: &str) {
        if self.bytes > LOG_BYTES_MAX {
            let _ = std::fs::rename(&self.path, rotated_path(&self.path));
            *self = Self::open(std::mem::take(&mut self.path));
        }
        if self.file.is_none() {
            // The disk was full when the log was opened, and may have space now.
            *self = Self::open(std::mem::take(&mut self.path));
        }
        if let Some(file) = &mut self.file {
            let line = format!("{text}\n");
            if file.write_all(line.as_bytes()).is_ok() {
                self.bytes += line.len() as u64;
            }
        }
    }
}

/// The path of the rotated log.
pub(super) fn rotated_path(path: &Path) -> PathBuf {
    let mut old = path.as_os_str().to_owned();
    old.push(".1");
    old.into()
}

/// Takes a lock, even if its holder panicked: a log stays usable.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_becomes_the_old_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("app.log");
        let mut log = Log::open(path.clone());
        log.write("first");
        log.bytes = LOG_BYTES_MAX + 1;
        log.write("second");
        let read = |path| std::fs::read_to_string(path).expect("a log");
        assert_eq!(read(path), "second\n");
        assert_eq!(read(dir.path().join("app.log.1")), "first\n");
    }

    #[test]
    fn a_log_that_could_not_be_opened_is_opened_when_it_can_be() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("later/app.log");
        let mut log = Log::open(path.clone());
        log.write("lost");
        std::fs::create_dir(dir.path().join("later")).expect("a folder");
        log.write("kept");
        assert_eq!(std::fs::read_to_string(path).expect("a log"), "kept\n");
    }
}
