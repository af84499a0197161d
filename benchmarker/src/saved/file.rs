//! A result as text: JSON, alone or inside an HTML report.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::{ELEMENT_ID, SCHEMA, Saved, Schema};
use crate::Error;

/// What is read first: the rest of another format would only confuse.
#[derive(Deserialize)]
struct Head {
    schema: Option<Schema>,
}

impl Saved {
    /// The result as a JSON text of many lines.
    ///
    /// # Errors
    ///
    /// A histogram that cannot be written.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self)
            .map_err(|e| Error::invalid(format!("the result cannot be written: {e}")))
    }

    /// The result as JSON on one line that may stand inside a script element: nothing in it can end
    /// the element or open a comment.
    ///
    /// # Errors
    ///
    /// As [`Saved::to_json`].
    pub fn to_json_for_html(&self) -> Result<String, Error> {
        let json = serde_json::to_string(self)
            .map_err(|e| Error::invalid(format!("the result cannot be written: {e}")))?;
        // Outside of strings JSON has none of these.
        Ok(json
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"))
    }

    /// Reads a result from JSON, or from the HTML report that holds it.
    ///
    /// # Errors
    ///
    /// A sentence if it is neither, or of another format than [`SCHEMA`].
    pub fn read(text: &str) -> Result<Self, Error> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let json = if text.starts_with('<') {
            embedded(text)?
        } else {
            text
        };
        let no_json = |e| Error::invalid(format!("this is no result of the benchmarker: {e}"));
        let head: Head = serde_json::from_str(json).map_err(no_json)?;
        match head.schema {
            Some(Schema(SCHEMA)) => serde_json::from_str(json).map_err(|e| {
                Error::invalid(format!("this result of format {SCHEMA} is damaged: {e}"))
            }),
            Some(Schema(other)) => Err(Error::invalid(format!(
                "this result has format {other}, and this benchmarker reads format {SCHEMA}: \
                 read it with the version that wrote it, or measure again"
            ))),
            None => Err(Error::invalid(
                "this JSON has no \"schema\": it is no result that benchmarker wrote with \
                 --json FILE or --html FILE",
            )),
        }
    }

    /// Reads a result from a file, as [`Saved::read`].
    ///
    /// # Errors
    ///
    /// The same sentences with the name of the file before them.
    pub fn read_file(path: &Path) -> Result<Self, Error> {
        let named = |what: String| Error::invalid(format!("{}: {what}", path.display()));
        let text = fs::read_to_string(path).map_err(|e| named(e.to_string()))?;
        Self::read(&text).map_err(|e| named(e.to_string()))
    }
}

fn embedded(html: &str) -> Result<&str, Error> {
    let opening = |id: &str| format!("<script type=\"application/json\" id=\"{id}\">");
    let element = html.split_once(&opening(ELEMENT_ID));
    if let Some((json, _)) = element.and_then(|(_, rest)| rest.split_once("</script>")) {
        return Ok(json);
    }
    Err(Error::invalid(
        if html.contains(&opening(&format!("{ELEMENT_ID}-a"))) {
            "this page compares two results: name the file of one of them"
        } else {
            "this HTML holds no result: it was not written with --html FILE, or was cut off"
        },
    ))
}
