//! A thousand concurrent requests for a new file: one handler runs, and all get a response.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use bytes::Bytes;
use futures::future::{join_all, poll_immediate};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::site::{bytes_of, router};
use crate::stack::{Stack, until};

/// Its handler reads its data and then waits at the gate.
const SLOW: &str = "/i/slow/token/640.webp";
/// Text, which is also gzipped once.
const SLOW_TEXT: &str = "/i/slow/token/title.svg";
/// Shows its edition: the picture changes, and the path does not.
const SLOW_EDITION: &str = "/i/slow/edition.webp";
/// Answers each visitor with their own name, under a policy that forbids sharing.
const SLOW_PRIVATE: &str = "/i/slow/private.webp";
/// How many requests are concurrent.
const CROWD: usize = 1_000;
/// How many handlers an open gate admits: more than there will be.
const OPEN: usize = 10 * CROWD;

/// A visitor's request, under way once [`arrives`] has returned it.
type Visit = Pin<Box<dyn Future<Output = (StatusCode, Bytes)> + Send>>;

/// Sends a request into the layer and returns when it waits there: at the gate, or for another's response.
async fn arrives(stack: &Stack, path: &str, name: &str) -> Visit {
    let request = Request::get(path)
        .header(header::COOKIE, name)
        .body(Body::empty())
        .unwrap();
    let site = router(Arc::clone(&stack.site), &stack.accelerator);
    let mut visit: Visit = Box::pin(async move {
        let answer: Response<Body> = site.oneshot(request).await.unwrap();
        let status = answer.status();
        (
            status,
            answer.into_body().collect().await.unwrap().to_bytes(),
        )
    });
    assert!(
        poll_immediate(&mut visit).await.is_none(),
        "nobody is answered before the gate opens"
    );
    visit
}

async fn crowd(stack: &Stack, path: &str, count: usize) -> Vec<Visit> {
    let mut visits = Vec::new();
    for number in 0..count {
        visits.push(arrives(stack, path, &format!("visitor={number}")).await);
    }
    visits
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_first_requests_make_a_file_once() {
    for path in [SLOW, SLOW_TEXT] {
        let stack = Stack::start().await;
        let visits = crowd(&stack, path, CROWD).await;
        stack.site.gate.add_permits(OPEN);
        for (status, bytes) in join_all(visits).await {
            assert_eq!((status, bytes == bytes_of(path)), (StatusCode::OK, true));
        }
        stack.accelerator.flush().await;
        let stored = stack.memcached[0].stat("cmd_set").await;
        let asked = stack.site.asked.load(SeqCst);
        assert_eq!((asked, stored), (1, 1), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_first_requests_through_nginx_make_a_file_once() {
    let stack = Stack::start().await;
    let crowd = (0..CROWD).map(|_| stack.get(SLOW));
    let (answers, ()) = tokio::join!(join_all(crowd), async {
        let all_wait = || async { (stack.site.held_up.load(SeqCst) == CROWD).then_some(()) };
        until(all_wait).await;
        stack.site.gate.add_permits(OPEN);
    });
    for answer in answers {
        assert_eq!((answer.status, answer.body == bytes_of(SLOW)), (200, true));
    }
    assert_eq!(stack.site.asked.load(SeqCst), 1);
    stack.accelerator.flush().await;
    assert!(stack.get(SLOW).await.is_hit());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_when_the_first_goes_away() {
    let stack = Stack::start().await;
    let mut visits = crowd(&stack, SLOW, CROWD).await;
    drop(visits.remove(0));
    // Its computation continues for the others.
    stack.site.gate.add_permits(OPEN);
    for (status, bytes) in join_all(visits).await {
        assert_eq!((status, bytes == bytes_of(SLOW)), (StatusCode::OK, true));
    }
    assert_eq!(stack.site.asked.load(SeqCst), 1);
    stack.accelerator.flush().await;
    assert!(stack.get(SLOW).await.is_hit());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_may_go_away_and_the_next_is_answered() {
    let stack = Stack::start().await;
    drop(crowd(&stack, SLOW, CROWD).await);
    let next = arrives(&stack, SLOW, "").await;
    stack.site.gate.add_permits(OPEN);
    assert_eq!(next.await, (StatusCode::OK, bytes_of(SLOW).into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_one_visitor_is_shared_with_nobody() {
    let stack = Stack::start().await;
    let visits = crowd(&stack, SLOW_PRIVATE, CROWD).await;
    stack.site.gate.add_permits(OPEN);
    for (number, (status, bytes)) in join_all(visits).await.into_iter().enumerate() {
        let name = format!("visitor={number}");
        assert_eq!((status, bytes), (StatusCode::OK, name.into()));
    }
    assert_eq!(stack.site.asked.load(SeqCst), CROWD);
    stack.accelerator.flush().await;
    assert_eq!(stack.memcached[0].stat("cmd_set").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_after_a_purge_never_gets_what_was_read_before_it() {
    let stack = Stack::start().await;
    let before = crowd(&stack, SLOW_EDITION, CROWD).await;
    stack.site.edition.store(1, SeqCst);
    assert!(stack.accelerator.purge([SLOW_EDITION]).await.is_confirmed());
    let after = crowd(&stack, SLOW_EDITION, CROWD).await;
    stack.site.gate.add_permits(OPEN);
    let (before, after) = tokio::join!(join_all(before), join_all(after));
    // The leader had read the old one; its followers start again.
    let mut before = before.into_iter();
    assert_eq!(before.next().unwrap(), (StatusCode::OK, "0".into()));
    for answer in before {
        assert_eq!(answer, (StatusCode::OK, "1".into()));
    }
    for answer in after {
        assert_eq!(answer, (StatusCode::OK, "1".into()));
    }
    stack.accelerator.flush().await;
    let next = stack.get(SLOW_EDITION).await;
    assert_eq!((next.is_hit(), next.body.as_slice()), (true, &b"1"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_for_the_first_and_nobody_waits_for_ever() {
    let stack = Stack::start().await;
    let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (gate, counted) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::clone(&calls));
    let handler = {
        let gate = Arc::clone(&gate);
        tower::service_fn(move |_: Request<Body>| {
            let (gate, number) = (Arc::clone(&gate), counted.fetch_add(1, SeqCst));
            async move {
                gate.acquire().await.unwrap().forget();
                assert!(number > 0, "the first one breaks");
                Ok::<_, std::convert::Infallible>(Response::new(Body::from("right")))
            }
        })
    };
    let layered = tower::Layer::layer(&stack.accelerator.layer(), handler);
    let ask = || {
        let request = Request::get(SLOW).body(Body::empty()).unwrap();
        tokio::spawn(layered.clone().oneshot(request))
    };
    let first = ask();
    until(|| async { (calls.load(SeqCst) == 1).then_some(()) }).await;
    let others: Vec<_> = (0..50).map(|_| ask()).collect();
    gate.add_permits(CROWD);
    assert!(first.await.unwrap_err().is_panic());
    for other in others {
        assert_eq!(other.await.unwrap().unwrap().status(), StatusCode::OK);
    }
}
