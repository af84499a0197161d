//! What `up` refuses: in a clear sentence, with a non-zero code, and nothing destroyed.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::cluster::Database;

use super::site::{Site, folder, program, refusal, up};

#[test]
fn a_second_up_on_the_same_directory_is_refused_and_the_first_serves_on() {
    let dir = folder();
    let site = Site::ready(dir.path());
    let said = refusal(up(dir.path()));
    assert!(said.contains("is running already as process"), "{said}");
    assert!(site.get("/").starts_with("HTTP/1.1 200"));
    site.stop();
}

#[test]
fn a_taken_port_is_told_before_anything_is_made() {
    let dir = folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let mut command = up(dir.path());
    command.arg(format!("--listen={address}"));
    let said = refusal(command);
    assert!(
        said.contains(&format!("{address} is taken by another program")),
        "{said}"
    );
    assert!(!dir.path().join("state/database/cluster").exists());
}

#[test]
fn a_missing_program_names_its_debian_package() {
    let dir = folder();
    // The PATH is empty, but programs of the administrator (nginx, fcgiwrap) are found without it.
    for (rung, packages) in [
        ("0.4", "apt-get install memcached util-linux"),
        ("0.3", "apt-get install util-linux"),
    ] {
        let mut command = up(dir.path());
        command.args(["--rung", rung]).env("PATH", dir.path());
        let said = refusal(command);
        assert!(
            said.contains(&format!("version {rung} needs")) && said.trim_end().ends_with(packages),
            "{said}"
        );
    }
}

#[test]
fn too_little_disk_and_too_little_memory_are_told_first() {
    let dir = folder();
    let mut command = up(dir.path());
    command.arg("--derivatives-gb=1000000");
    let said = refusal(command);
    assert!(said.contains("too little disk"), "{said}");
    let mut command = up(dir.path());
    command.arg("--memcached-mb=1048576");
    let said = refusal(command);
    assert!(said.contains("too little memory"), "{said}");
    assert!(!dir.path().join("state/database/cluster").exists());
}

#[test]
fn one_password_for_all_is_refused_where_others_can_reach_it() {
    let dir = folder();
    let mut command = up(dir.path());
    command.args(["--demo-logins", "--listen=0.0.0.0:0"]);
    let said = refusal(command);
    assert!(said.contains("loopback only"), "{said}");
}

#[test]
fn a_database_that_does_not_answer_is_told() {
    let dir = folder();
    let mut command = up(dir.path());
    command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let said = refusal(command);
    assert!(
        said.contains("the database of DATABASE_URL does not answer"),
        "{said}"
    );
}

#[tokio::test]
async fn somebody_elses_tables_are_refused_and_left_as_they_are() {
    let dir = folder();
    let database = Database::new().await;
    let pool = database.pool().await;
    let precious = "create table notes (body text); insert into notes values ('precious')";
    sqlx::raw_sql(precious)
        .execute(&pool)
        .await
        .expect("a table");
    let mut command = up(dir.path());
    command.env("DATABASE_URL", database.url());
    let said = refusal(command);
    assert!(said.contains("did not make (notes)"), "{said}");
    let tables = "select string_agg(relname, ' ') from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
    let left: String = sqlx::query_scalar(tables)
        .fetch_one(&pool)
        .await
        .expect("an answer");
    assert_eq!(left, "notes");
}

#[tokio::test]
async fn a_given_database_is_used_and_no_server_is_started_for_it() {
    let dir = folder();
    let database = Database::new().await;
    let mut command = up(dir.path());
    command.env("DATABASE_URL", database.url());
    let mut site = Site::start_as(command, dir.path());
    site.wait_for("ready http://");
    assert_eq!(
        site.record()["children"]
            .as_object()
            .expect("children")
            .len(),
        4
    );
    assert!(!site.state.join("database/cluster").exists());
    assert!(site.get("/").starts_with("HTTP/1.1 200"));
    if nix::unistd::geteuid().is_root() {
        for words in ["status", "config", "stop"] {
            let ours = program(dir.path(), &[words]);
            // Another user may reach the copy of the program that the children run.
            let mut command = Command::new(site.state.join("bin/flickr-killr"));
            command.args(ours.get_args()).uid(65534).gid(65534);
            command.env_remove("DATABASE_URL");
            command.env("FLICKR_KILLR_STATE_DIR", &site.state);
            let said = refusal(command);
            assert!(
                said.contains("may be seen by the user that started it"),
                "{said}"
            );
        }
    }
    let record = site.state.join("running.json");
    site.stop();
    // Both hold the password of the address.
    assert!(!record.exists() && !record.with_extension("new").exists());
}
