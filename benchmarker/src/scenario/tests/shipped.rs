//! The built-in scenarios.

use std::io::Write as _;
use std::path::PathBuf;

use super::*;

/// A page with all the links that the site's own pages have.
const PAGE: &str = r#"<a href="/people/ann">Ann</a><a href="/people/ann/7">1</a><a href="/people/bo/8">2</a>
    <a href="/?before=7">older</a><a href="/people/ann?before=7">older</a><a href="/people?from=b">B</a>
    <a href="/people/ann/archive">archive</a><a href="/people/ann/archive/2007-05">May</a>"#;

fn open(name: &str) -> Scenario {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for number in 0..80 {
        writeln!(file, "/people/p{number}").unwrap();
    }
    let list = |name: &str| vec![(name.to_owned(), PathBuf::from(file.path()))];
    let lists = match name {
        "talk-2007" => list("pages"),
        "reddit-hug" => list("people"),
        _ => Vec::new(),
    };
    Scenario::open(name, &lists).unwrap()
}

/// All requests of a visit; forms are answered as the site does.
fn walk(name: &str, number: u64) -> Vec<String> {
    let mut visitor = Visitor::new(open(name), 1, number);
    let mut requests = Vec::new();
    while let Some(request) = visitor.next() {
        if visitor.0.request().method == Method::Post {
            assert_eq!(
                visitor.redirect(303, "/people/me", "session=a"),
                Outcome::Follow
            );
        }
        assert_eq!(visitor.answer(200, PAGE), Outcome::Done, "{request}");
        requests.push(request);
    }
    requests
}

#[test]
fn every_shipped_scenario_is_one_and_its_visits_come_to_an_end() {
    for name in Scenario::shipped_names() {
        let scenario = open(name);
        assert_eq!(scenario.name(), name);
        assert!(!scenario.about().is_empty());
        assert!(matches!(
            scenario.load().unwrap(),
            Some(crate::Load::Closed { users: Some(_), .. })
        ));
        for number in 0..20 {
            assert!(!walk(name, number).is_empty());
        }
    }
}

#[test]
fn tweets_keeps_the_mix_of_the_talk() {
    let scenario = open("tweets");
    assert_eq!(scenario.require(), Some("p95<2s,failed=0"));
    assert_eq!(&*scenario.needs()[0].path, "/feed");
    let mut count = vec![0_u32; scenario.step_names().len()];
    let visits = 100;
    for number in 0..visits {
        let requests = walk("tweets", number);
        assert!(requests[0].starts_with(&format!(
            "0 POST /register display_name=Visitor+{number}&name=v{number}-"
        )));
        for request in requests {
            let step = request.split(' ').next().unwrap().parse::<usize>().unwrap();
            count[step] += 1;
        }
    }
    let names = scenario.step_names();
    for (name, expected) in [
        ("register", 1.0),
        ("log out", 1.0),
        ("log in", 1.0),
        ("feed", 180.0),
        ("feed to write about", 20.0),
        ("write", 20.0),
        ("list people", 5.0),
        ("follow", 2.5),
        ("unfollow", 2.5),
    ] {
        let step = names.iter().position(|known| **known == *name).unwrap();
        let each = f64::from(count[step]) / visits as f64;
        assert!((each - expected).abs() < expected * 0.4, "{name}: {each}");
    }
}

#[test]
fn the_hug_has_hot_profiles_a_long_tail_and_a_tenth_who_post() {
    let (mut hot, mut tail, mut posts) = (0_u32, 0_u32, 0_u32);
    for number in 0..1000 {
        for request in walk("reddit-hug", number) {
            match request.strip_prefix("1 GET /people/p") {
                Some(person) if person.parse::<u32>().unwrap() < 50 => hot += 1,
                Some(_) => tail += 1,
                None => posts += u32::from(request.starts_with("2 POST /register")),
            }
        }
    }
    let share = f64::from(tail) / f64::from(hot + tail);
    assert!((0.07..0.13).contains(&share), "{share}");
    assert!((70..=130).contains(&posts), "{posts}");
    let load = open("reddit-hug").load().unwrap();
    let Some(crate::Load::Closed {
        users: Some(users), ..
    }) = load
    else {
        panic!("no users");
    };
    assert_eq!(users.most(), 400.0);
}

#[test]
fn browse_follows_the_links_of_the_site() {
    let mut seen: Vec<String> = (0..200).flat_map(|number| walk("browse", number)).collect();
    seen.sort();
    seen.dedup();
    for path in [
        "/",
        "/?before=7",
        "/people",
        "/people?from=b",
        "/people/ann",
        "/people/ann?before=7",
        "/people/ann/archive",
        "/people/ann/archive/2007-05",
        "/people/bo/8",
    ] {
        assert!(
            seen.iter()
                .any(|request| request.ends_with(&format!(" {path}"))),
            "{path}: {seen:?}"
        );
    }
}

#[test]
fn the_example_of_the_readme_is_a_scenario() {
    let readme = include_str!("../../../scenarios/README.md");
    let (_, from) = readme.split_once("```toml\n").unwrap();
    let (example, _) = from.split_once("```").unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "tea\ncoffee").unwrap();
    let lists = [("articles".to_owned(), file.path().to_owned())];
    let scenario = Scenario::parse(example, Path::new("."), &lists).unwrap();
    assert_eq!(scenario.name(), "shop");
}
