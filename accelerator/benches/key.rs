//! The cost that the layer adds to each request before it is known whether anything may be stored.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;

use accelerator::media::Media;
use accelerator::{Accelerator, Key, Kind, Options, Policy, Ring};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use futures::FutureExt;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};

const PICTURE: &str = "/i/anna.adams/Zx9qT0aLk3Vb7mNp/640.webp";
const FILE: &str = "/static/css/site.0123456789abcdef.css";
const PAGE: &str = "/people/anna.adams/1234567";

type Answer = Response<Full<Bytes>>;

fn keys(c: &mut Criterion) {
    c.bench_function("key of a picture", |b| {
        b.iter(|| Key::of(black_box(PICTURE)))
    });
    c.bench_function("key of a static file", |b| {
        b.iter(|| Key::of(black_box(FILE)))
    });
    c.bench_function("no key of a page", |b| b.iter(|| Key::of(black_box(PAGE))));
    let ring = Ring::new(["127.0.0.1:11211", "127.0.0.1:11212", "127.0.0.1:11213"]);
    c.bench_function("key and its server of three", |b| {
        b.iter(|| {
            Key::of(black_box(PICTURE)).and_then(|key| ring.server_of(key.as_str().as_bytes()))
        });
    });
    let answer = picture();
    c.bench_function("key and policy of a picture", |b| {
        b.iter(|| key_and_policy(black_box(PICTURE), black_box(&answer)));
    });
}

/// Whether a file may be stored, and under which key and type: the path of one that may.
fn key_and_policy(target: &str, answer: &Answer) -> Option<(Key, Media)> {
    let key = Key::of(target)?;
    let policy = *answer.extensions().get::<Policy>()?;
    let media = Media::of(key.extension())?;
    let named = answer.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let may =
        policy == Policy::Purgeable && key.kind() == Kind::Derivative && media.is_named_by(named);
    may.then_some((key, media))
}

/// The whole layer around a handler that has its response ready, beside that handler alone.
fn layers(c: &mut Criterion) {
    for (what, target, answer) in [
        ("a page", PAGE, page as fn() -> Answer),
        ("a picture, nowhere to store it", PICTURE, picture),
    ] {
        let handler =
            move |_: Request<()>| -> Ready<Result<Answer, Infallible>> { ready(Ok(answer())) };
        let request = || {
            let mut request = Request::new(());
            *request.uri_mut() = http::Uri::from_static(target);
            request
        };
        let mut alone = service_fn(handler);
        c.bench_function(&format!("{what}: the handler alone"), |b| {
            b.iter_batched(
                request,
                |request| alone.call(request).now_or_never(),
                BatchSize::SmallInput,
            );
        });
        let mut layered = Accelerator::new(Options::default())
            .layer()
            .layer(service_fn(handler));
        c.bench_function(&format!("{what}: with the layer"), |b| {
            b.iter_batched(
                request,
                |request| layered.call(request).now_or_never(),
                BatchSize::SmallInput,
            );
        });
    }
}

fn picture() -> Answer {
    Policy::Purgeable.on(typed("image/webp"))
}

fn page() -> Answer {
    typed("text/html; charset=utf-8")
}

fn typed(content_type: &'static str) -> Answer {
    let mut answer = Response::new(Full::from(Bytes::from_static(b"body")));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

criterion_group!(benches, keys, layers);
criterion_main!(benches);
