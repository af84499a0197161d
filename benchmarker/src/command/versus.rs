//! `--vs`: measures two targets by turns. Each block measures both, and the first again, in random
//! order.

use benchmarker::chart::Dot;
use benchmarker::compare::{Better, Block, Effect, effect};
use benchmarker::{Error, Report, page, run};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use super::results::{self, can_be_written, print, write};
use super::{Ended, plan};
use crate::cli::Arguments;

/// What is compared, and its value in a report.
type Quantity = (&'static str, Better, fn(&Report) -> Option<f64>);

const QUANTITIES: [Quantity; 4] = [
    ("requests/sec", Better::Higher, |r| Some(r.requests_per_sec)),
    ("average request time", Better::Lower, |r| {
        Some(r.average_request_ms)
    }),
    ("p50", Better::Lower, |r| r.request_times.p50_ms),
    ("p99", Better::Lower, |r| r.request_times.p99_ms),
];

/// The three runs of a block.
#[derive(Clone, Copy)]
enum Turn {
    A,
    B,
    Again,
}

pub(crate) fn versus(arguments: &Arguments) -> Result<Ended, Error> {
    let Some(target) = &arguments.versus else {
        return Err(Error::Invalid("--vs needs a target".to_owned()));
    };
    can_be_written(arguments.html.as_deref())?;
    let a = plan(arguments)?;
    let b = a.clone().pages(a.page_list().at(target)?);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(arguments.seed);
    let mut blocks: Vec<[Report; 3]> = Vec::new();
    for block in 1..=arguments.blocks {
        let mut order = [Turn::A, Turn::B, Turn::Again];
        order.shuffle(&mut random);
        let mut reports = [const { None }; 3];
        for turn in order {
            let plan = match turn {
                Turn::A | Turn::Again => &a,
                Turn::B => &b,
            };
            let number = u64::from(block) * 3 + turn as u64;
            reports[turn as usize] = Some(run(&plan.clone().run_number(number))?);
        }
        if a.is_stopped() {
            break; // this block is not complete
        }
        let [Some(first), Some(second), Some(again)] = reports else {
            continue;
        };
        let rates = [&first, &second, &again].map(|report| report.requests_per_sec);
        print(&row(block, rates));
        blocks.push([first, second, again]);
    }
    conclude(arguments, a.is_open(), &blocks)
}

/// A block as a line: the rates of A, B and A again, and their ratios; a rate of 0 has no ratio.
fn row(block: u32, [a, b, again]: [f64; 3]) -> String {
    let ratio = |of: f64, to: f64| match of > 0.0 && to > 0.0 {
        true => format!("{:.3}", of / to),
        false => "-".to_owned(),
    };
    format!(
        "block {block:>2}   A {a:>8.0}   B {b:>8.0}   A again {again:>8.0} requests/s   B/A {:>5}   A/A {:>5}",
        ratio(b, a),
        ratio(again, a),
    )
}

/// Why there is no comparison: a run of A or B in which no request was answered as expected.
fn unanswered(blocks: &[[Report; 3]]) -> Option<String> {
    let sides: [(&str, &[usize]); 2] = [("A", &[0, 2]), ("B", &[1])];
    sides.into_iter().find_map(|(name, turns)| {
        let runs = blocks
            .iter()
            .flat_map(|block| turns.iter().map(move |turn| &block[*turn]));
        let runs: Vec<&Report> = runs.collect();
        let silent = || runs.iter().filter(|report| report.requests.total == 0);
        let first = silent().next()?;
        let why = match first.errors.first_paths.first_key_value() {
            Some((kind, path)) => format!(" (first {}: {path})", kind.name()),
            None => String::new(),
        };
        Some(format!(
            "no comparison: in {} of the {} runs of {name} no request was answered as expected{why}",
            silent().count(),
            runs.len(),
        ))
    })
}

/// Prints the comparison of B with A, and writes the page of `--html`.
fn conclude(arguments: &Arguments, is_open: bool, blocks: &[[Report; 3]]) -> Result<Ended, Error> {
    let Some([first, second, _]) = blocks.last() else {
        return Ok(Ended::WithoutNumbers);
    };
    print("");
    let runs = blocks.iter().flatten();
    let doubtful: Vec<&Report> = runs.filter(|report| report.is_in_doubt()).collect();
    if let Some(report) = doubtful.first() {
        print(&format!(
            "no comparison: a check failed in {} of the runs; run longer, or on a quieter machine",
            doubtful.len()
        ));
        report
            .failed_checks()
            .for_each(|check| print(&format!("{:<13} {}", check.name, check.detail)));
        return Ok(Ended::WithoutNumbers);
    }
    let unanswered = unanswered(blocks);
    if let Some(sentence) = &unanswered {
        print(sentence);
    }
    let failed = |turn: usize| {
        let runs = blocks.iter().map(|block| &block[turn]);
        runs.map(|report| report.errors.total + report.load.skipped)
            .sum::<u64>()
    };
    if unanswered.is_none() && failed(0) + failed(1) > 0 {
        print(&format!(
            "failed or skipped: A {}, B {}; the times below are those of answered requests",
            failed(0),
            failed(1)
        ));
    }
    let mut dots = Vec::new();
    for (name, better, of) in QUANTITIES {
        if is_open && name == "requests/sec" {
            if unanswered.is_some() {
                continue;
            }
            print("requests/sec           not compared: in an open load it is the offered rate");
            continue;
        }
        let effect = effect_of(blocks, better, of);
        if unanswered.is_none() {
            print(&format!("{name:<22} B to A: {effect}"));
        }
        let name = name.to_owned();
        dots.push(Dot { name, effect });
    }
    if let Some(file) = &arguments.html {
        let with_command = |report: &Report| {
            let mut report = report.clone();
            report.command = results::command_line();
            report
        };
        let (a, b) = (with_command(first), with_command(second));
        let page = page::comparison(&a, &b, &dots)?;
        write(file, &page)?;
    }
    Ok(match unanswered {
        None => Ended::Measured,
        Some(_) => Ended::WithoutNumbers,
    })
}

fn effect_of(blocks: &[[Report; 3]], better: Better, of: fn(&Report) -> Option<f64>) -> Effect {
    let value = |report: &Report| of(report).unwrap_or(f64::NAN);
    let blocks: Vec<Block> = blocks
        .iter()
        .map(|[a, b, again]| Block {
            a: value(a),
            b: value(b),
            again: Some(value(again)),
        })
        .collect();
    effect(&blocks, better)
}
