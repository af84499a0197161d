//! The syntax of a scenario file, key for key; `build` gives it its meaning.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::shorthand::{Count, Range, Statuses, ThinkTime, Time};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: String,
    #[serde(default)]
    pub(super) about: String,
    pub(super) require: Option<String>,
    pub(super) viewport: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) load: Load,
    #[serde(default)]
    pub(super) visit: Visit,
    #[serde(default)]
    pub(super) lists: BTreeMap<Spanned<String>, List>,
    #[serde(default, rename = "step")]
    pub(super) steps: Vec<Step>,
    #[serde(default)]
    pub(super) needs: Vec<Need>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    pub(super) users: Option<Spanned<u32>>,
    pub(super) rate: Option<Spanned<f64>>,
    pub(super) stages: Option<Spanned<Vec<Spanned<Stage>>>>,
    pub(super) warmup: Option<Time>,
    pub(super) duration: Option<Spanned<Time>>,
    pub(super) think: Option<ThinkTime>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stage {
    pub(super) users: Option<Spanned<u32>>,
    pub(super) rate: Option<Spanned<f64>>,
    #[serde(rename = "for")]
    pub(super) duration: Spanned<Time>,
    pub(super) ramp: Option<Spanned<Time>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visit {
    pub(super) begins: Option<Spanned<String>>,
    pub(super) signs_in: Option<Spanned<String>>,
    pub(super) share: Option<Spanned<f64>>,
    pub(super) ends: Option<Spanned<String>>,
    pub(super) steps: Option<Spanned<Count>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    #[serde(default)]
    pub(super) about: String,
    pub(super) file: Option<Spanned<PathBuf>>,
    pub(super) values: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) range: Option<Spanned<Range>>,
    pub(super) zipf: Option<Spanned<f64>>,
    pub(super) hot: Option<Spanned<Hot>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hot {
    pub(super) first: usize,
    pub(super) share: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) name: Spanned<String>,
    pub(super) weight: Option<Spanned<f64>>,
    pub(super) get: Option<Spanned<String>>,
    pub(super) post: Option<Spanned<String>>,
    pub(super) form: Option<Spanned<BTreeMap<String, Spanned<String>>>>,
    pub(super) upload: Option<Spanned<Upload>>,
    #[serde(default = "yes")]
    pub(super) parts: bool,
    pub(super) expect: Option<Spanned<Statuses>>,
    #[serde(default)]
    pub(super) take: BTreeMap<Spanned<String>, Spanned<Extract>>,
    #[serde(default)]
    pub(super) may_take: BTreeMap<Spanned<String>, Spanned<Extract>>,
    pub(super) signed_in: Option<bool>,
    pub(super) think: Option<ThinkTime>,
    pub(super) then: Option<Spanned<String>>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upload {
    pub(super) field: String,
    pub(super) file: PathBuf,
}

/// A value of `take` or `may_take`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Extract {
    Link(String),
    Header(String),
    Field(String),
    Between([String; 2]),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Need {
    pub(super) path: Spanned<String>,
    pub(super) why: String,
}
