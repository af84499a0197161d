//! How long answers took lately: drawn by the benchmarker's chart, and as text with hits as `|` and misses
//! as `#`.

use benchmarker::chart::{Frame, Layer, Mark, latency};
use ladder::lab::{BUCKETS, Snapshot, Times, bucket_of};

use super::panels::time_said;
use crate::web::format;

/// How wide the drawing is on a screen, and on a narrow one.
const WIDE: f64 = 540.0;
const NARROW: f64 = 340.0;

/// Where the drawing's axis begins and ends, in microseconds.
const ENDS_US: (f64, f64) = (10.0, 40e6);

/// Where the text's axis begins and ends, in microseconds.
const BEGIN_US: u64 = 10;
const END_US: u64 = 10_000_000;

/// How many buckets make a column of the text.
const BUCKETS_A_COLUMN: usize = 2;

/// How many lines the text's columns have.
const LINES: u64 = 10;

/// The times at which the text's axis has a tick, in milliseconds.
const TICKS_MS: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1_000.0];

/// The times of the last seconds.
pub(super) struct Histogram {
    /// As a drawing.
    pub(super) wide: String,
    /// As a drawing for a narrow screen.
    pub(super) narrow: String,
    /// As text.
    pub(super) text: String,
    /// Whether this is what visitors felt; else it is what the app took for its pages.
    pub(super) felt: bool,
}

impl Histogram {
    pub(super) fn of(scene: &Snapshot) -> Self {
        let (mut hits, mut misses) = (Times::default(), Times::default());
        let felt = scene.lately().any(|second| second.load.is_some());
        for second in scene.lately() {
            match &second.load {
                Some(load) => {
                    hits.add(&load.hits);
                    misses.add(&load.misses);
                }
                None if !felt => misses.add(&second.pages),
                None => {}
            }
        }
        let by = match scene.has_memcached {
            true => "memcached",
            false => "without the app",
        };
        let tiers = [(by, &hits), ("the app", &misses)].map(|(tier, times)| Layer {
            name: tier.to_owned(),
            counts: times.log_counts(),
        });
        let mut all = hits.clone();
        all.add(&misses);
        let marks = [("p50", 0.5), ("p95", 0.95)].into_iter();
        let marks = marks.filter_map(|(name, share)| {
            Some(Mark {
                name: name.to_owned(),
                time_us: all.quantile_ms(share)? * 1000.0,
            })
        });
        let marks: Vec<Mark> = marks.collect();
        let label = format!(
            "How long answers took: {} {}, {} by the app",
            said(hits.total()),
            match scene.has_memcached {
                true => "by memcached",
                false => "without the app",
            },
            said(misses.total())
        );
        let drawn = |id, width| {
            let label = &label;
            latency(Frame { id, width, label }, &tiers, &marks, Some(ENDS_US))
        };
        Self {
            wide: drawn("times-wide", WIDE),
            narrow: drawn("times-narrow", NARROW),
            text: text(by, &hits, &misses),
            felt,
        }
    }
}

fn said(count: u64) -> String {
    format::number(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The counts on the text's axis, column by column; what lies beyond its ends stands at them.
fn columns(times: &Times) -> Vec<u64> {
    let (begin, end) = (bucket_of(BEGIN_US), bucket_of(END_US));
    let mut columns = vec![0; (end - begin) / BUCKETS_A_COLUMN];
    for bucket in 0..BUCKETS {
        let at = bucket.clamp(begin, end - 1) - begin;
        columns[at / BUCKETS_A_COLUMN] += times.counts()[bucket];
    }
    columns
}

/// Where a time stands on the text's axis, from 0 to 1.
fn place_of(ms: f64) -> f64 {
    let (begin, end) = (BEGIN_US as f64, END_US as f64);
    (ms * 1000.0 / begin).log10() / (end / begin).log10()
}

/// Columns of `|` with `#` on top, an axis below.
fn text(by: &str, hits: &Times, misses: &Times) -> String {
    let (all_hits, all_misses) = (said(hits.total()), said(misses.total()));
    let (hits, misses) = (columns(hits), columns(misses));
    let sums = hits.iter().zip(&misses).map(|(hits, misses)| hits + misses);
    let most = sums.max();
    let a_mark = most.unwrap_or(0).div_ceil(LINES).max(1);
    let mut text = String::new();
    // One more than asked for: hits and misses of a column are both rounded up.
    for line in (0..=LINES).rev() {
        let mut row: String = hits
            .iter()
            .zip(&misses)
            .map(|(hits, misses)| mark(*hits, *misses, line, a_mark))
            .collect();
        row.truncate(row.trim_end().len());
        text.push_str(&row);
        text.push('\n');
    }
    text.push_str(&axis(hits.len()));
    text.push_str(&format!(
        "\n\n| {all_hits} {by}\n# {all_misses} the app\neach mark up to {}\n",
        format::count(
            i64::try_from(a_mark).unwrap_or(i64::MAX),
            "answer",
            "answers"
        )
    ));
    text
}

/// What stands in a column at a line, counted from the bottom: whatever there is shows as one mark.
fn mark(hits: u64, misses: u64, line: u64, a_mark: u64) -> char {
    let hit_marks = hits.div_ceil(a_mark);
    match line {
        line if line < hit_marks => '|',
        line if line < hit_marks + misses.div_ceil(a_mark) => '#',
        _ => ' ',
    }
}

fn axis(columns: usize) -> String {
    let mut ticks = vec!['-'; columns];
    let mut labels = vec![' '; columns + 4];
    for (number, ms) in TICKS_MS.into_iter().enumerate() {
        let at = (place_of(ms) * columns as f64).round() as usize;
        ticks[at] = '+';
        // There is room for every other one.
        if number % 2 == 0 {
            let name = time_said(ms);
            let letters = name.chars().filter(|letter| *letter != ' ');
            for (place, letter) in labels[at..].iter_mut().zip(letters) {
                *place = letter;
            }
        }
    }
    let labels: String = labels.into_iter().collect();
    format!(
        "{}\n{}",
        ticks.into_iter().collect::<String>(),
        labels.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_bars_and_misses_are_hashes_above_them() {
        let (mut hits, mut misses) = (Times::default(), Times::default());
        hits.record(110, 50);
        misses.record(110, 10);
        misses.record(300_000, 1);
        let text = text("memcached", &hits, &misses);
        let lines: Vec<&str> = text.lines().collect();
        let expected = [
            "     #",
            "     #",
            "     |",
            "     |",
            "     |",
            "     |",
            "     |",
            "     |",
            "     |",
            "     |",
            "     |                #",
            "-----+----+----+----+----+----",
            "     0.1ms     10ms      1s",
            "",
            "| 50 memcached",
            "# 11 the app",
            "each mark up to 6 answers",
        ];
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn nothing_is_an_empty_axis_and_the_extremes_stand_at_its_ends() {
        let nothing = Times::default();
        assert!(text("memcached", &nothing, &nothing).starts_with("\n\n"));
        let mut extreme = Times::default();
        extreme.record(1, 1);
        extreme.record(100_000_000, 1);
        let columns = columns(&extreme);
        assert_eq!((columns[0], columns[columns.len() - 1]), (1, 1));
    }
}
