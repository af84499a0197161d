//! The checks of a run by itself: when one fails, the report prints it in the place of the numbers.

use serde::{Deserialize, Serialize};

use super::times::Times;
use crate::Plan;
use crate::measure::{Failure, SecondTally, Tally};
use crate::stats::littles_law::LittlesLaw;
use crate::stats::ratio;

/// How late page views may begin for which a browser was free, however fast the server is.
const LATE_MS_MAX: f64 = 1.0;
/// Or which share of the measured times.
const LATE_SHARE_MAX: f64 = 0.1;
/// With fewer page views the 99th percentile is a single outlier.
const LATE_SAMPLES_MIN: u64 = 100;

/// One check of a run by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Its result.
    pub result: CheckResult,
    /// The numbers that were compared, in a sentence.
    pub detail: String,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// The numbers are consistent.
    Passed,
    /// They are not: rates and times are not valid.
    Failed,
    /// There were too few samples.
    Inconclusive,
}

/// All checks.
pub(super) fn of(plan: &Plan, tally: &Tally, lateness: Times, times: Times) -> Vec<Check> {
    let mut checks = vec![littles_law(tally), bytes(tally), counts(tally)];
    if plan.is_open() {
        checks.push(arrivals(tally));
        checks.push(punctual(lateness, times));
    }
    checks
}

fn check(name: &str, passed: bool, detail: String) -> Check {
    let result = if passed {
        CheckResult::Passed
    } else {
        CheckResult::Failed
    };
    let name = name.to_owned();
    Check {
        name,
        result,
        detail,
    }
}

fn inconclusive(name: &str, detail: String) -> Check {
    Check {
        name: name.to_owned(),
        result: CheckResult::Inconclusive,
        detail,
    }
}

/// Little's law: the mean number of requests under way is their rate times their mean time.
///
/// The first is integrated over the events of the run, the second computed from the begin and end of
/// each request within the measured time, also of failed and unfinished ones: so a request that is
/// lost, counted twice or timed wrongly breaks the law.
fn littles_law(tally: &Tally) -> Check {
    const NAME: &str = "Little's law";
    let secs = tally.elapsed.as_secs_f64();
    let mean_ms = ratio(tally.took.as_secs_f64() * 1e3, tally.ended as f64);
    let law = LittlesLaw::of(
        ratio(tally.under_way.as_secs_f64(), secs),
        ratio(tally.ended as f64, secs),
        mean_ms,
    );
    let detail = format!(
        "{:.2} requests were under way on average; rate times time is {:.2}",
        law.under_way, law.expected
    );
    if tally.ended == 0 {
        return inconclusive(NAME, detail);
    }
    check(NAME, law.holds(), detail)
}

/// Every byte that arrived belongs to a response.
fn bytes(tally: &Tally) -> Check {
    let (sockets, responses) = (tally.socket_bytes, tally.response_bytes);
    let detail = format!("{sockets} bytes arrived at the sockets, the responses have {responses}");
    let malformed = tally.failures[Failure::Malformed as usize];
    check("bytes", sockets == responses || malformed > 0, detail)
}

/// The counts by second equal the counts by step.
fn counts(tally: &Tally) -> Check {
    let by_second: u64 = tally.seconds.iter().map(SecondTally::requests).sum();
    let by_step = tally.answers();
    let detail = format!("{by_step} requests by step, {by_second} by second");
    check("counts", by_second == by_step, detail)
}

/// Every page view that was due began, was skipped, or waits.
fn arrivals(tally: &Tally) -> Check {
    let a = tally.arrivals;
    let detail = format!(
        "{} page views were due: {} begun, {} skipped, {} waiting at the end",
        a.due, a.begun, a.skipped, a.waiting
    );
    check("arrivals", a.due == a.begun + a.skipped + a.waiting, detail)
}

/// The generator began page views on time: otherwise it would measure its own delay.
fn punctual(lateness: Times, times: Times) -> Check {
    const NAME: &str = "punctual";
    let (late, p99) = (
        lateness.p99_ms.unwrap_or_default(),
        times.p99_ms.unwrap_or_default(),
    );
    let detail = format!(
        "page views for which a browser was free began up to {late:.3} ms late (p99); requests took {p99:.3} ms (p99)"
    );
    if lateness.samples < LATE_SAMPLES_MIN {
        return inconclusive(NAME, detail);
    }
    check(NAME, late <= LATE_MS_MAX.max(LATE_SHARE_MAX * p99), detail)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::OffsetDateTime;

    use super::*;
    use crate::measure::{RequestKind, RequestSample, Tier};
    use crate::report::Report;
    use crate::{Load, PageList, Stages};

    fn plan() -> Plan {
        Plan::new(PageList::single("http://127.0.0.1/").unwrap())
    }

    /// Ten seconds of so many requests of 10 ms, all of them counted as they should be.
    fn sound(requests: u64) -> Tally {
        let mut tally = Tally::new(1, true);
        let took = Duration::from_millis(10);
        tally.extend_to(Duration::from_secs(9));
        for _ in 0..requests {
            tally.answered(&RequestSample {
                kind: RequestKind::Step(0),
                tier: Tier::App,
                status: 200,
                response_time: took,
                service_time: took,
            });
            tally.under_way += took;
            tally.took += took;
            tally.ended += 1;
        }
        (tally.socket_bytes, tally.response_bytes) = (100, 100);
        tally.elapsed = Duration::from_secs(10);
        tally
    }

    fn result(tally: &Tally, name: &str) -> CheckResult {
        let plan = plan().load(Load::Open(Stages::constant(1.0).unwrap()));
        let times = Times::of(tally.service.as_ref().unwrap());
        let checks = of(&plan, tally, Times::of(&tally.lateness), times);
        let check = checks.iter().find(|check| check.name == name);
        check
            .unwrap_or_else(|| panic!("no {name} in {checks:?}"))
            .result
    }

    #[test]
    fn a_sound_run_passes() {
        let tally = sound(2000);
        for name in ["Little's law", "bytes", "counts", "arrivals"] {
            assert_eq!(result(&tally, name), CheckResult::Passed, "{name}");
        }
    }

    #[test]
    fn a_run_that_doubts_itself_prints_no_number() {
        let told = |tally| {
            let report = Report::new(&plan(), tally, OffsetDateTime::UNIX_EPOCH);
            let json = serde_json::from_str(&report.to_json().unwrap()).unwrap();
            let json: serde_json::Value = json;
            let rate = json["requests_per_sec"].as_f64();
            (report.to_string().contains("requests/sec: 200\n"), rate)
        };
        assert_eq!(told(sound(2000)), (true, Some(200.0)));
        let mut doubtful = sound(2000);
        doubtful.socket_bytes += 1;
        assert_eq!(told(doubtful), (false, None));
    }

    #[test]
    fn requests_that_were_longer_under_way_than_they_say_break_littles_law() {
        let mut tally = sound(2000);
        tally.under_way += Duration::from_secs(2);
        assert_eq!(result(&tally, "Little's law"), CheckResult::Failed);
        assert_eq!(result(&sound(0), "Little's law"), CheckResult::Inconclusive);
    }

    #[test]
    fn a_byte_of_nobody_a_request_without_a_second_and_a_lost_page_view_are_found() {
        let mut tally = sound(2000);
        tally.socket_bytes += 1;
        assert_eq!(result(&tally, "bytes"), CheckResult::Failed);
        let mut tally = sound(2000);
        tally.seconds.clear();
        assert_eq!(result(&tally, "counts"), CheckResult::Failed);
        let mut tally = sound(2000);
        tally.arrivals.due = 1;
        assert_eq!(result(&tally, "arrivals"), CheckResult::Failed);
    }

    #[test]
    fn a_generator_that_is_late_by_a_tenth_of_what_it_measures_fails() {
        let mut tally = sound(2000);
        tally.lateness.record(900).unwrap();
        assert_eq!(result(&tally, "punctual"), CheckResult::Inconclusive);
        tally.lateness.record_n(900, 100).unwrap();
        assert_eq!(result(&tally, "punctual"), CheckResult::Passed);
        tally.lateness.record_n(5000, 10).unwrap();
        assert_eq!(result(&tally, "punctual"), CheckResult::Failed);
    }
}
