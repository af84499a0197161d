//! What nginx does for every request in the versions that have it, for a process that visitors reach
//! directly: it overwrites the headers that say where a request came from, and stops browsers from guessing types.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::header::{FORWARDED, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a visitor may not say, as in `nginx.conf`.
const SAID_BY_US_ALONE: [HeaderName; 6] = [
    X_FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-request-id"),
    FORWARDED,
];

/// Stands in for a front.
pub async fn for_a_front(
    ConnectInfo(visitor): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    say_where_from(request.headers_mut(), visitor);
    let mut response = next.run(request).await;
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

fn say_where_from(headers: &mut HeaderMap, visitor: SocketAddr) {
    for name in &SAID_BY_US_ALONE {
        headers.remove(name);
    }
    // An address is always a header.
    if let Ok(address) = HeaderValue::try_from(visitor.ip().to_string()) {
        headers.insert(X_FORWARDED_FOR, address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_says_nothing_of_what_only_a_front_knows() {
        let mut headers = HeaderMap::new();
        for name in &SAID_BY_US_ALONE {
            headers.append(name, HeaderValue::from_static("10.0.0.1"));
            headers.append(name, HeaderValue::from_static("10.0.0.2"));
        }
        say_where_from(&mut headers, ([203, 0, 113, 9], 5000).into());
        let left: Vec<_> = headers.iter().collect();
        let address = HeaderValue::from_static("203.0.113.9");
        assert_eq!(left, [(&X_FORWARDED_FOR, &address)]);
    }
}
