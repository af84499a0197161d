//! The stories of the versions: what they quote is there, and where they point is something.

use std::fs;
use std::path::{Path, PathBuf};

/// Languages of quotes that must be found word by word in a file that the story links to.
const QUOTED: [&str; 2] = ["rust", "nginx"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn stories() -> Vec<PathBuf> {
    let rungs = root().join("rungs");
    let folders = fs::read_dir(&rungs).unwrap().flatten();
    let mut stories: Vec<PathBuf> = folders
        .map(|folder| folder.path().join("README.md"))
        .filter(|story| story.exists())
        .collect();
    stories.extend([
        rungs.join("README.md"),
        rungs.join("dont-forget-to-index.md"),
        root().join("README.md"),
        root().join("docs/ARCHITECTURE.md"),
    ]);
    stories
}

/// The files that a text links to, outside of the web.
fn links(story: &Path, text: &str) -> Vec<PathBuf> {
    let folder = story.parent().unwrap();
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.starts_with("http"))
        .map(|target| folder.join(target.split('#').next().unwrap()))
        .collect()
}

/// The lines of the quotes in these languages.
fn quotes(text: &str) -> Vec<&str> {
    let fences: Vec<&str> = text.split("```").collect();
    fences
        .iter()
        .skip(1)
        .step_by(2)
        .filter_map(|fence| fence.split_once('\n'))
        .filter(|(language, _)| QUOTED.contains(language))
        .flat_map(|(_, quote)| quote.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn stories_link_to_what_is_there_and_quote_it_as_it_is() {
    let mut quoted = 0;
    for story in stories() {
        let text = fs::read_to_string(&story).unwrap();
        let links = links(&story, &text);
        for link in &links {
            assert!(
                link.exists(),
                "{} links to {}",
                story.display(),
                link.display()
            );
        }
        let sources: Vec<String> = links
            .iter()
            .filter_map(|link| fs::read_to_string(link).ok())
            .collect();
        if story.ends_with("docs/ARCHITECTURE.md") || story.parent() == Some(&root()) {
            continue;
        }
        for line in quotes(&text) {
            quoted += 1;
            let found = sources
                .iter()
                .any(|source| source.lines().any(|there| there.trim().contains(line)));
            assert!(
                found,
                "{} quotes what is in none of its files: {line}",
                story.display()
            );
        }
    }
    assert!(quoted >= 9, "only {quoted} lines are quoted");
}

#[test]
fn the_table_of_the_readme_is_the_one_that_was_measured() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let (readme, talk) = (read("README.md"), read("docs/results/talk.md"));
    let rows = |text: &str| -> Vec<Vec<String>> {
        let table = text
            .split("\n\n")
            .find(|part| part.starts_with("| requests/sec"));
        let lines = table.expect("a table").lines().skip(2);
        // A cell of the talk's has a factor behind its figure.
        let figure = |cell: &str| cell.trim().split(" x").next().unwrap_or("").to_owned();
        lines
            .map(|line| line.trim_matches('|').split('|').map(figure).collect())
            .collect()
    };
    let measured = rows(&talk);
    let shown = rows(&readme);
    assert!(shown.len() >= 5, "{shown:?}");
    for row in &shown {
        let same = measured.iter().find(|other| other[0] == row[0]);
        let same = same.unwrap_or_else(|| panic!("no such row was measured: {row:?}"));
        assert_eq!(row[1..3], same[1..3], "{}", row[0]);
        assert!(same[5].starts_with(&row[3]), "{row:?} and {same:?}");
    }
    // The first line of it says what it is about.
    let rate = |name: &str| &shown.iter().find(|row| row[0] == name).expect(name)[1];
    let line = format!(
        "**{} -> {} pages/s**",
        rate("0.4 Cache money"),
        rate("0.4 without its index")
    );
    assert!(readme.contains(&line), "README does not say {line}");
}
