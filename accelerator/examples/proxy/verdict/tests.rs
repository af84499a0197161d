//! Each rule by what it refuses.

use super::{Duration, NotPushed, PROMISE, Promise, SystemTime, lifetime};
use http::{HeaderMap, HeaderName, HeaderValue};

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let lines = lines.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    lines.collect()
}

/// For how many seconds a response is stored that arrives in no time.
fn pushed(
    promise: Promise,
    request: &[(&'static str, &'static str)],
    response: &[(&'static str, &'static str)],
) -> Result<u64, NotPushed> {
    let now = SystemTime::now();
    lifetime(&headers(request), &headers(response), now, now, promise)
        .map(|lifetime| lifetime.as_secs())
}

#[test]
fn a_hit_ends_before_the_origins_time_does() {
    for (cache_control, uncounted, kept) in [
        (
            "max-age=1",
            Err(NotPushed::TooShort),
            Err(NotPushed::TooShort),
        ),
        ("max-age=2", Ok(1), Err(NotPushed::TooShort)),
        ("max-age=86401", Ok(86_400), Err(NotPushed::TooShort)),
        ("max-age=86402", Ok(86_401), Ok(1)),
        ("max-age=100000", Ok(99_999), Ok(13_599)),
        (
            "max-age=1, s-maxage=100000",
            Ok(99_999),
            Err(NotPushed::TooShort),
        ),
        ("s-maxage=100000", Ok(99_999), Err(NotPushed::TooShort)),
        ("max-age=100000, s-maxage=90000", Ok(89_999), Ok(3_599)),
    ] {
        let response = [("cache-control", cache_control)];
        let got =
            [Promise::Uncounted, Promise::Kept].map(|promise| pushed(promise, &[], &response));
        assert_eq!(got, [uncounted, kept], "{cache_control}");
    }
}

#[test]
fn the_promise_is_what_nginx_says() {
    let said = accelerator::policy::PURGEABLE;
    assert_eq!(said, format!("public, max-age={}", PROMISE.as_secs()));
}

#[test]
fn every_refusal_has_its_reason() {
    let hour = ("cache-control", "max-age=3600");
    for (request, response, reason) in [
        (
            &[("cache-control", "x, no-store")][..],
            &[hour][..],
            NotPushed::AskedNotTo,
        ),
        (
            &[],
            &[("cache-control", "max-age=3600, no-store")],
            NotPushed::Forbidden,
        ),
        (
            &[],
            &[("cache-control", "no-cache=\"a\", max-age=3600")],
            NotPushed::Forbidden,
        ),
        (
            &[],
            &[("cache-control", "private=a, max-age=3600")],
            NotPushed::Forbidden,
        ),
        (
            &[],
            &[("cache-control", "max-age=3600, must-revalidate")],
            NotPushed::Directive,
        ),
        (
            &[],
            &[("cache-control", "max-age=3600, no-transform")],
            NotPushed::Directive,
        ),
        (
            &[],
            &[("cache-control", "max-age=3600, unheard-of")],
            NotPushed::Directive,
        ),
        (
            &[],
            &[hour, ("content-disposition", "attachment")],
            NotPushed::Header,
        ),
        (
            &[],
            &[hour, ("cdn-cache-control", "private")],
            NotPushed::Header,
        ),
        (
            &[],
            &[hour, ("surrogate-control", "no-store")],
            NotPushed::Header,
        ),
        (&[], &[hour, ("pragma", "no-cache")], NotPushed::Header),
        (
            &[],
            &[hour, ("content-type", "text/plain; charset=latin1")],
            NotPushed::Charset,
        ),
        (
            &[],
            &[("cache-control", "max-age = 3600")],
            NotPushed::Unreadable,
        ),
        (
            &[],
            &[("content-type", "text/plain")],
            NotPushed::NoLifetime,
        ),
        (&[], &[hour, ("age", "3600")], NotPushed::TooShort),
    ] {
        let got = pushed(Promise::Uncounted, request, response);
        assert_eq!(got, Err(reason), "{request:?} {response:?}");
    }
}

#[test]
fn what_may_be_lost_hinders_nothing() {
    let response = [
        (
            "cache-control",
            "public, immutable, stale-if-error=9, max-age=3600",
        ),
        ("content-type", "text/plain;charset=utf-8"),
        ("etag", "\"a\""),
        ("last-modified", "Tue, 24 Nov 2020 12:00:00 GMT"),
        ("server-now", "1"),
    ];
    let wishes = [
        ("cache-control", "max-age=0, no-cache"),
        ("authorization", "x"),
    ];
    assert_eq!(pushed(Promise::Uncounted, &wishes, &response), Ok(3599));
}

#[test]
fn the_way_counts_and_so_does_half_a_second() {
    let now = SystemTime::now();
    let response = headers(&[("cache-control", "max-age=60")]);
    for (way_ms, expected) in [(0, 59), (500, 59), (501, 58), (20_000, 39)] {
        let asked = now - Duration::from_millis(way_ms);
        let lifetime = lifetime(&HeaderMap::new(), &response, asked, now, Promise::Uncounted);
        assert_eq!(lifetime, Ok(Duration::from_secs(expected)), "{way_ms}");
    }
}
