//! Two hundred times a memcached is frozen, a picture deleted, and memcached thawed: never the old bytes.
//!
//! The rounds differ in what else is under way, and in when memcached thaws: after the purge, or at some moment
//! during it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use accelerator::{Fence, ServerPurge};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::stack::Stack;

/// How many stacks work at once.
const STACKS: usize = 8;
/// How many rounds each of them runs: two hundred in all.
const ROUNDS: usize = 25;

/// Kills a memcached that does not answer for a tenth of a second, each time.
const QUICK: Fence = Fence {
    failures_min: 3,
    over: Duration::from_millis(100),
    at_most_every: Duration::ZERO,
};

/// How long one exchange may take here.
const IO_TIMEOUT: Duration = Duration::from_millis(50);

/// How many requests follow each purge.
const QUESTIONS: usize = 5;

/// What happens beside the deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Nothing: memcached thaws when the purge is over.
    Plain,
    /// It thaws while the purge tries.
    ThawsMeanwhile,
    /// A store of the picture is under way when memcached freezes, and breaks off.
    StoreBreaksOff,
    /// Requests for the picture run all the time.
    Crowd,
}

const KINDS: [Round; 4] = [
    Round::Plain,
    Round::ThawsMeanwhile,
    Round::StoreBreaksOff,
    Round::Crowd,
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_while_memcached_is_frozen_never_comes_back_when_it_thaws() {
    let stacks = (0..STACKS).map(|number| tokio::spawn(rounds(number)));
    let mut fenced = 0;
    for stack in futures::future::join_all(stacks).await {
        fenced += stack.unwrap();
    }
    // Half of the rounds at least cannot end in another way.
    assert!(fenced >= STACKS * ROUNDS / 2, "only {fenced} were fenced");
}

/// Runs the rounds of one stack, and returns how often its memcached was found dead.
async fn rounds(number: usize) -> usize {
    let stack = Stack::set_up(1, 1, |options| {
        options.fence = Some(QUICK);
        options.io_timeout = IO_TIMEOUT;
    })
    .await;
    let mut fenced = 0;
    for round in 0..ROUNDS {
        let kind = KINDS[(number + round) % KINDS.len()];
        let picture = format!("/i/anna/{number}-{round}/640.webp");
        let dead = one_round(&stack, kind, &picture, round).await;
        fenced += usize::from(dead);
        if dead {
            stack.memcached[0].restart().await;
            // It answers again; the accelerator would notice within some seconds.
            let report = stack.accelerator.purge([&picture]).await;
            assert!(report.is_confirmed(), "{kind:?}: {report:?}");
        }
        // Its supervisor starts it again, and then no response is old either.
        assert_gone(&stack, &picture, kind).await;
        stack.site.pictures_are_current.store(true, SeqCst);
    }
    fenced
}

/// Freezes, deletes, thaws and requests; returns whether memcached is dead.
async fn one_round(stack: &Stack, kind: Round, picture: &str, round: usize) -> bool {
    let memcached = &stack.memcached[0];
    if kind != Round::StoreBreaksOff {
        stack.get(picture).await;
        stack.accelerator.flush().await;
        assert!(
            is_in_memcached(stack, picture).await,
            "{kind:?}: it was never there"
        );
    }
    memcached.signal("STOP");
    let over = Arc::new(AtomicBool::new(false));
    let crowd = async {
        while kind == Round::Crowd && !over.load(SeqCst) {
            // Before the purge is over any response is allowed.
            stack.get(picture).await;
        }
    };
    if kind == Round::StoreBreaksOff {
        assert_eq!(stack.get(picture).await.status, 200);
    }
    // Deleted: now it is true.
    stack.site.pictures_are_current.store(false, SeqCst);
    let purge = async {
        let report = stack.accelerator.purge([picture]).await;
        over.store(true, SeqCst);
        report
    };
    let thaw = async {
        if kind == Round::ThawsMeanwhile {
            // Some moment of the purge, another in each round; no assertion depends on it.
            sleep(IO_TIMEOUT / 5 * (round as u32 % 20)).await;
            memcached.signal("CONT");
        }
    };
    let (report, (), ()) = tokio::join!(purge, thaw, crowd);
    // The deletion is acknowledged: from here on no response may be old.
    memcached.signal("CONT");
    assert!(report.is_confirmed(), "{kind:?}: {report:?}");
    assert_gone(stack, picture, kind).await;
    report.servers[0].1 == ServerPurge::Dead
}

/// nginx does not serve it, however it is requested, and memcached does not have it.
async fn assert_gone(stack: &Stack, picture: &str, kind: Round) {
    for headers in [[].as_slice(), &[("If-None-Match", "*")]] {
        for _ in 0..QUESTIONS {
            let answer = stack.send("GET", picture, headers).await;
            assert_eq!(answer.status, 404, "{kind:?} {picture}: {answer:?}");
        }
    }
    assert!(
        !is_in_memcached(stack, picture).await,
        "{kind:?} {picture}: memcached has it"
    );
}

/// Asks memcached itself, because nginx skips it for two seconds after it was frozen. A dead one has
/// nothing.
async fn is_in_memcached(stack: &Stack, picture: &str) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(stack.memcached[0].address).await?;
        let question = format!("mg v1:{picture}\r\n");
        stream.write_all(question.as_bytes()).await?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = timeout(Duration::from_secs(60), asked);
    match answer.await.expect("it is thawed") {
        Ok(answer) => &answer != b"EN",
        Err(_) => false,
    }
}
