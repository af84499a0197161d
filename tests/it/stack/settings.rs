//! Every setting can be said in three ways, and `config` tells which one held.

use super::site::{Site, folder, program, refusal, run};

#[track_caller]
fn assert_setting(said: &str, name: &str, value: &str, origin: &str) {
    let line = said
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")));
    let line = line.unwrap_or_else(|| panic!("no {name} in\n{said}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[1..3], [value, origin], "{line}");
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let dir = folder();
    let file = dir.path().join("site.toml");
    let text = "users = 5\nphotos = 6\nseed = 7\nlab = false\nderivatives-gb = 0.5\n";
    std::fs::write(&file, text).expect("a file");
    assert_file_decides(&dir, &file);
    // Editors on Windows begin a file with a byte order mark, and end lines with two characters.
    std::fs::write(&file, format!("\u{feff}{}", text.replace('\n', "\r\n"))).expect("a file");
    assert_file_decides(&dir, &file);
}

#[track_caller]
fn assert_file_decides(dir: &tempfile::TempDir, file: &std::path::Path) {
    let file = file.to_string_lossy().into_owned();
    let mut command = program(dir.path(), &["config", "--users=50", "--config", &file]);
    command.env("FLICKR_KILLR_PHOTOS", "60");
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_setting(&said, "users", "50", "flag");
    assert_setting(&said, "photos", "60", "environment");
    assert_setting(&said, "seed", "7", "file");
    assert_setting(&said, "lab", "false", "file");
    assert_setting(&said, "derivatives-gb", "0.5", "file");
    assert_setting(&said, "memcached-mb", "256", "default");
}

#[test]
fn an_unknown_name_in_the_file_is_an_error_that_lists_the_known_ones() {
    let dir = folder();
    let file = dir.path().join("site.toml");
    std::fs::write(&file, "usres = 5\n").expect("a file");
    let said = refusal(program(
        dir.path(),
        &["config", "--config", &file.to_string_lossy()],
    ));
    assert!(
        said.contains("\"usres\", which is no setting; known are"),
        "{said}"
    );
    assert!(said.contains("users"), "{said}");
}

#[test]
fn a_value_in_the_file_is_checked_as_a_flag_is() {
    let dir = folder();
    let file = dir.path().join("site.toml");
    std::fs::write(&file, "users = \"many\"\n").expect("a file");
    let output = run(program(
        dir.path(),
        &["config", "--config", &file.to_string_lossy()],
    ));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("many") && said.contains("--users"), "{said}");
}

#[test]
fn a_password_in_the_database_url_is_not_shown() {
    let dir = folder();
    let mut command = program(dir.path(), &["config"]);
    command.env("DATABASE_URL", "postgres://me:secret@host/db");
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("postgres://me:***@host/db"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn config_of_a_running_site_shows_what_runs_and_what_would_be_new() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let mut command = program(dir.path(), &["config", "--users=50", "--workers=2"]);
    command.env("FLICKR_KILLR_MEMCACHED_MB", "512");
    let output = run(command);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (runs, differs) = said
        .split_once("set here, and not what runs")
        .unwrap_or_else(|| panic!("no second part in\n{said}"));
    let record = site.record();
    // The port that was found, not the 0 that was asked for.
    assert_setting(
        runs,
        "listen",
        record["listen"].as_str().expect("an address"),
        "flag",
    );
    assert_setting(runs, "users", "200", "flag");
    assert_setting(runs, "workers", "2", "flag");
    assert_setting(runs, "memcached-mb", "16", "flag");
    assert_setting(runs, "lab", "true", "default");
    assert_setting(runs, "rung", "0.4", "default");
    assert_setting(runs, "seed", "2007", "default");
    assert_setting(differs, "users", "50", "flag");
    assert_setting(differs, "memcached-mb", "512", "environment");
    assert!(
        !differs.contains("workers") && !differs.contains("seed"),
        "{differs}"
    );
    site.stop();

    let output = run(program(dir.path(), &["config"]));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("no site runs in"), "{said}");
    assert_setting(&said, "listen", "127.0.0.1:8080", "default");
}

#[test]
fn config_leaves_no_value_open_that_is_known() {
    let dir = folder();
    let said = run(program(dir.path(), &["config", "--no-lab"])).stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert_setting(&said, "workers", &cores.to_string(), "default");
    assert_setting(&said, "lab", "false", "flag");
    assert_setting(&said, "database-url", "private", "default");
    assert!(!said.contains("no-lab"), "{said}");
}

#[tokio::test]
async fn a_record_that_may_hold_a_password_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder();
    let database = crate::cluster::Database::new().await;
    for (given, expected) in [(Some(database.url()), 0o600), (None, 0o644)] {
        let mut command = super::site::up(dir.path());
        if let Some(url) = given {
            command.env("DATABASE_URL", url);
        }
        let mut site = Site::start_as(command, dir.path());
        site.wait_for("ready http://");
        let record = std::fs::metadata(site.state.join("running.json")).expect("a record");
        assert_eq!(record.permissions().mode() & 0o777, expected);
        site.stop();
    }
}
