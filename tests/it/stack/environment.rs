//! What programs of the same kind read from the environment says nothing about this site.

use std::process::Command;

use sqlx::{Connection as _, PgConnection, raw_sql};

use crate::cluster::Database;

use super::site::{Site, folder, program, refusal, run, up};

/// Variables that belong to another PostgreSQL, nginx, memcached or fcgiwrap: read by the programs
/// themselves, by their libraries, or by our driver.
const OF_OTHERS: [(&str, &str); 33] = [
    ("PGHOST", "db.example"),
    ("PGHOSTADDR", "192.0.2.1"),
    ("PGPORT", "5433"),
    ("PGUSER", "somebody"),
    ("PGDATABASE", "other"),
    ("PGPASSWORD", "x"),
    ("PGPASSFILE", "/nowhere/pgpass"),
    ("PGSERVICE", "prod"),
    ("PGSERVICEFILE", "/nowhere/pg_service.conf"),
    ("PGSYSCONFDIR", "/nowhere"),
    ("PGSSLMODE", "verify-full"),
    ("PGSSLROOTCERT", "/nowhere/ca.pem"),
    ("PGSSLCERT", "/nowhere/client.pem"),
    ("PGSSLKEY", "/nowhere/client.key"),
    ("PGREQUIREAUTH", "scram-sha-256"),
    (
        "PGOPTIONS",
        "-c search_path=elsewhere -c default_transaction_read_only=on",
    ),
    ("PGAPPNAME", "x"),
    ("PGCONNECT_TIMEOUT", "1"),
    ("PGCLIENTENCODING", "LATIN1"),
    ("PGDATESTYLE", "German"),
    ("PGTZ", "Asia/Tokyo"),
    ("PGDATA", "/nowhere"),
    ("TZ", "Asia/Tokyo"),
    ("LC_ALL", "de_DE.UTF-8"),
    ("LC_MESSAGES", "de_DE.UTF-8"),
    // nginx takes sockets over by these numbers.
    ("NGINX", "7;8;"),
    ("MEMCACHED_PORT_FILENAME", "/nowhere/port"),
    ("MEMCACHED_HOSTNAME", "db.example"),
    ("LISTEN_FDS", "3"),
    ("LISTEN_PID", "1"),
    ("FCGI_WEB_SERVER_ADDRS", "192.0.2.1"),
    ("OPENSSL_CONF", "/nowhere/openssl.cnf"),
    ("MALLOC_ARENA_MAX", "1"),
];

fn among_others(mut command: Command) -> Command {
    command.envs(OF_OTHERS);
    command
}

/// The names of the variables that a process was started with. Not for nginx and PostgreSQL, which overwrite them with
/// their titles; both are started by the same lines as the app processes, and PATH shows that a list is whole.
fn variables(pid: i32) -> Vec<String> {
    let variables = std::fs::read(format!("/proc/{pid}/environ")).expect("our own child");
    let variables = String::from_utf8_lossy(&variables).into_owned();
    let names = variables.split('\0').filter_map(|one| one.split_once('='));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn a_site_and_its_commands_find_their_own_database_whatever_the_environment_says() {
    let dir = folder();
    let mut site = Site::start_as(among_others(up(dir.path())), dir.path());
    site.wait_for("ready http://");
    assert!(site.get("/people").starts_with("HTTP/1.1 200"));
    for child in ["memcached", "app-0", "app-1"] {
        let variables = variables(site.pid(child));
        assert!(variables.iter().any(|known| known == "PATH"), "{child}");
        let of_others = OF_OTHERS
            .iter()
            .filter(|(name, _)| variables.iter().any(|known| known == name));
        let of_others: Vec<_> = of_others.collect();
        assert!(of_others.is_empty(), "{child} has {of_others:?}");
    }
    for words in [
        ["status"].as_slice(),
        &["index", "status"],
        &["index", "drop"],
        &["index", "create"],
        &["urls", "--random-people=3"],
        &["cache", "stat"],
        &["config"],
    ] {
        let output = run(among_others(program(dir.path(), words)));
        assert!(output.status.success(), "{words:?}: {output:?}");
    }
    let status = run(among_others(program(dir.path(), &["status"])));
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("200 people, 2,000 photos"), "{said}");
    let stop = run(among_others(program(dir.path(), &["stop"])));
    assert!(stop.status.success(), "{stop:?}");
    assert!(site.end().success());
}

#[test]
fn programs_started_for_a_request_see_nothing_of_it_either() {
    let dir = folder();
    let mut command = among_others(up(dir.path()));
    command.args(["--rung=0.1", "--workers=1"]);
    let mut site = Site::start_as(command, dir.path());
    site.wait_for("ready http://");
    assert!(site.get("/people").starts_with("HTTP/1.1 200"));
    for child in ["fcgiwrap-0", "jobs"] {
        let variables = variables(site.pid(child));
        let of_others = OF_OTHERS
            .iter()
            .any(|(name, _)| variables.iter().any(|known| known == name));
        assert!(!of_others, "{child} has {variables:?}");
    }
    site.stop();
}

#[tokio::test]
async fn a_given_address_is_whole_and_nothing_is_added_from_the_environment() {
    let dir = folder();
    let database = Database::new().await;
    let load = |url: &str| {
        let words = [
            "demo",
            "load",
            "--users=20",
            "--photos=60",
            "--database-url",
            url,
        ];
        among_others(program(dir.path(), &words))
    };
    let output = run(load(&database.url()));
    assert!(output.status.success(), "{output:?}");
    // Without a user it is the one who asks, also where PGUSER names one who may.
    let nameless = database.url().replace("postgres@", "");
    let mut command = load(&nameless);
    command.arg("--unless-loaded").env("PGUSER", "postgres");
    let said = refusal(command);
    assert!(
        said.contains("role") && said.contains("does not exist"),
        "{said}"
    );
}

#[tokio::test]
async fn a_search_path_that_leads_nowhere_is_no_panic() {
    let database = Database::new().await;
    let mut connection = PgConnection::connect_with(&database.options())
        .await
        .expect("a database");
    raw_sql("create table notes (body text); set search_path = elsewhere")
        .execute(&mut connection)
        .await
        .expect("a table");
    let found = db::schema::inspect_on(&mut connection).await;
    let found = format!("{:?}", found.expect("an answer"));
    assert!(found.contains("Foreign"), "{found}");
}
