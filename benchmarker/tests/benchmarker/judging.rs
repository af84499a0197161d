//! The output of the command: rules, capacities, comparisons, files.

use std::fs;

use tempfile::tempdir;

use crate::command::{benchmarker, text};
use crate::server::{Reply, Server, response};

fn site() -> (Server, String) {
    let server = Server::start(usize::MAX, |_, _| Reply::Bytes(response(200, "", "x")));
    let url = format!("http://{}/", server.address);
    (server, url)
}

/// Half a second of one thread and two connections.
const SHORT: [&str; 9] = [
    "--pages-only",
    "-t",
    "1",
    "-c",
    "2",
    "-d",
    "500ms",
    "--warmup",
    "0s",
];

#[test]
fn a_broken_rule_is_said_with_its_number_and_status_3() {
    let (_server, url) = site();
    let run = |rules: &str| benchmarker(&[&[&url, "--require", rules], &SHORT[..]].concat());
    let kept = run("failed=0,p50<10s,rate>1");
    assert_eq!(kept.status.code(), Some(0), "{}", text(&kept.stderr));
    let broken = run("failed=0,p99<1us");
    assert_eq!(broken.status.code(), Some(3));
    let said = text(&broken.stderr);
    assert!(
        said.contains("p99 is") && said.contains("the rule requires less than"),
        "{said}"
    );
    assert!(text(&broken.stdout).starts_with("requests/sec: "));
}

#[test]
fn a_rule_that_makes_no_sense_is_refused_before_the_run() {
    let (server, url) = site();
    for (rules, word) in [
        ("p95<", "p95<"),
        ("quick", "quick"),
        ("step(nobody).p95<1s", "no"),
    ] {
        let refused = benchmarker(&[&[&url, "--require", rules], &SHORT[..]].concat());
        assert_eq!(refused.status.code(), Some(2), "{rules}");
        assert!(
            text(&refused.stderr).contains(word),
            "{}",
            text(&refused.stderr)
        );
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_saved_result_and_a_page_can_be_compared() {
    let (_server, url) = site();
    let folder = tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (json, page, both) = (file("a.json"), file("b.html"), file("both.html"));
    let run = |option: &str, file: &str| {
        let output = benchmarker(&[&[&url, option, file], &SHORT[..]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    run("--save", &json);
    run("--html", &page);
    let saved: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(saved["schema"], 2);
    assert!(
        saved["command"].as_str().unwrap().contains("--save"),
        "{}",
        saved["command"]
    );
    let compared = benchmarker(&["compare", &json, &page, "--html", &both]);
    assert!(compared.status.success(), "{}", text(&compared.stderr));
    let said = text(&compared.stdout);
    assert!(
        said.contains("different times") && said.contains("p50"),
        "{said}"
    );
    assert!(
        fs::read_to_string(&both)
            .unwrap()
            .contains("different times")
    );
    let page = fs::read_to_string(&page).unwrap();
    assert!(page.contains("<svg"), "it has a picture");
    assert!(
        !page.contains("<link") && !page.contains("<img"),
        "it stands alone"
    );
    let missing = benchmarker(&["compare", &json, "nothing.json"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("nothing.json"));
}

#[test]
fn two_sites_are_measured_by_turns() {
    let (first, url) = site();
    let (second, other) = site();
    let output = benchmarker(&[&[&url, "--vs", &other, "--blocks", "2"], &SHORT[..]].concat());
    let said = text(&output.stdout);
    assert!(said.contains("block  2"), "{said}");
    assert!(
        said.contains("requests/sec") && said.contains("too few blocks for a verdict"),
        "{said}"
    );
    assert!(!first.seen().is_empty() && !second.seen().is_empty());
    let twice = first.seen().len() as f64 / second.seen().len() as f64;
    assert!(twice > 1.0, "the first stands in each block twice: {twice}");
}

#[test]
fn a_capacity_without_a_rule_is_refused_and_one_with_it_is_found() {
    let (_server, url) = site();
    let refused = benchmarker(&[&url, "--capacity"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--require"));
    // No server on earth keeps this one.
    let none =
        benchmarker(&[&[&url, "--capacity=20", "--require", "max<1us"], &SHORT[..]].concat());
    assert_eq!(none.status.code(), Some(1), "{}", text(&none.stderr));
    assert!(
        text(&none.stdout).contains("the first rate broke the rule"),
        "{}",
        text(&none.stdout)
    );
}

#[test]
fn a_scenario_nobody_knows_is_refused_with_those_that_are() {
    let refused = benchmarker(&["http://127.0.0.1:9/", "--scenario", "party"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(said.contains("tweets") && said.contains("browse"), "{said}");
}

#[test]
fn page_views_that_are_turned_away_break_any_rule() {
    let server = Server::start(usize::MAX, |_, _| Reply::Silence);
    let url = format!("http://{}/", server.address);
    let broken = benchmarker(&[
        &url,
        "--pages-only",
        "-c",
        "1",
        "--rate",
        "50",
        "--timeout",
        "100ms",
        "-d",
        "1s",
        "--warmup",
        "0s",
        "--require",
        "rate>=0",
    ]);
    let said = text(&broken.stderr);
    assert!(said.contains("found no free browser"), "{said}");
    assert_ne!(broken.status.code(), Some(0));
}
