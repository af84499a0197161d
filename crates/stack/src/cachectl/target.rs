//! Turns the URL or path on the command line into a request target.

use std::net::SocketAddr;

/// Why an argument cannot be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Neither a URL nor a path.
    #[error(
        "{0:?} is neither a URL nor a path; give one that begins with http:// or with /, such as /static/site.css"
    )]
    Neither(String),
    /// A URL of another site.
    #[error("{host} is another site{}; give the path alone, {path}, to ask this one about it", .ours.map_or(String::new(), |ours| format!(", this one is http://{ours}")))]
    OtherHost {
        /// The host of the URL.
        host: String,
        /// The path of the URL.
        path: String,
        /// The address of this site.
        ours: Option<SocketAddr>,
    },
}

/// Returns the request target of a URL or a path: the part between the host and a `#`.
///
/// # Errors
///
/// When the URL belongs to another site, or the argument is neither a URL nor a path.
pub fn target(typed: &str, front: Option<SocketAddr>) -> Result<String, TargetError> {
    // Browsers do not send the fragment.
    let asked = typed.split('#').next().unwrap_or_default();
    let lower = asked.to_ascii_lowercase();
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| lower.starts_with(scheme));
    let Some(scheme) = scheme else {
        return match asked.starts_with('/') {
            true => Ok(asked.to_owned()),
            false => Err(TargetError::Neither(typed.to_owned())),
        };
    };
    let rest = &asked[scheme.len()..];
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let path = match path {
        query if query.starts_with('?') => format!("/{query}"),
        "" => "/".to_owned(),
        path => path.to_owned(),
    };
    if front.is_some_and(|front| is_ours(host, front)) {
        return Ok(path);
    }
    Err(TargetError::OtherHost {
        host: host.to_owned(),
        path,
        ours: front,
    })
}

/// Whether a host is the address of this site, as a number or as `localhost`.
fn is_ours(host: &str, front: SocketAddr) -> bool {
    if host.parse() == Ok(front) {
        return true;
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()),
        None => (host, Some(80)),
    };
    let here = front.ip().is_loopback() || front.ip().is_unspecified();
    let loopback = name
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .map_or(name.eq_ignore_ascii_case("localhost"), |ip| {
            ip.is_loopback() || ip == front.ip()
        });
    port == Some(front.port()) && (here && loopback || name == front.ip().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(typed: &str) -> Result<String, TargetError> {
        target(typed, Some("127.0.0.1:8080".parse().unwrap()))
    }

    #[test]
    fn a_url_of_this_site_and_a_path_are_the_same() {
        for typed in [
            "/i/a.webp",
            "/i/a.webp#top",
            "http://127.0.0.1:8080/i/a.webp",
            "HTTP://localhost:8080/i/a.webp",
            "http://[::1]:8080/i/a.webp",
        ] {
            assert_eq!(at(typed).as_deref(), Ok("/i/a.webp"), "{typed}");
        }
        assert_eq!(at("http://localhost:8080").as_deref(), Ok("/"));
        assert_eq!(at("http://localhost:8080?a").as_deref(), Ok("/?a"));
    }

    #[test]
    fn another_site_is_refused_and_its_path_is_named() {
        for typed in [
            "https://example.com/i/a.webp",
            "http://localhost/i/a.webp",
            "http://localhost:80801/i/a.webp",
            "http://localhost:8080@evil.test/i/a.webp",
        ] {
            let said = at(typed).unwrap_err().to_string();
            assert!(
                said.contains("another site, this one is http://127.0.0.1:8080")
                    && said.contains("/i/a.webp"),
                "{said}"
            );
        }
        for typed in [
            "",
            "i/a.webp",
            "ftp://127.0.0.1:8080/i/a.webp",
            "#/i/a.webp",
        ] {
            assert!(matches!(at(typed), Err(TargetError::Neither(_))), "{typed}");
        }
    }
}
