//! The result as files: a page to read, and every number.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::Options;
use super::baselines::Baselines;
use super::page;
use super::record::Talk;
use super::summary::Row;
use super::tables::Tables;

/// What the JSON holds: everything found, and the rows of the tables.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    talk: &'a Talk,
    summary: &'a [Row],
}

/// Writes what was asked for, and tells each file.
pub(super) fn write(
    options: &Options,
    tables: &Tables<'_>,
    peers: Option<&Baselines>,
    tell: impl Fn(&Path),
) -> Result<()> {
    if let Some(file) = &options.markdown {
        whole(file, &tables.markdown(peers))?;
        tell(file);
    }
    if let Some(file) = &options.html {
        whole(file, &page::html(tables, peers)?)?;
        tell(file);
    }
    if let Some(file) = &options.json {
        let all = Whole {
            talk: tables.talk(),
            summary: tables.rows(),
        };
        let text = serde_json::to_string_pretty(&all).context("the result as JSON")?;
        whole(file, &(text + "\n"))?;
        tell(file);
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
