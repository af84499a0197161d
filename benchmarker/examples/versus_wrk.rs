//! Measures this generator against wrk: both as processes, on the same nginx
//! that answers a constant, by turns in random order.
//!
//! ```text
//! cargo build --release -p benchmarker && \
//!     cargo run --release -p benchmarker --example versus_wrk -- [CONNECTIONS] [BLOCKS] [SECONDS]
//! ```
//!
//! One block is wrk, the benchmarker, and the benchmarker again under another
//! name: what the two equal ones differ by is the noise of the machine. Printed
//! are ratios within blocks: their geometric mean and a 95 % bootstrap interval.

use std::error::Error;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const THREADS: &str = "2";
const SEED: u64 = 1;
const RESAMPLES: usize = 10_000;

#[derive(Clone, Copy)]
enum Rival {
    Wrk,
    Ours,
    OursAgain,
}

/// What one run of one rival achieved.
#[derive(Clone, Copy, Default)]
struct Sample {
    per_second: f64,
    per_cpu_second: f64,
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|a| a.parse::<u32>());
    let mut next = |default| numbers.next().transpose().map(|n| n.unwrap_or(default));
    let (connections, blocks, seconds) = (next(64)?, next(10)?, next(2)?);
    let server = Server::start()?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut measured: Vec<[Sample; 3]> = Vec::new();
    println!("block   requests/s: wrk, ours, ours again; thousands per CPU-second: the same");
    for block in 1..=blocks {
        let mut order = [Rival::Wrk, Rival::Ours, Rival::OursAgain];
        order.shuffle(&mut random);
        let mut samples = [Sample::default(); 3];
        for rival in order {
            samples[rival as usize] = measure(rival, &server.url, connections, seconds)?;
        }
        let rates = samples.map(|s| format!("{:7.0}", s.per_second)).join(" ");
        let costs = samples
            .map(|s| format!("{:5.1}", s.per_cpu_second / 1e3))
            .join(" ");
        println!("{block:5}   {rates}   {costs}");
        measured.push(samples);
    }
    println!(
        "{connections} connections, {THREADS} threads, {blocks} blocks of {seconds} s, seed {SEED}"
    );
    let [wrk, ours, again] = [Rival::Wrk, Rival::Ours, Rival::OursAgain].map(|r| r as usize);
    for (name, a, b) in [
        ("benchmarker / wrk", ours, wrk),
        ("again / itself (noise)", again, ours),
    ] {
        let rate: Vec<f64> = measured
            .iter()
            .map(|s| s[a].per_second / s[b].per_second)
            .collect();
        let cost: Vec<f64> = measured
            .iter()
            .map(|s| s[a].per_cpu_second / s[b].per_cpu_second)
            .collect();
        println!(
            "{name:<23} maximum rate            {}",
            interval(&rate, &mut random)
        );
        println!(
            "{name:<23} requests per CPU-second {}",
            interval(&cost, &mut random)
        );
    }
    Ok(())
}

fn measure(rival: Rival, url: &str, connections: u32, seconds: u32) -> Result<Sample> {
    let mut command = match rival {
        Rival::Wrk => Command::new("wrk"),
        Rival::Ours | Rival::OursAgain => Command::new(our_binary()?),
    };
    let (connections, duration) = (connections.to_string(), format!("{seconds}s"));
    command.args(["-t", THREADS, "-c", &connections, "-d", &duration, url]);
    if !matches!(rival, Rival::Wrk) {
        // wrk warms nothing up; so its own start and ours are in the figures.
        command.args(["--pages-only", "--json", "--warmup", "0s"]);
    }
    let before = children_cpu()?;
    let output = command.stderr(Stdio::inherit()).output()?;
    let cpu = children_cpu()? - before;
    let text = String::from_utf8(output.stdout)?;
    let (requests, per_second) = match rival {
        Rival::Wrk => read_wrk(&text),
        Rival::Ours | Rival::OursAgain => read_ours(&text),
    }
    .ok_or_else(|| format!("no figures in: {text}"))?;
    Ok(Sample {
        per_second,
        per_cpu_second: requests / cpu,
    })
}

fn our_binary() -> Result<PathBuf> {
    let example = std::env::current_exe()?;
    let binary = example
        .parent()
        .and_then(Path::parent)
        .map(|dir| dir.join("benchmarker"));
    Ok(binary
        .filter(|b| b.exists())
        .ok_or("build the binary first: cargo build --release -p benchmarker")?)
}

fn read_ours(text: &str) -> Option<(f64, f64)> {
    let report: serde_json::Value = serde_json::from_str(text).ok()?;
    Some((
        report["requests"]["total"].as_f64()?,
        report["requests_per_sec"].as_f64()?,
    ))
}

fn read_wrk(text: &str) -> Option<(f64, f64)> {
    let requests = text
        .lines()
        .find(|l| l.contains(" requests in "))?
        .split_whitespace()
        .next()?;
    let rate = text
        .lines()
        .find_map(|l| l.trim().strip_prefix("Requests/sec:"))?;
    Some((requests.parse().ok()?, rate.trim().parse().ok()?))
}

/// CPU seconds of all children that have ended, exact to the microsecond.
fn children_cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e6)
}

/// Geometric mean of ratios, and the interval that bootstrapped blocks give it.
fn interval(ratios: &[f64], random: &mut Xoshiro256PlusPlus) -> String {
    let mean = |logs: &[f64]| (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    let logs: Vec<f64> = ratios.iter().map(|r| r.ln()).collect();
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn: Vec<f64> = logs
                .iter()
                .map(|_| logs[random.random_range(0..logs.len())])
                .collect();
            mean(&drawn)
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let (low, high) = (means[RESAMPLES / 40], means[RESAMPLES - RESAMPLES / 40 - 1]);
    format!("{:.3} [{low:.3}, {high:.3}]", mean(&logs))
}

/// An nginx of our own, in a temporary directory, that answers five bytes.
struct Server {
    child: Child,
    url: String,
    _dir: tempfile::TempDir,
}

impl Server {
    fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = format!(
            "daemon off; worker_processes auto; pid nginx.pid; error_log error.log;
             events {{ worker_connections 12000; }}
             http {{
               access_log off; keepalive_requests 1000000000;
               client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
               server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 hello; }} }}
             }}"
        );
        let file = dir.path().join("nginx.conf");
        fs::write(&file, config)?;
        let log = dir.path().join("error.log");
        let mut child = Command::new("nginx")
            .arg("-p")
            .arg(dir.path())
            .arg("-c")
            .arg(&file)
            .arg("-e")
            .arg(&log)
            .spawn()?;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = child.try_wait()? {
                return Err(format!("nginx ended: {status}").into());
            }
            thread::yield_now();
        }
        Ok(Self {
            child,
            url: format!("http://127.0.0.1:{port}/"),
            _dir: dir,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked, not killed: nginx's master must end its workers.
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.child.wait();
    }
}
