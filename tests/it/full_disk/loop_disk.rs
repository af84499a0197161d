//! A whole site on a real file system that runs full: by its own uploads, and by another program.
//!
//! A ledger holds what was acknowledged. Reads may not fail, nothing acknowledged may be lost or come back,
//! and when there is room again everything recovers by itself. `scripts/full-disk` runs this in rounds.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use images::disk::{BALLAST_BYTES, Ballast};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use sqlx::{Connection as _, PgConnection};

use super::levels::assert_refused_for_room;
use super::small_disk::SmallDisk;
use crate::stack::site::{Site, send, up};
use crate::through::{base, visitor};
use crate::town::{Answer, Visitor, jpeg};

const MIB: u64 = 1 << 20;

/// How large the disk is: a debug build of this program, the database, and some room.
const DISK_BYTES: u64 = 1536 * MIB;

/// The reserve of the site on it: the smallest.
const RESERVE_BYTES: u64 = 128 * MIB;

/// How much rows, the log of the database and pictures under way may take beside the uploads.
const BESIDE_BYTES: u64 = 16 * MIB;

/// How many messages of 8 MiB are twice as much log as PostgreSQL has beforehand.
const LOG_MESSAGES: usize = 16;

/// How many connections to the database the two app processes hold.
const CONNECTIONS: usize = 2 * 8;

/// How long something may take to come back on a slow machine; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was acknowledged.
#[derive(Default)]
struct Ledger {
    /// Page and bytes of photos that are there.
    posted: Vec<(String, Vec<u8>)>,
    /// Pages and pictures that must stay gone.
    gone: Vec<String>,
    posts: usize,
}

/// The site, its disk and the people who use it.
struct Story {
    disk: SmallDisk,
    site: Option<Site>,
    ann: Visitor,
    stranger: Visitor,
    ledger: Ledger,
    began: Instant,
}

fn command(disk: &SmallDisk) -> std::process::Command {
    let mut command = up(disk.path());
    command.arg(format!("--disk-reserve={}MiB", RESERVE_BYTES / MIB));
    command
}

fn start(disk: &SmallDisk) -> Site {
    let mut site = Site::start_as(command(disk), disk.path());
    site.wait_for("ready http://");
    site
}

/// A JPEG of 2 MB that has other bytes for each seed: most are in its comments (T.81, B.2.4.5).
fn picture(seed: u64) -> Vec<u8> {
    const COMMENT_BYTES: usize = 60_000;
    const COMMENTS: usize = 34;
    let plain = jpeg(seed as u8, 300, 200);
    let (begin, rest) = plain.split_at(2);
    let mut bytes = begin.to_vec();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..COMMENTS {
        bytes.extend([0xff, 0xfe]);
        bytes.extend((COMMENT_BYTES as u16 + 2).to_be_bytes());
        for _ in 0..COMMENT_BYTES / 8 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
    }
    bytes.extend(rest);
    bytes
}

impl Story {
    async fn begin(disk: SmallDisk) -> Self {
        let site = start(&disk);
        let (ann, stranger) = (visitor(&site), visitor(&site));
        let form = [("name", "ann"), ("password", "correct horse battery")];
        let joined = ann.post("/register", &form).await;
        assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
        Self {
            disk,
            site: Some(site),
            ann,
            stranger,
            ledger: Ledger::default(),
            began: Instant::now(),
        }
    }

    fn tell(&self, what: &str) {
        eprintln!(
            "full-disk: {:6.1} s  {:5} MiB free, ballast {:2} MiB  {what}",
            self.began.elapsed().as_secs_f64(),
            self.disk.available() / MIB,
            self.ballast().bytes() / MIB,
        );
    }

    fn site(&mut self) -> &mut Site {
        self.site.as_mut().expect("it runs")
    }

    fn ballast(&self) -> Ballast {
        Ballast::at(self.disk.path().join("state/ballast"))
    }

    /// Posts a picture; what is acknowledged goes into the ledger.
    async fn post(&mut self) -> Answer {
        self.ledger.posts += 1;
        let picture = picture(self.ledger.posts as u64);
        let answer = self.ann.upload("Heavy", "public", picture.clone()).await;
        if answer.status == StatusCode::SEE_OTHER {
            let page = answer.header("location").to_owned();
            self.ledger.posted.push((page, picture));
        }
        answer
    }

    /// Reads pages, pictures that are drawn already and some that never were; an error names what was not there.
    async fn try_read(&self) -> Result<(), String> {
        let ask = async |path: &str| {
            let answer = self.stranger.get(path).await;
            match answer.status {
                StatusCode::OK => Ok(answer),
                status => Err(format!("{status} for {path}: {}", answer.text())),
            }
        };
        let explore = ask("/").await?;
        let (page, _) = self.ledger.posted.first().expect("a photo");
        let shown = ask(page).await?;
        let mut pictures = pictures_of(&explore);
        pictures.truncate(4);
        pictures.extend(pictures_of(&shown));
        assert!(pictures.len() > 4);
        for picture in pictures {
            assert!(ask(&picture).await?.body.len() > 100, "{picture}");
        }
        Ok(())
    }

    /// Everything can be read.
    async fn read(&self) {
        self.try_read().await.unwrap();
    }

    /// Everything can be read once more: what was killed is replaced, and its connections are.
    async fn until_read(&self) {
        let read = async {
            while self.try_read().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, read).await;
        assert!(done.is_ok(), "{:?}", self.try_read().await);
    }

    /// Deletes the newest photo, or hides it; it and its pictures go into the ledger as gone. One try must do,
    /// unless a server was replaced: then each connection to the old one may cost a try.
    async fn take_away(&mut self, action: &str, tries_max: usize) {
        let (page, _) = self.ledger.posted.pop().expect("a photo");
        let shown = self.stranger.get(&page).await;
        let pictures = pictures_of(&shown);
        let form: &[(&str, &str)] = match action {
            "visibility" => &[("visibility", "private")],
            _ => &[],
        };
        let mut answer = self.ann.post(&format!("{page}/{action}"), form).await;
        for _ in 1..tries_max {
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            assert!(!answer.header("retry-after").is_empty());
            answer = self.ann.post(&format!("{page}/{action}"), form).await;
        }
        let text = answer.text();
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{action}: {text}");
        for path in pictures.iter().chain([&page]) {
            let answer = self.stranger.get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{action}: {path}");
        }
        self.ledger.gone.push(page);
        self.ledger.gone.extend(pictures);
    }

    /// Uploads are taken as long as there is room, and then refused: with 507 as soon as the disk is looked
    /// at, and nothing but 503 before.
    async fn refuses_uploads(&mut self) {
        let refused = async {
            loop {
                let answer = self.post().await;
                match answer.status {
                    StatusCode::SEE_OTHER => {}
                    StatusCode::SERVICE_UNAVAILABLE => {
                        assert!(!answer.header("retry-after").is_empty());
                    }
                    _ => return answer,
                }
            }
        };
        let answer = tokio::time::timeout(PATIENCE, refused).await;
        assert_refused_for_room(&answer.expect("a refusal"));
    }

    /// Has PostgreSQL write more of its log than it has segments for, on a full disk.
    async fn write_much_log(&mut self, database: &mut PgConnection) {
        let server = self.site().pid("postgres");
        for _ in 0..LOG_MESSAGES {
            let wrote = sqlx::query(
                "select pg_logical_emit_message(false, 'test', repeat('x', 8 * 1024 * 1024))",
            );
            wrote.execute(&mut *database).await.expect("a message");
            let ahead = async {
                while self.segments_ahead(database).await < 2 {
                    tokio::task::yield_now().await;
                }
            };
            let done = tokio::time::timeout(PATIENCE, ahead).await;
            done.expect("segments are used again");
        }
        assert_eq!(self.site().pid("postgres"), server, "it did not restart");
    }

    /// How many segments of the log are on the disk beyond the one in use.
    async fn segments_ahead(&self, database: &mut PgConnection) -> usize {
        let current = "select pg_walfile_name(pg_current_wal_insert_lsn())";
        let current: String = sqlx::query_scalar(current)
            .fetch_one(database)
            .await
            .expect("its name");
        let log = self.disk.path().join("state/database/cluster/pg_wal");
        let names = std::fs::read_dir(log).expect("its folder").flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names
            .filter(|name| name.len() == 24 && *name > current)
            .count()
    }

    fn kill(&mut self, child: &str) {
        let pid = self.site().pid(child);
        send(pid, Signal::SIGKILL);
    }

    /// Everything acknowledged is there, bit for bit; everything that was taken away stays away.
    async fn check(&self) {
        let originals: HashSet<Vec<u8>> =
            originals(&self.disk.path().join("state/pictures/originals"))
                .into_iter()
                .map(|path| std::fs::read(path).expect("an original"))
                .collect();
        for (page, picture) in &self.ledger.posted {
            assert_eq!(
                self.stranger.get(page).await.status,
                StatusCode::OK,
                "{page}"
            );
            assert!(
                originals.contains(picture),
                "the original of {page} is lost"
            );
        }
        for path in &self.ledger.gone {
            let answer = self.stranger.get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    /// Uploads succeed again, and the ballast is whole.
    async fn recovers(&mut self) -> Duration {
        let since = Instant::now();
        while self.post().await.status != StatusCode::SEE_OTHER {
            assert!(since.elapsed() < PATIENCE, "uploads do not come back");
        }
        let took = since.elapsed();
        while self.ballast().bytes() < BALLAST_BYTES {
            assert!(since.elapsed() < PATIENCE, "the ballast does not come back");
            tokio::task::yield_now().await;
        }
        took
    }
}

fn pictures_of(page: &Answer) -> Vec<String> {
    let mut pictures = page.values_of("src");
    pictures.retain(|url| url.starts_with("/i/"));
    pictures
}

fn originals(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(originals(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// How often `scripts/full-disk` has the second story told; once in the suite.
fn rounds() -> usize {
    let rounds = std::env::var("FULL_DISK_ROUNDS").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_fill_the_disk_to_half_of_the_reserve_and_no_further() {
    let Some(disk) = SmallDisk::mount(DISK_BYTES) else {
        return;
    };
    let mut story = Story::begin(disk).await;
    story.post().await;
    story.read().await;
    story.tell("a site on its own disk");
    story.disk.fill(RESERVE_BYTES + 24 * MIB);
    let answer = loop {
        let answer = story.post().await;
        if answer.status != StatusCode::SEE_OTHER {
            break answer;
        }
    };
    assert_refused_for_room(&answer);
    story.tell("refuses uploads");
    let available = story.disk.available();
    assert!(available + BESIDE_BYTES >= RESERVE_BYTES / 2, "{available}");
    assert!(available < RESERVE_BYTES, "{available}");
    story.read().await;
    for action in ["visibility", "delete"] {
        story.take_away(action, 1).await;
    }
    story.check().await;

    story.kill("app-0");
    story.site().wait_for("app-0 answers after");
    story.until_read().await;
    let site = story.site.take().expect("it runs");
    tokio::task::block_in_place(|| site.stop());
    let site = tokio::task::block_in_place(|| {
        let mut site = Site::start_as(command(&story.disk), story.disk.path());
        site.wait_for("!! little disk");
        site.wait_for("ready http://");
        site
    });
    (story.ann, story.stranger) = (story.ann.moved_to(&base(&site)), visitor(&site));
    story.site = Some(site);
    story.tell("started again with little room");
    story.read().await;
    story.refuses_uploads().await;
    story.disk.free(0);
    let took = story.recovers().await;
    story.tell(&format!(
        "takes uploads {took:.1?} after the room came back"
    ));
    story.read().await;
    story.check().await;
    let site = story.site.take().expect("it runs");
    tokio::task::block_in_place(|| site.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_another_program_fills_stops_no_reader_and_no_deletion() {
    let Some(disk) = SmallDisk::mount(DISK_BYTES) else {
        return;
    };
    let mut story = Story::begin(disk).await;
    for round in 1..=rounds() {
        while story.ledger.posted.len() < 8 {
            let answer = story.post().await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        }
        story.recovers().await;
        story.tell(&format!("round {round}"));

        let url = story.site().record()["database_url"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut database = PgConnection::connect(&url).await.expect("a connection");
        story.disk.fill(0);
        story.tell("another program filled the disk");
        story.refuses_uploads().await;
        story.read().await;
        for action in ["visibility", "delete"] {
            story.take_away(action, 1).await;
            story.disk.fill(0);
        }
        story.tell("hid and deleted, and the room was taken again");

        story.write_much_log(&mut database).await;
        story.read().await;
        drop(database);
        story.tell("PostgreSQL wrote 128 MiB of log, reads");

        for victims in [&["app-0"][..], &["app-1"], &["nginx"], &["app-0", "app-1"]] {
            for victim in victims {
                story.kill(victim);
            }
            let back = victims
                .iter()
                .map(|victim| format!("{victim} answers after"));
            story.site().wait_for_all(&back.collect::<Vec<_>>());
            story.until_read().await;
            story.tell(&format!(
                "killed {} while full, reads",
                victims.join(" and ")
            ));
        }
        story.take_away("delete", 1).await;

        story.disk.free(0);
        story.recovers().await;
        story.disk.fill(0);
        story.kill("postgres");
        story.site().wait_for("postgres answers after");
        story.until_read().await;
        story.take_away("delete", 1 + CONNECTIONS).await;
        story.tell("killed postgres while full, reads and deletes");

        story.disk.free(0);
        story.recovers().await;
        story.disk.fill(0);
        let pids = story.site().pids();
        story.site().signal(Signal::SIGKILL);
        for pid in pids {
            // Some obeyed the kernel's parting signal already.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        story.site().end();
        story.site = None;
        let site = tokio::task::block_in_place(|| start(&story.disk));
        (story.ann, story.stranger) = (story.ann.moved_to(&base(&site)), visitor(&site));
        story.site = Some(site);
        story.read().await;
        story.take_away("delete", 1).await;
        story.check().await;
        story.tell("killed everything while full, started again, reads and deletes");

        story.disk.free(0);
        let took = story.recovers().await;
        story.read().await;
        story.check().await;
        story.tell(&format!(
            "takes uploads {took:.1?} after the room came back"
        ));
    }
    let site = story.site.take().expect("it runs");
    tokio::task::block_in_place(|| site.stop());
}
