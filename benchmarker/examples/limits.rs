//! Measures punctuality, coordinated omission and memory of the generator, against an nginx whose only
//! response is `return 200`. `scripts/bench-generator` calls it after `versus_wrk`.
//!
//! 1. Half of the rate that the server can do, in an open load: how late are page views sent?
//! 2. The server is stopped for 1.4 s at 2,000 a second: response times must show it, service times not.
//! 3. 10,000 connections, and three times as many requests over them: how much memory?

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example with output for people"
)]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use benchmarker::{Fetch, Load, NullServer, PageList, Plan, Report, Stages, run};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CONNECTIONS: usize = 64;
const RATE_OF_PAUSE: f64 = 2000.0;
const PAUSE: Duration = Duration::from_millis(1400);
const MANY: &str = "10000";

fn main() -> Result<()> {
    let server = NullServer::start()?;
    punctuality(&server)?;
    omission(&server)?;
    memory(&server)
}

fn plan(server: &NullServer, secs: u64) -> Result<Plan> {
    Ok(Plan::new(PageList::single(server.url())?)
        .fetch(Fetch::PagesOnly)
        .connections(CONNECTIONS)
        .duration(Duration::from_secs(secs)))
}

fn punctuality(server: &NullServer) -> Result<()> {
    let most = run(&plan(server, 3)?)?.requests_per_sec;
    let half = Load::Open(Stages::constant(most / 2.0)?);
    let report = run(&plan(server, 10)?.load(half))?;
    println!(
        "half of {most:.0}/s for 10 s: sent {} late (p99 {}), response {}, generator {:.0} % busy",
        ms(report.load.lateness.p50_ms),
        ms(report.load.lateness.p99_ms),
        ms(report.request_times.p99_ms),
        report.generator.busy * 100.0
    );
    doubts(&report);
    Ok(())
}

fn omission(server: &NullServer) -> Result<()> {
    let open = Load::Open(Stages::constant(RATE_OF_PAUSE)?);
    let plan = plan(server, 10)?.load(open);
    let workers = server.processes();
    let pausing = thread::spawn(move || {
        // In the middle of the measured time.
        thread::sleep(Duration::from_secs(5));
        workers.iter().for_each(|pid| send(*pid, Signal::SIGSTOP));
        thread::sleep(PAUSE);
        workers.iter().for_each(|pid| send(*pid, Signal::SIGCONT));
    });
    let report = run(&plan)?;
    pausing.join().map_err(|_| "the pausing thread died")?;
    println!(
        "a server paused for 1.4 s at {RATE_OF_PAUSE}/s: response p99 {}, service p99 {}; mean {:.1} ms and {:.2} ms",
        ms(report.request_times.p99_ms),
        ms(report.service_times.p99_ms),
        report.average_request_ms,
        report.service_times.average_ms.unwrap_or_default()
    );
    doubts(&report);
    Ok(())
}

/// Ignores that the process has ended: the run will show it.
fn send(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

fn memory(server: &NullServer) -> Result<()> {
    for secs in ["3s", "9s"] {
        let child = Command::new(our_binary()?)
            .args([
                server.url(),
                "--pages-only",
                "-t",
                "2",
                "-c",
                MANY,
                "-d",
                secs,
                "--json",
            ])
            .stdout(Stdio::piped())
            .spawn()?;
        let pid = child.id();
        // Just before its end, when its memory is largest.
        thread::sleep(Duration::from_secs(secs.trim_end_matches('s').parse()?));
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let output = child.wait_with_output();
        let report: serde_json::Value = serde_json::from_slice(&output?.stdout)?;
        println!(
            "{MANY} connections for {secs}: {} of memory at most, {} requests, {} errors",
            peak.unwrap_or_default().trim(),
            report["requests"]["total"],
            report["errors"]["total"]
        );
    }
    Ok(())
}

fn our_binary() -> Result<PathBuf> {
    let example = std::env::current_exe()?;
    let folder = example.parent().and_then(|folder| folder.parent());
    Ok(folder
        .ok_or("the path of this executable has no folder")?
        .join("benchmarker"))
}

fn doubts(report: &Report) {
    report
        .failed_checks()
        .for_each(|check| println!("  check failed: {}: {}", check.name, check.detail));
}

fn ms(value: Option<f64>) -> String {
    value.map_or("nothing".to_owned(), |ms| format!("{ms:.3} ms"))
}
