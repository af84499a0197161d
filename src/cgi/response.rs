//! The answer on standard output (RFC 3875, 6).

use std::io::{self, BufWriter, Write};

use anyhow::Context as _;
use axum::body::HttpBody as _;
use axum::http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use futures::StreamExt as _;

/// How many bytes are written at once: what a pipe holds, and a whole page as a rule.
const WRITE_BYTES: usize = 64 << 10;

/// Headers about a connection that we do not have: the server has it (6.3.4 and 9.3, RFC 9110 7.6.1).
/// `Status` is the name of the line that we write ourselves.
const NOT_OURS: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("status"),
];

/// How writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// All of it is with the server.
    Whole,
    /// The server closed its end.
    NobodyListens,
}

/// Writes an answer as it comes. If its body breaks before anything was written, nothing is.
pub(super) async fn write(
    response: Response,
    asked: &Method,
    out: impl Write,
) -> anyhow::Result<Written> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, out);
    match write_into(&mut out, response, asked).await {
        Ok(()) => Ok(Written::Whole),
        Err(error) => {
            // Taken apart, because dropped it would write what it still holds.
            drop(out.into_parts());
            match error.downcast_ref::<io::Error>() {
                Some(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    Ok(Written::NobodyListens)
                }
                _ => Err(error),
            }
        }
    }
}

async fn write_into(
    out: &mut BufWriter<impl Write>,
    response: Response,
    asked: &Method,
) -> anyhow::Result<()> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact()
        && has_length(parts.status)
    {
        // What was there stays: of a HEAD it is the length that a GET would have.
        let length = HeaderValue::from(length);
        parts.headers.entry(CONTENT_LENGTH).or_insert(length);
    }
    write_head(out, parts.status, &parts.headers)?;
    // To a HEAD there is no body (4.3.3).
    if asked != Method::HEAD {
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            out.write_all(&chunk.context("the body of the answer broke")?)?;
        }
    }
    Ok(out.flush()?)
}

/// One header a line, several of one name on lines of their own, an empty line at the end; lines
/// end as they do on unix (7.2). No value can hold the end of a line: its type has none.
///
/// A `Location` may be a path of this site. 6.3.2 wants a whole address beside a status, but no
/// server takes it for another request to itself (6.2.2) when there is one, and clients know paths
/// since RFC 7231.
fn write_head(out: &mut impl Write, status: StatusCode, headers: &HeaderMap) -> io::Result<()> {
    let reason = status.canonical_reason().unwrap_or("Unnamed");
    writeln!(out, "Status: {} {reason}", status.as_u16())?;
    for (name, value) in headers {
        if !NOT_OURS.contains(name) {
            out.write_all(name.as_ref())?;
            out.write_all(b": ")?;
            out.write_all(value.as_bytes())?;
            out.write_all(b"\n")?;
        }
    }
    out.write_all(b"\n")
}

/// Whether an answer of this status may say a length (RFC 9110, 8.6).
fn has_length(status: StatusCode) -> bool {
    !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Response;
    use futures::stream;

    use super::*;

    async fn written(
        response: axum::http::response::Builder,
        body: Body,
        asked: &Method,
    ) -> String {
        let mut out = Vec::new();
        let ended = write(response.body(body).unwrap(), asked, &mut out).await;
        assert_eq!(ended.unwrap(), Written::Whole);
        String::from_utf8(out).unwrap()
    }

    #[tokio::test]
    async fn an_answer_has_a_status_its_headers_and_its_body() {
        let response = Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header("location", "/people")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("connection", "close")
            .header("transfer-encoding", "chunked")
            .header("status", "200");
        assert_eq!(
            written(response, Body::from("gone on"), &Method::POST).await,
            "Status: 303 See Other\nlocation: /people\nset-cookie: a=1\nset-cookie: b=2\n\
             content-length: 7\n\ngone on"
        );
    }

    #[tokio::test]
    async fn a_head_is_answered_without_the_body() {
        let asked = Method::HEAD;
        assert_eq!(
            written(Response::builder(), Body::from("text"), &asked).await,
            "Status: 200 OK\ncontent-length: 4\n\n"
        );
        let known = Response::builder().header("content-length", "9");
        assert_eq!(
            written(known, Body::empty(), &asked).await,
            "Status: 200 OK\ncontent-length: 9\n\n"
        );
    }

    #[tokio::test]
    async fn what_has_no_length_is_written_as_it_comes_and_a_304_says_none() {
        let chunks = stream::iter(["a", "b"].map(Ok::<_, io::Error>));
        assert_eq!(
            written(Response::builder(), Body::from_stream(chunks), &Method::GET).await,
            "Status: 200 OK\n\nab"
        );
        assert_eq!(
            written(Response::builder().status(304), Body::empty(), &Method::GET).await,
            "Status: 304 Not Modified\n\n"
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_at_once_leaves_no_answer() {
        let broken = stream::iter([Ok("a"), Err(io::Error::other("as a test"))]);
        let response = Response::new(Body::from_stream(broken));
        let mut out = Vec::new();
        assert!(write(response, &Method::GET, &mut out).await.is_err());
        assert_eq!(out, b"");
    }
}
