//! How large an item may be, how long it stays, and how many connections there may be.

use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use accelerator::nginx::Front;
use accelerator::{LIFETIME_MAX, NotStored, Options};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixListener};

use crate::http;
use crate::memcached::Memcached;
use crate::site::{Site, bytes_of, router};
use crate::stack::{Nginx, Stack, folder, front, options, until};

const PICTURE: &str = "/i/anna/token/640.webp";

/// One memcached with options of its own.
async fn stack_with(arguments: &'static [&'static str]) -> Stack {
    let dir = folder();
    let memcached = Memcached::start(dir.path(), Ipv4Addr::LOCALHOST.into(), arguments).await;
    let servers = vec![memcached.address];
    let site = Site::with(options(servers.clone()));
    Stack::of(dir, vec![memcached], (servers, 1), vec![site]).await
}

/// Requests twice, and returns whether the second response was a hit; both must be right.
async fn is_kept(stack: &Stack, path: &str) -> bool {
    let miss = stack.get(path).await;
    stack.accelerator.flush().await;
    let again = stack.get(path).await;
    for answer in [&miss, &again] {
        assert!(
            answer.status == 200 && answer.body == bytes_of(path),
            "{path}: {:?}",
            answer.headers
        );
    }
    again.is_hit()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_may_have_no_byte_or_one_or_as_many_as_the_options_say_and_no_more() {
    let stack = Stack::start().await;
    let max = Options::default().item_len_max;
    for (len, kept) in [
        (0, true),
        (1, true),
        (max - 1, true),
        (max, true),
        (max + 1, false),
    ] {
        assert_eq!(
            is_kept(&stack, &format!("/i/len-{len}/a.webp")).await,
            kept,
            "{len}"
        );
    }
    let stats = stack.accelerator.stats();
    assert_eq!((stats.stored, stats.errors), (4, 0));
    assert_eq!(stats.not_stored(NotStored::TooLarge), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_memcached_finds_too_large_trips_nothing() {
    let stack = stack_with(&["-I", "512k"]).await;
    assert!(!is_kept(&stack, "/i/len-700000/a.webp").await);
    // The next store is not delayed.
    assert!(is_kept(&stack, PICTURE).await);
    let stats = stack.accelerator.stats();
    assert_eq!(
        (stats.stored, stats.not_stored(NotStored::ServerError)),
        (1, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_or_shrinks_while_it_is_read_is_not_stored() {
    let stack = Stack::start().await;
    let grown = stack.try_send("GET", "/i/growing.webp", &[]).await;
    assert!(
        grown.as_ref().is_err() || grown.as_ref().unwrap().body == b"0123456789",
        "{grown:?}"
    );
    let shrunk = stack.try_send("GET", "/i/shrinking.webp", &[]).await;
    assert!(
        shrunk.as_ref().map_or(true, |answer| answer.status == 503),
        "{shrunk:?}"
    );
    stack.accelerator.flush().await;
    assert_eq!(stack.memcached[0].stat("cmd_set").await, 0);
    assert!(stack.accelerator.stats().not_stored(NotStored::Incomplete) >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_reads_like_orders_is_a_value() {
    let stack = Stack::start().await;
    assert!(is_kept(&stack, PICTURE).await);
    assert!(is_kept(&stack, "/i/hostile.webp").await);
    assert!(stack.get(PICTURE).await.is_hit());
    assert_eq!(stack.memcached[0].stat("cmd_flush").await, 0);
}

/// How many seconds a file has left in memcached; `None` if it is gone.
async fn seconds_left(stack: &Stack, path: &str) -> Option<i64> {
    let answer = stack.memcached[0].ask(&format!("mg v1:{path} t")).await;
    answer.strip_prefix("HD t")?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lifetime_is_taken_for_a_date_or_for_ever() {
    let max = i64::try_from(LIFETIME_MAX.as_secs()).unwrap();
    let second = Duration::from_secs(1);
    for (lifetime, longest) in [
        (LIFETIME_MAX, max),
        (LIFETIME_MAX + second, max),
        (Duration::MAX, max),
        (Duration::ZERO, 1),
    ] {
        let stack = Stack::set_up(1, 1, |options| options.lifetime = lifetime).await;
        stack.get(PICTURE).await;
        stack.accelerator.flush().await;
        assert_eq!(stack.accelerator.stats().stored, 1, "{lifetime:?}");
        // A tenth less for some keys, and a minute for a slow test.
        let shortest = longest - longest / 10 - 60;
        match seconds_left(&stack, PICTURE).await {
            Some(left) => assert!(
                (shortest.max(0)..=longest).contains(&left),
                "{lifetime:?}: {left}"
            ),
            None => assert_eq!(longest, 1, "{lifetime:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifetime_of_its_own_is_kept_to_the_second() {
    let stack = Stack::start().await;
    let max = LIFETIME_MAX.as_secs();
    for (seconds, longest) in [(100, 100), (max, max), (max + 1, max), (10 * max, max)] {
        let path = format!("/i/for-{seconds}/a.webp");
        stack.get(&path).await;
        stack.accelerator.flush().await;
        let longest = i64::try_from(longest).unwrap();
        let left = seconds_left(&stack, &path).await.unwrap();
        assert!((longest - 60..=longest).contains(&left), "{path}: {left}");
    }
    stack.get("/i/for-0/a.webp").await;
    stack.accelerator.flush().await;
    assert_eq!(seconds_left(&stack, "/i/for-0/a.webp").await, None);
    assert_eq!(
        stack.accelerator.stats().not_stored(NotStored::NoLifetime),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_heads_costs_memcached_nothing() {
    let stack = Stack::start().await;
    assert!(is_kept(&stack, PICTURE).await);
    let server = &stack.memcached[0];
    let before = (
        server.stat("cmd_get").await,
        server.stat("total_connections").await,
    );
    for _ in 0..100 {
        assert_eq!(stack.send("HEAD", PICTURE, &[]).await.status, 200);
    }
    let after = (
        server.stat("cmd_get").await,
        server.stat("total_connections").await,
    );
    // Each of the test's own two commands is a connection.
    assert_eq!(after, (before.0, before.1 + 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memcached_without_free_connections_is_a_miss() {
    let stack = stack_with(&["-c", "32"]).await;
    let mut guests = Vec::new();
    let refused = loop {
        let mut guest = BufReader::new(
            TcpStream::connect(stack.memcached[0].address)
                .await
                .unwrap(),
        );
        // A refused connection may get its error before it sends a command.
        let _closed = guest.write_all(b"version\r\n").await;
        let mut said = String::new();
        let read = guest.read_line(&mut said).await;
        if read.is_err() || !said.starts_with("VERSION") {
            break said;
        }
        guests.push(guest);
    };
    assert!(
        refused.is_empty() || refused.starts_with("ERROR Too many"),
        "{refused}"
    );
    for _ in 0..5 {
        assert!(!is_kept(&stack, PICTURE).await);
    }
    drop(guests);
    until(|| async { is_kept(&stack, PICTURE).await.then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_of_memcached_that_nginx_may_not_open_is_a_miss() {
    let dir = folder();
    let mode = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let (app, socket) = (dir.path().join("app"), dir.path().join("memcached"));
    let _memcached = Memcached::on_socket(&socket).await;
    // Not even for its owner, unless that is root; root's workers run as another user here.
    mode(&socket, 0o000);
    mode(dir.path(), 0o755);
    let (site, accelerator) = Site::with(options(Vec::new()));
    let listener = UnixListener::bind(&app).unwrap();
    mode(&app, 0o777);
    tokio::spawn(async move {
        axum::serve(listener, router(site, &accelerator))
            .await
            .unwrap()
    });
    let is_root = std::fs::metadata(dir.path()).unwrap().uid() == 0;
    let front = Front {
        user: is_root.then(|| "nobody nogroup".to_owned()),
        ..front(dir.path(), vec![app])
    };
    let nginx = Nginx::start(dir.path(), front, |dir| {
        let server = format!("server unix:{};\n", socket.display());
        std::fs::write(dir.join("memcached.conf"), server).unwrap();
    })
    .await;
    for _ in 0..3 {
        let answer = http::send(&nginx.socket, "GET", PICTURE, &[])
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.header("x-cache")),
            (200, Some("MISS"))
        );
        assert!(answer.body == bytes_of(PICTURE));
    }
    let errors = std::fs::read_to_string(dir.path().join("error.log")).unwrap();
    assert!(errors.contains("Permission denied"), "{errors}");
}
