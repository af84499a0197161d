//! What each request pays before it is known whether anything may be stored.

use std::hint::black_box;

use accelerator::{Key, Ring};
use criterion::{Criterion, criterion_group, criterion_main};

const PICTURE: &str = "/i/anna.adams/Zx9qT0aLk3Vb7mNp/640.webp";
const PAGE: &str = "/people/anna.adams/1234567";

fn keys(c: &mut Criterion) {
    c.bench_function("key of a picture", |b| {
        b.iter(|| Key::of(black_box(PICTURE)))
    });
    c.bench_function("no key of a page", |b| b.iter(|| Key::of(black_box(PAGE))));
    let ring = Ring::new(["127.0.0.1:11211", "127.0.0.1:11212", "127.0.0.1:11213"]);
    c.bench_function("key and its server of three", |b| {
        b.iter(|| {
            Key::of(black_box(PICTURE)).and_then(|key| ring.server_of(key.as_str().as_bytes()))
        });
    });
}

criterion_group!(benches, keys);
criterion_main!(benches);
