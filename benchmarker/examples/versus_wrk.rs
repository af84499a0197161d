//! Compares this generator with wrk, and with hey where it is installed: as processes, on the same nginx
//! (`return 200`), by turns in random order. `scripts/bench-generator` calls it.
//!
//! ```text
//! cargo build --release -p benchmarker && \
//!     cargo run --release -p benchmarker --example versus_wrk -- [CONNECTIONS] [BLOCKS] [SECONDS]
//! ```
//!
//! One block runs each of them once, and the benchmarker again: the difference of these two is the noise
//! of the machine (A/A). Prints ratios within blocks.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example with output for people"
)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use benchmarker::NullServer;
use benchmarker::compare::{Better, Block, effect};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const THREADS: &str = "2";
const SEED: u64 = 1;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rival {
    Wrk,
    Ours,
    OursAgain,
    /// Page views by browsers with a cache, whose HTML is scanned.
    Pages,
    Hey,
}

impl Rival {
    fn name(self) -> &'static str {
        match self {
            Self::Wrk => "wrk",
            Self::Ours => "ours",
            Self::OursAgain => "ours again",
            Self::Pages => "ours, pages",
            Self::Hey => "hey",
        }
    }
}

/// The result of one run of one rival.
#[derive(Clone, Copy)]
struct Sample {
    rival: Rival,
    per_second: f64,
    per_cpu_second: f64,
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|a| a.parse::<u32>());
    let mut next = |default| numbers.next().transpose().map(|n| n.unwrap_or(default));
    let (connections, blocks, seconds) = (next(64)?, next(10)?, next(2)?);
    let server = NullServer::start()?;
    let mut rivals = vec![Rival::Wrk, Rival::Ours, Rival::OursAgain, Rival::Pages];
    if Command::new("hey").arg("-h").output().is_ok() {
        rivals.push(Rival::Hey);
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut measured: Vec<Vec<Sample>> = Vec::new();
    for block in 1..=blocks {
        rivals.shuffle(&mut random);
        let samples = rivals
            .iter()
            .map(|rival| measure(*rival, server.url(), connections, seconds));
        let mut samples: Vec<Sample> = samples.collect::<Result<_>>()?;
        samples.sort_by_key(|sample| sample.rival as u8);
        let words = samples.iter().map(|sample| {
            let Sample {
                rival,
                per_second,
                per_cpu_second,
            } = sample;
            format!(
                "{} {per_second:.0}/s {:.1}k",
                rival.name(),
                per_cpu_second / 1e3
            )
        });
        println!(
            "block {block:>2}   {}",
            words.collect::<Vec<_>>().join("   ")
        );
        measured.push(samples);
    }
    println!("requests/s, and thousands of requests per CPU-second of the generator");
    println!(
        "{connections} connections, {THREADS} threads, {blocks} blocks of {seconds} s, seed {SEED}\n"
    );
    for rival in [Rival::Wrk, Rival::Hey] {
        print_ratios(&measured, Rival::Ours, rival);
    }
    print_ratios(&measured, Rival::Pages, Rival::Wrk);
    print_ratios(&measured, Rival::Pages, Rival::Ours);
    Ok(())
}

/// A quantity and its value in a sample.
type Quantity = (&'static str, fn(&Sample) -> f64);

/// Prints the ratios of one rival to another, with the noise of ours.
fn print_ratios(measured: &[Vec<Sample>], ours: Rival, other: Rival) {
    let quantities: [Quantity; 2] = [
        ("maximum rate", |sample| sample.per_second),
        ("requests per CPU-second", |sample| sample.per_cpu_second),
    ];
    for (name, of) in quantities {
        let blocks: Option<Vec<Block>> = measured
            .iter()
            .map(|samples| {
                let of = |rival| samples.iter().find(|s| s.rival == rival).map(of);
                let (a, b) = (of(other)?, of(ours)?);
                // The noise is that between the two runs of ours.
                let again = a * of(Rival::OursAgain)? / of(Rival::Ours)?;
                Some(Block {
                    a,
                    b,
                    again: Some(again),
                })
            })
            .collect();
        if let Some(blocks) = blocks {
            println!(
                "{} to {}, {name}: {}",
                ours.name(),
                other.name(),
                effect(&blocks, Better::Higher)
            );
        }
    }
}

fn measure(rival: Rival, url: &str, connections: u32, seconds: u32) -> Result<Sample> {
    let mut command = match rival {
        Rival::Wrk => Command::new("wrk"),
        Rival::Hey => Command::new("hey"),
        Rival::Ours | Rival::OursAgain | Rival::Pages => Command::new(our_binary()?),
    };
    let (connections, duration) = (connections.to_string(), format!("{seconds}s"));
    // The others have no warm-up, so ours has none either.
    match rival {
        Rival::Wrk => command.args(["-t", THREADS, "-c", &connections, "-d", &duration, url]),
        Rival::Hey => command.args(["-cpus", THREADS, "-c", &connections, "-z", &duration, url]),
        Rival::Ours | Rival::OursAgain => command
            .args(["-t", THREADS, "-c", &connections, "-d", &duration, url])
            .args(["--pages-only", "--json", "--warmup", "0s"]),
        Rival::Pages => command
            .args(["-t", THREADS, "-c", &connections, "-d", &duration])
            .args(["--returning=100", "--json", "--warmup", "0s"])
            .arg(format!("{url}page")),
    };
    let before = children_cpu()?;
    let output = command.stderr(Stdio::inherit()).output()?;
    let cpu = children_cpu()? - before;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("{} failed: {text}", rival.name()).into());
    }
    let (requests, per_second) = match rival {
        Rival::Wrk => read_wrk(&text),
        Rival::Hey => read_hey(&text),
        Rival::Ours | Rival::OursAgain | Rival::Pages => read_ours(&text),
    }
    .ok_or_else(|| format!("no rates in: {text}"))?;
    Ok(Sample {
        rival,
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
    Some((requests.parse().ok()?, after(text, "Requests/sec:")?))
}

fn read_hey(text: &str) -> Option<(f64, f64)> {
    let answers = text.lines().find(|l| l.trim().starts_with("[200]"))?;
    let requests = answers.split_whitespace().nth(1)?;
    Some((requests.parse().ok()?, after(text, "Requests/sec:")?))
}

fn after(text: &str, word: &str) -> Option<f64> {
    let rate = text.lines().find_map(|l| l.trim().strip_prefix(word))?;
    rate.trim().parse().ok()
}

/// CPU seconds of all children that have ended, in microseconds of resolution.
fn children_cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e6)
}
