//! A site without demo data: it starts, its first page says how to begin, and it stays the people's own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use super::site::{Site, folder, program, up};

/// Runs a command of the program with a line on its standard input.
fn with_line(dir: &Path, words: &[&str], line: &str) -> Output {
    let mut command = program(dir, words);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    // A command that refuses its arguments reads nothing.
    let _ = writeln!(input, "{line}");
    drop(input);
    child.wait_with_output().expect("an end")
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

#[track_caller]
fn fails(output: &Output) -> String {
    assert!(
        !output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_empty_site_says_how_to_begin_and_keeps_its_people_through_restarts() {
    let dir = folder();
    let mut command = up(dir.path());
    command.arg("--demo=none");
    let mut site = Site::start_as(command, dir.path());
    site.wait_for("ready http://");
    let page = site.get("/");
    assert!(page.contains("There are no photos yet"), "{page}");
    assert!(page.contains("href=\"/register\""), "{page}");
    assert!(site.get("/people").starts_with("HTTP/1.1 200"));
    let status = succeeds(&with_line(dir.path(), &["db", "status"], ""));
    assert!(
        status.contains("the database is current") && !status.contains("pending"),
        "{status}"
    );

    let user =
        |words: &[&str], line: &str| with_line(dir.path(), &[&["user"], words].concat(), line);
    let made = succeeds(&user(
        &["create", "ann", "--display-name=Ann Lee"],
        "correct horse battery",
    ));
    assert_eq!(made, "made the account ann\n");
    let taken = fails(&user(&["create", "ann"], "correct horse battery"));
    assert!(taken.contains("That name is taken."), "{taken}");
    let common = fails(&user(&["create", "bob"], "password1"));
    assert!(common.contains("password"), "{common}");
    let silent = fails(&user(&["create", "bob"], ""));
    assert!(
        silent.contains("standard input has no password"),
        "{silent}"
    );
    let changed = succeeds(&user(&["set-password", "ann"], "a better password"));
    assert!(changed.contains("logged out everywhere"), "{changed}");
    let missing = fails(&user(&["set-password", "carl"], "a better password"));
    assert!(missing.contains("there is no account carl"), "{missing}");
    let listed = succeeds(&user(&["list"], ""));
    assert!(listed.starts_with("ann\tAnn Lee\t0\t20"), "{listed}");
    assert_eq!(listed.lines().count(), 1, "{listed}");
    site.stop();

    // Without the flag: a database that holds people stays as it is.
    let mut site = Site::start_as(up(dir.path()), dir.path());
    site.wait_for("ready http://");
    let page = site.get("/people");
    assert!(
        page.contains("Ann Lee") && page.matches("class=\"person\"").count() <= 1,
        "{page}"
    );
    let listed = succeeds(&with_line(dir.path(), &["user", "list"], ""));
    assert_eq!(listed.lines().count(), 1, "{listed}");
    site.stop();
}

#[test]
fn a_site_that_began_empty_stays_empty_until_it_is_asked_for_the_demo_data() {
    let dir = folder();
    for (demo, people) in [("--demo=none", 0), ("--workers=2", 0), ("--demo=full", 200)] {
        let mut command = up(dir.path());
        command.arg(demo);
        let mut site = Site::start_as(command, dir.path());
        site.wait_for("ready http://");
        let listed = succeeds(&with_line(dir.path(), &["user", "list"], ""));
        assert_eq!(listed.lines().count(), people, "{demo}");
        site.stop();
    }
}
