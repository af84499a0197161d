//! What members' files hold besides pixels never reaches a log: pictures with a canary in each field
//! that a program can write are posted, accepted and refused ones, and then every log is read.

mod files;

use std::fs::File;
use std::path::Path;

use reqwest::StatusCode;

use crate::stack::site::{Site, folder, up};
use crate::town::Visitor;
use files::Aviary;

/// Everything below a folder of logs, as text.
fn all_text(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            text += &all_text(&path);
        } else {
            text += &String::from_utf8_lossy(&std::fs::read(&path).expect("a log"));
        }
    }
    text
}

/// The first line that holds a canary: as text, or as the numbers that `Debug` prints for bytes.
fn canary_in(text: &str) -> Option<&str> {
    let narrow = "99, 97, 110, 97, 114, 121";
    let wide = "99, 0, 97, 0, 110, 0, 97, 0, 114, 0, 121";
    text.lines().find(|line| {
        let line = line.to_lowercase();
        [files::CANARY, narrow, wide]
            .iter()
            .any(|form| line.contains(form))
    })
}

#[tokio::test]
async fn no_log_holds_what_a_file_says_about_its_picture() {
    let dir = folder();
    let said = dir.path().join("said");
    let mut command = up(dir.path());
    // Everything that any crate may log, not only what is logged by itself.
    command
        .env(
            "RUST_LOG",
            "trace,nom_exif=trace,png=trace,image=trace,multer=trace",
        )
        .stderr(File::create(&said).expect("a file"));
    let mut site = Site::start_as(command, dir.path());
    let ready = site.wait_for("ready http://");
    let base = ready.split_whitespace().last().expect("an address");
    let ann = Visitor::at(base.trim_end_matches('/'));
    let form = [
        ("name", "ann-1"),
        ("display_name", ""),
        ("password", "correct horse battery"),
    ];
    assert_eq!(
        ann.post("/register", &form).await.status,
        StatusCode::SEE_OTHER
    );

    let mut aviary = Aviary::default();
    for (ending, file) in aviary.accepted() {
        let name = format!("{}.{ending}", aviary.canary());
        let posted = ann.upload_named(&name, "A picture", "private", file).await;
        assert_eq!(
            posted.status,
            StatusCode::SEE_OTHER,
            "{ending}: {}",
            posted.text()
        );
        let page = ann.get(posted.header("location")).await;
        let picture = page
            .values_of("src")
            .into_iter()
            .find(|url| url.contains("/image/"));
        let drawn = ann.get(&picture.expect("a picture on the page")).await;
        assert_eq!(drawn.status, StatusCode::OK, "{ending}");
        let shown = String::from_utf8_lossy(&drawn.body).to_lowercase();
        assert!(
            !shown.contains(files::CANARY),
            "{ending}: a derivative sings"
        );
    }
    for (why, file) in aviary.refused() {
        let name = format!("{}.jpg", aviary.canary());
        let posted = ann.upload_named(&name, "A picture", "private", file).await;
        assert_eq!(posted.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
    }

    let state = site.state.clone();
    let heard = site.heard();
    site.stop();
    let logs = all_text(&state.join("logs"));
    assert!(logs.contains("refused an upload"), "no log was read");
    for (which, text) in [
        ("the logs", logs),
        ("standard output", heard),
        (
            "standard error",
            std::fs::read_to_string(&said).expect("a file"),
        ),
    ] {
        assert_eq!(canary_in(&text), None, "in {which}");
    }
}
