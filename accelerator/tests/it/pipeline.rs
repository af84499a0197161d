//! Many requests over few connections, each with its number, so that nginx's log can be matched with them.

use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// How many requests are on their way at once on one connection.
const AHEAD: usize = 64;
/// The header with a request's number.
pub(crate) const NUMBER: &str = "x-number";

pub(crate) type Numbered<'a> = (usize, &'a str, &'a str);

/// Sends `(number, method, target)` one after the other, and returns the numbers that nginx refused.
///
/// After a refusal nginx closes the connection; the rest is sent on another.
pub(crate) async fn send_all(socket: &Path, requests: &[Numbered<'_>]) -> Vec<usize> {
    let (mut next, mut refused) = (0, Vec::new());
    while next < requests.len() {
        let mut stream = BufReader::new(UnixStream::connect(socket).await.unwrap());
        let mut is_open = true;
        while is_open && next < requests.len() {
            let ahead = &requests[next..requests.len().min(next + AHEAD)];
            let mut bytes = Vec::new();
            for (number, method, target) in ahead {
                bytes.extend_from_slice(
                    format!("{method} {target} HTTP/1.1\r\nHost: site.test\r\n{NUMBER}: {number}\r\n\r\n")
                        .as_bytes(),
                );
            }
            // It may have closed already; its responses can still be read.
            let _closed = stream.write_all(&bytes).await;
            for (number, method, target) in ahead {
                let status = read_answer(&mut stream, *method == "HEAD").await;
                next += 1;
                assert!(status < 500, "{method} {target}: {status}");
                if matches!(status, 400 | 405 | 414) {
                    refused.push(*number);
                    is_open = false;
                    break;
                }
            }
        }
    }
    refused
}

/// Reads one answer to its end and returns its status.
async fn read_answer(stream: &mut BufReader<UnixStream>, is_head: bool) -> u16 {
    let (mut status, mut len, mut line) = (None, 0, String::new());
    loop {
        line.clear();
        assert!(
            stream.read_line(&mut line).await.unwrap() > 0,
            "an answer was cut off"
        );
        let said = line.trim_end().to_ascii_lowercase();
        if status.is_none() {
            status = said.split(' ').nth(1).map(|status| status.parse().unwrap());
        } else if let Some(value) = said.strip_prefix("content-length: ") {
            len = value.parse().unwrap();
        } else if said.is_empty() {
            break;
        }
        assert!(!said.starts_with("transfer-encoding"), "{said}");
    }
    if !is_head {
        stream.read_exact(&mut vec![0; len]).await.unwrap();
    }
    status.unwrap()
}
