//! Counts the allocations of a request; the counting allocator needs a binary of its own.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails its test")]

use std::convert::Infallible;
use std::future::Ready;

use accelerator::media::Media;
use accelerator::{Accelerator, Key, Kind, Options, Policy};
use allocation_counter::measure;
use bytes::Bytes;
use futures::FutureExt;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};

const PICTURE: &str = "/i/anna.adams/Zx9qT0aLk3Vb7mNp/640.webp";
const PAGE: &str = "/people/anna.adams/1234567";

/// How many allocations the layer may add to a page, which it does not store.
const OF_A_PAGE_MAX: u64 = 1;
/// The same for a file that is rendered and not stored: one rendering is shared by many requests.
const OF_A_FILE_MAX: u64 = 16;

fn picture() -> Response<Full<Bytes>> {
    let response = Response::builder().header(CONTENT_TYPE, "image/webp");
    Policy::Purgeable.on(response.body(Full::from("picture")).unwrap())
}

fn page() -> Response<Full<Bytes>> {
    let response = Response::builder().header(CONTENT_TYPE, "text/html");
    response.body(Full::from("page")).unwrap()
}

fn counted(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

/// The allocations of the layer beyond those of its handler, which has its response ready.
fn of_the_layer(target: &'static str, answer: fn() -> Response<Full<Bytes>>) -> u64 {
    let accelerator = Accelerator::new(Options::default());
    let handler =
        move |_: Request<()>| -> Ready<Result<_, Infallible>> { std::future::ready(Ok(answer())) };
    let mut alone = service_fn(handler);
    let mut layered = accelerator.layer().layer(service_fn(handler));
    let request = || Request::get(target).body(()).unwrap();
    // The first request fills caches.
    layered.call(request()).now_or_never().unwrap().unwrap();
    let (first, second) = (request(), request());
    let with = counted(|| drop(layered.call(second).now_or_never().unwrap().unwrap()));
    let without = counted(|| drop(alone.call(first).now_or_never().unwrap().unwrap()));
    with - without
}

#[test]
fn key_and_policy_together_are_one_allocation() {
    let answer = picture();
    let together = counted(|| {
        let key = Key::of(PICTURE).unwrap();
        let policy = answer.extensions().get::<Policy>().unwrap();
        let media = Media::of(key.extension()).unwrap();
        let named = answer.headers()[CONTENT_TYPE].to_str().unwrap();
        assert!(policy.is_public() && key.kind() == Kind::Derivative && media.is_named_by(named));
        drop(policy.cache_control());
        // A store needs a key of its own.
        drop(key.clone());
    });
    assert_eq!(together, 1);
}

#[test]
fn what_has_no_key_allocates_nothing() {
    for target in [PAGE, "/i/a.webp?w=1", "/static/site.css"] {
        assert_eq!(
            counted(|| assert!(Key::of(target).is_none())),
            0,
            "{target}"
        );
    }
}

#[test]
fn the_layer_adds_few_allocations_to_what_its_handler_does() {
    let (of_a_page, of_a_file) = (of_the_layer(PAGE, page), of_the_layer(PICTURE, picture));
    println!("the layer adds {of_a_page} allocations to a page, {of_a_file} to a file");
    assert!(of_a_page <= OF_A_PAGE_MAX, "a page: {of_a_page}");
    assert!(of_a_file <= OF_A_FILE_MAX, "a file: {of_a_file}");
}
