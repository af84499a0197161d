//! Builds the request from the environment (RFC 3875, 4.1).

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use axum::http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, FORWARDED, HeaderName, HeaderValue, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{Method, Request, StatusCode, Uri, request};
use bytes::Bytes;

/// The variable that only CGI processes have (4.1.4).
pub(super) const GATEWAY_INTERFACE: &str = "GATEWAY_INTERFACE";

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Request headers that are dropped: they belong to the client's connection with the server or to the server itself, or
/// would be trusted as the origin of the request (as in nginx.conf). `Proxy` is "httpoxy": as `HTTP_PROXY` it would
/// redirect the outgoing requests of a script.
const DROPPED_HEADERS: [HeaderName; 17] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authorization"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    EXPECT,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HeaderName::from_static("proxy"),
    FORWARDED,
    X_FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// A request whose body has not been read yet.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) parts: request::Parts,
    /// How many bytes of body standard input has.
    pub(super) body_len: u64,
}

/// Why the environment does not make a valid request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// The server violates CGI: it gets no response.
    Server(&'static str),
    /// The client's request is malformed: it gets this response.
    Client(StatusCode, &'static str),
}

/// Parses the request head from the environment variables of a process.
pub(super) fn head(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Head, Rejection> {
    let variables = Variables(variables.into_iter().collect());
    if !variables.get(GATEWAY_INTERFACE).starts_with(b"CGI/1.") {
        return Err(Rejection::Server("GATEWAY_INTERFACE is not CGI/1.1"));
    }
    let mut request = Request::new(());
    *request.method_mut() = variables.method()?;
    *request.uri_mut() = variables.uri()?;
    let body_len = variables.content_length()?;
    for (name, value) in &variables.0 {
        if let Some(name) = header_name(name.as_bytes())
            && !DROPPED_HEADERS.contains(&name)
            && !value.is_empty()
        {
            request
                .headers_mut()
                .append(name, value_of(value.as_bytes())?);
        }
    }
    // The server's own variables, as the headers that nginx sends in the other versions.
    for (header, variable) in [
        (CONTENT_TYPE, "CONTENT_TYPE"),
        (CONTENT_LENGTH, "CONTENT_LENGTH"),
        (X_FORWARDED_FOR, "REMOTE_ADDR"),
    ] {
        let value = variables.get(variable);
        if !value.is_empty() {
            request.headers_mut().insert(header, value_of(value)?);
        }
    }
    let (parts, ()) = request.into_parts();
    Ok(Head { parts, body_len })
}

struct Variables(Vec<(OsString, OsString)>);

impl Variables {
    /// Returns the value of a variable; a missing one is the same as an empty one (4.1).
    fn get(&self, name: &str) -> &[u8] {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or(b"", |(_, value)| value.as_bytes())
    }

    /// The method (4.1.12).
    fn method(&self) -> Result<Method, Rejection> {
        match self.get("REQUEST_METHOD") {
            b"" => Err(Rejection::Server("REQUEST_METHOD is not set")),
            method => {
                Method::from_bytes(method).map_err(|_| bad("The request method is invalid.\n"))
            }
        }
    }

    /// The target. `REQUEST_URI` is not in the RFC, but holds the bytes that the client sent, and the site
    /// must parse the same bytes as nginx. A server without it passes the path decoded (4.1.13, 4.1.5)
    /// and the query unchanged (4.1.7).
    fn uri(&self) -> Result<Uri, Rejection> {
        let target = match self.get("REQUEST_URI") {
            b"" => self.script_uri(),
            given => given.to_vec(),
        };
        if !target.starts_with(b"/") {
            return Err(bad("The request target is not a path of this site.\n"));
        }
        Uri::from_maybe_shared(Bytes::from(target))
            .map_err(|_| bad("The request target is not a path of this site.\n"))
    }

    /// The path and query of the Script-URI (3.3).
    fn script_uri(&self) -> Vec<u8> {
        let decoded = [self.get("SCRIPT_NAME"), self.get("PATH_INFO")].concat();
        let mut target = encoded(&decoded);
        if let query @ [_, ..] = self.get("QUERY_STRING") {
            target.push(b'?');
            target.extend_from_slice(query);
        }
        target
    }

    /// The length of the body; the variable is set if and only if there is a body (4.1.2).
    fn content_length(&self) -> Result<u64, Rejection> {
        let length = self.get("CONTENT_LENGTH");
        if length.is_empty() {
            return match self.get("HTTP_TRANSFER_ENCODING") {
                b"" => Ok(0),
                // The server passes a body without its length; without a length its end cannot be found.
                _ => Err(Rejection::Client(
                    StatusCode::LENGTH_REQUIRED,
                    "A request body needs a Content-Length header.\n",
                )),
            };
        }
        let digits = length.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(length).ok().filter(|_| digits);
        number
            .and_then(|number| number.parse().ok())
            .ok_or(bad("The Content-Length header is invalid.\n"))
    }
}

/// The header that a variable `HTTP_*` holds (4.1.18), or `None` for other variables.
fn header_name(variable: &[u8]) -> Option<HeaderName> {
    let name = variable.strip_prefix(b"HTTP_")?;
    let name: Vec<u8> = name
        .iter()
        .map(|byte| if *byte == b'_' { b'-' } else { *byte })
        .collect();
    HeaderName::from_bytes(&name).ok()
}

fn value_of(bytes: &[u8]) -> Result<HeaderValue, Rejection> {
    HeaderValue::from_bytes(bytes)
        .map_err(|_| bad("A request header contains invalid characters.\n"))
}

fn bad(sentence: &'static str) -> Rejection {
    Rejection::Client(StatusCode::BAD_REQUEST, sentence)
}

/// Percent-encodes a decoded path, except for the characters that a path may contain (RFC 3986, 3.3).
fn encoded(path: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(path.len());
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(byte) {
            encoded.push(*byte);
        } else {
            encoded.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    fn of(variables: &[(&str, &[u8])]) -> Result<Head, Rejection> {
        let server: [(&str, &[u8]); 2] = [
            ("GATEWAY_INTERFACE", b"CGI/1.1"),
            ("REMOTE_ADDR", b"203.0.113.9"),
        ];
        let given = variables.iter().chain(&server);
        head(given.map(|(name, value)| (name.into(), OsString::from_vec(value.to_vec()))))
    }

    fn get(variables: &[(&str, &[u8])]) -> Result<Head, Rejection> {
        let get: [(&str, &[u8]); 1] = [("REQUEST_METHOD", b"GET")];
        of(&[&get, variables].concat())
    }

    fn path_and_query(variables: &[(&str, &[u8])]) -> String {
        get(variables).unwrap().parts.uri.to_string()
    }

    #[test]
    fn the_address_is_the_clients_own_or_else_made_of_what_rfc_3875_has() {
        for (variables, expected) in [
            (
                [("REQUEST_URI", "/a%2Fb?c=%20"), ("PATH_INFO", "/else")].as_slice(),
                "/a%2Fb?c=%20",
            ),
            (&[("REQUEST_URI", "//a.example/b")], "//a.example/b"),
            (
                &[("SCRIPT_NAME", "/people"), ("QUERY_STRING", "from=m&x")],
                "/people?from=m&x",
            ),
            (
                &[("SCRIPT_NAME", "/people"), ("PATH_INFO", "/a b/ü?#%")],
                "/people/a%20b/%C3%BC%3F%23%25",
            ),
            (
                &[
                    ("REQUEST_URI", ""),
                    ("PATH_INFO", "/"),
                    ("QUERY_STRING", ""),
                ],
                "/",
            ),
        ] {
            let variables: Vec<(&str, &[u8])> = variables
                .iter()
                .map(|(name, value)| (*name, value.as_bytes()))
                .collect();
            assert_eq!(path_and_query(&variables), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for target in [
            b"people".as_slice(),
            b"http://a.example/",
            b"*",
            b"/a b",
            b"/a\x01",
            b"/\xff",
        ] {
            let refused = get(&[("REQUEST_URI", target)]).unwrap_err();
            assert!(
                matches!(refused, Rejection::Client(StatusCode::BAD_REQUEST, _)),
                "{target:?}: {refused:?}"
            );
        }
        // Neither a REQUEST_URI nor a path.
        assert!(matches!(get(&[]), Err(Rejection::Client(..))));
    }

    #[test]
    fn a_client_does_not_say_where_it_comes_from() {
        let head = get(&[
            ("REQUEST_URI", b"/"),
            ("HTTP_X_FORWARDED_FOR", b"10.0.0.1"),
            ("HTTP_X_REAL_IP", b"10.0.0.1"),
            ("HTTP_FORWARDED", b"for=10.0.0.1"),
            ("HTTP_PROXY", b"http://a.example"),
            ("HTTP_CONNECTION", b"close"),
            ("HTTP_CONTENT_LENGTH", b"7"),
        ])
        .unwrap();
        let headers: Vec<_> = head.parts.headers.iter().collect();
        assert_eq!(
            headers,
            [(&X_FORWARDED_FOR, &HeaderValue::from_static("203.0.113.9"))]
        );
        assert_eq!(head.body_len, 0);
    }

    #[test]
    fn headers_come_as_they_were_sent() {
        let head = of(&[
            ("REQUEST_METHOD", b"POST"),
            ("REQUEST_URI", b"/login"),
            ("CONTENT_TYPE", b"text/plain"),
            ("CONTENT_LENGTH", b"0012"),
            ("HTTP_COOKIE", b"a=1; session=x"),
            ("HTTP_SEC_FETCH_SITE", b"same-origin"),
            ("HTTP_X_LATIN", b"caf\xe9\t!"),
            ("HTTP_", b"no name"),
            ("HTTP_A B", b"no header"),
            ("HTTPS", b"on"),
            ("HTTP_X_EMPTY", b""),
        ])
        .unwrap();
        assert_eq!(head.body_len, 12);
        let mut headers: Vec<_> = head
            .parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        headers.sort_unstable();
        assert_eq!(
            headers,
            [
                ("content-length", b"0012".as_slice()),
                ("content-type", b"text/plain"),
                ("cookie", b"a=1; session=x"),
                ("sec-fetch-site", b"same-origin"),
                ("x-forwarded-for", b"203.0.113.9"),
                ("x-latin", b"caf\xe9\t!"),
            ]
        );
        let broken = get(&[("REQUEST_URI", b"/"), ("HTTP_X", b"a\nb: c")]).unwrap_err();
        assert!(matches!(
            broken,
            Rejection::Client(StatusCode::BAD_REQUEST, _)
        ));
    }

    #[test]
    fn a_length_is_digits_and_a_body_without_one_is_refused() {
        for (length, coding, expected) in [
            ("", "", Ok(0)),
            ("0", "", Ok(0)),
            ("18446744073709551615", "", Ok(u64::MAX)),
            ("", "chunked", Err(StatusCode::LENGTH_REQUIRED)),
            ("18446744073709551616", "", Err(StatusCode::BAD_REQUEST)),
            ("-1", "", Err(StatusCode::BAD_REQUEST)),
            ("+1", "", Err(StatusCode::BAD_REQUEST)),
            ("1, 1", "", Err(StatusCode::BAD_REQUEST)),
            ("1e3", "", Err(StatusCode::BAD_REQUEST)),
            (" 1", "", Err(StatusCode::BAD_REQUEST)),
        ] {
            let read = get(&[
                ("REQUEST_URI", b"/"),
                ("CONTENT_LENGTH", length.as_bytes()),
                ("HTTP_TRANSFER_ENCODING", coding.as_bytes()),
            ]);
            let read = match read {
                Ok(head) => Ok(head.body_len),
                Err(Rejection::Client(status, _)) => Err(status),
                Err(Rejection::Server(why)) => panic!("{length:?}: {why}"),
            };
            assert_eq!(read, expected, "{length:?} {coding:?}");
        }
    }

    #[test]
    fn a_server_that_speaks_no_cgi_gets_no_answer() {
        let method: (OsString, OsString) = ("REQUEST_METHOD".into(), "GET".into());
        let interface =
            |version: &str| (OsString::from(GATEWAY_INTERFACE), OsString::from(version));
        for variables in [
            vec![],
            vec![method.clone(), interface("CGI/2.0")],
            vec![interface("CGI/1.1")],
        ] {
            assert!(matches!(head(variables), Err(Rejection::Server(_))));
        }
    }
}
