//! What happened meanwhile, on the axis of time: marks with labels that never cover each other, the time without
//! the index, and the time of which nothing was recorded.

use db::userid_index::Status;
use ladder::lab::{Happening, Snapshot};

use super::drawing::{WIDTH, percent, x_of};

/// How many lines of labels there are.
const LINES: usize = 3;

/// How many pixels a letter of a label takes at most, and the space around a label.
const LETTER_PX: f64 = 8.5;
const AROUND_PX: f64 = 12.0;

/// How wide the drawing is at least where the long labels are shown, and where the short ones are: on a screen of
/// 801 and of 320 pixels.
const WIDE_PX: f64 = 450.0;
const NARROW_PX: f64 = 250.0;

/// How long nothing may be recorded before it is shown as a gap, in seconds: the curves break off there.
const GAP_SECS: f64 = 2.5;

/// From how many seconds on a gap has room for its own label, on the narrowest of screens.
const GAP_LABEL_SECS: f64 = 45.0;

/// Something that happened.
pub(super) struct Event {
    /// From the left, in percent.
    pub(super) x: String,
    pub(super) label: &'static str,
    /// The line of the label; none where no line is free, and then the mark has no label.
    pub(super) line: Option<usize>,
    /// Whether the label is to the left of the mark, as it must be near the right end.
    pub(super) to_the_left: bool,
    /// Whether the index went.
    pub(super) is_loss: bool,
}

/// A part of the axis of time.
pub(super) struct Span {
    /// From the left, in percent.
    pub(super) x: String,
    /// In percent.
    pub(super) width: String,
    /// Where its label is, in percent, if it has room for one.
    pub(super) label_x: Option<String>,
}

/// Everything that happened, for wide screens and for narrow ones.
pub(super) struct Events {
    pub(super) wide: Vec<Event>,
    pub(super) narrow: Vec<Event>,
    /// In words, for screen readers.
    pub(super) in_words: String,
    /// The time without the index.
    pub(super) gone: Vec<Span>,
    /// The time of which nothing was recorded.
    pub(super) gaps: Vec<Span>,
}

impl Events {
    pub(super) fn of(scene: &Snapshot) -> Self {
        let labels = |long: bool| {
            placed(scene, if long { WIDE_PX } else { NARROW_PX }, |what| {
                label(what, long)
            })
        };
        Self {
            wide: labels(true),
            narrow: labels(false),
            in_words: in_words(scene),
            gone: gone(scene).into_iter().map(span).collect(),
            gaps: gaps(scene).into_iter().map(span).collect(),
        }
    }
}

fn label(what: Happening, long: bool) -> &'static str {
    match (what, long) {
        (Happening::IndexDropped, true) => "index dropped",
        (Happening::IndexDropped, false) => "dropped",
        (Happening::IndexBack, true) => "index back",
        (Happening::IndexBack, false) => "back",
        (Happening::BenchmarkBegins, true) => "benchmark begins",
        (Happening::BenchmarkBegins, false) => "begins",
        (Happening::BenchmarkEnds, true) => "benchmark ends",
        (Happening::BenchmarkEnds, false) => "ends",
    }
}

/// Gives each label the first line in which it covers no earlier one; where all lines are taken it is left out.
fn placed(scene: &Snapshot, plot_px: f64, label: impl Fn(Happening) -> &'static str) -> Vec<Event> {
    let mut taken_to = [f64::NEG_INFINITY; LINES];
    let placed = scene.happenings.iter().map(|(at, happening)| {
        let x = x_of(scene, *at);
        let label = label(*happening);
        let takes = (LETTER_PX * label.len() as f64 + AROUND_PX) * WIDTH / plot_px;
        let to_the_left = x > WIDTH / 2.0;
        let begin = if to_the_left { x - takes } else { x };
        let line = (0..LINES).find(|line| taken_to[*line] <= begin);
        if let Some(line) = line {
            taken_to[line] = begin + takes;
        }
        Event {
            x: percent(x / WIDTH),
            label,
            line,
            to_the_left,
            is_loss: *happening == Happening::IndexDropped,
        }
    });
    placed.collect()
}

fn in_words(scene: &Snapshot) -> String {
    let said = scene.happenings.iter().map(|(at, what)| {
        let ago = scene.now.saturating_duration_since(*at).as_secs();
        format!("{} {ago} s ago", label(*what, true))
    });
    let said: Vec<String> = said.collect();
    match said.is_empty() {
        true => "Nothing happened in the last 90 seconds".to_owned(),
        false => said.join(", "),
    }
}

/// The stretches of the axis in which no index served the photostream.
fn gone(scene: &Snapshot) -> Vec<(f64, f64)> {
    let changes = scene.happenings.iter().filter_map(|(at, what)| match what {
        Happening::IndexDropped => Some((x_of(scene, *at), true)),
        Happening::IndexBack => Some((x_of(scene, *at), false)),
        Happening::BenchmarkBegins | Happening::BenchmarkEnds => None,
    });
    let changes: Vec<(f64, bool)> = changes.collect();
    let is_gone_now = scene.index.as_ref().is_some_and(Status::is_gone);
    // What came before the first change is its opposite.
    let at_first = changes.first().map_or(is_gone_now, |(_, gone)| !gone);
    let mut since = at_first.then_some(0.0);
    let mut spans = Vec::new();
    for (x, is_gone) in changes {
        match (since, is_gone) {
            (None, true) => since = Some(x),
            (Some(from), false) => {
                spans.push((from, x));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|from| (from, WIDTH)));
    spans
}

/// The stretches of the axis of which nothing was recorded, because no page of the lab was open.
fn gaps(scene: &Snapshot) -> Vec<(f64, f64)> {
    let mut gaps = Vec::new();
    let mut known_to = 0.0;
    for second in &scene.seconds {
        let end = x_of(scene, second.at);
        let begin = end - second.took.as_secs_f64();
        if begin - known_to > GAP_SECS - 1.0 {
            gaps.push((known_to, begin));
        }
        known_to = end;
    }
    if WIDTH - known_to > GAP_SECS {
        gaps.push((known_to, WIDTH));
    }
    gaps
}

fn span((from, to): (f64, f64)) -> Span {
    let has_room = to - from >= GAP_LABEL_SECS;
    Span {
        x: percent(from / WIDTH),
        width: percent((to - from) / WIDTH),
        label_x: has_room.then(|| percent((from + to) / 2.0 / WIDTH)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ladder::lab::Second;
    use proptest::prelude::*;

    use super::*;

    fn scene(seconds_ago: &[(u64, Happening)]) -> Snapshot {
        let now = Instant::now();
        let mut scene = Snapshot::quiet(now);
        let at = |ago: &u64| now.checked_sub(Duration::from_secs(*ago)).unwrap();
        scene.happenings = seconds_ago
            .iter()
            .map(|(ago, what)| (at(ago), *what))
            .collect();
        scene
    }

    /// Where a label begins and ends, in pixels of a drawing of that width.
    fn extent(event: &Event, plot_px: f64) -> (f64, f64) {
        let x: f64 = event.x.trim_end_matches('%').parse().unwrap();
        let (x, takes) = (
            x / 100.0 * plot_px,
            LETTER_PX * event.label.len() as f64 + 5.0,
        );
        match event.to_the_left {
            true => (x - takes, x),
            false => (x, x + takes),
        }
    }

    proptest! {
        #[test]
        fn no_label_covers_another_or_leaves_the_drawing(
            mut ago in prop::collection::vec(0..90_u64, 0..12),
            kinds in prop::collection::vec(0..4_usize, 12),
        ) {
            ago.sort_unstable_by(|a, b| b.cmp(a));
            let all = [
                Happening::BenchmarkBegins,
                Happening::IndexDropped,
                Happening::IndexBack,
                Happening::BenchmarkEnds,
            ];
            let seconds: Vec<_> = ago.into_iter().zip(kinds.iter().map(|kind| all[*kind])).collect();
            let events = Events::of(&scene(&seconds));
            for (events, plot_px) in [(events.wide, WIDE_PX), (events.narrow, NARROW_PX)] {
                for (at, one) in events.iter().enumerate().filter(|(_, one)| one.line.is_some()) {
                    let (begin, end) = extent(one, plot_px);
                    prop_assert!(begin >= 0.0 && end <= plot_px, "{begin} to {end} of {plot_px}");
                    for other in events[at + 1..].iter().filter(|other| other.line == one.line) {
                        let (from, to) = extent(other, plot_px);
                        prop_assert!(end <= from + 0.5 || to <= begin + 0.5, "{} {}", one.label, other.label);
                    }
                }
            }
        }
    }

    #[test]
    fn the_time_without_the_index_is_what_lies_between_drop_and_back() {
        use Happening::{BenchmarkBegins, IndexBack, IndexDropped};
        let rounded = |scene: &Snapshot| {
            let spans = gone(scene).into_iter();
            spans
                .map(|(from, to)| (from.round(), to.round()))
                .collect::<Vec<_>>()
        };
        let both = scene(&[(60, BenchmarkBegins), (50, IndexDropped), (30, IndexBack)]);
        assert_eq!(rounded(&both), [(40.0, 60.0)]);
        // Dropped before the axis begins, and dropped and not yet back.
        assert_eq!(rounded(&scene(&[(30, IndexBack)])), [(0.0, 60.0)]);
        assert_eq!(rounded(&scene(&[(30, IndexDropped)])), [(60.0, 90.0)]);
        assert!(gone(&scene(&[])).is_empty());
    }

    #[test]
    fn what_was_not_recorded_is_a_gap_and_what_was_is_none() {
        let mut scene = scene(&[]);
        assert_eq!(gaps(&scene), [(0.0, WIDTH)]);
        let ago = |secs| scene.now.checked_sub(Duration::from_secs(secs)).unwrap();
        let seconds: Vec<_> = [60, 59, 58, 20, 19, 1, 0].map(ago).into();
        scene.seconds = seconds
            .into_iter()
            .map(|at| std::sync::Arc::new(Second::quiet(at, Duration::from_secs(1))))
            .collect();
        let rounded = gaps(&scene)
            .into_iter()
            .map(|(from, to)| (from.round(), to.round()));
        assert_eq!(
            rounded.collect::<Vec<_>>(),
            [(0.0, 29.0), (32.0, 69.0), (71.0, 88.0)]
        );
    }
}
