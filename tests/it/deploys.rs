//! When a version of the site takes over from another, the pages of either find their files.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;
use reqwest::StatusCode;
use site::assets;

use crate::cluster::Database;
use crate::stack::site::{Site, folder, program, send};
use crate::through::{until_hit, visitor};
use crate::town::Visitor;

/// Puts a file of another version there, as that version's processes would; says its address.
fn put(folder: &Path, bytes: &str) -> String {
    let name = format!("site.{}.css", assets::fingerprint(bytes.as_bytes()));
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join(&name), bytes).expect("a file");
    format!("/static/{name}")
}

/// Empties memcached: another takes its place.
fn empty(site: &mut Site) {
    send(site.pid("memcached"), Signal::SIGKILL);
    tokio::task::block_in_place(|| site.wait_for("memcached answers after"));
}

async fn assert_served(visitor: &Visitor, path: &str, bytes: &str) {
    let first = visitor.get(path).await;
    assert_eq!(
        (first.status, first.header("x-cache"), first.text().as_str()),
        (StatusCode::OK, "MISS", bytes),
        "{path}"
    );
    let hit = until_hit(visitor, path).await;
    for name in ["content-type", "cache-control", "etag", "content-length"] {
        assert_eq!(first.header(name), hit.header(name), "{path}: {name}");
    }
    assert_eq!(first.header("content-type"), "text/css; charset=utf-8");
    assert!(first.header("cache-control").contains("immutable"));
    assert_eq!(hit.text(), bytes, "{path}");
}

/// Every file of this build comes from memcached, whoever asks first.
async fn assert_pushed(visitor: &Visitor, when: &str) {
    for asset in assets::all().iter() {
        let answer = visitor.get(&asset.url).await;
        assert_eq!(
            (answer.status, answer.header("x-cache")),
            (StatusCode::OK, "HIT memcached"),
            "{when}: {}",
            asset.url
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_either_version_find_their_files_also_with_an_empty_memcached() {
    let dir = folder();
    let statics = dir.path().join("state/static");
    // A version that ran before, and is gone.
    let old = put(&statics, "a{color:red}");
    let mut site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    let visitor = visitor(&site);
    assert_pushed(&visitor, "after the first start").await;
    assert_served(&visitor, &old, "a{color:red}").await;
    // A version whose processes are just starting, while those of this one still answer.
    let new = put(&statics, "a{color:blue}");
    assert_served(&visitor, &new, "a{color:blue}").await;
    empty(&mut site);
    assert_served(&visitor, &old, "a{color:red}").await;
    assert_served(&visitor, &new, "a{color:blue}").await;

    // A process that starts has its files in memcached and in the folder before it answers.
    let own = assets::all().iter().next().expect("a file");
    std::fs::remove_file(statics.join(own.file_name())).expect("it was there");
    empty(&mut site);
    send(site.pid("app-1"), Signal::SIGKILL);
    tokio::task::block_in_place(|| site.wait_for("app-1 answers after"));
    assert_pushed(&visitor, "after a process started").await;
    let there = std::fs::read(statics.join(own.file_name())).expect("written again");
    assert_eq!(there, own.bytes);

    // Nobody leaves the folder, and nothing but what its name says comes out of it.
    let secret = put(&dir.path().join("state"), "secret");
    let outside = secret.replace("/static/", "");
    std::os::unix::fs::symlink(
        dir.path().join("state").join(&outside),
        statics.join(&outside),
    )
    .expect("a link");
    std::fs::create_dir_all(statics.join("sub")).expect("a folder");
    put(&statics.join("sub"), "secret");
    std::fs::write(statics.join("site.0123456789ab.css"), "secret").expect("a file");
    for path in [
        secret,
        format!("/static/../{outside}"),
        format!("/static/%2e%2e/{outside}"),
        format!("/static/..%2f{outside}"),
        format!("/static/sub/{outside}"),
        format!("/static//{outside}"),
        "/static/site.0123456789ab.css".to_owned(),
    ] {
        // As it stands, which a browser would not send.
        let answer = site.get(&path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    tokio::task::block_in_place(|| site.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_and_with_a_memcached_that_never_answers_a_process_starts_all_the_same() {
    let database = Database::new().await;
    let dir = folder();
    let blocked = dir.path().join("a file where a folder should be");
    std::fs::write(&blocked, "").expect("a file");
    // It takes connections, as the kernel does for a frozen process, and says nothing.
    let frozen = TcpListener::bind("127.0.0.1:0").expect("a port");
    let socket = dir.path().join("app.sock");
    let mut command = program(dir.path(), &["serve", "--threads=1"]);
    let process = command
        .arg("--listen")
        .arg(format!("unix:{}", socket.display()))
        .arg("--memcached")
        .arg(frozen.local_addr().expect("an address").to_string())
        .arg("--originals")
        .arg(dir.path().join("originals"))
        .arg("--derivatives")
        .arg(dir.path().join("derivatives"))
        .arg("--static-files")
        .arg(&blocked)
        .env("DATABASE_URL", database.url())
        .stderr(Stdio::piped())
        .spawn();
    let mut process = Started(process.expect("the program starts"));
    let log = process.0.stderr.take().expect("a pipe");
    let said = tokio::task::block_in_place(|| until_serving(BufReader::new(log)));
    assert!(
        said.contains("cannot publish the site's own files") && said.contains("where a folder"),
        "{said}"
    );
    for asset in assets::all().iter() {
        let answer = ask(&socket, &asset.url);
        assert!(
            answer.starts_with("HTTP/1.1 200"),
            "{}: {answer}",
            asset.url
        );
    }
}

/// A process that ends with its test, also with one that fails.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // One that ended already has been told already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process says until it serves.
fn until_serving(log: impl BufRead) -> String {
    let mut said = String::new();
    for line in log.lines().map_while(Result::ok) {
        said += &line;
        said.push('\n');
        if line.contains("serving") {
            return said;
        }
    }
    panic!("it never serves:\n{said}");
}

/// The first line of what a process answers.
fn ask(socket: &PathBuf, path: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .expect("a question");
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .expect("an answer");
    line
}
