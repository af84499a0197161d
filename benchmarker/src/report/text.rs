//! The face of a report: the two headline lines first, the rest on one screen.

use std::fmt;

use super::steps::PARTS;
use super::{CheckResult, Failure, Report, TierReport, Tiers, Times};
use crate::stats::steady::Steady;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.requests.total == 0 {
            // A rate of nothing is not a slow server, it is no measurement.
            writeln!(
                f,
                "no request was answered as asked in {:.1} s: there is no rate to report",
                self.elapsed_secs
            )?;
            self.load(f)?;
        } else {
            self.headline(f)?;
            self.details(f)?;
        }
        self.errors(f)?;
        self.audit(f)?;
        self.generator(f)
    }
}

impl Report {
    /// The two lines that are looked for first; a run that doubts itself says why in their place.
    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.doubts().next().is_none() {
            writeln!(f, "requests/sec: {}", rate(self.requests_per_sec))?;
            return writeln!(
                f,
                "average request time: {} ms",
                ms(self.average_request_ms)
            );
        }
        writeln!(
            f,
            "no number: this run does not stand behind what it counted"
        )?;
        for check in self.doubts() {
            writeln!(f, "{:<13} {}", check.name, check.says)?;
        }
        Ok(())
    }

    fn details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.doubts().next().is_none() {
            writeln!(f, "pages/sec: {}", rate(self.pages_per_sec))?;
            writeln!(f)?;
            self.times(f)?;
        }
        self.load(f)?;
        self.steps(f)?;
        let r = &self.requests;
        write!(
            f,
            "requests      {} in {:.1} s:",
            r.total, self.elapsed_secs
        )?;
        write!(
            f,
            " {} html, {} css and js, {} pictures",
            r.html, r.statics, r.pictures
        )?;
        match r.redirects {
            0 => writeln!(f)?,
            n => writeln!(f, "; {n} redirects")?,
        }
        if self.from_cache + self.revalidated > 0 {
            writeln!(
                f,
                "browser cache {} parts not asked for, {} still good (304)",
                self.from_cache, self.revalidated
            )?;
        }
        write!(f, "page views    {} complete", self.pages)?;
        match self.pages_incomplete {
            0 => writeln!(f)?,
            n => writeln!(f, ", {n} with something missing")?,
        }
        let mb = self.bytes as f64 / 1e6;
        writeln!(
            f,
            "received      {mb:.1} MB, {:.1} MB/s",
            mb / self.elapsed_secs
        )?;
        // Files are another story than pages, where both were fetched.
        let answered: &[(&str, &Tiers)] = if r.statics + r.pictures > 0 {
            &[
                ("pages by", &self.page_tiers),
                ("files by", &self.file_tiers),
            ]
        } else {
            &[("answered by", &self.tiers)]
        };
        for (label, tiers) in answered {
            tier_lines(f, label, tiers)?;
        }
        Ok(())
    }

    fn errors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = Failure::ALL
            .iter()
            .filter(|kind| self.errors.count(**kind) > 0)
            .map(|kind| format!("{} {}", self.errors.count(*kind), name(*kind)))
            .collect();
        let kinds = if kinds.is_empty() {
            "none".to_owned()
        } else {
            kinds.join(", ")
        };
        writeln!(f, "errors        {kinds}")?;
        if self.errors.total > 0 && self.requests.total > 0 {
            writeln!(
                f,
                "              these are neither in the rate nor in the times above"
            )?;
        }
        for (kind, path) in &self.errors.first_paths {
            let shown: String = path.chars().take(60).collect();
            writeln!(f, "              first {kind}: {shown}")?;
        }
        if self.unfinished > 0 {
            let longest = ms(self.unfinished_longest_ms);
            writeln!(
                f,
                "under way     {} at the end, the oldest for {longest} ms",
                self.unfinished
            )?;
        }
        if self.reconnects > 0 {
            writeln!(
                f,
                "reconnects    {}: the server closed a kept connection",
                self.reconnects
            )?;
        }
        Ok(())
    }

    fn times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "request time  {}", quantiles(&self.request_times))?;
        if self.load.is_open {
            writeln!(f, "service time  {}", quantiles(&self.service_times))?;
        }
        writeln!(f, "page time     {}", quantiles(&self.page_times))?;
        if self.from_cache + self.revalidated > 0 {
            writeln!(f, "first visits  {}", quantiles(&self.first_page_times))?;
            writeln!(f, "repeat visits {}", quantiles(&self.later_page_times))?;
        }
        match self.steady() {
            // Nothing that a warm-up cannot explain.
            Steady::From { .. } | Steady::TooShort { .. } | Steady::NotMeasured => Ok(()),
            unsteady => writeln!(
                f,
                "no one state  {unsteady}: the numbers above are a mixture"
            ),
        }
    }

    /// The steps of a scenario; the parts of pages stand under "files by".
    fn steps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = &self.steps[..self.steps.len() - PARTS];
        if named.len() < 2 {
            return Ok(());
        }
        let asked = named.iter().filter(|step| step.requests + step.failed > 0);
        for (at, step) in asked.enumerate() {
            let label = if at == 0 { "steps" } else { "" };
            let name: String = step.name.chars().take(20).collect();
            write!(
                f,
                "{label:<13} {name:<20} {:>9} requests  {}",
                step.requests,
                quantiles(&step.times)
            )?;
            match step.failed {
                0 => writeln!(f)?,
                n => writeln!(f, "  {n} failed")?,
            }
        }
        Ok(())
    }

    /// What became of the page views that were due.
    fn load(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let l = &self.load;
        if !l.is_open {
            return Ok(());
        }
        write!(
            f,
            "load          {} page views due: {} begun",
            l.due, l.begun
        )?;
        match l.skipped {
            0 => {}
            n => write!(f, ", {n} skipped (no browser was free within the time-out)")?,
        }
        match l.waiting {
            0 => {}
            n => write!(f, ", {n} waiting at the end")?,
        }
        match l.lateness.p99_ms {
            Some(late) => writeln!(f, "; sent up to {} ms late (p99)", ms(late))?,
            None => writeln!(f)?,
        }
        if self.falls_behind() {
            writeln!(
                f,
                "              the site falls behind: what waits longest is in none of the times above"
            )?;
        }
        Ok(())
    }

    fn audit(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |result| {
            self.audit
                .iter()
                .filter(move |check| check.result == result)
        };
        let passed = of(CheckResult::Passed).count();
        let failed: Vec<_> = of(CheckResult::Failed).map(|check| check.name).collect();
        let unjudged: Vec<_> = of(CheckResult::Unjudged).map(|check| check.name).collect();
        let judged = passed + failed.len();
        write!(f, "audit         {passed} of {judged} passed")?;
        if !failed.is_empty() {
            write!(f, "; failed: {}", failed.join(", "))?;
        }
        if !unjudged.is_empty() {
            write!(f, "; too little to judge {} by", unjudged.join(", "))?;
        }
        writeln!(f)
    }

    fn generator(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let g = &self.generator;
        write!(
            f,
            "generator     {:.1} us of CPU a request, threads {:.0} % busy;",
            g.cpu_us_per_request,
            g.busy * 100.0
        )?;
        write!(
            f,
            " {} threads, {} connections, {} browsers, seed {}",
            g.threads, g.connections, g.browsers, g.seed
        )?;
        if g.is_the_limit() {
            write!(
                f,
                "\n              the generator was busy all the time: it may be the limit, not the server"
            )?;
        }
        Ok(())
    }
}

/// The word for a failure, the same in text and JSON.
pub(super) fn name(failure: Failure) -> &'static str {
    match failure {
        Failure::Connect => "connect",
        Failure::Timeout => "timeout",
        Failure::Truncated => "truncated",
        Failure::Reset => "reset",
        Failure::Malformed => "malformed",
        Failure::Status4xx => "status 4xx",
        Failure::Status5xx => "status 5xx",
        Failure::Unexpected => "unexpected",
    }
}

fn tier_lines(f: &mut fmt::Formatter<'_>, label: &str, t: &Tiers) -> fmt::Result {
    let tiers = [
        ("memcached", &t.memcached),
        ("page cache", &t.page),
        ("disk", &t.disk),
        ("app", &t.app),
        ("unnamed", &t.unnamed),
    ];
    for (index, (name, tier)) in tiers.iter().filter(|(_, t)| t.requests > 0).enumerate() {
        let label = if index == 0 { label } else { "" };
        writeln!(f, "{label:<13} {name:<10} {}", tier_line(tier))?;
    }
    Ok(())
}

fn tier_line(tier: &TierReport) -> String {
    let median = tier.times.p50_ms.map(ms).unwrap_or_default();
    format!(
        "{:5.1} %  {:>9} requests  p50 {median} ms",
        tier.share * 100.0,
        tier.requests
    )
}

fn quantiles(times: &Times) -> String {
    let shown = [
        ("p50", times.p50_ms),
        ("p95", times.p95_ms),
        ("p99", times.p99_ms),
        ("p99.9", times.p999_ms),
        ("max", times.max_ms),
    ];
    let shown: Vec<String> = shown
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", ms((*value)?))))
        .collect();
    if shown.is_empty() {
        "none".to_owned()
    } else {
        format!("{} ms", shown.join("  "))
    }
}

/// Milliseconds with as many digits as mean something.
fn ms(value: f64) -> String {
    match value {
        v if v < 10.0 => format!("{v:.3}"),
        v if v < 1000.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

fn rate(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}
