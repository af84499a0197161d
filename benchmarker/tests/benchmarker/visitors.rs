//! Scenarios against a scripted server.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use benchmarker::{Error, PageList, Plan, Scenario, run};

use crate::server::{Reply, Server, html, path_of, response};

const SCENARIO: &str = r#"
name = "join"
about = "Joins, looks at a page and writes."
[visit]
begins = "join"
ends = "leave"
steps = 1
[[step]]
name = "join"
post = "/join"
form = { name = "{user}" }
expect = 303
[[step]]
name = "look"
weight = 1
get = "/page"
parts = true
take = { secret = { field = "secret" } }
then = "write"
[[step]]
name = "write"
post = "/write"
form = { secret = "{secret}", text = "a & b" }
expect = 200
[[step]]
name = "leave"
post = "/leave"
"#;

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text, Path::new("."), &[]).unwrap()
}

fn plan(server: &Server, text: &str) -> Plan {
    server.plan("/").scenario(scenario(text)).connections(1)
}

fn site(head: &str, secret: &str) -> Reply {
    Reply::Bytes(match path_of(head) {
        "/join" => response(
            303,
            "Location: /home\r\nSet-Cookie: session=s1; HttpOnly\r\n",
            "",
        ),
        "/page" => html(&format!(
            "<link rel=stylesheet href=/a.css><form><input type=hidden name=secret value='{secret}'></form>"
        )),
        "/home" | "/a.css" | "/write" | "/leave" => response(200, "", "x"),
        other => panic!("nobody asks for {other}"),
    })
}

#[test]
fn a_visitor_joins_reads_writes_what_was_read_and_leaves() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let server = Server::start(6, move |head, _| {
        kept.lock().unwrap().push(head.to_owned());
        site(head, "s&amp;7")
    });
    let report = run(&plan(&server, SCENARIO)).unwrap();
    assert_eq!(report.errors.total, 0, "{report}");
    assert_eq!(
        server.seen()[..6],
        ["/join", "/home", "/page", "/a.css", "/write", "/leave"]
    );
    let heads = heads.lock().unwrap();
    let origin = format!("Origin: http://{}\r\n", server.address);
    for (number, words) in [
        (
            0,
            vec![
                "POST /join HTTP/1.1\r\n",
                &origin,
                "Sec-Fetch-Site: same-origin\r\n",
                "Content-Length: ",
            ],
        ),
        (1, vec!["GET /home ", "Cookie: session=s1\r\n"]),
        (
            3,
            vec![
                "GET /a.css ",
                "Sec-Fetch-Dest: style\r\n",
                "Cookie: session=s1\r\n",
            ],
        ),
        (
            4,
            vec![
                "POST /write ",
                "Content-Type: application/x-www-form-urlencoded\r\n",
            ],
        ),
        (5, vec!["POST /leave ", "Content-Length: 0\r\n"]),
    ] {
        for word in words {
            assert!(
                heads[number].contains(word),
                "no {word:?} in {}",
                heads[number]
            );
        }
    }
    let steps: Vec<(&str, u64)> = report
        .steps
        .iter()
        .map(|step| (step.name.as_str(), step.requests))
        .collect();
    assert_eq!(
        steps,
        [
            ("join", 2),
            ("look", 1),
            ("write", 1),
            ("leave", 1),
            ("css and js", 1),
            ("pictures", 0)
        ]
    );
    assert_eq!(report.requests.redirects, 1);
}

#[test]
fn an_answer_without_what_was_to_be_taken_is_a_failure_that_says_so() {
    let server = Server::start(3, |head, _| match path_of(head) {
        "/page" => Reply::Bytes(html("nothing here")),
        _ => site(head, ""),
    });
    let report = run(&plan(&server, SCENARIO)).unwrap();
    assert_eq!(report.errors.unexpected, 1, "{report}");
    assert!(report.to_string().contains("no value to take"), "{report}");
}

#[test]
fn a_scenario_is_refused_where_a_page_that_it_needs_is_missing() {
    let needs =
        format!("{SCENARIO}\n[[needs]]\npath = \"/feed\"\nwhy = \"the newest of one's friends\"\n");
    let server = Server::start(usize::MAX, |_, _| {
        Reply::BytesThenClose(response(404, "", ""))
    });
    let refused = run(&plan(&server, &needs)).unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)));
    let said = refused.to_string();
    assert!(
        said.contains("needs GET /feed (the newest of one's friends); the site answers 404"),
        "{said}"
    );
    assert_eq!(server.seen(), ["/feed"]);
}

#[test]
fn the_same_seed_plays_the_same_requests_and_another_seed_others() {
    let requests = |seed: u64| {
        let server = Server::start(40, |head, _| site(head, "7"));
        run(&plan(&server, SCENARIO).seed(seed)).unwrap();
        server.bodies()[..12].to_vec()
    };
    assert_eq!(requests(1), requests(1));
    assert_ne!(requests(1), requests(2));
}

#[test]
fn each_visitor_has_a_name_and_an_address_of_their_own() {
    let server = Server::start(60, |head, _| site(head, "7"));
    let plan = Plan::new(PageList::single(&format!("http://{}/", server.address)).unwrap());
    let plan = plan
        .scenario(scenario(SCENARIO))
        .connections(3)
        .per_browser(1);
    run(&server.bounded(plan)).unwrap();
    let peers: BTreeSet<String> = server.peers().into_iter().collect();
    assert!(peers.len() >= 3, "{peers:?}");
    assert!(
        peers.iter().all(|peer| peer.starts_with("127.1.")),
        "{peers:?}"
    );
}
