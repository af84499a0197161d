//! The talk in its short form: every version really runs, on a small site.

use std::collections::HashMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::stack::site::{Site, folder, program, refusal, run, runs, send};

const STEPS: [&str; 6] = [
    "0.1 The CGI Strawman",
    "0.2 A slice of axum",
    "0.3 Have your axum and eat it too",
    "0.4 Cache money",
    "0.4 without its index",
    "0.4 with its index again",
];

fn talk(dir: &Path) -> Command {
    let words = ["demo", "talk", "--quick", "--users=300", "--photos=4000"];
    let mut command = program(dir, &words);
    command
        .arg("--markdown")
        .arg(dir.join("talk.md"))
        .arg("--html")
        .arg(dir.join("talk.html"))
        .arg("--json")
        .arg(dir.join("talk.json"))
        .arg("--peers")
        .arg(dir.join("no-peers.json"));
    command
}

#[test]
fn the_short_form_tells_every_version_and_its_tables_add_up() {
    let dir = folder();
    let told = run(talk(dir.path()));
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{told:?}");
    for words in STEPS {
        assert!(said.contains(words), "no {words:?} in\n{said}");
    }
    for words in [
        "requests/sec:",
        "average request time:",
        "dropped the 4 indexes by userid",
    ] {
        assert!(said.contains(words), "no {words:?} in\n{said}");
    }
    assert!(!said.contains('\x1b'), "colours in a pipe:\n{said}");
    let wide = said.lines().find(|line| line.chars().count() > 100);
    assert_eq!(wide, None, "a line too wide");
    assert!(!dir.path().join("state/running.json").exists());

    let json: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("talk.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["data"]["photos"], 4000);
    let markdown = std::fs::read_to_string(dir.path().join("talk.md")).unwrap();
    the_table_agrees(&markdown, &json);
    the_app_sees_the_files_that_it_should(&json);

    let page = std::fs::read_to_string(dir.path().join("talk.html")).unwrap();
    assert!(STEPS.iter().all(|step| page.contains(step)) && page.contains("<svg"));
    let fetched = ["<link", "<img", "<script", "http-equiv"];
    assert!(
        fetched.iter().all(|word| !page.contains(word)),
        "it stands alone"
    );

    let json = dir.path().join("talk.json");
    let mut table = program(dir.path(), &["demo", "table", "--peers=none.json"]);
    table.arg(json);
    let table = String::from_utf8(run(table).stdout).unwrap();
    assert!(
        table.lines().count() == 9 && markdown.contains(&table),
        "{table}"
    );
}

/// Every number of the first table is the one in the JSON, and every factor that of its two rows.
#[track_caller]
fn the_table_agrees(markdown: &str, json: &Value) {
    let table: Vec<Vec<&str>> = markdown
        .lines()
        .skip_while(|line| !line.starts_with("| requests/sec"))
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let names: Vec<&str> = table.iter().skip(2).map(|row| row[0]).collect();
    let again = "*0.1 The CGI Strawman, once more*";
    let expected = [&STEPS[..5], &[again], &STEPS[5..]].concat();
    assert_eq!(names, expected, "in\n{markdown}");

    let mut rates = HashMap::new();
    let rows = json["summary"].as_array().unwrap();
    assert_eq!(
        rows.len(),
        18,
        "four versions under four loads, two under one"
    );
    for row in rows {
        let (step, body) = (row["step"].as_str().unwrap(), row["body"].as_str().unwrap());
        let rate = row["requests_per_sec"]["median"].as_f64().unwrap();
        assert!(rate > 0.0, "{row}");
        rates.insert((step, body), rate);
        let column = ["page", "page_and_files", "files", "pictures"];
        let column = 1 + column.iter().position(|name| *name == body).unwrap();
        let cell = table.iter().find(|cells| cells[0] == step).unwrap()[column];
        let mut words = cell.split(' ');
        let shown = words
            .next()
            .unwrap()
            .trim_end_matches("\\*")
            .replace(',', "");
        let shown: f64 = shown.parse().unwrap_or_else(|_| panic!("{cell}"));
        assert!((shown - rate).abs() <= 0.5, "{cell} is {rate}");

        let Some(over) = row["factor_over"].as_str() else {
            assert_eq!(step, STEPS[0], "{row}");
            continue;
        };
        let factor = row["factor"]["median"].as_f64().unwrap();
        let by_rows = rate / rates[&(over, body)];
        assert!((factor / by_rows - 1.0).abs() < 1e-9, "{row}");
        let shown = words.next().unwrap().strip_prefix('x').unwrap();
        let shown: f64 = shown.replace(',', "").parse().unwrap();
        // A small factor is shown with two decimals.
        let is_rounded = (shown - factor).abs() <= 0.005;
        assert!(
            is_rounded || (shown / factor - 1.0).abs() < 0.06,
            "{cell} is {factor}"
        );
    }
    let first: Vec<&str> = table[2].clone();
    assert_eq!(
        table[7][1],
        first[1].trim(),
        "the fall stands beside where we began"
    );
}

/// Not of time: who answers for files is what tells the versions apart.
#[track_caller]
fn the_app_sees_the_files_that_it_should(json: &Value) {
    for row in json["summary"].as_array().unwrap() {
        let files = &row["files"];
        let count = |who: &str| files[who].as_u64().unwrap() as f64;
        if count("asked") == 0.0 {
            continue;
        }
        let share = count("app") / count("asked");
        match row["step"].as_str().unwrap() {
            "0.1 The CGI Strawman" => assert!(share < 0.05, "{row}"),
            "0.4 Cache money" => {
                assert!(share < 0.05, "{row}");
                assert!(count("memcached") / count("asked") >= 0.95, "{row}");
            }
            _ => assert!(share > 0.99, "{row}"),
        }
    }
}

#[test]
fn ctrl_c_while_the_index_is_gone_puts_it_back_and_leaves_nothing() {
    let dir = folder();
    let mut command = talk(dir.path());
    command.stderr(Stdio::null());
    let mut talk = Site::start_as(command, dir.path());
    talk.wait_for("dropped the 4 indexes by userid");
    let pids = talk.pids();
    talk.signal(Signal::SIGINT);
    assert!(!talk.end().success());
    let left: Vec<_> = pids.into_iter().filter(|pid| runs(*pid)).collect();
    assert!(left.is_empty(), "still running: {left:?}");
    assert!(!talk.state.join("running.json").exists());
    assert!(!dir.path().join("talk.json").exists());

    let site = Site::ready(dir.path());
    let status = run(program(dir.path(), &["index", "status"]));
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("the userid index is there"), "{said}");
    site.stop();
}

#[test]
fn a_version_that_dies_ends_the_talk_with_a_sentence() {
    let dir = folder();
    let mut process = talk(dir.path());
    process.stderr(Stdio::piped());
    let mut talk = Site::start_as(process, dir.path());
    talk.wait_for("requests/sec:");
    let pids = talk.pids();
    let supervisor = talk.record()["supervisor"]["pid"].as_i64().unwrap();
    send(supervisor as i32, Signal::SIGKILL);
    assert!(!talk.end().success());
    // Its children were the kernel's to end; whatever it was slow about, the next start ends.
    Site::ready(dir.path()).stop();
    let left: Vec<_> = pids.into_iter().filter(|pid| runs(*pid)).collect();
    assert!(left.is_empty(), "still running: {left:?}");
}

#[test]
fn a_running_site_and_a_missing_program_are_said_and_nothing_is_started() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let said = refusal(talk(dir.path()));
    assert!(said.contains("a site runs in"), "{said}");
    assert!(said.contains("flickr-killr stop"), "{said}");
    site.stop();

    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    symlink("/usr/bin/setpriv", bin.join("setpriv")).unwrap();
    let mut command = talk(dir.path());
    command.env("PATH", &bin);
    let said = refusal(command);
    assert!(said.contains("programs that are missing"), "{said}");
    assert!(said.contains("version 0.4 did not start"), "{said}");
}

#[test]
fn a_result_that_could_not_be_written_is_refused_before_the_talk() {
    let dir = folder();
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let below_a_file = file.join("talk").to_string_lossy().into_owned();
    for option in ["--markdown", "--html", "--json"] {
        let output = run(program(
            dir.path(),
            &["demo", "talk", option, &below_a_file],
        ));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(option) && said.contains("cannot be written"),
            "{said}"
        );
    }
    assert!(!dir.path().join("state").exists());
}
