//! The rules of RFC 9111, each with its section.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use httparse::Header;
use proptest::prelude::*;

use super::{Cache, CacheHead, Lookup};

const PATH: u64 = 7;
/// When all responses arrived: Sun, 06 Nov 1994 08:49:37 GMT.
const CAME_S: u64 = 784_111_777;
const DATE: (&str, &str) = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
/// A thousand seconds before and after.
const BEFORE: &str = "Sun, 06 Nov 1994 08:32:57 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 09:06:17 GMT";

fn head(status: u16, headers: &[(&str, &str)]) -> CacheHead {
    let headers: Vec<Header<'_>> = headers
        .iter()
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(CAME_S);
    CacheHead::received_at(received, &headers, status)
}

/// The result of a lookup in a word; the validators that would be sent when it is stale.
fn word(look: &Lookup) -> String {
    match look {
        Lookup::Absent => "absent".to_owned(),
        Lookup::Fresh => "fresh".to_owned(),
        Lookup::Stale(validators) => {
            let mut lines = Vec::new();
            validators.write_to(&mut lines);
            let lines = String::from_utf8(lines).unwrap();
            lines.trim_end().replace("\r\n", ", ")
        }
    }
}

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// One response, and the results of lookups so many seconds after its arrival.
struct Rule {
    why: &'static str,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    looks: &'static [(u64, &'static str)],
}

const YEAR_S: u64 = 31_536_000;

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { why: "max-age counts from when it was made (RFC 9111, 5.2.2.1)", status: 200,
        headers: &[DATE, ("Cache-Control", "public, max-age=60"), ("ETag", "\"a\"")],
        looks: &[(0, "fresh"), (59, "fresh"), (60, "If-None-Match: \"a\"")] },
    Rule { why: "a fingerprinted file is fresh for its year (RFC 8246)", status: 200,
        headers: &[DATE, ("cache-control", "public, max-age=31536000, immutable"), ("etag", "\"a\"")],
        looks: &[(YEAR_S - 1, "fresh"), (YEAR_S, "If-None-Match: \"a\"")] },
    Rule { why: "immutable alone says nothing about how long (RFC 8246, 2)", status: 200,
        headers: &[DATE, ("Cache-Control", "immutable"), ("ETag", "\"a\"")],
        looks: &[(0, "If-None-Match: \"a\"")] },
    Rule { why: "max-age wins over Expires (5.3)", status: 200,
        headers: &[DATE, ("Cache-Control", "max-age=60"), ("Expires", AFTER)],
        looks: &[(59, "fresh"), (60, "absent")] },
    Rule { why: "of two max-age the first counts (4.2.1)", status: 200,
        headers: &[DATE, ("Cache-Control", "max-age=60, max-age=90")],
        looks: &[(59, "fresh"), (60, "absent")] },
    Rule { why: "directives of two lines are one list (RFC 9110, 5.3)", status: 200,
        headers: &[DATE, ("Cache-Control", "public"), ("Cache-Control", "MAX-AGE=60")],
        looks: &[(59, "fresh"), (60, "absent")] },
    Rule { why: "a max-age that is no number makes it stale (4.2.1)", status: 200,
        headers: &[DATE, ("Cache-Control", "max-age=soon"), ("Last-Modified", BEFORE)],
        looks: &[(0, "If-Modified-Since: Sun, 06 Nov 1994 08:32:57 GMT")] },
    Rule { why: "a max-age that is too great is for ever (1.2.2)", status: 200,
        headers: &[DATE, ("Cache-Control", "max-age=99999999999999999999")],
        looks: &[(YEAR_S * 60, "fresh")] },
    Rule { why: "s-maxage is for shared caches (5.2.2.10)", status: 200,
        headers: &[DATE, ("Cache-Control", "s-maxage=60, max-age=5")],
        looks: &[(4, "fresh"), (5, "absent")] },
    Rule { why: "private is no hindrance to a private cache (5.2.2.7)", status: 200,
        headers: &[DATE, ("Cache-Control", "private, max-age=60")],
        looks: &[(59, "fresh")] },
    Rule { why: "Expires counts from Date (4.2.1)", status: 200,
        headers: &[DATE, ("Expires", AFTER), ("ETag", "\"a\"")],
        looks: &[(999, "fresh"), (1000, "If-None-Match: \"a\"")] },
    Rule { why: "an Expires that is no date is in the past (5.3)", status: 200,
        headers: &[DATE, ("Expires", "0"), ("Last-Modified", BEFORE)],
        looks: &[(0, "If-Modified-Since: Sun, 06 Nov 1994 08:32:57 GMT")] },
    Rule { why: "without Date it was made when it came (RFC 9110, 6.6.1)", status: 200,
        headers: &[("Expires", AFTER)],
        looks: &[(999, "fresh"), (1000, "absent")] },
    Rule { why: "what says nothing is guessed: a tenth of how long it did not change (4.2.2)", status: 200,
        headers: &[DATE, ("Last-Modified", BEFORE)],
        looks: &[(99, "fresh"), (100, "If-Modified-Since: Sun, 06 Nov 1994 08:32:57 GMT")] },
    Rule { why: "a change in the future is no ground for a guess (4.2.2)", status: 200,
        headers: &[DATE, ("Last-Modified", AFTER), ("ETag", "\"a\"")],
        looks: &[(0, "If-None-Match: \"a\", If-Modified-Since: Sun, 06 Nov 1994 09:06:17 GMT")] },
    Rule { why: "must-revalidate forbids guessing (5.2.2.2, Chromium)", status: 200,
        headers: &[DATE, ("Cache-Control", "must-revalidate"), ("Last-Modified", BEFORE)],
        looks: &[(0, "If-Modified-Since: Sun, 06 Nov 1994 08:32:57 GMT")] },
    Rule { why: "must-revalidate forbids nothing while it is fresh (5.2.2.2)", status: 200,
        headers: &[DATE, ("Cache-Control", "max-age=60, must-revalidate"), ("ETag", "\"a\"")],
        looks: &[(59, "fresh"), (60, "If-None-Match: \"a\"")] },
    Rule { why: "no-cache is kept and always asked about (5.2.2.4)", status: 200,
        headers: &[DATE, ("Cache-Control", "no-cache, max-age=60"), ("ETag", "W/\"a\"")],
        looks: &[(0, "If-None-Match: W/\"a\"")] },
    Rule { why: "no-cache for a field is not no-cache, and its comma no separator (Chromium)", status: 200,
        headers: &[DATE, ("Cache-Control", "no-cache=\"x, no-store\", max-age=60")],
        looks: &[(59, "fresh"), (60, "absent")] },
    Rule { why: "Pragma: no-cache is an old word for it (5.4)", status: 200,
        headers: &[DATE, ("Pragma", "no-cache"), ("ETag", "\"a\"")],
        looks: &[(0, "If-None-Match: \"a\"")] },
    Rule { why: "no-store is not kept (5.2.2.5)", status: 200,
        headers: &[DATE, ("Cache-Control", "max-age=60, No-Store"), ("ETag", "\"a\"")],
        looks: &[(0, "absent")] },
    Rule { why: "Age has gone already (4.2.3)", status: 200,
        headers: &[DATE, ("Cache-Control", "max-age=60"), ("Age", "50")],
        looks: &[(9, "fresh"), (10, "absent")] },
    Rule { why: "a Date in the past has gone too (4.2.3)", status: 200,
        headers: &[("Date", BEFORE), ("Cache-Control", "max-age=1010"), ("Age", "3")],
        looks: &[(9, "fresh"), (10, "absent")] },
    Rule { why: "Vary on what a visitor always says the same matches (4.1)", status: 200,
        headers: &[DATE, ("Vary", "Accept-Encoding"), ("Cache-Control", "max-age=60")],
        looks: &[(59, "fresh")] },
    Rule { why: "Vary: * never matches; only the tag can be asked about (4.1, 4.3.1)", status: 200,
        headers: &[DATE, ("Vary", "a, *"), ("Cache-Control", "max-age=60"), ("ETag", "\"a\""), ("Last-Modified", BEFORE)],
        looks: &[(0, "If-None-Match: \"a\"")] },
    Rule { why: "Vary: * without a tag is of no use (4.1)", status: 200,
        headers: &[DATE, ("Vary", "*"), ("Cache-Control", "max-age=60"), ("Last-Modified", BEFORE)],
        looks: &[(0, "absent")] },
    Rule { why: "what is neither fresh nor can be asked about is not kept (3)", status: 200,
        headers: &[DATE],
        looks: &[(0, "absent")] },
    Rule { why: "203 is guessed about as 200 is, but not asked about (4.2.2, Chromium)", status: 203,
        headers: &[DATE, ("Last-Modified", BEFORE)],
        looks: &[(99, "fresh"), (100, "absent")] },
    Rule { why: "moved for good is for ever (RFC 9110, 15.4.2, Chromium)", status: 301,
        headers: &[DATE],
        looks: &[(YEAR_S, "fresh")] },
    Rule { why: "so is 308 (RFC 9110, 15.4.9)", status: 308, headers: &[DATE], looks: &[(YEAR_S, "fresh")] },
    Rule { why: "and gone (RFC 9110, 15.5.11)", status: 410, headers: &[DATE], looks: &[(YEAR_S, "fresh")] },
    Rule { why: "unless they say otherwise (4.2.1)", status: 301,
        headers: &[DATE, ("Cache-Control", "max-age=60")],
        looks: &[(59, "fresh"), (60, "absent")] },
    Rule { why: "moved for now is not kept (RFC 9110, 15.4.3)", status: 302, headers: &[DATE], looks: &[(0, "absent")] },
    Rule { why: "unless it says how long (3)", status: 302,
        headers: &[DATE, ("Cache-Control", "max-age=60")],
        looks: &[(59, "fresh")] },
    Rule { why: "not found is kept as long as it says (3)", status: 404,
        headers: &[DATE, ("Cache-Control", "max-age=60"), ("ETag", "\"a\"")],
        looks: &[(59, "fresh"), (60, "absent")] },
    Rule { why: "and not guessed about (Chromium)", status: 404,
        headers: &[DATE, ("Last-Modified", BEFORE)],
        looks: &[(0, "absent")] },
    Rule { why: "an error is not kept (3)", status: 500, headers: &[DATE, ("ETag", "\"a\"")], looks: &[(0, "absent")] },
    Rule { why: "a part is not the whole (3.3)", status: 206,
        headers: &[DATE, ("Cache-Control", "max-age=60")],
        looks: &[(0, "absent")] },
];

#[test]
fn every_rule_of_freshness_and_storing_holds() {
    let came = Instant::now();
    for rule in RULES {
        let mut cache = Cache::new(9);
        cache.store(PATH, &head(rule.status, rule.headers), came);
        for (after_s, expected) in rule.looks {
            let look = cache.lookup(PATH, came + seconds(*after_s));
            assert_eq!(word(&look), *expected, "{}: after {after_s} s", rule.why);
        }
    }
}

/// A stored response, the 304 to it 100 s later, and the results of lookups so many seconds after the 304.
struct Refreshing {
    why: &'static str,
    stored: &'static [(&'static str, &'static str)],
    answer: &'static [(&'static str, &'static str)],
    looks: &'static [(u64, &'static str)],
}

#[rustfmt::skip]
const REFRESHINGS: &[Refreshing] = &[
    Refreshing { why: "a 304 makes it fresh for as long as it says (4.3.4)",
        stored: &[DATE, ("Cache-Control", "max-age=60"), ("ETag", "\"a\"")],
        answer: &[DATE, ("Cache-Control", "max-age=30"), ("ETag", "\"a\"")],
        looks: &[(29, "fresh"), (30, "If-None-Match: \"a\"")] },
    Refreshing { why: "what it leaves out stays as it was (4.3.4)",
        stored: &[DATE, ("Cache-Control", "max-age=60"), ("ETag", "\"a\"")],
        answer: &[],
        looks: &[(59, "fresh"), (60, "If-None-Match: \"a\"")] },
    Refreshing { why: "what was said is not guessed anew",
        stored: &[DATE, ("Cache-Control", "no-cache"), ("Last-Modified", BEFORE)],
        answer: &[DATE, ("Last-Modified", BEFORE)],
        looks: &[(0, "If-Modified-Since: Sun, 06 Nov 1994 08:32:57 GMT")] },
    Refreshing { why: "a guess follows the dates of the 304 (4.2.2)",
        stored: &[DATE, ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
        answer: &[DATE, ("Last-Modified", BEFORE)],
        looks: &[(99, "fresh"), (100, "If-Modified-Since: Sun, 06 Nov 1994 08:32:57 GMT")] },
    Refreshing { why: "a new tag replaces the old one (4.3.4)",
        stored: &[DATE, ("Cache-Control", "no-cache"), ("ETag", "\"a\"")],
        answer: &[("ETag", "\"b\"")],
        looks: &[(0, "If-None-Match: \"b\"")] },
    Refreshing { why: "a 304 without the tag does not lose it",
        stored: &[DATE, ("Cache-Control", "no-cache"), ("ETag", "\"a\"")],
        answer: &[("Last-Modified", BEFORE)],
        looks: &[(0, "If-None-Match: \"a\"")] },
    Refreshing { why: "a 304 that says no-store ends it (5.2.2.5)",
        stored: &[DATE, ("Cache-Control", "max-age=60"), ("ETag", "\"a\"")],
        answer: &[("Cache-Control", "no-store")],
        looks: &[(0, "absent")] },
];

#[test]
fn a_304_renews_what_it_speaks_of_and_leaves_the_rest() {
    let came = Instant::now();
    let answered = came + seconds(100);
    for case in REFRESHINGS {
        let mut cache = Cache::new(9);
        cache.store(PATH, &head(200, case.stored), came);
        cache.refresh(PATH, &head(304, case.answer), answered);
        for (after_s, expected) in case.looks {
            let look = cache.lookup(PATH, answered + seconds(*after_s));
            assert_eq!(word(&look), *expected, "{}: after {after_s} s", case.why);
        }
    }
}

#[test]
fn a_304_about_what_was_forgotten_meanwhile_changes_nothing() {
    let mut cache = Cache::new(9);
    cache.refresh(
        PATH,
        &head(304, &[("Cache-Control", "max-age=60")]),
        Instant::now(),
    );
    assert_eq!(cache.lookup(PATH, Instant::now()), Lookup::Absent);
}

#[test]
fn an_answer_that_is_not_kept_ends_what_was_kept() {
    let now = Instant::now();
    let mut cache = Cache::new(9);
    cache.store(PATH, &head(200, &[("Cache-Control", "max-age=60")]), now);
    cache.store(PATH, &head(200, &[("Cache-Control", "no-store")]), now);
    assert_eq!(cache.lookup(PATH, now), Lookup::Absent);
}

#[test]
fn the_oldest_makes_room_and_a_new_visitor_has_nothing() {
    let now = Instant::now();
    let lasting = head(200, &[("Cache-Control", "max-age=60")]);
    let mut cache = Cache::new(2);
    for path in [1, 2, 1, 3] {
        cache.store(path, &lasting, now);
    }
    let has = |cache: &Cache| [1, 2, 3].map(|path| cache.lookup(path, now) == Lookup::Fresh);
    assert_eq!(has(&cache), [false, true, true]);
    cache.clear();
    assert_eq!(has(&cache), [false; 3]);
}

#[test]
fn visitors_with_the_same_file_hold_one_copy_of_its_validators() {
    let stale = |cache: &mut Cache| {
        let headers = [("ETag", "\"shared\""), ("Cache-Control", "no-cache")];
        cache.store(PATH, &head(200, &headers), Instant::now());
        match cache.lookup(PATH, Instant::now()) {
            Lookup::Stale(validators) => validators,
            other => panic!("{other:?}"),
        }
    };
    let (first, second) = (stale(&mut Cache::new(9)), stale(&mut Cache::new(9)));
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn an_entry_is_small() {
    assert!(size_of::<super::Entry>() <= 48);
}

#[derive(Debug, Clone)]
enum Step {
    Store { path: u64, fresh_s: Option<u32> },
    Refresh { path: u64, fresh_s: u32 },
    Wait { seconds: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let path = || 0..6_u64;
    let step = prop_oneof![
        (path(), prop::option::of(0..50_u32))
            .prop_map(|(path, fresh_s)| Step::Store { path, fresh_s }),
        (path(), 0..50_u32).prop_map(|(path, fresh_s)| Step::Refresh { path, fresh_s }),
        (0..40_u64).prop_map(|seconds| Step::Wait { seconds }),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Compared with a plain list of what was stored: every lookup has the right age, and there are
    /// never too many entries.
    #[test]
    fn a_history_of_answers_gives_the_same_looks_as_a_plain_list(steps in steps()) {
        const ROOM: usize = 4;
        let mut now = Instant::now();
        let mut cache = Cache::new(ROOM);
        let mut list: Vec<(u64, Instant)> = Vec::new();
        let lasting = |fresh_s: u32, status| {
            head(status, &[("Cache-Control", &format!("max-age={fresh_s}")), ("ETag", "\"a\"")])
        };
        for step in steps {
            match step {
                Step::Wait { seconds: s } => now += seconds(s),
                Step::Store { path, fresh_s: None } => {
                    cache.store(path, &head(200, &[("Cache-Control", "no-store")]), now);
                    list.retain(|(p, _)| *p != path);
                }
                Step::Store { path, fresh_s: Some(s) } => {
                    cache.store(path, &lasting(s, 200), now);
                    let stale_at = now + seconds(s.into());
                    match list.iter_mut().find(|(p, _)| *p == path) {
                        Some(entry) => entry.1 = stale_at,
                        None => list.push((path, stale_at)),
                    }
                    if list.len() > ROOM {
                        list.remove(0);
                    }
                }
                Step::Refresh { path, fresh_s: s } => {
                    cache.refresh(path, &lasting(s, 304), now);
                    if let Some(entry) = list.iter_mut().find(|(p, _)| *p == path) {
                        entry.1 = now + seconds(s.into());
                    }
                }
            }
            let known: HashMap<u64, Instant> = list.iter().copied().collect();
            for path in 0..6 {
                let expected = match known.get(&path) {
                    None => "absent",
                    Some(stale_at) if now < *stale_at => "fresh",
                    Some(_) => "If-None-Match: \"a\"",
                };
                prop_assert_eq!(word(&cache.lookup(path, now)), expected);
            }
            prop_assert_eq!(cache.entries.len(), cache.order.len());
        }
    }

    /// Any header value is accepted, and none makes an entry fresh for longer than the maximum.
    #[test]
    fn any_header_is_survived(
        status in 100..600_u16,
        said in prop::collection::vec((0..7_usize, prop::collection::vec(any::<u8>(), 0..40)), 0..12),
    ) {
        const NAMES: [&str; 7] =
            ["Age", "ETag", "Date", "Vary", "Expires", "Cache-Control", "Last-Modified"];
        let headers: Vec<Header<'_>> = said
            .iter()
            .map(|(name, value)| Header { name: NAMES[*name], value })
            .collect();
        let now = Instant::now();
        let mut cache = Cache::new(1);
        let head = CacheHead::of(&headers, status);
        cache.store(PATH, &head, now);
        cache.refresh(PATH, &head, now);
        prop_assert_ne!(cache.lookup(PATH, now + seconds(u64::from(u32::MAX))), Lookup::Fresh);
    }
}
