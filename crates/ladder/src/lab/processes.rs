//! The app processes of one site: they share nothing, so whoever draws asks the others, each on its own
//! unix socket, where no visitor comes.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How many bytes an answer may have: a whole picture has some tens of thousands.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The sockets of all app processes of a site, found beside that of one: `app-0.sock`, `app-1.sock`.
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

/// What stands before the number in the name of a socket, and the number.
fn parts(socket: &Path) -> Option<(String, u32)> {
    let name = socket.file_name()?.to_str()?.strip_suffix(".sock")?;
    let begin = name.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((begin.to_owned(), name[begin.len()..].parse().ok()?))
}

/// Fetches from an app process what it tells its siblings.
pub(super) async fn get(socket: &Path, path: &str, patience: Duration) -> io::Result<String> {
    let fetched = async {
        let stream = UnixStream::connect(socket).await?;
        exchange(stream, &format!("GET {path} HTTP/1.0\r\n\r\n")).await
    };
    timeout(patience, fetched).await?
}

/// Why a form was not posted.
#[derive(Debug)]
pub(super) enum NotPosted {
    /// No connection could be made, so nothing was sent.
    Away(io::Error),
    /// The form was sent, or part of it: whether it has an effect is not known.
    Unanswered(io::Error),
}

/// Sends an app process a form of one field, as from a page of its own.
pub(super) async fn post(
    socket: &Path,
    path: &str,
    form: &str,
    patience: Duration,
) -> Result<(), NotPosted> {
    let length = form.len();
    let request = format!(
        "POST {path} HTTP/1.0\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    );
    let connected = timeout(patience, UnixStream::connect(socket)).await;
    let connected = connected.unwrap_or_else(|late| Err(late.into()));
    let stream = connected.map_err(NotPosted::Away)?;
    match timeout(patience, exchange(stream, &request)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(NotPosted::Unanswered(error)),
        Err(late) => Err(NotPosted::Unanswered(late.into())),
    }
}

/// HTTP/1.0 on purpose: the answer ends with the connection, in one piece.
async fn exchange(mut stream: UnixStream, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(16 << 10);
    while answer.len() < ANSWER_BYTES_MAX && stream.read_buf(&mut answer).await? > 0 {}
    body(&String::from_utf8_lossy(&answer))
        .map(str::to_owned)
        .ok_or_else(|| io::Error::other("an app process answers its sibling strangely"))
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
