//! The lines that a version prints on the terminal: its figures, and their details.

use super::conformance::Expected;
use super::numbers::{count, factor, ms, rate};
use super::record::{FilesAnswered, Measured};
use super::workload::Workload;

/// One figure, and its factor over the version before, which was measured earlier.
pub(super) fn figure(title: &str, figure: &Measured, earlier: &[Measured]) -> String {
    let before = earlier
        .iter()
        .find(|one| Some(one.step) == figure.step.before() && one.workload == figure.workload);
    let gain = before.map_or_else(String::new, |before| {
        let gain = factor(figure.requests_per_sec / before.requests_per_sec);
        format!("{gain} over {}", before.step.version())
    });
    let line = format!(
        "  {title:<15} requests/sec: {:>8}   average request time: {:>7} ms   {gain}",
        rate(figure.requests_per_sec),
        ms(figure.average_request_ms),
    );
    line.trim_end().to_owned()
}

/// The details of the figures of one step, as name and text.
pub(super) fn details(
    figures: &[&Measured],
    files: usize,
    compared: Option<&Expected>,
) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut add = |name, text| lines.push((name, text));
    if let Some(page) = figures.iter().find(|one| one.workload == Workload::Page) {
        add("CPU of a page", page.cpu.described());
        let wrk = page
            .wrk_per_sec
            .map(|wrk| format!(", by wrk {}", rate(wrk)));
        add(
            "pages/s",
            format!(
                "measured {}, by hand {}{}",
                rate(page.units_per_sec),
                rate(page.by_hand_per_sec),
                wrk.unwrap_or_default()
            ),
        );
    }
    let with_files: Vec<_> = figures.iter().filter(|one| one.files.asked > 0).collect();
    if !with_files.is_empty() {
        let list = |part: fn(&FilesAnswered) -> u64| {
            let counts = with_files.iter().map(|one| count(part(&one.files)));
            counts.collect::<Vec<_>>().join(" / ")
        };
        let (asked, app) = (list(|files| files.asked), list(|files| files.app));
        add(
            "files",
            format!("the app itself saw {app} of {asked} requests"),
        );
    }
    if let Some(compared) = compared {
        let count = compared.len();
        add(
            "checked",
            format!("{count} addresses answer as in the first version"),
        );
    }
    for one in figures {
        for doubt in &one.doubts {
            add(
                "in doubt",
                format!("{}: {doubt}", one.workload.title(files)),
            );
        }
    }
    lines
}
