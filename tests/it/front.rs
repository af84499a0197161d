//! The configurations of nginx: each readable alone, and from one version to the next only what changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flickr_killr::server::{REQUEST_TIMEOUT, UPLOAD_TIMEOUT};

/// How many files of `shared/` an nginx.conf may include, so that it is readable alone.
const SHARED_INCLUDES_MAX: usize = 3;

/// How many lines may differ from one version to the next, removed and added together, without comments: the step from
/// CGI to HTTP names every setting of both.
const CHANGED_LINES_MAX: usize = 120;

/// The versions with nginx in front.
const RUNGS: [&str; 3] = ["0.1-cgi", "0.3-shared-nothing", "0.4-memcached"];

fn rungs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rungs")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every configuration in the repository, the root's as 0.4's.
fn configurations() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(rungs()).unwrap().flatten();
    let files = folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok());
    let files = files.flat_map(|files| files.flatten().map(|file| file.path()));
    files
        .filter(|file| file.extension().is_some_and(|end| end == "conf"))
        .collect()
}

/// The words of a configuration: comments left out, what is quoted in one piece.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\'' if word.is_empty() => {
                word.push(c);
                while let Some(inner) = rest.next() {
                    word.push(inner);
                    match inner {
                        '\\' => word.extend(rest.next()),
                        end if end == c => break,
                        _ => {}
                    }
                }
            }
            '#' if word.is_empty() => drop(rest.by_ref().find(|c| *c == '\n')),
            ' ' | '\n' | ';' | '{' | '}' => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                words.extend((!c.is_whitespace()).then(|| c.to_string()));
            }
            _ => word.push(c),
        }
    }
    words
}

fn nginx_conf(rung: &str) -> String {
    read(&rungs().join(rung).join("nginx.conf"))
}

#[test]
fn every_configuration_is_readable_alone() {
    for rung in RUNGS {
        let words = words(&nginx_conf(rung));
        let includes = words.windows(2).filter(|two| two[0] == "include");
        let shared = includes.filter(|two| two[1].starts_with("shared/")).count();
        assert!(shared <= SHARED_INCLUDES_MAX, "{rung}: {shared}");
    }
}

/// A version repeats the maps that it has in common with another; a diff must not show them.
#[test]
fn a_map_that_several_versions_have_is_the_same_in_all() {
    let mut known: HashMap<Vec<String>, (Vec<String>, &str)> = HashMap::new();
    for rung in RUNGS {
        let words = words(&nginx_conf(rung));
        for (at, _) in words.iter().enumerate().filter(|(_, word)| *word == "map") {
            let end = words[at..].iter().position(|word| word == "}").unwrap();
            let (name, rows) = (words[at + 2..at + 3].to_vec(), &words[at..at + end]);
            let (first, of) = known.entry(name).or_insert_with(|| (rows.to_vec(), rung));
            assert_eq!(first, rows, "{of} and {rung}");
        }
    }
    assert!(known.len() >= 8, "{known:?}");
}

/// With `rewrite_log on` every expression that is tried in a server is a line of the log, for every request.
#[test]
fn a_server_that_can_be_watched_tries_no_expression_but_the_one_that_tells() {
    for file in configurations() {
        let words = words(&read(&file));
        let tried: Vec<&[String]> = words
            .windows(4)
            .filter(|four| match four[0].as_str() {
                "rewrite" => four[1] != "^watched$",
                "if" => four[1..3]
                    .iter()
                    .any(|word| word.starts_with('~') || word.starts_with("!~")),
                _ => false,
            })
            .collect();
        assert_eq!(tried, <Vec<&[String]>>::new(), "{}", file.display());
    }
}

/// How long nginx waits for each read of a response, by the directives of that name in a text.
fn read_timeouts(text: &str) -> Vec<Duration> {
    let words = words(text);
    let named = words
        .windows(2)
        .filter(|two| two[0] == "proxy_read_timeout" || two[0] == "fastcgi_read_timeout");
    let seconds = named.map(|two| {
        two[1]
            .strip_suffix('s')
            .and_then(|number| number.parse().ok())
    });
    seconds
        .map(|seconds| Duration::from_secs(seconds.expect("whole seconds")))
        .collect()
}

/// Else nginx ends a request that the application still answers, and its page says that the site restarts.
#[test]
fn nginx_waits_longer_than_the_application_takes_for_pages_and_for_uploads() {
    let cgi = read(&rungs().join("0.1-cgi/cgi.conf")) + &nginx_conf("0.1-cgi");
    for text in [
        cgi,
        nginx_conf("0.3-shared-nothing"),
        nginx_conf("0.4-memcached"),
    ] {
        let found = read_timeouts(&text);
        assert!(
            matches!(found[..], [page, upload] if page > REQUEST_TIMEOUT && upload > UPLOAD_TIMEOUT),
            "{found:?}, not more than {REQUEST_TIMEOUT:?} and {UPLOAD_TIMEOUT:?}: {text}"
        );
    }
}

#[test]
fn the_root_s_configuration_is_that_of_0_4() {
    let root = rungs().join("../nginx.conf").canonicalize().unwrap();
    let of_rung = rungs().join("0.4-memcached/nginx.conf");
    assert_eq!(of_rung.canonicalize().unwrap(), root);
}

/// The lines that nginx reads.
fn lines(rung: &str) -> Vec<String> {
    let text = nginx_conf(rung);
    let lines = text.lines().map(|line| line.split(" #").next().unwrap());
    lines
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty() && !line.trim_start().starts_with('#'))
        .collect()
}

#[test]
fn the_difference_between_two_versions_is_short() {
    for (lower, upper) in [
        ("0.1-cgi", "0.3-shared-nothing"),
        ("0.3-shared-nothing", "0.4-memcached"),
    ] {
        let (old, new) = (lines(lower), lines(upper));
        let changed = old.len() + new.len() - 2 * common(&old, &new);
        assert!(
            changed <= CHANGED_LINES_MAX,
            "{changed} lines differ between {lower} and {upper}"
        );
    }
}

/// How many lines stay, in their order: the length of the longest common subsequence.
fn common(old: &[String], new: &[String]) -> usize {
    let mut lengths = vec![0; new.len() + 1];
    for line in old {
        let mut diagonal = 0;
        for (at, other) in new.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = if line == other {
                diagonal + 1
            } else {
                above.max(lengths[at])
            };
            diagonal = above;
        }
    }
    lengths[new.len()]
}
