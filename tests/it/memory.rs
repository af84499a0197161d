//! What an app process takes of memory, at most: the promise of `up` when it starts.

use std::io::Cursor;

use images::{LARGE_MEMORY_BYTES, MEMORY_BYTES};
use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::stack::site::{Site, folder, up};
use crate::town::{Visitor, jpeg};

/// An app process without pictures, as `stack::budget` counts it.
const BESIDE_PICTURES: u64 = 80 << 20;

/// A large file, as of phones that keep a film behind a picture.
fn large_file() -> Vec<u8> {
    let mut bytes = jpeg(1, 400, 300);
    bytes.resize(60 << 20, 0);
    bytes
}

/// As many pixels as the site takes, in a small file.
fn many_pixels() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let black = image::RgbImage::new(10_000, 10_000);
    let written = black.write_to(&mut file, image::ImageFormat::Png);
    written.expect("a picture");
    file.into_inner()
}

/// The most memory that a process had so far, in bytes.
fn peak(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.expect("a number") << 10
}

/// Uploads this picture twenty times at once, twice from each of ten accounts; returns how many were accepted.
async fn upload_twenty(members: &[Visitor], picture: &[u8]) -> usize {
    let mut uploads = JoinSet::new();
    for member in members.iter().chain(members) {
        let (member, picture) = (member.clone(), picture.to_vec());
        uploads.spawn(async move { member.upload("", "public", picture).await.status });
    }
    let statuses = uploads.join_all().await;
    for status in &statuses {
        let is_expected = [StatusCode::SEE_OTHER, StatusCode::SERVICE_UNAVAILABLE].contains(status);
        assert!(is_expected, "{statuses:?}");
    }
    let accepted = statuses
        .iter()
        .filter(|status| **status == StatusCode::SEE_OTHER);
    accepted.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_take_no_more_memory_than_up_announces() {
    let dir = folder();
    let mut command = up(dir.path());
    command.arg("--workers=1");
    let mut site = Site::start_as(command, dir.path());
    site.wait_for("ready http://");
    let base = format!(
        "http://{}",
        site.record()["listen"].as_str().expect("an address")
    );
    let mut members = Vec::new();
    for n in 0..10 {
        let member = Visitor::at(&base);
        let form = [
            ("name", format!("ann-{n}")),
            ("password", "correct horse battery".to_owned()),
        ];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = member.post("/register", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        members.push(member);
    }
    let before = peak(site.pid("app-0"));

    assert!(upload_twenty(&members, &large_file()).await >= 9);
    let files = peak(site.pid("app-0"));

    assert!(upload_twenty(&members, &many_pixels()).await >= 3);
    let pixels = peak(site.pid("app-0"));

    let shown = [before, files, pixels].map(|bytes| bytes >> 20);
    println!(
        "most memory of an app process, in MiB: before uploads, after 20 of 60 MB at once, after 20 of 100 megapixels: {shown:?}"
    );
    let announced = BESIDE_PICTURES + MEMORY_BYTES + LARGE_MEMORY_BYTES / 2;
    assert!(
        pixels <= announced,
        "{shown:?} MiB of {} MiB",
        announced >> 20
    );
    site.stop();
}
