//! The command line: its arguments, its first two lines, its exit status.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::server::{Reply, Server, response};

pub(crate) fn benchmarker(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_benchmarker"))
        .args(arguments)
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn ok_server() -> (Server, String) {
    let server = Server::start(usize::MAX, |_, _| Reply::Bytes(response(200, "", "x")));
    let url = format!("http://{}/", server.address);
    (server, url)
}

#[test]
fn nonsense_is_refused_with_a_sentence_and_status_2() {
    let url = "http://127.0.0.1:9/";
    for (arguments, word) in [
        (&[][..], "URL-or-FILE"),
        (&[url, "--threads", "0"], "threads must be 1 to 256"),
        (&[url, "--threads", "many"], "invalid"),
        (
            &[url, "--threads", "8", "--connections", "4"],
            "8 threads cannot share 4",
        ),
        (&[url, "--connections", "0"], "connections must be 1"),
        (&[url, "--connections", "100000"], "connections must be 1"),
        (&[url, "--duration", "10"], "a number with its unit"),
        (&[url, "--duration=-1s"], "negative"),
        (&[url, "--duration", "2h"], "at most one hour"),
        (&[url, "--duration", "99999999999999999999999s"], "too big"),
        (
            &[url, "--order", "sideways"],
            "possible values: shuffle, file, random",
        ),
        (
            &[url, "--pages-only", "--no-pictures"],
            "cannot be used with",
        ),
        (
            &[url, "--header", "nonsense"],
            "a name, a colon and a value",
        ),
        (&["https://127.0.0.1/"], "https is not supported"),
        (&["ftp://127.0.0.1/"], "only http://"),
        (&["http://192.0.2.1/"], "--i-own-this-host"),
        (&["no-such-list.txt"], "cannot be read"),
    ] {
        let output = benchmarker(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            text(&output.stderr).contains(word),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_dead_server_exits_1_and_names_itself() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = benchmarker(&[&format!("http://{free}/")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&format!("nothing answers at {free}")));
    assert!(output.stdout.is_empty());
}

#[test]
fn only_failures_exit_1_without_a_headline() {
    let server = Server::start(usize::MAX, |_, _| Reply::Bytes(response(404, "", "")));
    let url = format!("http://{}/gone", server.address);
    let output = benchmarker(&[&url, "-d", "50ms", "--warmup", "0s"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!text(&output.stdout).contains("requests/sec"));
    assert!(text(&output.stdout).contains("first status 4xx: /gone"));
}

#[test]
fn the_first_two_lines_are_the_headline_and_the_rest_fits_a_screen() {
    let (_server, url) = ok_server();
    let output = benchmarker(&[&url, "-t", "1", "-c", "2", "-d", "1s", "--warmup", "0s"]);
    assert!(output.status.success());
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let number = |line: &str| line.split(' ').find_map(|word| word.parse::<f64>().ok());
    assert!(
        lines[0].starts_with("requests/sec: ") && number(lines[0]).unwrap() > 0.0,
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("average request time: ") && lines[1].ends_with(" ms"),
        "{}",
        lines[1]
    );
    assert!(number(lines[1]).unwrap() > 0.0);
    assert!(
        lines.len() <= 24 && lines.iter().all(|l| l.len() <= 120),
        "{lines:#?}"
    );
}

#[test]
fn json_keeps_its_names() {
    let (_server, url) = ok_server();
    let output = benchmarker(&[
        &url,
        "-d",
        "1s",
        "--warmup",
        "0s",
        "--pages-only",
        "--json",
        "--seed",
        "9",
    ]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for name in [
        "/requests_per_sec",
        "/average_request_ms",
        "/pages_per_sec",
        "/elapsed_secs",
        "/requests/total",
        "/requests/html",
        "/requests/statics",
        "/requests/pictures",
        "/request_times/p50_ms",
        "/request_times/p99_ms",
        "/request_times/max_ms",
        "/page_times/p95_ms",
        "/tiers/memcached/share",
        "/tiers/app/requests",
        "/page_tiers/app/requests",
        "/file_tiers/memcached/share",
        "/tiers/unnamed/times/p50_ms",
        "/errors/total",
        "/errors/timeout",
        "/errors/status_5xx",
        "/bytes",
        "/unfinished",
        "/generator/cpu_us_per_request",
        "/load/model",
        "/seconds/0/requests",
        "/histograms/request",
    ] {
        assert!(
            report.pointer(name).is_some(),
            "{name} is missing in {report:#}"
        );
    }
    assert_eq!(report["generator"]["seed"], 9);
}

#[test]
fn a_list_comes_from_standard_input() {
    let (server, url) = ok_server();
    let mut child = Command::new(env!("CARGO_BIN_EXE_benchmarker"))
        .args([
            "-", "--base", &url, "-t1", "-c1", "-d", "1s", "--warmup", "0s", "--order", "file",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"# two pages\n/a\n\n/b\n")
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(server.seen()[..2], ["/a", "/b"]);
}

#[test]
fn ctrl_c_gives_the_report_so_far() {
    let (tell, told) = mpsc::channel();
    let server = Server::start(usize::MAX, move |_, number| {
        if number == 3 {
            tell.send(()).unwrap();
        }
        Reply::Bytes(response(200, "", "x"))
    });
    let child = Command::new(env!("CARGO_BIN_EXE_benchmarker"))
        .args([
            &format!("http://{}/", server.address),
            "-d",
            "50m",
            "--warmup",
            "0s",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    told.recv_timeout(Duration::from_secs(60)).unwrap();
    kill(
        Pid::from_raw(i32::try_from(child.id()).unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(text(&output.stdout).starts_with("requests/sec: "));
}

#[test]
fn help_teaches() {
    let output = benchmarker(&["--help"]);
    let help = text(&output.stdout);
    for word in [
        "Examples:",
        "--pages-only",
        "--i-own-this-host",
        "Exit status",
        "What is counted",
        "How much load:",
        "Rules and comparisons:",
        "The result:",
    ] {
        assert!(help.contains(word), "{word}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let (_server, url) = ok_server();
    for format in [&["--json"][..], &[]] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = Command::new(env!("CARGO_BIN_EXE_benchmarker"))
            .args([&url, "--duration=100ms", "--warmup=0s", "-c1"])
            .args(format)
            .stdout(full.unwrap())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{format:?}: {said}");
        assert!(said.contains("cannot write to standard output"), "{said}");
    }
}

#[test]
fn readers_that_have_gone_change_no_exit_status() {
    let (_server, url) = ok_server();
    let gone = || -> Stdio {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer.into()
    };
    let run = ["--duration=200ms", "--warmup=0s"];
    for (arguments, expected) in [
        (&["--help"][..], 0),
        (&[&url, run[0], run[1]], 0),
        (&[&url, run[0], run[1], "--json"], 0),
        (&[&url, run[0], run[1], "--require=pages.p50<1us"], 3),
        (&["compare", "/nowhere/a.json", "/nowhere/b.json"], 2),
        (&["not-a-url"], 2),
    ] {
        let status = Command::new(env!("CARGO_BIN_EXE_benchmarker"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(gone())
            .stderr(gone())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(expected), "{arguments:?}");
    }
}
