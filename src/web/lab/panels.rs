//! The drawings over time: pages, their times, what answers files, what uses the processor.

use std::time::Duration;

use benchmarker::chart::{Axis, spread};
use ladder::lab::{Second, Snapshot};
use stack::observe::cpu::Tiers;

use super::drawing::{curve, percent};
use crate::web::format;

/// The ends of the axis of times, in milliseconds: it is logarithmic, a decade a step.
const TIMES_MS: (f64, f64) = (0.1, 10_000.0);

/// The least that the axis of pages reaches to, so that a quiet site is not drawn as a busy one.
const PAGES_AXIS_MIN: f64 = 10.0;

/// How many pixels lie between two labels of one drawing.
const LABEL_PX: f64 = 18.0;

/// How high each drawing is, in pixels.
pub(super) const HEIGHT_PX: f64 = 128.0;

/// A line across a drawing.
pub(super) struct Grid {
    /// From the top, in percent.
    pub(super) y: String,
    pub(super) label: String,
}

/// What stands beside the end of a curve.
pub(super) struct End {
    /// From the top, in pixels.
    pub(super) y: String,
    pub(super) before: &'static str,
    pub(super) value: String,
    pub(super) after: &'static str,
}

/// Pages a second.
pub(super) struct Rate {
    pub(super) grid: Vec<Grid>,
    pub(super) line: String,
    pub(super) below: String,
    pub(super) ends: Vec<End>,
}

impl Rate {
    pub(super) fn of(scene: &Snapshot) -> Self {
        let rate = |second: &Second| second.rate(second.pages.total());
        let most = scene
            .seconds
            .iter()
            .map(|second| rate(second))
            .fold(0.0, f64::max);
        let axis = Axis::from_zero(most.max(PAGES_AXIS_MIN), 1, 0.0, 1.0);
        let curve = curve(scene, |second| Some(axis.at(rate(second))));
        let now = scene.seconds.back().map(|second| rate(second));
        let grid = [1.0, 0.5].map(|share| Grid {
            y: percent(1.0 - share),
            label: format::number((axis.high() * share) as i64),
        });
        Self {
            grid: grid.into(),
            line: curve.line(),
            below: curve.below(),
            ends: vec![End {
                y: px(end_y(now.map(|now| axis.at(now)))),
                before: "",
                value: now.map_or("–".to_owned(), rate_said),
                after: "/s",
            }],
        }
    }
}

/// The time of a page: half of them take less than p50, all but a twentieth less than p95.
pub(super) struct Times {
    pub(super) grid: Vec<Grid>,
    pub(super) p50: String,
    pub(super) p95: String,
    pub(super) band: String,
    pub(super) ends: Vec<End>,
}

impl Times {
    pub(super) fn of(scene: &Snapshot) -> Self {
        let axis = Axis::log(TIMES_MS, 0.0, 1.0);
        let of = |share| {
            curve(scene, |second| {
                second.pages.quantile_ms(share).map(|ms| axis.at(ms))
            })
        };
        let (p50, p95) = (of(0.5), of(0.95));
        let now = |share| scene.seconds.back()?.pages.quantile_ms(share);
        let ends = [("p95 ", now(0.95)), ("p50 ", now(0.5))];
        let mut places = ends.map(|(_, ms)| end_y(ms.map(|ms| axis.at(ms))));
        spread(&mut places, LABEL_PX, HEIGHT_PX - 4.0);
        // A decade a line; at the lowest stands the drawing's own edge.
        let ticks = axis.ticks(6).into_iter().skip(1);
        let grid = ticks.map(|ms| Grid {
            y: percent(1.0 - axis.at(ms)),
            label: time_said(ms),
        });
        Self {
            grid: grid.collect(),
            band: p95.between(&p50),
            p50: p50.line(),
            p95: p95.line(),
            ends: ends
                .into_iter()
                .zip(places)
                .map(|((name, ms), y)| End {
                    y: px(y),
                    before: name,
                    value: ms.map_or("–".to_owned(), format::millis),
                    after: "",
                })
                .collect(),
        }
    }
}

/// Which programs answer files.
pub(super) struct Files {
    /// The share of memcached, from below.
    pub(super) memcached: String,
    /// All of them: what lies above memcached's share is the app's.
    pub(super) all: String,
    pub(super) ends: Vec<End>,
}

impl Files {
    pub(super) fn of(scene: &Snapshot) -> Self {
        let share = |second: &Second| {
            let hits = second.files_by_memcached.unwrap_or(0);
            let all = hits + second.files_by_app;
            (all > 0).then(|| hits as f64 / all as f64)
        };
        let now = scene.seconds.back().and_then(|second| share(second));
        let said = |share: Option<f64>| share.map_or("–".to_owned(), share_said);
        let mut ends = vec![End {
            y: px(LABEL_PX / 2.0),
            before: "app ",
            value: said(now.map(|share| 1.0 - share)),
            after: "",
        }];
        if scene.has_memcached {
            ends.push(End {
                y: px(LABEL_PX * 1.5),
                before: "memcached ",
                value: said(now),
                after: "",
            });
        }
        Self {
            memcached: curve(scene, share).below(),
            all: curve(scene, |second| share(second).map(|_| 1.0)).below(),
            ends,
        }
    }
}

/// The processor as one tier uses it.
pub(super) struct Cpu {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) below: String,
    pub(super) line: String,
}

impl Cpu {
    pub(super) fn of(scene: &Snapshot) -> Vec<Self> {
        type Part = (&'static str, fn(&Tiers) -> Duration);
        let parts: [Part; 6] = [
            ("PostgreSQL", |tiers| tiers.postgres),
            ("app", |tiers| tiers.app),
            ("nginx", |tiers| tiers.nginx),
            ("memcached", |tiers| tiers.memcached),
            ("CGI", |tiers| tiers.cgi),
            ("benchmark", |tiers| tiers.benchmarker),
        ];
        let used = |second: &Second, part: fn(&Tiers) -> Duration| {
            let cores = part(&second.cpu?).as_secs_f64() / second.took.as_secs_f64();
            Some(cores)
        };
        let rows = parts.into_iter().filter_map(|(name, part)| {
            let ever = scene
                .seconds
                .iter()
                .any(|second| used(second, part).is_some_and(|cores| cores > 0.0));
            // Those of version 0.4 always stand there, others where there are any.
            let always = match name {
                "CGI" => false,
                "memcached" => scene.has_memcached,
                _ => true,
            };
            (ever || always).then(|| {
                let curve = curve(scene, |second| {
                    Some(used(second, part)? / scene.cores as f64)
                });
                let now = scene.seconds.back().and_then(|second| used(second, part));
                Self {
                    name,
                    value: now.map_or("–".to_owned(), |cores| format!("{cores:.2}")),
                    below: curve.below(),
                    line: curve.line(),
                }
            })
        });
        rows.collect()
    }
}

fn px(y: f64) -> String {
    format!("{y:.1}")
}

/// Where the label of a curve's end stands, in pixels from the top; what is not known stands at the
/// bottom.
fn end_y(height: Option<f64>) -> f64 {
    let y = HEIGHT_PX * (1.0 - height.unwrap_or(0.0).clamp(0.0, 1.0));
    y.clamp(LABEL_PX / 2.0, HEIGHT_PX - 4.0)
}

/// A round time: `1 ms`, `10 s`.
pub(super) fn time_said(ms: f64) -> String {
    match ms {
        ms if ms >= 1000.0 => format!("{} s", ms / 1000.0),
        ms => format!("{ms} ms"),
    }
}

/// A rate as a person says it.
pub(super) fn rate_said(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        rate if rate >= 10.0 => format::number(rate.round() as i64),
        rate => format!("{rate:.1}"),
    }
}

fn share_said(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        percent if percent > 99.0 && percent < 100.0 => format!("{percent:.1} %"),
        percent if percent > 0.0 && percent < 1.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}
