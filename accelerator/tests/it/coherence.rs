//! What is purged, private or unfinished is never answered from memcached.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use accelerator::{Fence, NotStored, ServerPurge};

use crate::stack::{Stack, until};

const PICTURE: &str = "/i/anna/token/640.webp";

#[tokio::test(flavor = "multi_thread")]
async fn once_a_push_is_acknowledged_every_further_request_is_a_hit() {
    let stack = Stack::start().await;
    assert!(!stack.get(PICTURE).await.is_hit());
    stack.accelerator.flush().await;
    for _ in 0..20 {
        assert!(stack.get(PICTURE).await.is_hit());
    }
    assert_eq!(
        (
            stack.accelerator.stats().stored,
            stack.site.asked.load(SeqCst)
        ),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_picture_is_gone_from_every_server() {
    let stack = Stack::with(3, 1).await;
    stack.get(PICTURE).await;
    stack.accelerator.flush().await;
    assert!(stack.get(PICTURE).await.is_hit());
    let report = stack
        .accelerator
        .purge([PICTURE, "/i/anna/never/320.webp", "/people/anna"])
        .await;
    assert!(report.is_confirmed());
    assert_eq!(
        (report.keys, report.removed(), report.servers.len()),
        (2, 1, 3)
    );
    assert!(!stack.get(PICTURE).await.is_hit());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_read_before_its_purge_is_not_stored_after_it() {
    let stack = Stack::start().await;
    let slow = "/i/slow/token/640.webp";
    let (answer, ()) = tokio::join!(stack.get(slow), async {
        stack.site.waiting.acquire().await.unwrap().forget();
        assert!(stack.accelerator.purge([slow]).await.is_confirmed());
        stack.site.gate.add_permits(1);
    });
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, Some("no-store")),
        "it was asked for before the purge, and the truth still knows it"
    );
    stack.accelerator.flush().await;
    assert_eq!(stack.memcached[0].stat("curr_items").await, 0);
    assert_eq!(
        stack
            .accelerator
            .stats()
            .not_stored(NotStored::NoLongerCurrent),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_read_before_it_was_deleted_and_purged_is_sent_to_nobody() {
    let stack = Stack::start().await;
    let slow = "/i/slow/token/640.webp";
    let (answer, ()) = tokio::join!(stack.get(slow), async {
        stack.site.waiting.acquire().await.unwrap().forget();
        stack.site.pictures_are_current.store(false, SeqCst);
        assert!(stack.accelerator.purge([slow]).await.is_confirmed());
        stack.site.gate.add_permits(1);
    });
    assert_eq!((answer.status, answer.body.as_slice()), (503, &b""[..]));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_another_process_deleted_is_not_stored() {
    let stack = Stack::start().await;
    let slow = "/i/slow/token/640.webp";
    let (_, ()) = tokio::join!(stack.get(slow), async {
        stack.site.waiting.acquire().await.unwrap().forget();
        stack.site.pictures_are_current.store(false, SeqCst);
        stack.site.gate.add_permits(1);
    });
    stack.accelerator.flush().await;
    assert_eq!(stack.memcached[0].stat("curr_items").await, 0);
    assert_eq!(stack.get(slow).await.status, 404);
    assert_eq!(
        stack
            .accelerator
            .stats()
            .not_stored(NotStored::NoLongerCurrent),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_allowed_is_never_stored() {
    let stack = Stack::start().await;
    for (path, reason, cache_control) in [
        ("/i/private.webp", NotStored::Policy, "private, no-store"),
        ("/i/silent.webp", NotStored::Policy, "no-store"),
        ("/i/cookie.webp", NotStored::SetCookie, "private, no-store"),
        ("/i/huge.webp", NotStored::TooLarge, "public, max-age=86400"),
        ("/page", NotStored::Policy, "no-store"),
    ] {
        let before = stack.accelerator.stats().not_stored(reason);
        let answer = stack.get(path).await;
        assert_eq!(
            (answer.status, answer.header("x-cache")),
            (200, Some("MISS")),
            "{path}"
        );
        assert_eq!(
            answer.header("cache-control"),
            Some(cache_control),
            "{path}"
        );
        assert_eq!(
            answer.header("set-cookie"),
            None,
            "{path}: a hit would set none"
        );
        stack.accelerator.flush().await;
        assert_eq!(
            stack.accelerator.stats().not_stored(reason),
            before + 1,
            "{path}"
        );
    }
    let signed = stack
        .send("GET", PICTURE, &[("Authorization", "Basic x")])
        .await;
    assert_eq!(signed.status, 200);
    // Whether nginx can still answer with an error depends on how much it had sent.
    let broken = stack.try_send("GET", "/i/broken.webp", &[]).await;
    assert!(
        broken.as_ref().map_or(true, |answer| answer.status == 503),
        "{broken:?}"
    );
    stack.accelerator.flush().await;
    // Once, or twice if nginx tries again.
    assert!(stack.accelerator.stats().not_stored(NotStored::Incomplete) >= 1);
    assert_eq!(stack.memcached[0].stat("cmd_set").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_a_server_did_not_confirm_says_so() {
    let stack = Stack::with(2, 1).await;
    stack.memcached[0].signal("STOP");
    stack.memcached[1].signal("KILL");
    let report = stack.accelerator.purge([PICTURE]).await;
    let why: Vec<_> = report.unconfirmed().map(|(_, why)| why).collect();
    assert_eq!(why, [ServerPurge::TimedOut, ServerPurge::Unreachable]);
    assert_eq!(stack.accelerator.stats().purges_unconfirmed, 1);
    stack.memcached[0].signal("CONT");
    stack.memcached[1].restart().await;
    let report = stack.accelerator.purge([PICTURE]).await;
    assert!(report.is_confirmed(), "{report:?}");
}

/// Kills a memcached that does not answer for a third of a second, each time.
const QUICK: Fence = Fence {
    failures_min: 2,
    over: Duration::from_millis(300),
    at_most_every: Duration::ZERO,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_memcached_that_misses_a_purge_is_killed_and_comes_back_empty() {
    let stack = Stack::set_up(2, 1, |options| {
        options.fence = Some(QUICK);
        options.io_timeout = Duration::from_millis(100);
    })
    .await;
    stack.get(PICTURE).await;
    stack.accelerator.flush().await;
    assert!(stack.get(PICTURE).await.is_hit());
    let held = stack.memcached[0].stat("curr_items").await;
    let home = usize::from(held == 0);
    stack.memcached[home].signal("STOP");
    let report = stack.accelerator.purge([PICTURE]).await;
    assert!(report.is_confirmed(), "{report:?}");
    assert_eq!(report.servers[home].1, ServerPurge::Dead);
    assert_eq!(
        report.servers[1 - home].1,
        ServerPurge::Confirmed { removed: 0 }
    );
    assert_eq!(stack.accelerator.stats().fenced, 1);
    // The next purge finds it dead, and does not wait.
    let report = stack.accelerator.purge([PICTURE]).await;
    assert_eq!(report.servers[home].1, ServerPurge::Dead);
    assert_eq!(stack.accelerator.stats().fenced, 1);
    stack.memcached[home].restart().await;
    stack.site.pictures_are_current.store(false, SeqCst);
    assert_eq!(stack.get(PICTURE).await.status, 404);
    let report = stack.accelerator.purge([PICTURE]).await;
    assert_eq!(
        report.servers[home].1,
        ServerPurge::Confirmed { removed: 0 }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memcached_that_only_pauses_is_not_killed_and_confirms() {
    let stack = Stack::set_up(1, 1, |options| {
        options.fence = Some(Fence::default());
        options.io_timeout = Duration::from_millis(50);
    })
    .await;
    stack.get(PICTURE).await;
    stack.accelerator.flush().await;
    stack.memcached[0].signal("STOP");
    let (report, ()) = tokio::join!(stack.accelerator.purge([PICTURE]), async {
        until(|| async { (stack.accelerator.stats().errors >= 2).then_some(()) }).await;
        stack.memcached[0].signal("CONT");
    });
    assert!(matches!(report.servers[0].1, ServerPurge::Confirmed { .. }));
    assert_eq!(stack.accelerator.stats().fenced, 0);
    assert_eq!(stack.memcached[0].stat("curr_items").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memcached_that_fails_often_within_a_short_time_is_not_killed() {
    let stack = Stack::set_up(1, 1, |options| {
        options.fence = Some(Fence {
            over: Duration::from_secs(60),
            ..QUICK
        });
        options.io_timeout = Duration::from_millis(50);
    })
    .await;
    stack.memcached[0].signal("STOP");
    let (report, ()) = tokio::join!(stack.accelerator.purge([PICTURE]), async {
        until(|| async { (stack.accelerator.stats().errors >= 6).then_some(()) }).await;
        stack.memcached[0].signal("CONT");
    });
    assert!(matches!(report.servers[0].1, ServerPurge::Confirmed { .. }));
    assert_eq!(stack.accelerator.stats().fenced, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memcached_that_fails_for_long_but_not_often_is_not_killed() {
    let stack = Stack::set_up(1, 1, |options| {
        options.fence = Some(Fence {
            failures_min: u32::MAX,
            over: Duration::ZERO,
            ..QUICK
        });
        options.io_timeout = Duration::from_millis(50);
    })
    .await;
    stack.memcached[0].signal("STOP");
    let report = stack.accelerator.purge([PICTURE]).await;
    assert_eq!(report.servers[0].1, ServerPurge::TimedOut);
    assert_eq!(stack.accelerator.stats().fenced, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_memcached_is_killed_no_more_often_than_the_options_say() {
    let stack = Stack::set_up(1, 1, |options| {
        options.fence = Some(Fence {
            at_most_every: Duration::from_secs(3600),
            ..QUICK
        });
        // Enough time for the first to be killed on a busy machine; the second uses all of it.
        options.purge_timeout = Duration::from_secs(3);
        options.io_timeout = Duration::from_millis(50);
    })
    .await;
    let one = &stack.memcached[0];
    one.signal("STOP");
    let report = stack.accelerator.purge([PICTURE]).await;
    assert_eq!(report.servers[0].1, ServerPurge::Dead);
    one.restart().await;
    one.signal("STOP");
    let report = stack.accelerator.purge([PICTURE]).await;
    assert_eq!(report.servers[0].1, ServerPurge::TimedOut);
    assert_eq!(stack.accelerator.stats().fenced, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_a_server_missed_is_told_to_it_when_it_answers() {
    let stack = Stack::start().await;
    stack.get(PICTURE).await;
    stack.accelerator.flush().await;
    stack.memcached[0].signal("STOP");
    assert!(!stack.accelerator.purge([PICTURE]).await.is_confirmed());
    assert_eq!(stack.accelerator.stats().pending_purges, 1);
    stack.memcached[0].signal("CONT");
    until(|| async { (stack.accelerator.stats().pending_purges == 0).then_some(()) }).await;
    assert_eq!(stack.memcached[0].stat("curr_items").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_missed_more_purges_than_can_be_remembered_forgets_all_it_has() {
    let stack = Stack::start().await;
    stack.get("/i/anna/other/640.webp").await;
    stack.accelerator.flush().await;
    stack.memcached[0].signal("STOP");
    // More than ten thousand on each of its connections.
    let paths = (0..50_000).map(|number| format!("/i/anna/{number}/640.webp"));
    assert!(!stack.accelerator.purge(paths).await.is_confirmed());
    stack.memcached[0].signal("CONT");
    until(|| async { (stack.accelerator.stats().pending_purges == 0).then_some(()) }).await;
    assert!(stack.memcached[0].stat("cmd_flush").await >= 2);
    assert!(!stack.get("/i/anna/other/640.webp").await.is_hit());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successful_unsafe_request_purges_the_file_at_its_path() {
    let stack = Stack::start().await;
    stack.get(PICTURE).await;
    stack.accelerator.flush().await;
    assert!(stack.get(PICTURE).await.is_hit());
    let posted = stack
        .send("POST", PICTURE, &[("Content-Length", "0")])
        .await;
    assert_eq!(posted.status, 200);
    assert!(!stack.get(PICTURE).await.is_hit());
}
