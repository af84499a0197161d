//! How long a picture takes to draw, and to draw and encode as the site does.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use demo_data::picture::{Picture, Scene, draw};

/// A spread over all families and lights.
const SEEDS: u64 = 60;

fn encode(picture: &Picture) -> usize {
    let mut config = webp::WebPConfig::new().expect("libwebp has a default configuration");
    config.quality = 75.0;
    config.method = 2;
    webp::Encoder::from_rgb(&picture.rgb, picture.width, picture.height)
        .encode_advanced(&config)
        .expect("a picture can be encoded")
        .len()
}

fn pictures(c: &mut Criterion) {
    let mut seed = 0;
    c.bench_function("scene", |b| {
        b.iter(|| {
            seed += 1;
            black_box(Scene::of(seed))
        });
    });
    for width in [320, 640] {
        let mut seed = 0;
        let mut next = || {
            seed = (seed + 1) % SEEDS;
            seed
        };
        c.bench_function(&format!("draw {width}"), |b| {
            b.iter(|| black_box(draw(next(), width)))
        });
        c.bench_function(&format!("draw + encode {width}"), |b| {
            b.iter(|| black_box(encode(&draw(next(), width))))
        });
    }
}

criterion_group!(benches, pictures);
criterion_main!(benches);
