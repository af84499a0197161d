//! Readers of standard output and standard error that go away: what was asked for is done, and nothing panics.

use std::io::pipe;
use std::process::{Command, Output, Stdio};

use crate::cluster::Database;

use super::site::{folder, program, run, up};

/// A pipe whose reader is gone.
fn gone() -> Stdio {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Runs a command without a reader of its output: its exit code, and what it said on standard error.
fn without_reader(mut command: Command) -> (Option<i32>, String) {
    command
        .stdin(Stdio::null())
        .stdout(gone())
        .stderr(Stdio::piped());
    let child = command.spawn().expect("the program starts");
    let Output { status, stderr, .. } = child.wait_with_output().expect("an end");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

/// The same without a reader of standard error too.
fn without_any_reader(mut command: Command) -> Option<i32> {
    command.stdin(Stdio::null()).stdout(gone()).stderr(gone());
    command.status().expect("the program starts").code()
}

/// The commands that the program says it has, with those below them: `index drop`.
fn commands() -> Vec<String> {
    let below = |words: &[&str]| -> Vec<String> {
        let help = Command::new(env!("CARGO_BIN_EXE_flickr-killr"))
            .args(words)
            .arg("--help")
            .output()
            .expect("the program starts");
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        let listed = help
            .split_once("\nCommands:\n")
            .map_or("", |(_, rest)| rest);
        let listed = listed.split("\n\n").next().unwrap_or_default();
        let names = listed.lines().filter(|line| !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        names
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    };
    let mut all = Vec::new();
    for name in below(&[]) {
        let parts = below(&[&name]);
        if parts.is_empty() {
            all.push(name);
        } else {
            all.extend(parts.iter().map(|part| format!("{name} {part}")));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_does_its_work_when_its_reader_is_gone() {
    let dir = folder();
    let database = Database::new().await;
    let files = dir.path().join("files");
    let sheet = dir.path().join("sheet.png");
    let talk = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/results/talk.json");
    let (files, sheet) = (
        files.to_str().expect("UTF-8"),
        sheet.to_str().expect("UTF-8"),
    );
    let url = database.url();

    let mut site = up(dir.path());
    site.stdout(gone()).stdin(Stdio::null());
    let mut site = site.spawn().expect("the program starts");
    // It cannot say that it is ready, but others can be asked.
    loop {
        let status = run(program(dir.path(), &["status"]));
        if String::from_utf8_lossy(&status.stdout).contains("ready http://") {
            break;
        }
        assert!(matches!(site.try_wait(), Ok(None)), "it ended");
    }
    let tried: [(&[&str], i32); 27] = [
        (&["status"], 0),
        (&["config"], 0),
        (&["urls", "--random-people=5"], 0),
        (&["index", "status"], 0),
        (&["index", "drop"], 0),
        (&["index", "create"], 0),
        (&["cache", "explain", "/static/none.css"], 0),
        (&["cache", "stat"], 0),
        (&["cache", "top", "--seconds=1"], 0),
        (&["cache", "hist", "--seconds=1"], 0),
        (&["cache", "log", "--seconds=1"], 0),
        (&["db", "migrate"], 0),
        (&["db", "status"], 0),
        (&["user", "list"], 0),
        // Standard input has no password.
        (&["user", "create", "ann"], 1),
        (&["user", "set-password", "ann"], 1),
        (&["static-files", files], 0),
        (&["demo", "contact-sheet", "--count=2", sheet], 0),
        (&["demo", "table", talk], 0),
        (
            &[
                "demo",
                "load",
                "--users=20",
                "--photos=60",
                "--database-url",
                &url,
            ],
            0,
        ),
        (
            &[
                "demo",
                "load",
                "--users=9",
                "--photos=9",
                "--unless-loaded",
                "--database-url",
                &url,
            ],
            0,
        ),
        // Refused where a site runs; nothing is said on standard output then.
        (&["demo", "talk", "--quick"], 1),
        (&["up"], 1),
        (
            &[
                "serve",
                "--listen=unix:/nowhere/x",
                "--originals=/nowhere/o",
                "--derivatives=/nowhere/d",
                "--database-url",
                &url,
            ],
            1,
        ),
        (&["reset"], 1),
        (&["stop"], 0),
        (&["reset", "--yes"], 0),
    ];
    for name in commands() {
        let is_tried = tried
            .iter()
            .any(|(words, _)| words.join(" ").starts_with(&name));
        assert!(is_tried, "`{name}` is not tried here");
    }
    for (words, expected) in tried {
        let (code, said) = without_reader(program(dir.path(), words));
        assert!(!said.contains("panicked"), "{words:?}: {said}");
        assert_eq!(code, Some(expected), "{words:?}: {said}");
    }
    assert!(site.wait().expect("an end").success());
    assert!(!dir.path().join("state").exists());
    // Loaded, although nobody heard of it.
    let again = [
        "demo",
        "load",
        "--unless-loaded",
        "--users=20",
        "--photos=60",
        "--database-url",
        &url,
    ];
    assert!(run(program(dir.path(), &again)).status.success());
}

#[test]
fn an_error_that_cannot_be_told_is_still_an_exit_code() {
    let dir = folder();
    for (words, expected) in [
        (["status"].as_slice(), 1),
        (&["reset"], 1),
        (&["index", "status"], 1),
        (&["config"], 0),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["no-such-command"], 2),
    ] {
        let code = without_any_reader(program(dir.path(), words));
        assert_eq!(code, Some(expected), "{words:?}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let dir = folder();
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = program(dir.path(), &["config"]);
    command.stdout(full.expect("a full device"));
    let output = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
        .wait_with_output();
    let output = output.expect("an end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write to standard output"), "{said}");
}
