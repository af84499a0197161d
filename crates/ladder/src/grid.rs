//! A table in two formats: aligned for a terminal, and as Markdown.

/// A head and rows of as many cells; the first cell of a row is its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Grid {
    /// Aligned: names to the left, numbers to the right. A row without cells is an empty line.
    pub(super) fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|at| {
                let cells = self.lines().filter_map(|row| row.get(at));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in self.lines() {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                line += &match at {
                    0 => format!("{cell:<width$}"),
                    _ => format!("  {cell:>width$}"),
                };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    /// As a Markdown table.
    pub(super) fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: &[String]| text += &format!("| {} |\n", cells.join(" | "));
        line(&self.head);
        let rule = |at| if at == 0 { ":--" } else { "--:" };
        let rules: Vec<String> = (0..self.head.len()).map(|at| rule(at).to_owned()).collect();
        line(&rules);
        self.rows
            .iter()
            .filter(|row| !row.is_empty())
            .for_each(|row| line(row));
        text
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.head).chain(&self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_table_is_shown_in_two_ways() {
        let words = |row: &[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        let grid = Grid {
            head: words(&["version", "pages/s"]),
            rows: vec![words(&["0.1", "212"]), vec![], words(&["0.2", "8,031"])],
        };
        assert_eq!(
            grid.text(),
            "version  pages/s\n0.1          212\n\n0.2        8,031\n"
        );
        assert_eq!(
            grid.markdown(),
            "| version | pages/s |\n| :-- | --: |\n| 0.1 | 212 |\n| 0.2 | 8,031 |\n"
        );
    }
}
