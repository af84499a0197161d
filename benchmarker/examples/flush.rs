//! What a flushed memcached does to a site at full load: `scripts/bench-flush`.
//!
//! Browsers visit the pages of a list by Zipf's law, with all their parts. Every so often everything
//! that memcached holds is flushed, and the pages' times in the seconds after are set beside those of
//! the seconds before; halfway between two flushes the same is done with nothing flushed.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
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

/// How many connections ask: four browsers, as in the talk's load with pictures.
const CONNECTIONS: usize = 24;
/// How many seconds lie between two flushes.
const PERIOD: usize = 12;
/// After how many of them it is looked at with nothing flushed: long after one, and before the next.
const HALFWAY: usize = 7;
/// How many seconds run before the first flush.
const LEAD: usize = 6;
/// How many seconds before are what a flush is measured against.
const BEFORE: usize = 4;
/// How many seconds after are looked at; the worst of them counts.
const AFTER: usize = 2;
/// How often memcached's own counters are read.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// At which part of the hit ratio before it counts as back.
const BACK_AT: f64 = 0.99;

/// One look at memcached's counters, which only grow.
#[derive(Clone, Copy)]
struct Look {
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
    let (progress, heard) = mpsc::channel();
    let plan = Plan::new(pages)
        .connections(CONNECTIONS)
        .order(Order::Zipf)
        .warmup(Duration::ZERO)
        .duration(Duration::from_secs(seconds as u64))
        .send_progress_to(progress);

    let looks = Arc::new(Mutex::new(Vec::new()));
    let over = Arc::new(AtomicBool::new(false));
    let looking = thread::spawn({
        let (memcached, looks, over) = (memcached.clone(), Arc::clone(&looks), Arc::clone(&over));
        move || look_on(&memcached, &looks, &over)
    });
    let flushing = thread::spawn({
        let memcached = memcached.clone();
        move || flush_between(&memcached, &heard)
    });
    let report = run(&plan)?;
    // Whoever listens listens for as long as the plan could be run once more.
    drop(plan);
    over.store(true, Relaxed);
    let (seconds, flushed) = flushing.join().map_err(|_| "the flushing thread died")??;
    looking.join().map_err(|_| "the looking thread died")??;
    let looks = mem::take(&mut *looks.lock().unwrap_or_else(PoisonError::into_inner));
    if report.errors.total > 0 {
        return Err(format!("requests failed:\n{report}").into());
    }
    println!(
        "{:.0} requests/s, {:.0} pages/s by {CONNECTIONS} connections in a closed loop, generator {:.0} % of a core\n",
        report.requests_per_sec,
        report.pages_per_sec,
        100.0 * report.generator.busy
    );
    tell(&seconds, &flushed, &looks);
    Ok(())
}

/// Flushes at the end of every period's first second; returns what each second was, and when was flushed.
fn flush_between(
    memcached: &str,
    heard: &mpsc::Receiver<Progress>,
) -> Fallible<(Vec<Progress>, Vec<Instant>)> {
    let (mut seconds, mut flushed) = (Vec::new(), Vec::new());
    for progress in heard {
        seconds.push(progress);
        if seconds.len() >= LEAD && (seconds.len() - LEAD).is_multiple_of(PERIOD) {
            flushed.push(Instant::now());
            if exchange(memcached, "flush_all")? != ["OK"] {
                return Err("memcached did not flush".into());
            }
        }
    }
    Ok((seconds, flushed))
}

fn look_on(memcached: &str, looks: &Mutex<Vec<Look>>, over: &AtomicBool) -> Fallible<()> {
    while !over.load(Relaxed) {
        let lines = exchange(memcached, "stats")?;
        let of = |name: &str| -> Fallible<u64> {
            let line = lines.iter().find_map(|line| line.strip_prefix(name));
            Ok(line.ok_or("memcached does not say its hits")?.parse()?)
        };
        let (hits, misses) = (of("STAT get_hits ")?, of("STAT get_misses ")?);
        let at = Instant::now();
        let mut looks = looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.push(Look { at, hits, misses });
        drop(looks);
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

fn exchange(memcached: &str, command: &str) -> Fallible<Vec<String>> {
    let mut stream = TcpStream::connect(memcached)?;
    stream.write_all(format!("{command}\r\nquit\r\n").as_bytes())?;
    Ok(BufReader::new(stream).lines().collect::<Result<_, _>>()?)
}

fn tell(seconds: &[Progress], flushed: &[Instant], looks: &[Look]) {
    println!(
        "| flush | pages' p99 before, ms | the second after | the next | factor | nothing flushed | asked of the app a second, before | in the second after | hit ratio before | its lowest | back after |"
    );
    println!("| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    let (mut factors, mut without, mut backs) = (Vec::new(), Vec::new(), Vec::new());
    for (number, at) in flushed.iter().enumerate() {
        // So many seconds were over when it was flushed.
        let over = LEAD + PERIOD * number;
        let (Some(factor), Some(nothing)) =
            (factor(seconds, over), factor(seconds, over + HALFWAY))
        else {
            continue;
        };
        let (before, lowest, back) = ratio_around(looks, *at);
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
    say(
        "pages' p99, the worse of two seconds after a flush to the four before",
        factors,
        "",
    );
    say("the same with nothing flushed (A/A)", without, "");
    say("hit ratio back at 99 % of what it was", backs, " s");
}

/// How much longer pages took in the worst second after than in those before.
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
            // All of one range: they always add.
            Some(all) => all.add(&second.pages).unwrap_or_default(),
        }
    }
    all.map_or(f64::NAN, |all| all.value_at_quantile(0.99) as f64 / 1000.0)
}

/// The hit ratio in the seconds before a flush, its lowest after, and how long until it was back for good.
fn ratio_around(looks: &[Look], flush: Instant) -> (f64, f64, Option<Duration>) {
    let ratio = |from: &Look, to: &Look| {
        let hits = to.hits - from.hits;
        hits as f64 / (hits + to.misses - from.misses).max(1) as f64
    };
    let before: Vec<&Look> = looks
        .iter()
        .filter(|look| look.at < flush && look.at + Duration::from_secs(BEFORE as u64) > flush)
        .collect();
    let after: Vec<&Look> = looks
        .iter()
        .filter(|look| look.at >= flush && look.at < flush + Duration::from_secs(HALFWAY as u64))
        .collect();
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
        .rposition(|(_, ratio)| *ratio < BACK_AT * usual);
    let back = missing.map_or(Some(Duration::ZERO), |missing| {
        Some(steps.get(missing + 1)?.0 - flush)
    });
    (usual, lowest, back)
}

fn say(what: &str, mut values: Vec<f64>, unit: &str) {
    values.sort_by(f64::total_cmp);
    if let [least, .., most] = values[..] {
        let middle = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
        println!(
            "{what}: median {middle:.2}{unit} ({least:.2} to {most:.2}{unit}, {} flushes)",
            values.len()
        );
    }
}
