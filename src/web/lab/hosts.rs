//! The lab answers only under names that belong to this site.
//!
//! It has no password, as it is shown on loopback only. A page of another site could still reach it by DNS
//! rebinding: its own name suddenly resolves to 127.0.0.1, and to the browser both are one origin. Such
//! a request says the foreign name in `Host`. An address or `localhost` cannot be rebound; other names of
//! the site are listed by `--lab-host`.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use site::log_throttle;

use crate::web::error::Error;
use crate::web::state::Lab;

/// Refuses requests under other names than the site's own.
pub(in crate::web) async fn under_own_names_only(
    State(lab): State<Lab>,
    request: Request,
    next: Next,
) -> Response {
    if is_own(request.headers(), &lab.hosts) {
        return next.run(request).await;
    }
    log_throttle::log(|| {
        tracing::info!("refused the lab under the name of a host that is not listed")
    });
    Error::Forbidden(
        "The lab answers only under an address, localhost or a name given to --lab-host.",
    )
    .into_response()
}

fn is_own(headers: &HeaderMap, listed: &[String]) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else {
        return false;
    };
    let host = authority.host().to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok()
        || host == "localhost"
        || listed.iter().any(|name| name.eq_ignore_ascii_case(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_somebody_else_points_here_is_not_ours() {
        let listed = ["photos.example".to_owned()];
        let is_own = |hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, host.parse().unwrap());
            }
            is_own(&headers, &listed)
        };
        for own in [
            "127.0.0.1:8080",
            "192.0.2.7",
            "[::1]:8080",
            "localhost",
            "LOCALHOST:8080",
            "photos.example",
            "Photos.Example:80",
        ] {
            assert!(is_own(&[own]), "{own}");
        }
        for foreign in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "127.0.0.1@evil.example",
            "localhost@evil.example:8080",
            "photos.example.evil.example",
            "",
        ] {
            assert!(!is_own(&[foreign]), "{foreign}");
        }
        assert!(!is_own(&[]));
        assert!(!is_own(&["localhost", "evil.example"]));
    }
}
