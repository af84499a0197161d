//! Writes the response to standard output (RFC 3875, 6).

use std::io::{self, BufWriter, Write};

use anyhow::Context as _;
use axum::body::HttpBody as _;
use axum::http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use futures::StreamExt as _;

/// How many bytes are written at once: the capacity of a pipe, and more than most pages.
const WRITE_BYTES: usize = 64 << 10;

/// Response headers that are dropped: they describe the connection, which the server owns (6.3.4 and 9.3, RFC 9110
/// 7.6.1). `Status` is the name of the status line in CGI.
const DROPPED_HEADERS: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("status"),
];

/// How writing a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteOutcome {
    /// All of it was written.
    Complete,
    /// The server closed its end of the pipe.
    PipeClosed,
}

/// Writes a response while its body arrives. If the body fails before the first write, writes nothing.
pub(super) async fn write(
    response: Response,
    method: &Method,
    out: impl Write,
) -> anyhow::Result<WriteOutcome> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, out);
    match write_into(&mut out, response, method).await {
        Ok(()) => Ok(WriteOutcome::Complete),
        Err(error) => {
            // Taken apart: dropping a `BufWriter` would write its buffer.
            drop(out.into_parts());
            match error.downcast_ref::<io::Error>() {
                Some(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    Ok(WriteOutcome::PipeClosed)
                }
                _ => Err(error),
            }
        }
    }
}

async fn write_into(
    out: &mut BufWriter<impl Write>,
    response: Response,
    method: &Method,
) -> anyhow::Result<()> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact()
        && has_length(parts.status)
    {
        // A length that is set stays: for a HEAD it is the length of the body of a GET.
        let length = HeaderValue::from(length);
        parts.headers.entry(CONTENT_LENGTH).or_insert(length);
    }
    write_head(out, parts.status, &parts.headers)?;
    // The response to a HEAD has no body (4.3.3).
    if method != Method::HEAD {
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            out.write_all(&chunk.context("the response body failed")?)?;
        }
    }
    Ok(out.flush()?)
}

/// Writes one header a line, and an empty line at the end; lines end with LF (7.2). `HeaderValue` cannot
/// contain the end of a line.
///
/// A `Location` may be a path of this site. 6.3.2 requires an absolute URL beside a status, but with a
/// status no server treats a path as an internal redirect (6.2.2), and clients accept paths since RFC 7231.
fn write_head(out: &mut impl Write, status: StatusCode, headers: &HeaderMap) -> io::Result<()> {
    let reason = status.canonical_reason().unwrap_or("Unnamed");
    writeln!(out, "Status: {} {reason}", status.as_u16())?;
    for (name, value) in headers {
        if !DROPPED_HEADERS.contains(name) {
            out.write_all(name.as_ref())?;
            out.write_all(b": ")?;
            out.write_all(value.as_bytes())?;
            out.write_all(b"\n")?;
        }
    }
    out.write_all(b"\n")
}

/// Whether a response with this status may have a `Content-Length` (RFC 9110, 8.6).
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
        method: &Method,
    ) -> String {
        let mut out = Vec::new();
        let ended = write(response.body(body).unwrap(), method, &mut out).await;
        assert_eq!(ended.unwrap(), WriteOutcome::Complete);
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
        let method = Method::HEAD;
        assert_eq!(
            written(Response::builder(), Body::from("text"), &method).await,
            "Status: 200 OK\ncontent-length: 4\n\n"
        );
        let known = Response::builder().header("content-length", "9");
        assert_eq!(
            written(known, Body::empty(), &method).await,
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
