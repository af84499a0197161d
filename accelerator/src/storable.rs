//! The rules that decide whether a response may be stored; pure, so that each rule is one line and one test.

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, SET_COOKIE, VARY};
use http::{HeaderMap, Method, StatusCode, response};

use crate::key::{Key, Kind};
use crate::media::Media;
use crate::not_stored::NotStored;
use crate::policy::{Policy, StoredFor};
use crate::request::RequestInfo;

/// Returns the key and the type of a response that may be stored, or the reason why not.
pub(crate) fn storable(
    info: &RequestInfo,
    parts: &response::Parts,
) -> Result<(Key, Media), NotStored> {
    let policy = Policy::of(parts);
    if !policy.is_public() {
        return Err(NotStored::Policy);
    }
    if info.method != Method::GET {
        return Err(NotStored::Method);
    }
    if parts.status != StatusCode::OK {
        return Err(NotStored::Status);
    }
    if parts.headers.contains_key(SET_COOKIE) {
        return Err(NotStored::SetCookie);
    }
    if info.is_signed {
        return Err(NotStored::Authorization);
    }
    if varies(&parts.headers) {
        return Err(NotStored::Vary);
    }
    if parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(NotStored::Encoded);
    }
    if let Some(StoredFor(life)) = parts.extensions.get::<StoredFor>()
        && life.as_secs() == 0
    {
        return Err(NotStored::NoLifetime);
    }
    let key = info.key.as_ref().ok_or(NotStored::NotAddressable)?;
    match (policy, key.kind()) {
        (Policy::Immutable, Kind::Fingerprinted) | (Policy::Purgeable, Kind::Derivative) => {}
        _ => return Err(NotStored::PolicyDoesNotFitPath),
    }
    let media = Media::of(key.extension()).ok_or(NotStored::WrongType)?;
    let content_type = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|content_type| content_type.to_str().ok());
    if !content_type.is_some_and(|content_type| media.is_named_by(content_type)) {
        return Err(NotStored::WrongType);
    }
    Ok((key.clone(), media))
}

/// Returns whether a response depends on more of the request than the encoding, for which one copy is enough.
pub(crate) fn varies(headers: &HeaderMap) -> bool {
    let names = headers
        .get_all(VARY)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    names
        .map(<[u8]>::trim_ascii)
        .any(|name| !name.eq_ignore_ascii_case(ACCEPT_ENCODING.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::storable;
    use crate::request::RequestInfo;
    use crate::{NotStored, Policy, StoredFor};
    use http::{Request, Response};
    use std::time::Duration;

    const CSS: &str = "/static/site.0123456789ab.css";

    fn verdict(
        request: http::request::Builder,
        response: http::response::Builder,
        policy: Policy,
    ) -> Option<NotStored> {
        let info = RequestInfo::of(&mut request.body(()).unwrap());
        let (parts, ()) = policy.on(response.body(()).unwrap()).into_parts();
        storable(&info, &parts).err()
    }

    fn css() -> http::response::Builder {
        Response::builder().header("content-type", "text/css")
    }

    #[test]
    fn a_fingerprinted_file_with_its_type_and_promise_is_stored() {
        assert_eq!(verdict(Request::get(CSS), css(), Policy::Immutable), None);
        assert_eq!(
            verdict(
                Request::get(CSS),
                css().header("vary", "Accept-Encoding"),
                Policy::Immutable
            ),
            None
        );
    }

    #[test]
    fn every_refusal_has_its_name() {
        let get = || Request::get(CSS);
        for (request, response, policy, reason) in [
            (get(), css(), Policy::NoStore, NotStored::Policy),
            (get(), css(), Policy::Private, NotStored::Policy),
            (
                Request::head(CSS),
                css(),
                Policy::Immutable,
                NotStored::Method,
            ),
            (
                Request::post(CSS),
                css(),
                Policy::Immutable,
                NotStored::Method,
            ),
            (
                get(),
                css().status(404),
                Policy::Immutable,
                NotStored::Status,
            ),
            (
                get(),
                css().status(206),
                Policy::Immutable,
                NotStored::Status,
            ),
            (
                get(),
                css().header("set-cookie", "a=b"),
                Policy::Immutable,
                NotStored::SetCookie,
            ),
            (
                get().header("authorization", "x"),
                css(),
                Policy::Immutable,
                NotStored::Authorization,
            ),
            (
                get(),
                css().header("vary", "accept-encoding, Cookie"),
                Policy::Immutable,
                NotStored::Vary,
            ),
            (
                get(),
                css().header("vary", "*"),
                Policy::Immutable,
                NotStored::Vary,
            ),
            (
                get(),
                css().header("content-encoding", "br"),
                Policy::Immutable,
                NotStored::Encoded,
            ),
            (
                Request::get("/static/site.css"),
                css(),
                Policy::Immutable,
                NotStored::NotAddressable,
            ),
            (
                Request::get(format!("{CSS}?v=1")),
                css(),
                Policy::Immutable,
                NotStored::NotAddressable,
            ),
            (
                get(),
                css(),
                Policy::Purgeable,
                NotStored::PolicyDoesNotFitPath,
            ),
            (
                Request::get("/i/a.css"),
                css(),
                Policy::Immutable,
                NotStored::PolicyDoesNotFitPath,
            ),
            (
                get(),
                Response::builder().header("content-type", "text/html"),
                Policy::Immutable,
                NotStored::WrongType,
            ),
            (
                get(),
                Response::builder(),
                Policy::Immutable,
                NotStored::WrongType,
            ),
            (
                Request::get("/static/a.01234567.exe"),
                css(),
                Policy::Immutable,
                NotStored::WrongType,
            ),
        ] {
            let asked = format!("{request:?} {response:?} {policy:?}");
            assert_eq!(verdict(request, response, policy), Some(reason), "{asked}");
        }
    }

    #[test]
    fn what_would_live_less_than_a_second_is_not_stored() {
        for (life, reason) in [(999, Some(NotStored::NoLifetime)), (1_000, None)] {
            let info = RequestInfo::of(&mut Request::get(CSS).body(()).unwrap());
            let answer = Policy::Immutable.on(css().body(()).unwrap());
            let (mut parts, ()) = answer.into_parts();
            parts
                .extensions
                .insert(StoredFor(Duration::from_millis(life)));
            assert_eq!(storable(&info, &parts).err(), reason, "{life} ms");
        }
    }
}
