//! Rules of the house that the compiler does not check: where HTML and caching headers are, how long a file is.

use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn html_stands_in_templates_and_caching_headers_in_the_accelerator() {
    let folders = ["src", "crates"].map(|folder| sources(&root().join(folder)));
    for path in folders.into_iter().flatten() {
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for mark in [
            "<div",
            "<p>",
            "<a href",
            "CACHE_CONTROL",
            "\"cache-control\"",
            "ETAG",
        ] {
            // The cache's tools read what others wrote.
            let reads = path.starts_with(root().join("crates/stack/src/cachectl"))
                && mark == "\"cache-control\"";
            assert!(
                reads || !text.contains(mark),
                "{} writes {mark:?}",
                path.display()
            );
        }
    }
}

#[test]
fn rooms_stay_small() {
    for folder in [
        "src",
        "crates",
        "accelerator",
        "benchmarker",
        "demo-data",
        "tests",
    ] {
        for path in sources(&root().join(folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 500, "{} has {lines} lines", path.display());
        }
    }
}
