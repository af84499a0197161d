//! A report as text: the two headline lines first, the rest on one screen.

use std::fmt;

use super::steps::PARTS;
use super::{CheckResult, Report, TierReport, Tiers, Times};
use crate::numbers;
use crate::stats::steady::Steady;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.requests.total == 0 {
            // Not a slow server, but no measurement.
            writeln!(
                f,
                "no request was answered as expected in {:.1} s: there is no rate to report",
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
    /// The two headline lines; when a check of the audit failed, the check in their place.
    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_in_doubt() {
            writeln!(f, "requests/sec: {}", rate(self.requests_per_sec))?;
            return writeln!(
                f,
                "average request time: {} ms",
                self.ms(self.average_request_ms)
            );
        }
        writeln!(f, "no numbers: a check of this run failed")?;
        for check in self.failed_checks() {
            writeln!(f, "{:<13} {}", check.name, check.detail)?;
        }
        Ok(())
    }

    fn details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_in_doubt() {
            writeln!(f, "pages/sec: {}", rate(self.pages_per_sec))?;
            writeln!(f)?;
            self.times(f)?;
        }
        self.load(f)?;
        self.steps(f)?;
        let r = &self.requests;
        let total = number(r.total);
        write!(f, "requests      {total} in {:.1} s:", self.elapsed_secs)?;
        write!(
            f,
            " {} html, {} css and js, {}",
            number(r.html),
            number(r.statics),
            counted(r.pictures, "picture", "pictures")
        )?;
        match r.redirects {
            0 => writeln!(f)?,
            n => writeln!(f, "; {}", counted(n, "redirect", "redirects"))?,
        }
        if self.from_cache + self.revalidated > 0 {
            writeln!(
                f,
                "browser cache {} fresh, {} revalidated (304)",
                counted(self.from_cache, "part", "parts"),
                number(self.revalidated)
            )?;
        }
        write!(f, "page views    {} complete", number(self.pages))?;
        match self.pages_incomplete {
            0 => writeln!(f)?,
            n => writeln!(f, ", {} incomplete", number(n))?,
        }
        let mb = self.bytes as f64 / 1e6;
        writeln!(
            f,
            "received      {mb:.1} MB, {:.1} MB/s",
            mb / self.elapsed_secs
        )?;
        // Pages and files are answered by different tiers: one table each, where both were fetched.
        let answered: &[(&str, &Tiers)] = if r.statics + r.pictures > 0 {
            &[
                ("pages by", &self.page_tiers),
                ("files by", &self.file_tiers),
            ]
        } else {
            &[("answered by", &self.tiers)]
        };
        for (label, tiers) in answered {
            self.tier_lines(f, label, tiers)?;
        }
        Ok(())
    }

    fn errors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self
            .errors
            .kinds()
            .map(|(kind, count)| format!("{} {}", number(count), kind.name()))
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
            writeln!(f, "              first {}: {shown}", kind.name())?;
        }
        if self.unfinished > 0 {
            let longest = self.ms(self.unfinished_longest_ms);
            writeln!(
                f,
                "under way     {} at the end, the oldest for {longest} ms",
                number(self.unfinished)
            )?;
        }
        if self.reconnects > 0 {
            writeln!(
                f,
                "reconnects    {}: the server closed an idle connection",
                number(self.reconnects)
            )?;
        }
        Ok(())
    }

    fn times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "request time  {}", self.quantiles(&self.request_times))?;
        if self.load.is_open() {
            writeln!(f, "service time  {}", self.quantiles(&self.service_times))?;
        }
        writeln!(f, "page time     {}", self.quantiles(&self.page_times))?;
        if self.from_cache + self.revalidated > 0 {
            writeln!(
                f,
                "first visits  {}",
                self.quantiles(&self.first_visit_times)
            )?;
            writeln!(
                f,
                "repeat visits {}",
                self.quantiles(&self.repeat_visit_times)
            )?;
        }
        match self.steady {
            // A warm-up explains all other changes.
            Steady::From { .. } | Steady::TooShort { .. } | Steady::NotMeasured => Ok(()),
            unsteady => writeln!(
                f,
                "not steady    {unsteady}: the numbers above are a mixture"
            ),
        }
    }

    /// The steps of a scenario; the parts of pages are under "files by".
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
                number(step.requests),
                self.quantiles(&step.times)
            )?;
            match step.failed {
                0 => writeln!(f)?,
                n => writeln!(f, "  {} failed", number(n))?,
            }
        }
        Ok(())
    }

    /// What became of the page views of an open load.
    fn load(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let l = &self.load;
        if !l.is_open() {
            return Ok(());
        }
        write!(
            f,
            "load          {} due: {} begun",
            counted(l.due, "page view", "page views"),
            number(l.begun)
        )?;
        match l.skipped {
            0 => {}
            n => write!(
                f,
                ", {} skipped (no browser was free within the timeout)",
                number(n)
            )?,
        }
        match l.waiting {
            0 => {}
            n => write!(f, ", {} waiting at the end", number(n))?,
        }
        match l.lateness.p99_ms {
            Some(late) => writeln!(f, "; sent up to {} ms late (p99)", self.ms(late))?,
            None => writeln!(f)?,
        }
        if self.falls_behind() {
            writeln!(
                f,
                "              the site falls behind: the slowest page views are in none of the times above"
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
        let names = |result| of(result).map(|check| &*check.name).collect::<Vec<_>>();
        let failed = names(CheckResult::Failed);
        let inconclusive = names(CheckResult::Inconclusive);
        let conclusive = passed + failed.len();
        write!(f, "audit         {passed} of {conclusive} passed")?;
        if !failed.is_empty() {
            write!(f, "; failed: {}", failed.join(", "))?;
        }
        if !inconclusive.is_empty() {
            write!(f, "; too few samples for {}", inconclusive.join(", "))?;
        }
        writeln!(f)
    }

    fn generator(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let g = &self.generator;
        write!(
            f,
            "generator     {:.1} us of CPU a request, {} {} busy;",
            g.cpu_us_per_request,
            counted(g.threads as u64, "thread", "threads"),
            numbers::percent(g.busy)
        )?;
        write!(
            f,
            " {}, {}, seed {}",
            counted(g.connections as u64, "connection", "connections"),
            counted(g.browsers as u64, "browser", "browsers"),
            g.seed
        )?;
        if g.is_the_limit() {
            write!(
                f,
                "\n              the generator was busy nearly all the time: it may be the limit, not the server"
            )?;
        }
        Ok(())
    }
}

/// Times: all of a report with the same number of decimals, so that they compare at a glance.
impl Report {
    /// A time in milliseconds: two decimals, or three where the median request takes less than a tenth.
    fn ms(&self, value: f64) -> String {
        let is_small = self.request_times.p50_ms.is_some_and(|p50| p50 < 0.1);
        let decimals = if is_small { 3 } else { 2 };
        format!("{value:.decimals$}")
    }

    fn tier_lines(&self, f: &mut fmt::Formatter<'_>, label: &str, t: &Tiers) -> fmt::Result {
        let tiers = [
            ("memcached", &t.memcached),
            ("page cache", &t.page),
            ("disk", &t.disk),
            ("app", &t.app),
            ("unnamed", &t.unnamed),
        ];
        for (index, (name, tier)) in tiers.iter().filter(|(_, t)| t.requests > 0).enumerate() {
            let label = if index == 0 { label } else { "" };
            writeln!(f, "{label:<13} {name:<10} {}", self.tier_line(tier))?;
        }
        Ok(())
    }

    fn tier_line(&self, tier: &TierReport) -> String {
        let median = tier.times.p50_ms.map(|p50| self.ms(p50));
        format!(
            "{:5.1} %  {:>10} requests  p50 {} ms",
            tier.share * 100.0,
            number(tier.requests),
            median.unwrap_or_default()
        )
    }

    fn quantiles(&self, times: &Times) -> String {
        let shown = [
            ("p50", times.p50_ms),
            ("p95", times.p95_ms),
            ("p99", times.p99_ms),
            ("p99.9", times.p999_ms),
            ("max", times.max_ms),
        ];
        let shown: Vec<String> = shown
            .iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", self.ms((*value)?))))
            .collect();
        if shown.is_empty() {
            "none".to_owned()
        } else {
            format!("{} ms", shown.join("  "))
        }
    }
}

/// A count with thousands separators.
fn number(count: u64) -> String {
    numbers::count(count as f64)
}

/// A count and its noun: `1 thread`, `48 connections`.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

fn rate(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}
