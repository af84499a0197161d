//! wrk requests one path as fast as it is answered; `/proc` shows the cost.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::process::Command;

use crate::Trouble;

/// How many connections wrk keeps busy.
pub(crate) const CONNECTIONS: usize = 64;

/// How much of the machine other programs may use during a measurement. A disturbed measurement is repeated, whatever
/// its result; the report counts the repetitions.
const OTHERS_MAX: f64 = 0.08;

/// How often a measurement is tried before a disturbed one is accepted.
const ATTEMPTS_MAX: usize = 20;

/// How long between two attempts.
const AGAIN_AFTER: Duration = Duration::from_millis(300);

/// The result of one measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests_per_sec: f64,
    pub(crate) requests: u64,
    /// CPU time of the contender, memcached included, in microseconds a request.
    pub(crate) cpu_us: f64,
    /// How much of its one core wrk used; near 1 the measurement shows wrk.
    pub(crate) wrk_share: f64,
    /// How often it was repeated because other programs used the machine.
    pub(crate) repeated: usize,
}

/// The request to measure.
pub(crate) struct Question<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) path: &'a str,
    pub(crate) header: Option<&'a str>,
    /// The processes that answer.
    pub(crate) pids: &'a [u32],
}

/// Measures for some seconds, and again if other programs disturbed it.
pub(crate) async fn measure(question: &Question<'_>, seconds: u64) -> Result<Seen, Trouble> {
    let mut requests = 0;
    for repeated in 0..ATTEMPTS_MAX {
        let (mut seen, others) = once(question, seconds).await?;
        requests += seen.requests;
        seen.requests = requests;
        seen.repeated = repeated;
        if others <= OTHERS_MAX || repeated + 1 == ATTEMPTS_MAX {
            return Ok(seen);
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    Err("nothing was measured".into())
}

async fn once(question: &Question<'_>, seconds: u64) -> Result<(Seen, f64), Trouble> {
    let before = (Machine::now()?, ticks_of(question.pids), ticks_of_wrk()?);
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}")]);
    command.args(question.header.iter().flat_map(|header| ["-H", header]));
    command.arg(format!("http://{}{}", question.address, question.path));
    let said = command.kill_on_drop(true).output().await?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let after = (Machine::now()?, ticks_of(question.pids), ticks_of_wrk()?);

    if said.contains("Socket errors") || said.contains("Non-2xx") {
        return Err(format!("http://{}{}: {said}", question.address, question.path).into());
    }
    let requests: u64 =
        number_before(&said, " requests in").ok_or_else(|| format!("wrk said: {said}"))?;
    let rate = said
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok());
    let (own, wrk) = (after.1 - before.1, after.2 - before.2);
    let busy = after.0.busy - before.0.busy;
    let others = (busy - own - wrk) / (after.0.all - before.0.all).max(1.0);
    let seen = Seen {
        requests_per_sec: rate.ok_or_else(|| format!("wrk said: {said}"))?,
        requests,
        cpu_us: own * TICK_US / requests.max(1) as f64,
        wrk_share: wrk * TICK_US / 1e6 / seconds as f64,
        repeated: 0,
    };
    Ok((seen, others))
}

fn number_before(text: &str, mark: &str) -> Option<u64> {
    let (before, _) = text.split_once(mark)?;
    before.split_whitespace().next_back()?.parse().ok()
}

/// How long a tick of `/proc` is; for user space Linux has a hundred a second on every machine.
const TICK_US: f64 = 10_000.0;

/// The time of all processors since boot, in ticks.
struct Machine {
    busy: f64,
    all: f64,
}

impl Machine {
    fn now() -> Result<Self, Trouble> {
        let text = std::fs::read_to_string("/proc/stat")?;
        let line = text.lines().next().unwrap_or_default();
        // user nice system idle iowait irq softirq steal
        let ticks: Vec<f64> = line
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|word| word.parse().ok())
            .collect();
        let all = ticks.iter().sum();
        let idle: f64 = [3, 4, 7].iter().filter_map(|which| ticks.get(*which)).sum();
        Ok(Self {
            busy: all - idle,
            all,
        })
    }
}

/// CPU time of processes and of their living children.
fn ticks_of(pids: &[u32]) -> f64 {
    pids.iter()
        .map(|pid| {
            stat(&format!("/proc/{pid}/stat"), [13, 14]).unwrap_or(0.0)
                + ticks_of(&children_of(*pid))
        })
        .sum()
}

fn children_of(pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

/// CPU time of this program's ended children: during a measurement, wrk.
fn ticks_of_wrk() -> Result<f64, Trouble> {
    stat("/proc/self/stat", [15, 16])
        .ok_or_else(|| "/proc/self/stat does not say what children used".into())
}

/// The sum of two fields of a `stat` file, counted from 0; the name in it may contain spaces.
fn stat(path: &str, fields: [usize; 2]) -> Option<f64> {
    let text = std::fs::read_to_string(path).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    // The number and the name are the first two fields.
    fields
        .iter()
        .map(|field| words.get(field - 2)?.parse::<f64>().ok())
        .sum()
}
