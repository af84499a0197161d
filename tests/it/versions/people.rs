//! Who asks: people with photos and sessions, and a stranger.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::answers::Answer;
use super::table::Question;
use crate::stack::site::Site;
use crate::town::{Visitor, jpeg};

/// People with their sessions at one running version.
pub(super) struct Audience {
    client: Client,
    base: String,
    sessions: BTreeMap<String, String>,
}

/// Of both.
pub(super) const PASSWORD: &str = "correct horse battery";

impl Audience {
    /// Ann and Bob log in.
    pub(super) async fn of(site: &Site) -> Self {
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

    pub(super) async fn ask(&self, question: &Question) -> Answer {
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

/// The media type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Where a site is.
pub(super) fn base(site: &Site) -> String {
    format!(
        "http://{}",
        site.record()["listen"].as_str().expect("an address")
    )
}

/// People, their photos, and the names that the table has for them.
pub(super) async fn prepare(site: &Site) -> BTreeMap<&'static str, String> {
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
