//! Every setting can be said in three ways, and `config` tells which one held.

use super::site::{folder, program, refusal, run};

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
