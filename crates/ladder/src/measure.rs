//! Measures one figure: load, CPU by tier, the site's own counters, and the checks of its validity.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use benchmarker::{Histogram, Report, TierReport, Tiers, run};
use domain::rung::{Front, Rung};
use stack::observe::cpu;

use super::counters::Counters;
use super::host_cpu::{self, HostCpu};
use super::interrupt::Interrupt;
use super::record::{Cpu, FilesAnswered, Measured, Step};
use super::site::Site;
use super::validity::{self, Evidence};
use super::workload::{Lists, Workload};
use super::wrk;

/// How long load is applied before anything is counted: connections, caches, clock rates.
const WARM_UP_MAX: Duration = Duration::from_secs(1);

/// How long a slow figure is measured at least: without the index, or with a process for each request, sixteen pages at
/// once may take a second each.
const SLOW_MIN: Duration = Duration::from_secs(3);

/// How many significant digits of a time are stored: exact to one in a hundred.
const DIGITS: u8 = 2;

/// The settings that all figures share.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub(super) lists: &'a Lists,
    pub(super) duration: Duration,
    pub(super) interrupt: &'a Interrupt,
    /// Whether wrk measures the page as well.
    pub(super) wrk: bool,
}

impl Bench<'_> {
    /// Measures one workload on a running site.
    pub(super) fn measure(
        &self,
        site: &mut Site,
        step: Step,
        workload: Workload,
    ) -> Result<Measured> {
        let plan = self.lists.plan(workload, site.running.listen)?;
        let plan = plan.stop_when(self.interrupt.word());
        // The warm-up is a run of its own, so that none of it is in the counters below.
        run(&plan.clone().duration(WARM_UP_MAX.min(self.duration)))?;
        self.interrupt.check()?;
        let counters = Counters::read(&site.running)?;
        let (before, used) = (HostCpu::read()?, cpu_of(site)?);
        let duration = match step {
            Step::WithoutIndex | Step::Version(Rung::CgiStrawman) => self.duration.max(SLOW_MIN),
            Step::Version(_) | Step::IndexAgain => self.duration,
        };
        let report = run(&plan.duration(duration))?;
        let used = cpu_of(site)?.since(&used);
        let busy = HostCpu::read()?.busy_since(&before);
        self.interrupt.check()?;
        site.check()?;
        let counters = Counters::read(&site.running)?.since(&counters);
        ensure!(
            report.requests.total > 0 && report.pages > 0,
            "version {} answered no request correctly:\n{report}",
            site.rung
        );
        let wrk_per_sec = match workload {
            // Once a version; without the index wrk would add nothing.
            Workload::Page if self.wrk && matches!(step, Step::Version(_)) => {
                wrk::pages_per_sec(site.running.listen, &self.lists.people, self.duration)?
            }
            _ => None,
        };
        self.interrupt.check()?;
        let beside = Beside {
            used,
            starts_programs: site.rung.front() == Front::NginxAndCgi,
            busy,
            counters,
            wrk_per_sec,
        };
        Ok(figure(step, workload, &report, &beside))
    }
}

fn cpu_of(site: &Site) -> Result<cpu::Tiers> {
    cpu::by_tier(site.supervisor()).context("CPU of the site")
}

/// What was measured while the benchmarker ran.
struct Beside {
    /// CPU of the site.
    used: cpu::Tiers,
    /// Whether a process is started for every request.
    starts_programs: bool,
    /// The share of the time in which the cores were busy, with this or other work.
    busy: f64,
    counters: Counters,
    wrk_per_sec: Option<f64>,
}

fn figure(step: Step, workload: Workload, report: &Report, beside: &Beside) -> Measured {
    let cpu = cpu_of_one(report, beside);
    let wrk_per_sec = beside.wrk_per_sec;
    let files = files(workload, report);
    // Requests in flight at the end of the warm-up are answered after the counters were read first.
    let under_way = 2 * report.generator.connections as u64;
    let slack = under_way + report.errors.total + report.reconnects;
    let audit = audit(&files, &beside.counters, slack);
    let by_hand_per_sec = validity::by_hand(&cpu, host_cpu::count());
    let evidence = Evidence {
        times: &report.histograms.request,
        errors: report.errors.total,
        generator_busy: report.generator.busy,
        per_sec: report.pages_per_sec,
        by_hand: by_hand_per_sec,
        busy: beside.busy,
        wrk: wrk_per_sec,
        audit: audit.as_ref().err().cloned(),
    };
    Measured {
        step,
        workload,
        requests_per_sec: report.requests_per_sec,
        average_request_ms: report.average_request_ms,
        p50_ms: report.request_times.p50_ms.unwrap_or_default(),
        p95_ms: report.request_times.p95_ms.unwrap_or_default(),
        units_per_sec: report.pages_per_sec,
        requests: report.requests.total,
        errors: report.errors.total,
        cpu,
        generator_busy: report.generator.busy,
        by_hand_per_sec,
        busy: beside.busy,
        wrk_per_sec,
        files,
        doubts: evidence.doubts(),
        audit: audit.unwrap_or_else(|difference| difference),
        request_us: compact(&report.histograms.request),
    }
}

/// CPU of one page, or of one file if the workload is files alone.
fn cpu_of_one(report: &Report, beside: &Beside) -> Cpu {
    let each = |secs: f64| secs * 1000.0 / report.pages as f64;
    let tier = |time: Duration| each(time.as_secs_f64());
    let used = &beside.used;
    let mut cpu = Cpu {
        postgres_ms: tier(used.postgres),
        nginx_ms: tier(used.nginx),
        app_ms: tier(used.app + used.cgi),
        memcached_ms: tier(used.memcached),
        generator_ms: each(report.generator.cpu_secs),
    };
    if beside.starts_programs {
        // fcgiwrap ignores SIGCHLD and does not wait for its programs, so the kernel drops their CPU time when
        // they end. The estimate is the rest of the busy time; with other work on the machine it is too high.
        let all = each(beside.busy * host_cpu::count() as f64 * report.elapsed_secs);
        cpu.app_ms += (all - cpu.sum_ms()).max(0.0);
    }
    cpu
}

/// Which tier answered the requests for files; in the workload of files alone they are the pages of the list.
fn files(workload: Workload, report: &Report) -> FilesAnswered {
    let of = |tiers: &Tiers| {
        let all = [
            &tiers.memcached,
            &tiers.page,
            &tiers.disk,
            &tiers.app,
            &tiers.unnamed,
        ];
        FilesAnswered {
            asked: all.iter().map(|tier: &&TierReport| tier.requests).sum(),
            memcached: tiers.memcached.requests,
            disk: tiers.disk.requests,
            app: tiers.app.requests,
        }
    };
    match workload {
        Workload::Page => FilesAnswered::default(),
        Workload::Files => of(&report.page_tiers),
        Workload::PageAndFiles | Workload::Pictures => of(&report.file_tiers),
    }
}

/// Compares the counts of the client with those of the site. Requests in flight at either end, failed requests and
/// repeated requests may be in one count and not in the other: the counts may differ by that many.
fn audit(files: &FilesAnswered, counters: &Counters, slack: u64) -> Result<String, String> {
    let mut compared = Vec::new();
    let pairs = [
        (
            "memcached",
            files.memcached,
            counters.memcached.map(|(hits, _)| hits),
        ),
        ("the app", files.app, counters.app_files),
    ];
    for (tier, client, counted) in pairs {
        let Some(counted) = counted else { continue };
        if client.abs_diff(counted) > slack {
            return Err(format!(
                "{tier} counted {counted} answers for files, the client {client}"
            ));
        }
        compared.push(format!("{tier} {counted}"));
    }
    Ok(if compared.is_empty() {
        "files as counted by the client: no process stays whose counters could be read".to_owned()
    } else {
        format!(
            "files by the site's own counters: {}; by the client: memcached {}, app {}",
            compared.join(", "),
            files.memcached,
            files.app
        )
    })
}

/// The times as text: `microseconds:count`, separated by blanks.
fn compact(times: &Histogram<u64>) -> String {
    let mut coarse = Histogram::<u64>::new_with_bounds(1, times.high(), DIGITS)
        .expect("the bounds come from an existing histogram");
    coarse.add(times).expect("times of the same range");
    let mut text = String::new();
    for value in coarse.iter_recorded() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{}:{} ",
            value.value_iterated_to(),
            value.count_at_value()
        );
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_differ_by_more_than_what_was_under_way_are_said() {
        let files = FilesAnswered {
            asked: 110,
            memcached: 100,
            disk: 0,
            app: 10,
        };
        let counters = |hits, app| Counters {
            memcached: Some((hits, 0)),
            app_files: Some(app),
        };
        assert!(audit(&files, &counters(102, 10), 2).is_ok());
        let said = audit(&files, &counters(100, 13), 2).unwrap_err();
        assert_eq!(said, "the app counted 13 answers for files, the client 10");
        assert!(audit(&files, &Counters::default(), 0).is_ok());
    }

    #[test]
    fn times_are_written_down_with_their_counts() {
        let mut times = Histogram::new_with_bounds(1, 1_000_000, 3).unwrap();
        times.record_n(7, 3).unwrap();
        times.record(90).unwrap();
        assert_eq!(compact(&times), "7:3 90:1");
    }
}
