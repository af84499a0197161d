//! The cache's tools against a running site: what they say is true, and watching harms nobody.

mod explained;
mod memcached;
mod watched;

use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use crate::stack::site::{Site, program, run};

/// Runs `flickr-killr cache` for the site in a folder, and returns what it printed.
#[track_caller]
fn cache(dir: &Path, words: &[&str]) -> String {
    let words = [&["cache"], words].concat();
    let output = run(program(dir, &words));
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Explains a path as programs read it.
#[track_caller]
fn explained(dir: &Path, words: &[&str]) -> Value {
    let words = [&["explain", "--json"], words].concat();
    serde_json::from_str(&cache(dir, &words)).expect("JSON")
}

/// The addresses of a picture and of the style sheet on the first page.
fn files(site: &Site) -> (String, String) {
    let page = site.get("/");
    let shown = |attribute: &str, begin: &str, end: &str| {
        let mark = format!("{attribute}=\"{begin}");
        let rest = page.split(&mark).nth(1).expect("such a file");
        format!("{begin}{}{end}", rest.split(end).next().expect("its end"))
    };
    let picture = shown("src", "/i/", ".webp");
    (picture, shown("href", "/static/site.", ".css"))
}

#[test]
fn stat_shows_each_memcached_and_all_app_processes() {
    let dir = crate::stack::site::folder();
    let site = Site::ready(dir.path());
    let (picture, _) = files(&site);
    explained(dir.path(), &[&picture]);
    let stat: Value = serde_json::from_str(&cache(dir.path(), &["stat", "--json"])).expect("JSON");
    let server = &stat["servers"][0];
    assert_eq!(server["is_up"], true, "{stat}");
    // The picture, and what the processes brought along when they started.
    assert!(server["items"].as_u64() > Some(1), "{stat}");
    assert!(server["hits"].as_u64() >= Some(1), "{stat}");
    assert_eq!(stat["app"]["answering"], 2, "{stat}");
    assert!(stat["app"]["stored"].as_u64() > Some(1), "{stat}");
    let words = cache(dir.path(), &["stat"]);
    assert!(
        words.starts_with("memcached ") && !words.contains('\x1b'),
        "{words}"
    );
    assert!(
        words.lines().all(|line| line.chars().count() <= 80),
        "{words}"
    );
    site.stop();
}

#[test]
fn metrics_carry_every_counter_with_its_help_and_type() {
    use std::io::{Read as _, Write as _};
    let dir = crate::stack::site::folder();
    let site = Site::ready(dir.path());
    let mut app = UnixStream::connect(site.sockets().join("app-0.sock")).expect("an app");
    app.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")
        .expect("a question");
    let mut text = String::new();
    app.read_to_string(&mut text).expect("an answer");
    let (_, text) = text.split_once("\r\n\r\n").expect("a body");
    let mut told = std::collections::BTreeMap::new();
    let mut of = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a sentence");
            assert!(help.ends_with('.'), "{line}");
            of = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let kind = if of.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            assert_eq!(rest, format!("{of} {kind}"));
        } else {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            assert_eq!(name.split('{').next(), Some(of.as_str()), "{line}");
            let value: f64 = value.parse().expect("a number");
            assert_eq!(told.insert(name.to_owned(), value), None, "{name} twice");
        }
    }
    // Taken apart without `..` this would be a list of all fields; what is not asked for here is a metric nobody sees.
    let fields = format!("{:?}", accelerator::Stats::default());
    let fields = fields.trim_start_matches("Stats { ").split(", ");
    let names: Vec<&str> = fields
        .filter_map(|field| field.split_once(": "))
        .map(|(name, _)| name)
        .collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let carried = told
            .keys()
            .any(|metric| metric.starts_with(&format!("accelerator_{name}")));
        assert!(carried, "no accelerator_{name} in {told:?}");
    }
    for reason in accelerator::NotStored::ALL {
        let name = format!(
            "accelerator_not_stored_total{{reason=\"{}\"}}",
            reason.name()
        );
        assert!(told.contains_key(&name), "{name}");
    }
    assert_eq!(told["database_up"], 1.0);
    site.stop();
}
