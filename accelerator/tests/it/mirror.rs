//! nginx and the crate compute the same key and the same servers, for tens of thousands of targets.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use accelerator::nginx::Front;
use accelerator::{Key, Ring};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use futures::future::join_all;
use tempfile::TempDir;
use tokio::net::UnixListener;

use crate::memcached::Memcached;
use crate::pipeline::{NUMBER, Numbered, send_all};
use crate::stack::{Nginx, folder, front, until};
use crate::targets::{self, ORIGIN};

/// How many targets are drawn, and from which seed.
const TARGETS: (usize, u8) = (30_000, 42);
/// How many keys are drawn where a server is dead, from the next seed.
const SECOND_TARGETS: usize = 5_000;
const CONNECTIONS: usize = 4;
/// nginx's log line of each request: its number, its key, and the servers that were asked.
const LOG: &str = "log_format mirror '$http_x_number\t$memcached_key\t$upstream_addr';\n";

/// What nginx did with a request.
#[derive(Debug)]
struct Seen {
    key: Option<String>,
    /// The memcached servers that it asked, in order.
    asked: Vec<String>,
}

/// nginx with a log, in front of an application that only records the keys of its requests.
struct Mirror {
    dir: TempDir,
    nginx: Nginx,
    keys_of_app: Arc<Mutex<HashMap<usize, Option<Key>>>>,
}

impl Mirror {
    async fn start(front_of: impl FnOnce(Front) -> Front, upstream: Option<String>) -> Self {
        let dir = folder();
        let keys_of_app = Arc::<Mutex<HashMap<_, _>>>::default();
        let seen = Arc::clone(&keys_of_app);
        let app = Router::new().fallback(async move |request: Request| {
            let number = request.headers()[NUMBER].to_str().unwrap().parse().unwrap();
            let target = request.uri().path_and_query().unwrap().as_str();
            seen.lock().unwrap().insert(number, Key::of(target));
            StatusCode::NOT_FOUND
        });
        let socket = dir.path().join("app");
        let listener = UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let front = front_of(front(dir.path(), vec![socket]));
        let nginx = Nginx::start(dir.path(), front, |dir| log_into(dir, upstream)).await;
        Self {
            dir,
            nginx,
            keys_of_app,
        }
    }

    /// Sends all, and returns what nginx did with those that it did not refuse.
    async fn look(&self, requests: &[Numbered<'_>]) -> HashMap<usize, Seen> {
        let share = requests.len().div_ceil(CONNECTIONS);
        let sent = requests
            .chunks(share)
            .map(|share| send_all(&self.nginx.socket, share));
        let refused: Vec<usize> = join_all(sent).await.concat();
        let expected = requests.len() - refused.len();
        // The last lines are written after their responses.
        until(|| async {
            let log = std::fs::read_to_string(self.dir.path().join("mirror.log")).ok()?;
            let seen: HashMap<_, _> = log.lines().filter_map(read_line).collect();
            let wanted = requests
                .iter()
                .filter(|(number, ..)| seen.contains_key(number));
            (wanted.count() >= expected).then_some(seen)
        })
        .await
    }
}

/// The shipped nginx.conf is unchanged; the log is set in a generated file.
fn log_into(dir: &Path, upstream: Option<String>) {
    let paths = std::fs::read_to_string(dir.join("paths.conf")).unwrap();
    let log = format!(
        "{LOG}access_log {} mirror;",
        dir.join("mirror.log").display()
    );
    assert!(paths.contains("access_log off;"));
    std::fs::write(
        dir.join("paths.conf"),
        paths.replace("access_log off;", &log),
    )
    .unwrap();
    if let Some(upstream) = upstream {
        std::fs::write(dir.join("memcached.conf"), upstream).unwrap();
    }
}

fn read_line(line: &str) -> Option<(usize, Seen)> {
    let mut fields = line.split('\t');
    let number = fields.next()?.parse().ok()?;
    let key = fields.next()?;
    // First the servers of memcached with commas between, then behind a colon the application.
    let asked = fields
        .next()?
        .split(" : ")
        .next()?
        .split(", ")
        .filter(|to| !to.ends_with("/app"));
    let seen = Seen {
        key: Some(key.to_owned()).filter(|key| !key.is_empty() && key != "-"),
        asked: asked.filter(|to| *to != "-").map(str::to_owned).collect(),
    };
    Some((number, seen))
}

async fn several() -> (TempDir, Vec<Memcached>) {
    let dir = folder();
    let v4 = IpAddr::from(Ipv4Addr::LOCALHOST);
    let mut memcached = Vec::new();
    for host in [
        v4,
        v4,
        v4,
        Ipv4Addr::new(127, 0, 0, 2).into(),
        Ipv6Addr::LOCALHOST.into(),
    ] {
        memcached.push(Memcached::start(dir.path(), host, &[]).await);
    }
    (dir, memcached)
}

#[tokio::test(flavor = "multi_thread")]
async fn for_any_target_nginx_has_the_key_and_asks_the_server_of_the_crate() {
    let (_dir, memcached) = several().await;
    let servers: Vec<_> = memcached.iter().map(|server| server.address).collect();
    let mirror = Mirror::start(
        |front| Front {
            memcached: servers.clone(),
            ..front
        },
        None,
    )
    .await;
    let names: Vec<_> = servers.iter().map(ToString::to_string).collect();
    let ring = Ring::new(&names);
    let (count, seed) = TARGETS;
    println!("{count} targets from seed {seed}");
    let targets = targets::drawn(targets::anything(), seed, count);
    let method = |number: usize| if number % 20 == 7 { "HEAD" } else { "GET" };
    let requests: Vec<_> = targets
        .iter()
        .enumerate()
        .map(|(number, target)| (number, method(number), target.as_str()))
        .collect();
    let seen = mirror.look(&requests).await;
    let of_app = mirror.keys_of_app.lock().unwrap();
    let mut keys = 0;
    for (number, method, target) in requests {
        let target = target.strip_prefix(ORIGIN).unwrap_or(target);
        let key = Key::of(target).filter(|_| method == "GET");
        let server = key
            .as_ref()
            .and_then(|key| ring.server_of(key.as_str().as_bytes()));
        let Some(seen) = seen.get(&number) else {
            assert_eq!(key, None, "nginx refuses {method} {target}");
            continue;
        };
        let case = format!("{method} {target}: {seen:?}");
        assert_eq!(seen.key.as_deref(), key.as_ref().map(Key::as_str), "{case}");
        let asked: Vec<_> = server.iter().map(|server| names[*server].clone()).collect();
        assert_eq!(seen.asked, asked, "{case}");
        // A fragment, which no browser sends, is cut off before the application sees it.
        let of_whole = Key::of(target.split('#').next().unwrap());
        let of_app = of_app.get(&number);
        assert!(
            of_app.is_none_or(|key| *key == of_whole),
            "{of_app:?} in the application: {case}"
        );
        keys += usize::from(key.is_some());
    }
    assert!(
        (count / 4..count * 3 / 4).contains(&keys),
        "{keys} of {count} have a key"
    );
}

/// Requests many keys, some of them on a dead server, and compares the servers that nginx asked
/// with the order of the crate.
async fn compare_walks(mirror: &Mirror, names: &[String], addresses: &[String], dead: usize) {
    let (ring, seed) = (Ring::new(names), TARGETS.1 + 1);
    println!("{SECOND_TARGETS} targets from seed {seed}");
    let targets = targets::drawn(targets::addressable(), seed, SECOND_TARGETS);
    let requests: Vec<_> = (0..)
        .zip(&targets)
        .map(|(number, it)| (number, "GET", it.as_str()))
        .collect();
    let seen = mirror.look(&requests).await;
    let mut seconds = 0;
    for (number, _, target) in requests {
        let Some(key) = Key::of(target) else { continue };
        let walk = ring.order(key.as_str().as_bytes());
        let asked: Vec<_> = seen[&number]
            .asked
            .iter()
            .filter(|to| **to != addresses[dead])
            .collect();
        let expected = walk.iter().find(|server| **server != dead).unwrap();
        assert_eq!(asked, [&addresses[*expected]], "{target}: {walk:?}");
        seconds += usize::from(walk[0] == dead);
    }
    assert!(
        seconds > SECOND_TARGETS / 20,
        "only {seconds} keys lie on the dead server"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_server_is_dead_nginx_asks_the_next_one_of_the_walk() {
    let (_dir, memcached) = several().await;
    let servers: Vec<_> = memcached.iter().map(|server| server.address).collect();
    let names: Vec<_> = servers.iter().map(ToString::to_string).collect();
    let mirror = Mirror::start(
        |front| Front {
            memcached: servers,
            ..front
        },
        None,
    )
    .await;
    memcached[1].signal("KILL");
    compare_walks(&mirror, &names, &names, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_names_and_missing_ports_lie_where_nginx_puts_them() {
    let (dir, memcached) = several().await;
    let socket = dir.path().join("memcached");
    let _on_socket = Memcached::on_socket(&socket).await;
    let (v4, v6) = (memcached[0].address, memcached[4].address);
    let socket = format!("unix:{}", socket.display());
    // The last server has no port, so nginx asks port 80, where no process listens.
    let names = [
        v4.to_string(),
        v6.to_string(),
        socket.clone(),
        format!("127.1:{}", v4.port()),
        "127.0.0.9".into(),
    ];
    let addresses = [
        v4.to_string(),
        v6.to_string(),
        socket,
        v4.to_string(),
        "127.0.0.9:80".into(),
    ];
    let lines = names
        .iter()
        .map(|name| format!("server {name} max_fails=0;\n"))
        .collect();
    let mirror = Mirror::start(|front| front, Some(lines)).await;
    compare_walks(&mirror, &names, &addresses, 4).await;
}
