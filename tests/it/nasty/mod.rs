//! Whatever is typed, the answer is words and not a fault of ours.
//!
//! The test finds by itself what can be typed: patterns of addresses in the router, and forms and
//! parameters in the HTML of all pages that links lead to. A route or form that is added later is tried too.

mod html;
mod map;
mod texts;

use std::collections::BTreeMap;

use futures::StreamExt as _;
use reqwest::StatusCode;

use crate::town::{Town, Visitor, jpeg};
use html::Form;
use map::Map;
use texts::{NASTY, encoded};

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// One request of the test.
#[derive(Debug, Clone)]
struct Request {
    method: &'static str,
    path: String,
    cookie: String,
    /// Its media type and bytes.
    body: Option<(String, Vec<u8>)>,
}

/// Sends requests as a front would pass them on, each from an address of its own, so that no brake holds them.
struct Sender {
    client: reqwest::Client,
    base: String,
}

impl Sender {
    fn new(base: &str) -> Self {
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(none).build();
        Self {
            client: client.expect("a client"),
            base: base.to_owned(),
        }
    }

    async fn send(&self, number: usize, request: &Request) -> reqwest::Response {
        let url = format!("{}{}", self.base, request.path);
        let method = request.method.parse().expect("a method");
        let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
        let asked = self
            .client
            .request(method, url)
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", address)
            .header("cookie", request.cookie.as_bytes());
        let asked = match &request.body {
            Some((kind, bytes)) => asked.header("content-type", kind).body(bytes.clone()),
            None => asked,
        };
        let response = asked.send().await;
        response.unwrap_or_else(|error| panic!("{request:?}: {error}"))
    }

    /// Sends all of them, and returns those whose answer was a fault of ours.
    async fn faults(&self, requests: Vec<Request>) -> Vec<String> {
        let answers = futures::stream::iter(requests.into_iter().enumerate())
            .map(async |(number, request)| {
                let answer = self.send(number, &request).await;
                fault(&request, &answer)
            })
            .buffer_unordered(AT_ONCE);
        answers.filter_map(async |fault| fault).collect().await
    }
}

/// What is wrong with an answer.
fn fault(request: &Request, answer: &reqwest::Response) -> Option<String> {
    let location = answer.headers().get("location");
    let wrong = if answer.status().is_server_error() {
        answer.status().to_string()
    } else if location.is_some_and(|to| to.len() > 8000) {
        // nginx takes 16 KB of headers.
        "a header too long for nginx".to_owned()
    } else if location
        .is_some_and(|to| !to.as_bytes().starts_with(b"/") || to.as_bytes().starts_with(b"//"))
    {
        format!("leads to {location:?}")
    } else {
        return None;
    };
    let path: String = request.path.chars().take(200).collect();
    let body = request.body.as_ref().map(|(_, body)| {
        let body = &body[..body.len().min(200)];
        String::from_utf8_lossy(body).into_owned()
    });
    Some(format!("{} {path} {body:?}: {wrong}", request.method))
}

/// Every address with something nasty in a place of its pattern, and with something nasty as a parameter.
fn addresses(map: &Map, cookie: &str) -> Vec<Request> {
    let get = |path: String| Request {
        method: "GET",
        path,
        cookie: cookie.to_owned(),
        body: None,
    };
    let mut requests = Vec::new();
    for pattern in &map.patterns {
        let example = map.example_of(pattern);
        let places = pattern.split('/').enumerate();
        for (place, _) in places.filter(|(_, part)| part.starts_with('{')) {
            for text in NASTY {
                let mut parts: Vec<String> = example.split('/').map(str::to_owned).collect();
                parts[place] = encoded(text);
                requests.push(get(parts.join("/")));
                requests.push(Request {
                    method: "POST",
                    body: Some(("application/x-www-form-urlencoded".to_owned(), vec![])),
                    ..get(parts.join("/"))
                });
            }
        }
        for name in &map.parameters {
            for text in NASTY {
                requests.push(get(format!("{example}?{name}={}", encoded(text))));
            }
        }
        for text in NASTY {
            requests.push(get(format!("{example}?{}=1", encoded(text))));
        }
        for method in [
            "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "NASTY",
        ] {
            requests.push(Request {
                method,
                ..get(example.clone())
            });
        }
    }
    requests
}

/// Every form with something nasty in each of its fields, the others as a person would fill them; and with
/// a field that it does not have.
fn fields(form: &Form, cookie: &str, picture: &[u8]) -> Vec<Request> {
    let names = form.fields.iter().map(|field| field.name.as_str());
    let mut requests = Vec::new();
    for nasty_name in names {
        for text in NASTY {
            requests.push(form.filled(cookie, picture, |name| {
                (name == nasty_name).then_some(*text)
            }));
        }
    }
    requests.extend(
        NASTY
            .iter()
            .map(|text| form.with_another_field(cookie, picture, text)),
    );
    requests
}

/// Pages with something nasty in each cookie that the site sets.
fn cookies(map: &Map) -> Vec<Request> {
    let mut requests = Vec::new();
    for name in &map.cookies {
        for text in NASTY {
            for cookie in [
                format!("{name}={}", encoded(text)),
                format!(
                    "{name}=\"{}\"",
                    String::from_utf8_lossy(text).replace(char::is_control, " ")
                ),
                format!("{}={name}; {name}", encoded(text)),
            ] {
                for (method, path) in [("GET", "/upload"), ("POST", "/login"), ("POST", "/logout")]
                {
                    requests.push(Request {
                        method,
                        path: path.to_owned(),
                        cookie: cookie.clone(),
                        body: None,
                    });
                }
            }
        }
    }
    requests
}

/// After a session has ended in the midst of a form, logging in leads to a page.
async fn log_in_leads_to_pages(map: &Map, sender: &Sender, cookie: &str, picture: &[u8]) {
    let mut tried = 0;
    // Whoever has no session can do what the lab offers too, so that is not asked for.
    for form in map
        .forms
        .iter()
        .filter(|form| !form.action.starts_with("/lab"))
    {
        let request = form.filled("", picture, |_| None);
        let answer = sender.send(90_000 + tried, &request).await;
        let location = answer.headers().get("location");
        let location = location.map_or("", |to| to.to_str().expect("an address"));
        if let Some(next) = location.strip_prefix("/login?next=") {
            map::must_be_a_page(sender, next, cookie, &form.action).await;
            tried += 1;
        }
    }
    assert!(tried >= 3, "only {tried} forms ask to log in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_typed_is_answered_in_words() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    let picture = jpeg(1, 40, 30);
    for visibility in ["public", "private"] {
        let posted = ann.upload("Mine", visibility, picture.clone()).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
    }
    let cookie = session_of(&ann).await;
    let (base, _) = town.another_process().await;
    let sender = Sender::new(&base);
    let map = Map::draw(&town.router(), &sender, &cookie).await;
    map.is_whole();

    let mut requests = addresses(&map, &cookie);
    requests.extend(cookies(&map));
    let (last, forms): (Vec<&Form>, Vec<&Form>) =
        map.forms.iter().partition(|form| form.fields.is_empty());
    for form in forms {
        requests.extend(fields(form, &cookie, &picture));
    }
    assert!(requests.len() > 2_000, "only {} requests", requests.len());
    let faults = sender.faults(requests).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    log_in_leads_to_pages(&map, &sender, &cookie, &picture).await;
    // These do what they are for, whatever is in them: they log out and delete.
    let requests = last
        .iter()
        .map(|form| form.with_another_field(&cookie, &picture, b"a\0b"));
    let faults = sender.faults(requests.collect()).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The cookies of a visitor, as a header.
async fn session_of(visitor: &Visitor) -> String {
    let form = [("name", "ann"), ("password", "correct horse battery")];
    let answer = visitor.post("/login", &form).await;
    let cookies = answer.headers.get_all("set-cookie").iter();
    let cookies: BTreeMap<String, String> = cookies
        .filter_map(|cookie| {
            let (name, value) = cookie.to_str().ok()?.split(';').next()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect();
    let cookies: Vec<String> = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    cookies.join("; ")
}
