//! Whatever happens to memcached is a miss, and a process of the application that dies fails no GET.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use crate::site::bytes_of;
use crate::stack::{Stack, until};

const PICTURE: &str = "/i/anna/token/640.webp";

/// Asks from eight sides without a pause while something is done to the stack; every answer must be right.
async fn under_load(stack: &Stack, harm: impl Future<Output = ()>) {
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let expected = bytes_of(PICTURE);
    let visitor = async || {
        while !over.load(SeqCst) {
            let answer = stack.get(PICTURE).await;
            assert_eq!(
                (answer.status, answer.body == expected),
                (200, true),
                "{:?}",
                answer.headers
            );
            answered.fetch_add(1, SeqCst);
        }
    };
    let harmed = async {
        let more = async |count: usize| {
            let begin = answered.load(SeqCst);
            until(|| async { (answered.load(SeqCst) >= begin + count).then_some(()) }).await;
        };
        more(200).await;
        harm.await;
        more(400).await;
        over.store(true, SeqCst);
    };
    tokio::join!(
        harmed,
        visitor(),
        visitor(),
        visitor(),
        visitor(),
        visitor(),
        visitor(),
        visitor(),
        visitor()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_memcached_under_load_fails_no_request() {
    let mut stack = Stack::start().await;
    under_load(&stack, async { stack.memcached[0].signal("KILL") }).await;
    assert_eq!(stack.get(PICTURE).await.header("x-cache"), Some("MISS"));
    stack.memcached[0].restart().await;
    // nginx looks again after its time-out, the writer after its pause.
    until(|| async { stack.get(PICTURE).await.is_hit().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_memcached_under_load_fails_no_request() {
    let stack = Stack::start().await;
    under_load(&stack, async { stack.memcached[0].signal("STOP") }).await;
    stack.memcached[0].signal("CONT");
    until(|| async { stack.get(PICTURE).await.is_hit().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_one_of_three_memcached_fails_no_request() {
    let stack = Stack::with(3, 1).await;
    under_load(&stack, async { stack.memcached[1].signal("KILL") }).await;
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
