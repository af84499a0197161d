//! The shipped `nginx.conf` beside Varnish, nginx's own ways, srcache and the textbook configuration: the same
//! bytes, measured in turn, written to `docs/results/front.md`. `scripts/bench-front` builds and runs it.
//!
//! All programs run in a temporary folder on loopback, and end with this one, however it ends.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
)]

mod children;
mod contenders;
mod http;
mod load;
mod memcached;
mod options;
mod prove;
mod report;

use std::path::Path;

use contenders::{Contender, Ground};
use load::{Question, Seen, measure};
use memcached::Listens;
use options::Options;
use report::Table;

/// An error, as a sentence.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// The shipped front. Each block contains it twice: their ratio is the noise.
const SHIPPED: &str = "shipped nginx.conf";
const SHIPPED_AGAIN: &str = "the same once more (A/A)";
/// The same configuration, beside a memcached that listens on a unix socket.
const SHIPPED_UNIX: &str = "the same, unix socket";

/// A fingerprinted file, and its tag as a browser that has the file sends it.
const KNOWN_FILE: &str = "/static/site.0123456789abcdef.css";
const KNOWN_TAG: &str = "If-None-Match: \"0123456789abcdef\"";

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let options = Options::from_words(std::env::args().skip(1))?;
    let mut told = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        done = run(&options) => done,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        _ = told.recv() => Err("told to end".into()),
    }
}

async fn run(options: &Options) -> Result<(), Trouble> {
    let work = tempfile::Builder::new().prefix("front-").tempdir()?;
    let items: Vec<_> = options
        .sizes
        .iter()
        .map(|size| (format!("/i/1/AAAA/{size}k.webp"), noise(size * 1024)))
        .collect();
    let files = work.path().join("files");
    for (path, bytes) in &items {
        let file = files.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap_or(&files))?;
        std::fs::write(file, bytes)?;
    }
    let ground = Ground {
        work: work.path(),
        files: &files,
        workers: options.workers,
        items: &items,
    };
    let contenders = if items.is_empty() {
        vec![contenders::shipped(&ground, SHIPPED, Listens::Tcp).await?]
    } else {
        start_all(&ground).await?
    };
    if !items.is_empty() {
        for contender in &contenders {
            prove::prove(contender, &ground).await?;
        }
        println!(
            "all {} give the same bytes, and hits come from where they should",
            contenders.len()
        );
    }
    let mut tables = Vec::new();
    for ((path, _), size) in items.iter().zip(&options.sizes) {
        tables.push(hits(options, &contenders, path, *size).await?);
    }
    if options.not_modified {
        tables.push(not_modified(options, &contenders[0]).await?);
    }
    drop(contenders);
    let path = Path::new(&options.output);
    report::write(path, options, &tables)?;
    println!("written to {}", path.display());
    Ok(())
}

/// Starts each contender that is installed; the shipped front comes first.
async fn start_all(ground: &Ground<'_>) -> Result<Vec<Contender>, Trouble> {
    let files = contenders::sendfile(ground).await?;
    let origin = files.address;
    let mut all = vec![
        contenders::shipped(ground, SHIPPED, Listens::Tcp).await?,
        contenders::shipped(ground, SHIPPED_AGAIN, Listens::Tcp).await?,
        contenders::shipped(ground, SHIPPED_UNIX, Listens::Unix).await?,
    ];
    for (name, peer) in [
        ("Varnish", contenders::varnish(ground, origin).await?),
        ("srcache+memc", contenders::srcache(ground, origin).await?),
    ] {
        match peer {
            Some(peer) => all.push(peer),
            None => {
                println!("{name} is not installed and is left out (make bench-front installs it)")
            }
        }
    }
    all.push(files);
    all.push(contenders::proxy_cache(ground, origin).await?);
    all.push(contenders::textbook(ground, origin).await?);
    Ok(all)
}

/// One size: each contender once a block, in an order in which each has each place equally often.
async fn hits(
    options: &Options,
    contenders: &[Contender],
    path: &str,
    size: usize,
) -> Result<Table, Trouble> {
    println!("\n{size} KB, {} blocks", options.blocks);
    let names = contenders.iter().map(|contender| contender.name).collect();
    let mut table = Table::new(format!("{size} KB"), names);
    let before: Vec<_> = contenders
        .iter()
        .map(prove::lookups)
        .collect::<Result<_, _>>()?;
    let mut requests = vec![0; contenders.len()];
    // The first block warms up and is not counted.
    for block in 0..=options.blocks {
        let mut row = vec![Seen::default(); contenders.len()];
        for which in order(block, contenders.len()) {
            let pids = contenders[which].pids();
            let question = Question {
                address: contenders[which].address,
                path,
                header: None,
                pids: &pids,
            };
            row[which] = measure(&question, options.seconds).await?;
            requests[which] += row[which].requests;
        }
        if block > 0 {
            table.add(row);
        }
    }
    for ((contender, before), requests) in contenders.iter().zip(before).zip(requests) {
        prove::confirm(contender, before, requests)?;
    }
    table.print();
    Ok(table)
}

/// A 304 derived from the URL, beside a `return 204` of the same processes.
async fn not_modified(options: &Options, shipped: &Contender) -> Result<Table, Trouble> {
    println!("\n304 beside `return 204`, {} blocks", options.blocks);
    prove::prove_304(shipped, KNOWN_FILE, KNOWN_TAG).await?;
    let before = prove::lookups(shipped)?;
    let bare = shipped.bare.unwrap_or(shipped.address);
    let pids = shipped.pids();
    let questions = [
        (shipped.address, KNOWN_FILE),
        (shipped.address, KNOWN_FILE),
        (bare, "/"),
    ];
    let mut table = Table::new(
        "304".to_owned(),
        vec![
            "304 of the shipped nginx.conf",
            SHIPPED_AGAIN,
            "bare return 204",
        ],
    );
    for block in 0..=options.blocks {
        let mut row = vec![Seen::default(); questions.len()];
        for which in order(block, questions.len()) {
            let (address, path) = questions[which];
            let question = Question {
                address,
                path,
                header: Some(KNOWN_TAG),
                pids: &pids,
            };
            row[which] = measure(&question, options.seconds).await?;
        }
        if block > 0 {
            table.add(row);
        }
    }
    if prove::lookups(shipped)? != before {
        return Err("a 304 has touched memcached".into());
    }
    table.print();
    Ok(table)
}

/// Rotated by one a block, and backwards in every second turn.
fn order(block: usize, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).map(|place| (place + block) % count).collect();
    if (block / count) % 2 == 1 {
        order.reverse();
    }
    order
}

/// Incompressible bytes: xorshift64, so that each run has the same.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
    .take(len)
    .collect()
}
