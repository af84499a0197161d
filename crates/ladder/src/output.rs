//! Writes the result to files: Markdown, HTML, and JSON with every number.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::Options;
use super::baselines::Baselines;
use super::page;
use super::record::Talk;
use super::summary::Row;
use super::tables::Tables;

/// The content of the JSON file: the measurements, and the rows of the tables.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    talk: &'a Talk,
    summary: &'a [Row],
}

/// Writes the files that the options name, and calls `written` for each.
pub(super) fn write(
    options: &Options,
    tables: &Tables<'_>,
    peers: Option<&Baselines>,
    written: impl Fn(&Path),
) -> Result<()> {
    if let Some(file) = &options.markdown {
        whole(file, &tables.markdown(peers))?;
        written(file);
    }
    if let Some(file) = &options.html {
        whole(file, &page::html(tables, peers)?)?;
        written(file);
    }
    if let Some(file) = &options.json {
        let all = Whole {
            talk: tables.talk(),
            summary: tables.rows(),
        };
        let text = serde_json::to_string_pretty(&all).context("cannot write the result as JSON")?;
        whole(file, &(text + "\n"))?;
        written(file);
    }
    Ok(())
}

fn whole(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
