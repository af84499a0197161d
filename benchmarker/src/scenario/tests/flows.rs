//! Sessions: requests, redirects, sign-in, draws, extracted values.

use std::collections::HashSet;

use super::*;

const SIGNED_IN: &str = r#"name = "x"
[load]
think = "2s"
[visit]
signs_in = "register"
steps = 2
ends = "log out"
[[step]]
name = "register"
post = "/register"
form = { name = "{user}", password = "a b&c" }
expect = 303
take = { own = { header = "location" } }
then = "settings"
[[step]]
name = "settings"
get = "{own}/settings"
take = { token = { field = "csrf" } }
[[step]]
name = "feed"
weight = 1
signed_in = true
get = "/feed?t={token}"
expect = 200
think = "5s"
[[step]]
name = "log out"
signed_in = true
post = "/logout"
parts = false
"#;

#[test]
fn a_visitor_registers_before_the_first_step_that_needs_it_and_keeps_what_was_taken() {
    let mut visitor = Visitor::new(parse(SIGNED_IN), 1, 7);
    let register = visitor.next().unwrap();
    assert!(
        register.starts_with("0 POST /register name=v7-"),
        "{register}"
    );
    assert!(register.ends_with("&password=a+b%26c"), "{register}");
    for (name, value) in [
        ("Origin", Some("http://127.0.0.1:8080")),
        ("Referer", Some("http://127.0.0.1:8080/")),
        ("Sec-Fetch-Site", Some("same-origin")),
        ("Sec-Fetch-Mode", Some("navigate")),
        ("Sec-Fetch-Dest", Some("document")),
        ("Content-Type", Some("application/x-www-form-urlencoded")),
        ("Cookie", None),
    ] {
        assert_eq!(visitor.header(name), value, "{name}");
    }
    assert_eq!(visitor.0.request().think, Duration::ZERO);
    let moved = visitor.redirect(303, "/people/v7", "session=abc; Path=/");
    assert_eq!(moved, Outcome::Follow);
    assert_eq!(visitor.asked(), "0 GET /people/v7");
    assert_eq!(visitor.header("Origin"), None);
    assert_eq!(visitor.header("Content-Type"), None);
    assert_eq!(visitor.header("Cookie"), Some("session=abc"));
    assert_eq!(visitor.answer(200, ""), Outcome::Done);

    assert_eq!(visitor.next().unwrap(), "1 GET /people/v7/settings");
    assert_eq!(visitor.0.request().think, Duration::from_secs(2));
    assert!(visitor.0.request().wants_body);
    assert_eq!(
        visitor.header("Referer"),
        Some("http://127.0.0.1:8080/people/v7")
    );
    let form = "<form><input type=hidden name=csrf value='t/1'></form>";
    assert_eq!(visitor.answer(200, form), Outcome::Done);

    for _ in 0..2 {
        assert_eq!(visitor.next().unwrap(), "2 GET /feed?t=t%2F1");
        assert_eq!(visitor.0.request().think, Duration::from_secs(5));
        assert!(!visitor.0.request().wants_body && visitor.0.request().parts);
        assert_eq!(visitor.answer(200, ""), Outcome::Done);
    }
    assert_eq!(visitor.next().unwrap(), "3 POST /logout ");
    assert!(!visitor.0.request().parts);
    visitor.redirect(303, "http://127.0.0.1:8080/", "session=; Max-Age=0");
    assert_eq!(visitor.asked(), "3 GET /");
    assert_eq!(visitor.header("Cookie"), None);
    visitor.answer(200, "");
    assert_eq!(visitor.next(), None);
    assert_eq!(visitor.next(), None);
}

#[test]
fn who_cannot_sign_in_goes_away() {
    for status in [200, 422, 429] {
        let mut visitor = Visitor::new(parse(SIGNED_IN), 1, 7);
        visitor.next().unwrap();
        assert_eq!(
            visitor.answer(status, ""),
            Outcome::Failed(FailureReason::Status)
        );
        assert_eq!(visitor.next(), None);
    }
    let mut visitor = Visitor::new(parse(SIGNED_IN), 1, 7);
    visitor.next().unwrap();
    visitor.redirect(303, "/people/v7", "");
    visitor.answer(200, "");
    visitor.next().unwrap();
    assert_eq!(
        visitor.answer(200, "no form"),
        Outcome::Failed(FailureReason::NothingToExtract)
    );
    assert_eq!(visitor.next(), None);
}

#[test]
fn a_request_without_answer_counts_as_failed() {
    let mut visitor = Visitor::new(parse(SIGNED_IN), 1, 7);
    assert!(visitor.next().is_some());
    assert_eq!(visitor.next(), None);
}

fn one(path: &str, more: &str) -> Scenario {
    parse(&format!(
        "name = \"x\"\n[[step]]\nname = \"s\"\nweight = 1\n{path}\n{more}\n"
    ))
}

#[test]
fn a_page_that_is_typed_in_comes_from_nowhere_and_its_parts_from_it() {
    let mut visitor = Visitor::new(one("get = \"/a?b=c\"", ""), 1, 0);
    visitor.next().unwrap();
    assert_eq!(visitor.header("Sec-Fetch-Site"), Some("none"));
    assert_eq!(visitor.header("Referer"), None);
    visitor.answer(200, "");
    visitor.0.store_cookies(&[b"a=1"]);
    let mut headers = String::new();
    visitor
        .0
        .write_part_headers("/static/x.css?v=1", false, &mut headers);
    assert_eq!(
        headers,
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: style\r\n\
         Referer: http://127.0.0.1:8080/a?b=c\r\nCookie: a=1\r\n"
    );
    headers.clear();
    visitor.0.write_part_headers("/i/1", true, &mut headers);
    assert!(headers.contains("Sec-Fetch-Dest: image\r\n"));
}

#[test]
fn a_redirect_repeats_the_form_only_where_the_status_says_so() {
    for (status, expected) in [
        (301, "0 GET /b"),
        (302, "0 GET /b"),
        (303, "0 GET /b"),
        (307, "0 POST /b x=1"),
        (308, "0 POST /b x=1"),
    ] {
        let form = "form = { x = \"1\" }";
        let mut visitor = Visitor::new(one("post = \"/a\"", form), 1, 0);
        visitor.next().unwrap();
        assert_eq!(visitor.redirect(status, "b", ""), Outcome::Follow);
        assert_eq!(visitor.asked(), expected);
        assert_eq!(
            visitor.answer(404, ""),
            Outcome::Failed(FailureReason::Status)
        );
    }
}

#[test]
fn a_redirect_without_place_to_elsewhere_or_without_end_is_named() {
    let mut visitor = Visitor::new(one("get = \"/a\"", ""), 1, 0);
    visitor.next().unwrap();
    assert_eq!(
        visitor.answer(302, ""),
        Outcome::Failed(FailureReason::NoLocation)
    );
    let mut visitor = Visitor::new(one("get = \"/a\"", ""), 1, 0);
    visitor.next().unwrap();
    let away = visitor.redirect(302, "http://127.0.0.2/", "");
    assert_eq!(away, Outcome::Failed(FailureReason::OtherSite));
    let mut visitor = Visitor::new(one("get = \"/a\"", ""), 1, 0);
    visitor.next().unwrap();
    for _ in 0..20 {
        assert_eq!(visitor.redirect(302, "/a", ""), Outcome::Follow);
    }
    let on = visitor.redirect(302, "/a", "");
    assert_eq!(on, Outcome::Failed(FailureReason::TooManyRedirects));
}

#[test]
fn only_the_expected_statuses_are_fine() {
    for (expect, status, fine) in [
        ("", 204, true),
        ("", 404, false),
        ("expect = 404", 404, true),
        ("expect = [200, 404]", 404, true),
        ("expect = [200, 404]", 500, false),
    ] {
        let mut visitor = Visitor::new(one("get = \"/a\"", expect), 1, 0);
        visitor.next().unwrap();
        let outcome = visitor.answer(status, "");
        assert_eq!(outcome == Outcome::Done, fine, "{expect} {status}");
    }
    // A redirect to the login page is not the feed.
    let mut visitor = Visitor::new(one("get = \"/feed\"", "expect = 200"), 1, 0);
    visitor.next().unwrap();
    let sent = visitor.redirect(303, "/login", "");
    assert_eq!(sent, Outcome::Failed(FailureReason::Status));
}

#[test]
fn an_upload_is_sent_as_a_browser_sends_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.jpg"), b"\xff\xd8").unwrap();
    let text = "name = \"x\"\n[[step]]\nname = \"s\"\nweight = 1\npost = \"/upload\"\nupload = { field = \"picture\", file = \"a.jpg\" }\nform = { title = \"{visitor}\" }\n";
    let scenario = Scenario::parse(text, folder.path(), &[]).unwrap();
    let mut visitor = Visitor::new(scenario, 1, 9);
    visitor.next().unwrap();
    let kind = visitor.header("Content-Type").unwrap().to_owned();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let mut expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n9\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    )
    .into_bytes();
    expected.extend_from_slice(b"\xff\xd8");
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(visitor.0.request().body, expected);
}

const MIXED: &str = r#"name = "x"
[visit]
begins = "home"
signs_in = "log in"
share = 0.1
steps = { from = 2, to = 4 }
[lists.n]
range = { from = 10, to = 99 }
zipf = 1.0
[[step]]
name = "home"
get = "/"
[[step]]
name = "log in"
post = "/login"
[[step]]
name = "look"
weight = 3
signed_in = false
get = "/n/{n}?again={n}"
[[step]]
name = "own"
weight = 1
signed_in = true
get = "/own/{random}"
[[step]]
name = "both"
weight = 1
get = "/both"
then = "after"
[[step]]
name = "after"
get = "/after/{n}"
"#;

#[test]
fn the_same_seed_gives_the_same_requests_and_another_seed_others() {
    let walk = |seed, number| Visitor::new(parse(MIXED), seed, number).walk("");
    let all = |seed| (0..20).map(|n| walk(seed, n)).collect::<Vec<_>>();
    assert_eq!(all(7), all(7));
    assert_ne!(all(7), all(8));
    let distinct: HashSet<_> = all(7).into_iter().collect();
    assert!(distinct.len() > 15, "{distinct:?}");
}

#[test]
fn a_share_of_the_visitors_signs_in_and_the_others_never_see_what_is_theirs() {
    let mut signed_in = 0;
    for number in 0..2000 {
        let requests = Visitor::new(parse(MIXED), 3, number).walk("");
        assert_eq!(requests[0], "0 GET /");
        let login = requests.iter().position(|r| r == "1 POST /login ");
        let own = requests.iter().position(|r| r.starts_with("3 GET /own/"));
        let looked = requests.iter().any(|r| r.starts_with("2 "));
        assert_eq!(own, login.map(|at| at + 1), "{requests:?}");
        assert!(login.is_none() || !looked, "{requests:?}");
        signed_in += u32::from(!looked && login.is_some());
    }
    // A tenth has an account, and of those almost all draw the step that needs it: 1 - 1/2^2 and more.
    assert!((120..=220).contains(&signed_in), "{signed_in}");
}

#[test]
fn steps_are_drawn_by_weight_and_a_value_stays_for_those_that_follow() {
    let mut count = [0_u32; 6];
    for number in 0..2000 {
        for request in Visitor::new(parse(MIXED), 3, number).walk("") {
            count[request[..1].parse::<usize>().unwrap()] += 1;
            if let Some(path) = request.strip_prefix("2 GET /n/") {
                let (n, again) = path.split_once("?again=").unwrap();
                assert_eq!(n, again);
            }
        }
    }
    assert_eq!(count[4], count[5]);
    let strangers = f64::from(count[2]) / f64::from(count[2] + count[4]);
    assert!((0.68..0.76).contains(&strangers), "{count:?}");
}

#[test]
fn a_step_is_drawn_only_when_what_it_needs_was_taken_and_forgotten_when_it_is_gone() {
    let scenario = || {
        parse(
            r#"name = "x"
[visit]
steps = 40
[[step]]
name = "list"
weight = 1
get = "/"
may_take = { photo = { link = "/p/#" } }
[[step]]
name = "photo"
weight = 1000
get = "{photo}"
may_take = { photo = { link = "/p/#" } }
"#,
        )
    };
    let none = Visitor::new(scenario(), 1, 0).walk("<a href='/p/x'>");
    assert!(none.iter().all(|request| request == "0 GET /"));
    let mut visitor = Visitor::new(scenario(), 1, 0);
    visitor.next().unwrap();
    visitor.answer(200, "<a href='/p/5?x=1'><a href='/p/6'>");
    assert_eq!(visitor.next().unwrap(), "1 GET /p/6");
    visitor.answer(200, "");
    assert_eq!(visitor.next().unwrap(), "0 GET /");
}
