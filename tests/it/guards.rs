//! The list of guards fits the sources: `scripts/guards` removes each in turn.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::tidy::{root, sources};

#[derive(Deserialize)]
struct List {
    guard: Vec<Guard>,
}

/// A guard, as the head of the list explains its fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guard {
    name: String,
    file: String,
    was: String,
    becomes: String,
    around: Option<String>,
    tests: Vec<String>,
    #[serde(rename = "why")]
    _why: Option<String>,
}

/// The names of all functions below these folders.
fn functions(folders: &[&str]) -> BTreeSet<String> {
    let files = folders
        .iter()
        .flat_map(|folder| sources(&root().join(folder)));
    let texts = files.map(|path| fs::read_to_string(path).unwrap());
    let names = |text: String| -> Vec<String> {
        let begun = text.split("fn ").skip(1);
        let names = begun.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned()));
        names.collect()
    };
    texts.flat_map(names).collect()
}

#[test]
fn every_guard_is_found_once_and_its_tests_exist() {
    let list = fs::read_to_string(root().join("tests/guards.toml")).unwrap();
    let List { guard: guards } = toml::from_str(&list).unwrap();
    let functions = functions(&["src", "crates", "tests/it"]);
    let mut names = BTreeSet::new();
    for guard in &guards {
        let name = &guard.name;
        assert!(names.insert(name), "two guards: {name}");
        let text = fs::read_to_string(root().join(Path::new(&guard.file))).unwrap();
        let around = guard.around.as_ref().unwrap_or(&guard.was);
        let found = (
            text.matches(around).count(),
            around.matches(&guard.was).count(),
        );
        assert_eq!(found, (1, 1), "in {}: {name}", guard.file);
        assert_ne!(guard.was, guard.becomes, "{name}");
        assert!(!guard.tests.is_empty(), "{name}");
        for test in &guard.tests {
            assert!(functions.contains(test), "no test {test}: {name}");
        }
    }
}
