//! Checks the validity of a figure before it is printed.

use benchmarker::Histogram;

use super::numbers::rate;
use super::record::Cpu;

/// The response times that a delayed acknowledgement causes, in microseconds: Linux delays it by 40 ms, and the
/// response takes its own time on top.
const STEP_US: (u64, u64) = (38_000, 46_000);

/// The share of requests in the step above which it is no coincidence.
const STEP_SHARE_MIN: f64 = 0.01;

/// How many times as many requests the step must have as its neighbours of the same width.
const STEP_OVER_NEIGHBOURS: f64 = 3.0;

/// How busy the cores are when all requests wait only for them.
const BUSY_MIN: f64 = 0.7;

/// How far two measurements of the same number may differ.
const AGREEMENT: f64 = 0.2;

/// Above this share of its thread's time the load generator may be the bottleneck.
const GENERATOR_SHARE_MAX: f64 = 0.7;

/// Whether many requests took 40 ms and few a little less or more: one side waits for a delayed acknowledgement. If
/// half of all requests take that long and the cores were busy meanwhile, the requests are slow, not stalled.
pub(super) fn step_at_40_ms(times: &Histogram<u64>, busy_share: f64) -> bool {
    let (from, to) = STEP_US;
    let width = to - from;
    let count = |from: u64, to: u64| times.count_between(from, to - 1) as f64;
    let step = count(from, to);
    let neighbours = (count(from - width, from) + count(to, to + width)) / 2.0;
    let stands_out =
        step > STEP_SHARE_MIN * times.len() as f64 && step > STEP_OVER_NEIGHBOURS * neighbours;
    let is_typical = (from..to).contains(&times.value_at_quantile(0.5));
    stands_out && !(is_typical && busy_share >= BUSY_MIN)
}

/// How many units a second the cores can make at most, if they do nothing else.
pub(super) fn by_hand(cpu: &Cpu, cores: usize) -> f64 {
    match cpu.sum_ms() {
        sum if sum > 0.0 => cores as f64 * 1000.0 / sum,
        _ => 0.0,
    }
}

/// Whether two numbers for the same thing agree.
pub(super) fn agree(one: f64, other: f64) -> bool {
    (one / other - 1.0).abs() <= AGREEMENT
}

/// What the validity of one figure is judged by.
pub(super) struct Evidence<'a> {
    pub(super) times: &'a Histogram<u64>,
    pub(super) errors: u64,
    pub(super) generator_busy: f64,
    /// Measured units a second.
    pub(super) per_sec: f64,
    /// Units a second computed from the CPU of one unit ([`by_hand`]).
    pub(super) by_hand: f64,
    /// The share of the time in which the cores were busy, with this or other work.
    pub(super) busy: f64,
    /// Units a second measured by wrk, where it ran.
    pub(super) wrk: Option<f64>,
    /// How the counts of the client and the site differ.
    pub(super) audit: Option<String>,
}

impl Evidence<'_> {
    /// Every reason to doubt the figure, as sentences; usually none.
    pub(super) fn doubts(&self) -> Vec<String> {
        // The share of the cores' time that these units used.
        let busy_share = self.per_sec / self.by_hand;
        let mut doubts = Vec::new();
        if self.errors > 0 {
            doubts.push(format!("{} requests failed", self.errors));
        }
        if step_at_40_ms(self.times, busy_share) {
            doubts.push("many requests took 40 ms, as with a delayed TCP acknowledgement".into());
        }
        if self.generator_busy > GENERATOR_SHARE_MAX {
            doubts.push(format!(
                "the load generator was busy {:.0} % of the time: it may be the bottleneck",
                self.generator_busy * 100.0
            ));
        }
        if !agree(self.per_sec, self.by_hand) {
            doubts.push(format!(
                "by hand {} a second; but the cores were idle for {:.0} % of the time, and at work for \
                 others for {:.0} %",
                rate(self.by_hand),
                100.0 * (1.0 - self.busy),
                100.0 * (self.busy - busy_share).max(0.0)
            ));
        }
        if let Some(wrk) = self.wrk.filter(|wrk| !agree(*wrk, self.per_sec)) {
            doubts.push(format!("wrk says {} a second", rate(wrk)));
        }
        doubts.extend(self.audit.clone());
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(of_ms: impl IntoIterator<Item = (f64, u64)>) -> Histogram<u64> {
        let mut times = Histogram::new(3).unwrap();
        for (ms, count) in of_ms {
            times.record_n((ms * 1000.0) as u64, count).unwrap();
        }
        times
    }

    #[test]
    fn a_stall_by_acknowledgements_is_seen_and_slow_work_is_not_taken_for_it() {
        let fast = (1..20).map(|ms| (f64::from(ms), 1000));
        assert!(!step_at_40_ms(&times(fast.clone()), 1.0));
        assert!(step_at_40_ms(&times(fast.chain([(43.8, 900)])), 1.0));
        // All of them stall, and the cores are idle.
        assert!(step_at_40_ms(&times([(43.8, 1000)]), 0.2));
        // All of them take that long because the cores are busy.
        assert!(!step_at_40_ms(&times([(43.8, 1000)]), 0.95));
        let wide = (10..90).map(|ms| (f64::from(ms), 100));
        assert!(!step_at_40_ms(&times(wide), 0.3));
    }

    #[test]
    fn two_cores_and_half_a_millisecond_a_page_are_four_thousand_pages() {
        let cpu = Cpu {
            postgres_ms: 0.2,
            app_ms: 0.25,
            generator_ms: 0.05,
            ..Cpu::default()
        };
        assert!((by_hand(&cpu, 2) - 4000.0).abs() < 1e-6);
        assert!(agree(3300.0, 4000.0) && !agree(3000.0, 4000.0));
    }
}
