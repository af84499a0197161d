//! The house rules that a compiler does not know: who may import whom, and where SQL stands.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room of `src/`, and the rooms it may know. A room not named here knows all.
const MAY_IMPORT: [(&str, &[&str]); 22] = [
    ("domain", &[]),
    ("blocking", &[]),
    ("urls", &["domain"]),
    ("assets", &["domain"]),
    ("whole", &[]),
    ("generations", &["assets", "whole"]),
    ("database_url", &[]),
    ("environment", &[]),
    ("db", &["database_url", "domain"]),
    ("disk", &[]),
    ("images", &["blocking", "disk", "domain"]),
    ("rung", &[]),
    ("cpu", &[]),
    ("config", &["disk", "rung"]),
    ("settings", &["disk", "rung"]),
    (
        "stack",
        &[
            "config",
            "database_url",
            "db",
            "disk",
            "images",
            "rung",
            "whole",
        ],
    ),
    ("memcached", &[]),
    ("cache_tools", &["memcached", "urls"]),
    (
        "lab",
        &["blocking", "cpu", "db", "domain", "memcached", "urls"],
    ),
    (
        "ladder",
        &["cpu", "db", "domain", "lab", "rung", "stack", "urls"],
    ),
    (
        "web",
        &[
            "assets",
            "blocking",
            "cpu",
            "db",
            "disk",
            "domain",
            "generations",
            "images",
            "jobs",
            "lab",
            "rung",
            "site",
            "urls",
        ],
    ),
    (
        "site",
        &["blocking", "db", "disk", "domain", "generations", "images"],
    ),
];

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

/// The room that a file of `src/` belongs to.
fn room(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn rooms_know_only_whom_they_may_know() {
    for path in sources(&root().join("src")) {
        let room = room(&path);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap_or("").split(',').collect(),
                None => vec![rest],
            };
            for name in names {
                let name: String = name
                    .trim()
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                assert!(
                    name == room || allowed.contains(&name.as_str()),
                    "{} uses crate::{name}, which {room} may not know",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn members_know_nothing_of_the_site() {
    for member in ["accelerator", "benchmarker", "demo-data"] {
        for path in sources(&root().join(member)) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                !text.contains("flickr_killr"),
                "{} knows the site",
                path.display()
            );
        }
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        assert!(
            !manifest.contains("flickr-killr"),
            "{member} depends on the site"
        );
    }
}

#[test]
fn sql_stands_in_db_alone() {
    for path in sources(&root().join("src")) {
        if room(&path) == "db" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for mark in ["sqlx::query(", "query_as(", "query_scalar("] {
            assert!(!text.contains(mark), "{} holds SQL", path.display());
        }
    }
}

#[test]
fn html_stands_in_templates_and_caching_headers_in_the_accelerator() {
    for path in sources(&root().join("src")) {
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
            let reads = room(&path) == "cache_tools" && mark == "\"cache-control\"";
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
    for folder in ["src", "accelerator", "benchmarker", "demo-data", "tests"] {
        for path in sources(&root().join(folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 500, "{} has {lines} lines", path.display());
        }
    }
}
