//! Charts: escaped, without scripts, also of no data.

use super::*;
use crate::compare::{Effect, Verdict};
use crate::measure::LogCounts;
use crate::report::sample;
use crate::stats::Interval;

const HOSTILE: &str = "<b>\"&'</svg><script>";

fn frame(label: &str) -> Frame<'_> {
    Frame {
        id: "one",
        width: 720.0,
        label,
    }
}

fn effect(ratio: f64, verdict: Verdict) -> Effect {
    let around = |ratio: f64| {
        Some(Interval {
            low: ratio * 0.95,
            high: ratio * 1.05,
        })
    };
    Effect {
        blocks: 10,
        ratio: Some(ratio),
        interval: around(ratio),
        same_ratio: Some(1.0),
        same_interval: around(1.0),
        verdict,
    }
}

/// All charts, with a name that tries to break out of them.
fn all() -> Vec<String> {
    let report = sample::site(1, 1.0);
    let name = HOSTILE.to_owned();
    let points: Vec<(f64, f64)> = report
        .rates()
        .into_iter()
        .enumerate()
        .map(|(at, rate)| (at as f64, rate))
        .collect();
    let series = ["a", HOSTILE].map(|name| Series {
        name: name.to_owned(),
        points: points.clone(),
    });
    let span = Span {
        from: 0.0,
        to: 4.0,
        name: name.clone(),
    };
    let layers = report.counts_by_tier().into_iter().map(|tier| Layer {
        name: name.clone(),
        counts: tier.counts,
    });
    let layers: Vec<Layer> = layers.collect();
    let mark = Mark {
        name: name.clone(),
        time_us: 400.0,
    };
    let dot = Dot {
        name: name.clone(),
        effect: effect(1.31, Verdict::Faster),
    };
    let step = Factor {
        name,
        factor: 1.3,
        interval: None,
        is_seen: false,
    };
    vec![
        lines(frame(HOSTILE), HOSTILE, &series, Some(&span)),
        latency(frame(HOSTILE), &layers, &[mark], None),
        dots(frame(HOSTILE), &[dot]),
        waterfall(frame(HOSTILE), &[step]),
    ]
}

#[test]
fn no_name_breaks_out_of_a_chart() {
    for svg in all() {
        assert!(!svg.contains("<b>") && !svg.contains("<script"), "{svg}");
        assert_eq!(svg.matches("</svg>").count(), 1, "{svg}");
        assert!(
            svg.contains("role=\"img\" aria-label=\"&lt;b&gt;&quot;&amp;&#39;"),
            "{svg}"
        );
    }
}

#[test]
fn charts_load_nothing_and_run_nothing() {
    for svg in all() {
        let without_namespace = svg.replace("http://www.w3.org/2000/svg", "");
        for word in ["http", "href", "@import", "onload", "NaN", "inf"] {
            assert!(!without_namespace.contains(word), "{word} in {svg}");
        }
    }
}

#[test]
fn what_is_not_seen_is_hollow_and_says_so() {
    let row = |verdict| Dot {
        name: "index".to_owned(),
        effect: effect(1.02, verdict),
    };
    let unseen = dots(frame(""), &[row(Verdict::NoEffectSeen)]);
    assert!(unseen.contains("class=\"dot unseen\"") && unseen.contains(">no effect seen</text>"));
    let seen = dots(frame(""), &[row(Verdict::Faster)]);
    assert!(seen.contains("class=\"dot\"") && seen.contains(">x1.02 faster</text>"));
}

#[test]
fn what_lies_beyond_the_ends_of_an_axis_stands_at_them() {
    let mut counts = LogCounts::default();
    for time_us in [1, 15, 500_000, 60_000_000] {
        counts.count(time_us, 1);
    }
    let layers = [Layer {
        name: "app".to_owned(),
        counts,
    }];
    let svg = latency(frame(""), &layers, &[], Some((10.0, 1e6)));
    // One in the legend, and a bar for each time: those beyond the ends are the first and the last.
    assert_eq!(svg.matches("url(#one-0)").count(), 1 + 4, "{svg}");
    assert!(!svg.contains("width=\"0\""), "{svg}");
}

#[test]
fn a_chart_of_nothing_is_still_a_chart() {
    let empty = [
        lines(frame(""), "requests/s", &[], None),
        latency(frame(""), &[], &[], None),
        dots(frame(""), &[]),
        waterfall(frame(""), &[]),
    ];
    for svg in empty {
        assert!(svg.starts_with("<svg") && !svg.contains("NaN"), "{svg}");
    }
}

#[test]
fn the_steps_of_a_waterfall_end_where_all_together_ends() {
    let step = |factor| Factor {
        name: "step".to_owned(),
        factor,
        interval: None,
        is_seen: true,
    };
    let svg = waterfall(frame(""), &[step(41.0), step(1.5), step(0.5)]);
    assert!(svg.contains(">x30.8</text>"), "{svg}");
}
