//! What a running site keeps ready for the day on which the disk is full.

use std::os::unix::fs::MetadataExt as _;

use images::disk::{BALLAST_BYTES, Ballast, STEP_BYTES};
use sqlx::{Connection as _, PgConnection};

use crate::stack::site::{Site, folder, program, run};

/// How many connections two app processes may hold.
const POOLED_MAX: i64 = 2 * 8;

/// How many segments of its log PostgreSQL has: `min_wal_size`, of which one is in use.
const SEGMENTS: usize = 5;

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    let done = tokio::time::timeout(std::time::Duration::from_secs(60), asked).await;
    assert!(done.is_ok(), "never: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_keeps_a_ballast_its_connections_and_segments_of_the_log() {
    let dir = folder();
    let mut site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    tokio::task::block_in_place(|| site.wait_for("a ballast of 64 MiB is kept"));
    let ballast = Ballast::at(site.state.join("ballast"));
    assert_eq!(ballast.bytes(), BALLAST_BYTES);
    let blocks = ballast.path().metadata().unwrap().blocks();
    assert!(
        blocks * 512 >= BALLAST_BYTES,
        "it is sparse: {blocks} blocks"
    );
    ballast.give_up(STEP_BYTES).unwrap();
    tokio::task::block_in_place(|| site.wait_for("a ballast of 64 MiB is whole again"));
    assert_eq!(ballast.bytes(), BALLAST_BYTES);

    let url = site.record()["database_url"].as_str().unwrap().to_owned();
    until("all connections", async || {
        let mut database = PgConnection::connect(&url).await.unwrap();
        let count = "select count(*) from pg_stat_activity where application_name = 'flickr-killr'";
        let count: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
        count == POOLED_MAX
    })
    .await;
    let log = site.state.join("database/cluster/pg_wal");
    until("all segments", async || {
        let names = std::fs::read_dir(&log).unwrap().flatten();
        let segments = names.filter(|entry| entry.file_name().len() == 24).count();
        segments >= SEGMENTS
    })
    .await;

    tokio::task::block_in_place(|| {
        site.stop();
        let reset = run(program(dir.path(), &["reset", "--yes"]));
        assert!(reset.status.success(), "{reset:?}");
    });
    assert!(!dir.path().join("state").exists());
}
