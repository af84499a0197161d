//! How long answers took lately, hits as `|` and misses as `#`: drawn, and as text.

use super::panels::{percent, time_said};
use crate::lab::{BUCKETS, PER_OCTAVE, Scene, Times, bucket_of};
use crate::web::words;

/// Where the axis begins and ends, in microseconds: an octave a step, from 16 µs to 16 s.
const BEGIN_US: u64 = 16;
const END_US: u64 = 16_777_216;

/// How many buckets make a column of the text.
const BUCKETS_A_COLUMN: usize = 2;

/// How many lines the text's columns have.
const LINES: u64 = 10;

/// The times at which the axis is labelled, in milliseconds.
const LABELS_MS: [f64; 6] = [0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];

/// One column of the drawing, in percent of its height from the top.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) hits_y: String,
    pub(super) hits: String,
    pub(super) misses_y: String,
    pub(super) misses: String,
}

/// A label on the axis.
pub(super) struct Label {
    /// From the left, in percent.
    pub(super) x: String,
    pub(super) text: String,
}

/// The times of the last seconds.
pub(super) struct Histogram {
    pub(super) bars: Vec<Bar>,
    pub(super) axis: Vec<Label>,
    /// How many columns the drawing has.
    pub(super) width: usize,
    /// How many hits, and where most of them are.
    pub(super) hits: Option<Label>,
    /// How many misses, and where most of them are.
    pub(super) misses: Option<Label>,
    /// The same as text.
    pub(super) text: String,
    /// Whether this is what visitors felt; else it is what the app took for its pages.
    pub(super) felt: bool,
}

impl Histogram {
    pub(super) fn of(scene: &Scene) -> Self {
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
        let (hits, misses) = (shown(&hits), shown(&misses));
        let most = hits
            .iter()
            .zip(&misses)
            .map(|(hits, misses)| hits + misses)
            .max();
        let most = most.unwrap_or(0).max(1) as f64;
        let bars = hits.iter().zip(&misses).enumerate();
        let bars = bars
            .filter(|(_, (hits, misses))| **hits + **misses > 0)
            .map(|(x, (hits, misses))| {
                let height = |count: u64| count as f64 / most * 100.0;
                let (hits, misses) = (height(*hits), height(*misses));
                Bar {
                    x,
                    hits_y: format!("{:.1}", 100.0 - hits),
                    hits: format!("{hits:.1}"),
                    misses_y: format!("{:.1}", 100.0 - hits - misses),
                    misses: format!("{misses:.1}"),
                }
            });
        Self {
            bars: bars.collect(),
            axis: LABELS_MS
                .map(|ms| Label {
                    x: percent(place_of(ms)),
                    text: time_said(ms),
                })
                .into(),
            width: hits.len(),
            text: text(&hits, &misses),
            hits: most_of(&hits),
            misses: most_of(&misses),
            felt,
        }
    }
}

/// The counts on the axis; what lies beyond its ends stands at them.
fn shown(times: &Times) -> Vec<u64> {
    let (begin, end) = (bucket_of(BEGIN_US), bucket_of(END_US));
    let mut shown = vec![0; end - begin];
    for bucket in 0..BUCKETS {
        shown[bucket.clamp(begin, end - 1) - begin] += times.counts()[bucket];
    }
    shown
}

/// Where a time stands on the axis, from 0 to 1.
fn place_of(ms: f64) -> f64 {
    let octaves = (END_US as f64 / BEGIN_US as f64).log2();
    (ms * 1000.0 / BEGIN_US as f64).log2() / octaves
}

fn most_of(counts: &[u64]) -> Option<Label> {
    let all: u64 = counts.iter().sum();
    let (at, _) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    (all > 0).then(|| Label {
        x: percent((at as f64 + 0.5) / counts.len() as f64),
        text: words::number(i64::try_from(all).unwrap_or(i64::MAX)),
    })
}

/// Columns of `|` with `#` on top, an axis below.
fn text(hits: &[u64], misses: &[u64]) -> String {
    let columns = |counts: &[u64]| -> Vec<u64> {
        counts
            .chunks(BUCKETS_A_COLUMN)
            .map(|few| few.iter().sum())
            .collect()
    };
    let (hits, misses) = (columns(hits), columns(misses));
    let most = hits
        .iter()
        .zip(&misses)
        .map(|(hits, misses)| hits + misses)
        .max();
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
        "\neach mark up to {}\n",
        words::count(
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
    for ms in LABELS_MS {
        let at = (place_of(ms) * columns as f64) as usize;
        ticks[at] = '+';
        for (place, letter) in labels[at..]
            .iter_mut()
            .zip(time_said(ms).chars().filter(|c| *c != ' '))
        {
            *place = letter;
        }
    }
    let labels: String = labels.into_iter().collect();
    format!(
        "{}\n{}",
        ticks.into_iter().collect::<String>(),
        labels.trim_end()
    )
}

const _: () = assert!(PER_OCTAVE.is_multiple_of(BUCKETS_A_COLUMN));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_bars_and_misses_are_hashes_above_them() {
        let (mut hits, mut misses) = (Times::default(), Times::default());
        hits.record(110, 50);
        misses.record(110, 10);
        misses.record(300_000, 1);
        let text = text(&shown(&hits), &shown(&misses));
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
            "     |                      #",
        ];
        assert_eq!(lines[..11], expected, "{text}");
        assert_eq!(lines[11].len(), 40);
        assert!(lines[12].contains("0.1ms 1ms    10ms"), "{text}");
        assert_eq!(lines[13], "each mark up to 6 answers");
    }

    #[test]
    fn nothing_is_an_empty_axis_and_the_extremes_stand_at_its_ends() {
        assert!(text(&shown(&Times::default()), &shown(&Times::default())).starts_with("\n\n"));
        let mut extreme = Times::default();
        extreme.record(1, 1);
        extreme.record(100_000_000, 1);
        let shown = shown(&extreme);
        assert_eq!((shown[0], shown[shown.len() - 1]), (1, 1));
    }
}
