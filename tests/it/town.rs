//! A small site with people and photos, served by the real router, and a visitor: a client with a method for each action.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use db::demo;
use db::schema::Contents;
use domain::Reserve;
use domain::config::Site;
use domain::rung::Rung;
use flickr_killr::server;
use flickr_killr::web::AppState;
use ladder::lab::Place;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::cluster::Database;

/// The header in which a front passes the client's address.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The password of all demo people in tests.
pub(crate) const DEMO_PASSWORD: &str = "a password for the demo people";

/// A running site on its own database.
pub(crate) struct Town {
    pub(crate) pool: PgPool,
    pub(crate) base: String,
    pub(crate) folder: TempDir,
    pub(crate) database: Database,
    /// The state of its process, for checks that need it.
    pub(crate) site: site::Site,
    config: Site,
}

impl Town {
    /// A site with the demo set of 200 people and 2,000 photos, on a port of its own.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// As [`Town::new`], but without the lab.
    pub(crate) async fn without_lab() -> Self {
        Self::made(&[], false).await
    }

    /// As [`Town::new`], with these memcached servers.
    pub(crate) async fn with(memcached: &[SocketAddr]) -> Self {
        Self::made(memcached, true).await
    }

    async fn made(memcached: &[SocketAddr], lab: bool) -> Self {
        let contents = Contents {
            seed: 2007,
            users: 200,
            photos: 2_000,
        };
        let load = async |options| {
            let loaded = demo::load(&options, contents, |_| {}).await;
            loaded.expect("the demo set loads");
        };
        let database = Database::loaded(load).await;
        let pool = database.pool().await;
        let folder = tempfile::Builder::new()
            .prefix("fk")
            .tempdir()
            .expect("a folder");
        let password = folder.path().join("demo-password");
        std::fs::write(&password, DEMO_PASSWORD).expect("a file");
        let config = Site {
            database_url: database.url(),
            database_connections: 4,
            memcached: memcached.to_vec(),
            fence: false,
            originals: folder.path().join("originals"),
            derivatives: folder.path().join("derivatives"),
            disk_reserve: Reserve::default(),
            ballast: None,
            lab,
            lab_hosts: vec![],
            demo_logins: Some(password),
            rung: Rung::CacheMoney,
            files_from_disk: None,
            static_files: None,
            probes: false,
        };
        let (base, site) = served(&config).await;
        Self {
            base,
            site,
            pool,
            folder,
            database,
            config,
        }
    }

    /// Serves the same site a second time, with files from disk; returns its URL.
    pub(crate) async fn answers_from_disk(&self, statics: &Path) -> String {
        let config = Site {
            files_from_disk: Some(statics.to_owned()),
            ..self.config.clone()
        };
        served(&config).await.0
    }

    /// Serves the same site as another process would, with its own pool; returns its URL and its state.
    pub(crate) async fn another_process(&self) -> (String, site::Site) {
        served(&self.config).await
    }

    /// The same site as a router, for requests without a connection.
    pub(crate) fn router(&self) -> axum::Router {
        server::router(AppState::open(&self.config).expect("a site"))
    }

    /// A visitor with that client address in the header that a front sets.
    pub(crate) fn stranger_from(&self, address: &str) -> Visitor {
        Visitor::from(&self.base, address)
    }

    /// Serves the same site a second time, with another disk reserve and a ballast; returns its URL.
    pub(crate) async fn answers_with(&self, reserve: Reserve, ballast: Option<PathBuf>) -> String {
        self.process_with(reserve, ballast).await.0
    }

    /// As [`Town::answers_with`], also returns the state.
    pub(crate) async fn process_with(
        &self,
        reserve: Reserve,
        ballast: Option<PathBuf>,
    ) -> (String, site::Site) {
        let config = Site {
            disk_reserve: reserve,
            ballast,
            ..self.config.clone()
        };
        served(&config).await
    }

    /// A visitor without a session.
    pub(crate) fn stranger(&self) -> Visitor {
        Visitor::at(&self.base)
    }

    /// A new visitor, registered and logged in.
    pub(crate) async fn newcomer(&self, name: &str) -> Visitor {
        let visitor = self.stranger();
        let answer = visitor
            .post(
                "/register",
                &[
                    ("name", name),
                    ("display_name", ""),
                    ("password", "correct horse battery"),
                ],
            )
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        visitor
    }

    /// One value from the database.
    pub(crate) async fn ask<T>(&self, sql: &'static str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(sql)
            .fetch_one(&self.pool)
            .await
            .expect(sql)
    }

    /// The name of the person with the most photos.
    pub(crate) async fn biggest_owner(&self) -> String {
        self.ask("select name from users order by public_photo_count desc limit 1")
            .await
    }
}

/// A browser-like client: stores cookies, follows no redirects.
#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    base: String,
}

/// A response.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Serves a site on a free port, and returns its URL and its state.
async fn served(config: &Site) -> (String, site::Site) {
    let state = AppState::open(config).expect("a site");
    let site = state.site.clone();
    (answering(state).await, site)
}

async fn answering(state: AppState) -> String {
    // The test harness prints the site's log with a failed test.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_test_writer()
        .try_init();
    state.lab.live.set_place(Place::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, server::router(state)).await });
    base
}

impl Visitor {
    /// A visitor of the site at this URL.
    pub(crate) fn at(base: &str) -> Self {
        Self::with(base, HeaderMap::new())
    }

    /// A visitor of the site at `base` with another client address.
    pub(crate) fn from(base: &str, address: &str) -> Self {
        let address = address.parse().expect("an address");
        Self::with(base, HeaderMap::from_iter([(X_FORWARDED_FOR, address)]))
    }

    fn with(base: &str, headers: HeaderMap) -> Self {
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            // The largest uploads take a minute on a busy machine.
            .timeout(Duration::from_secs(180))
            .default_headers(headers)
            .build()
            .expect("a client");
        Self {
            client,
            base: base.to_owned(),
        }
    }

    /// The same visitor, with the cookies, at the site's new URL.
    pub(crate) fn moved_to(&self, base: &str) -> Self {
        Self {
            client: self.client.clone(),
            base: base.to_owned(),
        }
    }

    /// Requests a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.client.get(format!("{}{path}", self.base))).await
    }

    /// Sends a request with any method and these headers.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        Answer::of(self.request(method, path, headers)).await
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.base));
        let add = |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| {
            request.header(*name, *value)
        };
        headers.iter().fold(request, add)
    }

    /// As [`Visitor::ask`], with a form as the body.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        form: String,
    ) -> Answer {
        let request = self.request(method, path, headers);
        let kind = "application/x-www-form-urlencoded";
        Answer::of(request.header("content-type", kind).body(form)).await
    }

    /// Sends a form from a page of the site.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(self.post_from_own_page(path).form(form)).await
    }

    /// Sends an encoded form from a page of the site, with a header.
    pub(crate) async fn form(
        &self,
        path: &str,
        (name, value): &(&str, String),
        form: &str,
    ) -> Answer {
        let request = self.post_from_own_page(path).header(*name, value);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        Answer::of(request.body(form.to_owned())).await
    }

    /// Sends a form from a page of another site.
    pub(crate) async fn post_from_elsewhere(&self, path: &str) -> Answer {
        let request = self
            .client
            .request(Method::POST, format!("{}{path}", self.base));
        Answer::of(request.header("sec-fetch-site", "cross-site")).await
    }

    /// Posts a picture and returns the path of its page.
    pub(crate) async fn upload(&self, title: &str, visibility: &str, picture: Vec<u8>) -> Answer {
        self.upload_named("a.jpg", title, visibility, picture).await
    }

    /// Posts a picture from a file of this name.
    pub(crate) async fn upload_named(
        &self,
        name: &str,
        title: &str,
        visibility: &str,
        picture: Vec<u8>,
    ) -> Answer {
        let picture = reqwest::multipart::Part::bytes(picture).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new()
            .part("picture", picture)
            .text("title", title.to_owned())
            .text("visibility", visibility.to_owned());
        Answer::of(self.post_from_own_page("/upload").multipart(form)).await
    }

    /// Sends these bytes as a multipart body, with the boundary "b".
    pub(crate) async fn send_form(&self, cookie: &str, body: String) -> Answer {
        let request = self
            .post_from_own_page("/upload")
            .header("content-type", "multipart/form-data; boundary=b");
        Answer::of(request.header("cookie", cookie).body(body)).await
    }

    fn post_from_own_page(&self, path: &str) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}{path}", self.base))
            .header("sec-fetch-site", "same-origin")
    }
}

impl Answer {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("a whole body").to_vec(),
        }
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header, or an empty string.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// All values of an attribute, in document order.
    pub(crate) fn values_of(&self, attribute: &str) -> Vec<String> {
        let text = self.text();
        let mark = format!("{attribute}=\"");
        text.split(&mark)
            .skip(1)
            .filter_map(|rest| {
                rest.split_once('"')
                    .map(|(value, _)| value.replace("&#38;", "&"))
            })
            .collect()
    }
}

/// A JPEG of that size, with different pixels for each seed.
pub(crate) fn jpeg(seed: u8, width: u16, height: u16) -> Vec<u8> {
    let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height))
        .flat_map(|at| {
            let (x, y) = (at % usize::from(width), at / usize::from(width));
            [seed, (x % 251) as u8, (y % 241) as u8]
        })
        .collect();
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 85)
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .expect("a picture");
    bytes
}

/// How many files a folder and its subfolders hold.
pub(crate) fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| {
            if entry.path().is_dir() {
                files_below(&entry.path())
            } else {
                1
            }
        })
        .sum()
}
