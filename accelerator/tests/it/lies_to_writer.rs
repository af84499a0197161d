//! Whatever a memcached replies to the writer: only a confirmed store counts as stored, only a confirmed purge as purged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use accelerator::{Accelerator, NotStored};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use futures::future::join_all;
use tower::ServiceExt;

use crate::liar::{Liar, Say};
use crate::site::{Site, bytes_of, router};
use crate::stack::{options, until};

const PICTURE: &str = "/i/anna/token/640.webp";

/// A site without nginx, whose only memcached is the liar.
struct Writer {
    site: Arc<Site>,
    accelerator: Accelerator,
}

impl Writer {
    fn to(liar: &Liar) -> Self {
        let mut options = options(vec![liar.address]);
        options.io_timeout = Duration::from_millis(100);
        let (site, accelerator) = Site::with(options);
        Self { site, accelerator }
    }

    /// Answers a request as the site would, and waits for the store to end.
    async fn answer(&self, path: &str) {
        let router = router(Arc::clone(&self.site), &self.accelerator);
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(body == bytes_of(path), "{path}");
        self.accelerator.flush().await;
    }
}

fn this(text: impl AsRef<[u8]>) -> Vec<Say> {
    vec![Say::This(text.as_ref().to_vec())]
}

/// Replies that neither confirm nor refuse, whatever the command.
fn lies() -> Vec<(&'static str, Vec<Say>)> {
    let then = |text: &str, more: Say| [this(text), vec![more]].concat();
    vec![
        ("nothing at all", vec![]),
        ("the end", vec![Say::Bye]),
        ("half a line, then nothing", this("H")),
        ("a line without its end, then the end", then("HD", Say::Bye)),
        ("a refusal", this("ERROR\r\n")),
        (
            "a fault of its own",
            this("SERVER_ERROR out of memory storing object\r\n"),
        ),
        ("a fault of ours", this("CLIENT_ERROR bad data chunk\r\n")),
        ("another protocol", this("STORED\r\n")),
        ("yet another protocol", this("HTTP/1.1 200 OK\r\n\r\n")),
        ("bytes", this([0, 255, 10, 13, 0, 27, 128, 10])),
        ("an empty line", this("\r\n")),
        ("half a value, then nothing", this("VA 100\r\nhalf")),
        (
            "half a value, then the end",
            then("VA 100\r\nhalf", Say::Bye),
        ),
        (
            "a value that is longer than said",
            this("VA 2\r\nlonger\r\n"),
        ),
        ("a value of no length", this("VA\r\n")),
        ("a value beyond memory", this("VA 99999999999\r\n")),
        (
            "a yes when nobody waits any more",
            vec![Say::TooLate(b"HD\r\n".to_vec())],
        ),
    ]
}

/// Lies to commands with this verb, and only to them.
async fn liar(verb: &'static str, lie: &[Say]) -> Liar {
    let lie = lie.to_vec();
    Liar::start(move |line| line.starts_with(verb).then(|| lie.clone())).await
}

async fn refuses_to_store(name: &str, lie: Vec<Say>) {
    let liar = liar("ms ", &lie).await;
    let writer = Writer::to(&liar);
    writer.answer(PICTURE).await;
    let stats = writer.accelerator.stats();
    let did = (
        stats.stored,
        stats.not_stored(NotStored::ServerError),
        stats.errors > 0,
    );
    assert_eq!(did, (0, 1, true), "{name}");
    assert!(!liar.was_trusted_again(), "{name}: {:?}", liar.heard());
    liar.reform([]);
    until(|| async {
        writer.answer(PICTURE).await;
        (writer.accelerator.stats().stored == 1).then_some(())
    })
    .await;
    assert!(!liar.was_trusted_again(), "{name}: {:?}", liar.heard());
}

async fn refuses_to_confirm(name: &str, verb: &'static str, lie: Vec<Say>) {
    let liar = liar(verb, &lie).await;
    let writer = Writer::to(&liar);
    let report = writer.accelerator.purge([PICTURE]).await;
    assert!(!report.is_confirmed(), "{verb}{name}: {report:?}");
    assert_eq!(report.removed(), 0, "{verb}{name}");
    assert!(
        !liar.was_trusted_again(),
        "{verb}{name}: {:?}",
        liar.heard()
    );
    liar.reform([]);
    let report = writer.accelerator.purge([PICTURE]).await;
    assert!(report.is_confirmed(), "{verb}{name}: {report:?}");
    assert!(
        !liar.was_trusted_again(),
        "{verb}{name}: {:?}",
        liar.heard()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_to_a_store_counts_as_not_stored_and_ends_the_connection() {
    join_all(
        lies()
            .into_iter()
            .map(|(name, lie)| refuses_to_store(name, lie)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_to_a_delete_is_no_confirmation_and_ends_the_connection() {
    join_all(
        lies()
            .into_iter()
            .map(|(name, lie)| refuses_to_confirm(name, "md ", lie)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_to_the_proof_is_no_confirmation_and_ends_the_connection() {
    join_all(
        lies()
            .into_iter()
            .map(|(name, lie)| refuses_to_confirm(name, "mg ", lie)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_another_question_is_none_to_a_store() {
    for lie in ["MN\r\n", "EN\r\n", "NF\r\n", "NS\r\n", "EX\r\n"] {
        refuses_to_store(lie, this(lie)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_another_question_is_none_to_a_purge() {
    for (verb, lies) in [
        ("md ", ["MN", "EN", "EX", "ME"]),
        ("mg ", ["MN", "NF", "NS", "EX"]),
    ] {
        for lie in lies {
            // With and without the number of the command in its batch.
            for lie in [format!("{lie}\r\n"), format!("{lie} O0\r\n")] {
                refuses_to_confirm(&lie, verb, this(&lie)).await;
            }
        }
    }
}

/// The client takes a value as a reply to a store or a delete for success; the proof of a purge must not.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_a_value_is_no_proof_that_a_key_is_gone() {
    for lie in ["VA 2\r\nhi\r\n", "VA 2 O0\r\nhi\r\n"] {
        let liar = liar("mg ", &this(lie)).await;
        let report = Writer::to(&liar).accelerator.purge([PICTURE]).await;
        assert!(!report.is_confirmed(), "{lie}: {report:?}");
    }
}

/// A purge of several keys is one exchange: a reply in the place of another proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn replies_in_another_order_confirm_no_key() {
    for verb in ["md ", "mg "] {
        let liar = liar(verb, &this("EN O1\r\nEN O0\r\n")).await;
        let paths: Vec<_> = (0..16).map(|n| format!("/i/anna/{n}/640.webp")).collect();
        let report = Writer::to(&liar).accelerator.purge(&paths).await;
        assert!(!report.is_confirmed(), "{verb}: {report:?}");
        assert_eq!(report.removed(), 0, "{verb}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_twice_answers_no_other_question() {
    let liar = liar("ms ", &this("HD\r\nHD\r\n")).await;
    let writer = Writer::to(&liar);
    for number in 0..5 {
        writer.answer(&format!("/i/anna/{number}/640.webp")).await;
    }
    assert_eq!(writer.accelerator.stats().stored, 5);
    assert!(!liar.was_trusted_again(), "{:?}", liar.heard());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_may_have_arrived_is_taken_back() {
    for lie in [vec![], vec![Say::TooLate(b"HD\r\n".to_vec())], this("HD")] {
        let liar = liar("ms ", &lie).await;
        Writer::to(&liar).answer(PICTURE).await;
        let said: Vec<_> = liar.heard().into_iter().map(|heard| heard.line).collect();
        let key = format!("v1:{PICTURE}");
        assert!(said.contains(&format!("md {key} O0")), "{lie:?}: {said:?}");
        assert!(!liar.was_trusted_again(), "{lie:?}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_was_answered_oddly_may_have_arrived_and_is_taken_back() {
    for lie in ["EN\r\n", "MN\r\n"] {
        let liar = liar("ms ", &this(lie)).await;
        Writer::to(&liar).answer(PICTURE).await;
        let said: Vec<_> = liar.heard().into_iter().map(|heard| heard.line).collect();
        assert!(
            said.contains(&format!("md v1:{PICTURE} O0")),
            "{lie}: {said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_will_not_go_is_not_confirmed_as_gone() {
    for reply in ["HD f0\r\n", "HD f0 O0\r\n"] {
        let liar = Liar::start(move |line| line.starts_with("mg ").then(|| this(reply))).await;
        let report = Writer::to(&liar).accelerator.purge([PICTURE]).await;
        assert!(!report.is_confirmed(), "{reply}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_in_the_middle_of_a_store_is_survived() {
    let lies = Arc::new(AtomicBool::new(true));
    let script_lies = Arc::clone(&lies);
    let liar = Liar::start(move |line| {
        let lie = line.starts_with("ms ") && script_lies.load(SeqCst);
        lie.then(|| vec![Say::Bye])
    })
    .await;
    let writer = Writer::to(&liar);
    let large = "/i/anna/token/big.jpg";
    writer.answer(large).await;
    let stats = writer.accelerator.stats();
    assert_eq!(
        (stats.stored, stats.not_stored(NotStored::ServerError)),
        (0, 1)
    );
    lies.store(false, SeqCst);
    until(|| async {
        writer.answer(large).await;
        (writer.accelerator.stats().stored == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_words_that_every_server_knows_and_no_lease_are_ever_said() {
    // It is stored, purged, found by the purge twice, and taken back.
    let refuses = Arc::new(AtomicBool::new(false));
    let script_refuses = Arc::clone(&refuses);
    let liar = Liar::start(move |line| match line.split(' ').next() {
        Some("ms") if script_refuses.load(SeqCst) => Some(vec![]),
        Some("mg") if script_refuses.load(SeqCst) => Some(this("HD f0 O0\r\n")),
        _ => None,
    })
    .await;
    let writer = Writer::to(&liar);
    writer.answer(PICTURE).await;
    writer.answer("/static/site.0123456789abcdef.css").await;
    assert!(writer.accelerator.purge([PICTURE]).await.is_confirmed());
    refuses.store(true, SeqCst);
    writer.answer(PICTURE).await;
    let mut verbs = BTreeSet::new();
    for heard in liar.heard() {
        let mut words = heard.line.split(' ');
        let (verb, key) = (words.next().unwrap(), words.next().unwrap());
        assert!(key.starts_with("v1:/"), "{heard:?}");
        verbs.insert(verb.to_owned());
        for flag in words {
            let is_known = match verb {
                // Its length, the flag for gzip, and a lifetime.
                "ms" => flag.parse::<u32>().is_ok() || flag == "F2" || flag.starts_with('T'),
                // The number of the command, and the item's flags without its value.
                "mg" => flag == "f" || flag == "O0",
                "md" => flag == "O0",
                _ => false,
            };
            assert!(is_known, "{heard:?}");
        }
    }
    assert_eq!(verbs, BTreeSet::from(["md", "mg", "ms"].map(str::to_owned)));
}
