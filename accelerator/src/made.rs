//! A file as it was made, and the answer that each visitor gets of it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;
use tokio::time::Instant;

use crate::body::AcceleratedBody;
use crate::cache_status::{self, Shared};
use crate::headers;
use crate::judge::Asked;
use crate::media::Media;
use crate::writer::Item;
use crate::{Key, NotStored, Policy};

/// A whole file that everybody may have.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) key: Key,
    pub(crate) policy: Policy,
    pub(crate) media: Media,
    pub(crate) plain: Bytes,
    /// The same gzipped, if it is a text and that makes it smaller.
    pub(crate) squeezed: Option<Bytes>,
    /// Until when memcached may have it, if not as long as everything.
    pub(crate) stored_until: Option<Instant>,
}

/// What was made, and whether it is on its way to memcached.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) made: Arc<Made>,
    pub(crate) stored: Result<(), NotStored>,
}

impl Made {
    /// Returns the bytes as memcached will hold them.
    pub(crate) fn item(&self) -> Item {
        Item {
            value: self.squeezed.as_ref().unwrap_or(&self.plain).clone(),
            is_gzip: self.squeezed.is_some(),
            plain_len: self.squeezed.as_ref().map_or(0, |_| self.plain.len()),
            stored_until: self.stored_until,
        }
    }

    /// Returns the answer to one request: whole, or 304 if its sender has it.
    pub(crate) fn answer<B: Body<Data = Bytes>>(
        &self,
        asked: &Asked,
        shared: Shared,
    ) -> Response<AcceleratedBody<B>> {
        let mut headers = headers::of_file(&self.key, self.policy, self.media);
        cache_status::say_miss(&mut headers, cache_status::of_file(&self.key, shared));
        if headers::has_it(asked, &headers) {
            headers.remove(CONTENT_TYPE);
            let body = AcceleratedBody::whole(Bytes::new());
            return respond(StatusCode::NOT_MODIFIED, headers, body);
        }
        let bytes = match &self.squeezed {
            Some(squeezed) if asked.accepts_gzip => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                squeezed
            }
            Some(_) => {
                weaken_etag(&mut headers);
                &self.plain
            }
            None => &self.plain,
        };
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        respond(
            StatusCode::OK,
            headers,
            AcceleratedBody::whole(bytes.clone()),
        )
    }
}

impl Made {
    /// Returns the answer to who began to make it before it was purged.
    ///
    /// If there still is such a file this is an older state of it, to be kept by nobody; if not, its bytes
    /// are for nobody any more.
    pub(crate) fn purged_meanwhile<B: Body<Data = Bytes>>(
        &self,
        asked: &Asked,
        is_current: bool,
    ) -> Response<AcceleratedBody<B>> {
        let shared = Shared::Not(NotStored::NoLongerCurrent);
        let mut response = if is_current {
            self.answer(asked, shared)
        } else {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            cache_status::say_miss(&mut headers, cache_status::of_file(&self.key, shared));
            let body = AcceleratedBody::whole(Bytes::new());
            respond(StatusCode::SERVICE_UNAVAILABLE, headers, body)
        };
        let nowhere = Policy::NoStore.cache_control();
        response.headers_mut().insert(CACHE_CONTROL, nowhere);
        response
    }
}

fn respond<B>(status: StatusCode, headers: HeaderMap, body: B) -> Response<B> {
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
