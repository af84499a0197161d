//! Where a request comes from: unsafe ones come from our own pages or not at all.
//!
//! A browser says where a request comes from: by `Sec-Fetch-Site` (Fetch Metadata, W3C), older ones
//! by `Origin` (RFC 6454). A session cookie is sent along with forms of other sites unless we look.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use site::log_throttle;

use super::error::Error;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What nginx says of the scheme; it overwrites what a client sends.
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How many characters a host may have: 253 of a name (RFC 1035), a colon and a port.
const HOST_LENGTH_MAX: usize = 259;

/// Lets reading pass, and writing only from a page of this site.
pub(crate) async fn same_origin_only(request: Request, next: Next) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if reads || is_same_origin(request.headers()) {
        next.run(request).await
    } else {
        let (from, origin) = (fetch_site(request.headers()), origin(request.headers()));
        log_throttle::log(|| tracing::info!(from, origin, "refused a form of another origin"));
        Error::Forbidden("This form was not sent from a page of this site. Please open the page here and try again.")
            .into_response()
    }
}

/// The relation that the browser claims, as one of its words: nothing else reaches the log.
fn fetch_site(headers: &HeaderMap) -> &'static str {
    let said = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    match said {
        None => "not said",
        Some(b"cross-site") => "cross-site",
        Some(b"same-site") => "same-site",
        Some(b"none") => "none",
        Some(_) => "unknown",
    }
}

/// The host of the origin, if there is a well-formed one of usual length.
fn origin(headers: &HeaderMap) -> String {
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let authority = origin.and_then(|origin| origin.split_once("://"));
    let authority = authority.and_then(|(_, rest)| rest.parse::<Authority>().ok());
    let host = authority.map(|authority| authority.host().to_owned());
    let host = host.filter(|host| host.len() <= HOST_LENGTH_MAX);
    host.unwrap_or_else(|| "unknown".to_owned())
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    // Neither header: no browser of the last ten years sends such a form.
    let origin = text(ORIGIN).and_then(|origin| origin.split_once("://"));
    matches!((origin, text(HOST)), (Some((_, origin)), Some(host)) if origin == host)
}

/// Returns the scheme and host of the request, if the host can be written into a page: a name or an
/// address, perhaps with a port.
///
/// Every page is made for one request (`no-store`), so a client that invents a host deceives only
/// itself.
pub(super) fn own(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if host.is_empty() || host.len() > HOST_LENGTH_MAX || !host.chars().all(is_plain) {
        return None;
    }
    let scheme = match headers.get(X_FORWARDED_PROTO) {
        Some(proto) if proto == "https" => "https",
        _ => "http",
    };
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_plain_host_gets_into_a_page() {
        let given = |host: &'static str, proto: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto));
            own(&headers)
        };
        assert_eq!(
            given("a.example:8080", "http").unwrap(),
            "http://a.example:8080"
        );
        assert_eq!(given("[::1]:80", "https").unwrap(), "https://[::1]:80");
        for odd in [
            "",
            "a.example/b",
            "a\"b",
            "a b",
            "user@a.example",
            "<script>",
        ] {
            assert_eq!(given(odd, "http"), None, "{odd}");
        }
        assert_eq!(own(&HeaderMap::new()), None);
    }

    #[test]
    fn only_our_own_pages_may_write() {
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://a.example"),
                    ("host", "a.example"),
                ],
                false,
            ),
            (
                &[("origin", "http://a.example"), ("host", "a.example")],
                true,
            ),
            (
                &[("origin", "http://b.example"), ("host", "a.example")],
                false,
            ),
            (&[("origin", "null"), ("host", "a.example")], false),
            (&[("host", "a.example")], false),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(HeaderName::from_static(name), value.parse().unwrap());
            }
            assert_eq!(is_same_origin(&headers), expected, "{given:?}");
        }
    }
}
