//! The log of one child: a file that the child writes itself; the supervisor follows it for the terminal and limits
//! its size.
//!
//! A child never waits for the supervisor. A pipe holds 64 KiB; when the supervisor is stopped, nginx, PostgreSQL or
//! an app process would block in a write to its log. A write to a file succeeds or fails at once.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use super::log_throttle::LogThrottle;
use super::output::{Console, LOG_BYTES_MAX, rotated_path};

/// How often the log is checked for new lines. A check costs one system call and never waits for the terminal.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// How many bytes of one line are kept, so that a child that never ends its line does not fill the supervisor's
/// memory.
const LINE_BYTES_MAX: usize = 8 << 10;

/// How many new bytes are read at most, because after a long stop of the supervisor a log may have grown by gigabytes.
/// The terminal gets only the last ones; the file holds them all.
const BACKLOG_BYTES_MAX: u64 = 1 << 20;

/// How many last lines of a child an error message quotes.
const TAIL_LINES: usize = 4;

/// The log of one run of a child.
#[derive(Debug)]
pub(super) struct ChildLog(Mutex<State>);

#[derive(Debug)]
struct State {
    name: String,
    colour: &'static str,
    /// `None` for a child with output only in its log.
    console: Option<Arc<Console>>,
    path: PathBuf,
    /// The same open file as the child's, even after its name was removed.
    file: File,
    /// How many bytes of the file have been read.
    read: u64,
    /// A line without its end yet.
    line: Vec<u8>,
    tail: VecDeque<String>,
    throttle: LogThrottle,
}

impl ChildLog {
    /// Opens the log of a child; existing content belongs to earlier runs.
    pub(super) fn open(name: &str, console: Option<Arc<Console>>, logs: &Path) -> io::Result<Self> {
        const COLOURS: [&str; 6] = ["36", "33", "32", "35", "34", "31"];
        let at: usize = name.bytes().map(usize::from).sum();
        let path = logs.join(format!("{name}.log"));
        // Opened for appending, so that the child continues at the beginning after the file was truncated.
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&path)?;
        let read = file.metadata()?.len();
        Ok(Self(Mutex::new(State {
            name: name.to_owned(),
            colour: COLOURS[at % COLOURS.len()],
            console,
            path,
            file,
            read,
            line: Vec::new(),
            tail: VecDeque::new(),
            throttle: LogThrottle::new(Instant::now()),
        })))
    }

    /// Returns the log as standard output or standard error of the child.
    pub(super) fn stdio(&self) -> io::Result<Stdio> {
        Ok(self.lock().file.try_clone()?.into())
    }

    /// Reads new lines periodically, as long as another reference to the log exists.
    pub(super) fn follow(log: &Arc<Self>) {
        let log = Arc::downgrade(log);
        tokio::spawn(async move {
            let mut looks = interval(CHECK_INTERVAL);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let Some(log) = log.upgrade() else {
                    return;
                };
                if log.lock().is_full() {
                    // Copying waits for the disk, and this thread serves the whole supervisor.
                    let _ = spawn_blocking(move || log.lock().read_new()).await;
                } else {
                    log.lock().read_new();
                }
            }
        });
    }

    /// Reads the last output of the child, after it has ended.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.read_new();
        let rest = std::mem::take(&mut state.line);
        if !rest.is_empty() {
            state.handle_line(&rest);
        }
        let dropped = state.throttle.end();
        state.print_missing(dropped, "lines");
    }

    /// Returns the last lines of the child, for an error message.
    pub(super) fn last_lines(&self) -> String {
        let state = self.lock();
        let lines: Vec<&str> = state.tail.iter().map(String::as_str).collect();
        lines.join("\n            ")
    }

    /// A panic while the lock was held loses at most one line.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        let found = self.file.metadata();
        found.is_ok_and(|found| found.len() > LOG_BYTES_MAX)
    }

    /// Reads all new output, and rotates a full file.
    fn read_new(&mut self) {
        let Ok(len) = self.file.metadata().map(|metadata| metadata.len()) else {
            return;
        };
        if len < self.read {
            // The file was truncated from outside.
            self.read = 0;
        }
        let skipped = (len - self.read).saturating_sub(BACKLOG_BYTES_MAX);
        if skipped > 0 {
            self.read += skipped;
            self.line.clear();
            self.print_missing(Some(skipped), "bytes");
        }
        let mut buffer = [0; 16 << 10];
        while let Ok(count) = self.file.read_at(&mut buffer, self.read)
            && count > 0
        {
            self.read += count as u64;
            self.handle_bytes(&buffer[..count]);
            if self.read > len + BACKLOG_BYTES_MAX {
                // The child writes faster than this loop reads: continue at the next check.
                break;
            }
        }
        if self.read > LOG_BYTES_MAX {
            self.rotate();
        }
    }

    fn handle_bytes(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.append_to_line(&bytes[..end]);
            let line = std::mem::take(&mut self.line);
            self.handle_line(&line);
            bytes = &bytes[end + 1..];
        }
        self.append_to_line(bytes);
    }

    fn append_to_line(&mut self, part: &[u8]) {
        let room = LINE_BYTES_MAX - self.line.len();
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn handle_line(&mut self, bytes: &[u8]) {
        // The line may contain text from a request, which must not control the terminal.
        let text: String = String::from_utf8_lossy(bytes)
            .chars()
            .map(|c| if c.is_control() && c != '\t' { '?' } else { c })
            .collect();
        let (dropped, is_shown) = self.throttle.next(Instant::now());
        self.print_missing(dropped, "lines");
        if let Some(console) = self.console.as_ref().filter(|_| is_shown) {
            console.print(&self.name, self.colour, &text);
        }
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(text);
    }

    fn print_missing(&self, count: Option<u64>, what: &str) {
        if let (Some(console), Some(count)) = (&self.console, count) {
            let text = format!("... and {count} {what} more, in logs/{}.log", self.name);
            console.print(&self.name, self.colour, &text);
        }
    }

    /// Copies the end of the file to `NAME.log.1` and truncates it, so that no child has to reopen its log. Output
    /// written between the two steps, some microseconds, is lost.
    fn rotate(&mut self) {
        let old = rotated_path(&self.path);
        let half = self.path.with_extension("half");
        let copied = copy_end(&self.path, &half).and_then(|()| std::fs::rename(&half, &old));
        if copied.is_err() {
            // On a full disk the space matters more than the old lines.
            let _ = std::fs::remove_file(&half);
        }
        if self.file.set_len(0).is_ok() {
            self.read = 0;
        }
    }
}

/// Copies at most the last [`LOG_BYTES_MAX`] bytes: while the supervisor was stopped, a log may have grown by
/// gigabytes.
fn copy_end(from: &Path, to: &Path) -> io::Result<()> {
    let mut log = File::open(from)?;
    let len = log.metadata()?.len();
    log.seek(SeekFrom::Start(len.saturating_sub(LOG_BYTES_MAX)))?;
    io::copy(&mut log.take(LOG_BYTES_MAX), &mut File::create(to)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn child_of(log: &ChildLog) -> File {
        log.lock().file.try_clone().expect("the child's end")
    }

    #[test]
    fn a_full_log_becomes_the_old_one_and_the_child_writes_on_at_its_beginning() {
        let dir = tempfile::tempdir().expect("a folder");
        let log = ChildLog::open("nginx", None, dir.path()).expect("a log");
        let mut child = child_of(&log);
        let line = [b"x".repeat(1023).as_slice(), b"\n"].concat();
        for _ in 0..=LOG_BYTES_MAX / 1024 {
            child.write_all(&line).expect("a line");
            log.lock().read_new();
        }
        child.write_all(b"and on\n").expect("a line");
        let read = |name| std::fs::read(dir.path().join(name)).expect("a log");
        assert_eq!(read("nginx.log"), b"and on\n");
        assert_eq!(read("nginx.log.1").len() as u64, LOG_BYTES_MAX);
        log.finish();
        assert!(log.last_lines().ends_with("and on"));
    }

    #[test]
    fn of_a_log_that_grew_by_gigabytes_the_end_is_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let log = ChildLog::open("nginx", None, dir.path()).expect("a log");
        let mut child = child_of(&log);
        child.set_len(3 << 30).expect("a hole takes no room");
        child.write_all(b"the last line\n").expect("a line");
        log.lock().read_new();
        let kept = std::fs::read(dir.path().join("nginx.log.1")).expect("a log");
        assert_eq!(kept.len() as u64, LOG_BYTES_MAX);
        assert!(kept.ends_with(b"the last line\n"));
        let log = dir.path().join("nginx.log").metadata().expect("a log");
        assert_eq!(log.len(), 0);
    }

    #[test]
    fn a_log_is_emptied_also_when_it_cannot_be_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let log = ChildLog::open("nginx", None, dir.path()).expect("a log");
        // As after `rm logs/nginx.log`: the child still writes to the unlinked file.
        std::fs::remove_file(dir.path().join("nginx.log")).expect("removed");
        child_of(&log).set_len(LOG_BYTES_MAX + 1).expect("room");
        log.lock().read_new();
        assert_eq!(log.lock().file.metadata().expect("a file").len(), 0);
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn what_a_life_before_wrote_is_none_of_its_last_words_and_a_long_backlog_is_skipped() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("app-0.log"), "of before\n").expect("a log");
        let log = ChildLog::open("app-0", None, dir.path()).expect("a log");
        log.finish();
        assert_eq!(log.last_lines(), "");
        let mut child = child_of(&log);
        child.write_all(b"first\n").expect("a line");
        let zeros = vec![0; BACKLOG_BYTES_MAX as usize];
        child.write_all(&zeros).expect("many bytes");
        child.write_all(b"\nlast").expect("half a line");
        log.finish();
        let words = log.last_lines();
        assert!(
            !words.contains("first") && words.ends_with("last"),
            "{words}"
        );
    }

    #[test]
    fn lines_are_cut_to_a_bounded_length_and_cannot_drive_the_terminal() {
        let dir = tempfile::tempdir().expect("a folder");
        let log = ChildLog::open("app-0", None, dir.path()).expect("a log");
        let mut quoted_output = b"\x1b[2Jhello\n".to_vec();
        quoted_output.extend(vec![b'x'; 3 * LINE_BYTES_MAX]);
        child_of(&log).write_all(&quoted_output).expect("lines");
        log.finish();
        let words = log.last_lines();
        assert!(words.starts_with("?[2Jhello\n"), "{words}");
        assert_eq!(words.matches('x').count(), LINE_BYTES_MAX);
    }
}
