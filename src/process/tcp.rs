//! Serves visitors over TCP, where no front is between them and the app (0.2).
//!
//! Not `axum::serve`, because it sets no timer: hyper then has no timeout for headers, and a client that never finishes
//! them keeps its connection for ever (tokio-rs/axum#2741).

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// How long a client may take to send its headers, as `client_header_timeout` in nginx.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// How long to wait after the system had no file descriptor for a connection.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);

/// Serves until `stop` is ready, then answers the requests that have begun.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, visitor)) => answer(stream, visitor, router.clone(), &open),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
    open.shutdown().await;
    Ok(())
}

/// Serves one connection in a task of its own.
fn answer(stream: TcpStream, visitor: SocketAddr, router: Router, open: &GracefulShutdown) {
    // Without TCP_NODELAY a kept connection waits 40 ms for each response's last packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(visitor));
        let response = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(response.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let connection = open.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server that answers "hello", and its address.
    async fn served() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "hello"));
        tokio::spawn(serve(listener, router, std::future::pending()));
        address
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_are_never_finished_end_their_connection() {
        let mut stream = TcpStream::connect(served().await).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n")
            .await
            .unwrap();
        // The clock moves only while nothing else can be done.
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    }

    #[tokio::test]
    async fn a_kept_connection_is_answered_again() {
        let mut stream = TcpStream::connect(served().await).await.unwrap();
        for _ in 0..2 {
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                .await
                .unwrap();
            let mut answer = String::new();
            while !answer.ends_with("hello") {
                let mut byte = [0];
                stream.read_exact(&mut byte).await.unwrap();
                answer.push(byte[0] as char);
            }
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
}
