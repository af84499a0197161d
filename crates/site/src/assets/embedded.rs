//! The site's own files (css, js, icons) of this build: embedded, fingerprinted, each with its type.
//!
//! The address contains the fingerprint, so the file at an address never changes: browsers and memcached may keep it for
//! ever, and a new version of the site has new addresses.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use domain::{Ratio, Tone};
use include_dir::{Dir, include_dir};
use sha2::{Digest as _, Sha256};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../assets/static");

/// How many hexadecimal digits of the SHA-256 an address has: 48 bits distinguish a dozen files.
const FINGERPRINT_DIGITS: usize = 12;

/// A file of the site.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Where it is served: `/static/{name}.{fingerprint}.{extension}`.
    pub url: String,
    /// Its media type, which `mime_guess` derives from the extension; texts are UTF-8.
    pub content_type: String,
    pub bytes: Bytes,
}

/// The fingerprint in the address of a file with these bytes.
pub fn fingerprint(bytes: &[u8]) -> String {
    let mut digits = sha256(bytes);
    digits.truncate(FINGERPRINT_DIGITS);
    digits
}

/// Whether the bytes have this fingerprint, whatever its number of digits, which may differ between versions.
pub fn has_fingerprint(bytes: &[u8], fingerprint: &str) -> bool {
    !fingerprint.is_empty() && sha256(bytes).starts_with(fingerprint)
}

fn sha256(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// All files of the site.
#[derive(Debug)]
pub struct Assets {
    by_name: HashMap<&'static str, Asset>,
    name_by_url: HashMap<String, &'static str>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::build);

/// The files, the same in every process of one build.
pub fn all() -> &'static Assets {
    &ASSETS
}

/// The address of a file, for templates; a test renders them with every name they use.
///
/// # Panics
///
/// When there is no such file: a mistake in a template, found by the first request of any test.
pub fn url(name: &str) -> &'static str {
    match ASSETS.by_name.get(name) {
        Some(asset) => &asset.url,
        None => panic!("assets/static has no {name}"),
    }
}

impl Asset {
    /// The last part of its address.
    pub fn file_name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }
}

impl Assets {
    fn build() -> Self {
        let mut assets = Self {
            by_name: HashMap::new(),
            name_by_url: HashMap::new(),
        };
        for file in FOLDER.files() {
            if let Some(name) = file.path().to_str() {
                assets.add(name, slim(name, file.contents()));
            }
        }
        assets.add("grid.css", Bytes::from(grid_css()));
        let chart_css = benchmarker::chart::CSS;
        assets.add("chart.css", Bytes::from_static(chart_css.as_bytes()));
        assets
    }

    fn add(&mut self, name: &'static str, bytes: Bytes) {
        let fingerprint = fingerprint(&bytes);
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let url = format!("/static/{stem}.{fingerprint}.{extension}");
        let mime = mime_guess::from_ext(extension).first_or_octet_stream();
        let content_type = match (mime.type_(), mime.subtype()) {
            (mime_guess::mime::TEXT, _) => format!("{mime}; charset=utf-8"),
            _ => mime.to_string(),
        };
        self.name_by_url.insert(url.clone(), name);
        self.by_name.insert(
            name,
            Asset {
                url,
                content_type,
                bytes,
            },
        );
    }

    /// The file at an address.
    pub fn at(&self, url: &str) -> Option<&Asset> {
        self.name_by_url
            .get(url)
            .and_then(|name| self.by_name.get(name))
    }

    /// Every file.
    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.by_name.values()
    }
}

/// Removes comments and indentation from a script: a quarter of its bytes on the wire.
///
/// In the site's scripts a comment is a whole line, and no string spans several lines.
fn slim(name: &str, contents: &'static [u8]) -> Bytes {
    match std::str::from_utf8(contents) {
        Ok(script) if name.ends_with(".js") => script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .fold(String::new(), |script, line| script + line + "\n")
            .into(),
        _ => Bytes::from_static(contents),
    }
}

/// The classes of shapes and placeholders: a style sheet because pages may not have inline styles, generated because it
/// has 216 colours.
fn grid_css() -> String {
    let mut css = String::new();
    for ratio in Ratio::all() {
        // Writing to a string cannot fail.
        let _ = write!(css, ".r{ratio}{{--r:{}}}", ratio.as_f64());
    }
    for tone in Tone::all() {
        let [r, g, b] = tone.rgb();
        let _ = write!(css, ".t{tone}{{background:#{r:02x}{g:02x}{b:02x}}}");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_fingerprinted_address_and_a_type() {
        let names: Vec<&str> = all().by_name.keys().copied().collect();
        assert!(
            names.contains(&"site.css") && names.contains(&"site.js"),
            "{names:?}"
        );
        for asset in all().iter() {
            assert!(
                accelerator::Key::of(&asset.url).is_some(),
                "{} cannot be kept",
                asset.url
            );
            assert_eq!(all().at(&asset.url).unwrap().bytes, asset.bytes);
        }
        assert!(all().at("/static/site.000000000000.css").is_none());
    }

    #[test]
    fn the_script_stays_small() {
        let script = &all().by_name["site.js"].bytes;
        assert!(script.starts_with(b"(() => {\n\"use strict\";\n"));
        let bytes = |name| all().by_name[name].bytes.len();
        assert!(bytes("site.js") + bytes("lab.js") <= 15 * 1024);
    }
}
