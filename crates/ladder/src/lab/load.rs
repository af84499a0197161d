//! The benchmark that the lab runs: a process of its own, so that its CPU is counted separately. It reports the response
//! times of its browsers once a second.

use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use benchmarker::{Fetch, PageList, Plan, Progress, Tier};
use db::{measure, people, pool};
use domain::Cursor;
use domain::urls;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::times::Times;

/// The command that starts this program as the benchmark.
pub const COMMAND: &str = "lab-benchmark";

/// How long it lasts: long enough to drop the index, look, create it and look again.
pub const DURATION: Duration = Duration::from_secs(60);

/// How many visitors there are at once: more than cores, so that a request always waits.
const CONNECTIONS: usize = 8;

/// How many people are visited, drawn uniformly at random: so many that caches do not hold them all.
const PEOPLE: i64 = 2000;

/// The response times of the visitors in about a second.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Responses without the app.
    pub hits: Times,
    /// Responses of the app.
    pub misses: Times,
    /// Requests that failed.
    pub failed: u64,
}

impl Heard {
    pub(super) fn add(&mut self, other: &Self) {
        self.hits.add(&other.hits);
        self.misses.add(&other.misses);
        self.failed += other.failed;
    }
}

/// The totals of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Answered requests a second, pages and files together.
    pub requests_per_sec: f64,
    /// Their mean response time.
    pub average_request_ms: f64,
    /// Complete pages a second.
    pub pages_per_sec: f64,
    /// How long it ran.
    pub elapsed_secs: f64,
    /// Requests that failed.
    pub failed: u64,
}

/// A line of the benchmark's output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The report of a second.
    Second(Heard),
    /// The end.
    Done(Outcome),
    /// Why the benchmark does not run.
    Refused(String),
}

/// The benchmark as a child of this process. It reads a pipe and ends when this process closes it or dies.
pub(super) struct Running {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Running {
    pub(super) fn start(front: SocketAddr, database_url: &str) -> Result<Self> {
        let program = std::env::current_exe().context("cannot locate the running executable")?;
        let mut child = Command::new(program)
            .args([COMMAND, &format!("--front=http://{front}")])
            // Not an argument: all users can read arguments, and this may contain a password.
            .env("DATABASE_URL", database_url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the benchmark")?;
        let stdout = child
            .stdout
            .take()
            .context("the benchmark has no standard output")?;
        Ok(Self {
            child,
            lines: BufReader::new(stdout).lines(),
        })
    }

    /// The next line of its output; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Line> {
        while let Ok(Some(line)) = self.lines.next_line().await {
            if let Ok(line) = serde_json::from_str(&line) {
                return Some(line);
            }
        }
        None
    }

    /// Tells it to end early; it still reports its totals.
    pub(super) fn ask_to_end(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for its end, so that no zombie is left.
    pub(super) async fn end(mut self) {
        self.ask_to_end();
        if let Err(error) = self.child.wait().await {
            tracing::warn!(%error, "waiting for the benchmark failed");
        }
    }
}

/// Runs the benchmark until it is over or standard input is closed.
///
/// # Errors
///
/// When the database does not answer, or standard output is gone.
pub fn run(front: &str, database_url: &str) -> Result<()> {
    // Distinguishes this process from the app, which is the same program.
    nix::sys::prctl::set_name(c"benchmarker").context("naming this process")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let db = runtime.block_on(async { pool::open(database_url, 1) })?;
    // The lock is released with the connection, and the connection ends with this process.
    let alone = runtime.block_on(measure::alone(&db))?;
    let Some(mut alone) = alone else {
        return say(&Line::Refused(
            "Another benchmark is running; one at a time.".to_owned(),
        ));
    };
    let names = runtime.block_on(people::random_names(&mut alone, PEOPLE))?;
    let list: Vec<String> = names
        .iter()
        .map(|name| urls::person(name, Cursor::Newest))
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            // No input is expected, only its end.
            std::io::stdin().lock().lines().for_each(drop);
            stop.store(true, Relaxed);
        }
    });
    let (moments, heard) = mpsc::channel();
    let plan = PageList::parse(&list.join("\n"), Some(front)).map(|pages| {
        Plan::new(pages)
            .threads(1)
            .connections(CONNECTIONS)
            // Each connection is a visitor of its own: eight pages are in flight, not two.
            .per_browser(1)
            .fetch(Fetch::NoPictures)
            .warmup(Duration::ZERO)
            .duration(DURATION)
            .stop_when(stop)
            .send_progress_to(moments)
    });
    std::thread::spawn(move || {
        for moment in heard {
            let _ = say(&Line::Second(Heard::from(&moment)));
        }
    });
    match plan.and_then(|plan| benchmarker::run(&plan)) {
        Ok(report) => say(&Line::Done(Outcome {
            requests_per_sec: report.requests_per_sec,
            average_request_ms: report.average_request_ms,
            pages_per_sec: report.pages_per_sec,
            elapsed_secs: report.elapsed_secs,
            failed: report.errors.total,
        })),
        Err(error) => say(&Line::Refused(format!(
            "The benchmark does not run: {error}."
        ))),
    }
}

fn say(line: &Line) -> Result<()> {
    let text = serde_json::to_string(line)?;
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to standard output")
}

impl From<&Progress> for Heard {
    fn from(moment: &Progress) -> Self {
        let mut heard = Self {
            failed: moment.failed,
            ..Self::default()
        };
        for (tier, times) in &moment.times {
            let into = match tier {
                Tier::Memcached | Tier::Page | Tier::Disk => &mut heard.hits,
                Tier::App | Tier::Unnamed => &mut heard.misses,
            };
            for value in times.iter_recorded() {
                into.record(value.value_iterated_to(), value.count_at_value());
            }
        }
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_understood_as_it_was_said() {
        let mut heard = Heard::default();
        heard.misses.record(1_000, 3);
        for line in [Line::Second(heard), Line::Refused("no".to_owned())] {
            let said = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&said).unwrap(), line);
        }
    }
}
