//! What it costs to turn a picture of 12 megapixels into one of 640 pixels, by stage, and to draw one
//! of the demo set instead.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use image::RgbImage;
use images::decode::Opened;
use images::encode::encode;
use images::{Encoding, Original, Originals, Size, Width, inspect, render, resize};

/// A seed of the demo set.
const SEED: u64 = 42;

fn drawn(width: u32) -> RgbImage {
    let picture = demo_data::picture::draw(SEED, width);
    RgbImage::from_raw(picture.width, picture.height, picture.rgb)
        .expect("a drawing fills its size")
}

/// As a camera writes it: 12 megapixels, quality 92.
fn upload() -> Vec<u8> {
    let picture = drawn(4000);
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 92)
        .encode(
            &picture,
            4000,
            u16::try_from(picture.height()).expect("a drawing is no ribbon"),
            jpeg_encoder::ColorType::Rgb,
        )
        .expect("a drawing can be encoded");
    bytes
}

fn unpack(bytes: &[u8]) -> images::decode::Decoded {
    Opened::read(bytes)
        .and_then(|opened| opened.decode(u64::MAX))
        .expect("our own picture is a picture")
}

fn from_upload(criterion: &mut Criterion) {
    let bytes = upload();
    let mut group = criterion.benchmark_group("upload of 12 megapixels");
    group.sample_size(20);
    group.bench_function("inspect", |bench| {
        bench.iter(|| inspect(black_box(&bytes), u64::MAX))
    });
    group.bench_function("decode", |bench| bench.iter(|| unpack(black_box(&bytes))));
    group.bench_function("resize to 640", |bench| {
        bench.iter_batched(
            || unpack(&bytes),
            |decoded| resize::shrink(decoded, 640),
            criterion::BatchSize::PerIteration,
        );
    });
    let small = resize::shrink(unpack(&bytes), 640).expect("our own picture can be resized");
    for encoding in [Encoding::WebP, Encoding::Jpeg] {
        group.bench_function(format!("encode 640 as {}", encoding.extension()), |bench| {
            bench.iter(|| encode(black_box(&small), encoding));
        });
    }
    group.finish();
}

fn from_seed(criterion: &mut Criterion) {
    let originals = Originals::new("nothing is read from here");
    let mut group = criterion.benchmark_group("drawing");
    group.sample_size(20);
    for width in [Width::W320, Width::W640] {
        let size = Size {
            width,
            encoding: Encoding::WebP,
        };
        group.bench_function(format!("draw {width}"), |bench| {
            bench.iter(|| drawn(black_box(width.pixels())));
        });
        group.bench_function(format!("draw and encode {size}"), |bench| {
            bench.iter(|| render(black_box(Original::Drawn(SEED)), &originals, size));
        });
    }
    group.finish();
}

criterion_group!(benches, from_upload, from_seed);
criterion_main!(benches);
