//! Measures how a flush of memcached affects a site at full load: `scripts/bench-flush`.
//!
//! Browsers visit the pages of a list by Zipf's law, with all their parts. memcached is flushed
//! periodically, and the times of pages in the seconds after are compared with those in the seconds
//! before; halfway between two flushes the same is computed without a flush, as A/A.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example with output for people"
)]

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{mem, sync::Arc, sync::PoisonError, sync::mpsc, thread};

use benchmarker::{Histogram, Order, PageList, Plan, Progress, Tier, run};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many connections there are: four browsers, as in the talk's load with pictures.
const CONNECTIONS: usize = 24;
/// The period of flushes, in seconds.
const PERIOD: usize = 12;
/// The second of a period at which the A/A comparison is made: long after a flush, and before the next.
const HALFWAY: usize = 7;
/// How many seconds precede the first flush.
const LEAD: usize = 6;
/// How many seconds before a flush are its baseline.
const BEFORE: usize = 4;
/// How many seconds after a flush are compared; the worst of them counts.
const AFTER: usize = 2;
/// How often memcached's counters are read.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// The share of the hit ratio before a flush at which it has recovered.
const RECOVERED_AT: f64 = 0.99;

/// One sample of memcached's counters, which only increase.
#[derive(Clone, Copy)]
struct Sample {
    at: Instant,
    hits: u64,
    misses: u64,
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, base, memcached, flushes] = &arguments[..] else {
        return Err("usage: flush LIST BASE MEMCACHED FLUSHES".into());
    };
    let flushes: usize = flushes.parse()?;
    let pages = PageList::parse(&std::fs::read_to_string(list)?, Some(base))?;
    let seconds = LEAD + PERIOD * flushes;
    let (sender, receiver) = mpsc::channel();
    let plan = Plan::new(pages)
        .connections(CONNECTIONS)
        .order(Order::Zipf)
        .warmup(Duration::ZERO)
        .duration(Duration::from_secs(seconds as u64))
        .send_progress_to(sender);

    let samples = Arc::new(Mutex::new(Vec::new()));
    let over = Arc::new(AtomicBool::new(false));
    let sampling = thread::spawn({
        let (memcached, over) = (memcached.clone(), Arc::clone(&over));
        let samples = Arc::clone(&samples);
        move || sample(&memcached, &samples, &over)
    });
    let flushing = thread::spawn({
        let memcached = memcached.clone();
        move || flush_periodically(&memcached, &receiver)
    });
    let report = run(&plan)?;
    // The plan owns the sender: the channel, and with it the flushing thread, ends when it is dropped.
    drop(plan);
    over.store(true, Relaxed);
    let (seconds, flushed) = flushing.join().map_err(|_| "the flushing thread died")??;
    sampling.join().map_err(|_| "the sampling thread died")??;
    let samples = mem::take(&mut *samples.lock().unwrap_or_else(PoisonError::into_inner));
    if report.errors.total > 0 {
        return Err(format!("requests failed:\n{report}").into());
    }
    println!(
        "{:.0} requests/s, {:.0} pages/s by {CONNECTIONS} connections in a closed loop, generator {:.0} % of a core\n",
        report.requests_per_sec,
        report.pages_per_sec,
        100.0 * report.generator.busy
    );
    print_table(&seconds, &flushed, &samples);
    Ok(())
}

/// Flushes at the end of the first second of every period; returns the seconds and the flushes.
fn flush_periodically(
    memcached: &str,
    receiver: &mpsc::Receiver<Progress>,
) -> Fallible<(Vec<Progress>, Vec<Instant>)> {
    let (mut seconds, mut flushed) = (Vec::new(), Vec::new());
    for progress in receiver {
        seconds.push(progress);
        if seconds.len() >= LEAD && (seconds.len() - LEAD).is_multiple_of(PERIOD) {
            flushed.push(Instant::now());
            if send_command(memcached, "flush_all")? != ["OK"] {
                return Err("memcached did not flush".into());
            }
        }
    }
    Ok((seconds, flushed))
}

fn sample(memcached: &str, samples: &Mutex<Vec<Sample>>, over: &AtomicBool) -> Fallible<()> {
    while !over.load(Relaxed) {
        let lines = send_command(memcached, "stats")?;
        let of = |name: &str| -> Fallible<u64> {
            let line = lines.iter().find_map(|line| line.strip_prefix(name));
            Ok(line
                .ok_or("the stats of memcached lack get_hits")?
                .parse()?)
        };
        let (hits, misses) = (of("STAT get_hits ")?, of("STAT get_misses ")?);
        let at = Instant::now();
        let mut samples = samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.push(Sample { at, hits, misses });
        drop(samples);
        thread::sleep(SAMPLE_EVERY);
    }
    Ok(())
}

fn send_command(memcached: &str, command: &str) -> Fallible<Vec<String>> {
    let mut stream = TcpStream::connect(memcached)?;
    stream.write_all(format!("{command}\r\nquit\r\n").as_bytes())?;
    Ok(BufReader::new(stream).lines().collect::<Result<_, _>>()?)
}

fn print_table(seconds: &[Progress], flushed: &[Instant], samples: &[Sample]) {
    println!(
        "| flush | pages' p99 before, ms | the second after | the next | factor | nothing flushed | asked of the app a second, before | in the second after | hit ratio before | its lowest | back after |"
    );
    println!("| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    let (mut factors, mut without, mut backs) = (Vec::new(), Vec::new(), Vec::new());
    for (number, at) in flushed.iter().enumerate() {
        // How many seconds were over at the flush.
        let over = LEAD + PERIOD * number;
        let (Some(factor), Some(nothing)) =
            (factor(seconds, over), factor(seconds, over + HALFWAY))
        else {
            continue;
        };
        let (before, lowest, back) = hit_ratios(samples, *at);
        let asked = |from: usize, to: usize| {
            let of = |progress: &Progress| {
                progress
                    .times
                    .iter()
                    .find(|(tier, _)| *tier == Tier::App)
                    .map_or(0, |(_, times)| times.len())
            };
            seconds[from..to].iter().map(of).sum::<u64>() / (to - from) as u64
        };
        println!(
            "| {} | {:.2} | {:.2} | {:.2} | {factor:.2} | {nothing:.2} | {} | {} | {:.2} % | {:.1} % | {} |",
            number + 1,
            p99_ms(&seconds[over - BEFORE..over]),
            p99_ms(&seconds[over..=over]),
            p99_ms(&seconds[over + 1..=over + 1]),
            asked(over - BEFORE, over),
            asked(over, over + 1),
            100.0 * before,
            100.0 * lowest,
            back.map_or("not seen".to_owned(), |back| format!(
                "{:.2} s",
                back.as_secs_f64()
            )),
        );
        factors.push(factor);
        without.push(nothing);
        backs.extend(back.map(|back| back.as_secs_f64()));
    }
    println!();
    print_median(
        "p99 of pages, the worse of two seconds after a flush to the four before",
        factors,
        "",
    );
    print_median("the same without a flush (A/A)", without, "");
    print_median("hit ratio back at 99 % of that before", backs, " s");
}

/// The ratio of the p99 of pages in the worst second after to that in the seconds before.
fn factor(seconds: &[Progress], over: usize) -> Option<f64> {
    let before = p99_ms(seconds.get(over.checked_sub(BEFORE)?..over)?);
    let after = seconds.get(over..over + AFTER)?;
    let worst = after
        .iter()
        .map(|second| p99_ms(std::slice::from_ref(second)));
    Some(worst.fold(0.0, f64::max) / before)
}

fn p99_ms(seconds: &[Progress]) -> f64 {
    let mut all: Option<Histogram<u64>> = None;
    for second in seconds {
        match &mut all {
            None => all = Some(second.pages.clone()),
            // Histograms of one range always add.
            Some(all) => all.add(&second.pages).unwrap_or_default(),
        }
    }
    all.map_or(f64::NAN, |all| all.value_at_quantile(0.99) as f64 / 1000.0)
}

/// The hit ratio before a flush, the lowest after it, and how long it took to recover for good.
fn hit_ratios(samples: &[Sample], flush: Instant) -> (f64, f64, Option<Duration>) {
    let ratio = |from: &Sample, to: &Sample| {
        let hits = to.hits - from.hits;
        hits as f64 / (hits + to.misses - from.misses).max(1) as f64
    };
    let within = |from: Instant, to: Instant| -> Vec<&Sample> {
        let samples = samples.iter();
        samples.filter(|s| s.at >= from && s.at < to).collect()
    };
    let before = within(flush - Duration::from_secs(BEFORE as u64), flush);
    let after = within(flush, flush + Duration::from_secs(HALFWAY as u64));
    let ([first, .., last], [_, ..]) = (&before[..], &after[..]) else {
        return (f64::NAN, f64::NAN, None);
    };
    let usual = ratio(first, last);
    let steps: Vec<(Instant, f64)> = after
        .windows(2)
        .map(|pair| (pair[1].at, ratio(pair[0], pair[1])))
        .collect();
    let lowest = steps
        .iter()
        .map(|(_, ratio)| *ratio)
        .fold(f64::INFINITY, f64::min);
    let missing = steps
        .iter()
        .rposition(|(_, ratio)| *ratio < RECOVERED_AT * usual);
    let back = missing.map_or(Some(Duration::ZERO), |missing| {
        Some(steps.get(missing + 1)?.0 - flush)
    });
    (usual, lowest, back)
}

fn print_median(what: &str, mut values: Vec<f64>, unit: &str) {
    values.sort_by(f64::total_cmp);
    if let [least, .., most] = values[..] {
        let middle = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
        println!(
            "{what}: median {middle:.2}{unit} ({least:.2} to {most:.2}{unit}, {} flushes)",
            values.len()
        );
    }
}
