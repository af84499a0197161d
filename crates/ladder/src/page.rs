//! The talk as one self-contained HTML page: the table, and the factor of each step.

use anyhow::{Context as _, Result};
use askama::Template;
use benchmarker::chart::{self, Factor, Frame, dots, waterfall};
use domain::rung::Rung;

use super::baselines::Baselines;
use super::record::Step;
use super::summary::Row;
use super::tables::Tables;
use super::workload::Workload;

/// How wide a chart is, in CSS pixels: on a page, and on a telephone.
const WIDE: f64 = 760.0;
const NARROW: f64 = 340.0;

/// The workloads whose factors are drawn.
const DRAWN: [Workload; 2] = [Workload::Page, Workload::PageAndFiles];

/// The steps from one version to the next.
const STEPS: [Step; 3] = [
    Step::Version(Rung::OneServer),
    Step::Version(Rung::SharedNothing),
    Step::Version(Rung::CacheMoney),
];

#[derive(Template)]
#[template(path = "talk.html")]
struct Page {
    chart_css: &'static str,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    figures: Vec<Figure>,
    /// The factors with their intervals; `None` with too few rounds.
    judged: Option<Figure>,
    effects: Vec<String>,
    doubts: Vec<String>,
    command: String,
    machine: String,
    version: String,
}

struct Figure {
    title: String,
    wide: String,
    narrow: String,
}

/// Renders the page of a talk.
pub fn html(tables: &Tables<'_>, peers: Option<&Baselines>) -> Result<String> {
    let grid = tables.first_screen_grid(peers);
    let talk = tables.talk();
    let page = Page {
        chart_css: chart::CSS,
        head: grid.head,
        rows: grid
            .rows
            .into_iter()
            .filter(|row| !row.is_empty())
            .collect(),
        figures: DRAWN.map(|workload| figure(tables, workload)).into(),
        judged: judged(tables),
        effects: tables.effects_said(),
        doubts: tables.doubts(),
        command: talk.command.clone(),
        machine: talk.machine.line(),
        version: talk.machine.flickr_killr.clone(),
    };
    page.render().context("cannot render the result as HTML")
}

fn figure(tables: &Tables<'_>, workload: Workload) -> Figure {
    let title = workload.title(tables.talk().files_per_page);
    let rows = STEPS
        .into_iter()
        .filter_map(|step| tables.row(step, workload));
    let factors: Vec<Factor> = rows.filter_map(factor).collect();
    let draw = |width, kind: &str| {
        let id = format!(
            "{kind}-{}",
            if workload == Workload::Page {
                "page"
            } else {
                "files"
            }
        );
        let label = format!("What each version multiplies the requests a second of {title} by");
        let frame = Frame {
            id: &id,
            width,
            label: &label,
        };
        waterfall(frame, &factors)
    };
    Figure {
        wide: draw(WIDE, "wide"),
        narrow: draw(NARROW, "narrow"),
        title,
    }
}

/// All factors with their intervals, including the step without the index.
fn judged(tables: &Tables<'_>) -> Option<Figure> {
    let effects = tables.effects();
    let draw = |width, id| {
        let label = "Factors within a round, with their 95 % intervals over rounds";
        dots(Frame { id, width, label }, &effects)
    };
    (!effects.is_empty()).then(|| Figure {
        title: String::new(),
        wide: draw(WIDE, "judged-wide"),
        narrow: draw(NARROW, "judged-narrow"),
    })
}

fn factor(row: &Row) -> Option<Factor> {
    let median = row.factor?.median;
    let effect = row.effect.as_ref();
    Some(Factor {
        name: row.step.title(),
        factor: effect.and_then(|effect| effect.ratio).unwrap_or(median),
        interval: effect.and_then(|effect| effect.interval),
        // With too few rounds there is no verdict; the factor is drawn as if it were an effect.
        is_seen: effect.is_none_or(|effect| effect.verdict.is_seen()),
    })
}
