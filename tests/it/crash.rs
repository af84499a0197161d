//! What a process that died had committed and not purged is purged before the next one answers.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use sqlx::{Connection as _, PgConnection};

use crate::stack::site::{Site, folder, send};
use crate::through::{until_hit, visitor};
use crate::town::{Visitor, jpeg};

/// How many rounds at most, of which some may come too late for their kill.
const ROUNDS_MAX: usize = 10;

/// Every address of a picture that memcached may hold.
pub(crate) async fn every_size(owner: &Visitor, page: &str) -> Vec<String> {
    let picture = owner
        .get(page)
        .await
        .values_of("src")
        .into_iter()
        .find(|url| url.starts_with("/i/"))
        .expect("a picture");
    let (token, _) = picture.rsplit_once('/').expect("a folder");
    let sizes = [320, 640, 1280, 2048];
    let both = |size| ["webp", "jpg"].map(|extension| format!("{token}/{size}.{extension}"));
    sizes.into_iter().flat_map(both).collect()
}

/// Never the old bytes, nor that what a browser has of them is still good.
pub(crate) async fn assert_gone(stranger: &Visitor, pictures: &[String], why: &str) {
    for path in pictures {
        for headers in [
            [].as_slice(),
            &[("if-none-match", "*")],
            &[("if-modified-since", "Tue, 15 Nov 2033 12:45:26 GMT")],
            &[("range", "bytes=0-9")],
        ] {
            let answer = stranger.ask("GET", path, headers).await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{why}: {path} {headers:?} {}",
                answer.header("x-cache")
            );
        }
    }
}

/// The memcached of now, or the next one if it is just being replaced.
pub(crate) fn memcached_of(site: &Site) -> i32 {
    loop {
        let pid = &site.record()["children"]["memcached"]["process"]["pid"];
        if let Some(pid) = pid.as_i64() {
            return pid as i32;
        }
        std::thread::yield_now();
    }
}

/// Has a process answer a form, as nginx would ask it; what it says, or nothing if it is killed before.
fn post(socket: &Path, path: &str, cookie: &str, form: &str) -> std::thread::JoinHandle<String> {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    std::thread::spawn(move || {
        let mut answer = String::new();
        // A connection that breaks has said nothing.
        let _ = stream.read_to_string(&mut answer);
        answer
    })
}

/// Waits until nothing is being stored: what breaks off in the middle keeps a deletion waiting.
async fn until_nothing_is_held(database: &mut PgConnection) {
    let held = "select count(*) from pg_stat_activity
                 where datname = current_database() and state like 'idle in transaction%'";
    while sqlx::query_scalar::<_, i64>(held)
        .fetch_one(&mut *database)
        .await
        .unwrap()
        > 0
    {
        tokio::task::yield_now().await;
    }
}

async fn owed(database: &mut PgConnection) -> i64 {
    let count = sqlx::query_scalar("select count(*) from outbox");
    count.fetch_one(database).await.expect("an outbox")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_left_that_died_between_commit_and_purge_is_never_seen_after_the_next_start()
{
    let dir = folder();
    let mut site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    let (ann, stranger) = (visitor(&site), visitor(&site));
    let joined = ann
        .post(
            "/register",
            &[("name", "ann"), ("password", "correct horse battery")],
        )
        .await;
    let cookie = joined.header("set-cookie").split(';').next().unwrap_or("");
    let url = site.record()["database_url"].as_str().unwrap().to_owned();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let mut deeds = vec![
        ("app-0", "delete", ""),
        ("app-1", "visibility", "visibility=private"),
        ("app-1", "delete", ""),
    ];
    let mut rounds = 0;
    while let Some((victim, action, form)) = deeds.last().copied() {
        rounds += 1;
        assert!(rounds < ROUNDS_MAX, "it is never killed in time");
        let posted = ann.upload("Soon gone", "public", jpeg(7, 600, 400)).await;
        let page = posted.header("location").to_owned();
        let pictures = every_size(&stranger, &page).await;
        for path in &pictures {
            until_hit(&stranger, path).await;
        }
        until_nothing_is_held(&mut database).await;
        // The purge waits for a memcached that is frozen, so the process is killed before it.
        let memcached = memcached_of(&site);
        send(memcached, Signal::SIGSTOP);
        let socket = site.sockets().join(format!("{victim}.sock"));
        let asked = post(&socket, &format!("{page}/{action}"), cookie, form);
        while owed(&mut database).await == 0 && !asked.is_finished() {
            tokio::task::yield_now().await;
        }
        send(site.pid(victim), Signal::SIGKILL);
        let said = asked.join().unwrap();
        // On a machine that is busy for seconds it may have been killed itself, as it is frozen.
        let _ = kill(Pid::from_raw(memcached), Signal::SIGCONT);
        tokio::task::block_in_place(|| site.wait_for(&format!("{victim} answers after")));
        assert_gone(&stranger, &pictures, &format!("{victim}, {action}")).await;
        assert_eq!(owed(&mut database).await, 0, "{victim}, {action}");
        if said.is_empty() {
            deeds.pop();
        }
    }
    database.close().await.unwrap();
    tokio::task::block_in_place(|| site.stop());
}
