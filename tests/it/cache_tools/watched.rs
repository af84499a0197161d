//! `cache log`, `top` and `hist`: what nginx tells, and that telling harms nobody.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::Signal;

use super::{explained, files};
use crate::stack::site::{Site, folder, program, send};

/// A watcher that has been told of a first request, so that it is told of all from then on.
struct Watcher {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Watcher {
    fn start(mut command: Command, site: &Site) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = process.stdout.take().expect("a pipe");
        wait_for_flag(site, true);
        Self {
            process,
            lines: BufReader::new(stdout).lines(),
        }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }
}

impl Drop for Watcher {
    /// One whose test has failed would watch on for minutes.
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn flag(site: &Site) -> PathBuf {
    site.sockets().join("watched")
}

fn wait_for_flag(site: &Site, is_there: bool) {
    while flag(site).exists() != is_there {
        std::thread::yield_now();
    }
}

/// Asks for files again and again, until nginx knows in each of its workers that somebody watches.
fn asks_until(site: &Site, paths: &[&str], mut is_enough: impl FnMut() -> bool) {
    while !is_enough() {
        for path in paths {
            site.get(path);
        }
    }
}

#[test]
fn the_log_tells_who_answered_each_request_and_ends_after_its_lines() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let (picture, _) = files(&site);
    explained(dir.path(), &[&picture]);
    let escapes = "/i/%1b%5b2J\u{1b}[2J.webp";
    let words = ["cache", "log", "-n", "40"];
    let mut watcher = Watcher::start(program(dir.path(), &words), &site);
    let process = &mut watcher.process;
    asks_until(
        &site,
        &["/people", &picture, "/i/1/nobody/640.webp", escapes],
        || process.try_wait().expect("a child").is_some(),
    );
    let lines: Vec<String> = watcher
        .lines
        .by_ref()
        .map(|line| line.expect("text"))
        .collect();
    assert_eq!(lines.len(), 41, "a head and forty");
    for (answer, status, path) in [
        ("hit", "200", picture.as_str()),
        ("miss", "404", "/i/1/nobody/640.webp"),
        ("pass", "200", "/people"),
    ] {
        let found = lines
            .iter()
            .find(|line| line.ends_with(&format!(" {path}")));
        let found = found.unwrap_or_else(|| panic!("no {path} in {lines:#?}"));
        let words: Vec<&str> = found.split_whitespace().collect();
        assert_eq!((words[1], words[2]), (answer, status), "{found}");
        assert!(
            ["us", "ms", "s"].contains(&words[5]),
            "it took no time: {found}"
        );
    }
    assert!(
        lines
            .iter()
            .all(|line| line.bytes().all(|byte| (b' '..=b'~').contains(&byte))),
        "{lines:#?}"
    );
    wait_for_flag(&site, false);
    site.stop();
}

#[test]
fn pictures_into_a_pipe_end_by_themselves_and_hold_no_control_codes() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let (picture, _) = files(&site);
    explained(dir.path(), &[&picture]);
    for (tool, words) in [("top", "hits"), ("hist", "| hits ")] {
        let mut watcher =
            Watcher::start(program(dir.path(), &["cache", tool, "--seconds=3"]), &site);
        let process = &mut watcher.process;
        asks_until(&site, &[&picture], || {
            process.try_wait().expect("a child").is_some()
        });
        assert!(process.wait().expect("an end").success());
        let text: Vec<String> = watcher
            .lines
            .by_ref()
            .map(|line| line.expect("text"))
            .collect();
        let text = text.join("\n");
        assert!(
            text.contains(words) && !text.contains('\x1b'),
            "{tool}: {text}"
        );
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        match tool {
            "top" => assert!(text.contains(".webp"), "{text}"),
            _ => assert!(
                text.contains("hit ratio 100.0%") && text.contains("\n  "),
                "{text}"
            ),
        }
    }
    site.stop();
}

#[test]
fn a_watcher_that_is_killed_leaves_nothing_behind_and_nginx_says_nothing() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let (picture, _) = files(&site);
    explained(dir.path(), &[&picture]);
    let log = site.state.join("logs/nginx.log");
    let complaints = || std::fs::read_to_string(&log).unwrap_or_default();
    let before = complaints();
    let words = ["cache", "log", "--seconds=600"];
    let mut killed = Watcher::start(program(dir.path(), &words), &site);
    let mut told = 0;
    killed.line();
    // One that is stopped reads nothing, and nginx goes on.
    let mut stopped = Watcher::start(program(dir.path(), &words), &site);
    // Its head comes when it is being told, not before.
    stopped.line();
    send(stopped.process.id() as i32, Signal::SIGSTOP);
    while told < 3 {
        assert!(site.get(&picture).contains("HIT memcached"));
        told += usize::from(killed.process.try_wait().expect("a child").is_none());
    }
    killed.process.kill().expect("a kill");
    killed.process.wait().expect("an end");
    assert!(flag(&site).exists(), "the other one still watches");
    stopped.process.kill().expect("a kill");
    stopped.process.wait().expect("an end");
    wait_for_flag(&site, false);
    for _ in 0..50 {
        assert!(site.get(&picture).contains("HIT memcached"));
    }
    assert_eq!(complaints(), before);
    // And the next one is told again.
    let mut next = Watcher::start(
        program(dir.path(), &["cache", "log", "-n", "1", "--only=hit"]),
        &site,
    );
    let process = &mut next.process;
    asks_until(&site, &[&picture], || {
        process.try_wait().expect("a child").is_some()
    });
    assert!(
        next.lines
            .by_ref()
            .last()
            .expect("a line")
            .expect("text")
            .ends_with(&picture)
    );
    site.stop();
}

#[test]
fn ctrl_c_ends_a_watcher_well() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let mut watcher = Watcher::start(
        program(dir.path(), &["cache", "log", "--seconds=600"]),
        &site,
    );
    watcher.line();
    send(watcher.process.id() as i32, Signal::SIGINT);
    assert!(watcher.process.wait().expect("an end").success());
    wait_for_flag(&site, false);
    site.stop();
}
