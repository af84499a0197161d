//! The other app processes of the site. They share no memory, so the process that draws the lab requests the counters
//! of the others through their unix sockets, which visitors cannot reach.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How many bytes a response may have: a whole drawing has some tens of thousands.
const RESPONSE_BYTES_MAX: usize = 4 << 20;

/// The sockets of all app processes of a site, found in the directory of one: `app-0.sock`, `app-1.sock`.
pub(super) fn sockets(own: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some((begin, _))) = (own.parent(), parts(own)) else {
        return vec![own.to_owned()];
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.path();
            let (begins, number) = parts(&path)?;
            (begins == begin).then_some((number, path))
        })
        .collect();
    found.sort();
    if found.is_empty() {
        return vec![own.to_owned()];
    }
    found.into_iter().map(|(_, path)| path).collect()
}

/// The prefix and the number in the name of a socket.
fn parts(socket: &Path) -> Option<(String, u32)> {
    let name = socket.file_name()?.to_str()?.strip_suffix(".sock")?;
    let begin = name.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((begin.to_owned(), name[begin.len()..].parse().ok()?))
}

/// Fetches a path from another app process.
pub(super) async fn get(socket: &Path, path: &str, limit: Duration) -> io::Result<String> {
    let fetched = async {
        let stream = UnixStream::connect(socket).await?;
        exchange(stream, &format!("GET {path} HTTP/1.0\r\n\r\n")).await
    };
    timeout(limit, fetched).await?
}

/// Why a form was not posted.
#[derive(Debug)]
pub(super) enum NotPosted {
    /// No connection could be made, so nothing was sent.
    Away(io::Error),
    /// The form was sent, or part of it: whether it takes effect is unknown.
    Unanswered(io::Error),
}

/// Posts a form of one field to an app process, as a page of the site would.
pub(super) async fn post(
    socket: &Path,
    path: &str,
    form: &str,
    limit: Duration,
) -> Result<(), NotPosted> {
    let length = form.len();
    let request = format!(
        "POST {path} HTTP/1.0\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    );
    let connected = timeout(limit, UnixStream::connect(socket)).await;
    let connected = connected.unwrap_or_else(|late| Err(late.into()));
    let stream = connected.map_err(NotPosted::Away)?;
    match timeout(limit, exchange(stream, &request)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(NotPosted::Unanswered(error)),
        Err(late) => Err(NotPosted::Unanswered(late.into())),
    }
}

/// Sends an HTTP/1.0 request, so that the response ends with the connection and is not chunked.
async fn exchange(mut stream: UnixStream, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(16 << 10);
    while answer.len() < RESPONSE_BYTES_MAX && stream.read_buf(&mut answer).await? > 0 {}
    body(&String::from_utf8_lossy(&answer))
        .map(str::to_owned)
        .ok_or_else(|| io::Error::other("unexpected response of another app process"))
}

fn body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?;
    (status == "200" || status == "204").then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_found_in_order_and_strangers_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["app-10.sock", "app-2.sock", "app-0.fresh", ".s.PGSQL.5432"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = sockets(&folder.path().join("app-2.sock"));
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["app-2.sock", "app-10.sock"]);
        let alone = Path::new("/nowhere/site.sock");
        assert_eq!(sockets(alone), [alone]);
    }

    #[test]
    fn only_an_answer_that_went_well_is_one() {
        assert_eq!(body("HTTP/1.0 200 OK\r\na: b\r\n\r\n{}"), Some("{}"));
        assert_eq!(body("HTTP/1.0 404 Not Found\r\n\r\nno"), None);
        assert_eq!(body("HTTP/1.0 200 OK"), None);
    }
}
