//! Whatever happens to memcached is a miss, and a process of the application that dies fails no GET.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Instant;

use futures::future::join_all;

use crate::site::bytes_of;
use crate::stack::{Stack, until};

const PICTURE: &str = "/i/anna/token/640.webp";

/// Pictures enough that each of three servers has some.
fn pictures() -> Vec<String> {
    (0..48)
        .map(|number| format!("/i/anna/{number}/640.webp"))
        .collect()
}

/// Requests these from eight tasks without a pause during a fault; every response must be right.
async fn under_load(stack: &Stack, paths: &[String], harm: impl Future<Output = ()>) {
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let files: Vec<_> = paths.iter().map(|path| (path, bytes_of(path))).collect();
    let visitor = async |first: usize| {
        for (path, bytes) in files.iter().cycle().skip(first) {
            if over.load(SeqCst) {
                break;
            }
            let answer = stack.get(path).await;
            assert_eq!(
                (answer.status, answer.body == *bytes),
                (200, true),
                "{path}: {:?}",
                answer.headers
            );
            answered.fetch_add(1, SeqCst);
        }
    };
    let harmed = async {
        more(&answered, 200).await;
        harm.await;
        more(&answered, 400).await;
        over.store(true, SeqCst);
    };
    tokio::join!(
        harmed,
        join_all((0..8).map(|side| visitor(side * paths.len() / 8)))
    );
}

/// Waits for so many more responses.
async fn more(answered: &AtomicUsize, count: usize) {
    let begin = answered.load(SeqCst);
    until(|| async { (answered.load(SeqCst) >= begin + count).then_some(()) }).await;
}

/// Requests all once, and waits until all are stored.
async fn warm(stack: &Stack, paths: &[String]) {
    for path in paths {
        stack.get(path).await;
    }
    stack.accelerator.flush().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_memcached_under_load_fails_no_request() {
    let stack = Stack::start().await;
    under_load(&stack, &[PICTURE.to_owned()], async {
        stack.memcached[0].signal("KILL")
    })
    .await;
    assert_eq!(stack.get(PICTURE).await.header("x-cache"), Some("MISS"));
    stack.memcached[0].restart().await;
    // nginx tries again after its timeout, the writer after its pause.
    until(|| async { stack.get(PICTURE).await.is_hit().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_memcached_under_load_fails_no_request() {
    let stack = Stack::start().await;
    under_load(&stack, &[PICTURE.to_owned()], async {
        stack.memcached[0].signal("STOP")
    })
    .await;
    stack.memcached[0].signal("CONT");
    until(|| async { stack.get(PICTURE).await.is_hit().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_three_memcached_that_freezes_dies_and_comes_back_fails_no_request() {
    let stack = Stack::with(3, 1).await;
    let (paths, one) = (pictures(), &stack.memcached[1]);
    warm(&stack, &paths).await;
    under_load(&stack, &paths, async { one.signal("STOP") }).await;
    under_load(&stack, &paths, async { one.signal("CONT") }).await;
    under_load(&stack, &paths, async { one.signal("KILL") }).await;
    under_load(&stack, &paths, one.restart()).await;
    for path in &paths {
        until(|| async { stack.get(path).await.is_hit().then_some(()) }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_second_copy_nobody_notices_that_one_of_three_memcached_is_away() {
    let stack = Stack::set_up(3, 1, |options| options.copies = 2).await;
    let (paths, one) = (pictures(), &stack.memcached[1]);
    warm(&stack, &paths).await;
    let asked = stack.site.asked.load(SeqCst);
    assert_eq!(stack.accelerator.stats().stored, 2 * paths.len() as u64);
    under_load(&stack, &paths, async { one.signal("STOP") }).await;
    under_load(&stack, &paths, async { one.signal("CONT") }).await;
    under_load(&stack, &paths, async { one.signal("KILL") }).await;
    under_load(&stack, &paths, one.restart()).await;
    assert_eq!(
        stack.site.asked.load(SeqCst),
        asked,
        "another server has it too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_of_the_application_that_dies_fails_no_get() {
    let stack = Stack::with(1, 2).await;
    stack.apps[0].stop();
    for _ in 0..50 {
        assert_eq!(stack.get("/page").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_process_costs_some_lines_a_second_and_not_one_a_request() {
    let stack = Stack::with(1, 2).await;
    stack.apps[0].stop();
    let begin = Instant::now();
    for _ in 0..500 {
        assert_eq!(stack.get("/page").await.status, 200);
    }
    // nginx has two workers, which share their state, and counts whole seconds.
    let most = 2 * (begin.elapsed().as_secs() as usize + 2);
    let lines = stack.complaints().lines().count();
    assert!(
        lines <= most,
        "{lines} lines, not {most}: {}",
        stack.complaints()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_were_all_dead_are_asked_as_soon_as_they_are_back() {
    let mut stack = Stack::with(1, 2).await;
    for number in [0, 1] {
        stack.apps[number].stop();
    }
    assert_eq!(stack.get("/page").await.status, 503);
    for number in [0, 1] {
        stack.restart_app(number);
    }
    for _ in 0..50 {
        assert_eq!(stack.get("/page").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_application_files_are_still_answered_and_pages_say_sorry() {
    let stack = Stack::start().await;
    stack.get(PICTURE).await;
    stack.accelerator.flush().await;
    stack.apps[0].stop();
    // The first one may still find the connection that was kept.
    let sorry =
        until(|| async { Some(stack.get("/page").await).filter(|answer| answer.status == 503) })
            .await;
    assert_eq!(
        sorry.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(sorry.header("cache-control"), Some("no-store"));
    assert_eq!(stack.get("/i/other.webp").await.status, 503);
    assert!(stack.get(PICTURE).await.is_hit());
}
