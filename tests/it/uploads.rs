//! Uploads beside everything else: places, hostile forms, and what goes on meanwhile.

use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use db::session;
use domain::{PhotoToken, Secret, UserId};
use images::Originals;
use reqwest::StatusCode;
use sha2::{Digest as _, Sha256};
use site::upload;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::town::{Answer, Town, Visitor, files_below, jpeg};

/// A picture of one colour: a few bits a block, so that much can be unpacked from little.
fn flat(width: u16, height: u16) -> Vec<u8> {
    let pixels = vec![128; usize::from(width) * usize::from(height) * 3];
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 50)
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .expect("a picture");
    bytes
}

/// An upload of which the head and the first bytes were sent and no more.
struct HalfSent(TcpStream);

impl HalfSent {
    async fn begin(base: &str, cookie: &str) -> Self {
        let address: SocketAddr = base.strip_prefix("http://").unwrap().parse().unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /upload HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\n\
             Cookie: {cookie}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
             Content-Length: 1000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"picture\"\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// The status, if it was answered without waiting for the rest.
    async fn status(mut self) -> u16 {
        // The first line comes while the body is still waited for.
        let mut answer = [0; 64];
        let read = self.0.read(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer[..read]);
        text.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Town {
    /// Waits until this many uploads have a place.
    async fn until_under_way(&self, count: i64) {
        loop {
            let under_way: i64 = self
                .ask("select count(*) from upload_places where expires_at > now()")
                .await;
            if under_way == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A new member, and the cookie of their session.
async fn member(town: &Town, name: &str) -> (Visitor, String) {
    let visitor = town.stranger();
    let form = [
        ("name", name),
        ("display_name", ""),
        ("password", "correct horse battery"),
    ];
    let answer = visitor.post("/register", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let cookies = answer.headers.get_all("set-cookie").iter();
    let session = cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .find(|cookie| cookie.starts_with("session="));
    (visitor, session.unwrap().to_owned())
}

/// The turn of inspecting large pictures, as another process of the machine has it while it inspects one.
fn taken_turn(town: &Town) -> File {
    let originals = town.folder.path().join("originals");
    std::fs::create_dir_all(&originals).unwrap();
    let file = File::create(originals.join(".inspecting-large")).unwrap();
    file.lock().unwrap();
    file
}

fn assert_later(answer: &Answer, status: StatusCode, sentence: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert!(answer.text().contains(sentence), "{}", answer.text());
}

#[tokio::test]
async fn an_account_has_two_uploads_under_way_over_all_processes() {
    let town = Town::new().await;
    let other_process = town.answers_from_disk(town.folder.path()).await;
    let (ann, cookie) = member(&town, "ann").await;
    let first = HalfSent::begin(&town.base, &cookie).await;
    town.until_under_way(1).await;
    let second = HalfSent::begin(&other_process, &cookie).await;
    town.until_under_way(2).await;
    for base in [&town.base, &other_process] {
        let third = HalfSent::begin(base, &cookie).await;
        assert_eq!(third.status().await, 429, "answered before the body");
    }
    let refused = ann.upload("", "public", jpeg(1, 40, 30)).await;
    assert_later(&refused, StatusCode::TOO_MANY_REQUESTS, "other uploads");

    // A client that leaves gives up its place.
    drop(first);
    town.until_under_way(1).await;
    let posted = ann.upload("", "public", jpeg(1, 40, 30)).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    drop(second);
    town.until_under_way(0).await;
    assert_eq!(files_below(&town.folder.path().join("originals")), 1);
}

#[tokio::test]
async fn a_flood_of_one_account_is_refused_without_a_statement() {
    let town = Town::new().await;
    let (_ann, cookie) = member(&town, "ann").await;
    let first = HalfSent::begin(&town.base, &cookie).await;
    let second = HalfSent::begin(&town.base, &cookie).await;
    town.until_under_way(2).await;
    let mut lock = town.pool.begin().await.unwrap();
    sqlx::query("lock table upload_places in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let third = HalfSent::begin(&town.base, &cookie).await;
    let answered = tokio::time::timeout(Duration::from_secs(4), third.status());
    assert_eq!(answered.await.expect("an answer at once"), 429);
    lock.rollback().await.unwrap();
    drop((first, second));
}

#[tokio::test]
async fn a_process_has_32_uploads_under_way_and_refuses_the_next_before_its_body() {
    let town = Town::new().await;
    let mut cookies = Vec::new();
    for person in 1..=17_i64 {
        let session = Secret::random();
        session::begin(&town.pool, &session.hash(), UserId(person))
            .await
            .unwrap();
        cookies.push(format!("session={}", session.reveal()));
    }
    let mut under_way = Vec::new();
    for cookie in &cookies[..16] {
        for _ in 0..2 {
            under_way.push(HalfSent::begin(&town.base, cookie).await);
        }
    }
    town.until_under_way(32).await;
    let next = HalfSent::begin(&town.base, &cookies[16]).await;
    assert_eq!(next.status().await, 503);
    under_way.pop();
    town.until_under_way(31).await;
    let next = HalfSent::begin(&town.base, &cookies[16]).await;
    town.until_under_way(32).await;
    drop(next);
}

#[tokio::test]
async fn nine_uploads_wait_to_be_inspected_and_everything_else_goes_on() {
    let town = Town::new().await;
    let turn = taken_turn(&town);
    let picture = flat(5_000, 5_000);
    let mut waiting = JoinSet::new();
    let mut last = None;
    for n in 0..5 {
        let (member, _) = member(&town, &format!("ann-{n}")).await;
        for _ in 0..2 {
            let (member, picture) = (member.clone(), picture.clone());
            waiting.spawn(async move { member.upload("", "public", picture).await });
        }
        last = Some(member);
    }
    // One of the ten finds the line full, and is answered; the others wait behind the turn.
    let refused = waiting.join_next().await.unwrap().unwrap();
    assert_later(&refused, StatusCode::SERVICE_UNAVAILABLE, "being uploaded");
    town.until_under_way(9).await;

    let undrawn = undrawn(&town).await;
    assert_eq!(town.stranger().get(&undrawn).await.status, StatusCode::OK);
    assert_eq!(last.unwrap().get("/").await.status, StatusCode::OK);
    assert_eq!(waiting.len(), 9);
    drop(turn);
    let posted = waiting.join_next().await.unwrap().unwrap();
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
    // Those that leave the line give up their places.
    waiting.abort_all();
    town.until_under_way(0).await;
}

#[tokio::test]
async fn nothing_but_uploads_waits_behind_a_large_picture() {
    let town = Town::new().await;
    let turn = taken_turn(&town);
    let ann = town.newcomer("ann").await;
    let upload = tokio::spawn({
        let ann = ann.clone();
        async move { ann.upload("", "public", flat(5_000, 5_000)).await }
    });
    town.until_under_way(1).await;
    // Meanwhile a picture is drawn, somebody joins, and a page is shown.
    let picture = undrawn(&town).await;
    assert_eq!(town.stranger().get(&picture).await.status, StatusCode::OK);
    town.newcomer("bob").await;
    assert_eq!(ann.get("/").await.status, StatusCode::OK);
    assert!(!upload.is_finished());
    drop(turn);
    let posted = upload.await.unwrap();
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
}

#[tokio::test]
async fn an_upload_that_its_client_gave_up_is_not_posted_and_leaves_nothing() {
    let town = Town::new().await;
    let turn = taken_turn(&town);
    let (ann, _) = member(&town, "ann").await;
    let picture = flat(5_000, 5_000);
    let bytes = picture.len() as u64;
    let upload = tokio::spawn(async move { ann.upload("", "public", picture).await });
    let incoming = town.folder.path().join("originals/.incoming");
    let arrived = || {
        let files = std::fs::read_dir(&incoming).into_iter().flatten().flatten();
        let lengths = files.filter_map(|file| Some(file.metadata().ok()?.len()));
        lengths.collect::<Vec<_>>()
    };
    while arrived() != [bytes] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    upload.abort();
    // While another process still has the turn.
    while !arrived().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    town.until_under_way(0).await;
    drop(turn);
    let posted: i64 = town
        .ask("select count(*) from photos where filename not like 'drawn:%'")
        .await;
    assert_eq!(posted, 0);
    let originals = town.folder.path().join("originals");
    assert_eq!(files_below(&originals), 1, "the lock, and nothing else");
}

#[tokio::test]
async fn the_row_holds_the_hash_of_the_original() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    let picture = jpeg(1, 400, 300);
    ann.upload("", "public", picture.clone()).await;
    let hash: Vec<u8> = town
        .ask("select sha256 from photos where sha256 is not null")
        .await;
    assert_eq!(hash, Sha256::digest(&picture).to_vec());
}

#[tokio::test]
async fn an_original_that_a_dying_process_left_is_kept_if_a_row_names_it_and_removed_if_none_does()
{
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    ann.upload("", "public", jpeg(1, 400, 300)).await;
    let named: String = town
        .ask("select filename from photos where sha256 is not null")
        .await;
    let root = town.folder.path().join("originals");
    let unnamed = format!("ab{}", &named[2..]);
    std::fs::create_dir_all(root.join("ab")).unwrap();
    std::fs::write(root.join("ab").join(&unnamed), b"a picture").unwrap();
    // As between the second name of a file and the commit of its row, two hours ago.
    let incoming = |name: &str| root.join(".incoming").join(name);
    for name in [&named, &unnamed] {
        let original = root.join(&name[..2]).join(name);
        std::fs::hard_link(&original, incoming(name)).unwrap();
        let age = Duration::from_secs(2 * 60 * 60);
        let file = File::options().append(true).open(&original).unwrap();
        file.set_modified(std::time::SystemTime::now() - age)
            .unwrap();
    }
    let originals = Originals::new(&root);
    assert_eq!(upload::sweep(&town.pool, &originals).await.unwrap(), 1);
    assert!(root.join(&named[..2]).join(&named).exists());
    assert!(!root.join("ab").join(&unnamed).exists());
    assert!(!incoming(&named).exists() && !incoming(&unnamed).exists());
}

#[tokio::test]
async fn a_form_that_never_comes_to_its_fields_is_refused_before_it_fills_the_memory() {
    let town = Town::new().await;
    let (ann, cookie) = member(&town, "ann").await;
    let endless_header = format!(
        "--b\r\nContent-Disposition: form-data; name=\"{}",
        "x".repeat(8 << 20)
    );
    let many_fields =
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n".repeat(1000) + "--b--";
    let long_title = format!(
        "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n{}\r\n--b--",
        "x".repeat(1 << 20)
    );
    let two_pictures =
        "--b\r\nContent-Disposition: form-data; name=\"picture\"\r\n\r\nx\r\n".repeat(2) + "--b--";
    for body in [
        endless_header,
        many_fields,
        long_title,
        two_pictures,
        String::new(),
    ] {
        let answer = ann.send_form(&cookie, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    }
    town.until_under_way(0).await;
    assert_eq!(files_below(&town.folder.path().join("originals")), 0);
}

/// The address of a public picture that was never made.
async fn undrawn(town: &Town) -> String {
    let address: String = town
        .ask(
            "select '/i/' || userid || '/' || token from photos
              where visibility = 'public' and filename like 'drawn:%' order by random() limit 1",
        )
        .await;
    let (owner, token) = address.rsplit_once('/').unwrap();
    // Tokens are shorter in addresses than PostgreSQL writes a uuid.
    let token = PhotoToken(token.parse().unwrap());
    format!("{owner}/{token}/640.webp")
}
