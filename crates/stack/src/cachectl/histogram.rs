//! A histogram of latencies on a logarithmic scale: `|` for hits, `#` for misses.

use std::time::Duration;

use super::format::{counted, grouped, latency, percent};
use super::request::{Outcome, Request};
use super::top::lost_note;

/// The start of the scale, in microseconds as a power of ten: no response is faster.
const BEGIN: f64 = 1.0;

/// How many decades the scale spans: up to ten seconds.
const DECADES: f64 = 6.0;

/// How many columns a decade has at most; more columns would show only noise.
const COLUMNS_A_DECADE_MAX: usize = 12;

/// How many cells are counted: those of the finest scale.
const CELLS: usize = COLUMNS_A_DECADE_MAX * DECADES as usize;

/// The decay time of the live display: after this time a request has a third of its weight.
const MEMORY: Duration = Duration::from_secs(10);

/// Counts requests by latency.
#[derive(Debug, Clone)]
pub struct Histogram {
    hits: [f64; CELLS],
    misses: [f64; CELLS],
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            hits: [0.0; CELLS],
            misses: [0.0; CELLS],
        }
    }
}

impl Histogram {
    /// Counts a request if the cache was involved and its latency is known.
    pub fn add(&mut self, request: &Request) {
        let cells = match request.outcome {
            Outcome::Hit => &mut self.hits,
            Outcome::Miss | Outcome::Failed => &mut self.misses,
            Outcome::NotModified | Outcome::Pass | Outcome::Nginx => return,
        };
        if let Some(took) = request.took {
            cells[cell_of(took)] += 1.0;
        }
    }

    /// Reduces the weight of earlier requests by the time that has passed.
    pub fn fade(&mut self, time: Duration) {
        let left = (-time.as_secs_f64() / MEMORY.as_secs_f64()).exp();
        let cells = self.hits.iter_mut().chain(&mut self.misses);
        cells.for_each(|count| *count *= left);
    }

    /// Renders the histogram into this many columns and rows.
    pub fn picture(&self, (width, height): (usize, usize), lost: u64) -> String {
        let (hits, misses): (f64, f64) = (self.hits.iter().sum(), self.misses.iter().sum());
        let rows = height.saturating_sub(8).max(3);
        let columns: Vec<(f64, f64)> = std::iter::zip(self.hits, self.misses)
            .take(width.max(1))
            .collect();
        let highest = columns.iter().map(|(hit, miss)| hit + miss);
        let highest = highest.fold(0.0, f64::max);
        let unit = (highest / rows as f64).max(1.0);
        let mut text = format!(
            "| hits {}, half within {}   # misses {}, half within {}   hit ratio {}\n\n",
            grouped(hits.round() as u64),
            median(&self.hits),
            grouped(misses.round() as u64),
            median(&self.misses),
            percent(hits.round() as u64, (hits + misses).round() as u64)
        );
        for row in (0..rows).rev() {
            let line: String = columns
                .iter()
                .map(|column| mark(*column, unit, row as f64))
                .collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push_str(&axis(columns.len()));
        text.push_str(&format!(
            "one mark is {}\n",
            counted(unit.ceil() as u64, "request", "requests")
        ));
        text.push_str(&lost_note(lost));
        text
    }
}

/// Returns the character of a column at a height: misses below, hits above. Any counted request is visible.
fn mark((hits, misses): (f64, f64), unit: f64, row: f64) -> char {
    let (misses, all) = (misses / unit, (hits + misses) / unit);
    let seen = |amount: f64| amount > row + 0.5 || (row == 0.0 && amount * unit >= 0.5);
    match (seen(misses), seen(all)) {
        (true, _) => '#',
        (false, true) => '|',
        (false, false) => ' ',
    }
}

fn cell_of(took: Duration) -> usize {
    let us = took.as_micros().max(1) as f64;
    let decades = us.log10() - BEGIN;
    let cell = (decades * COLUMNS_A_DECADE_MAX as f64).floor().max(0.0);
    (cell as usize).min(CELLS - 1)
}

/// The upper limit of a cell.
fn end_of(cell: usize) -> Duration {
    let decades = BEGIN + (cell + 1) as f64 / COLUMNS_A_DECADE_MAX as f64;
    Duration::from_micros(10_f64.powf(decades).round() as u64)
}

fn median(cells: &[f64; CELLS]) -> String {
    let all: f64 = cells.iter().sum();
    let mut below = 0.0;
    for (at, count) in cells.iter().enumerate() {
        below += count;
        if all >= 0.5 && below * 2.0 >= all {
            return latency(end_of(at));
        }
    }
    "-".to_owned()
}

/// A line with a mark at each decade, and its labels below.
fn axis(columns: usize) -> String {
    let mut line = vec!['-'; columns];
    let mut names = String::new();
    for decade in 0..DECADES as usize {
        let at = decade * COLUMNS_A_DECADE_MAX;
        if at >= columns {
            break;
        }
        line[at] = '+';
        let name = latency(Duration::from_micros(
            10_u64.pow(decade as u32 + BEGIN as u32),
        ));
        names.push_str(&format!("{name:<COLUMNS_A_DECADE_MAX$}"));
    }
    let line: String = line.into_iter().collect();
    format!("{line}\n{}\n", names.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(outcome: Outcome, us: u64) -> Request {
        Request {
            ended_ms: 0,
            took: Some(Duration::from_micros(us)),
            outcome,
            method: "GET".to_owned(),
            status: 200,
            bytes: 1,
            chain: String::new(),
            target: "/i/a.webp".to_owned(),
        }
    }

    #[test]
    fn every_time_has_its_cell() {
        assert_eq!(
            [0, 9, 10, 12, 99, 100].map(|us| cell_of(Duration::from_micros(us))),
            [0, 0, 0, 0, 11, 12]
        );
        assert_eq!(cell_of(Duration::from_secs(60)), CELLS - 1);
    }

    #[test]
    fn hits_stand_left_and_misses_right_each_where_its_time_is() {
        let mut histogram = Histogram::default();
        (0..30).for_each(|_| histogram.add(&request(Outcome::Hit, 150)));
        (0..6).for_each(|_| histogram.add(&request(Outcome::Miss, 15_000)));
        let picture = histogram.picture((80, 13), 0);
        let lines: Vec<&str> = picture.lines().collect();
        assert_eq!(
            lines[0],
            "| hits 30, half within 178 us   # misses 6, half within 18 ms   hit ratio 83.3%"
        );
        assert_eq!(lines[2], "              |");
        assert_eq!(lines[6], "              |                       #");
        assert_eq!(lines[7].find('+'), Some(0));
        assert_eq!(
            lines[8],
            "10 us       100 us      1.0 ms      10 ms       100 ms      1.0 s"
        );
        assert_eq!(lines[9], "one mark is 6 requests");
        assert!(lines.iter().all(|line| line.len() <= 80), "{picture}");
        let mut one = Histogram::default();
        one.add(&request(Outcome::Hit, 150));
        assert!(one.picture((80, 13), 0).contains("one mark is 1 request\n"));
    }
}
