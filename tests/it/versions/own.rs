//! What a front answers by itself: a page with a sentence, and every header that pages of the application have.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use domain::rung::{Front, Rung};
use sha2::{Digest as _, Sha256};

use crate::snapshots;
use crate::stack::site::Site;

/// How long an answer may take; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that nginx answers, the status, and words of the sentence.
struct Case {
    request: String,
    status: u16,
    sentence: &'static str,
}

fn cases(style: &str, rung: Rung) -> Vec<Case> {
    let case = |status, request: String, sentence| Case {
        request,
        status,
        sentence,
    };
    let form = "POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let too_large = "up to 64 MB, every other form up to 64 KB";
    let mut cases = vec![
        case(400, "nonsense\r\n\r\n".to_owned(), "could not be read"),
        case(
            400,
            "GET / HTTP/1.1\r\n\r\n".to_owned(),
            "could not be read",
        ),
        case(404, get("/metrics", ""), "no page at this address"),
        case(404, get("/healthz", ""), "no page at this address"),
        case(
            405,
            get("/", "").replacen("GET", "TRACE", 1),
            "does not answer",
        ),
        case(
            413,
            format!("{form}Content-Length: 70000\r\n\r\n"),
            too_large,
        ),
        case(
            413,
            format!(
                "{}Content-Length: 70000000\r\n\r\n",
                form.replace("login", "upload")
            ),
            too_large,
        ),
        case(
            413,
            format!(
                "{form}Transfer-Encoding: chunked\r\n\r\n11170\r\n{}\r\n0\r\n\r\n",
                "a".repeat(0x11170)
            ),
            too_large,
        ),
        case(
            413,
            format!(
                "{}Content-Length: 70000\r\n\r\n",
                form.replace("/login", style)
            ),
            too_large,
        ),
        case(
            414,
            get(&format!("/people/{}", "a".repeat(9000)), ""),
            "longer than any page",
        ),
        case(
            431,
            get("/", &format!("Cookie: a={}\r\n", "a".repeat(20_000))),
            "Deleting the cookies",
        ),
        case(
            501,
            format!("{form}Transfer-Encoding: squeezed\r\n\r\n"),
            "not supported",
        ),
        case(
            505,
            get("/", "").replace("HTTP/1.1", "HTTP/3.7"),
            "not supported",
        ),
    ];
    for path in ["/healthz", "/metrics"] {
        let form = form.replace("/login", path);
        let request = format!("{form}Content-Length: 70000\r\n\r\n");
        cases.push(case(413, request, too_large));
    }
    // The one answer of nginx that is its own page at 0.1: see rungs/0.1-cgi/pass.conf.
    if rung != Rung::CgiStrawman {
        for path in ["/login", "/upload", style] {
            let form = form.replace("/login", path);
            let request = format!("{form}Transfer-Encoding: chunked\r\n\r\nno number\r\n");
            cases.push(case(400, request, "could not be read"));
        }
    }
    cases
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")
}

pub(super) async fn answers_of_nginx_have_its_page(site: &Site, rung: Rung) {
    let record = site.record();
    let address = record["listen"].as_str().expect("an address").to_owned();
    let page = site.get("/");
    let asked = tokio::task::spawn_blocking(move || match rung.front() {
        Front::App => the_app_says_nosniff(&address, &page),
        Front::Nginx | Front::NginxAndCgi => nginx_says(&address, &page, rung),
    });
    asked.await.expect("answers as they should be");
}

fn nginx_says(address: &str, page: &str, rung: Rung) {
    let (style, picture) = (file_of(page, "href=\"/static/"), file_of(page, "src=\"/i/"));
    for case in cases(&style, rung) {
        let (head, body) = ask(address, &case.request);
        let asked: String = case.request.chars().take(60).collect();
        assert_eq!(status_of(&head), case.status, "{rung}: {asked}: {head}");
        assert!(body.contains(case.sentence), "{rung}: {asked}: {body}");
        assert!(body.contains("Flickr Killr"), "{rung}: {asked}: {body}");
        assert_headers(&head, page);
        assert_eq!(
            header(&head, "cache-control"),
            ["no-store"],
            "{rung}: {asked}"
        );
        assert!(is_allowed_style(&head, &body), "{rung}: {head}\n{body}");
        snapshots::of_nginx(case.status, &head, &body);
    }
    // A range that cannot be satisfied has the lifetime of its file too, from a miss, from a hit, of text, of a picture.
    for path in [style, picture] {
        for _ in 0..3 {
            for coding in ["", "Accept-Encoding: gzip\r\n"] {
                let headers = format!("{coding}Range: bytes=9999999-\r\n");
                let (head, body) = ask(address, &get(&path, &headers));
                if status_of(&head) == 200 {
                    // Text that is inflated for this client has no length that nginx knows.
                    continue;
                }
                assert_eq!(status_of(&head), 416, "{rung}: {path}: {head}");
                assert_eq!(body, "", "it might be declared as gzip");
                assert_headers(&head, page);
                let caching = header(&head, "cache-control");
                assert!(caching.contains(&"no-store"), "{rung}: {path}: {head}");
            }
        }
    }
}

/// Without a front the application sends these headers itself, also where it refuses.
fn the_app_says_nosniff(address: &str, page: &str) {
    let (style, picture) = (file_of(page, "href=\"/static/"), file_of(page, "src=\"/i/"));
    let too_large = "POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 70000\r\n\r\n";
    for (request, status) in [
        (get("/", ""), 200),
        (get("/no/such/page", ""), 404),
        (get(&style, ""), 200),
        (get("/static/none.css", ""), 404),
        (get(&picture, "Range: bytes=9999999-\r\n"), 416),
        (get("/logout", ""), 405),
        (format!("{too_large}{}", "a".repeat(70_000)), 413),
    ] {
        let (head, _) = ask(address, &request);
        let asked: String = request.chars().take(60).collect();
        assert_eq!(status_of(&head), status, "{asked}: {head}");
        assert_eq!(
            header(&head, "x-content-type-options"),
            ["nosniff"],
            "{asked}: {head}"
        );
        if status != 200 {
            assert_headers(&head, page);
            assert_eq!(
                header(&head, "cache-control"),
                ["no-store"],
                "{asked}: {head}"
            );
        }
    }
}

/// Every security header of a page of the application is there, once.
fn assert_headers(head: &str, page: &str) {
    let of_page = page.split("\r\n\r\n").next().expect("a head");
    for name in [
        "content-security-policy",
        "referrer-policy",
        "x-content-type-options",
        "x-request-id",
    ] {
        assert_eq!(header(of_page, name).len(), 1, "{of_page}");
        assert_eq!(header(head, name).len(), 1, "{name}: {head}");
    }
    assert_eq!(
        header(head, "referrer-policy"),
        header(of_page, "referrer-policy")
    );
}

/// The one style of the page has the fingerprint that the policy lets through.
fn is_allowed_style(head: &str, body: &str) -> bool {
    let style = body
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"));
    let (style, _) = style.unwrap_or_else(|| panic!("no style in {body}"));
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    let policy = header(head, "content-security-policy").concat();
    policy.contains(&format!("style-src 'sha256-{hash}'")) && !body.contains("style=")
}

/// The first address of a page that begins so.
fn file_of(page: &str, begins: &str) -> String {
    let (_, rest) = page
        .split_once(begins)
        .unwrap_or_else(|| panic!("no {begins} in {page}"));
    let (_, folder) = begins.split_once('"').expect("an attribute");
    format!("{folder}{}", rest.split('"').next().expect("an end"))
}

fn status_of(head: &str) -> u16 {
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no status in {head}"))
}

/// All values of a header.
fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let of_name = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    of_name.map(|(_, value)| value.trim()).collect()
}

/// Sends bytes as they are, and reads one answer: nginx may wait seconds for the rest of a body before it closes.
fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a front listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    // What is too large may be refused while it is sent.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let [length] = header(head, "content-length")[..]
            && length
                .parse()
                .is_ok_and(|length: usize| body.len() >= length)
        {
            return (head.to_owned(), body.to_owned());
        }
        match stream.read(&mut part) {
            Ok(count) if count > 0 => answer.extend_from_slice(&part[..count]),
            ended => {
                let (head, body) = text
                    .split_once("\r\n\r\n")
                    .unwrap_or_else(|| panic!("{ended:?} after {text:?}"));
                return (head.to_owned(), body.to_owned());
            }
        }
    }
}
