//! A memcached that is frozen while somebody deletes or hides, through the whole site.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use sqlx::{Connection as _, PgConnection};

use crate::crash::{assert_gone, every_size, memcached_of};
use crate::stack::site::{Site, folder, runs, send};
use crate::through::{until_hit, visitor};
use crate::town::jpeg;

/// One a deed: each takes as long as it takes to be sure that memcached is frozen.
const ROUNDS: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_while_memcached_is_frozen_is_gone_when_that_is_said_and_after_it_thaws() {
    let dir = folder();
    let mut site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    let (ann, stranger) = (visitor(&site), visitor(&site));
    ann.post(
        "/register",
        &[("name", "ann"), ("password", "correct horse battery")],
    )
    .await;
    let hide: &[(&str, &str)] = &[("visibility", "private")];
    for round in 0..ROUNDS {
        let (action, form) = [("delete", [].as_slice()), ("visibility", hide)][round % 2];
        let posted = ann.upload("Soon gone", "public", jpeg(7, 600, 400)).await;
        let page = posted.header("location").to_owned();
        let pictures = every_size(&stranger, &page).await;
        for path in &pictures {
            until_hit(&stranger, path).await;
        }
        let frozen = memcached_of(&site);
        send(frozen, Signal::SIGSTOP);
        let done = ann.post(&format!("{page}/{action}"), form).await;
        // Who killed it, if anybody had to, does not matter; it may be gone.
        let _ = kill(Pid::from_raw(frozen), Signal::SIGCONT);
        let why = format!("round {round}, {action}");
        if done.status == StatusCode::OK {
            // One process kills at most once a minute, and then it does not say more than it knows.
            assert!(round > 0, "the first is certain: {}", done.text());
            assert!(
                done.text().contains("not yet everywhere"),
                "{}",
                done.text()
            );
            until_paid(&site).await;
        } else {
            assert_eq!(done.status, StatusCode::SEE_OTHER, "{why}: {}", done.text());
        }
        assert_gone(&stranger, &pictures, &why).await;
        if !runs(frozen) {
            tokio::task::block_in_place(|| site.wait_for("memcached answers after"));
            assert_gone(&stranger, &pictures, &why).await;
        }
    }
    tokio::task::block_in_place(|| site.stop());
}

/// Waits until nothing is owed to anybody any more.
async fn until_paid(site: &Site) {
    let url = site.record()["database_url"].as_str().unwrap().to_owned();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let count = "select count(*) from outbox";
    while sqlx::query_scalar::<_, i64>(count)
        .fetch_one(&mut database)
        .await
        .unwrap()
        > 0
    {
        tokio::task::yield_now().await;
    }
}
