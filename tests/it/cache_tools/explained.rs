//! `cache explain`: every case, made for real.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::memcached::{Memcached, set};
use super::{cache, explained, files};
use crate::stack::site::{Site, folder, program, refusal, send};
use crate::town::Visitor;

#[track_caller]
fn assert_case(findings: &Value, case: &str, is_cached: bool) {
    let verdict = &findings["verdict"];
    assert_eq!(verdict["case"], case, "{findings:#}");
    assert_eq!(verdict["is_cached"], is_cached, "{findings:#}");
    let says = |name: &str| {
        verdict[name]
            .as_str()
            .is_some_and(|said| said.ends_with('.'))
    };
    assert!(says("why") && says("advice"), "{findings:#}");
}

fn memcached(site: &Site) -> SocketAddr {
    let record = site.record();
    let address = record["memcached"].as_str().expect("an address");
    address.parse().expect("an address")
}

fn forget_all(memcached: SocketAddr) {
    let mut stream = std::net::TcpStream::connect(memcached).expect("memcached");
    stream.write_all(b"flush_all\r\n").expect("a word");
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"OK\r\n");
}

#[test]
fn a_file_is_explained_before_and_after_it_is_stored() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let (picture, style) = files(&site);
    // The style sheet was brought along when the site started.
    forget_all(memcached(&site));
    for file in [&picture, &style] {
        let looked = explained(dir.path(), &[file, "--look"]);
        assert_case(&looked, "not-there", false);
        assert!(
            looked["app"].is_null() && looked["visitor"].is_null(),
            "{looked:#}"
        );
        let still = explained(dir.path(), &[file, "--look"]);
        assert_case(&still, "not-there", false);

        let stored = explained(dir.path(), &[file]);
        assert_case(&stored, "stored-now", true);
        let after = &stored["servers"][0]["after"]["there"];
        assert_eq!(after["agreement"], "same", "{stored:#}");
        assert_eq!(
            after["flags"],
            if file == &style { 2 } else { 0 },
            "{stored:#}"
        );
        assert_eq!(
            stored["visitor"]["answered_by"], "HIT memcached",
            "{stored:#}"
        );
        assert_eq!(stored["visitor"]["is_same"], true, "{stored:#}");

        let url = format!(
            "http://{}{file}#top",
            site.record()["listen"].as_str().unwrap()
        );
        assert_case(&explained(dir.path(), &[&url]), "cached", true);
        assert_case(
            &explained(dir.path(), &[file, "--look"]),
            "cached-unchecked",
            true,
        );
    }
    let words = cache(dir.path(), &["explain", &picture]);
    assert!(
        words.contains("verdict    Cached: nginx answers it from"),
        "{words}"
    );
    assert!(words.contains("with the very bytes"), "{words}");
    assert!(
        words.lines().all(|line| line.chars().count() <= 80),
        "{words}"
    );
    let said = refusal(program(
        dir.path(),
        &["cache", "explain", "https://example.com/i/a.webp"],
    ));
    assert!(said.contains("example.com is another site"), "{said}");
    site.stop();
    let said = refusal(program(dir.path(), &["cache", "explain", &picture]));
    assert!(said.contains("start it with `flickr-killr up`"), "{said}");
}

#[test]
fn what_nginx_never_asks_for_is_told_why() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let (picture, _) = files(&site);
    let query = format!("{picture}?w=1");
    for (path, no_key) in [
        ("/people", "elsewhere"),
        ("/people/anna/1/image/640.webp", "elsewhere"),
        (query.as_str(), "query"),
        ("/i/a%62.webp", "odd-byte"),
        ("/i/a b.webp", "odd-byte"),
        ("/static/site.css", "fingerprint"),
    ] {
        let findings = explained(dir.path(), &[path]);
        assert_case(&findings, "no-key", false);
        assert_eq!(findings["no_key"]["name"], no_key, "{findings:#}");
    }
    for path in ["/static/site.0123456789ab.css", "/i/1/nobody/640.webp"] {
        assert_case(&explained(dir.path(), &[path]), "no-such-file", false);
    }
    site.stop();
}

#[test]
fn memcached_is_asked_whether_it_holds_what_the_app_would_say() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let (picture, style) = files(&site);
    let at = memcached(&site);
    for (file, flags, value, case) in [
        (&picture, 0, b"another picture".as_slice(), "other-bytes"),
        (
            &picture,
            2,
            b"no gzip".as_slice(),
            "flagged-gzip-but-is-not",
        ),
        (&style, 0, b"body{}".as_slice(), "other-bytes"),
    ] {
        set(at, &format!("v1:{file}"), flags, value);
        assert_case(&explained(dir.path(), &[file]), case, true);
        // The app was asked, and what it said took the place of what was wrong.
        assert_case(&explained(dir.path(), &[file]), "cached", true);
    }
    let gzipped = Visitor::at(&format!(
        "http://{}",
        site.record()["listen"].as_str().unwrap()
    ));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let gzip = [("accept-encoding", "gzip")];
    let answer = runtime.block_on(gzipped.ask("GET", &style, &gzip));
    assert_eq!(answer.header("content-encoding"), "gzip");
    set(at, &format!("v1:{style}"), 0, &answer.body);
    assert_case(
        &explained(dir.path(), &[&style]),
        "gzip-but-not-flagged",
        true,
    );

    let gone = "/i/1/AAAAAAAAAAAAAAAAAAAAAA/640.webp";
    set(at, &format!("v1:{gone}"), 0, b"a deleted picture");
    assert_case(&explained(dir.path(), &[gone]), "held-but-gone", true);
    site.stop();
}

#[test]
fn a_memcached_that_hangs_or_is_dead_is_named() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let (picture, _) = files(&site);
    let (supervisor, cache) = (
        site.record()["supervisor"]["pid"].as_i64(),
        site.pid("memcached"),
    );
    // Nobody is to replace it while we look.
    send(supervisor.expect("a pid") as i32, Signal::SIGSTOP);
    send(cache, Signal::SIGSTOP);
    let hangs = explained(dir.path(), &[&picture]);
    assert_case(&hangs, "memcached-silent", false);
    assert!(
        hangs["verdict"]["why"].as_str().unwrap().contains("hangs"),
        "{hangs:#}"
    );
    assert_eq!(hangs["visitor"]["status"], 200, "{hangs:#}");
    send(cache, Signal::SIGKILL);
    send(cache, Signal::SIGCONT);
    while std::net::TcpStream::connect(memcached(&site)).is_ok() {
        std::thread::yield_now();
    }
    let dead = explained(dir.path(), &[&picture]);
    assert_case(&dead, "memcached-silent", false);
    assert!(
        dead["verdict"]["why"]
            .as_str()
            .unwrap()
            .contains("nothing listens"),
        "{dead:#}"
    );
    send(supervisor.expect("a pid") as i32, Signal::SIGCONT);
    site.signal(Signal::SIGTERM);
    site.end();
}

#[test]
fn a_copy_on_the_wrong_server_is_found() {
    let dir = folder();
    let servers: Vec<Memcached> = (0..3).map(|_| Memcached::start()).collect();
    let listed: Vec<String> = servers
        .iter()
        .map(|server| format!("--memcached={}", server.address))
        .collect();
    let path = "/i/17/token/640.webp";
    let mut words: Vec<&str> = vec![path, "--look"];
    words.extend(listed.iter().map(String::as_str));
    let nowhere = explained(dir.path(), &words);
    assert_case(&nowhere, "not-there", false);
    let order: Vec<SocketAddr> = nowhere["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| server["address"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(order.len(), 3);
    assert_eq!(nowhere["servers"][0]["is_asked"], true, "{nowhere:#}");

    set(order[1], &format!("v1:{path}"), 0, b"astray");
    let astray = explained(dir.path(), &words);
    assert_case(&astray, "wrong-server", false);
    let why = astray["verdict"]["why"].as_str().unwrap();
    assert!(
        why.contains(&order[1].to_string()) && why.contains(&order[0].to_string()),
        "{why}"
    );

    set(order[0], &format!("v1:{path}"), 0, b"at home");
    let home = explained(dir.path(), &words);
    assert_case(&home, "cached-unchecked", true);
    assert_eq!(
        home["servers"][0]["before"]["there"]["was_fetched"], false,
        "{home:#}"
    );
    let again = explained(dir.path(), &words);
    assert_eq!(
        again["servers"][0]["before"]["there"]["was_fetched"], false,
        "looking leaves no trace"
    );
}

/// A picture that no encoder makes small: every pixel is drawn by lot.
fn noise(width: u16, height: u16) -> Vec<u8> {
    let mut state = 2007_u32;
    let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height) * 3)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 24) as u8
        })
        .collect();
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 95)
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .expect("a picture");
    bytes
}

#[test]
fn a_picture_that_is_too_large_and_one_that_was_deleted_are_told_apart() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ann = Visitor::at(&format!(
        "http://{}",
        site.record()["listen"].as_str().unwrap()
    ));
    let (page, picture) = runtime.block_on(async {
        let form = [("name", "ann"), ("password", "correct horse battery")];
        ann.post("/register", &form).await;
        let posted = ann
            .upload("Snow on a screen", "public", noise(2048, 1536))
            .await;
        let page = posted.header("location").to_owned();
        let sources = ann.get(&page).await.values_of("src");
        let picture = sources.into_iter().find(|url| url.starts_with("/i/"));
        (page, picture.expect("a picture"))
    });
    let folder = picture.rsplit_once('/').expect("a folder").0;
    let huge = format!("{folder}/2048.webp");
    let large = explained(dir.path(), &[&huge]);
    assert_case(&large, "too_large", false);
    assert!(
        large["verdict"]["why"]
            .as_str()
            .unwrap()
            .contains("1,000,000"),
        "{large:#}"
    );

    let small = format!("{folder}/320.webp");
    assert_case(&explained(dir.path(), &[&small]), "stored-now", true);
    let deleted = runtime.block_on(ann.post(&format!("{page}/delete"), &[]));
    assert_eq!(deleted.status, 303, "{}", deleted.text());
    assert_case(&explained(dir.path(), &[&small]), "no-such-file", false);
    site.stop();
}
