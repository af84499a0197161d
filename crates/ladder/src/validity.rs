//! Reasons to mistrust a figure, looked for before it is printed.

use benchmarker::Histogram;

use super::numbers::rate;
use super::record::Cpu;

/// Where a stall by delayed acknowledgements shows, in microseconds: Linux waits 40 ms, and an
/// answer takes its own time on top.
const STEP_US: (u64, u64) = (38_000, 46_000);

/// Which share of requests in the step is more than chance.
const STEP_SHARE_MIN: f64 = 0.01;

/// How many times as many requests the step must hold as its neighbours of the same width do.
const STEP_OVER_NEIGHBOURS: f64 = 3.0;

/// How busy the cores are when nobody waits for anything but them.
const BUSY_MIN: f64 = 0.7;

/// How far two ways to find the same number may lie apart.
const AGREEMENT: f64 = 0.2;

/// Above this share of its thread's time the generator itself may be the limit.
const GENERATOR_SHARE_MAX: f64 = 0.7;

/// Whether many requests took 40 ms and few about that: somebody waits for an acknowledgement. Where
/// half of all requests take that long it is no stall if the cores were busy meanwhile.
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

/// What the cores can make at most, a second: they do nothing else while they do this.
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

/// The doubts of one figure, as sentences.
pub(super) struct Evidence<'a> {
    pub(super) times: &'a Histogram<u64>,
    pub(super) errors: u64,
    pub(super) generator_busy: f64,
    /// Measured, in units a second.
    pub(super) per_sec: f64,
    /// The same by hand.
    pub(super) by_hand: f64,
    /// Which share of the time the cores were at work, for anybody.
    pub(super) busy: f64,
    /// The same by wrk, where it was asked.
    pub(super) wrk: Option<f64>,
    /// What the client and the site count differently.
    pub(super) audit: Option<String>,
}

impl Evidence<'_> {
    /// Every reason to mistrust the figure; none is the rule.
    pub(super) fn doubts(&self) -> Vec<String> {
        // By hand the cores do nothing else: so much of their time was ours.
        let busy_share = self.per_sec / self.by_hand;
        let mut doubts = Vec::new();
        if self.errors > 0 {
            doubts.push(format!("{} requests failed", self.errors));
        }
        if step_at_40_ms(self.times, busy_share) {
            doubts.push("many requests took 40 ms: somebody waits for an acknowledgement".into());
        }
        if self.generator_busy > GENERATOR_SHARE_MAX {
            doubts.push(format!(
                "the generator was busy {:.0} % of the time: it may be the limit",
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
        // All of them stall, and the cores have nothing to do.
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
