//! Which requests nginx accepts, and what it forwards to the application.

use std::time::Duration;

use accelerator::nginx::{Front, FrontError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::sleep;

use crate::stack::{self, Nginx, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_are_not_for_visitors() {
    let stack = Stack::start().await;
    for path in [
        "/healthz",
        "/metrics",
        "/%68ealthz",
        "//metrics",
        "/x/../healthz",
        "/metrics/",
        "/healthz?a",
    ] {
        let answer = stack.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_say_where_a_request_came_from_but_nginx() {
    let stack = Stack::start().await;
    let lies = [
        ("X-Forwarded-For", "lie"),
        ("X-Forwarded-Proto", "lie"),
        ("X-Forwarded-Host", "lie"),
        ("Forwarded", "lie"),
        ("X-Real-IP", "lie"),
        ("X-Request-Id", "lie"),
        ("Proxy", "lie"),
        ("Range", "bytes=0-1"),
    ];
    let answer = stack.send("GET", "/headers", &lies).await;
    let seen = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(answer.status, 200);
    assert!(!seen.contains("lie") && !seen.contains("range"), "{seen}");
    assert!(
        seen.contains("\"x-forwarded-proto\": \"http\"")
            && seen.contains("\"host\": \"site.test\""),
        "{seen}"
    );
    let id = answer.header("x-request-id").unwrap();
    assert!(id.len() == 32 && seen.contains(id), "{id}: {seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_upload_may_be_large() {
    let stack = Stack::start().await;
    let announced = (64_u64 << 20).to_string();
    for (path, len, status) in [
        ("/form", (65_u64 << 10).to_string(), 413),
        ("/static/a.01234567.css", (65_u64 << 10).to_string(), 413),
        (
            "/upload",
            (announced.parse::<u64>().unwrap() + 1).to_string(),
            413,
        ),
        ("/form", "0".to_owned(), 200),
        ("/upload", "0".to_owned(), 200),
    ] {
        let answer = stack.send("POST", path, &[("Content-Length", &len)]).await;
        assert_eq!(answer.status, status, "{path} {len}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_needs_no_file_also_when_it_comes_in_chunks() {
    let stack = Stack::start().await;
    // Where nginx would write a body that does not fit into its memory.
    std::fs::remove_dir_all(stack.dir().join("temp/client_body")).unwrap();
    let chunk = format!("64\r\n{}\r\n", "a".repeat(100));
    let body = format!("{}0\r\n\r\n", chunk.repeat(63 * 1024 / 100));
    let head = "POST /form HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let mut stream = UnixStream::connect(&stack.nginx.socket).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("64500"), "{answer}");
}

/// A browser without script shows no response to an upload before it has sent all of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_may_be_sent_on_for_longer_than_other_bodies() {
    let dir = stack::folder();
    let app = stack::front(dir.path(), vec![dir.path().join("none")]);
    let nginx = Nginx::start(dir.path(), app, |dir| {
        let paths = dir.join("paths.conf");
        let text = std::fs::read_to_string(&paths).unwrap();
        std::fs::write(paths, format!("{text}lingering_time 1s;\n")).unwrap();
    })
    .await;
    for path in ["/upload", "/login"] {
        let mut stream = UnixStream::connect(&nginx.socket).await.unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: site.test\r\nContent-Length: 70000000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
        // Three times as long as any other body is read.
        for _ in 0..30 {
            stream.write_all(&[b'a'; 100]).await.expect(path);
            sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_gzipped_on_their_way_out_and_never_kept() {
    let stack = Stack::start().await;
    let (gzipped, plain) = (
        stack.get("/page").await,
        stack.send("GET", "/page", &[]).await,
    );
    assert_eq!(gzipped.header("content-encoding"), Some("gzip"));
    assert_eq!(gzipped.header("vary"), Some("Accept-Encoding"));
    assert_eq!(plain.header("content-encoding"), None);
    for answer in [gzipped, plain] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("server"), Some("nginx"), "no version");
        assert_eq!(answer.header("x-cache"), Some("MISS"));
    }
}

fn front() -> Front {
    Front {
        user: Some("nobody".into()),
        workers: 2,
        pid: "/run/site/nginx.pid".into(),
        error_log: "stderr".into(),
        access_log: None,
        site: "A site".into(),
        temp_dir: "/run/site/temp".into(),
        listen: "127.0.0.1:8080".into(),
        apps: vec!["/run/site/app-0".into()],
        memcached: vec!["127.0.0.1:11211".parse().unwrap()],
        copies: 1,
        watch: None,
    }
}

#[test]
fn an_only_memcached_stands_twice_so_that_nginx_can_put_it_aside() {
    let files = front().files().unwrap();
    assert_eq!(
        files[4]
            .1
            .matches("server 127.0.0.1:11211 max_fails=2 fail_timeout=2s;")
            .count(),
        2
    );
    let mut without = front();
    without.memcached.clear();
    assert_eq!(without.files().unwrap()[4].1, "server 127.0.0.1:1 down;\n");
}

#[test]
fn several_processes_are_set_aside_for_a_second_and_found_all_the_same() {
    let several = Front {
        apps: ["/run/site/app-0", "/run/site/app-1"]
            .map(Into::into)
            .to_vec(),
        ..front()
    };
    assert_eq!(
        several.files().unwrap()[3].1,
        r#"server "unix:/run/site/app-0" max_fails=1 fail_timeout=1s;
server "unix:/run/site/app-1" max_fails=1 fail_timeout=1s;
server "unix:/run/site/app-0" max_fails=0 backup;
server "unix:/run/site/app-1" max_fails=0 backup;
"#
    );
    assert_eq!(
        front().files().unwrap()[3].1,
        "server \"unix:/run/site/app-0\" max_fails=0;\n"
    );
}

#[test]
fn the_name_of_the_site_is_plain_text() {
    for (name, is_good) in [
        ("Anna's photos", true),
        ("<b>", false),
        ("a & b", false),
        ("", false),
        ("a\"", false),
    ] {
        let front = Front {
            site: name.into(),
            ..front()
        };
        assert_eq!(front.files().is_ok(), is_good, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nginx_answers_by_itself_has_the_headers_of_a_page_and_the_name_of_the_site() {
    let stack = Stack::start().await;
    let long = format!("/{}", "a".repeat(9000));
    for (method, path, headers, status) in [
        ("GET", "/metrics", vec![], 404),
        ("TRACE", "/", vec![], 405),
        ("POST", "/form", vec![("Content-Length", "70000")], 413),
        ("PUT", "/healthz", vec![("Content-Length", "70000")], 413),
        ("PUT", "/metrics", vec![("Content-Length", "70000")], 413),
        (
            "POST",
            "/i/anna/token/640.webp",
            vec![("Content-Length", "70000")],
            413,
        ),
        ("GET", &long, vec![], 414),
        ("GET", "/", vec![("Host", "a second one")], 400),
        (
            "POST",
            "/form",
            vec![("Transfer-Encoding", "squeezed")],
            501,
        ),
    ] {
        let answer = stack.send(method, path, &headers).await;
        let path = path.get(..30).unwrap_or(path);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{method} {path}");
        }
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{method} {path}");
        let page = String::from_utf8(answer.body).unwrap();
        assert!(page.contains("A site</a>"), "{method} {path}: {page}");
    }
}

#[test]
fn no_server_has_a_weight_or_a_name() {
    let memcached = ["127.0.0.1:11211", "[::1]:11211"].map(|server| server.parse().unwrap());
    let several = Front {
        memcached: memcached.to_vec(),
        ..front()
    };
    // The ring has no weights, and hashes the text of the address as nginx reads it.
    let expected =
        memcached.map(|server| format!("server {server} max_fails=2 fail_timeout=2s;\n"));
    assert_eq!(several.files().unwrap()[4].1, expected.concat());
}

#[test]
fn what_would_mean_something_else_in_the_configuration_is_refused() {
    let with_listen = |listen: &str| {
        Front {
            listen: listen.into(),
            ..front()
        }
        .files()
    };
    for listen in ["", "80; include /etc/passwd", "a\"b", "a$b", "a\\b", "a\nb"] {
        let written = with_listen(listen);
        let is_quoted = written
            .as_ref()
            .is_ok_and(|files| files[2].1 == format!("listen \"{listen}\";\n"));
        assert!(
            is_quoted || matches!(written, Err(FrontError::Unwritable(_))),
            "{listen}: {written:?}"
        );
    }
    let long = Front {
        apps: vec!["/a".repeat(60).into()],
        ..front()
    };
    assert!(matches!(long.files(), Err(FrontError::SocketTooLong(_))));
    let none = Front {
        apps: Vec::new(),
        ..front()
    };
    assert!(matches!(none.files(), Err(FrontError::NoApp)));
}
