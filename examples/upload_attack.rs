//! What an attack by uploads costs everybody else: `scripts/bench-upload-attack`.
//!
//! An open load of pages, log-ins and pictures that were never drawn runs at planned instants, in blocks: with no
//! attack, twice, and beside each attack, in random order. Times count from the planned instant to the last byte. The
//! effect of an attack is the ratio of the p99 within a block.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
)]

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::seq::SliceRandom as _;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long a condition is measured.
const MEASURED: Duration = Duration::from_secs(10);
/// How long an attack runs before anything is measured.
const LEAD: Duration = Duration::from_secs(1);
/// How many requests a second are due, of each kind.
const RATES: [(Kind, u32); 3] = [(Kind::Page, 40), (Kind::Picture, 8), (Kind::LogIn, 4)];
/// The accounts of the largest attack.
const ACCOUNTS: usize = 10;
const PASSWORD: &str = "tall ships in the harbour";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Picture,
    LogIn,
}

/// What runs beside the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    None,
    NoneAgain,
    /// A header of 10,000 x 10,000 CMYK over 9 KB.
    Bomb(Crowd),
    /// A whole picture of 100 megapixels in 1.6 MB.
    Largest(Crowd),
}

/// How many uploads are under way at once, from how many accounts, and how long each connection waits after an answer.
///
/// The answers ask for five seconds: 1,200 uploads come at once every five seconds. Without any pause the two cores would
/// measure a flood of requests, of whatever kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crowd {
    connections: usize,
    accounts: usize,
    pause_s: u64,
}

const CONDITIONS: [Attack; 6] = [
    Attack::None,
    Attack::NoneAgain,
    Attack::Bomb(Crowd::of(16, 1, 1)),
    Attack::Bomb(Crowd::of(1_200, 1, 5)),
    Attack::Bomb(Crowd::of(1_200, ACCOUNTS, 5)),
    Attack::Largest(Crowd::of(16, ACCOUNTS, 1)),
];

impl Crowd {
    const fn of(connections: usize, accounts: usize, pause_s: u64) -> Self {
        Self {
            connections,
            accounts,
            pause_s,
        }
    }
}

impl Attack {
    fn name(self) -> String {
        match self {
            Self::None => "no attack".to_owned(),
            Self::NoneAgain => "no attack, once more".to_owned(),
            Self::Bomb(crowd) => format!("9 KB that claim 100 megapixels, {crowd}"),
            Self::Largest(crowd) => format!("100 megapixels in 1.6 MB, {crowd}"),
        }
    }

    fn crowd(self) -> Crowd {
        match self {
            Self::None | Self::NoneAgain => Crowd::of(0, 1, 0),
            Self::Bomb(crowd) | Self::Largest(crowd) => crowd,
        }
    }
}

impl std::fmt::Display for Crowd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let accounts = if self.accounts == 1 {
            "account"
        } else {
            "accounts"
        };
        let (connections, pause_s) = (self.connections, self.pause_s);
        write!(
            f,
            "{connections} at once, {} {accounts}, again {pause_s} s after each answer",
            self.accounts
        )
    }
}

/// The site, and what is asked of it.
struct Target {
    base: String,
    pages: Vec<String>,
    pictures: Vec<String>,
    members: Vec<String>,
    attackers: Vec<Client>,
    bomb: Vec<u8>,
    largest: Vec<u8>,
    next: AtomicUsize,
    uploads: [AtomicU64; 2],
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, blocks, pages, pictures] = &arguments[..] else {
        return Err("usage: upload_attack BASE BLOCKS PAGES PICTURES".into());
    };
    let lines = |path: &str| -> Fallible<Vec<String>> {
        let text = std::fs::read_to_string(path)?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    let mut target = Target {
        base: base.clone(),
        pages: lines(pages)?,
        pictures: lines(pictures)?,
        members: Vec::new(),
        attackers: Vec::new(),
        bomb: bomb()?,
        largest: grey(10_000)?,
        next: AtomicUsize::new(0),
        uploads: Default::default(),
    };
    for n in 0..20 {
        let name = format!("m{:x}-{n}", rand::random::<u32>());
        register(&target, &name).await?;
        target.members.push(name);
    }
    for n in 0..ACCOUNTS {
        let name = format!("a{:x}-{n}", rand::random::<u32>());
        let client = register(&target, &name).await?;
        target.attackers.push(client);
    }
    let blocks: usize = blocks.parse()?;
    let target = Arc::new(target);
    // One value a block, condition and kind: the p99 in ms.
    let mut found = vec![[[0.0; 3]; CONDITIONS.len()]; blocks];
    let mut failed = [[0_usize; 3]; CONDITIONS.len()];
    for (number, block) in found.iter_mut().enumerate() {
        let mut order: Vec<usize> = (0..CONDITIONS.len()).collect();
        order.shuffle(&mut rand::rng());
        for condition in order {
            let measured = measure(&target, CONDITIONS[condition]).await?;
            for (kind, (times, errors)) in measured.into_iter().enumerate() {
                block[condition][kind] = p99(times);
                failed[condition][kind] += errors;
            }
            eprintln!(
                "block {}: {} {:.0?} ms",
                number + 1,
                CONDITIONS[condition].name(),
                block[condition]
            );
        }
    }
    print(&found, &failed);
    let [answered, accepted] = [0, 1].map(|n| target.uploads[n].load(Relaxed));
    println!("\n{answered} uploads of the attacks were answered, {accepted} of them accepted.");
    Ok(())
}

fn print(found: &[[[f64; 3]; CONDITIONS.len()]], failed: &[[usize; 3]; CONDITIONS.len()]) {
    println!(
        "| beside | pages | undrawn pictures | log-ins | failed |\n| :-- | --: | --: | --: | --: |"
    );
    for (condition, attack) in CONDITIONS.iter().enumerate() {
        let cell = |kind: usize| {
            let mut own: Vec<f64> = found.iter().map(|block| block[condition][kind]).collect();
            own.sort_by(f64::total_cmp);
            let logs = found
                .iter()
                .map(|block| (block[condition][kind] / block[0][kind]).ln());
            let ratio = (logs.sum::<f64>() / found.len() as f64).exp();
            format!("{:.0} ms, x{ratio:.2}", own[own.len() / 2])
        };
        println!(
            "| {} | {} | {} | {} | {} |",
            attack.name(),
            cell(0),
            cell(1),
            cell(2),
            failed[condition].iter().sum::<usize>()
        );
    }
}

fn p99(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() * 99).div_ceil(100).saturating_sub(1)]
}

/// Runs the load beside an attack; the times in ms and the number of failures, by kind.
async fn measure(target: &Arc<Target>, attack: Attack) -> Fallible<Vec<(Vec<f64>, usize)>> {
    let mut running = tokio::task::JoinSet::new();
    let Crowd {
        connections,
        accounts,
        pause_s,
    } = attack.crowd();
    for connection in 0..connections {
        let client = target.attackers[connection % accounts].clone();
        let target = Arc::clone(target);
        running.spawn(async move {
            loop {
                let bytes = if matches!(attack, Attack::Bomb(_)) {
                    &target.bomb
                } else {
                    &target.largest
                };
                let part = Part::bytes(bytes.clone()).file_name("a.jpg");
                let form = Form::new()
                    .part("picture", part)
                    .text("title", "")
                    .text("visibility", "public");
                let request = client
                    .post(format!("{}/upload", target.base))
                    .multipart(form);
                if let Ok(answer) = request.send().await {
                    target.uploads[0].fetch_add(1, Relaxed);
                    let accepted = answer.status() == StatusCode::SEE_OTHER;
                    target.uploads[1].fetch_add(accepted.into(), Relaxed);
                    let _ = answer.bytes().await;
                }
                tokio::time::sleep(Duration::from_secs(pause_s)).await;
            }
        });
    }
    tokio::time::sleep(LEAD).await;
    let kinds = RATES.map(|(kind, rate)| tokio::spawn(load(Arc::clone(target), kind, rate)));
    let mut measured = Vec::new();
    for kind in kinds {
        measured.push(kind.await?);
    }
    running.shutdown().await;
    // What the attack left at work must not count against the next condition.
    tokio::time::sleep(Duration::from_secs(3)).await;
    Ok(measured)
}

async fn load(target: Arc<Target>, kind: Kind, rate: u32) -> (Vec<f64>, usize) {
    let client = client(None).expect("a client");
    let begin = Instant::now();
    let found = Arc::new(Mutex::new((Vec::new(), 0)));
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..MEASURED.as_secs() as u32 * rate {
        let planned = begin + Duration::from_secs(1) * n / rate;
        tokio::time::sleep_until(planned.into()).await;
        let (target, client, found) = (Arc::clone(&target), client.clone(), Arc::clone(&found));
        asked.spawn(async move {
            let good = match target.ask(kind, &client).send().await {
                Ok(answer) => {
                    let good =
                        answer.status().is_success() || answer.status() == StatusCode::SEE_OTHER;
                    answer.bytes().await.is_ok() && good
                }
                Err(_) => false,
            };
            let mut found = found.lock().expect("no panic");
            found.0.push(planned.elapsed().as_secs_f64() * 1e3);
            found.1 += usize::from(!good);
        });
    }
    asked.join_all().await;
    Arc::into_inner(found)
        .and_then(|found| found.into_inner().ok())
        .expect("all requests have ended")
}

impl Target {
    fn ask(&self, kind: Kind, client: &Client) -> RequestBuilder {
        let n = self.next.fetch_add(1, Relaxed);
        match kind {
            Kind::Page => client.get(format!("{}{}", self.base, self.pages[n % self.pages.len()])),
            Kind::Picture => client.get(format!(
                "{}{}",
                self.base,
                self.pictures[n % self.pictures.len()]
            )),
            Kind::LogIn => {
                let name = &self.members[n % self.members.len()];
                // Each from an address of its own: the site slows down addresses that log in often.
                let client = client_at(n).expect("a client");
                client
                    .post(format!("{}/login", self.base))
                    .form(&[("name", name.as_str()), ("password", PASSWORD)])
            }
        }
    }
}

fn client_at(n: usize) -> reqwest::Result<Client> {
    let [_, high, middle, low] = (n as u32).to_be_bytes();
    client(Some(
        Ipv4Addr::new(127, high.wrapping_add(16), middle, low).into(),
    ))
}

fn client(address: Option<IpAddr>) -> reqwest::Result<Client> {
    let mut headers = HeaderMap::new();
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    Client::builder()
        .cookie_store(true)
        .redirect(Policy::none())
        .default_headers(headers)
        .local_address(address)
        .timeout(Duration::from_secs(60))
        .build()
}

async fn register(target: &Target, name: &str) -> Fallible<Client> {
    let client = client_at(rand::random::<u32>() as usize | 1 << 24)?;
    let form = [("name", name), ("display_name", ""), ("password", PASSWORD)];
    let answer = client
        .post(format!("{}/register", target.base))
        .form(&form)
        .send()
        .await?;
    if answer.status() != StatusCode::SEE_OTHER {
        return Err(format!("{name} could not register: {}", answer.status()).into());
    }
    Ok(client)
}

fn grey(side: u16) -> Fallible<Vec<u8>> {
    let pixels = vec![128; usize::from(side) * usize::from(side)];
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 50).encode(
        &pixels,
        side,
        side,
        jpeg_encoder::ColorType::Luma,
    )?;
    Ok(bytes)
}

/// A small CMYK picture whose header claims 10,000 x 10,000.
fn bomb() -> Fallible<Vec<u8>> {
    let pixels: Vec<u8> = (0..97 * 61 * 4)
        .map(|n: usize| ((n * 7919) >> 3) as u8)
        .collect();
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 85).encode(
        &pixels,
        97,
        61,
        jpeg_encoder::ColorType::Cmyk,
    )?;
    let frame = bytes
        .windows(2)
        .position(|marker| marker == [0xff, 0xc0])
        .ok_or("no frame")?;
    for at in [frame + 5, frame + 7] {
        bytes[at..at + 2].copy_from_slice(&10_000_u16.to_be_bytes());
    }
    Ok(bytes)
}
