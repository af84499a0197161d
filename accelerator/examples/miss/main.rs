//! What a miss with push costs, beside the same miss without the layer: `scripts/bench-miss`.
//!
//! Each of four sites is a process of its own with one thread, behind a unix socket, as an app process
//! is behind nginx. Each gets requests for new files at a fixed rate, in turn, in blocks of changing order.
//! Two of them are the same, so that their difference is the machine's noise.
//!
//! The sites and memcached have one core, the load generator has another, as if on another machine: else the
//! scheduler would decide whether the work of a push after the response is counted.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
)]

mod cores;
mod load;
mod numbers;
mod process;
mod site;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use cores::Cores;
use numbers::{Effect, median};
use process::{Memcached, Process};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use site::{Body, Mode};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// How many blocks by default.
const BLOCKS: usize = 20;
/// How long each case of a block is measured by default.
const SECONDS: u64 = 1;
/// The seed of the order and the intervals.
const SEED: u64 = 2007;
/// How long each site is warmed up.
const WARMUP: Duration = Duration::from_secs(1);
/// How much more CPU time a miss with push may cost than one without.
const CPU_MORE_US_MAX: f64 = 80.0;

/// The cases of a block, each once.
struct Case {
    body: Body,
    mode: Mode,
    samples: Vec<Sample>,
}

/// The result of one case in one block.
struct Sample {
    p50_us: f64,
    cpu_us: f64,
    memcached_cpu_us: f64,
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", socket, mode] => site::serve(socket, mode, None),
        ["serve", socket, mode, memcached] => site::serve(socket, mode, Some(memcached)),
        [] => measure(BLOCKS, SECONDS, &Cores::apart()?),
        [blocks] => measure(blocks.parse()?, SECONDS, &Cores::apart()?),
        [blocks, seconds] => measure(blocks.parse()?, seconds.parse()?, &Cores::apart()?),
        [blocks, seconds, "shared"] => {
            measure(blocks.parse()?, seconds.parse()?, &Cores::shared()?)
        }
        _ => Err("usage: miss [BLOCKS] [SECONDS] [shared]".into()),
    }
}

fn measure(blocks: usize, seconds: u64, cores: &Cores) -> Fallible<()> {
    // Children and threads inherit the core.
    cores.go_to_sites()?;
    let dir = tempfile::Builder::new().prefix("miss-").tempdir()?;
    let memcached = Memcached::start(dir.path())?;
    let mut sites: Vec<(Mode, PathBuf, Process)> = Vec::new();
    for mode in Mode::ALL {
        let socket = dir.path().join(mode.word());
        let process = Process::site(&socket, mode, &memcached)?;
        sites.push((mode, socket, process));
    }
    cores.go_to_visitors()?;
    let both = Body::ALL.map(|body| Mode::ALL.map(|mode| (body, mode)));
    let mut cases: Vec<Case> = both
        .into_iter()
        .flatten()
        .chain([(Body::PlainText, Mode::Alone)])
        .map(|(body, mode)| Case {
            body,
            mode,
            samples: Vec::new(),
        })
        .collect();
    let mut order: Vec<usize> = (0..cases.len()).collect();
    let mut random = StdRng::seed_from_u64(SEED);

    for block in 0..=blocks {
        // The first block is the warm-up.
        let is_counted = block > 0;
        let time = if is_counted {
            Duration::from_secs(seconds)
        } else {
            WARMUP
        };
        order.shuffle(&mut random);
        for &number in &order {
            let case = &mut cases[number];
            let Some((_, socket, process)) = sites.iter().find(|(mode, ..)| *mode == case.mode)
            else {
                continue;
            };
            let (before, before_memcached) = (process.cpu()?, memcached.process.cpu()?);
            let sets = memcached.sets()?;
            let name = format!("{block}-{number}");
            let took = load::ask(socket, time, |n| case.body.path(&name, n))?;
            // Wait for all pushes to arrive, or their cost would count in the next case.
            let pushed = memcached.sets_until_still()? - sets;
            let expected = if case.mode == Mode::Push {
                took.len() as u64
            } else {
                0
            };
            if pushed != expected {
                return Err(
                    format!("{} misses, {pushed} stores, not {expected}", took.len()).into(),
                );
            }
            let each_us = |used: Duration| used.as_secs_f64() * 1e6 / took.len() as f64;
            if is_counted {
                case.samples.push(Sample {
                    p50_us: median(took.iter().map(|took| took.as_secs_f64() * 1e6)),
                    cpu_us: each_us(process.cpu()?.saturating_sub(before)),
                    memcached_cpu_us: each_us(
                        memcached.process.cpu()?.saturating_sub(before_memcached),
                    ),
                });
            }
        }
        eprintln!("block {block} of {blocks}");
    }
    tell(&cases, blocks, seconds);
    Ok(())
}

fn tell(cases: &[Case], blocks: usize, seconds: u64) {
    println!(
        "{} misses/s, each of a new URL, counted from its planned instant; {blocks} blocks of {seconds} s a case, medians over blocks\n",
        load::RATE
    );
    println!("| a miss of | site | p50, us | CPU of the app, us | CPU of memcached, us |");
    println!("| :-- | :-- | --: | --: | --: |");
    for case in cases {
        let of = |read: fn(&Sample) -> f64| median(case.samples.iter().map(read));
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.0} |",
            case.body.words(),
            case.mode.words(case.body),
            of(|sample| sample.p50_us),
            of(|sample| sample.cpu_us),
            of(|sample| sample.memcached_cpu_us),
        );
    }
    for body in Body::ALL {
        let of = |mode: Mode| {
            cases
                .iter()
                .find(|case| case.body == body && case.mode == mode)
        };
        if let (Some(alone), Some(again), Some(layer), Some(push)) = (
            of(Mode::Alone),
            of(Mode::AloneAgain),
            of(Mode::Layer),
            of(Mode::Push),
        ) {
            println!();
            compare(body, [alone, again, layer, push]);
        }
    }
}

/// Prints the distance of the layer and of the push from the same miss without them, in p50 and CPU time.
fn compare(body: Body, [alone, again, layer, push]: [&Case; 4]) {
    // Both sites without the layer are the same: their mean is the better estimate.
    let ratios = |case: &Case| -> Vec<f64> {
        let each = case
            .samples
            .iter()
            .zip(alone.samples.iter().zip(&again.samples));
        each.map(|(case, (a, b))| 2.0 * case.p50_us / (a.p50_us + b.p50_us))
            .collect()
    };
    let more = |case: &Case| -> Vec<f64> {
        let each = case
            .samples
            .iter()
            .zip(alone.samples.iter().zip(&again.samples));
        each.map(|(case, (a, b))| case.cpu_us - (a.cpu_us + b.cpu_us) / 2.0)
            .collect()
    };
    let pairs = || alone.samples.iter().zip(&again.samples);
    let same = Effect::of(pairs().map(|(a, b)| b.p50_us / a.p50_us).collect(), SEED);
    let same_cpu = Effect::of(pairs().map(|(a, b)| b.cpu_us - a.cpu_us).collect(), SEED);
    println!(
        "{}: p50 as a ratio to the same miss without the layer",
        body.words()
    );
    println!("  A/A (without it, twice)   {}", same.in_words(3));
    println!(
        "  layer without memcached   {}",
        Effect::of(ratios(layer), SEED).in_words(3)
    );
    let pushed = Effect::of(ratios(push), SEED);
    println!("  layer with push           {}", pushed.in_words(3));
    println!(
        "  within the A/A interval: {}",
        yes(same.either_way().contains(&pushed.middle))
    );
    println!(
        "{}: CPU of the app, us a miss more than without the layer",
        body.words()
    );
    println!("  A/A (without it, twice)   {}", same_cpu.in_words(1));
    println!(
        "  layer without memcached   {}",
        Effect::of(more(layer), SEED).in_words(1)
    );
    let pushed = Effect::of(more(push), SEED);
    println!("  layer with push           {}", pushed.in_words(1));
    println!(
        "  at most {CPU_MORE_US_MAX:.0} us: {}",
        yes(pushed.middle <= CPU_MORE_US_MAX)
    );
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}
