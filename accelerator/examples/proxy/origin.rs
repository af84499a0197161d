//! The origin behind the proxy: requests to it, and the mapping of paths.

use std::time::SystemTime;

use axum::body::Body;
use http::header::{CONNECTION, HOST, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Prefix and suffix of each path, so that nginx looks it up: `/test/a` is `/i/test/a.txt`.
const FOLDER: &str = "/i";
const EXTENSION: &str = ".txt";
/// Headers that a proxy does not forward (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authenticate"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

#[derive(Clone, Debug)]
pub(crate) struct Origin {
    authority: Authority,
    client: Client<HttpConnector, Body>,
}

/// A response, and when it was requested and arrived.
pub(crate) struct Told {
    pub(crate) response: Response<Body>,
    pub(crate) asked: SystemTime,
    pub(crate) arrived: SystemTime,
}

impl Origin {
    pub(crate) fn new(authority: Authority) -> Self {
        // A connection for each request: the origin may close a kept one during a write.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        Self { authority, client }
    }

    /// Forwards a request, under the origin's path.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Result<Told, Fault> {
        let (mut parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut uri = Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(inner(target).parse()?);
        parts.uri = Uri::from_parts(uri)?;
        parts.headers.remove(HOST);
        drop_hop_by_hop(&mut parts.headers);
        let asked = SystemTime::now();
        let response = self
            .client
            .request(Request::from_parts(parts, body))
            .await?;
        let arrived = SystemTime::now();
        let mut response = response.map(Body::new);
        drop_hop_by_hop(response.headers_mut());
        Ok(Told {
            response,
            asked,
            arrived,
        })
    }

    /// Returns the path under which clients know what a `Location` or `Content-Location` of the origin names.
    pub(crate) fn outer(&self, location: &str) -> Option<String> {
        let location: Uri = location.parse().ok()?;
        let is_ours = location
            .authority()
            .is_none_or(|authority| *authority == self.authority);
        let path = location.path();
        (is_ours && path.starts_with('/')).then(|| format!("{FOLDER}{path}{EXTENSION}"))
    }
}

/// The origin's name for what a client asked for.
fn inner(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let renamed = path.strip_prefix(FOLDER).and_then(|path| {
        path.starts_with('/')
            .then(|| path.strip_suffix(EXTENSION))
            .flatten()
    });
    format!("{}{query}", renamed.unwrap_or(path))
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, Origin, drop_hop_by_hop, inner};
    use http::header::CONNECTION;

    #[test]
    fn only_what_nginx_looks_up_has_another_name() {
        for (target, expected) in [
            ("/i/test/a.txt", "/test/a"),
            ("/i/test/a/b.txt?c=d.txt", "/test/a/b?c=d.txt"),
            ("/config/a", "/config/a"),
            ("/i/test/a", "/i/test/a"),
            ("/information.txt", "/information.txt"),
        ] {
            assert_eq!(inner(target), expected);
        }
    }

    #[tokio::test]
    async fn a_location_of_the_origin_is_known_to_clients_and_no_other() {
        let origin = Origin::new("127.0.0.1:8000".parse().unwrap());
        for (location, expected) in [
            ("/test/a", Some("/i/test/a.txt")),
            ("http://127.0.0.1:8000/test/a?b", Some("/i/test/a.txt")),
            ("http://elsewhere.test/test/a", None),
            ("not a location", None),
        ] {
            assert_eq!(origin.outer(location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn what_is_about_a_connection_ends_with_it() {
        let mut headers = HeaderMap::new();
        headers.append(CONNECTION, "close, A".parse().unwrap());
        for name in ["a", "b", "keep-alive", "te"] {
            headers.append(name, "1".parse().unwrap());
        }
        drop_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["b"]);
    }
}
