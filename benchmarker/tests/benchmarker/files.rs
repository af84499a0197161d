//! Files that a run reads and writes: names, byte order marks, files that cannot be written.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::command::text;
use crate::server::{Reply, Server, response};

const QUICK: [&str; 5] = ["-d", "1s", "--warmup", "0s", "-c1"];

fn benchmarker<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_benchmarker"))
        .args(arguments)
        .args(QUICK)
        .output()
        .unwrap()
}

fn ok_server() -> (Server, String) {
    let server = Server::start(usize::MAX, |_, _| Reply::Bytes(response(200, "", "x")));
    let url = format!("http://{}", server.address);
    (server, url)
}

/// A file name in Latin-1.
fn latin1(folder: &Path, end: &str) -> OsString {
    let mut name = folder.join("r").into_os_string();
    name.push(OsStr::from_bytes(b"\xe9sultat"));
    name.push(end);
    name
}

#[test]
fn names_of_files_need_not_be_utf8() {
    let folder = tempfile::tempdir().unwrap();
    let at = |end: &str| latin1(folder.path(), end);
    let (server, url) = ok_server();
    std::fs::write(at(".txt"), "/a\n").unwrap();
    let (list, json, html) = (at(".txt"), at(".json"), at(".html"));
    let mut words = vec![list.as_os_str(), "--base".as_ref(), url.as_ref()];
    words.extend([
        "--save".as_ref(),
        json.as_os_str(),
        "--html".as_ref(),
        html.as_os_str(),
    ]);
    let output = benchmarker(words);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(server.seen().iter().all(|path| path == "/a"));
    let saved = std::fs::read_to_string(&json).unwrap();
    let saved: serde_json::Value = serde_json::from_str(&saved).unwrap();
    let command = saved["command"].as_str().unwrap();
    assert!(command.contains(r"r\xe9sultat.json'"), "{command}");
    assert!(
        std::fs::read(&html)
            .unwrap()
            .starts_with(b"<!doctype html>")
    );

    // And what a scenario reads.
    let scenario =
        "name = \"x\"\n[lists.people]\n[[step]]\nname = \"home\"\nweight = 1\nget = \"{people}\"\n";
    let path = at(".toml");
    std::fs::write(&path, scenario).unwrap();
    let mut people = OsString::from("people=");
    people.push(&list);
    let words: [&OsStr; 5] = [
        url.as_ref(),
        "--scenario".as_ref(),
        &path,
        "--list".as_ref(),
        &people,
    ];
    let output = benchmarker(words);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_byte_order_mark_belongs_to_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let (server, url) = ok_server();
    let list = folder.path().join("list.txt");
    let scenario = folder.path().join("scenario.toml");
    for text_of_list in ["\u{feff}/a\r\n/b\r\n", "\u{feff}# pages\r\n/a\r\n/b\r\n"] {
        std::fs::write(&list, text_of_list).unwrap();
        let words = [list.as_os_str(), "--base".as_ref(), url.as_ref()];
        let output = benchmarker(words);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let steps = "\u{feff}name = \"x\"\r\n[lists.people]\r\nfile = \"list.txt\"\r\n\
                 [[step]]\r\nname = \"home\"\r\nweight = 1\r\nget = \"{people}\"\r\n";
    std::fs::write(&scenario, steps).unwrap();
    let words: [&OsStr; 3] = [url.as_ref(), "--scenario".as_ref(), scenario.as_os_str()];
    let output = benchmarker(words);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let seen = server.seen();
    assert!(seen.contains(&"/a".to_owned()) && seen.contains(&"/b".to_owned()));
    assert!(
        seen.iter().all(|path| path == "/a" || path == "/b"),
        "{seen:?}"
    );
}

#[test]
fn a_result_that_could_not_be_written_is_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (server, url) = ok_server();
    let missing = folder.path().join("no-such-folder/result");
    for file in [missing.as_os_str(), folder.path().as_os_str()] {
        for option in ["--save", "--html"] {
            let output = benchmarker([url.as_ref(), option.as_ref(), file]);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{option}: {said}");
            assert!(said.contains("the result cannot be written to"), "{said}");
            assert!(output.stdout.is_empty());
        }
        let output = benchmarker([
            url.as_ref(),
            "--vs".as_ref(),
            url.as_ref(),
            "--html".as_ref(),
            file,
        ]);
        assert_eq!(output.status.code(), Some(2));
    }
    assert_eq!(server.seen(), Vec::<String>::new());
}

#[test]
fn a_comparison_with_nothing_but_failures_has_no_number_and_exits_1() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let (_good, good) = ok_server();
    let server = Server::start(usize::MAX, |_, _| Reply::Bytes(response(500, "", "no")));
    let bad = format!("http://{}", server.address);
    for (a, b, name) in [(&bad, &good, "A"), (&good, &bad, "B"), (&bad, &bad, "A")] {
        let output = Command::new(env!("CARGO_BIN_EXE_benchmarker"))
            .args([
                a, "--vs", b, "-d", "100ms", "--warmup", "0s", "-c1", "--blocks", "6",
            ])
            .arg("--html")
            .arg(&page)
            .output()
            .unwrap();
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let sentence =
            format!("runs of {name} no request was answered as expected (first status 5xx: /)");
        assert!(said.contains(&sentence), "{said}");
        let html = std::fs::read_to_string(&page).unwrap();
        for no_number in ["NaN", "inf ", "inf<", ">inf", "null/"] {
            assert!(!said.contains(no_number), "{no_number}: {said}");
            assert!(!html.contains(no_number), "{no_number}: {html}");
        }
        assert!(html.contains(&format!("No request of {name} was answered as expected.")));
    }
    // Saved results of the same kind.
    let (one, two) = (folder.path().join("1.json"), folder.path().join("2.json"));
    benchmarker([good.as_ref(), "--save".as_ref(), one.as_os_str()]);
    let failed = benchmarker([bad.as_ref(), "--save".as_ref(), two.as_os_str()]);
    assert_eq!(failed.status.code(), Some(1));
    for (a, b) in [(&one, &two), (&two, &one)] {
        let output = Command::new(env!("CARGO_BIN_EXE_benchmarker"))
            .args(["compare".as_ref(), a.as_os_str(), b.as_os_str()])
            .output()
            .unwrap();
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(!said.contains("NaN") && !said.contains("inf"), "{said}");
    }
}
