//! A deploy: nginx reloads, and two versions of the site run at once.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use accelerator::nginx::Front;
use flate2::read::GzDecoder;
use futures::future::join_all;

use crate::http::Answer;
use crate::memcached::Memcached;
use crate::site::{Site, bytes_of, text_of_version};
use crate::stack::{Stack, folder, options, until};

const SHOWN: &str = "/i/version.svg";

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_while_pushes_run_fails_no_request() {
    let stack = Stack::start().await;
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let visitor = async |side: usize| {
        let mut number = 0;
        while !over.load(SeqCst) {
            // Each path is requested twice: once to be stored, and once more.
            let path = format!("/i/anna/{side}-{}/640.webp", number / 2);
            let answer = stack.get(&path).await;
            assert!(
                answer.status == 200 && answer.body == bytes_of(&path),
                "{path}"
            );
            answered.fetch_add(1, SeqCst);
            number += 1;
        }
    };
    let reloads = async {
        for _ in 0..8 {
            stack.nginx.front.write_to(stack.dir()).unwrap();
            stack.nginx.signal("HUP");
            let begin = answered.load(SeqCst);
            until(|| async { (answered.load(SeqCst) > begin + 30).then_some(()) }).await;
        }
        over.store(true, SeqCst);
    };
    tokio::join!(reloads, join_all((0..4).map(visitor)));
    let complaints = stack.complaints();
    assert!(!complaints.contains("[emerg]"), "{complaints}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_include_that_is_missing_or_half_written_leaves_nginx_as_it_was() {
    let stack = Stack::start().await;
    let path = "/i/anna/token/640.webp";
    stack.get(path).await;
    stack.accelerator.flush().await;
    let mut refused = 0;
    for (name, text) in stack.nginx.front.files().unwrap() {
        // Cut in its last directive, if it has one.
        let half = text.trim_end().strip_suffix(';');
        for half in std::iter::once(None).chain(half.map(Some)) {
            let file = stack.dir().join(name);
            match half {
                Some(half) => std::fs::write(&file, half).unwrap(),
                None => std::fs::remove_file(&file).unwrap(),
            }
            stack.nginx.signal("HUP");
            refused += 1;
            until(|| async {
                (stack.complaints().matches("[emerg]").count() >= refused).then_some(())
            })
            .await;
            assert!(stack.get(path).await.is_hit(), "{name}: {half:?}");
            stack.nginx.front.write_to(stack.dir()).unwrap();
        }
    }
}

#[test]
fn an_include_is_replaced_whole_or_not_at_all() {
    let dir = folder();
    let front = |servers: u16| Front {
        memcached: (0..servers)
            .map(|port| SocketAddr::from(([127, 0, 0, 1], 11_211 + port)))
            .collect(),
        ..crate::stack::front(dir.path(), vec!["/run/app".into()])
    };
    let (short, long) = (front(2), front(2_000));
    let texts = [&short, &long].map(|front| front.files().unwrap()[4].1.clone());
    short.write_to(dir.path()).unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(SeqCst) {
                long.write_to(dir.path()).unwrap();
                short.write_to(dir.path()).unwrap();
            }
        });
        let mut seen = [0, 0];
        while seen[0] < 200 || seen[1] < 200 {
            let text = std::fs::read_to_string(dir.path().join("memcached.conf")).unwrap();
            let which = texts.iter().position(|whole| *whole == text);
            over.store(which.is_none(), SeqCst);
            seen[which.expect("a whole file")] += 1;
        }
        over.store(true, SeqCst);
    });
}

/// Returns which version a response shows, if it shows one completely.
fn version_of(answer: &Answer) -> Option<usize> {
    let mut text = answer.body.clone();
    if answer.header("content-encoding") == Some("gzip") {
        text.clear();
        GzDecoder::new(answer.body.as_slice())
            .read_to_end(&mut text)
            .ok()?;
    }
    (0..2).find(|version| text == text_of_version(*version).into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_that_push_the_same_url_never_mix_and_either_can_purge_it() {
    let dir = folder();
    let memcached = Memcached::start(dir.path(), Ipv4Addr::LOCALHOST.into(), &[]).await;
    let servers = vec![memcached.address];
    let sites: Vec<_> = (0..2)
        .map(|_| Site::with(options(servers.clone())))
        .collect();
    sites[1].0.version.store(1, SeqCst);
    let stack = Stack::of(dir, vec![memcached], (servers, 1), sites.clone()).await;
    let seen = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let visitor = async |side: usize| {
        for _ in 0..60 {
            let accepted = if side == 0 { "gzip" } else { "identity" };
            let answer = stack
                .send("GET", SHOWN, &[("Accept-Encoding", accepted)])
                .await;
            let version = version_of(&answer);
            assert!(answer.status == 200 && version.is_some(), "{answer:?}");
            seen[version.unwrap()].fetch_add(1, SeqCst);
        }
    };
    let purges = async {
        for number in 0..60 {
            let (_, accelerator) = &sites[number % 2];
            assert!(accelerator.purge([SHOWN]).await.is_confirmed());
            stack.get(SHOWN).await;
        }
    };
    tokio::join!(purges, join_all((0..4).map(visitor)));
    assert!(seen.iter().all(|count| count.load(SeqCst) > 0), "{seen:?}");
    // One version purges what the other stored.
    for (one, other) in [(0, 1), (1, 0)] {
        until(|| async {
            sites[other].1.purge([SHOWN]).await;
            stack.get(SHOWN).await;
            sites[one].1.flush().await;
            let hit = Some(stack.get(SHOWN).await).filter(Answer::is_hit)?;
            (version_of(&hit) == Some(one)).then_some(())
        })
        .await;
        assert!(sites[other].1.purge([SHOWN]).await.is_confirmed());
        assert_eq!(stack.memcached[0].stat("curr_items").await, 0);
    }
}
