use askama::Template;

use super::figures::{self, Figure};
use super::tables::{self, Row};
use crate::Error;
use crate::chart::{self, Dot};
use crate::compare::{CAUTION, Pair, QuantileRow, factor};
use crate::saved::{ELEMENT_ID, Saved};

/// Two results and what one makes of the other.
#[derive(Template)]
#[template(path = "comparison.html")]
pub(super) struct Comparison<'a> {
    chart_css: &'static str,
    title: String,
    a: &'a Saved,
    b: &'a Saved,
    effects: &'a [Dot],
    pair: Pair,
    /// Only where nothing was measured by turns.
    caution: Option<&'static str>,
    figures: Vec<Figure>,
    quantiles: Vec<Row>,
    /// A's and B's side by side; one cell where they are alike.
    environment: Vec<Row>,
    element_id: &'static str,
    json_a: String,
    json_b: String,
}

impl<'a> Comparison<'a> {
    pub(super) fn of(a: &'a Saved, b: &'a Saved, effects: &'a [Dot]) -> Result<Self, Error> {
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
    let ms = chart::numbers::ms;
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

fn environment(a: &Saved, b: &Saved) -> Vec<Row> {
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
