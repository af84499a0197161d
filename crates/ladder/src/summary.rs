//! Combines the rounds of a talk: medians with their ranges, and factors within a round.

use benchmarker::compare::{BLOCKS_MIN, Better, Block, Effect, effect};
use serde::Serialize;

use super::record::{Cpu, FilesAnswered, Measured, Step, Talk};
use super::workload::Workload;

/// The median and range of one figure over all rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Middle {
    /// The median; of an even number the mean of the two in the middle.
    pub median: f64,
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Middle {
    /// The median and range of some values; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        let median = match values.len() {
            0 => return None,
            odd if odd % 2 == 1 => values[half],
            _ => f64::midpoint(values[half - 1], values[half]),
        };
        Some(Self {
            median,
            low: values[0],
            high: values[values.len() - 1],
        })
    }
}

/// One step under one workload, over all rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub step: Step,
    /// Under which workload.
    #[serde(rename = "body")]
    pub workload: Workload,
    /// Answered requests a second.
    pub requests_per_sec: Middle,
    /// Whole pages a second, or files.
    pub units_per_sec: Middle,
    /// Mean time of a request, in milliseconds.
    pub average_request_ms: Middle,
    /// The step that the factor is over.
    pub factor_over: Option<Step>,
    /// Requests a second over those of that step, in the same round.
    pub factor: Option<Middle>,
    /// The effect with its interval; `None` with too few rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// CPU of one unit, each the median of its tier.
    pub cpu: Cpu,
    /// Units a second that the cores could make at most, computed from that CPU.
    pub by_hand_per_sec: f64,
    /// Pages a second measured by wrk.
    pub wrk_per_sec: Option<f64>,
    /// Which tier answered the requests for files, in all rounds together.
    pub files: FilesAnswered,
    /// The doubts of all rounds, each once.
    pub doubts: Vec<String>,
}

/// The rows of a talk, in the order in which they are shown.
pub(super) fn rows(talk: &Talk) -> Vec<Row> {
    let all = Workload::ALL.into_iter();
    let all = all.flat_map(|workload| Step::ALL.into_iter().map(move |step| (step, workload)));
    all.filter_map(|(step, workload)| row(talk, step, workload))
        .collect()
}

fn find(round: &[Measured], step: Step, workload: Workload) -> Option<&Measured> {
    round
        .iter()
        .find(|measured| measured.step == step && measured.workload == workload)
}

fn row(talk: &Talk, step: Step, workload: Workload) -> Option<Row> {
    let rounds = talk.rounds.iter();
    let measured: Vec<&Measured> = rounds
        .filter_map(|round| find(round, step, workload))
        .collect();
    let middle = |value: fn(&Measured) -> f64| Middle::of(measured.iter().map(|one| value(one)));
    let median = |value: fn(&Measured) -> f64| middle(value).map_or(0.0, |middle| middle.median);
    let factors = talk.rounds.iter().filter_map(|round| {
        let here = find(round, step, workload)?;
        let before = find(round, step.before()?, workload)?;
        Some(here.requests_per_sec / before.requests_per_sec)
    });
    let factor = Middle::of(factors);
    let blocks = talk.rounds.iter().filter_map(|round| {
        Some(Block {
            a: find(round, step.before()?, workload)?.requests_per_sec,
            b: find(round, step, workload)?.requests_per_sec,
            again: None,
        })
    });
    let blocks: Vec<Block> = blocks.collect();
    let effect = (blocks.len() >= BLOCKS_MIN).then(|| effect(&blocks, Better::Higher));
    let files = |part: fn(&FilesAnswered) -> u64| measured.iter().map(|one| part(&one.files)).sum();
    let mut doubts: Vec<String> = Vec::new();
    for doubt in measured.iter().flat_map(|one| &one.doubts) {
        if !doubts.contains(doubt) {
            doubts.push(doubt.clone());
        }
    }
    Some(Row {
        step,
        workload,
        requests_per_sec: middle(|one| one.requests_per_sec)?,
        units_per_sec: middle(|one| one.units_per_sec)?,
        average_request_ms: middle(|one| one.average_request_ms)?,
        factor_over: factor.and(step.before()),
        factor,
        effect,
        cpu: Cpu {
            postgres_ms: median(|one| one.cpu.postgres_ms),
            nginx_ms: median(|one| one.cpu.nginx_ms),
            app_ms: median(|one| one.cpu.app_ms),
            memcached_ms: median(|one| one.cpu.memcached_ms),
            generator_ms: median(|one| one.cpu.generator_ms),
        },
        by_hand_per_sec: median(|one| one.by_hand_per_sec),
        wrk_per_sec: Middle::of(measured.iter().filter_map(|one| one.wrk_per_sec))
            .map(|middle| middle.median),
        files: FilesAnswered {
            asked: files(|files| files.asked),
            memcached: files(|files| files.memcached),
            disk: files(|files| files.disk),
            app: files(|files| files.app),
        },
        doubts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let middle = Middle::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((middle.low, middle.median, middle.high), (1.0, 2.5, 4.0));
        assert_eq!(Middle::of([]), None);
        assert_eq!(Middle::of([7.0]).unwrap().median, 7.0);
    }
}
