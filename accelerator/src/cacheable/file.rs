//! A whole file, and the response that each client gets of it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;
use tokio::time::Instant;

use crate::body::AcceleratedBody;
use crate::cache_status::{self, Miss};
use crate::headers;
use crate::item::Item;
use crate::key::Key;
use crate::media::Media;
use crate::not_stored::NotStored;
use crate::policy::Policy;
use crate::request::RequestInfo;

/// A whole file that all clients may have.
#[derive(Debug)]
pub(crate) struct CachedFile {
    pub(crate) key: Key,
    pub(crate) policy: Policy,
    pub(crate) media: Media,
    pub(crate) plain: Bytes,
    /// The same content gzipped, if it is text and gzip makes it smaller.
    pub(crate) gzipped: Option<Bytes>,
    /// Until when memcached may keep it, if that is not [`Options::lifetime`](crate::Options::lifetime).
    pub(crate) stored_until: Option<Instant>,
}

/// A file, and whether it is on its way to memcached.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) file: Arc<CachedFile>,
    pub(crate) stored: Result<(), NotStored>,
}

impl CachedFile {
    /// Returns the bytes as memcached will hold them.
    pub(crate) fn item(&self) -> Item {
        Item {
            value: self.gzipped.as_ref().unwrap_or(&self.plain).clone(),
            is_gzip: self.gzipped.is_some(),
            plain_len: self.gzipped.as_ref().map_or(0, |_| self.plain.len()),
            stored_until: self.stored_until,
        }
    }

    /// Returns the response to one request: the whole file, or a 304 if the client has it.
    pub(crate) fn response<B: Body<Data = Bytes>>(
        &self,
        info: &RequestInfo,
        miss: Miss,
    ) -> Response<AcceleratedBody<B>> {
        let mut headers = headers::of_file(&self.key, self.policy, self.media);
        cache_status::write_miss(&mut headers, cache_status::of_file(&self.key, miss));
        if headers::client_has(info, &headers) {
            headers.remove(CONTENT_TYPE);
            let body = AcceleratedBody::whole(Bytes::new());
            return with_parts(StatusCode::NOT_MODIFIED, headers, body);
        }
        let bytes = match &self.gzipped {
            Some(gzipped) if info.accepts_gzip => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                gzipped
            }
            Some(_) => {
                weaken_etag(&mut headers);
                &self.plain
            }
            None => &self.plain,
        };
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        let body = AcceleratedBody::whole(bytes.clone());
        with_parts(StatusCode::OK, headers, body)
    }

    /// Returns the response to a request whose file was purged while its handler ran.
    ///
    /// If the site still has a file at this path, these bytes are an older state of it, which no cache may keep.
    /// If not, the bytes may not be sent at all.
    pub(crate) fn response_after_purge<B: Body<Data = Bytes>>(
        &self,
        info: &RequestInfo,
        is_current: bool,
    ) -> Response<AcceleratedBody<B>> {
        let miss = Miss::NotStored(NotStored::NoLongerCurrent);
        let mut response = if is_current {
            self.response(info, miss)
        } else {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            cache_status::write_miss(&mut headers, cache_status::of_file(&self.key, miss));
            let body = AcceleratedBody::whole(Bytes::new());
            with_parts(StatusCode::SERVICE_UNAVAILABLE, headers, body)
        };
        let no_store = Policy::NoStore.cache_control();
        response.headers_mut().insert(CACHE_CONTROL, no_store);
        response
    }
}

fn with_parts<B>(status: StatusCode, headers: HeaderMap, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The strong tag belongs to the gzipped bytes; nginx weakens it as well when it inflates them.
fn weaken_etag(headers: &mut HeaderMap) {
    let weak = headers
        .get(ETAG)
        .map(|etag| [b"W/", etag.as_bytes()].concat());
    if let Some(Ok(weak)) = weak.map(|weak| HeaderValue::from_bytes(&weak)) {
        headers.insert(ETAG, weak);
    }
}
