//! State directories with odd characters serve, or are refused before anything is made.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::site::{Site, folder, refusal, run, up};

#[test]
fn a_path_that_nginx_cannot_be_told_is_refused_before_anything_is_made() {
    let dir = folder();
    let names: [&[u8]; 8] = [
        b"cost$5",
        b"say \"hi\"",
        b"back\\slash",
        b"a\nb",
        b"caf\xe9",
        b"tab\tbed",
        b"bell\x07",
        b"\x7f",
    ];
    for name in names {
        let state = dir.path().join(OsStr::from_bytes(name)).join("state");
        let mut command = up(dir.path());
        command.arg("--state-dir").arg(&state);
        let said = refusal(command);
        assert!(said.contains("has a character in its path"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!state.parent().expect("a parent").exists(), "{state:?}");
    }
}

#[test]
fn other_commands_answer_for_such_a_path_in_a_sentence() {
    let dir = folder();
    for words in [
        ["status"].as_slice(),
        &["stop"],
        &["config"],
        &["reset", "--yes"],
    ] {
        let mut command = super::site::program(dir.path(), words);
        let mut odd = OsString::from(dir.path());
        odd.push(OsStr::from_bytes(b"/caf\xe9\n"));
        command.arg("--state-dir").arg(odd);
        let output = run(command);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked"), "{words:?}: {said}");
        let well = ["stop", "config"].contains(&words[0]);
        assert_eq!(output.status.success(), well, "{words:?}: {output:?}");
    }
}

#[test]
fn a_path_with_blanks_and_foreign_letters_serves() {
    let dir = folder();
    let odd = dir.path().join("ann's b\u{fc}cher; {a} #1 100% \u{1f4f7}");
    let mut command = up(&odd);
    command.args(["--users=20", "--photos=60"]);
    let mut site = Site::start_as(command, &odd);
    site.wait_for("ready http://");
    assert!(site.get("/").starts_with("HTTP/1.1 200"));
    site.stop();
}
