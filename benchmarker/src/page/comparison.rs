//! The page that compares two runs.

use askama::Template;

use super::figures::{self, Figure};
use super::tables::{self, Row};
use crate::Error;
use crate::chart::{self, Dot};
use crate::compare::{CAUTION, Pair, QuantileRow, factor};
use crate::numbers;
use crate::report::{ELEMENT_ID, Report};

/// Two reports, and the effect of B over A.
#[derive(Template)]
#[template(path = "comparison.html")]
pub(super) struct Comparison<'a> {
    chart_css: &'static str,
    title: String,
    a: &'a Report,
    b: &'a Report,
    effects: &'a [Dot],
    pair: Pair,
    /// Only when nothing was measured by turns.
    caution: Option<&'static str>,
    figures: Vec<Figure>,
    quantiles: Vec<Row>,
    /// A and B side by side; one cell where they are equal.
    environment: Vec<Row>,
    element_id: &'static str,
    json_a: String,
    json_b: String,
}

impl<'a> Comparison<'a> {
    pub(super) fn of(a: &'a Report, b: &'a Report, effects: &'a [Dot]) -> Result<Self, Error> {
        let pair = Pair::of(a, b);
        let mut figures = Vec::new();
        if !effects.is_empty() && pair.doubts.is_empty() {
            figures.push(figures::effects(effects));
        }
        if a.seconds.len().max(b.seconds.len()) > 1 {
            figures.push(figures::both_over_time(a, b));
        }
        Ok(Self {
            chart_css: chart::CSS,
            title: format!("{} and {}", a.target, b.target),
            a,
            b,
            effects,
            quantiles: quantiles(&pair.quantiles),
            pair,
            caution: effects.is_empty().then_some(CAUTION),
            figures,
            environment: environment(a, b),
            element_id: ELEMENT_ID,
            json_a: a.to_json_for_html()?,
            json_b: b.to_json_for_html()?,
        })
    }
}

fn quantiles(rows: &[QuantileRow]) -> Vec<Row> {
    let ms = numbers::ms;
    rows.iter()
        .enumerate()
        .map(|(index, row)| {
            let is_first = index == 0 || rows[index - 1].of != row.of;
            let name = if is_first { row.of } else { "" };
            let cells = vec![
                row.quantile.to_owned(),
                ms(row.a_ms),
                ms(row.b_ms),
                factor(row.ratio),
            ];
            Row {
                is_part: !is_first,
                ..Row::new(name, cells)
            }
        })
        .collect()
}

fn environment(a: &Report, b: &Report) -> Vec<Row> {
    tables::environment(a)
        .into_iter()
        .zip(tables::environment(b))
        .map(|(a, b)| {
            let mut cells = a.cells;
            cells.extend(b.cells);
            cells.dedup();
            Row::new(&a.name, cells)
        })
        .collect()
}
