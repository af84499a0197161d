//! The levels on a real site and a real PostgreSQL, without a disk that is full.

use std::path::Path;

use domain::Reserve;
use images::disk::{BALLAST_BYTES, Ballast, STEP_BYTES};
use reqwest::StatusCode;
use site::jobs;
use sqlx::AssertSqlSafe;

use crate::town::{Answer, Town, Visitor, jpeg};

/// More than any disk has: every disk is nearly full.
pub(super) const RESERVE_NO_DISK_HAS: Reserve = Reserve::Bytes(1 << 60);

/// How many files there are below a folder.
fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let count = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_below(&entry.path()),
        _ => 1,
    };
    entries.flatten().map(count).sum()
}

/// The pictures of a page, smallest size.
async fn pictures_of(visitor: &Visitor, page: &str) -> Vec<String> {
    let mut pictures = visitor.get(page).await.values_of("src");
    pictures.retain(|url| url.starts_with("/i/"));
    pictures
}

#[track_caller]
pub(super) fn assert_refused_for_room(answer: &Answer) {
    let text = answer.text();
    assert_eq!(answer.status, StatusCode::INSUFFICIENT_STORAGE, "{text}");
    assert!(
        text.contains("nearly full") && text.contains("site.") && text.contains("</html>"),
        "{text}"
    );
    assert_eq!(answer.header("retry-after"), "300");
    assert!(answer.header("cache-control").contains("no-store"));
}

async fn logged_in(base: &str, name: &str) -> Visitor {
    let visitor = Visitor::at(base);
    let form = [("name", name), ("password", "correct horse battery")];
    let answer = visitor.post("/login", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    visitor
}

#[tokio::test]
async fn nearly_full_the_site_takes_nothing_new_and_everything_else_goes_on() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    let mut pages = Vec::new();
    for seed in 0..2 {
        let posted = ann.upload("Before", "public", jpeg(seed, 600, 400)).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
        pages.push(posted.header("location").to_owned());
    }
    let originals = files_below(&town.folder.path().join("originals"));
    let (base, site) = town.process_with(RESERVE_NO_DISK_HAS, None).await;

    let ann = logged_in(&base, "ann").await;
    assert_refused_for_room(&ann.upload("After", "public", jpeg(9, 600, 400)).await);
    assert_eq!(
        files_below(&town.folder.path().join("originals")),
        originals
    );
    assert!(ann.get("/upload").await.text().contains("nearly full"));
    let joins = [("name", "bob"), ("password", "correct horse battery")];
    assert_refused_for_room(&Visitor::at(&base).post("/register", &joins).await);

    // Pictures are made, and not kept.
    let derivatives = town.folder.path().join("derivatives");
    let kept_before = files_below(&derivatives);
    let stranger = Visitor::at(&base);
    for picture in pictures_of(&stranger, &pages[0]).await {
        assert_eq!(stranger.get(&picture).await.status, StatusCode::OK);
    }
    assert_eq!(files_below(&derivatives), kept_before);
    let roomy = town.stranger();
    for picture in pictures_of(&roomy, &pages[1]).await {
        assert_eq!(roomy.get(&picture).await.status, StatusCode::OK);
    }
    assert!(
        files_below(&derivatives) > kept_before,
        "with room they are"
    );

    // Pages are shown, and their views not written down.
    for (site, visitor, rows) in [(&site, &stranger, 0), (&town.site, &roomy, 1)] {
        site.views.take();
        assert_eq!(visitor.get(&pages[0]).await.status, StatusCode::OK);
        jobs::write_views(site).await.unwrap();
        let written: i64 = town.ask("select count(*) from photo_views").await;
        assert_eq!(written, rows);
    }

    let private = [("visibility", "private")];
    let hidden = ann
        .post(&format!("{}/visibility", pages[0]), &private)
        .await;
    assert_eq!(hidden.status, StatusCode::SEE_OTHER, "{}", hidden.text());
    assert_eq!(stranger.get(&pages[0]).await.status, StatusCode::NOT_FOUND);
    let deleted = ann.post(&format!("{}/delete", pages[0]), &[]).await;
    assert_eq!(deleted.status, StatusCode::SEE_OTHER, "{}", deleted.text());
    assert_eq!(ann.get(&pages[0]).await.status, StatusCode::NOT_FOUND);
    let out = ann.post("/logout", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert_eq!(
        ann.get("/upload").await.status,
        StatusCode::SEE_OTHER,
        "logged out"
    );
}

#[tokio::test]
async fn nearly_full_logging_in_again_and_again_takes_no_room() {
    let town = Town::new().await;
    town.newcomer("ann").await;
    let bob = town.newcomer("bob").await;
    sqlx::raw_sql(
        "insert into sessions (token_hash, userid, expires_at)
         select sha256(n::text::bytea), (select id from users where name = 'ann'),
                now() + n * interval '1 minute'
           from generate_series(1, 40) n;
         update sessions set expires_at = now() + interval '1 second' * 30
          where userid = (select id from users where name = 'bob')",
    )
    .execute(&town.pool)
    .await
    .unwrap();
    let base = town.answers_with(RESERVE_NO_DISK_HAS, None).await;
    let ann = logged_in(&base, "ann").await;
    let sessions: i64 = town
        .ask("select count(*) from sessions s join users u on u.id = s.userid where u.name = 'ann'")
        .await;
    assert_eq!(sessions, 16);
    assert_eq!(
        bob.get("/upload").await.status,
        StatusCode::OK,
        "those of others stay"
    );
    assert_eq!(
        ann.get("/upload").await.status,
        StatusCode::OK,
        "the newest stays"
    );
}

/// Has the database report a full disk for changes of a table: as often as said, or always.
async fn full_disk_at(town: &Town, trigger: &str, times: Option<u32>) {
    let times = times.map_or("true".to_owned(), |times| {
        format!("nextval('reports') <= {times}")
    });
    let sql = format!(
        "drop sequence if exists reports cascade;
         create sequence reports;
         create or replace function reports_a_full_disk() returns trigger language plpgsql as $$
         begin
             if {times} then
                 raise exception 'could not extend file: No space left on device'
                       using errcode = 'disk_full';
             end if;
             return coalesce(new, old);
         end $$;
         drop trigger if exists reports on photos;
         drop trigger if exists reports on sessions;
         drop trigger if exists reports on rate_limits;
         {trigger} for each row execute function reports_a_full_disk();"
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&town.pool)
        .await
        .expect("a trigger");
}

#[tokio::test]
async fn on_a_full_disk_a_part_of_the_ballast_makes_room_for_what_takes_something_away() {
    let town = Town::new().await;
    let ballast = Ballast::at(town.folder.path().join("ballast"));
    ballast.make().unwrap();
    let base = town
        .answers_with(Reserve::default(), Some(ballast.path().to_owned()))
        .await;
    let ann = town.newcomer("ann").await;
    let posted = ann.upload("Soon gone", "public", jpeg(1, 600, 400)).await;
    let page = posted.header("location").to_owned();
    let ann = logged_in(&base, "ann").await;
    let left = |steps: u64| BALLAST_BYTES - steps * STEP_BYTES;

    let before = "create trigger reports before update on photos";
    full_disk_at(&town, before, Some(1)).await;
    let private = [("visibility", "private")];
    let hidden = ann.post(&format!("{page}/visibility"), &private).await;
    assert_eq!(hidden.status, StatusCode::SEE_OTHER, "{}", hidden.text());
    assert_eq!(ballast.bytes(), left(1));
    assert_eq!(
        town.stranger().get(&page).await.status,
        StatusCode::NOT_FOUND
    );

    // At the commit.
    let deferred =
        "create constraint trigger reports after delete on photos deferrable initially deferred";
    full_disk_at(&town, deferred, Some(1)).await;
    let deleted = ann.post(&format!("{page}/delete"), &[]).await;
    assert_eq!(deleted.status, StatusCode::SEE_OTHER, "{}", deleted.text());
    assert_eq!(ballast.bytes(), left(2));
    assert_eq!(ann.get(&page).await.status, StatusCode::NOT_FOUND);

    full_disk_at(
        &town,
        "create trigger reports before delete on sessions",
        Some(1),
    )
    .await;
    let out = ann.post("/logout", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text());
    assert_eq!(ballast.bytes(), left(3));
}

#[tokio::test]
async fn what_fails_after_a_session_was_stored_does_not_refuse_the_log_in() {
    let town = Town::new().await;
    town.newcomer("ann").await;
    let base = town.answers_with(RESERVE_NO_DISK_HAS, None).await;
    for trigger in [
        "create trigger reports before delete on sessions",
        "create trigger reports before delete on rate_limits",
    ] {
        sqlx::raw_sql(
            "delete from sessions;
             insert into sessions (token_hash, userid, expires_at)
             select sha256(n::text::bytea), id, now() + n * interval '1 minute'
               from users, generate_series(1, 40) n
              where name = 'ann'",
        )
        .execute(&town.pool)
        .await
        .unwrap();
        full_disk_at(&town, trigger, None).await;
        let ann = logged_in(&base, "ann").await;
        assert_eq!(ann.get("/upload").await.status, StatusCode::OK, "{trigger}");
        sqlx::raw_sql("drop function reports_a_full_disk cascade")
            .execute(&town.pool)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_change_that_finds_no_room_at_all_says_when_to_come_back_and_changes_nothing() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    let posted = ann.upload("Stays", "public", jpeg(1, 600, 400)).await;
    let page = posted.header("location").to_owned();
    full_disk_at(
        &town,
        "create trigger reports before delete on photos",
        None,
    )
    .await;
    let answer = ann.post(&format!("{page}/delete"), &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "30");
    assert!(
        answer.text().contains("The disk of this site is full"),
        "{}",
        answer.text()
    );
    assert_eq!(ann.get(&page).await.status, StatusCode::OK);

    full_disk_at(
        &town,
        "create trigger reports before insert on photos",
        None,
    )
    .await;
    let answer = ann.upload("Not", "public", jpeg(2, 600, 400)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let originals = files_below(&town.folder.path().join("originals"));
    assert_eq!(originals, 1, "what was not posted leaves no file");
}
