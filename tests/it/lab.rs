//! The lab without a browser: its picture, its plans in plain words, its one benchmark, and its end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use db::measure;
use reqwest::StatusCode;

use crate::stack::site::{Site, folder};
use crate::town::{Answer, Town, Visitor};

/// How long something may take on a slow machine; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every address that visitors have in the lab, and whether it is posted to.
const ADDRESSES: [(&str, bool); 5] = [
    ("/lab", false),
    ("/lab/live", false),
    ("/lab/index", true),
    ("/lab/benchmark", true),
    ("/lab/measure", true),
];

/// What the processes of a site tell each other.
const INSIDE: [(&str, bool); 4] = [
    ("/metrics/lab/pulse", false),
    ("/metrics/lab/picture", false),
    ("/metrics/lab/next", false),
    ("/metrics/lab/act", true),
];

async fn ask(visitor: &Visitor, (path, posted): (&str, bool)) -> Answer {
    match posted {
        true => visitor.post(path, &[("action", "benchmark")]).await,
        false => visitor.get(path).await,
    }
}

/// Looks at the lab until it says something.
#[track_caller]
fn until_said(visitor: &Visitor, words: &'static str) -> impl Future<Output = String> {
    let visitor = visitor.clone();
    let seen = async move {
        loop {
            let page = visitor.get("/lab").await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            let text = page.text();
            if text.contains(words) {
                return text;
            }
        }
    };
    async move {
        tokio::time::timeout(PATIENCE, seen)
            .await
            .unwrap_or_else(|_| panic!("the lab never says {words:?}"))
    }
}

#[tokio::test]
async fn without_the_lab_there_is_no_such_address() {
    let town = Town::without_lab().await;
    let (stranger, member) = (town.stranger(), town.newcomer("ann-lind").await);
    for address in ADDRESSES.into_iter().chain(INSIDE) {
        for visitor in [&stranger, &member] {
            let answer = ask(visitor, address).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address:?}");
        }
    }
    assert!(!stranger.get("/").await.text().contains("/lab"));
}

#[tokio::test]
async fn both_plans_are_told_in_plain_words() {
    let town = Town::new().await;
    let visitor = town.stranger();
    until_said(
        &visitor,
        "The userid index is <strong class=\"state\">there",
    )
    .await;
    for (action, says) in [
        ("drop", "of other people away"),
        ("create", "in order from photos_userid_public"),
    ] {
        let answer = visitor
            .post("/lab/index", &[("index", "userid"), ("action", action)])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{action}");
        assert_eq!(answer.header("location"), "/lab");
        let page = until_said(&visitor, says).await;
        assert!(page.contains("of 8 kB, "), "{page}");
    }
    let both = until_said(&visitor, "blocks with the index, ").await;
    assert!(both.contains("of other people away"), "{both}");
    // Both are of one person, who has about a dozen photos.
    let owners: Vec<(String, i32)> = sqlx::query_as(
        "select distinct u.name, u.public_photo_count
           from lab_timings t join users u on u.name = t.owner",
    )
    .fetch_all(&town.pool)
    .await
    .unwrap();
    assert!(matches!(owners.as_slice(), [(_, 8..=16)]), "{owners:?}");
    assert_eq!(both.matches("for the photostream of <a").count(), 1);
    // Only that index, and only these two actions.
    let other = [("index", "photos_pkey"), ("action", "drop")];
    let refused = visitor.post("/lab/index", &other).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let odd = [("index", "userid"), ("action", "benchmark")];
    let refused = visitor.post("/lab/index", &odd).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn pages_that_were_asked_for_stand_in_the_text_histogram_and_the_list() {
    let town = Town::new().await;
    let visitor = town.stranger();
    let owner = town.biggest_owner().await;
    visitor.get("/lab").await;
    let looks = async {
        loop {
            visitor.get(&format!("/people/{owner}")).await;
            let page = visitor.get("/lab").await.text();
            let (_, text) = page.split_once("class=\"columns\"").expect("a histogram");
            let (columns, _) = text.split_once("</pre>").expect("an end");
            let listed = page.contains(&format!("<li><a href=\"/people/{owner}\">"));
            if columns.contains('#') && listed {
                assert!(columns.contains("each mark up to"), "{columns}");
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.expect("a mark");
}

#[tokio::test]
async fn a_stream_sends_pictures_and_ends_by_itself() {
    let town = Town::new().await;
    let stream = town.stranger().get("/lab/live").await;
    assert_eq!(stream.status, StatusCode::OK);
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!(stream.header("x-accel-buffering"), "no");
    assert_eq!(stream.header("cache-control"), "no-store");
    let text = stream.text();
    let events: Vec<&str> = text.split_terminator("\n\n").collect();
    assert!(events.len() >= 2, "{text}");
    for event in events {
        let mut lines = event.lines();
        assert_eq!(lines.next(), Some("retry: 100"));
        assert!(lines.all(|line| line.starts_with("data: ")), "{event}");
    }
}

#[tokio::test]
async fn a_process_that_knows_no_front_says_why_it_runs_no_benchmark() {
    let town = Town::new().await;
    let visitor = town.stranger();
    let page = until_said(&visitor, "was not told where its front listens").await;
    assert!(page.contains("disabled aria-describedby=\"no-benchmark\""));
    // Alone it has nobody to tell anything.
    for address in INSIDE {
        let answer = ask(&visitor, address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address:?}");
    }
    ask(&visitor, ("/lab/benchmark", true)).await;
    assert!(
        !visitor
            .get("/lab")
            .await
            .text()
            .contains("Stop the benchmark")
    );
}

#[tokio::test]
async fn one_benchmark_runs_at_a_time_and_what_processes_tell_each_other_is_not_for_visitors() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || Site::ready(&path))
        .await
        .unwrap();
    let base = format!("http://{}", site.record()["listen"].as_str().unwrap());
    let visitor = Visitor::at(&base);
    for address in INSIDE {
        let answer = ask(&visitor, address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address:?}");
    }
    for _ in 0..2 {
        // Whichever process answers, one of them draws and runs it.
        let answer = ask(&visitor, ("/lab/benchmark", true)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    until_said(&visitor, "A benchmark is running already").await;
    until_said(&visitor, "What visitors felt").await;
    let stop = visitor.post("/lab/benchmark", &[("action", "stop")]).await;
    assert_eq!(stop.status, StatusCode::SEE_OTHER);
    let page = until_said(&visitor, "The benchmark is over: ").await;
    assert!(page.contains("none failed"), "{page}");
    let hits = page.lines().find_map(|line| {
        let hits = line.strip_prefix("| ")?.strip_suffix(" memcached")?;
        hits.replace(',', "").parse::<u64>().ok()
    });
    assert!(hits.is_some_and(|hits| hits > 0), "{page}");
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}

/// Everything that is logged while the guard lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        tracing::subscriber::set_default(
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(move || log.clone())
                .finish(),
        )
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn statements_that_the_lab_makes_slow_are_not_logged_as_slow() {
    let town = Town::new().await;
    let log = Log::default();
    let guard = log.listen();
    ladder::lab::drop(&town.pool).await.unwrap();
    ladder::lab::create(&town.pool).await.unwrap();
    drop(guard);
    let text = log.text();
    // Ordinary statements are logged at some level, so the silence about the others means something.
    assert!(text.contains("pg_get_indexdef"), "{text}");
    for statement in [
        "drop index",
        "create index",
        "analyze photos",
        "explain (analyze",
    ] {
        assert!(!text.contains(statement), "{statement}: {text}");
    }
}

#[tokio::test]
async fn the_lock_of_the_benchmark_is_free_again_when_its_holder_is_gone() {
    let town = Town::new().await;
    let first = measure::alone(&town.pool).await.unwrap();
    assert!(first.is_some());
    assert!(measure::alone(&town.pool).await.unwrap().is_none());
    drop(first);
    let freed = async { while measure::alone(&town.pool).await.unwrap().is_none() {} };
    tokio::time::timeout(PATIENCE, freed).await.expect("a lock");
}
