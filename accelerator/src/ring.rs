//! nginx's `hash $key consistent`, byte for byte, so that the application stores where nginx looks.

use crc32fast::Hasher;

/// How many points each server has on the ring.
const POINTS_PER_SERVER: usize = 160;

/// The consistent-hash ring that nginx builds from the `server` lines of an upstream.
///
/// nginx hashes the *text* of the line, not the address it resolves to: an IPv6 host keeps its
/// brackets, a missing port stays missing. Every server has weight 1.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Point and number of its server, by point.
    points: Vec<(u32, usize)>,
    /// How many servers there are.
    len: usize,
}

impl Ring {
    /// Builds the ring of servers written as in the configuration, such as `127.0.0.1:11211`.
    pub fn new<T: AsRef<str>>(servers: impl IntoIterator<Item = T>) -> Self {
        let (mut points, mut len) = (Vec::new(), 0);
        for (number, server) in servers.into_iter().enumerate() {
            points.extend(points_of(server.as_ref()).map(|point| (point, number)));
            len = number + 1;
        }
        // Of equal points nginx keeps one. It does not define whose; here it is the first server's.
        points.sort_unstable();
        points.dedup_by_key(|(point, _)| *point);
        Self { points, len }
    }

    /// Returns the number of the server that holds a key, or `None` without servers.
    pub fn server_of(&self, key: &[u8]) -> Option<usize> {
        self.walk(key).next()
    }

    /// Returns the number of each server once, in the order in which nginx would try them; the first holds the key.
    pub fn order(&self, key: &[u8]) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.len);
        let mut walk = self.walk(key);
        while order.len() < self.len
            && let Some(number) = walk.next()
        {
            if !order.contains(&number) {
                order.push(number);
            }
        }
        order
    }

    /// Walks along the points as nginx does, so a number comes once for each of its points.
    fn walk(&self, key: &[u8]) -> impl Iterator<Item = usize> + '_ {
        let hash = crc32fast::hash(key);
        let first = self.points.partition_point(|(point, _)| *point < hash);
        let (before, after) = self.points.split_at(first);
        after.iter().chain(before).map(|(_, server)| *server)
    }
}

fn points_of(server: &str) -> impl Iterator<Item = u32> {
    let (host, port) = host_and_port(server);
    let mut base = Hasher::new();
    base.update(host.as_bytes());
    base.update(&[0]);
    base.update(port.as_bytes());
    let mut point = 0_u32;
    std::iter::repeat_with(move || {
        let mut hasher = base.clone();
        hasher.update(&point.to_le_bytes());
        point = hasher.finalize();
        point
    })
    .take(POINTS_PER_SERVER)
}

fn host_and_port(server: &str) -> (&str, &str) {
    if let Some(path) = server.strip_prefix("unix:") {
        return (path, "");
    }
    match server.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
        _ => (server, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ring, points_of};

    #[test]
    fn points_are_those_of_nginx() {
        for (server, points) in [
            ("10.0.0.1:11211", [0x3c90_307e, 0xcd35_f4dc, 0xa53b_91e8]),
            (
                "unix:/run/mc1.sock",
                [0x5bc3_3597, 0x459a_c700, 0x423b_62dd],
            ),
            ("[::1]:11211", [0xe369_c872, 0x30df_04b1, 0x61d7_a02d]),
            ("mc1", [0x5bb4_e873, 0xf9df_85d9, 0x25d7_5463]),
        ] {
            assert_eq!(
                points_of(server).take(3).collect::<Vec<_>>(),
                points,
                "{server}"
            );
        }
    }

    #[test]
    fn walks_are_those_of_nginx() {
        let ring = Ring::new(["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"]);
        for (key, expected) in [
            ("/a.css", [2, 1, 3]),
            ("/img/cat.jpg", [3, 2, 1]),
            ("/sp ace.txt", [1, 3, 2]),
            ("/é.txt", [3, 2, 1]),
            ("/assets/app.3f2a9c.js", [3, 2, 1]),
            ("v1:/a.css", [1, 2, 3]),
        ] {
            let order = ring.order(key.as_bytes());
            let walk: Vec<_> = order.into_iter().map(|number| number + 1).collect();
            assert_eq!(walk, expected, "{key}");
        }
    }

    #[test]
    fn without_servers_nobody_holds_anything() {
        assert_eq!(
            Ring::new(Vec::<String>::new()).server_of(b"v1:/i/a.webp"),
            None
        );
    }
}
