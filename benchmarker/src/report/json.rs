//! A report as JSON, alone or inside an HTML page.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Report;
use super::schema::{SCHEMA, Schema};
use crate::Error;
use crate::stats::ratio;

/// The `id` of the script element of an HTML page that holds its report; a page that compares two has
/// both, with `-a` and `-b` appended.
pub const ELEMENT_ID: &str = "benchmarker-result";

/// What is read first, because another version has other fields.
#[derive(Deserialize)]
struct Version {
    schema: Option<Schema>,
}

impl Report {
    /// The report as JSON of many lines. The headline numbers are null when a check of the audit failed.
    ///
    /// # Errors
    ///
    /// A histogram that cannot be serialized.
    pub fn to_json(&self) -> Result<String, Error> {
        serialized(serde_json::to_string_pretty(
            &*self.without_doubtful_numbers(),
        ))
    }

    /// The report as JSON on one line for a script element: nothing in it can end the element or open
    /// a comment.
    ///
    /// # Errors
    ///
    /// As [`Report::to_json`].
    pub fn to_json_for_html(&self) -> Result<String, Error> {
        let json = serialized(serde_json::to_string(&*self.without_doubtful_numbers()))?;
        // Outside of strings JSON has none of these.
        Ok(json
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"))
    }

    fn without_doubtful_numbers(&self) -> Cow<'_, Self> {
        if !self.is_in_doubt() {
            return Cow::Borrowed(self);
        }
        // NaN is written as null.
        Cow::Owned(Self {
            requests_per_sec: f64::NAN,
            average_request_ms: f64::NAN,
            pages_per_sec: f64::NAN,
            ..self.clone()
        })
    }

    /// Reads a report from JSON, or from the HTML page that holds it.
    ///
    /// # Errors
    ///
    /// A sentence if it is neither, or of another version than [`SCHEMA`].
    pub fn read(text: &str) -> Result<Self, Error> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let json = if text.starts_with('<') {
            embedded(text)?
        } else {
            text
        };
        let not_json = |e| Error::invalid(format!("this is not a result of benchmarker: {e}"));
        let version: Version = serde_json::from_str(json).map_err(not_json)?;
        match version.schema {
            Some(Schema(SCHEMA)) => serde_json::from_str(json)
                .map(Self::with_doubtful_numbers)
                .map_err(|e| {
                    Error::invalid(format!("this result of version {SCHEMA} is damaged: {e}"))
                }),
            Some(Schema(other)) => Err(Error::invalid(format!(
                "this result has version {other}, and this benchmarker reads version {SCHEMA}: \
                 read it with the benchmarker that wrote it, or measure again"
            ))),
            None => Err(Error::invalid(
                "this JSON has no \"schema\": give a file that benchmarker wrote with \
                 --save FILE or --html FILE",
            )),
        }
    }

    /// The numbers that [`Report::to_json`] leaves out, computed from the counts.
    fn with_doubtful_numbers(mut self) -> Self {
        let or = |value: f64, other: f64| if value.is_nan() { other } else { value };
        let secs = self.elapsed_secs;
        let average = self.request_times.average_ms.unwrap_or_default();
        self.requests_per_sec = or(
            self.requests_per_sec,
            ratio(self.requests.total as f64, secs),
        );
        self.pages_per_sec = or(self.pages_per_sec, ratio(self.pages as f64, secs));
        self.average_request_ms = or(self.average_request_ms, average);
        self
    }

    /// Reads a report from a file, as [`Report::read`].
    ///
    /// # Errors
    ///
    /// The same sentences, preceded by the name of the file.
    pub fn read_file(path: &Path) -> Result<Self, Error> {
        let named = |what: String| Error::invalid(format!("{}: {what}", path.display()));
        let text = fs::read_to_string(path).map_err(|e| named(e.to_string()))?;
        Self::read(&text).map_err(|e| named(e.to_string()))
    }
}

fn serialized(json: serde_json::Result<String>) -> Result<String, Error> {
    json.map_err(|e| Error::invalid(format!("the result cannot be written as JSON: {e}")))
}

fn embedded(html: &str) -> Result<&str, Error> {
    let opening = |id: &str| format!("<script type=\"application/json\" id=\"{id}\">");
    let element = html.split_once(&opening(ELEMENT_ID));
    if let Some((json, _)) = element.and_then(|(_, rest)| rest.split_once("</script>")) {
        return Ok(json);
    }
    Err(Error::invalid(
        if html.contains(&opening(&format!("{ELEMENT_ID}-a"))) {
            "this page compares two results: give the file of one of them"
        } else {
            "this HTML holds no result: it was not written with --html FILE, or is not complete"
        },
    ))
}
