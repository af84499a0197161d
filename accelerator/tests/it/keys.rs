//! nginx and the application agree which paths have a key, and on which server it is.

use std::collections::HashSet;

use accelerator::{Key, Ring};

use crate::site::bytes_of;
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn nginx_asks_for_exactly_what_the_application_stores() {
    let stack = Stack::start().await;
    let long = |len: usize| format!("/i/{}.webp", "a".repeat(len - 8));
    let mut targets: Vec<String> = [
        "/i/a.webp",
        "/i/a/b-_9.c/640.webp",
        "/i/-.webp",
        "/i/a.webp?",
        "/i/a.webp?w=1",
        "/i/a.webp#part",
        "/i//a.webp",
        "/i/./a.webp",
        "/i/../i/a.webp",
        "/i/.hidden.webp",
        "/i/..webp",
        "/i/%61.webp",
        "/i/a%20b.webp",
        "/i/a%25.webp",
        "/i/a%3Fb.webp",
        "/i/%C3%A9.webp",
        "/i/a%0d%0aset.webp",
        "/i/a.webp/",
        "/i/a.WEBP",
        "/i/A.webp",
        "/i/a.",
        "/i/a",
        "/i/",
        "//i/a.webp",
        "/i/a+b.webp",
        "/i/a&b.webp",
        "/i/a\"b.webp",
        "/i/a$b.webp",
        "/i/é.webp",
        "/i/a.abcdefghijkl",
        "/%69/a.webp",
        "/page/../i/a.webp",
        "/static/a.01234567.css",
        "/static/b/c.d/a.0123456789abcdef.css",
        "/static/a.0123456.css",
        "/static/a.0123456G.css",
        "/static/a.css",
        "/static/.01234567.css",
        "/static/.a.01234567.css",
        "/static/01234567.css",
        "/static/a.01234567.css?v=3",
        "/static/../static/a.01234567.css",
        "/people/anna",
        "/",
    ]
    .map(String::from)
    .into();
    targets.extend([
        long(199),
        long(200),
        long(201),
        long(260),
        format!("/i/{}.webp", "%20".repeat(100)),
    ]);
    targets.push(format!("/static/a.{}.css", "a".repeat(64)));
    targets.push(format!("/static/a.{}.css", "a".repeat(65)));
    for target in &targets {
        stack.get(target).await;
        stack.accelerator.flush().await;
        let again = stack.get(target).await;
        // Browsers never send a fragment; nginx does not look it up, and the application does not get it.
        let has_key = Key::of(target).is_some() && again.status == 200;
        assert_eq!(again.is_hit(), has_key, "{target}: {again:?}");
    }
    let errors = stack.complaints();
    assert!(
        !errors.contains("[error]") && !errors.contains("[warn]"),
        "{errors}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn long_and_odd_urls_put_no_memcached_out_of_service() {
    let stack = Stack::with(3, 1).await;
    let path = "/i/anna/token/640.webp";
    stack.get(path).await;
    stack.accelerator.flush().await;
    for round in 0..30 {
        let odd = format!("/i/{}{round}.webp", "x".repeat(300));
        stack.get(&odd).await;
        stack.get(&odd.replace('x', "%20")).await;
    }
    assert!(stack.get(path).await.is_hit());
    assert_eq!(stack.complaints(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_looks_on_the_server_where_the_application_stored() {
    let stack = Stack::with(3, 1).await;
    let paths: Vec<_> = (0..400)
        .map(|number| format!("/i/owner{}/t{number}/320.webp", number % 7))
        .collect();
    for path in &paths {
        assert!(!stack.get(path).await.is_hit(), "{path}");
    }
    stack.accelerator.flush().await;
    for path in &paths {
        assert!(stack.get(path).await.is_hit(), "{path}");
    }
    let ring = Ring::new(
        stack
            .memcached
            .iter()
            .map(|server| server.address.to_string()),
    );
    let homes: Vec<_> = paths
        .iter()
        .map(|path| {
            ring.server_of(Key::of(path).unwrap().as_str().as_bytes())
                .unwrap()
        })
        .collect();
    assert_eq!(
        homes.iter().collect::<HashSet<_>>().len(),
        3,
        "every server has its share"
    );
    for (number, server) in stack.memcached.iter().enumerate() {
        let expected = homes.iter().filter(|home| **home == number).count() as u64;
        assert_eq!(server.stat("curr_items").await, expected);
        assert_eq!(
            server.stat("get_hits").await,
            expected,
            "no hit came from another server"
        );
    }
}

/// Other ways to write a path, which the application may read as another file.
fn disguises(path: &str) -> Vec<String> {
    let file = path.strip_prefix("/i/").unwrap();
    vec![
        format!("{path}?"),
        format!("{path}?{}", "x".repeat(3_000)),
        format!("{path}%3Fw=1"),
        format!("{path}%3Fw=1?w=1"),
        format!("{path}%00"),
        format!("{path}%0d%0aset%20v1:{path}%200%200%205%0d%0awrong"),
        format!("{path}/"),
        format!("{path}%20"),
        format!("{path}#"),
        format!("/{path}"),
        format!("/i//{file}"),
        format!("/i/./{file}"),
        format!("/i/x/../{file}"),
        format!("/i/%2e/{file}"),
        format!("/%69/{file}"),
        format!("/i/{}", file.replacen('a', "%61", 1)),
        format!("/i/{}", file.to_uppercase()),
        format!("/i/{}", file.replace('/', "%2F")),
        format!("/i/{}/{file}", "%20".repeat(84)),
        format!("/i/{}/{file}", "y".repeat(251)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn disguised_urls_put_no_memcached_aside_and_nothing_wrong_into_one() {
    let stack = Stack::with(3, 1).await;
    let paths: Vec<_> = (0..12)
        .map(|number| format!("/i/anna/{number}/640.webp"))
        .collect();
    // Before the file itself is stored, and when it is.
    for round in ["before", "after"] {
        for path in &paths {
            for disguise in disguises(path) {
                let answer = stack.get(&disguise).await;
                assert!(answer.status < 500, "{disguise}: {answer:?}");
            }
        }
        stack.accelerator.flush().await;
        for path in &paths {
            stack.get(path).await;
            stack.accelerator.flush().await;
            let hit = stack.get(path).await;
            assert!(
                hit.is_hit() && hit.body == bytes_of(path),
                "{round}: {path}"
            );
        }
        let mut items = 0;
        for server in &stack.memcached {
            items += server.stat("curr_items").await;
        }
        assert_eq!(
            items,
            paths.len() as u64,
            "{round}: every disguise has no key"
        );
    }
    assert_eq!(stack.complaints(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_have_to_be_escaped_is_asked_of_no_memcached() {
    let stack = Stack::with(3, 1).await;
    for path in [
        "/i/a%20b.webp",
        "/i/a%25.webp",
        "/i/%C3%A9.webp",
        "/i/a%0db.webp",
    ] {
        for number in 0..5 {
            let target = path.replace("/i/", &format!("/i/{number}/"));
            assert_eq!(stack.get(&target).await.status, 200, "{target}");
        }
    }
    for server in &stack.memcached {
        assert_eq!(server.stat("cmd_get").await, 0);
    }
}
