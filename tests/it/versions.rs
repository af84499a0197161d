//! The four versions are one site: the same questions, asked of each over the same database, get the
//! same answers. And each of them starts, serves, survives its children and leaves nothing.

mod answers;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use flickr_killr::rung::Rung;
use nix::sys::signal::Signal;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use sqlx::{Connection as _, PgConnection};

use crate::stack::site::{Site, folder, program, run, runs, send, up};
use crate::town::{Visitor, jpeg};
use answers::Answer;

/// Who asks, what comes back (`~`: only the status is the same, because a front answers by itself),
/// what is asked, and what is sent along: headers, or a form.
const TABLE: &str = "
    stranger 200  GET     /
    stranger 200  GET     /?before=1000
    stranger 404  GET     /?before=1
    stranger 400  GET     /?before=x
    stranger 400  GET     /?before=1&after=2
    stranger 400  GET     /?page=2
    stranger 200  GET     /people
    stranger 200  GET     /people?from=m
    stranger 400  GET     /people?from=%3Cscript%3E
    stranger 200  GET     {stream}
    stranger 400  GET     {stream}?before=0
    stranger 303  GET     {stream}/archive
    stranger 404  GET     {stream}/archive/1870-01
    stranger 404  GET     {stream}/archive/2020-13
    stranger 200  GET     {photo}
    stranger 400  GET     {photo}?comments_after=x
    stranger 404  GET     {photo}x
    stranger 404  GET     {stream}/999999999
    stranger 404  GET     /people/nobody-of-that-name
    stranger 404  GET     /people/Not%20A%20Name
    stranger 404  GET     /people/%C3%A9
    stranger 404  GET     /people/..%2f
    stranger 404  GET     /no/such/page
    stranger 404  GET     //people
    stranger 200  GET     /login
    stranger 200  GET     /login?next=/people%3Ffrom%3Dm
    stranger 200  GET     /register
    stranger 303  GET     /upload
    stranger 405  GET     /logout
    stranger 200  GET     /lab
    stranger 404~ GET     /healthz
    stranger 404~ GET     /metrics
    stranger 200  HEAD    /
    stranger 200  HEAD    {photo}
    stranger 404  HEAD    /no/such/page
    stranger 405  DELETE  {photo}
    stranger 405  PUT     /
    stranger 405  POST    /people
    stranger 200  GET     /people                 x-forwarded-for: 10.0.0.1
    stranger 200  GET     /                       cookie: session=nonsense
    stranger 200  GET     /                       proxy: http://evil.example

    bob      200  GET     /
    bob      200  GET     /upload
    bob      200  GET     {public}
    bob      404  GET     {contacts}
    bob      404  GET     {private}
    bob      404  GET     {private-picture}
    bob      403  POST    {public}/delete         form:
    bob      403  POST    {public}/visibility     form: visibility=private
    ann      200  GET     /
    ann      200  GET     /people/ann
    ann      200  GET     {public}
    ann      200  GET     {contacts}
    ann      200  GET     {private}
    ann      200  GET     {private-picture}
    ann      200  HEAD    {private-picture}
    ann      404  GET     {private}/image/641.webp
    stranger 200  GET     /people/ann
    stranger 404  GET     {private}
    stranger 404  GET     {private-picture}
    stranger 303  POST    {public}/delete         form:

    stranger 422  POST    /login                  form: name=ann&password=wrong
    stranger 422  POST    /login                  form: name=nobody-of-that-name&password=wrong
    stranger 422  POST    /register               form: name=a&password=12345678
    stranger 422  POST    /register               form: name=ann&password=12345678
    stranger 422  POST    /register               form: name=%C3%A9%26%3D&password=12345678
    stranger 403  POST    /login                  sec-fetch-site: cross-site
    stranger 403  POST    /logout                 sec-fetch-site: cross-site
    ann      422  POST    /upload                 picture: nothing
    ann      422  POST    /upload                 picture: text
    ann      400  POST    /upload                 form: a=b
    stranger 303  POST    /upload                 picture: text
    stranger 413~ POST    /login                  form-bytes: 70000

    stranger 200  GET     {css}
    stranger 200  GET     {css}                   accept-encoding: identity
    stranger 200  HEAD    {css}
    stranger 304  GET     {css}                   if-none-match: {css-tag}
    stranger 304  HEAD    {css}                   if-none-match: W/{css-tag}
    stranger 304  GET     {css}                   if-none-match: \"other\", {css-tag}
    stranger 200  GET     {css}                   if-none-match: \"other\"
    stranger 200  GET     {css}                   if-none-match: *
    stranger 200  GET     {css}                   if-match: \"other\"
    stranger 200  GET     {css}                   if-modified-since: Tue, 15 Nov 2033 12:45:26 GMT
    stranger 200  GET     {css}?version=2
    stranger 405  POST    {css}                   form:
    stranger 200  GET     {js}
    stranger 200  GET     {icon}
    stranger 404  GET     /static/site.000000000000.css
    stranger 404  GET     /static/
    stranger 404  GET     /static/%2e%2e/site.css
    stranger 404  GET     /static/.hidden.css
    stranger 200  GET     {picture}
    stranger 200  GET     {picture}               accept-encoding: identity
    stranger 200  HEAD    {picture}
    ann      200  GET     {picture}
    stranger 206  GET     {picture}               range: bytes=10-19
    stranger 206  GET     {picture}               range: bytes=-10
    stranger 416~ GET     {picture}               range: bytes=9999999-
    stranger 200  GET     {picture}               if-none-match: \"other\"
    stranger 200  GET     {picture}               if-none-match: *
    stranger 200  GET     {picture}               if-modified-since: Tue, 15 Nov 2033 12:45:26 GMT
    stranger 200  GET     {picture}?a=b
    stranger 405  POST    {picture}               form:
    stranger 404  GET     /i/1/AAAAAAAAAAAAAAAAAAAAAA/640.webp
    stranger 404  GET     /i/1/x/640.webp
    stranger 404  GET     {picture}x
    stranger 404  GET     /i/
    stranger 404  GET     /i/x/../y
";

/// One row of the table.
#[derive(Debug, Clone)]
struct Question {
    who: String,
    status: u16,
    only_status: bool,
    method: Method,
    path: String,
    /// A header, or what is sent: its kind and value.
    along: Option<(String, String)>,
    row: String,
}

fn questions(facts: &BTreeMap<&str, String>) -> Vec<Question> {
    let filled = facts.iter().fold(TABLE.to_owned(), |table, (name, value)| {
        table.replace(&format!("{{{name}}}"), value)
    });
    let rows = filled.lines().map(str::trim).filter(|row| !row.is_empty());
    rows.map(|row| {
        let mut words = row.split_whitespace();
        let mut word = || words.next().unwrap_or_else(|| panic!("{row} is too short"));
        let (who, status) = (word().to_owned(), word().to_owned());
        let (method, path) = (word(), word().to_owned());
        let along = words.collect::<Vec<_>>().join(" ");
        Question {
            who,
            only_status: status.ends_with('~'),
            status: status.trim_end_matches('~').parse().expect("a status"),
            method: method.parse().expect("a method"),
            path,
            along: along
                .split_once(':')
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned())),
            row: row.to_owned(),
        }
    })
    .collect()
}

/// People with their sessions at one running version.
struct Audience {
    client: Client,
    base: String,
    sessions: BTreeMap<String, String>,
}

const PASSWORD: &str = "correct horse battery";

impl Audience {
    async fn of(site: &Site) -> Self {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        let mut audience = Self {
            client,
            base: base(site),
            sessions: BTreeMap::new(),
        };
        for name in ["ann", "bob"] {
            let form = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
            let url = format!("{}/login", audience.base);
            let request = audience
                .client
                .post(url)
                .header("sec-fetch-site", "same-origin");
            let request = request.header("content-type", FORM).body(form);
            let response = request.send().await.expect("an answer");
            let cookie = response.headers()["set-cookie"].to_str().expect("a cookie");
            let session = cookie.split(';').next().expect("a value").to_owned();
            audience.sessions.insert(name.to_owned(), session);
        }
        audience
    }

    async fn ask(&self, question: &Question) -> Answer {
        let url = format!("{}{}", self.base, question.path);
        let mut request = self.client.request(question.method.clone(), url);
        let (kind, value) = question.along.clone().unwrap_or_default();
        if kind != "accept-encoding" {
            request = request.header("accept-encoding", "gzip");
        }
        if kind != "sec-fetch-site" {
            request = request.header("sec-fetch-site", "same-origin");
        }
        if let Some(session) = self.sessions.get(&question.who) {
            request = request.header("cookie", session);
        }
        request = match kind.as_str() {
            "" => request,
            "form" => request.header("content-type", FORM).body(value),
            "form-bytes" => {
                let count = value.parse().expect("a number");
                request.header("content-type", FORM).body("a".repeat(count))
            }
            "picture" => {
                let bytes = if value == "nothing" {
                    vec![]
                } else {
                    value.into_bytes()
                };
                let picture = reqwest::multipart::Part::bytes(bytes).file_name("a.jpg");
                let form = reqwest::multipart::Form::new().part("picture", picture);
                request.multipart(form.text("title", "").text("visibility", "public"))
            }
            header => request.header(header, value),
        };
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a whole body");
        Answer::of(status, &headers, body.to_vec())
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn base(site: &Site) -> String {
    format!(
        "http://{}",
        site.record()["listen"].as_str().expect("an address")
    )
}

/// A site of that version on the one database.
async fn start(dir: &Path, rung: Rung) -> Site {
    let mut command = up(dir);
    command.args(["--rung", rung.version()]);
    let dir = dir.to_owned();
    let started = tokio::task::spawn_blocking(move || {
        let mut site = Site::start_as(command, &dir);
        site.wait_for("ready http://");
        site
    });
    started.await.expect("a running site")
}

/// People, their photos, and the names that the table has for them.
async fn prepare(site: &Site) -> BTreeMap<&'static str, String> {
    let (ann, bob, stranger) = (
        Visitor::at(&base(site)),
        Visitor::at(&base(site)),
        Visitor::at(&base(site)),
    );
    for (visitor, name) in [(&ann, "ann"), (&bob, "bob")] {
        let form = [("name", name), ("password", PASSWORD)];
        assert_eq!(visitor.post("/register", &form).await.status, 303);
    }
    let mut facts = BTreeMap::new();
    for (seed, level) in ["public", "contacts", "private"].into_iter().enumerate() {
        let posted = ann
            .upload("A picture", level, jpeg(seed as u8, 900, 600))
            .await;
        assert_eq!(posted.status, 303, "{}", posted.text());
        facts.insert(level, posted.header("location").to_owned());
    }
    let private = ann.get(&facts["private"]).await;
    let own = |url: &String| url.contains("/image/");
    let own = private.values_of("src").into_iter().find(own);
    facts.insert("private-picture", own.expect("a picture"));
    let page = stranger.get("/").await;
    let (hrefs, sources) = (page.values_of("href"), page.values_of("src"));
    let find = |urls: &[String], begin: &str, end: &str| {
        let found = urls
            .iter()
            .find(|url| url.starts_with(begin) && url.ends_with(end));
        found
            .unwrap_or_else(|| panic!("no {begin}...{end} in {urls:?}"))
            .clone()
    };
    facts.insert("css", find(&hrefs, "/static/site.", ".css"));
    facts.insert("js", find(&sources, "/static/", ".js"));
    facts.insert("icon", find(&hrefs, "/static/", ".svg"));
    facts.insert("picture", find(&sources, "/i/", ".webp"));
    let hash = facts["css"].split('.').nth(1).expect("a fingerprint");
    facts.insert("css-tag", format!("\"{hash}\""));
    let is_photo = |url: &&String| {
        let name = url
            .strip_prefix("/people/")
            .and_then(|rest| rest.split_once('/'));
        name.is_some_and(|(name, _)| name != "ann")
    };
    let photo = hrefs.iter().find(is_photo).expect("a photo").clone();
    let (stream, _) = photo.rsplit_once('/').expect("a person");
    facts.insert("stream", stream.to_owned());
    facts.insert("photo", photo);
    facts
}

#[tokio::test]
async fn all_versions_answer_alike_and_survive_and_leave_nothing() {
    let dir = folder();
    let mut site = start(dir.path(), Rung::CacheMoney).await;
    let facts = prepare(&site).await;
    let questions = questions(&facts);
    let expected = answers(&site, &questions, Rung::CacheMoney).await;
    guessing_is_slowed(&site, Rung::CacheMoney).await;
    hidden_is_gone(&site, Rung::CacheMoney).await;
    site = survives(site, Rung::CacheMoney).await;
    stop(site, Rung::CacheMoney).await;

    let mut left = vec![];
    for rung in [Rung::CgiStrawman, Rung::OneServer, Rung::SharedNothing] {
        site = start(dir.path(), rung).await;
        let still: Vec<&i32> = left.iter().filter(|pid| runs(**pid)).collect();
        assert!(
            still.is_empty(),
            "still there when {rung} is ready: {still:?}"
        );
        let got = answers(&site, &questions, rung).await;
        let mut differences = Vec::new();
        for ((question, got), expected) in questions.iter().zip(&got).zip(&expected) {
            let difference = got.differs_from(expected);
            if let Some(difference) = difference.filter(|_| !question.only_status) {
                differences.push(format!("{}: {difference}", question.row));
            }
        }
        assert!(
            differences.is_empty(),
            "version {rung} answers otherwise than 0.4:\n{}",
            differences.join("\n")
        );
        guessing_is_slowed(&site, rung).await;
        hidden_is_gone(&site, rung).await;
        site = survives(site, rung).await;
        if rung == Rung::CgiStrawman {
            // What fcgiwrap forked outlives it; the next start, of another version, clears it away.
            left = kill_supervisor(site).await;
        } else {
            stop(site, rung).await;
        }
    }
}

/// The children of a version, its own names for them.
fn children(rung: Rung) -> &'static [&'static str] {
    match rung {
        Rung::CgiStrawman => &["fcgiwrap", "jobs", "nginx", "postgres"],
        Rung::OneServer => &["app-0", "postgres"],
        Rung::SharedNothing => &["app-0", "app-1", "nginx", "postgres"],
        Rung::CacheMoney => &["app-0", "app-1", "memcached", "nginx", "postgres"],
    }
}

/// Kills what answers for the application: it is replaced, and the site serves on.
async fn survives(mut site: Site, rung: Rung) -> Site {
    let killed = tokio::task::spawn_blocking(move || {
        let record = site.record();
        let running = record["children"].as_object().expect("children");
        let running: Vec<&str> = running.keys().map(String::as_str).collect();
        assert_eq!(running, children(rung), "{rung}");
        if rung == Rung::CgiStrawman {
            // One of those that take requests; the first of them, fcgiwrap itself, forks another.
            let first = site.pid("fcgiwrap");
            let forked = forked_by(first)[0];
            send(forked, Signal::SIGKILL);
            until(|| !runs(forked) && forked_by(first).len() == PROGRAMS_AT_ONCE);
            assert!(site.get("/").starts_with("HTTP/1.1 200"), "{rung}");
        }
        let victim = children(rung)[0];
        let (before, family) = (site.pid(victim), forked_by(site.pid(victim)));
        send(before, Signal::SIGKILL);
        site.wait_for(&format!("!! {victim} ended"));
        site.wait_for(&format!("{victim} answers after"));
        assert_ne!(site.pid(victim), before, "{rung}");
        assert!(family.iter().all(|pid| !runs(*pid)), "{rung}: {family:?}");
        assert!(site.get("/").starts_with("HTTP/1.1 200"), "{rung}");
        site
    });
    killed.await.expect("it survives")
}

/// How many programs run at once for two app processes: four for each.
const PROGRAMS_AT_ONCE: usize = 8;

fn forked_by(pid: i32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let pids = children.split_whitespace();
    pids.filter_map(|pid| pid.parse().ok()).collect()
}

fn until(condition: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "it never happens");
        std::thread::yield_now();
    }
}

/// How long anything may take; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Stops a site in order: no process, no socket and no warning of nginx is left.
async fn stop(site: Site, rung: Rung) {
    let stopped = tokio::task::spawn_blocking(move || {
        let (mut pids, sockets, state) = (site.pids(), site.sockets(), site.state.clone());
        pids.extend(site.pids().into_iter().flat_map(forked_by));
        let status = run(program(state.parent().expect("a folder"), &["status"]));
        let said = String::from_utf8_lossy(&status.stdout).into_owned();
        let version = format!("{rung}, {}", rung.name());
        assert!(said.contains(&version), "no {version:?} in\n{said}");
        site.stop();
        assert!(
            !pids.iter().any(|pid| runs(*pid)),
            "{rung} leaves some of {pids:?}"
        );
        assert!(!sockets.exists(), "{rung} leaves {}", sockets.display());
        let log = std::fs::read_to_string(state.join("logs/nginx.log")).unwrap_or_default();
        assert!(
            !log.contains("[warn]") && !log.contains("[emerg]"),
            "{rung}: {log}"
        );
    });
    stopped.await.expect("a stopped site");
}

/// Kills `up` itself, and names whom fcgiwrap leaves behind.
async fn kill_supervisor(mut site: Site) -> Vec<i32> {
    let killed = tokio::task::spawn_blocking(move || {
        let left = forked_by(site.pid("fcgiwrap"));
        assert!(left.iter().any(|pid| runs(*pid)), "nobody to leave behind");
        site.signal(Signal::SIGKILL);
        site.end();
        left
    });
    killed.await.expect("a dead supervisor")
}

async fn answers(site: &Site, questions: &[Question], rung: Rung) -> Vec<Answer> {
    forget_tries(site).await;
    let audience = Audience::of(site).await;
    forget_tries(site).await;
    let (mut answers, mut wrong) = (Vec::new(), Vec::new());
    for question in questions {
        let answer = audience.ask(question).await;
        if answer.status != question.status {
            wrong.push(format!("{}: status {}", question.row, answer.status));
        }
        answers.push(answer);
    }
    assert!(
        wrong.is_empty(),
        "version {rung} answers otherwise than expected:\n{}",
        wrong.join("\n")
    );
    answers
}

/// Lets everybody guess from the beginning again: what one version counted holds for all.
async fn forget_tries(site: &Site) {
    let url = site.record()["database_url"]
        .as_str()
        .expect("a URL")
        .to_owned();
    let mut database = PgConnection::connect(&url).await.expect("a database");
    let forgotten = sqlx::query("delete from login_failures")
        .execute(&mut database)
        .await;
    forgotten.expect("nothing is counted");
}

/// Whoever guesses passwords waits, and cannot say that somebody else did.
async fn guessing_is_slowed(site: &Site, rung: Rung) {
    forget_tries(site).await;
    let client = Client::new();
    let mut statuses = Vec::new();
    for guess in 0..7 {
        let request = client.post(format!("{}/login", base(site)));
        let request = request
            .header("sec-fetch-site", "same-origin")
            .header("content-type", FORM);
        let request = request.header("x-forwarded-for", format!("10.0.0.{guess}"));
        let answer = request
            .body(format!("name=nobody-{guess}&password=wrong"))
            .send()
            .await;
        statuses.push(answer.expect("an answer").status().as_u16());
    }
    assert_eq!(
        (statuses[0], statuses[6]),
        (422, 429),
        "{rung}: {statuses:?}"
    );
    forget_tries(site).await;
}

/// What a visitor can no longer see is gone from disk and memory as well, before it is said.
async fn hidden_is_gone(site: &Site, rung: Rung) {
    let (ann, stranger) = (Visitor::at(&base(site)), Visitor::at(&base(site)));
    let form = [("name", "ann"), ("password", PASSWORD)];
    assert_eq!(ann.post("/login", &form).await.status, 303, "{rung}");
    for (seed, (action, form)) in [
        ("delete", [].as_slice()),
        ("visibility", [("visibility", "private")].as_slice()),
    ]
    .into_iter()
    .enumerate()
    {
        let picture = jpeg(100 + seed as u8, 800, 500);
        let posted = ann.upload("Soon gone", "public", picture).await;
        let page = posted.header("location").to_owned();
        let sources = stranger.get(&page).await.values_of("src");
        let picture = sources.iter().find(|url| url.starts_with("/i/"));
        let picture = picture.unwrap_or_else(|| panic!("{rung}: no picture on {page}"));
        for _ in 0..3 {
            assert_eq!(stranger.get(picture).await.status, 200, "{rung}: {picture}");
        }
        let done = ann.post(&format!("{page}/{action}"), form).await;
        assert_eq!(done.status, 303, "{rung}: {}", done.text());
        for path in [picture, &page] {
            let after = stranger.get(path).await;
            assert_eq!(after.status, 404, "{rung}, after {action}: {path}");
        }
        if action == "visibility" {
            let gone = ann.post(&format!("{page}/delete"), &[]).await;
            assert_eq!(gone.status, 303, "{rung}: {}", gone.text());
        }
    }
}
