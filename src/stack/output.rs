//! What is said: to the terminal with a name in front of each line, and to logs that stay small.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use super::flood::Flood;

/// How many bytes a log may hold before it becomes the old one; two are kept of each child.
const LOG_BYTES_MAX: u64 = 8 << 20;

/// How many bytes of one line are kept: a child that never ends its line must not fill our memory.
const LINE_BYTES_MAX: usize = 8 << 10;

/// How many lines wait for a slow terminal; then lines are left out there. The logs have them all.
const QUEUE_LINES_MAX: usize = 4096;

/// How many last lines of a child are told when it fails.
const TAIL_LINES: usize = 4;

/// How long the last lines may take to reach a terminal that somebody stopped with Ctrl-S.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

/// The terminal. A thread of its own writes, so that nobody waits for a stopped terminal.
#[derive(Debug)]
pub(super) struct Console {
    lines: SyncSender<Line>,
    coloured: bool,
    /// Our own log; none before there is a state directory.
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

    /// From now on, keeps in a log what we say ourselves.
    pub(super) fn log_to(&self, logs: &Path) {
        *held(&self.log) = Some(Log::open(logs.join("up.log")));
    }

    /// Says something in our own name.
    pub(super) fn say(&self, text: &str) {
        if let Some(log) = held(&self.log).as_mut() {
            log.write(text);
        }
        self.print("up", "1", text);
    }

    /// Prints a line as it is, for other programs to read.
    pub(super) fn announce(&self, text: &str) {
        if let Some(log) = held(&self.log).as_mut() {
            log.write(text);
        }
        let _ = self.lines.try_send(Line::Text(format!("{text}\n")));
    }

    /// Waits until everything said is written, but not for ever.
    pub(super) fn flush(&self) {
        let (written, flushed) = sync_channel(1);
        if self.lines.try_send(Line::Flushed(written)).is_ok() {
            let _ = flushed.recv_timeout(FLUSH_PATIENCE);
        }
    }

    fn print(&self, name: &str, colour: &str, text: &str) {
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

/// Where the lines of one child go.
#[derive(Debug)]
pub(super) struct Voice {
    name: String,
    colour: &'static str,
    console: Option<Arc<Console>>,
    log: Mutex<Log>,
    tail: Mutex<VecDeque<String>>,
    flood: Mutex<Flood>,
}

impl Voice {
    /// Without a console, its lines go to the log alone.
    pub(super) fn new(name: &str, console: Option<Arc<Console>>, logs: &Path) -> Arc<Self> {
        const COLOURS: [&str; 6] = ["36", "33", "32", "35", "34", "31"];
        let at: usize = name.bytes().map(usize::from).sum();
        Arc::new(Self {
            name: name.to_owned(),
            colour: COLOURS[at % COLOURS.len()],
            console,
            log: Mutex::new(Log::open(logs.join(format!("{name}.log")))),
            tail: Mutex::new(VecDeque::new()),
            flood: Mutex::new(Flood::new(Instant::now())),
        })
    }

    /// Hands on every line of a stream until its end.
    pub(super) async fn carry(self: Arc<Self>, stream: impl AsyncRead + Unpin) {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(bytes) = stream.fill_buf().await
            && !bytes.is_empty()
        {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let room = LINE_BYTES_MAX - line.len();
            line.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(bytes.len(), |end| end + 1);
            stream.consume(used);
            if end.is_some() {
                self.line(&line);
                line.clear();
            }
        }
        if !line.is_empty() {
            self.line(&line);
        }
        let missing = held(&self.flood).end();
        self.tell_missing(missing);
    }

    /// What the child said last, for the sentence that tells why it failed.
    pub(super) fn last_words(&self) -> String {
        let tail = held(&self.tail);
        let lines: Vec<&str> = tail.iter().map(String::as_str).collect();
        lines.join("\n            ")
    }

    fn line(&self, bytes: &[u8]) {
        // A visitor's words may be in the line; they must not drive the terminal.
        let text: String = String::from_utf8_lossy(bytes)
            .chars()
            .map(|c| if c.is_control() && c != '\t' { '?' } else { c })
            .collect();
        held(&self.log).write(&text);
        let (missing, is_shown) = held(&self.flood).next(Instant::now());
        self.tell_missing(missing);
        if let Some(console) = self.console.as_ref().filter(|_| is_shown) {
            console.print(&self.name, self.colour, &text);
        }
        let mut tail = held(&self.tail);
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(text);
    }

    fn tell_missing(&self, lines: Option<u64>) {
        if let (Some(console), Some(lines)) = (&self.console, lines) {
            let text = format!("... and {lines} lines more, in logs/{}.log", self.name);
            console.print(&self.name, self.colour, &text);
        }
    }
}

/// A log of bounded size: when it is full it becomes `NAME.1`, and what was there before goes.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// None when it cannot be written; the site runs on without its log.
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
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            let _ = std::fs::rename(&self.path, old);
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

/// Nobody panics while holding these, and a log is worth nothing less when somebody did.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
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

    #[tokio::test]
    async fn lines_are_cut_to_a_bounded_length_and_cannot_drive_the_terminal() {
        let dir = tempfile::tempdir().expect("a folder");
        let voice = Voice::new("app-0", None, dir.path());
        let mut said = b"\x1b[2Jhello\n".to_vec();
        said.extend(vec![b'x'; 3 * LINE_BYTES_MAX]);
        Arc::clone(&voice).carry(said.as_slice()).await;
        let words = voice.last_words();
        assert!(words.starts_with("?[2Jhello\n"), "{words}");
        assert_eq!(words.matches('x').count(), LINE_BYTES_MAX);
    }
}
